/// What a call instruction knows beyond its registers: names, spreads and the place of each argument.
final class CallSite: Sendable {
    enum Kind: Sendable {
        case positional
        case keyword(String)
        case spread
    }

    let kinds: [Kind]
    /// The span of each argument as written.
    let spans: [Span]
    let callee: Span
    /// Neither keywords nor spreads.
    let isPlain: Bool
    /// 1 when the first register is the value before `.f(…)` or `|>`.
    let receivers: Int
    /// Where the function of a method's name is found when the call comes, if not in the first register.
    let global: Global?

    struct Global: Sendable {
        let index: Int
        /// What the name means where the global has no value; negative for nothing.
        let builtin: Int
    }

    init(kinds: [Kind], spans: [Span], callee: Span, receivers: Int = 0, global: Global? = nil) {
        self.kinds = kinds
        self.spans = spans
        self.callee = callee
        self.receivers = receivers
        self.global = global
        isPlain = kinds.allSatisfy { if case .positional = $0 { true } else { false } }
    }
}

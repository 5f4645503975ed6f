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

    init(kinds: [Kind], spans: [Span], callee: Span, receivers: Int = 0) {
        self.kinds = kinds
        self.spans = spans
        self.callee = callee
        self.receivers = receivers
        isPlain = kinds.allSatisfy { if case .positional = $0 { true } else { false } }
    }
}

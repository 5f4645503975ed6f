/// What a tensor operation says when it cannot be done: one plain sentence, and a hint that can be typed.
public struct TensorError: Error, CustomStringConvertible {
    public enum Kind: String, Sendable { case shape, type, value, index, memory, gradient, unit, interrupt }

    public let kind: Kind
    public let message: String
    public let label: String?
    public let hint: String?
    /// Where in a script the operation was written that this error is about, when that is not where it was raised.
    public let place: (any Sendable)?
    /// The part of the called model that raised it: `part "encoder.layer.3" of the chain: linear 64 → 128`.
    public var layer: String?

    /// - Parameters:
    ///   - message: what was found and what was expected, with the values.
    ///   - label: a few words to stand under the caret.
    ///   - hint: what to type instead.
    public init(
        _ kind: Kind, _ message: String, label: String? = nil, hint: String? = nil, place: (any Sendable)? = nil
    ) {
        self.kind = kind
        self.message = message
        self.label = label
        self.hint = hint
        self.place = place
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}

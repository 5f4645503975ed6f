/// What is wrong with a model, its weights or its training: one plain sentence, and a hint that can be typed.
public struct ModelError: Error, CustomStringConvertible, Sendable {
    /// What the sentence is about.
    public enum Kind: String, Sendable {
        /// A name or path that is not there.
        case name
        /// A value that cannot be used.
        case value
        /// Weights that do not fit the model.
        case weights
        /// A training step that cannot be made.
        case training
        /// Something a model was called with that it cannot read.
        case input
    }

    public let kind: Kind
    public let message: String
    public let hint: String?
    /// Further sentences, one for each finding.
    public let notes: [String]
    /// The number of a known mistake, "KD007", under which `explain` says more.
    public let code: String?

    public init(_ kind: Kind, _ message: String, hint: String? = nil, notes: [String] = [], code: String? = nil) {
        self.code = code
        self.kind = kind
        self.message = message
        self.hint = hint
        self.notes = notes
    }

    public var description: String {
        ([message] + notes.map { "  \($0)" }).joined(separator: "\n") + (hint.map { " (\($0))" } ?? "")
    }
}

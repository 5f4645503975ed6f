/// One error or warning with its place: the only form in which anything wrong reaches a person.
public struct Diagnostic: Error, Sendable {
    public enum Severity: String, Sendable { case error, warning }

    /// One call on the way to the error: the function that was entered and where it was called from.
    public struct Frame: Sendable {
        public var function: String
        public var source: Source?
        public var span: Span?
        /// Whether the function is a whole file that was imported there.
        public var isImport: Bool

        public init(function: String, source: Source?, span: Span?, isImport: Bool = false) {
            self.function = function
            self.source = source
            self.span = span
            self.isImport = isImport
        }
    }

    public var severity: Severity
    /// A word that scripts can compare: parse, name, type, shape, value, index, file, interrupt, fail …
    public var kind: String
    /// The number of a known mistake, "KD007", which stays the same from version to version.
    public var code: String?
    /// One plain sentence.
    public var message: String
    public var source: Source?
    public var span: Span?
    /// Stands beside the caret.
    public var label: String?
    /// What to type instead.
    public var hint: String?
    public var notes: [String]
    /// Innermost call first.
    public var trace: [Frame]

    public init(
        severity: Severity = .error, kind: String, code: String? = nil, message: String, source: Source? = nil,
        span: Span? = nil, label: String? = nil, hint: String? = nil, notes: [String] = [], trace: [Frame] = []
    ) {
        self.severity = severity
        self.kind = kind
        self.code = code
        self.message = message
        self.source = source
        self.span = span
        self.label = label
        self.hint = hint
        self.notes = notes
        self.trace = trace
    }

    /// The name of the file or cell, as `e.file` gives it.
    public var file: String? { source?.name }

    /// The line from 1, as `e.line` gives it.
    public var line: Int? {
        guard let source, let span else { return nil }
        return source.line(at: span.start)
    }
}

/// Everything that is wrong with a text, the best explanation first; never empty.
public struct SyntaxErrors: Error, Sendable {
    public var diagnostics: [Diagnostic]

    public init(diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }
}

/// One parameter of a signature, as help, completion and errors read it.
public struct ParameterInfo: Sendable {
    public enum Kind: Sendable {
        /// By position or by name.
        case normal
        /// `*name`: all further positional arguments.
        case rest
        /// All keyword arguments that no other parameter names.
        case keywords
    }

    public var name: String
    public var type: String
    /// One line.
    public var summary: String
    /// The default as a script writes it; nil when the argument must be given.
    public var defaultText: String?
    /// The unit: `logits`, `probabilities`, `seconds` …
    public var unit: String?
    public var kind: Kind
    /// Only by name, since it follows a rest parameter.
    public var isKeywordOnly = false
    /// What can be written for the argument, when it is one of a few words.
    public var choices: [String] = []

    public init(
        name: String, type: String, summary: String, defaultText: String?, unit: String? = nil, kind: Kind = .normal
    ) {
        self.name = name
        self.type = type
        self.summary = summary
        self.defaultText = defaultText
        self.unit = unit
        self.kind = kind
    }

    public var isRequired: Bool { defaultText == nil && kind == .normal }
}

/// What is known of a function, builtin or written in a script: help, completion and call errors read this one record.
public struct Signature: Sendable {
    public var name: String
    public var parameters: [ParameterInfo]
    /// One sentence.
    public var summary: String
    /// What follows the first sentence: formula, shapes, errors.
    public var details: String
    /// What the function answers.
    public var returns: String
    /// Runnable code with the output it expects after `# →`.
    public var example: String
    /// The paper or specification it follows.
    public var reference: String
    /// Where a script declared it, and its text there.
    public var location: (source: Source, span: Span)?
    /// The title of the chapter it belongs to.
    public var chapter: String = ""

    public init(
        name: String, parameters: [ParameterInfo], summary: String = "", details: String = "", returns: String = "",
        example: String = "", reference: String = "", location: (source: Source, span: Span)? = nil
    ) {
        self.name = name
        self.parameters = parameters
        self.summary = summary
        self.details = details
        self.returns = returns
        self.example = example
        self.reference = reference
        self.location = location
        var afterRest = false
        for index in self.parameters.indices {
            self.parameters[index].isKeywordOnly = afterRest && self.parameters[index].kind == .normal
            if self.parameters[index].kind == .rest { afterRest = true }
        }
    }

    /// The function as a value: its line, and as a result of its own also what it does.
    func display(_ style: DisplayStyle, kind: String = "function") -> String {
        let line = "<\(kind) \(line)>"
        return style == .inline || summary.isEmpty ? line : line + "\n" + summary
    }

    /// `softmax(x, dim=-1)`.
    public var line: String {
        let inner = parameters.map { parameter in
            switch parameter.kind {
            case .rest: "*" + parameter.name
            case .keywords: "**" + parameter.name
            case .normal: parameter.name + (parameter.defaultText.map { "=" + $0 } ?? "")
            }
        }
        return "\(name)(\(inner.joined(separator: ", ")))"
    }
}

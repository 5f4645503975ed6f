/// An error thrown by Swift code that a script can cause; the machine adds the place of the call.
public protocol ScriptFault: Error {
    /// One plain sentence.
    var message: String { get }
    /// What can be done about it, when it is known.
    var hint: String? { get }
    /// `name`, `type`, `shape`, `value`, `index`, `file`, `memory`, `interrupt`, `fail` …
    var kind: String { get }
}

/// The fault that the language and its chapters throw.
public struct Fault: ScriptFault {
    public var message: String
    public var hint: String?
    public var kind: String
    /// The number of a known mistake, "KD007".
    public var code: String?
    /// The words under the caret.
    public var label: String?
    /// Which argument of the call the caret stands under; nil is the whole call.
    public var argument: ArgumentPlace?

    public init(
        _ message: String, hint: String? = nil, kind: String = "value", label: String? = nil,
        argument: ArgumentPlace? = nil, code: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.kind = kind
        self.label = label
        self.argument = argument
    }
}

/// An argument as the caller wrote it: the n-th without a name, or one with a name.
public enum ArgumentPlace: Equatable, Sendable {
    case positional(Int)
    case keyword(String)
    /// What stands before the parenthesis.
    case callee
}

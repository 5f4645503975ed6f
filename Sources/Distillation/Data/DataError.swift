/// What a dataset says when it cannot do what is asked.
public struct DataError: Error, Sendable, CustomStringConvertible {
    public let kind: String
    public let message: String
    public let hint: String?

    public init(_ message: String, hint: String? = nil, kind: String = "value") {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}

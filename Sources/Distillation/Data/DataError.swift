/// What a dataset says when it cannot do what is asked.
public struct DataError: Error, Sendable, CustomStringConvertible {
    public let kind: String
    public let message: String
    public let hint: String?
    /// The row that is wrong, from 0, where it is one.
    public let row: Int?
    /// What is wrong, without the row.
    let problem: String

    public init(_ problem: String, row: Int? = nil, hint: String? = nil, kind: String = "value") {
        self.kind = kind
        self.problem = problem
        self.row = row
        self.hint = hint
        message = row.map { "row \($0): \(problem)" } ?? problem
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}

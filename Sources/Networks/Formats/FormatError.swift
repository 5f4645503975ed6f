/// What is wrong with a file, where, and what to write instead.
public struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The fault as one sentence, without its place.
    public var problem: String
    public var file: String?
    /// The line, counted from 1.
    public var line: Int?
    /// The column in characters, counted from 1.
    public var column: Int?
    public var hint: String?
    public var kind: String

    public init(
        _ problem: String, file: String? = nil, line: Int? = nil, column: Int? = nil, hint: String? = nil,
        kind: String = "file"
    ) {
        self.problem = problem
        self.file = file
        self.line = line
        self.column = column
        self.hint = hint
        self.kind = kind
    }

    /// The place and the fault: `data/reviews.tsv, line 3: 2 fields where the header names 3`.
    public var message: String {
        var places: [String] = []
        if let file { places.append(file) }
        if let line { places.append("line \(line)") }
        if let column { places.append("column \(column)") }
        return places.isEmpty ? problem : "\(places.joined(separator: ", ")): \(problem)"
    }

    public var description: String {
        guard let hint else { return message }
        return "\(message)\nhint: \(hint)"
    }
}

/// A half-open range of UTF-8 offsets into one `Source`.
public struct Span: Sendable, Hashable {
    public var start: Int32
    public var end: Int32

    public init(start: Int32, end: Int32) {
        self.start = start
        self.end = end
    }

    public init(_ start: Int, _ end: Int) {
        self.start = Int32(clamping: start)
        self.end = Int32(clamping: end)
    }

    /// From the start of this span to the end of the other.
    public func joined(_ other: Span) -> Span {
        Span(start: min(start, other.start), end: max(end, other.end))
    }

    public var count: Int { Int(end - start) }
    public var isEmpty: Bool { end <= start }
    /// Offset 0, for values that no text made.
    public static let zero = Span(start: 0, end: 0)
}

/// A place as people count it: both numbers from 1, columns in code points.
public struct Position: Sendable, Hashable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

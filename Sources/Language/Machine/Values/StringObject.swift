/// Text, which counts and indexes by Unicode code point.
public final class StringObject: Object {
    public let text: String
    /// The code points, made when a text that is not ASCII is first indexed.
    private var cachedScalars: [Unicode.Scalar]?
    private var cachedLength = -1
    private var cachedHash: Int?

    /// Longer strings are refused before they are made.
    public static let maximumBytes = 1 << 30

    @inlinable
    public init(_ text: String) { self.text = text }

    public override var typeName: String { "string" }
    public override var conditionHint: String? { "`len(x) > 0`" }

    /// The number of code points.
    public var length: Int {
        if cachedLength < 0 { cachedLength = text.unicodeScalars.count }
        return cachedLength
    }

    /// Whether one byte is one code point.
    public var isASCII: Bool { length == text.utf8.count }

    public var scalars: [Unicode.Scalar] {
        if let cachedScalars { return cachedScalars }
        let scalars = Array(text.unicodeScalars)
        cachedScalars = scalars
        return scalars
    }

    /// The text of the code points in a range that lies inside.
    public func substring(_ range: Range<Int>) -> String {
        if isASCII {
            let bytes = text.utf8
            let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
            return String(text[start..<bytes.index(start, offsetBy: range.count)])
        }
        var part = String.UnicodeScalarView()
        part.append(contentsOf: scalars[range])
        return String(part)
    }

    public override func display(_ style: DisplayStyle) -> String { quoted(text) }
    public override func format(_ specification: String) throws -> String? {
        try FormatSpecification(specification, for: "a string", types: "s").apply(to: text)
    }
    public override func count(_ machine: Machine) throws -> Int? { length }
    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? StringObject else { return false }
        // Code points, not canonical equivalence: "é" composed and decomposed are two strings, as in Python.
        return StringObject.areSame(text, other.text)
    }

    /// Whether two texts have the same code points.
    static func areSame(_ a: String, _ b: String) -> Bool {
        // Equal under canonical equivalence is a necessary condition, and fast for texts of ASCII.
        a.utf8.count == b.utf8.count && a == b && (a.utf8.elementsEqual(b.utf8))
    }
    public override func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
    public override var keyHash: Int {
        if let cachedHash { return cachedHash }
        let hash = super.keyHash
        cachedHash = hash
        return hash
    }
    public override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        guard let part = value.string else {
            throw Fault("`in` a string needs a string on its left, not \(value.described)", kind: "type")
        }
        return part.isEmpty || text.utf8.firstRange(of: part.utf8) != nil
    }
    public override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var rest = text.unicodeScalars.makeIterator()
        return ClosureIterator { rest.next().map { .string(String($0)) } }
    }
    public override func subscriptGet(_ items: [SubscriptItem], _ machine: Machine) throws -> Value? {
        switch try SequenceSubscript(items, count: length, of: "string") {
        case .one(let index): return .string(substring(index..<(index + 1)))
        case .many(let slice):
            if slice.step == 1 { return .string(substring(slice.start..<(slice.start + slice.count))) }
            var part = String.UnicodeScalarView()
            for index in slice.indices { part.append(scalars[index]) }
            return .string(String(part))
        }
    }
}

/// Text, which counts and indexes by Unicode code point.
public final class StringObject: Object {
    public let text: String
    /// What was found out about a text that is not short. Of a short one all is found as fast as it is remembered, and the
    /// object stays small.
    private var facts: Facts?

    private final class Facts {
        var length = -1
        var hash: Int?
        /// The code points, made when a text that is not ASCII is first indexed.
        var scalars: [Unicode.Scalar]?
    }

    /// Longer strings are refused before they are made.
    public static let maximumBytes = 1 << 30

    @inlinable
    public init(_ text: String) { self.text = text }

    public override var typeName: String { "string" }
    public override var conditionHint: String? { "`len(x) > 0`" }

    private var isShort: Bool { text.utf8.count <= 15 }

    private func knownFacts() -> Facts {
        if let facts { return facts }
        let facts = Facts()
        self.facts = facts
        return facts
    }

    /// The number of code points.
    public var length: Int {
        if isShort {
            // Each begins with a byte that continues none.
            var length = 0
            for byte in text.utf8 where byte & 0b1100_0000 != 0b1000_0000 { length += 1 }
            return length
        }
        let facts = knownFacts()
        if facts.length < 0 { facts.length = text.unicodeScalars.count }
        return facts.length
    }

    /// Whether one byte is one code point.
    public var isASCII: Bool { length == text.utf8.count }

    public var scalars: [Unicode.Scalar] {
        if isShort { return Array(text.unicodeScalars) }
        let facts = knownFacts()
        if let scalars = facts.scalars { return scalars }
        let scalars = Array(text.unicodeScalars)
        facts.scalars = scalars
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
    public override func hash(into hasher: inout Hasher) { StringObject.hash(text, into: &hasher) }
    static func hash(_ text: String, into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
    public override var keyHash: Int {
        if let short = ShortText(text) { return short.hash }
        if isShort { return super.keyHash }
        let facts = knownFacts()
        if let hash = facts.hash { return hash }
        let hash = super.keyHash
        facts.hash = hash
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

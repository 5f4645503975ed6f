/// A string that equals another only if their bytes are the same.
///
/// Swift's `==` takes "é" as one scalar and "e" with an accent as equal; the vocabulary of a tokenizer or the keys of a
/// JSON object may hold both as different entries.
public struct ExactString: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) {
        var text = text
        text.makeContiguousUTF8()
        self.text = text
    }

    public init(stringLiteral value: String) { self.init(value) }

    public var description: String { text }

    public static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        let hashed: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: .init($0)) }
        if hashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }

    /// The order of the bytes, which in UTF-8 is the order of the scalars; it is the same on every machine and in every locale.
    public static func < (left: ExactString, right: ExactString) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// Cuts text into pieces and numbers them: every text model carries one.
///
/// Encodings are cached by the tokenizer's identity, so a tokenizer must not change once it has encoded anything.
public protocol Tokenizer: AnyObject {
    /// The number of ids: every id is in 0..<size.
    var size: Int { get }
    /// The id that fills a batch up; a mask hides it.
    var padId: Int { get }
    /// The id for what the vocabulary does not hold, if there is one.
    var unknownId: Int? { get }
    /// "words", "wordpiece", "bpe" …
    var name: String { get }
    /// Stands for the rules and the vocabulary; equal tokenizers have equal fingerprints.
    var fingerprint: String { get }
    /// The longest sequence that `encode` returns; nil where there is no limit.
    var maximalLength: Int? { get }

    /// The ids of a text; never empty, since a model cannot take the mean of nothing.
    func encode(_ text: String) throws -> [Int32]
    /// The ids of two texts as one sequence, and for each id the text it is from, where models want to know.
    func encode(_ first: String, _ second: String) throws -> (ids: [Int32], types: [Int32]?)
    /// A text whose ids these are; spaces and case may be lost.
    func decode(_ ids: [Int32]) -> String
    /// The piece that an id stands for, and the other way round.
    func token(for id: Int) -> String?
    func id(for token: String) -> Int?
}

extension Tokenizer {
    public var maximalLength: Int? { nil }
    public var unknownId: Int? { nil }

    public func encode(_ first: String, _ second: String) throws -> (ids: [Int32], types: [Int32]?) {
        var ids = try encode(first)
        let split = ids.count
        ids += try encode(second)
        if let limit = maximalLength, ids.count > limit { ids.removeLast(ids.count - limit) }
        return (ids, ids.indices.map { $0 < split ? 0 : 1 })
    }
}

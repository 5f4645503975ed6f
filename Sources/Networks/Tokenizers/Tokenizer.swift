/// What a tokenizer makes of one text or of two.
public struct Encoding: Equatable, Sendable {
    public var ids: [Int32] = []
    /// Which of two texts each id is from.
    public var types: [Int32] = []
    /// The code points of the text that each id is from; 0..<0 for what the tokenizer added.
    public var offsets: [Range<Int>] = []
    /// The number of the word in its text; nil for what the tokenizer added.
    public var words: [Int?] = []

    public init() {}

    public var count: Int { ids.count }

    public mutating func append(_ id: Int32, type: Int32 = 0, _ offset: Range<Int> = 0..<0, word: Int? = nil) {
        ids.append(id)
        types.append(type)
        offsets.append(offset)
        words.append(word)
    }

    /// Takes over another one's tokens as those of the text `type`.
    mutating func append(_ other: Encoding, type: Int32) {
        ids += other.ids
        types += [Int32](repeating: type, count: other.count)
        offsets += other.offsets
        words += other.words
    }

    /// Only the first tokens.
    mutating func cut(to limit: Int) {
        guard count > limit else { return }
        ids.removeLast(count - limit)
        types.removeLast(types.count - limit)
        offsets.removeLast(offsets.count - limit)
        words.removeLast(words.count - limit)
    }
}

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
    /// The tokens that are no text, by their name: "cls_token", "sep_token" …
    var specialTokens: [(role: String, token: String)] { get }

    /// The ids of a text; never empty, since a model cannot take the mean of nothing.
    func encode(_ text: String) throws -> [Int32]
    /// The ids of two texts as one sequence, and for each id the text it is from, where models want to know.
    func encode(_ first: String, _ second: String) throws -> (ids: [Int32], types: [Int32]?)
    /// The ids of a text or a pair, with where each is from.
    func encoding(_ first: String, _ second: String?) throws -> Encoding
    /// The same for a text that is cut into words already, as for tagging: the words' numbers are those of the list.
    func encoding(words: [String]) throws -> Encoding
    /// The same rules and vocabulary with another limit.
    func limited(to length: Int?) throws -> any Tokenizer
    /// A text whose ids these are; spaces and case may be lost.
    func decode(_ ids: [Int32], skippingSpecial: Bool) -> String
    /// The piece that an id stands for, and the other way round.
    func token(for id: Int) -> String?
    func id(for token: String) -> Int?
    /// All there is to it, as a saved model carries it.
    var json: JSONValue { get }
}

extension Tokenizer {
    public var specialTokens: [(role: String, token: String)] { [] }

    public func encode(_ first: String, _ second: String) throws -> (ids: [Int32], types: [Int32]?) {
        let pair = try encoding(first, second)
        return (pair.ids, pair.types)
    }
}

/// - Throws: `value` unless there is no limit or at least one token fits.
func checkLimit(_ length: Int?) throws {
    if let length, length < 1 { throw FormatError("max_length is \(length); it must be at least 1", kind: "value") }
}

/// Reads a tokenizer from the JSON that a saved model carries.
public enum SavedTokenizer {
    /// - Throws: `FormatError` for anything that no tokenizer of kd's wrote.
    public static func read(_ json: JSONValue, file: String? = nil) throws -> any Tokenizer {
        json["format"] == nil ? try SubwordTokenizer(json: json, file: file) : try WordTokenizer(json: json, file: file)
    }
}

import Networks
import Tensors

/// The texts of a dataset as one tokenizer numbers them, one after the other in one array.
public final class EncodedTexts {
    let ids: [Int32]
    /// Row r holds ids[starts[r]..<starts[r + 1]].
    let starts: [Int]
    /// For pairs of texts: which of the two an id is from.
    let types: [Int32]?
    let padId: Int
    /// For texts that are cut into words: where the first token of each word is in its row, −1 where there was no room.
    private(set) var wordPlaces: [[Int32]]?

    public var count: Int { starts.count - 1 }

    /// The number of ids in a row.
    public func length(_ row: Int) -> Int { starts[row + 1] - starts[row] }

    /// The number of ids in each row.
    public var lengths: [Int] { (0..<count).map(length) }

    public func ids(of row: Int) -> [Int32] { Array(ids[starts[row]..<starts[row + 1]]) }

    init(_ first: [String], _ second: [String]?, by tokenizer: any Tokenizer) throws {
        var ids: [Int32] = []
        var starts = [0]
        var types: [Int32]?
        starts.reserveCapacity(first.count + 1)
        for (row, text) in first.enumerated() {
            if row % 256 == 0 { try Interruption.check() }
            if let second {
                let pair = try tokenizer.encode(text, second[row])
                ids += pair.ids
                if let more = pair.types { types = (types ?? []) + more }
            } else {
                ids += try tokenizer.encode(text)
            }
            starts.append(ids.count)
        }
        self.ids = ids
        self.starts = starts
        self.types = types
        padId = tokenizer.padId
    }

    /// The tokens of texts that are cut into words.
    init(words sentences: [[String]], by tokenizer: any Tokenizer) throws {
        var ids: [Int32] = []
        var starts = [0]
        var places: [[Int32]] = []
        for (row, words) in sentences.enumerated() {
            if row % 256 == 0 { try Interruption.check() }
            let encoding = try tokenizer.encoding(words: words)
            var firsts = [Int32](repeating: -1, count: words.count)
            for (place, word) in encoding.words.enumerated().reversed() { if let word { firsts[word] = Int32(place) } }
            ids += encoding.ids
            starts.append(ids.count)
            places.append(firsts)
        }
        (self.ids, self.starts, types, padId, wordPlaces) = (ids, starts, nil, tokenizer.padId, places)
    }

    /// The rows as one batch, each filled up to the longest: ids [B, T], which of them are real [B, T], and for pairs the
    /// text that each is from [B, T].
    public func batch(_ rows: [Int]) throws -> TokenBatch {
        let longest = rows.map(length).max() ?? 0
        let shape = [rows.count, longest]
        var ids = [Int](repeating: padId, count: rows.count * longest)
        var mask = [Bool](repeating: false, count: ids.count)
        var types = self.types.map { _ in [Int](repeating: 0, count: ids.count) }
        for (k, row) in rows.enumerated() {
            let start = starts[row]
            for t in 0..<length(row) {
                ids[k * longest + t] = Int(self.ids[start + t])
                mask[k * longest + t] = true
                if let from = self.types { types?[k * longest + t] = Int(from[start + t]) }
            }
        }
        return TokenBatch(
            ids: try .integers(ids, shape), mask: try .bools(mask, shape),
            types: try types.map { try .integers($0, shape) },
            wordPlaces: wordPlaces.map { places in rows.map { places[$0] } })
    }
}

/// Texts as a model takes them: ids [B, T] of i64, mask [B, T] of bool (false where a row is filled up), types [B, T] for pairs.
public struct TokenBatch {
    public let ids: Tensor
    public let mask: Tensor
    public let types: Tensor?
    /// For texts that are cut into words, where the first token of each is in its row.
    let wordPlaces: [[Int32]]?
}

/// How many tokens of a text a tokenizer may give.
struct LengthLimit {
    weak var tokenizer: (any Tokenizer)?
    let length: Int?
}

/// An encoding and the tokenizer that made it, which is not kept alive; another may later have its address.
struct CachedEncoding {
    weak var tokenizer: (any Tokenizer)?
    let texts: EncodedTexts
}

extension Dataset {
    /// The texts as the tokenizer numbers them; computed once for each tokenizer.
    public func encoded(by tokenizer: any Tokenizer) throws -> EncodedTexts {
        let key = ObjectIdentifier(tokenizer)
        if let known = encodings[key], known.tokenizer === tokenizer { return known.texts }
        var reader = tokenizer
        if let limit = limits.first(where: { $0.tokenizer === tokenizer }) {
            reader = try tokenizer.limited(to: limit.length)
        }
        let texts =
            try sentences.map { try EncodedTexts(words: $0, by: reader) }
            ?? EncodedTexts(try texts(of: 0), textColumns.count > 1 ? try texts(of: 1) : nil, by: reader)
        encodings = encodings.filter { $0.value.tokenizer != nil }
        encodings[key] = CachedEncoding(tokenizer: tokenizer, texts: texts)
        return texts
    }
}

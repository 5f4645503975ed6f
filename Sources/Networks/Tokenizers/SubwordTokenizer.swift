/// A tokenizer as Hugging Face's libraries write them: WordPiece with BERT's normaliser, or byte pairs over bytes.
///
/// It is made from the JSON of tokenizer.json and from nothing else; other files are brought into that form first
/// (TokenizerFolder). What kd has no rule for is refused by name.
public final class SubwordTokenizer: Tokenizer {
    public let json: JSONValue
    public let size: Int
    public let padId: Int
    public let unknownId: Int?
    public let maximalLength: Int?
    public let fingerprint: String
    public let specialTokens: [(role: String, token: String)]
    /// The piece of every id; empty where an id has none.
    public let vocabulary: [String]

    private enum Model {
        case wordPiece(WordPiece, mark: String, cleansUp: Bool)
        case bytePairs(ByteLevelBPE, trims: Bool)
    }

    private let model: Model
    private let added: AddedTokens
    private let template: TokenTemplate
    private let ids: [ExactString: Int32]
    private let special: Set<Int32>

    public var name: String {
        switch model {
        case .wordPiece: "wordpiece"
        case .bytePairs: "bpe"
        }
    }

    /// - Parameter json: what a tokenizer.json holds.
    /// - Throws: `FormatError` for anything that is not well formed, or that kd has no rule for.
    public init(json: JSONValue, file: String? = nil) throws {
        do {
            let reader = try TokenizerReader(json)
            (self.json, vocabulary, ids, size) = (json, reader.vocabulary, reader.ids, reader.vocabulary.count)
            added = AddedTokens(reader.added)
            template = try reader.template()
            special = Set(reader.added.filter(\.isSpecial).map(\.id))
            maximalLength = try reader.limit()
            padId = try reader.padId()
            switch json["model"]?["type"]?.string {
            case "WordPiece":
                let (pieces, mark, unknown) = try reader.wordPiece()
                model = .wordPiece(pieces, mark: mark, cleansUp: try reader.cleansUp())
                unknownId = Int(unknown)
            default:
                model = .bytePairs(try reader.bytePairs(), trims: reader.trims)
                unknownId = nil
            }
            specialTokens = reader.roles(template)
            var print = Fingerprint()
            print.combine(try json.text())
            fingerprint = print.hex
            if let maximalLength, template.room(in: maximalLength) < 1 {
                throw FormatError(
                    "max_length is \(maximalLength), which leaves no room beside the special tokens", kind: "value")
            }
        } catch var error as FormatError {
            error.file = error.file ?? file
            throw error
        }
    }

    public func limited(to length: Int?) throws -> any Tokenizer {
        try checkLimit(length)
        guard var object = json.object else { return self }
        object["truncation"] =
            length.map {
                .object([
                    "direction": .string("Right"), "max_length": .int($0), "strategy": .string("LongestFirst"),
                    "stride": .int(0),
                ])
            } ?? .null
        return try SubwordTokenizer(json: .object(object))
    }

    // MARK: Text to ids

    public func encode(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        ids.reserveCapacity(text.utf8.count / 3 + 4)
        // The template's tokens around a single text, without the detour over an Encoding.
        var end: [Int32] = []
        var before = true
        for piece in template.single {
            switch piece {
            case .text: before = false
            case .token(let id, _): if before { ids.append(id) } else { end.append(id) }
            }
        }
        let start = ids.count
        appendIds(of: text, to: &ids)
        if let maximalLength {
            let room = template.room(in: maximalLength)
            if ids.count - start > room { ids.removeLast(ids.count - start - room) }
        }
        ids += end
        return ids.isEmpty ? [Int32(padId)] : ids
    }

    private func appendIds(of text: String, to ids: inout [Int32]) {
        var text = text
        text.withUTF8 { bytes in
            added.forEachPart(of: bytes) { part in
                switch part {
                case .token(let token, _): ids.append(token.id)
                case .text(let range):
                    let stretch = UnsafeBufferPointer(rebasing: bytes[range])
                    switch model {
                    case .wordPiece(let pieces, _, _): pieces.encode(stretch, into: &ids)
                    case .bytePairs(let pairs, _): pairs.encode(stretch, into: &ids)
                    }
                }
            }
        }
    }

    public func encoding(_ first: String, _ second: String?) -> Encoding {
        var (words, others) = (0, 0)
        return template.joined(
            parts(of: first, words: &words), second.map { parts(of: $0, words: &others) }, limit: maximalLength)
    }

    public func encoding(words: [String]) -> Encoding {
        var all = Encoding()
        for (number, word) in words.enumerated() {
            var count = 0
            var one = parts(of: word, words: &count)
            for place in one.words.indices { one.words[place] = number }
            all.append(one, type: 0)
        }
        return template.joined(all, nil, limit: maximalLength)
    }

    /// The tokens of a text with their places, without what stands around it.
    private func parts(of text: String, words: inout Int) -> Encoding {
        var encoding = Encoding()
        var text = text
        text.withUTF8 { bytes in
            var (seen, points) = (0, 0)
            // Code points before a byte: parts come in their order.
            func point(_ place: Int) -> Int {
                points += UTF8Scalars.count(bytes[seen..<place])
                seen = place
                return points
            }
            added.forEachPart(of: bytes) { part in
                switch part {
                case .token(let token, let range):
                    let start = point(range.lowerBound)
                    encoding.append(token.id, start..<point(range.upperBound), word: words)
                    words += 1
                case .text(let range):
                    let stretch = UnsafeBufferPointer(rebasing: bytes[range])
                    let start = point(range.lowerBound)
                    switch model {
                    case .wordPiece(let pieces, _, _):
                        pieces.encoding(stretch, offset: start, words: &words, into: &encoding)
                    case .bytePairs(let pairs, let trims):
                        pairs.encoding(stretch, offset: start, trims: trims, words: &words, into: &encoding)
                    }
                }
            }
        }
        return encoding
    }

    // MARK: Ids to text

    public func decode(_ ids: [Int32], skippingSpecial: Bool = true) -> String {
        let kept = ids.filter { vocabulary.indices.contains(Int($0)) && !(skippingSpecial && special.contains($0)) }
        switch model {
        case .wordPiece(_, let mark, let cleansUp):
            var text = ""
            for (place, id) in kept.enumerated() {
                var piece = vocabulary[Int(id)]
                if place > 0 { piece = piece.hasPrefix(mark) ? String(piece.dropFirst(mark.count)) : " " + piece }
                text += cleansUp ? Self.cleanedUp(piece) : piece
            }
            return text
        case .bytePairs:
            var bytes: [UInt8] = []
            let literal = Set(added.tokens.map(\.id))
            for id in kept {
                let piece = vocabulary[Int(id)]
                if literal.contains(id) {
                    bytes += piece.utf8
                } else {
                    for scalar in piece.unicodeScalars {
                        if let byte = ByteLevelBPE.bytes[scalar.value] { bytes.append(byte) }
                    }
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Blanks before punctuation and inside contractions taken out.
    private static func cleanedUp(_ piece: String) -> String {
        var piece = piece
        for (long, short) in contractions where piece.contains(long) { piece = piece.replacing(long, with: short) }
        return piece
    }

    private static let contractions = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]

    public func token(for id: Int) -> String? {
        vocabulary.indices.contains(id) && !vocabulary[id].isEmpty ? vocabulary[id] : nil
    }

    public func id(for token: String) -> Int? { ids[ExactString(token)].map(Int.init) }
}

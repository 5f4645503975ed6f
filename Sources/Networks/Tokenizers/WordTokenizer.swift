/// Words, and runs of neighbouring words, numbered by how often the texts hold them: a tokenizer that is built on the spot.
///
/// Ids: `<pad>` is 0, `<unk>` is 1, then words and n-grams from the most frequent down; of equally frequent ones the one that
/// was met first comes first. A text gives its words in order, then its pairs of neighbours, then its triples; a word that the
/// vocabulary does not hold gives `<unk>`, an n-gram gives nothing.
public final class WordTokenizer: Tokenizer {
    public let lowercases: Bool
    /// The longest run of words that has an id of its own: 1 for words alone, 2 for pairs too.
    public let ngrams: Int
    public let maximalLength: Int?
    /// The piece of every id; an n-gram's words are joined by a space.
    public let vocabulary: [String]
    public let fingerprint: String
    private let ids: [ExactString: Int32]
    private let splitter: WordSplitter

    public static let pad = "<pad>"
    public static let unknown = "<unk>"

    public var size: Int { vocabulary.count }
    public var padId: Int { 0 }
    public var unknownId: Int? { 1 }
    public var name: String { "words" }

    /// - Throws: `value` for a vocabulary that does not begin with `<pad>`, `<unk>` or holds a piece twice.
    public init(vocabulary: [String], lowercases: Bool = true, ngrams: Int = 1, maximalLength: Int? = nil) throws {
        guard vocabulary.starts(with: [Self.pad, Self.unknown]) else {
            throw FormatError(
                "a vocabulary of words begins with \(Self.pad) and \(Self.unknown)", kind: "value")
        }
        guard (1...5).contains(ngrams) else {
            throw FormatError("ngrams is \(ngrams); it goes from 1 to 5", kind: "value")
        }
        try checkLimit(maximalLength)
        var ids: [ExactString: Int32] = [:]
        ids.reserveCapacity(vocabulary.count)
        var print = Fingerprint()
        print.combine("words \(lowercases) \(ngrams) \(maximalLength ?? 0)")
        for (id, piece) in vocabulary.enumerated() {
            if ids.updateValue(Int32(id), forKey: ExactString(piece)) != nil {
                throw FormatError("the vocabulary holds \"\(piece)\" twice", kind: "value")
            }
            print.combine(piece)
        }
        self.ids = ids
        self.vocabulary = vocabulary
        self.lowercases = lowercases
        self.ngrams = ngrams
        self.maximalLength = maximalLength
        splitter = WordSplitter(lowercases: lowercases)
        fingerprint = print.hex
    }

    /// A tokenizer for the words of `texts`.
    ///
    /// - Parameters:
    ///   - minimalCount: how often a piece must be there to get an id.
    ///   - size: the most ids, `<pad>` and `<unk>` among them.
    public static func build(
        from texts: some Sequence<String>, size: Int? = nil, minimalCount: Int = 1, lowercases: Bool = true,
        ngrams: Int = 1, maximalLength: Int? = nil
    ) throws -> WordTokenizer {
        if let size, size < 3 { throw FormatError("size is \(size); it must be at least 3", kind: "value") }
        guard minimalCount >= 1 else {
            throw FormatError("min_count is \(minimalCount); it must be at least 1", kind: "value")
        }
        guard (1...5).contains(ngrams) else {
            throw FormatError("ngrams is \(ngrams); it goes from 1 to 5", kind: "value")
        }
        let splitter = WordSplitter(lowercases: lowercases)
        var places: [ExactString: Int] = [:]
        var pieces: [(text: ExactString, count: Int)] = []
        func count(_ piece: String) {
            let key = ExactString(piece)
            if let place = places[key] {
                pieces[place].count += 1
            } else {
                places[key] = pieces.count
                pieces.append((key, 1))
            }
        }
        for text in texts {
            let words = splitter.words(of: text)
            words.forEach(count)
            if ngrams > 1 { forEachRun(of: words, upTo: ngrams, count) }
        }
        var order = pieces.indices.filter { pieces[$0].count >= minimalCount }
        order.sort { (pieces[$0].count, $1) > (pieces[$1].count, $0) }
        if let size { order = Array(order.prefix(size - 2)) }
        return try WordTokenizer(
            vocabulary: [pad, unknown] + order.map { pieces[$0].text.text }, lowercases: lowercases, ngrams: ngrams,
            maximalLength: maximalLength)
    }

    /// All pairs of neighbours, then all triples …, joined by a space.
    private static func forEachRun(of words: [String], upTo ngrams: Int, _ body: (String) -> Void) {
        for length in 2...ngrams where words.count >= length {
            for start in 0...(words.count - length) {
                body(words[start..<start + length].joined(separator: " "))
            }
        }
    }

    public func encode(_ text: String) -> [Int32] {
        var found: [Int32] = []
        if ngrams == 1 {
            splitter.forEachWord(in: text) { word, _ in found.append(ids[ExactString(word)] ?? 1) }
        } else {
            let words = splitter.words(of: text)
            for word in words { found.append(ids[ExactString(word)] ?? 1) }
            Self.forEachRun(of: words, upTo: ngrams) { if let id = ids[ExactString($0)] { found.append(id) } }
        }
        if found.isEmpty { return [1] }
        if let maximalLength, found.count > maximalLength { found.removeLast(found.count - maximalLength) }
        return found
    }

    public func encoding(_ first: String, _ second: String?) -> Encoding {
        var encoding = Encoding()
        for (type, text) in [first, second].enumerated() {
            guard let text else { continue }
            var words: [(text: String, place: Range<Int>)] = []
            splitter.forEachWord(in: text) { words.append(($0, $1)) }
            encoding.append(tokens(of: words), type: Int32(type))
        }
        return whole(encoding)
    }

    public func encoding(words: [String]) -> Encoding {
        let words = words.map { word in
            let pieces = splitter.words(of: word)
            return (text: pieces.joined(separator: " "), place: 0..<word.unicodeScalars.count)
        }
        return whole(tokens(of: words))
    }

    /// An id for each word, and for runs of words those that the vocabulary has.
    private func tokens(of words: [(text: String, place: Range<Int>)]) -> Encoding {
        var encoding = Encoding()
        for (number, word) in words.enumerated() {
            encoding.append(ids[ExactString(word.text)] ?? 1, word.place, word: number)
        }
        if ngrams > 1 {
            for length in 2...ngrams where words.count >= length {
                for start in 0...(words.count - length) {
                    let run = words[start..<start + length]
                    guard let id = ids[ExactString(run.map(\.text).joined(separator: " "))] else { continue }
                    encoding.append(
                        id, words[start].place.lowerBound..<words[start + length - 1].place.upperBound, word: nil)
                }
            }
        }
        return encoding
    }

    /// Cut to the limit, and never empty.
    private func whole(_ encoding: Encoding) -> Encoding {
        var encoding = encoding
        if encoding.count == 0 { encoding.append(1) }
        if let maximalLength { encoding.cut(to: maximalLength) }
        return encoding
    }

    public func limited(to length: Int?) throws -> any Tokenizer {
        try WordTokenizer(vocabulary: vocabulary, lowercases: lowercases, ngrams: ngrams, maximalLength: length)
    }

    /// The words joined by spaces; n-grams, which repeat them, and padding are left out.
    public func decode(_ ids: [Int32], skippingSpecial: Bool = true) -> String {
        var words: [String] = []
        for id in ids where vocabulary.indices.contains(Int(id)) && !(skippingSpecial && id == 0) {
            let piece = vocabulary[Int(id)]
            if id <= 1 || !piece.contains(" ") { words.append(piece) }
        }
        return words.joined(separator: " ")
    }

    public func token(for id: Int) -> String? { vocabulary.indices.contains(id) ? vocabulary[id] : nil }

    public func id(for token: String) -> Int? { ids[ExactString(token)].map(Int.init) }
}

extension WordTokenizer {
    private static let format = "kd words"

    public var json: JSONValue {
        .object([
            "format": .string(Self.format), "version": .int(1), "lower": .bool(lowercases), "ngrams": .int(ngrams),
            "max_length": maximalLength.map { .int($0) } ?? .null,
            "vocabulary": .array(vocabulary.map { .string($0) }),
        ])
    }

    /// - Throws: `FormatError` where the value is no saved tokenizer of words.
    public convenience init(json: JSONValue, file: String? = nil) throws {
        func fault(_ problem: String) -> FormatError { FormatError(problem, file: file) }
        guard json["format"]?.string == Self.format else { throw fault("this is no saved tokenizer of words") }
        guard let version = json["version"]?.int, version == 1 else {
            throw fault("this tokenizer was saved by a later version; this one reads version 1")
        }
        guard let lower = json["lower"]?.bool, let ngrams = json["ngrams"]?.int, let limit = json["max_length"],
            limit.isNull || limit.int != nil, let items = json["vocabulary"]?.array
        else { throw fault("a saved tokenizer has lower, ngrams, max_length and vocabulary") }
        var pieces: [String] = []
        for (id, item) in items.enumerated() {
            guard let piece = item.string else { throw fault("vocabulary[\(id)] is \(item.kindName), not a string") }
            pieces.append(piece)
        }
        do {
            try self.init(vocabulary: pieces, lowercases: lower, ngrams: ngrams, maximalLength: limit.int)
        } catch var error as FormatError {
            error.file = file
            throw error
        }
    }

    public func save(_ path: String) throws { try File.write(try json.text(indent: 1) + "\n", to: path) }

    public static func load(_ path: String) throws -> WordTokenizer {
        try WordTokenizer(json: JSONValue.read(path), file: path)
    }
}

/// Reads the parts of a tokenizer.json, strictly: what it says must be well formed and have a rule in kd.
struct TokenizerReader {
    private let json: JSONValue
    private let model: JSONValue
    let added: [AddedTokens.Token]
    /// The piece of every id; an id without one has "".
    let vocabulary: [String]
    let ids: [ExactString: Int32]

    /// More ids than any vocabulary has.
    private static let maximalSize = 10_000_000

    init(_ json: JSONValue) throws {
        guard json.object != nil else { throw FormatError("a tokenizer is a JSON object, found \(json.kindName)") }
        guard let model = json["model"], model.object != nil else { throw FormatError("the tokenizer has no model") }
        self.json = json
        self.model = model
        guard let pieces = model["vocab"]?.object else {
            throw FormatError("the model has no vocab that goes from pieces to ids")
        }
        if pieces.isEmpty { throw FormatError("the model's vocab is empty") }
        var (ids, entries) = ([ExactString: Int32](), [(String, Int)]())
        for (piece, value) in pieces { entries.append((piece, try Self.id(value, of: piece, among: pieces.count))) }
        var tokens: [AddedTokens.Token] = []
        let lowercases = json["normalizer"]?["lowercase"]?.bool ?? false
        for (place, token) in try Self.list(json["added_tokens"], "added_tokens").enumerated() {
            guard let content = token["content"]?.string, !content.isEmpty else {
                throw FormatError("added_tokens[\(place)] has no content")
            }
            let id = try Self.id(token["id"] ?? .null, of: content, among: pieces.count + 100_000)
            entries.append((content, id))
            var one = AddedTokens.Token(id: Int32(id), content: content, isSpecial: token["special"]?.bool ?? false)
            one.singleWord = token["single_word"]?.bool ?? false
            one.takesLeft = token["lstrip"]?.bool ?? false
            one.takesRight = token["rstrip"]?.bool ?? false
            one.ignoresCase = lowercases && token["normalized"]?.bool ?? false
            tokens.append(one)
        }
        let highest = entries.map(\.1).max() ?? -1
        guard highest >= 0 else { throw FormatError("the vocabulary is empty") }
        guard highest < 2 * entries.count + 1000 else {
            throw FormatError("the vocabulary has \(entries.count) pieces, and one of them the id \(highest)")
        }
        var vocabulary = [String](repeating: "", count: highest + 1)
        var taken = [Bool](repeating: false, count: highest + 1)
        for (piece, id) in entries {
            if taken[id], vocabulary[id] != piece {
                throw FormatError(
                    "the id \(id) is that of \"\(vocabulary[id].prefix(40))\" and of \"\(piece.prefix(40))\"")
            }
            if let known = ids[ExactString(piece)], known != Int32(id) {
                throw FormatError("the piece \"\(piece.prefix(40))\" has the ids \(known) and \(id)")
            }
            taken[id] = true
            vocabulary[id] = piece
            ids[ExactString(piece)] = Int32(id)
        }
        (self.vocabulary, self.ids, added) = (vocabulary, ids, tokens)
    }

    private static func id(_ value: JSONValue, of piece: String, among count: Int) throws -> Int {
        guard let id = value.int else {
            throw FormatError("the id of \"\(piece.prefix(40))\" is \(value.kindName), not a whole number")
        }
        guard id >= 0, id < maximalSize, id < 2 * count + 1000 else {
            throw FormatError("the id of \"\(piece.prefix(40))\" is \(id), and there are \(count) pieces")
        }
        return id
    }

    private static func list(_ value: JSONValue?, _ name: String) throws -> [JSONValue] {
        guard let value, !value.isNull else { return [] }
        guard let items = value.array else { throw FormatError("\(name) is \(value.kindName), not a list") }
        return items
    }

    private func id(of token: String, for purpose: String) throws -> Int32 {
        guard let id = ids[ExactString(token)] else {
            throw FormatError("\(purpose) names the token \"\(token.prefix(40))\", which the vocabulary has not")
        }
        return id
    }

    private func type(_ name: String) throws -> String? {
        guard let part = json[name], !part.isNull else { return nil }
        guard let type = part["type"]?.string else { throw FormatError("\(name) does not say its type") }
        return type
    }

    private func unsupported(_ what: String, known: String) -> FormatError {
        FormatError("\(what) is not among what kd can do", hint: "it has \(known)")
    }

    // MARK: Settings

    func limit() throws -> Int? {
        guard let truncation = json["truncation"], !truncation.isNull else { return nil }
        guard let length = truncation["max_length"]?.int, length >= 1 else {
            throw FormatError("truncation has no max_length of at least 1")
        }
        if truncation["direction"]?.string ?? "Right" != "Right" {
            throw unsupported("truncation at the left", known: "that at the right")
        }
        return length
    }

    /// The padding's id: where the file says it, that of a usual token, or 0, which a mask hides.
    func padId() throws -> Int {
        if let padding = json["padding"], !padding.isNull, let id = padding["pad_id"]?.int {
            guard vocabulary.indices.contains(id) else {
                throw FormatError("pad_id is \(id), and ids go from 0 to \(vocabulary.count - 1)")
            }
            return id
        }
        for token in ["[PAD]", "<pad>"] { if let id = ids[ExactString(token)] { return Int(id) } }
        return 0
    }

    // MARK: Models

    func wordPiece() throws -> (pieces: WordPiece, mark: String, unknown: Int32) {
        let found = try type("normalizer")
        guard found == "BertNormalizer", let normalizer = json["normalizer"] else {
            throw unsupported("the normalizer \(found ?? "none") with WordPiece", known: "BertNormalizer")
        }
        let before = try type("pre_tokenizer")
        guard before == "BertPreTokenizer" else {
            throw unsupported("the pre_tokenizer \(before ?? "none") with WordPiece", known: "BertPreTokenizer")
        }
        let lowercases = normalizer["lowercase"]?.bool ?? true
        let rules = BertNormalizer(
            cleansText: normalizer["clean_text"]?.bool ?? true,
            spacesIdeographs: normalizer["handle_chinese_chars"]?.bool ?? true,
            stripsAccents: normalizer["strip_accents"]?.bool ?? lowercases, lowercases: lowercases)
        guard let token = model["unk_token"]?.string else { throw FormatError("the model has no unk_token") }
        let unknown = try id(of: token, for: "unk_token")
        let mark = model["continuing_subword_prefix"]?.string ?? "##"
        let longest = model["max_input_chars_per_word"]?.int ?? 100
        guard longest >= 0 else { throw FormatError("max_input_chars_per_word is \(longest)") }
        var pieces = vocabulary
        // Added tokens are found by themselves and are no pieces of words unless the vocabulary has them too.
        for token in added where model["vocab"]?.object?[token.content] == nil { pieces[Int(token.id)] = "" }
        return (
            WordPiece(pieces, unknown: unknown, mark: mark, longestWord: longest, normalizer: rules), mark, unknown
        )
    }

    /// Whether a decoded text is cleaned up.
    func cleansUp() throws -> Bool {
        guard let decoder = try type("decoder") else { return false }
        guard decoder == "WordPiece" else {
            throw unsupported("the decoder \(decoder) with WordPiece", known: "WordPiece")
        }
        return json["decoder"]?["cleanup"]?.bool ?? true
    }

    func bytePairs() throws -> ByteLevelBPE {
        let kind = model["type"]?.string ?? (model["merges"] != nil ? "BPE" : "of no type")
        guard kind == "BPE" else { throw unsupported("the model \(kind)", known: "WordPiece and BPE") }
        if let normalizer = try type("normalizer") {
            throw unsupported("the normalizer \(normalizer) with BPE", known: "BPE without one")
        }
        guard try type("pre_tokenizer") == "ByteLevel", let before = json["pre_tokenizer"] else {
            throw unsupported(
                "the pre_tokenizer \(try type("pre_tokenizer") ?? "none") with BPE",
                known: "ByteLevel, as in GPT-2 and RoBERTa")
        }
        if before["use_regex"]?.bool == false { throw unsupported("ByteLevel without its regex", known: "it with one") }
        for name in ["dropout", "byte_fallback", "ignore_merges"] {
            guard let value = model[name] else { continue }
            if value.bool == true || (value.double ?? 0) > 0 {
                throw unsupported("BPE with \(name)", known: "it without")
            }
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model[name]?.string, !text.isEmpty {
                throw unsupported("BPE with \(name)", known: "it without")
            }
        }
        let bytes = try ByteLevelBPE.characters.map { character in
            guard let id = ids[ExactString(String(Character(character)))] else {
                throw FormatError("the vocabulary has no piece for the byte that \"\(character)\" stands for")
            }
            return id
        }
        var merges: [UInt64: (rank: Int32, id: Int32)] = [:]
        for (rank, merge) in try Self.list(model["merges"], "merges").enumerated() {
            let (left, right) = try Self.parts(of: merge, rank)
            let pair = ByteLevelBPE.pair(
                try id(of: left, for: "merge \(rank)"), try id(of: right, for: "merge \(rank)"))
            if merges[pair] == nil { merges[pair] = (Int32(rank), try id(of: left + right, for: "merge \(rank)")) }
        }
        return ByteLevelBPE(byteIds: bytes, merges: merges, addsBlank: before["add_prefix_space"]?.bool ?? true)
    }

    /// A merge as ["a", "b"], or as older files have it, "a b".
    private static func parts(of merge: JSONValue, _ rank: Int) throws -> (String, String) {
        let parts = merge.array?.compactMap(\.string) ?? merge.string?.split(separator: " ").map(String.init) ?? []
        guard parts.count == 2 else { throw FormatError("merge \(rank) is no pair of pieces") }
        return (parts[0], parts[1])
    }

    /// Whether the places of tokens are without the blanks at their ends.
    var trims: Bool {
        guard let after = json["post_processor"], let kind = after["type"]?.string else { return false }
        return (kind == "RobertaProcessing" || kind == "ByteLevel") && after["trim_offsets"]?.bool ?? true
    }

    // MARK: What stands around texts

    func template() throws -> TokenTemplate {
        guard let kind = try type("post_processor"), let after = json["post_processor"] else { return .plain }
        switch kind {
        case "ByteLevel": return .plain
        case "TemplateProcessing":
            return TokenTemplate(
                single: try pieces(after, "single", texts: 1), pair: try pieces(after, "pair", texts: 2))
        case "BertProcessing", "RobertaProcessing":
            let (cls, sep) = (try marker(after, "cls"), try marker(after, "sep"))
            if kind == "BertProcessing" {
                return TokenTemplate(
                    single: [.token(cls, type: 0), .text(0, type: 0), .token(sep, type: 0)],
                    pair: [
                        .token(cls, type: 0), .text(0, type: 0), .token(sep, type: 0), .text(1, type: 1),
                        .token(sep, type: 1),
                    ])
            }
            return TokenTemplate(
                single: [.token(cls, type: 0), .text(0, type: 0), .token(sep, type: 0)],
                pair: [
                    .token(cls, type: 0), .text(0, type: 0), .token(sep, type: 0), .token(sep, type: 0),
                    .text(1, type: 0), .token(sep, type: 0),
                ])
        default:
            throw unsupported(
                "the post_processor \(kind)",
                known: "TemplateProcessing, BertProcessing, RobertaProcessing and ByteLevel")
        }
    }

    /// `"cls": ["[CLS]", 101]`.
    private func marker(_ after: JSONValue, _ name: String) throws -> Int32 {
        guard let token = after[name]?.array?.first?.string else {
            throw FormatError("the post_processor has no \(name)")
        }
        return try id(of: token, for: "the post_processor")
    }

    private func pieces(_ after: JSONValue, _ name: String, texts: Int) throws -> [TokenTemplate.Piece] {
        var pieces: [TokenTemplate.Piece] = []
        for item in try Self.list(after[name], "the post_processor's \(name)") {
            if let sequence = item["Sequence"] {
                guard let text = sequence["id"]?.string, text == "A" || text == "B" else {
                    throw FormatError("the post_processor's \(name) names a text that is neither A nor B")
                }
                pieces.append(.text(text == "A" ? 0 : 1, type: Int32(clamping: sequence["type_id"]?.int ?? 0)))
            } else if let token = item["SpecialToken"], let name = token["id"]?.string {
                let type = Int32(clamping: token["type_id"]?.int ?? 0)
                let listed = after["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.int)
                for id in try listed ?? [Int(id(of: name, for: "the post_processor"))] {
                    guard vocabulary.indices.contains(id) else {
                        throw FormatError(
                            "the post_processor gives \"\(name.prefix(40))\" the id \(id), and ids go to \(vocabulary.count - 1)"
                        )
                    }
                    pieces.append(.token(Int32(id), type: type))
                }
            } else {
                throw FormatError(
                    "the post_processor's \(name) has something that is neither Sequence nor SpecialToken")
            }
        }
        let count = pieces.count { if case .text = $0 { true } else { false } }
        guard count == texts else {
            // A file may leave pairs open: then they stand side by side.
            if pieces.isEmpty, texts == 2 { return TokenTemplate.plain.pair }
            throw FormatError("the post_processor's \(name) has \(count) texts, not \(texts)")
        }
        return pieces
    }

    /// The tokens that are no text, by the names that configurations have for them.
    func roles(_ template: TokenTemplate) -> [(role: String, token: String)] {
        let usual = [
            ("unk_token", ["[UNK]", "<unk>"]), ("sep_token", ["[SEP]", "</s>"]), ("pad_token", ["[PAD]", "<pad>"]),
            ("cls_token", ["[CLS]", "<s>"]), ("mask_token", ["[MASK]", "<mask>"]),
        ]
        let special = Set(added.filter(\.isSpecial).map(\.content))
        return usual.compactMap { role, names in
            names.first { special.contains($0) }.map { (role, $0) }
        }
    }
}

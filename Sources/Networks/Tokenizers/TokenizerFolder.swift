/// The files of a tokenizer in a model's folder: tokenizer.json, or the older vocab.txt, or vocab.json with merges.txt.
public enum TokenizerFolder {
    /// Reads the tokenizer of a folder, or of one of those files.
    ///
    /// - Parameters:
    ///   - maximalLength: cuts longer texts; nil takes what the files say.
    ///   - lowercases: for vocab.txt, which does not say it; nil takes tokenizer_config.json's, or true.
    /// - Throws: `FormatError` where there is none of the files, or what they hold is not well formed.
    public static func read(_ path: String, maximalLength: Int? = nil, lowercases: Bool? = nil) throws -> any Tokenizer
    {
        try checkLimit(maximalLength)
        let tokenizer = try open(path, lowercases: lowercases)
        if let maximalLength { return try tokenizer.limited(to: maximalLength) }
        return tokenizer
    }

    private static func open(_ path: String, lowercases: Bool?) throws -> SubwordTokenizer {
        guard File.isFolder(path) else {
            if path.hasSuffix(".txt") { return try vocabularyText(path, config: .null, lowercases: lowercases) }
            return try SubwordTokenizer(json: JSONValue.read(path), file: path)
        }
        func there(_ name: String) -> String? { File.exists("\(path)/\(name)") ? "\(path)/\(name)" : nil }
        let config = try there("tokenizer_config.json").map(JSONValue.read) ?? .null
        var tokenizer: SubwordTokenizer
        if let file = there("tokenizer.json") {
            tokenizer = try SubwordTokenizer(json: JSONValue.read(file), file: file)
        } else if let file = there("vocab.txt") {
            tokenizer = try vocabularyText(file, config: config, lowercases: lowercases)
        } else if let pieces = there("vocab.json"), let merges = there("merges.txt") {
            tokenizer = try bytePairs(pieces, merges, config: config)
        } else {
            throw FormatError(
                "the folder has none of tokenizer.json, vocab.txt, and vocab.json with merges.txt", file: path)
        }
        // A limit beyond any text stands for none.
        if tokenizer.maximalLength == nil, let limit = config["model_max_length"]?.int, limit >= 8, limit < 1_000_000,
            let limited = try tokenizer.limited(to: limit) as? SubwordTokenizer
        {
            tokenizer = limited
        }
        return tokenizer
    }

    /// A token's text in tokenizer_config.json: a string, or an object with its content.
    private static func token(_ config: JSONValue, _ role: String, or usual: String) -> String {
        config[role]?.string ?? config[role]?["content"]?.string ?? usual
    }

    private static func addedToken(_ content: String, _ id: Int, takesLeft: Bool = false) -> JSONValue {
        .object([
            "id": .int(id), "content": .string(content), "single_word": .bool(false), "lstrip": .bool(takesLeft),
            "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(true),
        ])
    }

    /// BERT's vocab.txt: a piece a line, whose number is its id.
    private static func vocabularyText(_ path: String, config: JSONValue, lowercases: Bool?) throws -> SubwordTokenizer
    {
        var lines = try File.readText(path).split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasSuffix("\r") ? String(line.dropLast()) : String(line)
        }
        if lines.last == "" { lines.removeLast() }
        guard !lines.isEmpty else { throw FormatError("the vocabulary is empty", file: path) }
        var pieces = JSONObject()
        for (id, piece) in lines.enumerated() {
            if pieces[piece] != nil {
                throw FormatError("line \(id + 1): the piece \"\(piece.prefix(40))\" is there twice", file: path)
            }
            pieces[piece] = .int(id)
        }
        let roles = [
            ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ].map { token(config, $0, or: $1) }
        for name in [roles[0], roles[1], roles[3]] where pieces[name] == nil {
            throw FormatError("the vocabulary is without \(name), which every text needs", file: path)
        }
        return try wordPiece(
            pieces, tokens: roles.filter { pieces[$0] != nil }, unknown: roles[0], sep: roles[1], cls: roles[3],
            pad: roles[2], lowercases: lowercases ?? config["do_lower_case"]?.bool ?? true,
            stripsAccents: config["strip_accents"]?.bool,
            spacesIdeographs: config["tokenize_chinese_chars"]?.bool ?? true,
            file: path)
    }

    /// A WordPiece tokenizer in the form of tokenizer.json.
    static func wordPiece(
        _ pieces: JSONObject, tokens: [String], unknown: String, sep: String, cls: String, pad: String,
        lowercases: Bool,
        stripsAccents: Bool? = nil, spacesIdeographs: Bool = true, file: String? = nil
    ) throws -> SubwordTokenizer {
        func id(_ token: String) -> Int { pieces[token]?.int ?? 0 }
        func special(_ token: String, _ type: Int) -> JSONValue {
            .object(["SpecialToken": .object(["id": .string(token), "type_id": .int(type)])])
        }
        func text(_ name: String, _ type: Int) -> JSONValue {
            .object(["Sequence": .object(["id": .string(name), "type_id": .int(type)])])
        }
        func listed(_ token: String) -> JSONValue {
            .object(["id": .string(token), "ids": .array([.int(id(token))]), "tokens": .array([.string(token)])])
        }
        let json = JSONValue.object([
            "version": .string("1.0"), "truncation": .null, "padding": padding(pad, id(pad)),
            "added_tokens": .array(
                tokens.map { addedToken($0, id($0)) }.sorted { $0["id"]?.int ?? 0 < $1["id"]?.int ?? 0 }),
            "normalizer": .object([
                "type": .string("BertNormalizer"), "clean_text": .bool(true),
                "handle_chinese_chars": .bool(spacesIdeographs),
                "strip_accents": stripsAccents.map { .bool($0) } ?? .null,
                "lowercase": .bool(lowercases),
            ]),
            "pre_tokenizer": .object(["type": .string("BertPreTokenizer")]),
            "post_processor": .object([
                "type": .string("TemplateProcessing"),
                "single": .array([special(cls, 0), text("A", 0), special(sep, 0)]),
                "pair": .array([special(cls, 0), text("A", 0), special(sep, 0), text("B", 1), special(sep, 1)]),
                "special_tokens": .object([cls: listed(cls), sep: listed(sep)] as JSONObject),
            ]),
            "decoder": .object(["type": .string("WordPiece"), "prefix": .string("##"), "cleanup": .bool(true)]),
            "model": .object([
                "type": .string("WordPiece"), "unk_token": .string(unknown), "continuing_subword_prefix": .string("##"),
                "max_input_chars_per_word": .int(100), "vocab": .object(pieces),
            ]),
        ])
        return try SubwordTokenizer(json: json, file: file)
    }

    private static func padding(_ token: String, _ id: Int) -> JSONValue {
        .object([
            "strategy": .string("BatchLongest"), "direction": .string("Right"), "pad_to_multiple_of": .null,
            "pad_id": .int(id), "pad_type_id": .int(0), "pad_token": .string(token),
        ])
    }

    /// GPT-2's and RoBERTa's pair of files: ids by piece, and merges, one a line.
    private static func bytePairs(_ piecesPath: String, _ mergesPath: String, config: JSONValue) throws
        -> SubwordTokenizer
    {
        let json = try JSONValue.read(piecesPath)
        guard let pieces = json.object else {
            throw FormatError(
                "it must be an object that goes from pieces to ids, found \(json.kindName)", file: piecesPath)
        }
        var merges: [JSONValue] = []
        for (number, line) in try File.readText(mergesPath).split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = line.hasSuffix("\r") ? line.dropLast() : line
            if line.isEmpty || number == 0 && line.hasPrefix("#version") { continue }
            let parts = line.split(separator: " ")
            guard parts.count == 2 else {
                throw FormatError("line \(number + 1) is no pair of pieces with a blank between them", file: mergesPath)
            }
            merges.append(.array(parts.map { .string(String($0)) }))
        }
        let isRoberta = pieces["<s>"] != nil && pieces["</s>"] != nil
        var tokens: [JSONValue] = []
        for name in ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"] {
            if let id = pieces[name]?.int { tokens.append(addedToken(name, id, takesLeft: name == "<mask>")) }
        }
        let blank = config["add_prefix_space"]?.bool ?? false
        func marker(_ name: String) -> JSONValue { .array([.string(name), .int(pieces[name]?.int ?? 0)]) }
        let after: JSONValue =
            isRoberta
            ? .object([
                "type": .string("RobertaProcessing"), "sep": marker("</s>"), "cls": marker("<s>"),
                "trim_offsets": .bool(true),
                "add_prefix_space": .bool(blank),
            ]) : .null
        return try SubwordTokenizer(
            json: .object([
                "version": .string("1.0"), "truncation": .null,
                "padding": pieces["<pad>"]?.int.map { padding("<pad>", $0) } ?? .null, "added_tokens": .array(tokens),
                "normalizer": .null,
                "pre_tokenizer": .object([
                    "type": .string("ByteLevel"), "add_prefix_space": .bool(blank), "trim_offsets": .bool(true),
                    "use_regex": .bool(true),
                ]),
                "post_processor": after,
                "decoder": .object([
                    "type": .string("ByteLevel"), "add_prefix_space": .bool(true), "trim_offsets": .bool(true),
                    "use_regex": .bool(true),
                ]),
                "model": .object([
                    "type": .string("BPE"), "dropout": .null, "unk_token": .null,
                    "continuing_subword_prefix": .string(""),
                    "end_of_word_suffix": .string(""), "fuse_unk": .bool(false), "byte_fallback": .bool(false),
                    "ignore_merges": .bool(false), "vocab": .object(pieces), "merges": .array(merges),
                ]),
            ]), file: piecesPath)
    }

    // MARK: Writing

    /// Writes the files from which Hugging Face's libraries and kd read the same tokenizer again.
    ///
    /// - Throws: `value` for a tokenizer of words, which those libraries do not have.
    public static func write(_ tokenizer: any Tokenizer, to folder: String) throws {
        guard let tokenizer = tokenizer as? SubwordTokenizer else {
            throw FormatError(
                "a tokenizer of words has no place in a folder of Hugging Face's libraries",
                hint: "save(model, \"student.safetensors\") keeps it beside the weights", kind: "value")
        }
        try File.write(try tokenizer.json.text(indent: 2) + "\n", to: "\(folder)/tokenizer.json")
        var config = JSONObject()
        var special = JSONObject()
        config["tokenizer_class"] = .string("PreTrainedTokenizerFast")
        for (role, token) in tokenizer.specialTokens {
            config[role] = .string(token)
            special[role] = .string(token)
        }
        if tokenizer.name == "wordpiece" {
            config["model_input_names"] = .array(["input_ids", "token_type_ids", "attention_mask"].map { .string($0) })
            config["do_lower_case"] = .bool(tokenizer.json["normalizer"]?["lowercase"]?.bool ?? true)
        }
        if let limit = tokenizer.maximalLength { config["model_max_length"] = .int(limit) }
        try File.write(try JSONValue.object(config).text(indent: 2) + "\n", to: "\(folder)/tokenizer_config.json")
        try File.write(try JSONValue.object(special).text(indent: 2) + "\n", to: "\(folder)/special_tokens_map.json")
        if tokenizer.name == "wordpiece", !tokenizer.vocabulary.contains(where: { $0.isEmpty || $0.contains("\n") }) {
            try File.write(tokenizer.vocabulary.joined(separator: "\n") + "\n", to: "\(folder)/vocab.txt")
        }
    }
}

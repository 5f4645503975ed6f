import Distillation
import Language
import Networks

/// Texts, or a dataset that has some.
struct TextsArgument: ScriptConvertible {
    let texts: [String]
    static var scriptType: String { "dataset or list of string" }
    static func from(_ value: Value) throws -> TextsArgument? {
        if let data = (value.object as? DatasetObject)?.dataset { return TextsArgument(texts: try data.texts()) }
        return try [String].from(value).map { TextsArgument(texts: $0) }
    }
    var scriptValue: Value { texts.scriptValue }
}

/// A text, or one that is cut into words already.
struct TextOrWords: ScriptConvertible {
    let value: Value
    static var scriptType: String { "string or list of string" }
    static func from(_ value: Value) throws -> TextOrWords? {
        if value.string != nil { return TextOrWords(value: value) }
        return try [String].from(value) == nil ? nil : TextOrWords(value: value)
    }
    var scriptValue: Value { value }
}

/// A tokenizer as an argument.
struct Tokenization: ScriptConvertible {
    let tokenizer: any Tokenizer
    static var scriptType: String { "tokenizer" }
    static func from(_ value: Value) throws -> Tokenization? {
        (value.object as? TokenizerObject).map { Tokenization(tokenizer: $0.tokenizer) }
    }
    var scriptValue: Value { .object(TokenizerObject(tokenizer)) }
}

/// Cutting text into numbered pieces.
func tokenizerChapter() -> Chapter {
    let texts = Parameter<TextsArgument>("texts", "a dataset, or a list of texts")
    let tokenizer = Parameter<Tokenization>("tokenizer", "a tokenizer")
    return Chapter(
        "Tokenizers", "Cutting text into numbered pieces.",
        [
            Builtin(
                "word_tokenizer", "A tokenizer whose vocabulary is the words of some texts, the most frequent first.",
                texts,
                Parameter<Int?>("size", "most ids, <pad> and <unk> included; nil for all words", default: nil),
                Parameter<Int>("min_count", "how often a word must occur", default: 1),
                Parameter<Int>("ngrams", "longest run of words with an id of its own", default: 1),
                Parameter<Bool>("lowercase", "whether capitals are made small", default: true),
                Parameter<Int?>("max_length", "longest sequence; nil for no limit", default: nil),
                example: "word_tokenizer([\"a fine film\", \"a dull film\"]).size  # → 6"
            ) {
                (
                    texts: TextsArgument, size: Int?, minimum: Int, ngrams: Int, lowercase: Bool, longest: Int?
                ) throws -> Tokenization in
                Tokenization(
                    tokenizer: try WordTokenizer.build(
                        from: texts.texts, size: size, minimalCount: minimum, lowercases: lowercase, ngrams: ngrams,
                        maximalLength: longest))
            },
            Builtin(
                "wordpiece_tokenizer", "A tokenizer of pieces of words, learned from some texts, as BERT has one.",
                texts,
                Parameter<Int>("size", "most ids, the five special ones included", default: 8000),
                Parameter<Int>("min_count", "how often two neighbours must occur to be joined", default: 2),
                Parameter<Bool>("lowercase", "whether capitals are made small and accents removed", default: true),
                Parameter<Int?>("max_length", "longest sequence; nil for no limit", default: nil),
                details:
                    "No text is without ids: what the vocabulary does not hold is cut into smaller pieces. The same texts give the same vocabulary.",
                example:
                    "tok = wordpiece_tokenizer([\"low lower lowest\", \"new newer newest\"], size=40)\ntok.encode(\"newest\").tokens  # → [\"[CLS]\", \"ne\", \"##west\", \"[SEP]\"]",
                source: "Schuster, Nakajima 2012; Wu et al. 2016, arXiv:1609.08144"
            ) {
                (texts: TextsArgument, size: Int, minimum: Int, lowercase: Bool, longest: Int?) throws -> Tokenization
                in
                Tokenization(
                    tokenizer: try WordPieceTrainer.train(
                        on: texts.texts, size: size, minimalCount: minimum, lowercases: lowercase,
                        maximalLength: longest))
            },
            Builtin(
                "read_tokenizer", "The tokenizer of a model's folder, or of one of its files.",
                Parameter<String>("path", "a folder, tokenizer.json or vocab.txt"),
                Parameter<Int?>("max_length", "longest sequence; nil takes what the files say", default: nil),
                Parameter<Bool?>("lowercase", "for vocab.txt, which does not say it", default: nil),
                details:
                    "Read are tokenizer.json, vocab.txt, or vocab.json with merges.txt: WordPiece with BERT's normaliser, and byte pairs over bytes as in GPT-2 and RoBERTa.",
                example:
                    "write_text(\"[PAD]\\n[UNK]\\n[CLS]\\n[SEP]\\nfine\\n##r\\n\", \"/tmp/kd-example-vocab.txt\")\nread_tokenizer(\"/tmp/kd-example-vocab.txt\").encode(\"Finer\").ids  # → [2, 4, 5, 3]"
            ) { (context: CallContext, path: String, longest: Int?, lowercase: Bool?) throws -> Tokenization in
                Tokenization(
                    tokenizer: try TokenizerFolder.read(
                        context.located(path), maximalLength: longest, lowercases: lowercase))
            },
            Builtin(
                "write_tokenizer", "Writes a tokenizer's files into a folder, for Hugging Face's libraries and for kd.",
                tokenizer, Parameter<String>("folder", "the folder, which must be there"),
                example:
                    "make_folder(\"/tmp/kd-example\")\nwrite_tokenizer(wordpiece_tokenizer([\"a fine film\"], size=40), \"/tmp/kd-example\")"
            ) { (tokenizer: Tokenization, folder: String) throws -> Void in
                try TokenizerFolder.write(tokenizer.tokenizer, to: folder)
            },
            Builtin(
                "truncated", "The same tokenizer with another limit: longer texts are cut at their end.", tokenizer,
                Parameter<Int?>("max_length", "most tokens, special ones included; nil for no limit"),
                example:
                    "word_tokenizer([\"a fine film\"]).truncated(2).encode(\"a fine film\").tokens  # → [\"a\", \"fine\"]"
            ) { (tokenizer: Tokenization, longest: Int?) throws -> Tokenization in
                Tokenization(tokenizer: try tokenizer.tokenizer.limited(to: longest))
            },
            Builtin(
                "encode", "The tokens of a text: their ids, and where in the text each is from.", tokenizer,
                Parameter<TextOrWords>("text", "a text, or a list of words, which keep their numbers"),
                Parameter<String?>("second", "the second text of a pair", default: nil),
                details:
                    "Fields: ids, tokens, offsets (code points [start, end]), word_ids (nil for special tokens), type_ids (which of two texts).",
                example: "word_tokenizer([\"a fine film\"]).encode(\"fine film\").ids  # → [3, 4]"
            ) { (tokenizer: Tokenization, text: TextOrWords, second: String?) throws -> Value in
                let encoding: Encoding
                if let text = text.value.string {
                    encoding = try tokenizer.tokenizer.encoding(text, second)
                } else {
                    if second != nil {
                        throw Fault(
                            "encode: a list of words has no second text", kind: "type", argument: .positional(2))
                    }
                    encoding = try tokenizer.tokenizer.encoding(words: [String].from(text.value) ?? [])
                }
                return .object(EncodingObject(encoding, by: tokenizer.tokenizer))
            },
            Builtin(
                "decode", "A text whose ids these are.", tokenizer, Parameter<[Int]>("ids", "ids"),
                Parameter<Bool>("skip_special", "whether tokens that are no text are left out", default: true),
                example: "word_tokenizer([\"a fine film\"]).decode([3, 4])  # → \"fine film\""
            ) { (tokenizer: Tokenization, ids: [Int], skipsSpecial: Bool) throws -> String in
                try tokenizer.tokenizer.decode(
                    ids.map { id in
                        guard let small = Int32(exactly: id) else {
                            throw Fault("decode: \(id) is no id", kind: "value")
                        }
                        return small
                    }, skippingSpecial: skipsSpecial)
            },
            Builtin(
                "token_of", "The piece that an id stands for; nil where there is none.", tokenizer,
                Parameter<Int>("id", "an id"), example: "word_tokenizer([\"a fine film\"]).token_of(3)  # → \"fine\""
            ) { (tokenizer: Tokenization, id: Int) throws -> String? in tokenizer.tokenizer.token(for: id) },
            Builtin(
                "id_of", "The id of a piece; nil where there is none.", tokenizer,
                Parameter<String>("token", "a piece"),
                example: "word_tokenizer([\"a fine film\"]).id_of(\"fine\")  # → 3"
            ) { (tokenizer: Tokenization, token: String) throws -> Int? in tokenizer.tokenizer.id(for: token) },
        ])
}

import Language
import Networks

/// A tokenizer as a value of the language.
final class TokenizerObject: Object {
    let tokenizer: any Tokenizer

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    override var typeName: String { "tokenizer" }
    override func display(_ style: DisplayStyle) -> String {
        let limit = tokenizer.maximalLength.map { ", at most \($0) of them" } ?? ""
        return "<tokenizer \(tokenizer.name): \(tokenizer.size) ids\(limit)>"
    }
    override var fieldNames: [String] { ["size", "name", "max_length", "pad_id", "unknown_id", "special_tokens"] }
    override func isEqual(to other: Object) -> Bool { (other as? TokenizerObject)?.tokenizer === tokenizer }
    override func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(tokenizer)) }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "size": .int(tokenizer.size)
        case "name": .string(tokenizer.name)
        case "max_length": tokenizer.maximalLength.scriptValue
        case "pad_id": .int(tokenizer.padId)
        case "unknown_id": tokenizer.unknownId.scriptValue
        case "special_tokens": .map(tokenizer.specialTokens.map { ($0.role, .string($0.token)) })
        default: nil
        }
    }
}

/// The tokens of a text as a value of the language.
final class EncodingObject: Object {
    private let encoding: Encoding
    private let tokenizer: any Tokenizer

    init(_ encoding: Encoding, by tokenizer: any Tokenizer) {
        self.encoding = encoding
        self.tokenizer = tokenizer
    }

    override var typeName: String { "encoding" }

    /// A token a row, of many only the first.
    override func display(_ style: DisplayStyle) -> String {
        if style == .inline { return "<encoding of \(encoding.count) tokens>" }
        var table = TextTable(columns: ["token", "id", "from", "to", "word", "type"], rightAligned: [1, 2, 3, 4, 5])
        let shown = encoding.count <= 40 ? encoding.count : 36
        for place in 0..<shown {
            let (from, word) = (encoding.offsets[place], encoding.words[place])
            table.add([
                token(place), "\(encoding.ids[place])", word == nil ? "" : "\(from.lowerBound)",
                word == nil ? "" : "\(from.upperBound)", word.map { "\($0)" } ?? "", "\(encoding.types[place])",
            ])
        }
        return table.text + (shown < encoding.count ? "\n… \(encoding.count) tokens in all" : "")
    }

    private func token(_ place: Int) -> String { tokenizer.token(for: Int(encoding.ids[place])) ?? "?" }

    override var fieldNames: [String] { ["ids", "tokens", "offsets", "word_ids", "type_ids"] }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "ids": .list(encoding.ids.map { .int(Int($0)) })
        case "tokens": .list(encoding.ids.indices.map { .string(token($0)) })
        case "offsets": .list(encoding.offsets.map { .list([.int($0.lowerBound), .int($0.upperBound)]) })
        case "word_ids": .list(encoding.words.map { $0.map { .int($0) } ?? .null })
        case "type_ids": .list(encoding.types.map { .int(Int($0)) })
        default: nil
        }
    }
    override func count(_ machine: Machine) throws -> Int? { encoding.count }
}

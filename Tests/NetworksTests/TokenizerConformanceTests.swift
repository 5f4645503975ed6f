import Foundation
import Networks
import Testing

/// What the tokenizers library makes of texts (Fixtures/tokenizers/README.md), against what kd makes of them.
@Suite("Tokenizers against the tokenizers library")
struct TokenizerConformanceTests {
    static let folder = Fixture.folder.appendingPathComponent("tokenizers")
    nonisolated(unsafe) static let bert = Result {
        try TokenizerFolder.read(folder.appendingPathComponent("bert-uncased-vocab.txt").path)
    }
    nonisolated(unsafe) static let gpt2 = Result {
        try TokenizerFolder.read(folder.appendingPathComponent("gpt2").path)
    }

    private struct Single: Decodable {
        let text: String
        let tokens: [String]
        let ids: [Int32]
        let typeIds: [Int32]?
        let offsets: [[Int]]
        let decoded: String?
    }

    private struct Pair: Decodable {
        let a: String
        let b: String
        let maxLength: Int?
        let ids: [Int32]
        let typeIds: [Int32]
        let offsets: [[Int]]
    }

    private struct Words: Decodable {
        let words: [String]
        let ids: [Int32]
        let wordIds: [Int?]
    }

    private struct Decoded: Decodable {
        let ids: [Int32]
        let skipSpecial: String
        let withSpecial: String
    }

    private static func lines<T: Decodable>(_ name: String, _: T.Type) throws -> [T] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return try text.utf8.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(T.self, from: Data($0)) }
    }

    @Test("WordPiece: ids, tokens, types and places of single texts", arguments: ["bert_uncased.jsonl"])
    func wordPiece(file: String) throws {
        let tokenizer = try Self.bert.get()
        let cases = try Self.lines(file, Single.self)
        #expect(cases.count > 200)
        for one in cases {
            let found = try tokenizer.encoding(one.text, nil)
            #expect(found.ids == one.ids, "\(one.text.debugDescription)")
            #expect(try tokenizer.encode(one.text) == one.ids, "\(one.text.debugDescription)")
            #expect(found.types == one.typeIds, "\(one.text.debugDescription)")
            #expect(
                found.offsets.map { [$0.lowerBound, $0.upperBound] } == one.offsets, "\(one.text.debugDescription)")
            #expect(found.ids.map { tokenizer.token(for: Int($0)) } == one.tokens, "\(one.text.debugDescription)")
        }
    }

    @Test("WordPiece: pairs, and how they are cut")
    func pairs() throws {
        for one in try Self.lines("bert_uncased_pairs.jsonl", Pair.self) {
            let tokenizer = try Self.bert.get().limited(to: one.maxLength)
            let found = try tokenizer.encoding(one.a, one.b)
            #expect(found.ids == one.ids, "\(one.a) | \(one.b) | \(one.maxLength ?? 0)")
            #expect(found.types == one.typeIds)
            #expect(found.offsets.map { [$0.lowerBound, $0.upperBound] } == one.offsets)
        }
    }

    @Test("WordPiece: texts that are cut into words already")
    func words() throws {
        for one in try Self.lines("bert_uncased_pretokenized.jsonl", Words.self) {
            let found = try Self.bert.get().encoding(words: one.words)
            #expect(found.ids == one.ids, "\(one.words)")
            #expect(found.words == one.wordIds, "\(one.words)")
        }
    }

    @Test("WordPiece: back to text")
    func decoding() throws {
        for one in try Self.lines("bert_uncased_decode.jsonl", Decoded.self) {
            #expect(try Self.bert.get().decode(one.ids, skippingSpecial: true) == one.skipSpecial)
            #expect(try Self.bert.get().decode(one.ids, skippingSpecial: false) == one.withSpecial)
        }
    }

    @Test("byte pairs: ids, tokens, places, and back to text")
    func bytePairs() throws {
        let tokenizer = try Self.gpt2.get()
        let cases = try Self.lines("gpt2.jsonl", Single.self)
        #expect(cases.count > 100)
        for one in cases {
            let found = try tokenizer.encoding(one.text, nil)
            #expect(found.ids == one.ids, "\(one.text.debugDescription)")
            #expect(
                found.offsets.map { [$0.lowerBound, $0.upperBound] } == one.offsets, "\(one.text.debugDescription)")
            #expect(found.ids.map { tokenizer.token(for: Int($0)) } == one.tokens)
            #expect(tokenizer.decode(one.ids, skippingSpecial: false) == one.decoded)
        }
    }

    @Test("the cases of other implementations: Google's own and those of Hugging Face's Swift library")
    func otherImplementations() throws {
        let hugging = try JSONValue.read(Self.folder.appendingPathComponent("hf_cases.json").path)
        for (name, tokenizer) in [("bert-base-uncased", try Self.bert.get()), ("distilgpt2", try Self.gpt2.get())] {
            for one in try #require(hugging[name]?.array) {
                let text = try #require(one["input"]?.string)
                let ids = try #require(one["encoded"]?["input_ids"]?.array).compactMap(\.int).map { Int32($0) }
                #expect(try tokenizer.encode(text) == ids, "\(text)")
            }
        }
        let google = try JSONValue.read(Self.folder.appendingPathComponent("google_bert_unit.json").path)
        for one in try #require(google["basic_lower"]?.array) {
            let words = try #require(one["tokens"]?.array).compactMap(\.string)
            let pieces = (["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + Set(words).sorted()).joined(separator: "\n")
            let tokenizer = try Self.temporary(pieces) { try TokenizerFolder.read($0) }
            let text = try #require(one["text"]?.string)
            let found = try tokenizer.encoding(text, nil).ids.compactMap { tokenizer.token(for: Int($0)) }
            #expect(found == ["[CLS]"] + words + ["[SEP]"])
        }
    }

    static func temporary<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
        let path = NSTemporaryDirectory() + "kd-vocab-\(UUID().uuidString).txt"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try File.write(text, to: path)
        return try body(path)
    }

    @Test("every Unicode scalar between two letters", arguments: ["bert", "gpt2"])
    func everyScalar(name: String) throws {
        let stored = try JSONValue.read(Self.folder.appendingPathComponent("unicode_sweep.json").path)
        let blocks = try #require(stored[name]?.array).compactMap(\.string)
        #expect(blocks.count == 0x1100)
        let tokenizer = try name == "bert" ? Self.bert.get() : Self.gpt2.get()
        var wrong: [String] = []
        for (number, expected) in blocks.enumerated() where !expected.isEmpty {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for low in 0..<256 {
                guard let scalar = Unicode.Scalar(UInt32(number << 8 | low)) else { continue }
                for id in try tokenizer.encode("a\(Character(scalar))a") + [-1] {
                    for shift in stride(from: 0, to: 32, by: 8) {
                        hash = (hash ^ UInt64(UInt8(truncatingIfNeeded: id >> Int32(shift)))) &* 0x100_0000_01B3
                    }
                }
            }
            let hex = String(hash, radix: 16)
            if String(repeating: "0", count: 16 - hex.count) + hex != expected {
                wrong.append(String(number, radix: 16))
            }
        }
        #expect(wrong.isEmpty, "blocks of 256 that differ: \(wrong.prefix(40).joined(separator: " "))")
    }
}

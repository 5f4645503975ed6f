import Foundation
import Networks
import Tensors
import Testing

/// Folders that somebody else wrote, carelessly or with intent: each gives an error that names the file and the fault.
@Suite("Hostile model folders and tokenizers")
struct HostileFoldersTests {
    private func folder<R>(_ files: [String: [UInt8]], _ body: (String) throws -> R) throws -> R {
        let path = NSTemporaryDirectory() + "kd-hostile-\(UUID().uuidString)"
        try File.makeFolder(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (name, bytes) in files { try File.write(bytes, to: path + "/" + name) }
        return try body(path)
    }

    /// A safetensors file with a header as it stands here.
    private func tensors(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
        let bytes = Array(header.utf8)
        let length = length ?? UInt64(bytes.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + bytes
            + [UInt8](repeating: 0, count: data)
    }

    private static let good = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

    private func refusal(_ files: [String: [UInt8]]) throws -> String {
        try folder(files) { path in
            do {
                _ = try Checkpoint(folder: path)
                return ""
            } catch { return "\(error)" }
        }
    }

    @Test(
        "weights whose header lies are refused",
        arguments: [
            ("", "the file is empty"), ("length 1e18", "the header is said to have"), ("overlap", "overlap"),
            ("hole", "hole"),
            ("overflow", "more elements than can be counted"), ("short", "no two places inside the file"),
            ("bomb", "nested"),
            ("no json", "no JSON object"), ("not UTF-8", "UTF-8"),
        ])
    func headers(kind: String, words: String) throws {
        let two =
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[%]}}"#
        let file: [UInt8] =
            switch kind {
            case "": []
            case "length 1e18": tensors(Self.good, data: 8, length: 1_000_000_000_000_000_000)
            case "overlap": tensors(two.replacingOccurrences(of: "%", with: "4,12"), data: 12)
            case "hole": tensors(two.replacingOccurrences(of: "%", with: "12,20"), data: 20)
            case "overflow":
                tensors(#"{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}}"#, data: 8)
            case "short": tensors(Self.good, data: 4)
            case "bomb": tensors("{\"a\":" + String(repeating: "[", count: 100_000), data: 0)
            case "no json": tensors("hello", data: 8)
            default: tensors("{\"", data: 8) + [0xFF, 0xFE]
            }
        let found = try refusal(["model.safetensors": file])
        #expect(found.contains(words) || kind == "not UTF-8" && !found.isEmpty, "\(found)")
        #expect(found.contains("model.safetensors"), "\(found)")
    }

    @Test(
        "an index is read from its own folder alone",
        arguments: [
            (#"{"weight_map":{"a":"../x.safetensors"}}"#, "no plain name"),
            (#"{"weight_map":{"a":"/etc/x.safetensors"}}"#, "no plain name"),
            (#"{"weight_map":{"a":"..\\x.safetensors"}}"#, "no plain name"),
            (#"{"weight_map":{"a":".safetensors"}}"#, "no plain name"),
            (#"{"weight_map":{"a":"model.bin"}}"#, "no plain name"), (#"{"weight_map":{"a":7}}"#, "not a file's name"),
            (#"{"weight_map":{}}"#, "no weight_map"), (#"[]"#, "no weight_map"),
            (#"{"weight_map":{"a":"gone.safetensors"}}"#, "gone"),
            (#"{"weight_map":{"b":"part.safetensors"}}"#, "it does not"), ("{", "JSON"),
        ])
    func index(text: String, words: String) throws {
        let found = try refusal([
            "model.safetensors.index.json": Array(text.utf8), "part.safetensors": tensors(Self.good, data: 8),
        ])
        #expect(found.lowercased().contains(words.lowercased()), "\(found)")
    }

    @Test("pickles are refused with the reason and the way out; an empty folder with what is missing")
    func pickles() throws {
        let found = try refusal(["pytorch_model.bin": [0x80, 2]])
        #expect(found.contains("pickle") && found.contains("save_pretrained"), "\(found)")
        #expect(try refusal([:]).contains("neither model.safetensors nor"))
        #expect(throws: FormatError.self) { try Checkpoint(folder: "/nowhere/at/all") }
    }

    private static let wordPiece = """
        {"added_tokens":[{"id":0,"content":"[UNK]","special":true}],
         "normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},
         "post_processor":null,"decoder":null,
         "model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"a":1,"##b":2}}}
        """

    @Test(
        "a tokenizer.json that is not in order is refused",
        arguments: [
            (#""a":1"#, #""a":-1"#, "is -1"), (#""a":1"#, #""a":99999999999"#, "99999999999"),
            (#""a":1"#, #""a":0"#, "the id 0"),
            (#""a":1"#, #""a":"x""#, "not a whole number"), (#""a":1"#, #""a":1.5"#, "not a whole number"),
            (#""unk_token":"[UNK]""#, #""unk_token":"[X]""#, "names the token"),
            (#""type":"WordPiece""#, #""type":"Unigram""#, "Unigram"),
            ("BertNormalizer", "NFC", "NFC"), ("BertPreTokenizer", "Metaspace", "Metaspace"),
            (#""post_processor":null"#, #""post_processor":{"type":"X"}"#, "X"),
            (
                #""post_processor":null"#,
                #""post_processor":{"type":"BertProcessing","cls":["[CLS]",1],"sep":["[SEP]",2]}"#, "[CLS]"
            ),
            (
                #""post_processor":null"#,
                #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a","type_id":0}}],"pair":[],"special_tokens":{"a":{"ids":[77]}}}"#,
                "77"
            ),
            (#""decoder":null"#, #""truncation":{"max_length":0},"decoder":null"#, "max_length"),
            (#""decoder":null"#, #""padding":{"pad_id":50},"decoder":null"#, "pad_id"),
            (###"{"[UNK]":0,"a":1,"##b":2}"###, "{}", "vocab"), (###"{"[UNK]":0,"a":1,"##b":2}"###, "[]", "no vocab"),
            (#""model":{"#, #""modell":{"#, "no model"),
        ])
    func tokenizers(part: String, replacement: String, words: String) throws {
        #expect(Self.wordPiece.contains(part))
        let text = Self.wordPiece.replacingOccurrences(of: part, with: replacement)
        try folder(["tokenizer.json": Array(text.utf8)]) { path in
            do {
                _ = try TokenizerFolder.read(path)
                Issue.record("it was read")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
                #expect("\(error)".contains("tokenizer.json"), "\(error)")
            }
        }
    }

    @Test("every beginning of a tokenizer.json is refused or read, never a crash")
    func truncated() throws {
        let bytes = Array(Self.wordPiece.utf8)
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) {
                try SubwordTokenizer(json: JSONValue.parse(Array(bytes[..<count])))
            }
        }
        _ = try SubwordTokenizer(json: JSONValue.parse(bytes))
    }

    @Test(
        "vocab.txt and merges.txt that are not in order are refused",
        arguments: [
            (["vocab.txt": ""], "empty"), (["vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\na\n"], "line 5"),
            (["vocab.txt": "a\nb\n"], "[UNK]"),
            (["vocab.json": "{}", "merges.txt": ""], "vocab"),
            (["vocab.json": #"{"a":0}"#, "merges.txt": "a b c\n"], "line 1"),
            (["vocab.json": #"{"a":0}"#, "merges.txt": "#version: 0.2\n"], "no piece for the byte"),
            ([:], "none of tokenizer.json"),
        ])
    func olderFiles(files: [String: String], words: String) throws {
        try folder(files.mapValues { Array($0.utf8) }) { path in
            do {
                _ = try TokenizerFolder.read(path)
                Issue.record("it was read")
            } catch { #expect("\(error)".contains(words), "\(error)") }
        }
    }

    @Test("any bytes of text have ids, whatever the limit")
    func anyText() throws {
        let tokenizer = try SubwordTokenizer(json: JSONValue.parse(Array(Self.wordPiece.utf8)))
        for text in ["", " ", "\u{0}", "ab", String(repeating: "a", count: 100_000), "👩‍👩‍👧‍👦 é", "\u{FFFD}", "a\u{301}b"] {
            for limit in [nil, 1, 2, 1000] {
                let limited = try tokenizer.limited(to: limit)
                let ids = try limited.encode(text)
                #expect(!ids.isEmpty && ids.allSatisfy { $0 >= 0 && $0 < 3 })
                #expect(ids.count <= limit ?? .max)
                let encoding = try limited.encoding(text, text)
                #expect(encoding.count <= limit ?? .max)
                let points = text.unicodeScalars.count
                #expect(encoding.offsets.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= points })
            }
        }
        #expect(throws: FormatError.self) { try tokenizer.limited(to: 0) }
    }

    @Test("byte pairs: a long run takes n log n steps and gives what short runs give")
    func longRuns() throws {
        let tokenizer = try TokenizerConformanceTests.gpt2.get()
        let run = String(repeating: "abcdefgh", count: 5000)
        let ids = try tokenizer.encode(run)
        #expect(tokenizer.decode(ids, skippingSpecial: false) == run)
        #expect(try tokenizer.encode(String(run.prefix(600))).count > 0)
        // The two ways of joining agree where both can be used: below and above 512 bytes of one run.
        let short = String(repeating: "hello", count: 102)
        let long = short + "hello"
        #expect(try tokenizer.encode(long).prefix(20).elementsEqual(tokenizer.encode(short).prefix(20)))
    }
}

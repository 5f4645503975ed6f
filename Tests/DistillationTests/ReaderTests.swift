import Distillation
import Foundation
import Networks
import Testing

/// Every reader on every kind of damage: an error with the file and, where there is one, the line, or the whole content.
@Suite("Readers of files") struct ReaderTests {
    enum Reader: String, CaseIterable {
        case tsv, csv, jsonl, json, lines, text

        /// Reads the file, and says how many rows (or characters) there are.
        func read(_ path: String, _ options: TableOptions = TableOptions()) throws -> Int {
            switch self {
            case .tsv: return try DatasetReader.tsv(path, options).count
            case .csv: return try DatasetReader.csv(path, options).count
            case .jsonl: return try DatasetReader.jsonl(path, options).count
            case .json:
                switch try DatasetReader.json(path, options) {
                case .dataset(let data): return data.count
                case .value(let value): return value.array?.count ?? 1
                }
            case .lines: return try DatasetReader.text(path, options).count
            case .text: return try File.readText(path).count
            }
        }
    }

    static func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("kd-\(UUID().uuidString)").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// The error of a reader for a file with these bytes, which must name the file.
    static func failure(
        _ reader: Reader, _ bytes: [UInt8], _ options: TableOptions = TableOptions(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> FormatError {
        try withFile(bytes) { path in
            let error = try #require(throws: FormatError.self, sourceLocation: sourceLocation) {
                try reader.read(path, options)
            }
            #expect(error.file == path, sourceLocation: sourceLocation)
            return error
        }
    }

    static func failure(
        _ reader: Reader, _ text: String, _ options: TableOptions = TableOptions(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> FormatError {
        try failure(reader, Array(text.utf8), options, sourceLocation: sourceLocation)
    }

    // MARK: what every reader has in common

    @Test("an empty file, or one of a byte order mark alone, is an error; as one text it is the empty text")
    func empty() throws {
        for reader in Reader.allCases where reader != .text {
            #expect(try Self.failure(reader, "").problem.contains("empty"))
            #expect(throws: FormatError.self) { try Self.withFile([0xEF, 0xBB, 0xBF]) { try reader.read($0) } }
        }
        #expect(try Self.withFile([]) { try File.readText($0) } == "")
        #expect(try Self.withFile([0xEF, 0xBB, 0xBF]) { try File.readText($0) } == "")
    }

    @Test("a missing file is an error with the nearest name, a folder one that says so")
    func noFiles() throws {
        for reader in Reader.allCases {
            for path in ["/tmp", "/", "."] {
                #expect(try #require(throws: FormatError.self) { try reader.read(path) }.problem.contains("folder"))
            }
            let missing = try #require(throws: FormatError.self) { try reader.read("/tmp/kd no such file.tsv") }
            #expect(missing.problem == "there is no such file" && missing.file == "/tmp/kd no such file.tsv")
            #expect(throws: FormatError.self) { try reader.read("") }
            #expect(throws: FormatError.self) { try reader.read("/tmp/a\0b") }
            #expect(throws: FormatError.self) { try reader.read("/tmp/" + String(repeating: "x", count: 5_000)) }
        }
        try Self.withFile(Array("x".utf8)) { path in
            let error = try #require(throws: FormatError.self) { try Reader.lines.read(path + "x") }
            #expect(error.hint?.contains(path.split(separator: "/").last ?? "?") == true)
        }
    }

    @Test("a file that may not be read is an error", .enabled(if: getuid() != 0))
    func noPermission() throws {
        try Self.withFile(Array("a\n1\n".utf8)) { path in
            chmod(path, 0)
            for reader in Reader.allCases {
                let error = try #require(throws: FormatError.self) { try reader.read(path) }
                #expect(error.problem.contains("permission"))
            }
        }
    }

    @Test("input without an end is an error after half a gibibyte", arguments: [Reader.text, .csv])
    func endless(reader: Reader) throws {
        let error = try #require(throws: FormatError.self) { try reader.read("/dev/zero") }
        #expect(error.problem.contains("512 MiB") && error.file == "/dev/zero")
    }

    @Test("files of the kernel's, which say that they are empty, are read")
    func kernelFiles() throws {
        #expect(try File.readText("/proc/self/status").contains("Name:"))
        #expect(try DatasetReader.text("/proc/self/status").count > 10)
    }

    @Test("bytes that are no UTF-8 and NUL are errors with the line")
    func notText() throws {
        for reader in Reader.allCases {
            for bad: [UInt8] in [[0xE9], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80]] {
                let error = try Self.failure(reader, Array("a\n".utf8) + bad + Array("\n".utf8))
                #expect(error.line == 2 && error.problem.contains("UTF-8"), "\(reader)")
            }
            let cut = try Self.failure(reader, Array("a\nb\n".utf8) + [0xE6, 0x97])
            #expect(cut.line == 3 && cut.problem.contains("UTF-8"))
        }
        for reader in Reader.allCases where reader != .json {
            let error = try Self.failure(reader, "a\nb\0c\n")
            #expect(error.line == 2 && error.problem.contains("NUL"))
        }
        #expect(try Self.failure(.json, "[1,\n\0]").line == 2)
        #expect(throws: FormatError.self) {
            try Self.withFile([0xFF, 0xFE, 0x61, 0, 0x0A, 0]) { try Reader.csv.read($0) }
        }
    }

    @Test("a byte order mark and lines that end in CRLF do not change what is read")
    func otherSystems() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        for (reader, text) in [
            (Reader.tsv, "text\tlabel\ngood\t1\nbad\t0\n"), (.csv, "text,label\n\"good\",1\nbad,0\n"),
            (.jsonl, "{\"text\": \"good\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 0}\n"),
            (.lines, "good\nbad\n"),
        ] {
            let windows = mark + Array(text.split(separator: "\n").joined(separator: "\r\n").utf8)
            for bytes in [windows, windows + [0x0D, 0x0A], Array(text.utf8), Array(text.utf8.dropLast())] {
                let data = try Self.withFile(bytes) { path in
                    switch reader {
                    case .tsv: try DatasetReader.tsv(path)
                    case .csv: try DatasetReader.csv(path)
                    case .jsonl: try DatasetReader.jsonl(path)
                    default: try DatasetReader.text(path)
                    }
                }
                #expect(try data.texts() == ["good", "bad"], "\(reader)")
                if reader != .lines { #expect(try data.labels() == [1, 0]) }
            }
        }
        #expect(try Self.withFile(mark + Array("é".utf8)) { try File.readText($0) } == "é")
        #expect(try Self.failure(.json, mark + Array("[]".utf8)).hint?.contains("without BOM") == true)
        for reader in [Reader.tsv, .csv, .lines] {
            #expect(try Self.failure(reader, "a\r1\r2\r").problem.contains("carriage return"))
        }
    }

    @Test("a line of 50 MB without an end is read or refused, in memory that is bounded by the file")
    func hugeLine() throws {
        let huge = [UInt8](repeating: UInt8(ascii: "x"), count: 50 << 20)
        try Self.withFile(huge) { path in
            #expect(try Reader.lines.read(path) == 1)
            #expect(try Reader.text.read(path) == huge.count)
            for reader in [Reader.tsv, .csv] {
                #expect(try #require(throws: FormatError.self) { try reader.read(path) }.problem.contains("no rows"))
            }
            for reader in [Reader.json, .jsonl] {
                let error = try #require(throws: FormatError.self) { try reader.read(path) }
                #expect(error.line == 1 && error.description.utf8.count < 500)
            }
        }
        var options = TableOptions()
        options.lineLimit = 1_000
        for reader in [Reader.tsv, .csv, .jsonl, .lines] {
            let text = "a\n" + (reader == .csv ? "\"" : "") + String(repeating: "x\n", count: reader == .csv ? 600 : 0)
            let error = try Self.failure(reader, text + String(repeating: "y", count: 1_001) + "\"\n", options)
            if reader != .jsonl { #expect(error.problem.contains("longer than 1000 bytes")) }
        }
    }

    @Test("twenty-five million doubled quotes in one field take time in proportion")
    func manyQuotes() throws {
        let field = [UInt8](repeating: UInt8(ascii: "\""), count: 50 << 20)
        try Self.withFile(Array("a\n\"".utf8) + field + Array("\"\n".utf8)) { path in
            let start = ContinuousClock.now
            let data = try DatasetReader.csv(path)
            #expect(try data.texts()[0].utf8.count == 25 << 20)
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    // MARK: tables

    @Test("a header alone is an error")
    func headerOnly() throws {
        #expect(try Self.failure(.tsv, "text\tlabel\n").problem.contains("no rows"))
        #expect(try Self.failure(.csv, "text,label").problem.contains("no rows"))
    }

    @Test("rows with too few or too many fields, and empty lines, are errors with the line")
    func ragged() throws {
        for (reader, comma) in [(Reader.tsv, "\t"), (.csv, ",")] {
            let few = try Self.failure(reader, "a\(comma)b\n1\(comma)2\n3\n4\(comma)5\n")
            #expect(few.line == 3 && few.problem.contains("1 field where the first line has 2"))
            let many = try Self.failure(reader, "a\(comma)b\n1\(comma)2\n3\(comma)4\(comma)5\n")
            #expect(many.line == 3 && many.problem.contains("3 fields"))
            #expect(try Self.failure(reader, "a\(comma)b\n1\(comma)2\n\n3\(comma)4\n").line == 3)
            #expect(try Self.failure(reader, "\na\(comma)b\n").line == 1)
        }
    }

    @Test("a quote that is never closed names the line on which it was opened")
    func quotes() throws {
        let open = try Self.failure(.csv, "a,b\n1,\"x\n2,y\n3,z\n")
        #expect(open.line == 2 && open.problem.contains("never closed"))
        #expect(try Self.failure(.csv, "a,b\n1,x\"y\n").line == 2)
        #expect(try Self.failure(.csv, "a,b\n1,\"x\"y\n").line == 2)
        let data = try Self.withFile(Array("a,b\n\"x\n\"\"y\"\"\",\"1,5\"\n\"\",z\n".utf8)) {
            try DatasetReader.csv($0)
        }
        #expect(try data.texts() == ["x\n\"y\"", ""])
        #expect(try Self.failure(.csv, "a,b\n\"x\ny\nz\",1\nbad\n").line == 5)
    }

    @Test("columns of the same name, of no name or of numbers alone are errors in line 1")
    func headers() throws {
        for (reader, comma) in [(Reader.tsv, "\t"), (.csv, ",")] {
            let twice = try Self.failure(reader, "a\(comma)b\(comma)a\n1\(comma)2\(comma)3\n")
            #expect(twice.line == 1 && twice.problem.contains("\"a\" twice"))
            #expect(try Self.failure(reader, "a\(comma)\n1\(comma)2\n").problem.contains("column 2 has no name"))
            #expect(try Self.failure(reader, "1\(comma)2\n3\(comma)4\n").hint?.contains("header=false") == true)
            var options = TableOptions()
            options.header = false
            #expect(try Self.withFile(Array("1\(comma)2\n3\(comma)4\n".utf8)) { try reader.read($0, options) } == 2)
            options.names = ["x"]
            #expect(try Self.failure(reader, "1\(comma)2\n", options).problem.contains("1 names for 2 columns"))
            options.names = ["x", "x"]
            #expect(try Self.failure(reader, "1\(comma)2\n", options).problem.contains("twice"))
        }
        var options = TableOptions()
        for delimiter in ["", ";;", "é", "\"", "\n"] {
            options.delimiter = delimiter
            #expect(try Self.failure(.csv, "a;b\n1;2\n", options).problem.contains("delimiter"))
        }
    }

    @Test("gaps in a column of numbers, and values that are not of the type that was asked for, name their lines")
    func types() throws {
        let gap = try Self.failure(.csv, "a,b\n1,x\n,y\n3,z\n")
        #expect(gap.line == 3 && gap.problem.contains("nothing on line 3"))
        var options = TableOptions()
        options.types = ["a": "int"]
        let wrong = try Self.failure(.csv, "a,b\n1,x\n2.5,y\n", options)
        #expect(wrong.line == 3 && wrong.problem.contains("\"2.5\", which is no int"))
        options.types = ["a": "float?"]
        let data = try Self.withFile(Array("a,b\n1,x\n,y\n".utf8)) { try DatasetReader.csv($0, options) }
        #expect(data.table().contains("nan"))
        for types in [["a": "complex"], ["nope": "int"]] {
            options.types = types
            for (reader, text) in [(Reader.csv, "a,b\n1,2\n"), (.jsonl, "{\"a\": 1, \"b\": 2}\n")] {
                #expect(["name", "value"].contains(try Self.failure(reader, text, options).kind))
            }
        }
        #expect(try Self.failure(.csv, "a,b\n99999999999999999999,1\n", Self.with(["a": "int"])).line == 2)
    }

    static func with(_ types: [String: String], labels: [String]? = nil) -> TableOptions {
        var options = TableOptions()
        options.types = types
        options.labelNames = labels
        return options
    }

    @Test("a label that is none of the declared classes names its line, in every format")
    func labels() throws {
        let names = Self.with([:], labels: ["neg", "pos"])
        for (reader, text, line) in [
            (Reader.tsv, "text\tlabel\na\tpos\nb\tpso\n", 3), (.csv, "text,label\na,1\n\"b\nc\",2\n", 3),
            (.csv, "text,label\na,1\nb,-1\n", 3), (.tsv, "text\tlabel\na\t0\nb\t7\n", 3),
            (.jsonl, "{\"text\": \"a\", \"label\": \"pos\"}\n{\"text\": \"b\", \"label\": \"pso\"}\n", 2),
            (.jsonl, "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": 2}\n", 2),
        ] {
            let error = try Self.failure(reader, text, names)
            #expect(error.line == line && error.problem.contains("label"), "\(error)")
        }
        let list = try Self.failure(
            .json, "[{\"text\": \"a\", \"label\": null}, {\"text\": \"b\", \"label\": \"x\"}]",
            Self.with(["label": "text?"], labels: ["neg", "pos"]))
        #expect(list.problem.contains("record 1"), "\(list)")
        #expect(try Self.failure(.csv, "text,label\na,1\nb,\n").hint?.contains("int?") == true)
        let gaps = try Self.withFile(Array("text,label\na,1\nb,\n".utf8)) {
            try DatasetReader.csv($0, Self.with(["label": "int?"]))
        }
        #expect(try gaps.labels() == [1, Dataset.missingLabel])
    }

    // MARK: JSON

    @Test(
        "half a JSON text, and what is no JSON, is an error with line and column",
        arguments: [
            "[1, 2", "[1, 2,]", "{\"a\": 1", "{\"a\"", "{\"a\": 1,}", "\"abc", "\"a\\", "\"\\u12", "tru", "nul", "-",
            "1.",
            "1e", "01", "+1", ".5", "NaN", "[Infinity]", "1e999", "{'a': 1}", "[1] x", "[1][2]", "{\"a\": 1, \"a\": 2}",
            "\"\\ud800\"", "\"\\x\"", "\"\u{1}\"", "// x\n1", "[1 2]", "{\"a\" 1}", "{1: 2}",
        ])
    func halfJSON(text: String) throws {
        let error = try Self.failure(.json, text)
        #expect(error.line != nil && error.column != nil, "\(error)")
        let line = try Self.failure(.jsonl, "{\"a\": 1}\n{\"a\": \(text)}\n")
        #expect((2...3).contains(line.line ?? 0), "\(line)")
    }

    @Test("JSON nested a hundred thousand deep is an error")
    func deepJSON() throws {
        for text in ["[", "{\"a\":"].map({ String(repeating: $0, count: 100_000) }) {
            #expect(try Self.failure(.json, text).problem.contains("nested deeper than 128"))
            #expect(try Self.failure(.jsonl, text).problem.contains("nested deeper than 128"))
        }
        let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try Self.withFile(Array(deepest.utf8)) { try Reader.json.read($0) } == 1)
    }

    @Test("lines that are no objects, or objects with other keys, are errors with the line")
    func records() throws {
        for (text, line) in [
            ("{\"a\": 1}\n[1]\n", 2), ("{\"a\": 1}\n\n{\"a\": 2}\n", 2), ("{\"a\": 1}\n{\"b\": 2}\n", 2),
            ("{\"a\": 1}\n{\"a\": 2, \"b\": 3}\n", 2), ("{\"a\": 1, \"b\": 2}\n{\"a\": 2}\n", 2), ("{}\n{}\n", 1),
            ("{\"a\": 1}\n{\"a\": \"x\"}\n", 2), ("{\"a\": 1}\n{\"a\": null}\n", 2), ("{\"a\": true}\n{\"a\": 1}\n", 2),
            ("{\"a\": [1]}\n{\"a\": 2}\n", 2), ("{\"a\": {}}\n{\"a\": []}\n", 2),
            ("{\"label\": 1}\n{\"label\": \"x\"}\n", 2), ("{\"label\": 1}\n{\"label\": null}\n", 2),
            ("{\"label\": [1]}\n{\"label\": [1, 2]}\n", 1), ("{\"a\": 1} {\"a\": 2}\n", 1),
        ] {
            let error = try Self.failure(.jsonl, text)
            #expect(error.line == line, "\(text) \(error)")
        }
        let mixed = try Self.failure(.json, "[{\"a\": 1}, {\"a\": 2.5}, {\"a\": \"x\"}]")
        #expect(mixed.problem == "record 2: \"a\" is a string, in record 0 it is a number")
        #expect(try Self.withFile(Array("[{}, {}]".utf8)) { try Reader.json.read($0) } == 2)
        #expect(try Self.withFile(Array("[{\"a\": 1}, 2]".utf8)) { try Reader.json.read($0) } == 2)
    }

    @Test("lists, objects and bools of JSON stay what they are")
    func values() throws {
        let text = """
            {"a": ["x", "y"], "b": true, "o": {"k": [1, null]}, "t": [1, 2], "f": 1}
            {"a": [], "b": false, "o": {}, "t": [3, 4], "f": 2.5}

            """
        try Self.withFile(Array(text.utf8)) { path in
            let data = try DatasetReader.jsonl(path)
            guard case .json(let list) = try data.cell(0, "a"), case .truth(true) = try data.cell(0, "b"),
                case .json(let object) = try data.cell(0, "o"), case .tensor(let row) = try data.cell(1, "t"),
                case .float(1) = try data.cell(0, "f")
            else {
                Issue.record("\(data.table())")
                return
            }
            #expect(list == .array([.string("x"), .string("y")]))
            #expect(object == .object(["k": .array([.int(1), .null])]))
            #expect(try row.elements() == [3, 4])
            #expect(data.table().contains("[\"x\",\"y\"]"))
            // What is written reads back the same.
            let copy = path + ".copy"
            defer { try? FileManager.default.removeItem(atPath: copy) }
            try DatasetWriter.jsonl(data, to: copy)
            #expect(try DatasetReader.jsonl(copy).rowFingerprints() == data.rowFingerprints())
        }
    }

    @Test("labels that are bools are two classes, and null is a label that is not known where types says so")
    func jsonLabels() throws {
        let bools = try Self.withFile(Array("{\"label\": true}\n{\"label\": false}\n".utf8)) {
            try DatasetReader.jsonl($0)
        }
        #expect(try bools.labels() == [1, 0])
        #expect(bools.labelNames == ["false", "true"])
        let gaps = try Self.withFile(Array("{\"label\": \"b\"}\n{\"label\": null}\n{\"label\": \"a\"}\n".utf8)) {
            try DatasetReader.jsonl($0, Self.with(["label": "text?"]))
        }
        #expect(try gaps.labels() == [1, Dataset.missingLabel, 0])
        #expect(gaps.labelNames == ["a", "b"])
    }

    @Test("files cut anywhere are whole rows or an error, and mutated ones never crash")
    func cutsAndMutations() throws {
        let files: [(Reader, [UInt8])] = [
            (.tsv, Array("text\tlabel\ngüt\t1\nbad\t0\n".utf8)),
            (.csv, Array("text,label\r\n\"go\"\"od,\n\",1\r\nbäd,0\r\n".utf8)),
            (
                .jsonl,
                Array(
                    "{\"text\": \"g\\u00fct\", \"label\": 1, \"x\": [1.5, 2]}\n{\"text\": \"b\", \"label\": 0, \"x\": [1, 2]}\n"
                        .utf8)
            ),
            (.json, Array("[{\"text\": \"a\", \"label\": 1}, {\"text\": \"b\", \"label\": null}]".utf8)),
            (.lines, Array("one\r\ntwo\n\nthrée".utf8)),
        ]
        var random = SplitMix(state: 3)
        for (reader, bytes) in files {
            let rows = try? Self.withFile(bytes) { try reader.read($0) }
            for count in 0..<bytes.count {
                do {
                    let found = try Self.withFile(Array(bytes[..<count])) { try reader.read($0) }
                    #expect(found <= rows ?? 2)
                } catch is FormatError {}
            }
            for _ in 0..<1_500 {
                var changed = bytes
                for _ in 0...(random.next() % 3) {
                    let place = Int(random.next() % UInt64(changed.count))
                    switch random.next() % 3 {
                    case 0: changed.remove(at: place)
                    case 1: changed.insert(Array("\"\t\n\r,{}[]:\\0\u{0}é".utf8)[Int(random.next() % 15)], at: place)
                    default: changed[place] = UInt8(truncatingIfNeeded: random.next())
                    }
                }
                do { _ = try Self.withFile(changed) { try reader.read($0) } } catch is FormatError {}
            }
        }
    }
}

/// Random numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

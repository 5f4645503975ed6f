import Foundation
import Tensors
import Testing

import Networks

@Suite(.serialized) struct SafetensorsTests {
    /// A path for one test, in a folder of its own that goes with it.
    private final class Scratch {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kd-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func path(_ name: String = "x.safetensors") -> String { folder.appendingPathComponent(name).path }

        func write(_ bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: URL(fileURLWithPath: path()))
            return path()
        }
    }

    /// The tensors of kd.safetensors.
    private static func samples() throws -> [(name: String, tensor: Tensor)] {
        let real = try Tensor([0.25, -1.5, 3, 0, 1e30, -2.5e-7], shape: [2, 3])
        let whole = try Tensor([Int64(0), 1, -3, 100, 255, 7], shape: [3, 2])
        return [
            ("f64", real), ("f32", try real.converted(to: .f32)), ("bf16", try real.converted(to: .bf16)),
            ("i64", whole), ("i32", try whole.converted(to: .i32)), ("u8", try abs(whole).converted(to: .u8)),
            ("bool", try whole.converted(to: .bool)), ("transposed", try transpose(real)),
            ("scalar", try Tensor(scalar: 2.5)), ("empty", try .zeros([0, 3])), ("naïve name ↯", try .ones([2])),
        ]
    }

    @Test("tensors of every type come back bit for bit, with shape, name and notes")
    func roundTrip() throws {
        let scratch = try Scratch()
        let special = try Tensor([Double.nan, .infinity, -.infinity, -0.0, Double.leastNonzeroMagnitude])
        let tensors =
            try Self.samples() + [
                ("special", special), ("special f32", try special.converted(to: .f32)),
                ("special bf16", try special.converted(to: .bf16)), ("", try Tensor([Int64.min, .max])),
            ]
        try SafetensorsFile.write(tensors, metadata: ["a": "b", "naïve": "↯\n\""], to: scratch.path())
        let file = try SafetensorsFile(scratch.path())
        #expect(file.metadata == ["a": "b", "naïve": "↯\n\""])
        #expect(Set(file.entries.map(\.name)) == Set(tensors.map(\.name)))
        #expect(Set(tensors.map(\.tensor.dtype)) == Set(DType.allCases), "a type is missing from this test")
        for (name, tensor) in tensors {
            let found = try file.tensor(name)
            #expect(found.dtype == tensor.dtype && found.shape == tensor.shape, "\(name)")
            let same = try found.withBytes { a in try tensor.contiguous().withBytes { a.elementsEqual($0) } }
            #expect(same, "\(name)")
            // Every tensor lies at a multiple of its element.
            #expect(file[name].map { $0.range.lowerBound % tensor.dtype.size } == 0, "\(name)")
        }
    }

    @Test("a file that PyTorch's users wrote is read")
    func readsPeer() throws {
        let file = try SafetensorsFile(Fixture.folder.appendingPathComponent("torch.safetensors").path)
        #expect(file.metadata == ["by": "safetensors", "naïve": "↯"])
        let values = (0..<6).map { Double($0) }
        let expected: [(String, DType, [Double])] = [
            ("f64", .f64, values.map { $0 / 4 }), ("f32", .f32, values.map { $0 / 4 }),
            ("f16", .f32, values.map { $0 / 4 }), ("bf16", .bf16, values.map { $0 / 4 }),
            ("i64", .i64, values.map { $0 - 3 }), ("i32", .i32, values.map { $0 - 3 }), ("u8", .u8, values),
            ("bool", .bool, [1, 0, 1, 0, 1, 0]), ("naïve name ↯", .f32, values),
        ]
        for (name, dtype, values) in expected {
            let tensor = try file.tensor(name)
            #expect(tensor.dtype == dtype && tensor.shape == [2, 3], "\(name)")
            #expect(try tensor.elements() == values, "\(name)")
        }
        #expect(try file.tensor("scalar").shape == [] && file.tensor("scalar").item() == 2.5)
        #expect(try file.tensor("empty").shape == [0, 3])
        let narrow = #expect(throws: FormatError.self) { try file.tensor("i16") }
        #expect(narrow?.message.contains("I16") == true)
        let misspelt = #expect(throws: FormatError.self) { try file.tensor("scaler") }
        #expect(misspelt?.hint?.contains("scalar") == true)
    }

    @Test("what kd writes is byte for byte what the safetensors package has read")
    func peerReads() throws {
        let scratch = try Scratch()
        let tensors = try Self.samples()
        try SafetensorsFile.write(tensors, metadata: ["by": "kd"], to: scratch.path())
        let stored = Fixture.folder.appendingPathComponent("kd.safetensors").path
        #expect(try File.read(scratch.path()) == File.read(stored))
        let read = try #require(Fixture.all?.read)
        #expect(Set(read.map(\.name)) == Set(tensors.map(\.name)))
        let names = [
            "float64": "f64", "float32": "f32", "bfloat16": "bf16", "int64": "i64", "int32": "i32", "uint8": "u8",
            "bool": "bool",
        ]
        for (name, tensor) in tensors {
            let found = try #require(read.first { $0.name == name })
            #expect(names[found.dtype] == tensor.dtype.name, "\(name)")
            #expect(try found.numbers.mismatch(tensor, tolerance: 1e-11) == nil, "\(name)")
        }
    }

    // MARK: Hostile files

    private static func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
    }

    private static func entry(_ name: String, _ type: String, _ shape: String, _ start: String, _ end: String) -> String
    {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}"
    }

    private static let hostile: [(name: String, bytes: [UInt8], says: String)] = {
        let zeros = [UInt8](repeating: 0, count: 16)
        func one(_ type: String, _ shape: String, _ start: String, _ end: String) -> [UInt8] {
            file("{\(entry("a", type, shape, start, end))}", zeros)
        }
        func two(_ first: String, _ second: String) -> [UInt8] { file("{\(first),\(second)}", zeros) }
        let whole = entry("a", "F32", "[4]", "0", "16")
        return [
            ("empty", [], "empty"), ("a few bytes", [1, 2, 3], "3 bytes"),
            ("only a length", file(""), "header"),
            ("a length of 2⁶³", file("{}", length: 1 << 63), "9223372036854775808"),
            ("the largest length", file("{}", length: .max), "bytes"),
            ("a header that is cut off", file("{\"a\":", length: 100), "100 bytes"),
            ("an unfinished header", file("{\"a\":"), "JSON"), ("a list for a header", file("[]"), "'{'"),
            ("a blank in front", file(" {}"), "'{'"), ("more behind the header's object", file("{} x"), "JSON"),
            ("no UTF-8", [4, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x7D], "JSON"),
            ("half a character", [8, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x22, 0xE2, 0x82, 0x22, 0x3A, 0x31, 0x7D], "JSON"),
            ("nesting without end", file("{\"a\":" + String(repeating: "[", count: 100_000)), "JSON"),
            ("one name twice", two(whole, whole), "JSON"),
            ("one name twice, escaped", two(whole, entry("\\u0061", "F32", "[0]", "16", "16")), "JSON"),
            (
                "one key twice",
                file("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", [1]), "JSON"
            ),
            (
                "overlapping places", two(entry("a", "F32", "[2]", "0", "8"), entry("b", "F32", "[3]", "4", "16")),
                "overlap"
            ),
            ("the same place twice", two(whole, entry("b", "F32", "[4]", "0", "16")), "overlap"),
            ("a hole", two(entry("a", "F32", "[1]", "0", "4"), entry("b", "F32", "[2]", "8", "16")), "holes"),
            ("a hole in front", one("F32", "[3]", "4", "16"), "holes"),
            ("bytes left over", one("F32", "[3]", "0", "12"), "end"),
            ("places in reverse", one("F32", "[0]", "16", "0"), "data_offsets"),
            ("a place below zero", one("F32", "[4]", "-16", "0"), "data_offsets"),
            ("a place beyond the file", one("F32", "[8]", "0", "32"), "data_offsets"),
            ("a place beyond counting", one("F32", "[4]", "0", "99999999999999999999999"), "data_offsets"),
            ("a place with a fraction", one("F32", "[4]", "0", "16.5"), "data_offsets"),
            ("a size that is too large", one("F32", "[5]", "0", "16"), "fill"),
            ("a size below zero", one("F32", "[-4]", "0", "16"), "shape"),
            ("a size with a fraction", one("F32", "[4.5]", "0", "16"), "shape"),
            ("sizes beyond counting", one("F32", "[4611686018427387904,4]", "0", "16"), "counted"),
            ("bytes beyond counting", one("F64", "[2305843009213693952]", "0", "16"), "fill"),
            ("a shape that is a number", one("F32", "4", "0", "16"), "shape"),
            ("an unknown type", one("F31", "[4]", "0", "16"), "F31"),
            ("a type of small letters", one("f32", "[4]", "0", "16"), "f32"),
            ("no type", file("{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", [1]), "dtype"),
            ("no place", file("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", [1]), "data_offsets"),
            ("a tensor that is a text", file("{\"a\":\"b\"}"), "object"),
            ("notes that are a list", file("{\"__metadata__\":[]}"), "__metadata__"),
            ("a note that is a number", file("{\"__metadata__\":{\"a\":1}}"), "__metadata__"),
        ]
    }()

    @Test("a file that is none is an error that says why", arguments: hostile.map(\.name))
    func hostileFiles(name: String) throws {
        let (_, bytes, says) = try #require(Self.hostile.first { $0.name == name })
        let scratch = try Scratch()
        let path = try scratch.write(bytes)
        let error = #expect(throws: FormatError.self) { try SafetensorsFile(path) }
        let text = error?.description ?? ""
        #expect(text.contains(says) && text.contains(path), "\(text)")
        #expect(text.utf8.count < path.utf8.count + 400, "an error of \(text.utf8.count) bytes")
    }

    @Test("a file that is cut anywhere is an error, and a byte that is changed gives values or an error")
    func damagedFiles() throws {
        let scratch = try Scratch()
        try SafetensorsFile.write(try Self.samples(), to: scratch.path("whole"))
        let bytes = try File.read(scratch.path("whole"))
        for count in bytes.indices {
            let path = try scratch.write(Array(bytes[..<count]))
            #expect(throws: FormatError.self, "cut to \(count) bytes") { try SafetensorsFile(path) }
        }
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 0x15
            let path = try scratch.write(changed)
            do {
                let file = try SafetensorsFile(path)
                for (name, _) in file.entries { _ = try file.tensor(name) }
            } catch let error as FormatError { #expect(!error.message.isEmpty) }
        }
    }

    /// What kd refuses and the safetensors package reads, with the reason.
    private static let stricter = [
        "a blank before": "the format says that a header begins with a brace",
        "a line before": "the format says that a header begins with a brace",
        "a name twice, the same": "names must be unique", "a key of metadata twice": "names must be unique",
        "metadata null": "metadata are texts by name",
        "an empty axis and huge ones": "sizes whose product overflows are refused in any order",
    ]

    @Test("kd's verdict on strange files is that of the safetensors package, or stricter where that is listed")
    func verdicts() throws {
        let stored = try JSONValue.read(
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "Fixtures/safetensors_verdicts.json"
            ).path)
        let cases = try #require(stored["cases"]?.array)
        #expect(cases.count > 70)
        let scratch = try Scratch()
        for one in cases {
            let (name, hex) = (try #require(one["name"]?.string), Array(try #require(one["hex"]?.string).utf8))
            let bytes = stride(from: 0, to: hex.count, by: 2).compactMap {
                UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16)
            }
            let path = try scratch.write(bytes)
            let isAccepted = (try? SafetensorsFile(path)) != nil
            let isStricter = Self.stricter[name] != nil
            #expect(isAccepted == (one["accepted"]?.bool == true && !isStricter), "\(name)")
            #expect(!isStricter || one["accepted"]?.bool == true, "\(name) is not read by the package either")
        }
    }

    @Test("no file, a folder, and names that cannot be written are errors")
    func otherFaults() throws {
        let scratch = try Scratch()
        #expect(throws: FormatError.self) { try SafetensorsFile(scratch.path("none")) }
        #expect(throws: FormatError.self) { try SafetensorsFile(scratch.folder.path) }
        #expect(throws: FormatError.self) { try SafetensorsFile.write([], to: scratch.path("no/folder/x")) }
        let x = try Tensor([1.0])
        #expect(throws: FormatError.self) { try SafetensorsFile.write([("a", x), ("a", x)], to: scratch.path()) }
        #expect(throws: FormatError.self) { try SafetensorsFile.write([("__metadata__", x)], to: scratch.path()) }
        #expect(try File.names(in: scratch.folder.path).isEmpty, "a file was left behind")
    }

    // MARK: Weights

    private static func model(_ width: Int = 3) throws -> Layer {
        Chain([try Linear(2, width), try BatchNorm(width), try Linear(width, 1)])
    }

    @Test("a model's weights and buffers come back, and a model that does not fit stays as it was")
    func weights() throws {
        let scratch = try Scratch()
        let (model, other) = (try Self.model(), try Self.model())
        let x = try Tensor([0.5, -1, 2, 3], shape: [2, 2]).converted(to: .f32)
        _ = try model.withTraining(true) { try model(x) }
        try Weights.save(model, to: scratch.path())
        #expect(try other(x).elements() != model(x).elements())
        try Weights.load(into: other, from: scratch.path())
        #expect(try other(x).elements() == model(x).elements())

        func refused(_ target: Layer, _ parts: String...) throws {
            let before = try target.parameters().map { try $0.parameter.value.elements() }
            let error = #expect(throws: FormatError.self) { try Weights.load(into: target, from: scratch.path()) }
            for part in parts { #expect(error?.message.contains(part) == true, "\(error?.message ?? "")") }
            #expect(try target.parameters().map { try $0.parameter.value.elements() } == before)
        }
        try refused(Self.model(4), "0.weight is [3, 2] in the file and [4, 2] in the model")
        try refused(Chain([try Linear(2, 3)]), "unexpected", "1.running_mean")
        let longer = Chain([try Linear(2, 3), try BatchNorm(3), try Linear(3, 1), try Linear(1, 1)])
        try refused(longer, "missing: 3.weight, 3.bias")
        try Weights.load(into: longer, from: scratch.path(), strict: false)
        #expect(
            try longer.parameters()[0].parameter.value.elements() == model.parameters()[0].parameter.value.elements())
    }

    @Test("weights of another real type are converted to the model's")
    func otherTypes() throws {
        let scratch = try Scratch()
        let model = try Linear(2, 1)
        for dtype in [DType.f64, .bf16] {
            try SafetensorsFile.write(
                [
                    ("weight", try Tensor([0.5, -2], shape: [1, 2]).converted(to: dtype)),
                    ("bias", try Tensor([3.0]).converted(to: dtype)),
                ], to: scratch.path())
            try Weights.load(into: model, from: scratch.path())
            #expect(model.weight.value.dtype == .f32)
            #expect(try model.weight.value.elements() == [0.5, -2])
        }
    }
}

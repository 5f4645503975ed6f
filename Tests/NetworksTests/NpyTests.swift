import Foundation
import Testing

import Networks
import Tensors

/// Arrays beside NumPy's own files, made by scripts/fixtures/npy.py, and files that lie.
@Suite("Arrays of NumPy's", .serialized) struct NpyTests {
    /// A number, or the name of one that JSON has no word for.
    enum Number: Decodable, Equatable {
        case whole(Int)
        case real(Double)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .whole(flag ? 1 : 0)
            } else if let whole = try? container.decode(Int.self) {
                self = .whole(whole)
            } else if let real = try? container.decode(Double.self) {
                self = .real(real)
            } else {
                let name = try container.decode(String.self)
                self = .real(["nan": .nan, "inf": .infinity, "-inf": -.infinity, "-0": -0.0][name] ?? .nan)
            }
        }

        var real: Double {
            switch self {
            case .whole(let value): Double(value)
            case .real(let value): value
            }
        }

        var whole: Int? { if case .whole(let value) = self { value } else { nil } }
    }

    struct Case: Decodable {
        let name: String?
        let file: String
        let dtype: String
        let shape: [Int]
        let values: [Number]

        /// The tensor that the file holds.
        func tensor() throws -> Tensor {
            let type = try #require(DType(name: dtype))
            if type.isFloating { return try Tensor(values.map(\.real), shape: shape).converted(to: type) }
            return try Tensor(values.map { try #require($0.whole) }, shape: shape).converted(to: type)
        }
    }

    struct Refused: Decodable {
        let file: String
        let words: [String]
    }

    struct Fixture: Decodable {
        let read: [Case]
        let written: [Case]
        let refused: [Refused]
    }

    static func fixture() throws -> Fixture {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/npy.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }

    static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Writes the bytes to a file of the test's own, and gives its path to the body.
    static func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("kd-\(UUID().uuidString).npy").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    static func read(_ bytes: [UInt8]) throws -> Tensor { try withFile(bytes) { try NpyFile.read($0) } }

    static func raw(_ tensor: Tensor) throws -> [UInt8] { try tensor.withBytes { Array($0) } }

    @Test("what NumPy saved is read to the last bit, in any order, version and type")
    func reads() throws {
        let cases = try Self.fixture().read
        #expect(cases.count > 40)
        for wanted in cases {
            let tensor = try Self.read(Self.bytes(wanted.file))
            let expected = try wanted.tensor()
            #expect(tensor.dtype == expected.dtype && tensor.shape == expected.shape, "\(wanted.name ?? "")")
            let (found, due) = (try tensor.elements(), try expected.elements())
            // NaN has many bits; all others are compared as they are.
            #expect(
                zip(found, due).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN },
                "\(wanted.name ?? ""): \(found), \(due)")
            if !tensor.dtype.isFloating {
                #expect(try tensor.elements(as: Int.self) == wanted.values.map { try #require($0.whole) })
            }
        }
    }

    @Test("what kd writes is what NumPy writes, byte for byte")
    func writes() throws {
        let cases = try Self.fixture().written
        #expect(cases.count >= 14)
        for wanted in cases {
            let tensor = try wanted.tensor()
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("kd-\(UUID().uuidString).npy").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try NpyFile.write(tensor, to: path)
            let written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(written == Self.bytes(wanted.file), "\(wanted.dtype) \(wanted.shape)")
            #expect(try Self.raw(NpyFile.read(path)) == Self.raw(tensor))
        }
    }

    @Test("views are written in the usual order, and bf16 as f4")
    func views() throws {
        let x = try Tensor((0..<6).map { Float($0) }, shape: [2, 3])
        let turned = try transpose(x, 0, 1)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("kd-\(UUID().uuidString).npy").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try NpyFile.write(turned, to: path)
        #expect(try NpyFile.read(path).shape == [3, 2])
        #expect(try NpyFile.read(path).elements() == [0, 3, 1, 4, 2, 5])
        try NpyFile.write(x.converted(to: .bf16), to: path)
        #expect(try NpyFile.read(path).dtype == .f32)
        #expect(try NpyFile.read(path).elements() == x.elements())
        let deep = try reshape(x, [2, 3] + [Int](repeating: 1, count: 63))
        #expect(throws: FormatError.self) { try NpyFile.write(deep, to: path) }
        #expect(try NpyFile.read(path).elements() == x.elements(), "the old file is still there")
    }

    @Test("files of NumPy's with objects, fields, texts and times are refused, each with a way out")
    func refuses() throws {
        let cases = try Self.fixture().refused
        #expect(cases.count >= 14)
        for wanted in cases {
            let error = try #require(throws: FormatError.self) { try Self.read(Self.bytes(wanted.file)) }
            for word in wanted.words { #expect(error.problem.contains(word), "\(error)") }
            #expect(error.file != nil && error.hint != nil, "\(error)")
        }
    }

    /// A file of version 1.0 with this header and these numbers.
    static func file(_ header: String, _ numbers: Int = 24, version: UInt8 = 1) -> [UInt8] {
        let text = Array(header.utf8)
        let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + [UInt8](repeating: 0, count: numbers)
    }

    @Test(
        "a header that is wrong in any way is an error that says what was found",
        arguments: [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 23, "truncated"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 25, "too long"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}", 24, "-2"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3)}", 24, "'.'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 6)}", 24, "True"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (6)}", 24, "'shape' is 6"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}", 24, "list"),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (6,)}", 24, "'fortran_order' is 0"),
            ("{'descr': 4, 'fortran_order': False, 'shape': (6,)}", 24, "'descr' is 4"),
            ("{'descr': '<f4', 'fortran_order': False}", 24, "no 'shape'"),
            ("{'descr': '<f4', 'shape': (6,)}", 24, "no 'fortran_order'"),
            ("{'fortran_order': False, 'shape': (6,)}", 24, "no 'descr'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': 1}", 24, "'x'"),
            ("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (6,)}", 24, "more than one 'descr'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", 24, "more elements"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 24, "beyond 64 bits"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 2)}", 0, "more elements"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 24, "more elements"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (288230376151711744,)}", 24, "truncated"),
            ("{'descr': '|f4', 'fortran_order': False, 'shape': (6,)}", 24, "byte order"),
            ("{'descr': '=f4', 'fortran_order': False, 'shape': (6,)}", 24, "byte order"),
            ("{'descr': 'f4', 'fortran_order': False, 'shape': (6,)}", 24, "none of NumPy's"),
            ("{'descr': '', 'fortran_order': False, 'shape': (6,)}", 24, "none of NumPy's"),
            ("{'descr': '<q4', 'fortran_order': False, 'shape': (6,)}", 24, "none that kd reads"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", 24, "the end of the header"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}", 24, "'}'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", 24, "'3'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x", 24, "'x'"),
            ("{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (2, 3)}", 24, "'_'"),
            ("{'descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}", 24, "'<'"),
            ("{'de\\x73cr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 24, "'\\'"),
            ("{descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}", 24, "'d'"),
            ("[]", 24, "'['"), ("", 24, "the end of the header"), ("{}", 24, "no 'descr'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': ((((((((((6,),),),),),),),),),)}", 24, "'('"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': ("
                    + String(repeating: "1, ", count: 65) + ")}", 4, "65 axes"
            ),
        ])
    func wrongHeaders(header: String, numbers: Int, words: String) throws {
        let error = try #require(throws: FormatError.self) { try Self.read(Self.file(header, numbers)) }
        #expect(error.problem.contains(words), "\(error)")
        #expect(error.file?.hasSuffix(".npy") == true)
    }

    @Test("headers that Python would read are read, whatever their order, blanks and quotes")
    func oddHeaders() throws {
        for header in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
            "{\"shape\": (2, 3), \"fortran_order\":False,\"descr\":\"<f4\",}",
            "{ 'shape' : ( 2L , 3L , ) , 'fortran_order' : False , 'descr' : '<f4' , } \n",
            "\t{'descr': ('<f4'), 'fortran_order': (False), 'shape': (2, 3)}\n\n",
        ] {
            #expect(try Self.read(Self.file(header)).shape == [2, 3], "\(header)")
        }
        for version: UInt8 in [1, 2, 3] {
            let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (6,)}"
            #expect(try Self.read(Self.file(header, version: version)).shape == [6])
        }
    }

    @Test("lengths and versions that lie are errors")
    func wrongBeginnings() throws {
        let good = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}")
        for count in 0..<good.count {
            #expect(throws: FormatError.self, "\(count) bytes") { try Self.read(Array(good[..<count])) }
        }
        var bad = good
        bad[6] = 4
        #expect(try #require(throws: FormatError.self) { try Self.read(bad) }.problem.contains("4.0"))
        bad = good
        bad[7] = 1
        #expect(try #require(throws: FormatError.self) { try Self.read(bad) }.problem.contains("1.1"))
        bad = good
        bad[9] = 0xFF
        #expect(try #require(throws: FormatError.self) { try Self.read(bad) }.problem.contains("10000"))
        bad = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", version: 2)
        bad.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try #require(throws: FormatError.self) { try Self.read(bad) }.problem.contains("4294967295"))
        bad = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}\u{e9}", version: 3)
        bad[12 + 55] = 0xFF
        #expect(try #require(throws: FormatError.self) { try Self.read(bad) }.problem.contains("UTF-8"))
    }

    @Test("a folder, a device and a missing file are errors with the path")
    func noFiles() throws {
        for path in ["/tmp", "/dev/zero", "/dev/null", "/nowhere/x.npy", "", "a\0b"] {
            let error = try #require(throws: FormatError.self) { try NpyFile.read(path) }
            #expect(error.file == path || path.isEmpty || path.contains("\0"), "\(error)")
        }
    }

    @Test("files with bytes changed at random are arrays or errors, and nothing else")
    func mutations() throws {
        var random = SplitMix(state: 7)
        let cases = try Self.fixture().read.map { Self.bytes($0.file) }
        var errors = 0
        try Self.withFile([]) { path in
            for _ in 0..<20_000 {
                var bytes = cases[Int(random.next() % UInt64(cases.count))]
                for _ in 0...(random.next() % 3) {
                    let place = Int(random.next() % UInt64(min(bytes.count, 140)))
                    switch random.next() % 4 {
                    case 0: bytes.remove(at: place)
                    case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                    case 2: bytes[place] = bytes[Int(random.next() % UInt64(bytes.count))]
                    default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                    }
                }
                let handle = try #require(fopen(path, "wb"))
                fwrite(bytes, 1, bytes.count, handle)
                fclose(handle)
                do {
                    let tensor = try NpyFile.read(path)
                    #expect(tensor.count * tensor.dtype.size <= 8 * bytes.count)
                } catch is FormatError {
                    errors += 1
                }
            }
        }
        #expect(errors > 5_000 && errors < 20_000)
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

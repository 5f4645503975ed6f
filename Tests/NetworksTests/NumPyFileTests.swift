import Foundation
import Networks
import Tensors
import Testing

/// Files of NumPy, made by scripts/fixtures/numpy_files.py, and what nobody should be able to make kd read.
@Suite("NumPy's files")
struct NumPyFileTests {
    struct Fixture: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable {
        let name: String
        let bytes: Data
        let dtype: String
        let shape: [Int]
        let values: [Double]
        let same: Bool
    }

    static func fixture() throws -> [Case] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/numpy_files.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path)).cases
    }

    /// A file of its own for one test.
    func withFile<Result>(_ bytes: Data, _ body: (String) throws -> Result) throws -> Result {
        let path = NSTemporaryDirectory() + "kd-\(UUID().uuidString).npy"
        try bytes.write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    @Test("arrays are read as NumPy wrote them, and written as NumPy writes them")
    func roundTrip() throws {
        let cases = try Self.fixture()
        #expect(cases.count >= 20)
        for item in cases {
            try withFile(item.bytes) { path in
                let tensor = try NumPyFile.read(path)
                #expect(tensor.dtype.name == item.dtype, "\(item.name)")
                #expect(tensor.shape == item.shape, "\(item.name)")
                #expect(try tensor.elements() == item.values, "\(item.name)")
                guard item.same else { return }
                try NumPyFile.write(tensor, to: path)
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == item.bytes, "\(item.name)")
            }
        }
    }

    @Test("a file that is cut anywhere, or has a byte too many, is an error that names it")
    func truncated() throws {
        let whole = try #require(try Self.fixture().first { $0.name == "f32" }).bytes
        for length in 0..<whole.count {
            try withFile(whole.prefix(length)) { path in
                _ = #expect(throws: FormatError.self, "\(length) bytes") { try NumPyFile.read(path) }
            }
        }
        try withFile(whole + [0]) { path in
            let error = #expect(throws: FormatError.self) { try NumPyFile.read(path) }
            #expect(error?.file == path)
            #expect(error?.problem.contains("takes 24 bytes, the file holds 25") == true)
        }
    }

    @Test(
        "headers that are not what they must be are refused",
        arguments: [
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickles"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records with fields"),
            ("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }", "no tensors of '<U3'"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "no tensors of '<c8'"),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", "True or False"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not negative"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4), }", "can be counted"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "whole numbers"),
            ("{'descr': '<f4', 'shape': (1,), }", "must have the keys"),
            ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "there twice"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } or 1", "something follows"),
            ("__import__('os').system('true')", "'{' is missing"),
            ("", "'{' is missing"),
            ("{'descr", "a string is missing"),
        ])
    func headers(header: String, problem: String) throws {
        let text = Data(header.utf8)
        let bytes = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, UInt8(text.count), 0]) + text + Data(count: 4)
        try withFile(bytes) { path in
            let error = #expect(throws: FormatError.self) { try NumPyFile.read(path) }
            #expect(error?.problem.contains(problem) == true, "\(error.map { "\($0)" } ?? "no error")")
        }
    }

    @Test("changed bytes give a tensor or an error, and no crash")
    func changed() throws {
        let whole = try #require(try Self.fixture().first { $0.name == "fortran" }).bytes
        for place in 0..<128 {
            for value: UInt8 in [0, 0x27, 0x39, 0xFF] {
                var bytes = whole
                bytes[place] = value
                try withFile(bytes) { path in
                    do {
                        let tensor = try NumPyFile.read(path)
                        #expect(tensor.count <= 48)
                    } catch is FormatError {
                    }
                }
            }
        }
    }
}

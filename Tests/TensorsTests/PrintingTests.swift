import Foundation
import Testing

import Tensors

/// Tensors as text beside NumPy's text, made by scripts/fixtures/printing.py.
@Suite(.serialized) struct PrintingTests {
    struct Case: Decodable, Sendable {
        let dtype: String
        let shape: [Int]
        let values: [ElementaryOpsTests.Case.Number]?
        let ramp: [Double]?
        let text: String

        func tensor() throws -> Tensor {
            let type = try #require(DType(name: dtype))
            if let ramp {
                let count = shape.reduce(1, *)
                return try Tensor((0..<count).map { (Double($0) + ramp[1]) * ramp[0] }, shape: shape).converted(
                    to: type)
            }
            let values = try #require(values)
            if type.isFloating { return try Tensor(values.map(\.real), shape: shape).converted(to: type) }
            return try Tensor(values.map { try #require($0.whole) }, shape: shape).converted(to: type)
        }
    }

    private struct File: Decodable { let cases: [Case] }

    private static let cases: [Case] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/printing.json")
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? decoder.decode(File.self, from: Data(contentsOf: path)).cases) ?? []
    }()

    @Test("a tensor reads as NumPy prints it", arguments: cases.indices)
    func readsAsNumPy(index: Int) throws {
        let wanted = Self.cases[index]
        let tensor = try wanted.tensor()
        for layout in Reference.Layout.allCases {
            #expect(try layout.apply(tensor).description == wanted.text, "\(layout)")
        }
    }

    @Test("there are many texts of NumPy's")
    func enoughCases() { #expect(Self.cases.count > 90) }

    @Test("what the prompt shows has the type and the shape below the numbers, and the unit")
    func display() throws {
        let x = try Tensor([1.5, 2], shape: [1, 2])
        #expect(x.display == "[[1.5 2. ]]\nf64 [1, 2]")
        x.unit = .logits
        #expect(x.display == "[[1.5 2. ]]\nf64 [1, 2] logits")
        #expect(try Tensor(scalar: 3, .i32).display == "3\ni32 []")
        #expect(try Tensor.zeros([0, 2]).display == "[]\nf32 [0, 2]")
    }

    @Test("bf16 is printed with the digits that name it")
    func brainFloat() throws {
        #expect(try Tensor([0.1, 2.5, -3]).converted(to: .bf16).description == "[ 0.1001  2.5    -3.    ]")
    }

    @Test("the summary says type, shape, range, mean and operation in one line")
    func summary() throws {
        let x = try Tensor([1.0, 2, 6]).tracked()
        #expect(x.summary == "f64 [3], from 1 to 6, mean 3, tracked")
        #expect(try multiply(x, 2).summary == "f64 [3], from 2 to 12, mean 6, by multiply")
        #expect(try Tensor.zeros([0]).summary == "f32 [0]")
        #expect(try Tensor([true, false]).summary == "bool [2]")
    }
}

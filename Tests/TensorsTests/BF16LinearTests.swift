import Tensors
import Testing

@Suite("Linear maps in bf16")
struct BF16LinearTests {
    @Test(
        "the product is that of the rounded numbers, summed in f32, for sizes at and beside every edge",
        arguments: [
            (1, 1, 1), (3, 2, 5), (4, 7, 31), (8, 32, 32), (12, 33, 33), (13, 64, 64), (48, 96, 65), (49, 5, 32),
            (101, 130, 70),
        ])
    func products(rows: Int, inputs: Int, outputs: Int) throws {
        let (x, w, b) = (try randn([rows, inputs]), try randn([outputs, inputs]), try randn([outputs]))
        func rounded(_ t: Tensor) throws -> Tensor { try t.converted(to: .bf16).converted(to: .f32) }
        for (arithmetic, bias) in BF16Weights.known.flatMap({ [($0, b), ($0, nil)] }) {
            let input = try arithmetic == .pairs ? rounded(x) : x
            let found = try linear(x, BF16Weights(weight: w, bias: bias, arithmetic))
            var wanted = try matmul(input, transpose(rounded(w)))
            if let bias { wanted = try add(wanted, bias) }
            #expect(found.shape == [rows, outputs] && found.dtype == .f32)
            let tolerance = 1e-5 * Double(inputs).squareRoot() + 1e-6
            for (value, expected) in zip(try found.elements(), try wanted.elements()) {
                #expect(abs(value - expected) <= tolerance * Swift.max(1, abs(expected)))
            }
        }
    }

    @Test("batches, no rows, and inputs of another width")
    func shapes() throws {
        let weights = try BF16Weights(weight: randn([3, 4]), bias: nil)
        #expect(try linear(randn([2, 5, 4]), weights).shape == [2, 5, 3])
        #expect(try linear(randn([0, 4]), weights).shape == [0, 3])
        #expect(throws: TensorError.self) { try linear(randn([2, 5]), weights) }
        #expect(throws: TensorError.self) { try BF16Weights(weight: randn([3]), bias: nil) }
    }

    @Test("a row's result does not depend on the rows beside it")
    func rowsAreAlone() throws {
        for arithmetic in BF16Weights.known where arithmetic != .plain {
            let weights = try BF16Weights(weight: randn([70, 40]), bias: randn([70]), arithmetic)
            let x = try randn([53, 40])
            let all = try linear(x, weights).elements()
            for row in [0, 11, 12, 47, 48, 52] {
                let one = try linear(slice(x, axis: 0, start: row, stop: row + 1), weights).elements()
                #expect(one == Array(all[row * 70..<(row + 1) * 70]))
            }
        }
    }
}

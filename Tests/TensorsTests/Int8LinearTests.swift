import CIntrinsics
import Tensors
import Testing

@Suite("Linear maps in 8 bits")
struct Int8LinearTests {
    /// Rounded as the type says: to whole numbers of −127…127 by a scale of the row's own.
    private func rounded(_ x: Tensor) throws -> (whole: [Double], scales: [Float]) {
        let width = x.shape[1]
        let values = try x.elements(as: Float.self)
        var whole: [Double] = []
        var scales: [Float] = []
        for start in stride(from: 0, to: values.count, by: width) {
            let row = values[start..<start + width]
            let largest = row.map(abs).max() ?? 0
            scales.append(largest / 127)
            whole += row.map { largest == 0 ? 0 : Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) }
        }
        return (whole, scales)
    }

    @Test(
        "sums are exact, for sizes at and beside every edge",
        arguments: [
            (1, 1, 1), (3, 2, 5), (4, 7, 31), (8, 32, 32), (12, 33, 33), (13, 64, 64), (48, 96, 65), (49, 5, 32),
            (101, 130, 70),
        ])
    func products(rows: Int, inputs: Int, outputs: Int) throws {
        let (x, w, b) = (try randn([rows, inputs]), try randn([outputs, inputs]), try randn([outputs]))
        let (left, right) = (try rounded(x), try rounded(w))
        for bias in [b, nil] {
            let found = try linear(x, Int8Weights(weight: w, bias: bias)).elements(as: Float.self)
            let shift = try bias?.elements(as: Float.self)
            for row in 0..<rows {
                for output in 0..<outputs {
                    var sum = 0.0
                    for k in 0..<inputs { sum += left.whole[row * inputs + k] * right.whole[output * inputs + k] }
                    var expected = Float(sum) * (left.scales[row] * right.scales[output])
                    if let shift { expected += shift[output] }
                    #expect(found[row * outputs + output] == expected)
                }
            }
        }
    }

    @Test("all kinds of arithmetic give the same bits", arguments: [1, 9, 17, 25, 29, 32])
    func twins(columns: Int) throws {
        let depth = 9
        // From -127 to 127, the largest products among them.
        func number(_ seed: Int) -> Int { seed % 7 == 0 ? (seed % 2 == 0 ? 127 : -127) : seed &* 37 % 255 - 127 }
        let rows = (0..<12).map { row in (0..<depth * 4).map { Float(number($0 + row)) * (Float(row) * 0.37 + 0.1) } }
        let weights = [Int8]((0..<depth * 128).map { Int8(number($0 / 4 + $0)) })
        let offsets = [Int32](
            (0..<columns).map { column in
                128 * (0..<depth * 4).reduce(0) { $0 + Int32(weights[$1 / 4 * 128 + column * 4 + $1 % 4]) }
            })
        let scales = [Float]((0..<columns).map { Float($0 + 1) * 0.013 })
        for height in 1...12 {
            for bias in [scales, nil] {
                let found = Int8Weights.Arithmetic.allCases.filter(\.isKnown).map { arithmetic in
                    let width = arithmetic.rowBytes(depth)
                    var rounded = [UInt8](repeating: 0, count: 12 * width)
                    rounded.withUnsafeMutableBytes { space in
                        for (row, place) in zip(rows, stride(from: 0, to: space.count, by: width)) {
                            arithmetic.round(row, depth * 4, quads: depth, to: space.baseAddress! + place)
                        }
                    }
                    var found = [Float](repeating: 7, count: 12 * columns)
                    found.withUnsafeMutableBufferPointer { out in
                        bias.withOptionalPointer { shift in
                            arithmetic.tile(
                                rounded, width, weights, depth, offsets, scales, shift, out.baseAddress, columns,
                                Int32(height), Int32(columns))
                        }
                    }
                    return found
                }
                #expect(found.allSatisfy { $0 == found.last })
            }
        }
    }

    @Test("batches, no rows, zeros, numbers that are not finite, and inputs of another width")
    func edges() throws {
        let weights = try Int8Weights(weight: randn([3, 4]), bias: nil)
        #expect(try linear(randn([2, 5, 4]), weights).shape == [2, 5, 3])
        #expect(try linear(randn([0, 4]), weights).shape == [0, 3])
        #expect(try linear(Tensor.zeros([2, 4]), weights).elements(as: Float.self) == [Float](repeating: 0, count: 6))
        let bad = try Tensor([Float.nan, 1, 2, 3, 1, 2, 3, 4], shape: [2, 4])
        let found = try linear(bad, weights).elements(as: Float.self)
        #expect(found[..<3].allSatisfy(\.isNaN) && found[3...].allSatisfy(\.isFinite))
        #expect(throws: TensorError.self) { try linear(randn([2, 5]), weights) }
        #expect(throws: TensorError.self) { try Int8Weights(weight: bad, bias: nil) }
        #expect(throws: TensorError.self) { try Int8Weights(weight: randn([3]), bias: nil) }
    }
}

extension [Float]? {
    fileprivate func withOptionalPointer(_ body: (UnsafePointer<Float>?) -> Void) {
        guard let self else { return body(nil) }
        self.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

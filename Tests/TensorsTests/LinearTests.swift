import Foundation
import Testing

import Tensors

@Suite("A linear map and the function after it")
struct LinearTests {
    private func after(_ activation: Activation, _ x: Tensor) throws -> Tensor {
        switch activation {
        case .relu: try relu(x)
        case .gelu: try gelu(x)
        case .silu: try silu(x)
        case .tanh: try tanh(x)
        case .sigmoid: try sigmoid(x)
        }
    }

    // One size for each way that a product is cut up.
    @Test(
        "both in one pass give the bits of one after the other, and the same gradients",
        arguments: [
            [1, 40, 30], [3, 50, 700], [40, 9, 20], [100, 33, 65], [300, 70, 400], [700, 20, 30], [20, 300, 800],
            [150, 800, 400], [100, 300, 800], [5, 4, 0],
        ])
    func onePass(size: [Int]) throws {
        for dtype in [DType.f32, .f64] {
            let x = try randn([size[0], size[2]]).converted(to: dtype)
            let weight = try randn([size[1], size[2]]).converted(to: dtype)
            let bias = try randn([size[1]]).converted(to: dtype)
            for (activation, bias) in Activation.allCases.flatMap({ [($0, bias), ($0, nil)] }) {
                let (x, w) = (try x.tracked(), try weight.tracked())
                let both = try linear(x, weight: w, bias: bias, then: activation)
                let sums = try matmul(x, transpose(w))
                let apart = try after(activation, bias.map { try add(sums, $0) } ?? sums)
                #expect(try both.elements() == apart.elements())
                let still = try linear(x.detached(), weight: w.detached(), bias: bias, then: activation)
                #expect(try still.elements() == apart.elements())
                let found = try gradients(of: sum(square(both)), wrt: [x, w])
                let wanted = try gradients(of: sum(square(apart)), wrt: [x, w])
                for (one, other) in zip(found, wanted) { #expect(try one?.elements() == other?.elements()) }
            }
        }
    }

    @Test("weights in fewer bits, too", arguments: Activation.allCases)
    func rounded(activation: Activation) throws {
        let (x, weight, bias) = (try randn([2, 30, 50]), try randn([70, 50]), try randn([70]))
        let half = try BF16Weights(weight: weight, bias: bias)
        let bytes = try Int8Weights(weight: weight, bias: bias)
        #expect(try linear(x, half, then: activation).elements() == after(activation, linear(x, half)).elements())
        #expect(try linear(x, bytes, then: activation).elements() == after(activation, linear(x, bytes)).elements())
    }

    @Test("gelu keeps its digits where it is small", arguments: [DType.f32, .f64])
    func tail(dtype: DType) throws {
        let places = (0..<560).map { -0.01 * Double($0) }
        let x = try Tensor(places, shape: [560]).converted(to: dtype)
        for (place, found) in zip(try x.elements(), try gelu(x).elements()) {
            let wanted = place * 0.5 * erfc(-place / 2.0.squareRoot())
            #expect(abs(found - wanted) <= (dtype == .f32 ? 5e-6 : 1e-6) * abs(wanted))
        }
    }
}

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

    // Short and tall inputs, few outputs, rows that must be packed; and such as read no panels.
    @Test(
        "a parameter that stays as it is gives the same bits from what is kept of it, and new ones after an update",
        arguments: [
            ([7, 50, 700], true), ([32, 96, 2200], true), ([40, 9, 20], true), ([100, 33, 65], true),
            ([300, 70, 400], true), ([20, 300, 1024], true), ([150, 800, 1024], true), ([1, 40, 30], false),
            ([700, 7, 30], false), ([5, 4, 0], false),
        ])
    func kept(size: [Int], keeps: Bool) throws {
        for dtype in [DType.f32, .f64] {
            let x = try randn([size[0], size[2]]).converted(to: dtype)
            let bias = try randn([size[1]]).converted(to: dtype)
            let shape = [size[1], size[2]]
            let values = (try randn(shape).converted(to: dtype), try randn(shape).converted(to: dtype))
            let parameter = try Parameter(values.0)
            let before = Memory.usage.used
            for value in [values.0, values.1] {
                try parameter.assign(value)
                #expect(Memory.usage.used == before, "panels outlive an update")
                let wanted = try linear(x, weight: value, bias: bias, then: .relu).elements()
                for _ in 1...3 {
                    #expect(try linear(x, weight: parameter.value, bias: bias, then: .relu).elements() == wanted)
                }
                let isKept = Memory.usage.used - before >= max(value.count * dtype.size, 1)
                #expect(isKept == keeps, "\(size)")
                // An update in place, while panels are kept: these show the old numbers.
                let other = try multiply(value, 2)
                try parameter.assign(other)
                let doubled = try linear(x, weight: other, bias: bias, then: .relu).elements()
                for _ in 1...2 {
                    #expect(try linear(x, weight: parameter.value, bias: bias, then: .relu).elements() == doubled)
                }
                try parameter.assign(value)
                // A view taken now shows these numbers for ever; another view has panels of its own.
                let view = try transpose(parameter.value.detached())
                let wide = try randn([size[0], size[1]]).converted(to: dtype)
                let turned = try matmul(wide, value).elements()
                for _ in 1...2 { #expect(try matmul(wide, parameter.value).elements() == turned) }
                try parameter.assign(values.0)
                #expect(try linear(x, weight: transpose(view), bias: bias, then: .relu).elements() == wanted)
            }
        }
    }

    @Test("nothing is kept where half of the memory is in use")
    func noRoom() throws {
        let limit = Memory.limit
        defer { Memory.limit = limit }
        let (x, parameter) = (try randn([50, 400]), try Parameter(randn([300, 400])))
        let wanted = try linear(x, weight: parameter.value, bias: nil).elements()
        let used = Memory.usage.used
        Memory.limit = 2 * used
        for _ in 1...3 { #expect(try linear(x, weight: parameter.value, bias: nil).elements() == wanted) }
        #expect(Memory.usage.used == used)
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

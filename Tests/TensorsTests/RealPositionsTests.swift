import Foundation
import Tensors
import Testing

/// Padded sequences: two of them, with two real positions and one; padding holds numbers that would show.
@Suite("Real positions")
struct RealPositionsTests {
    let x: Tensor
    let mask: Tensor

    init() throws {
        x = try Tensor([1, 2, 3, 5, 1e9, -1e9, 4, -6, 1e9, -1e9, 1e9, -1e9] as [Float], shape: [2, 3, 2])
        mask = try Tensor([true, true, false, true, false, false], shape: [2, 3])
        x.mask = mask
    }

    private func values(_ tensor: Tensor) throws -> [Double] {
        try tensor.elements()
    }

    @Test("sums and means over time, over all and over the batch leave padding out")
    func means() throws {
        func total(_ dims: [Int]?) throws -> Tensor {
            try overRealPositions(x, dims: dims, neutral: .zero) { try sum($0, dims: dims) }
        }
        #expect(try values(total([1])) == [4, 7, 4, -6])
        #expect(try values(total(nil)) == [9])
        #expect(try values(total([0])) == [5, -4, 3, 5, 0, 0])
        #expect(try values(realMean(x, dims: [1])) == [2, 3.5, 4, -6])
        #expect(try values(realMean(x)) == [1.5])
        #expect(try values(realMean(x, dims: [0])) == [2.5, -2, 3, 5, 0, 0])
        #expect(try realMean(x, dims: [1], keepdim: true).shape == [2, 1, 2])
        #expect(try values(realMean(x, dims: [0, 1])) == [8.0 / 3, 1.0 / 3].map { Double(Float($0)) })
    }

    @Test("variance, extremes, logsumexp and argmax know only real positions")
    func others() throws {
        #expect(try values(realVariance(x, dims: [1], correction: 0)) == [1, 2.25, 0, 0])
        #expect(
            try values(overRealPositions(x, dims: [1], neutral: .lowest) { try max($0, dims: [1]) }) == [3, 5, 4, -6])
        #expect(try values(overRealPositions(x, dims: nil, neutral: .highest) { try min($0) }) == [-6])
        let top = try overRealPositions(x, dims: [1], neutral: .lowest) { try argmax($0, dim: 1) }
        #expect(try values(top) == [1, 1, 0, 0])
        let sums = try overRealPositions(x, dims: [1], neutral: .lowest) { try logSumExp($0, dims: [1]) }
        #expect(try abs(values(sums)[0] - 3.126928) < 1e-5)
        #expect(try values(sums)[3] == -6)
    }

    @Test("over other axes the mask goes on to what follows")
    func carried() throws {
        let rows = try overRealPositions(x, dims: [-1], neutral: .zero) { try sum($0, dims: [-1]) }
        #expect(rows.shape == [2, 3])
        #expect(try values(realMean(rows)) == [3])
    }

    @Test("softmax over time gives padding nothing, and a row of padding alone is no NaN")
    func softmaxOverTime() throws {
        let p = try realSoftmax(x, axis: 1)
        let e = 1 / (1 + exp(2.0))
        #expect(
            try zip(values(p), [e, 1 / (1 + exp(3.0)), 1 - e, 1 / (1 + exp(-3.0)), 0, 0, 1, 1, 0, 0, 0, 0]).allSatisfy {
                abs($0 - $1) < 1e-6
            })
        #expect(p.unit == .probabilities)
        let products = try multiply(p, realSoftmax(x, axis: 1, logarithm: true))
        #expect(try values(products).allSatisfy(\.isFinite))
        x.mask = try Tensor([true, true, true, false, false, false], shape: [2, 3])
        #expect(try values(realSoftmax(x, axis: 1)).suffix(6) == [0, 0, 0, 0, 0, 0])
    }

    @Test("the gradient of what is padded is zero, and a second gradient exists")
    func gradientsOfPadding() throws {
        let leaf = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).tracked()
        leaf.mask = mask
        let result = try realMean(square(leaf))
        let first = try #require(gradients(of: result, wrt: [leaf], createGraph: true)[0])
        #expect(try zip(values(first), [2.0 / 3, 4.0 / 3, 0, 8.0 / 3, 0, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
        let second = try #require(gradients(of: sum(first), wrt: [leaf])[0])
        #expect(try zip(values(second), [2.0 / 3, 2.0 / 3, 0, 2.0 / 3, 0, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("parts of a tensor carry their part of the mask; other arrangements none")
    func parts() throws {
        func flags(_ tensor: Tensor) throws -> [Double]? { try tensor.mask.map(values) }
        let all: [Double] = [1, 1, 0, 1, 0, 0]
        #expect(try flags(reshape(x, [2, 3, 1, 2])) == all)
        #expect(try flags(unsqueeze(x, 3)) == all)
        #expect(try flags(index(x, by: [.ellipsis, .at(1)])) == all)
        #expect(try flags(index(x, by: [.slice(start: nil, stop: nil), .slice(start: 1, stop: nil)])) == [1, 0, 0, 0])
        #expect(try flags(index(x, by: [.list([1, 0])])) == [1, 0, 0, 1, 1, 0])
        #expect(try flags(index(x, by: [.at(0)])) == nil)
        #expect(
            try flags(indexSelect(x, axis: 0, indices: Tensor([1, 1, 0] as [Int64], shape: [3]))) == [
                1, 0, 0, 1, 0, 0, 1, 1, 0,
            ])
        #expect(try flags(indexSelect(x, axis: 2, indices: Tensor([0] as [Int64], shape: [1]))) == all)
        #expect(try flags(flip(x, [1])) == [0, 1, 1, 0, 0, 1])
        #expect(try flags(slice(x, axis: 1, start: 1)) == [1, 0, 0, 0])
        #expect(try flags(transpose(x, 1, 2)) == nil)
        #expect(try flags(transpose(x, 0, 1)) == nil)
        #expect(
            try flags(gather(x, axis: 1, index: Tensor([Int64](repeating: 0, count: 12), shape: [2, 3, 2]))) == nil)
    }
}

import Testing

import Tensors

/// The gradient of a table of which only few rows are written: everybody sees the same numbers as if all were.
@Suite struct WrittenRowsTests {
    /// The gradient of a table [V, 20] by 24 uses of its rows, as the table gets it, and the same with all rows written.
    private static func gradients(_ dtype: DType, skipping padding: Int? = nil) throws -> (few: Tensor, all: Tensor) {
        let ids = try reshape(remainder(multiply(arange(24), 7919), 251), [4, 6])
        let table = try reshape(arange(251 * 20), [251, 20]).converted(to: dtype).tracked()
        let rows = try embedding(ids, table: table, paddingIndex: padding)
        let loss = try sum(multiply(sin(rows), rows))
        func once() throws -> Tensor { try #require(try Tensors.gradients(of: loss, wrt: [table])[0]) }
        let all = try once()
        _ = try all.withBytes { $0[0] }
        return (try once(), all)
    }

    @Test("numbers, length and factor", arguments: [DType.f32, .f64], [nil, 7] as [Int?])
    func numbers(dtype: DType, padding: Int?) throws {
        let (few, all) = try Self.gradients(dtype, skipping: padding)
        let length = try few.gradientLength()
        let half = try few.scaledGradient(by: 0.5)
        #expect(try half.gradientLength() == length / 2)
        #expect(abs(try norm(all).item() - length) <= 1e-5 * length && length > 1)
        #expect(try few.withBytes { Array($0) } == all.withBytes { Array($0) })
        #expect(try half.withBytes { Array($0) } == multiply(all, 0.5).withBytes { Array($0) })
        let zeros = try sum(equal(all, 0), dims: [1]).elements(as: Int64.self)
        #expect(zeros.filter { $0 == 20 }.count >= 251 - 24)
    }

    @Test("an optimizer's step is the same to the bit", arguments: [DType.f32, .f64], [false, true])
    func steps(dtype: DType, isLazy: Bool) throws {
        let (few, all) = try Self.gradients(dtype)
        func after(_ gradient: Tensor) throws -> [[UInt8]] {
            let start = try cos(reshape(arange(251 * 20), [251, 20]).converted(to: dtype))
            let (p, m, v) = (try Parameter(start), try Parameter(start), try Parameter(square(start)))
            try p.adamStep(
                gradient: gradient, firstMoment: m, secondMoment: v, step: 2, lr: 0.1, beta1: 0.9, beta2: 0.99,
                eps: 1e-8, weightDecay: 0.1, decoupled: true, isLazy: isLazy)
            let (q, buffer) = (try Parameter(start), try Parameter(start))
            try q.sgdStep(
                gradient: gradient, buffer: buffer, lr: 0.1, momentum: 0.9, dampening: 0, nesterov: true,
                weightDecay: 0.1, isFirstStep: false)
            return try [p, m, v, q, buffer].map { try $0.value.withBytes { Array($0) } }
        }
        #expect(try after(few) == after(all))
    }
}

import Tensors
import Testing

/// The fused form beside the same from elementary operations.
@Suite("Attention", .serialized)
struct AttentionTests {
    struct Sizes: CustomStringConvertible {
        var batch = 2
        var time = 5
        var keys = 7
        var heads = 2
        var width = 3
        var values = 4

        var description: String { "\(batch)×\(time)×\(keys), \(heads) heads of \(width) and \(values)" }
    }

    static let sizes = [
        Sizes(), Sizes(batch: 1, time: 1, keys: 1, heads: 1, width: 1, values: 1), Sizes(time: 33, keys: 2000),
        Sizes(batch: 3, time: 128, keys: 128, heads: 4, width: 8, values: 8),
        Sizes(time: 70, keys: 600, width: 32, values: 5),
    ]

    private func inputs(_ sizes: Sizes, _ dtype: DType) throws -> [Tensor] {
        RandomStream.global = RandomStream(seed: 4)
        return try [
            [sizes.batch, sizes.time, sizes.heads * sizes.width], [sizes.batch, sizes.keys, sizes.heads * sizes.width],
            [sizes.batch, sizes.keys, sizes.heads * sizes.values],
        ].map { try randn($0).converted(to: dtype).tracked() }
    }

    private func mask(_ sizes: Sizes) throws -> Tensor {
        let flags = (0..<sizes.batch).flatMap { row in
            (0..<sizes.keys).map { row % 2 == 0 || $0 < max(1, sizes.keys - 2) }
        }
        return try Tensor(flags, shape: [sizes.batch, sizes.keys])
    }

    private func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
        let (x, y) = (try a.elements(as: Double.self), try b.elements(as: Double.self))
        #expect(a.shape == b.shape)
        return zip(x, y).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
    }

    @Test("values, gradients and second gradients are those of the composed form", arguments: sizes, [false, true])
    func twins(sizes: Sizes, drops: Bool) throws {
        for dtype in [DType.f32, .f64] {
            for masked in [false, true] {
                let x = try inputs(sizes, dtype)
                let mask = masked ? try mask(sizes) : nil
                let draw = drops ? DropoutDraw(p: 0.3, key: 17, counter: 8) : nil
                let fused = try attention(x[0], x[1], x[2], heads: sizes.heads, mask: mask, dropout: draw)
                let composed = try composedAttention(x[0], x[1], x[2], heads: sizes.heads, mask: mask) {
                    try draw.map { d in { try dropout($0, p: d.p, key: d.key, counter: d.counter) } }?($0) ?? $0
                }
                let bound = dtype == .f64 ? 1e-12 : 2e-5
                #expect(try difference(fused, composed) < bound, "\(dtype) \(masked)")
                let seed = try randn(fused.shape).converted(to: dtype)
                let (g, h) = (
                    try gradients(of: fused, wrt: x, seed: seed), try gradients(of: composed, wrt: x, seed: seed)
                )
                for (a, b) in zip(g, h) { #expect(try difference(#require(a), #require(b)) < bound * 10) }
                guard sizes.time < 50, sizes.keys < 100 else { continue }
                // Of the sum of the squared gradients.
                func second(_ output: Tensor) throws -> [Tensor?] {
                    let first = try gradients(of: output, wrt: x, seed: seed, createGraph: true).compactMap { $0 }
                    let total = try first.map { try sum(square($0)) }.reduce(Tensor.filled(0, shape: [], dtype)) {
                        try add($0, $1)
                    }
                    return try gradients(of: total, wrt: x)
                }
                for (a, b) in zip(try second(fused), try second(composed)) {
                    #expect(try difference(#require(a), #require(b)) < bound * 100)
                }
            }
        }
    }

    @Test("results are the same bits for any number of threads")
    func threads() throws {
        let x = try inputs(Sizes(batch: 3, time: 90, keys: 400, heads: 3, width: 8, values: 8), .f32)
        let before = ThreadPool.limit
        defer { ThreadPool.limit = before }
        var found: [[Float]] = []
        for limit in [1, ThreadPool.size] {
            ThreadPool.limit = limit
            let y = try attention(x[0], x[1], x[2], heads: 3, dropout: DropoutDraw(p: 0.1, key: 3, counter: 0))
            let g = try gradients(of: sum(square(y)), wrt: x)
            found.append(try y.elements(as: Float.self) + g.flatMap { try $0!.elements(as: Float.self) })
        }
        #expect(found[0] == found[1])
    }

    @Test("no keys, no queries, and a row whose keys are all hidden")
    func edges() throws {
        let none = try attention(Tensor.ones([2, 3, 4]), Tensor.ones([2, 0, 4]), Tensor.ones([2, 0, 4]), heads: 2)
        #expect(try none.elements(as: Float.self) == [Float](repeating: 0, count: 24))
        #expect(
            try attention(Tensor.ones([2, 0, 4]), Tensor.ones([2, 3, 4]), Tensor.ones([2, 3, 4]), heads: 2).shape == [
                2, 0, 4,
            ])
        let hidden = try Tensor([false, false, true, true], shape: [2, 2])
        let y = try attention(
            Tensor.ones([2, 1, 2]), Tensor.ones([2, 2, 2]), Tensor.ones([2, 2, 2]), heads: 1, mask: hidden)
        #expect(try y.elements(as: Float.self) == [1, 1, 1, 1])
    }
}

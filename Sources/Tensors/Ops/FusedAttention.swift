import KernelTable

/// Attention head by head and a few rows at a time: scores, softmax, dropout and the mixture of the values stay in the cache.
///
/// B rows of the batch, T queries and S keys of each, heads of width d for queries and keys and e for values. A task is one
/// head of one row, or some of its queries; how it is cut depends on the sizes alone, and so do the results.
struct FusedAttention<S: Real> {
    private let queries: Tensor
    private let keys: Tensor
    private let values: Tensor
    private let heads: Int
    private let mask: Tensor?
    private let draw: DropoutDraw?
    private let batch: Int
    private let time: Int
    private let keyCount: Int
    private let width: (keys: Int, values: Int)
    /// Queries whose scores are in memory at once.
    private let tile: Int

    init(
        _ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ heads: Int, _ mask: Tensor?, _ draw: DropoutDraw?
    ) throws {
        (self.queries, self.keys, self.values, self.heads) = (queries, keys, values, heads)
        self.mask = try mask?.converted(to: .bool).contiguous()
        self.draw = draw?.p == 0 ? nil : draw
        (batch, time, keyCount) = (queries.shape[0], queries.shape[1], keys.shape[1])
        width = (queries.shape[2] / heads, values.shape[2] / heads)
        tile = max(1, min(time, max(16, 16_384 / max(keyCount, 1))))
    }

    func apply() throws -> Tensor {
        try Tensor.operation(
            "attention", [queries, keys, values], shape: [batch, time, values.shape[2]], dtype: queries.dtype,
            pullback: .fused(
                fast: { gradient in try backward(gradient) },
                composed: { gradient in
                    try composedGradients([queries, keys, values], gradient) { inputs in
                        try composedAttention(
                            inputs[0], inputs[1], inputs[2], heads: heads, mask: mask, dropout: draw)
                    }
                })
        ) { output in
            if output.count == 0 { return }
            if keyCount == 0 { return output.pointer(S.self).update(repeating: 0, count: output.count) }
            let sources = (try queries.contiguous(), try keys.contiguous(), try values.contiguous())
            defer { withExtendedLifetime((sources, mask)) {} }
            let memory = try Scratch(self)
            let places = Places(self, sources.0, sources.1, sources.2)
            let out = output.pointer(S.self)
            let tiles = (time + tile - 1) / tile
            try ThreadPool.parallelByWorker(chunks: batch * heads * tiles) { chunk, worker in
                let (row, head) = (chunk / tiles / heads, chunk / tiles % heads)
                let start = chunk % tiles * tile
                let count = min(tile, time - start)
                let own = memory.part(worker)
                let weights = weights(places, row, head, start, count, own)
                multiply(
                    m: count, n: width.values, k: keyCount, weights, (keyCount, 1),
                    places.value(row, head), (places.valueStride, 1),
                    out + (row * time + start) * places.valueStride + head * width.values, (places.valueStride, 1),
                    alpha: 1, beta: 0, own.products)
            }
        }
    }

    /// The gradients of queries, keys and values from that of the output.
    private func backward(_ gradient: Tensor) throws -> [Tensor?] {
        let results = try [queries, keys, values].map { try Tensor(uninitialized: $0.shape, $0.dtype) }
        if keyCount == 0 || gradient.count == 0 {
            return try [queries, keys, values].map { try Tensor.zeros($0.shape, $0.dtype) }
        }
        let sources = (try queries.contiguous(), try keys.contiguous(), try values.contiguous())
        let flow = try gradient.converted(to: queries.dtype).contiguous()
        defer { withExtendedLifetime((sources, flow, mask)) {} }
        let memory = try Scratch(self)
        let places = Places(self, sources.0, sources.1, sources.2)
        let (dq, dk, dv) = (results[0].pointer(S.self), results[1].pointer(S.self), results[2].pointer(S.self))
        let g = flow.pointer(S.self)
        let scale = places.scale
        try ThreadPool.parallelByWorker(chunks: batch * heads) { chunk, worker in
            let (row, head) = (chunk / heads, chunk % heads)
            let own = memory.part(worker)
            let keyPlace = row * keyCount * places.keyStride + head * width.keys
            let valuePlace = row * keyCount * places.valueStride + head * width.values
            for start in stride(from: 0, to: time, by: tile) {
                let count = min(tile, time - start)
                let beta: S = start == 0 ? 0 : 1
                let queryPlace = (row * time + start) * places.keyStride + head * width.keys
                let flowPlace = g + (row * time + start) * places.valueStride + head * width.values
                let weights = weights(places, row, head, start, count, own)
                // dV += Pᵀ dO
                multiply(
                    m: keyCount, n: width.values, k: count, weights, (1, keyCount), flowPlace, (places.valueStride, 1),
                    dv + valuePlace, (places.valueStride, 1), alpha: 1, beta: beta, own.products)
                // dP = dO Vᵀ, through dropout and softmax
                multiply(
                    m: count, n: keyCount, k: width.values, flowPlace, (places.valueStride, 1),
                    places.value(row, head), (1, places.valueStride), own.flows, (keyCount, 1), alpha: 1, beta: 0,
                    own.products)
                if let draw {
                    S.loops.maskScale(
                        own.kept, own.flows, scale: S(1 / (1 - draw.p)), own.flows, count: count * keyCount)
                }
                S.loops.softmaxBackwardRows(
                    output: own.scores, gradient: own.flows, own.flows, rows: count, count: keyCount)
                // dQ = dS K / √d, dK += dSᵀ Q / √d
                multiply(
                    m: count, n: width.keys, k: keyCount, own.flows, (keyCount, 1), places.key(row, head),
                    (places.keyStride, 1), dq + queryPlace, (places.keyStride, 1), alpha: scale, beta: 0, own.products)
                multiply(
                    m: keyCount, n: width.keys, k: count, own.flows, (1, keyCount), places.queries + queryPlace,
                    (places.keyStride, 1), dk + keyPlace, (places.keyStride, 1), alpha: scale, beta: beta, own.products)
            }
        }
        return results
    }

    // MARK: - Steps

    /// softmax(Q Kᵀ / √d) of some queries, [count, S].
    private func probabilities(
        _ places: Places, _ row: Int, _ head: Int, _ start: Int, _ count: Int, _ own: Scratch.Part
    ) {
        multiply(
            m: count, n: keyCount, k: width.keys,
            places.queries + (row * time + start) * places.keyStride + head * width.keys, (places.keyStride, 1),
            places.key(row, head), (1, places.keyStride), own.scores, (keyCount, 1), alpha: places.scale, beta: 0,
            own.products)
        if let mask {
            let kept = mask.pointer(UInt8.self) + row * keyCount
            if (0..<keyCount).contains(where: { kept[$0] == 0 }) {
                for key in 0..<keyCount { own.hidden[key] = kept[key] == 0 ? -1e30 : 0 }
                for query in 0..<count {
                    S.loops.addInPlace(own.hidden, own.scores + query * keyCount, count: keyCount)
                }
            }
        }
        S.loops.softmaxRows(own.scores, own.scores, rows: count, count: keyCount)
    }

    /// The probabilities, in training with some of them dropped; what was dropped is kept beside.
    private func weights(
        _ places: Places, _ row: Int, _ head: Int, _ start: Int, _ count: Int, _ own: Scratch.Part
    ) -> UnsafeMutablePointer<S> {
        probabilities(places, row, head, start, count, own)
        guard let draw else { return own.scores }
        let first = ((row * heads + head) * time + start) * keyCount
        S.loops.dropout(
            key: draw.key, counter: draw.counter &+ UInt64(first), probability: draw.p, scale: S(1 / (1 - draw.p)),
            own.scores, own.flows, mask: own.kept, count: count * keyCount)
        return own.flows
    }

    private func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<S>, _ aStrides: (Int, Int), _ b: UnsafePointer<S>,
        _ bStrides: (Int, Int), _ c: UnsafeMutablePointer<S>, _ cStrides: (Int, Int), alpha: S, beta: S,
        _ scratch: UnsafeMutablePointer<S>
    ) {
        var problem = MatmulProblem<S>(m: m, n: n, k: k, a: a, b: b, c: c, alpha: alpha, beta: beta)
        (problem.aRowStride, problem.aColumnStride) = aStrides
        (problem.bRowStride, problem.bColumnStride) = bStrides
        (problem.cRowStride, problem.cColumnStride) = cStrides
        S.loops.matmul(problem, S.loops.matmulPlan(problem), scratch)
    }

    // MARK: - Memory

    /// Where the parts of the inputs lie.
    private struct Places {
        let queries: UnsafePointer<S>
        private let keys: UnsafePointer<S>
        private let values: UnsafePointer<S>
        let keyStride: Int
        let valueStride: Int
        let scale: S
        private let keyCount: Int
        private let width: (keys: Int, values: Int)

        init(_ job: FusedAttention, _ queries: Tensor, _ keys: Tensor, _ values: Tensor) {
            self.queries = UnsafePointer(queries.pointer(S.self))
            self.keys = UnsafePointer(keys.pointer(S.self))
            self.values = UnsafePointer(values.pointer(S.self))
            (keyStride, valueStride) = (queries.shape[2], values.shape[2])
            (keyCount, width) = (job.keyCount, job.width)
            scale = S(1 / Double(job.width.keys).squareRoot())
        }

        func key(_ row: Int, _ head: Int) -> UnsafePointer<S> { keys + row * keyCount * keyStride + head * width.keys }
        func value(_ row: Int, _ head: Int) -> UnsafePointer<S> {
            values + row * keyCount * valueStride + head * width.values
        }
    }

    /// Memory of each thread's own.
    private struct Scratch {
        struct Part {
            /// Scores, then probabilities, [tile, S].
            let scores: UnsafeMutablePointer<S>
            /// What flows through dropout and back, [tile, S].
            let flows: UnsafeMutablePointer<S>
            /// [S]
            let hidden: UnsafeMutablePointer<S>
            let products: UnsafeMutablePointer<S>
            let kept: UnsafeMutablePointer<UInt8>
        }

        private let storage: Storage
        private let counts: (scores: Int, hidden: Int, products: Int)
        private let byteCount: Int

        init(_ job: FusedAttention) throws {
            func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
            // The plans look at sizes and strides alone; the address stands for any.
            let address = UnsafeMutablePointer<S>(bitPattern: 64)!
            var products = 0
            for count in Set([job.tile, job.time % job.tile, job.time]) where count > 0 && count <= job.tile {
                let (s, d, e) = (job.keyCount, job.width.keys, job.width.values)
                let (dRow, eRow) = (job.queries.shape[2], job.values.shape[2])
                for (m, n, k, a, b, c) in [
                    (count, s, d, (dRow, 1), (1, dRow), (s, 1)), (count, e, s, (s, 1), (eRow, 1), (eRow, 1)),
                    (s, e, count, (1, s), (eRow, 1), (eRow, 1)), (count, s, e, (eRow, 1), (1, eRow), (s, 1)),
                    (count, d, s, (s, 1), (dRow, 1), (dRow, 1)), (s, d, count, (1, s), (dRow, 1), (dRow, 1)),
                ] {
                    var problem = MatmulProblem<S>(m: m, n: n, k: k, a: address, b: address, c: address)
                    (problem.aRowStride, problem.aColumnStride) = a
                    (problem.bRowStride, problem.bColumnStride) = b
                    (problem.cRowStride, problem.cColumnStride) = c
                    let plan = S.loops.matmulPlan(problem)
                    products = max(products, plan.packedCount + plan.scratchCount)
                }
            }
            counts = (rounded(job.tile * job.keyCount), rounded(job.keyCount), rounded(products))
            let size = MemoryLayout<S>.stride
            byteCount = ((2 * counts.scores + counts.hidden + counts.products) * size + counts.scores + 63) / 64 * 64
            storage = try Storage(byteCount: byteCount * ThreadPool.size)
        }

        func part(_ worker: Int) -> Part {
            let start = (storage.bytes + worker * byteCount).assumingMemoryBound(to: S.self)
            let products = start + 2 * counts.scores + counts.hidden
            return Part(
                scores: start, flows: start + counts.scores, hidden: start + 2 * counts.scores, products: products,
                kept: UnsafeMutableRawPointer(products + counts.products).assumingMemoryBound(to: UInt8.self))
        }
    }
}

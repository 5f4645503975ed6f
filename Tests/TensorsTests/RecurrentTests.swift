import Testing

import Tensors

/// Sequences long and batches large enough to be shared out.
@Suite("Recurrences", .serialized)
struct RecurrentTests {
    private let inputs = 5
    private let hidden = 7

    private func weights() throws -> RecurrentWeights {
        func values(_ shape: [Int]) throws -> Tensor { try multiply(randn(shape, .f64), 0.5).tracked() }
        return RecurrentWeights(
            input: try values([4 * hidden, inputs]), hidden: try values([4 * hidden, hidden]),
            inputBias: try values([4 * hidden]))
    }

    private func expectSame(_ a: Tensor?, _ b: Tensor?, _ what: String) throws {
        let (a, b) = (try #require(a), try #require(b))
        #expect(a.shape == b.shape)
        let pairs = zip(try a.elements(as: Double.self), try b.elements(as: Double.self))
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-11 }, "\(what)")
    }

    /// One direction, five rows and one step at a time.
    private func stepwise(_ x: Tensor, _ weights: RecurrentWeights, _ mask: Tensor, reversed: Bool) throws -> Tensor {
        let (batch, time) = (x.shape[0], x.shape[1])
        var rows: [Tensor] = []
        for first in stride(from: 0, to: batch, by: 5) {
            let end = min(first + 5, batch)
            var state: RecurrentResult?
            var outputs = [Tensor?](repeating: nil, count: time)
            for step in 0..<time {
                let t = reversed ? time - 1 - step : step
                func part(_ values: Tensor) throws -> Tensor {
                    try slice(slice(values, axis: 0, start: first, stop: end), axis: 1, start: t, stop: t + 1)
                }
                state = try lstm(
                    part(x), weights: [[weights]], initialHidden: state?.hidden, initialCell: state?.cell,
                    mask: part(mask))
                outputs[t] = state?.output
            }
            rows.append(try concatenate(outputs.compactMap { $0 }, 1))
        }
        return try concatenate(rows, 0)
    }

    @Test(
        "an LSTM over all steps and rows is one over single steps and few rows, and so are its gradients",
        arguments: [(1, 1), (16, 16), (17, 33), (37, 50), (64, 3)])
    func parts(time: Int, batch: Int) throws {
        RandomStream.global = RandomStream(seed: 9)
        let x = try randn([batch, time, inputs], .f64).tracked()
        let both = [try weights(), try weights()]
        let lengths = (0..<batch).map { 1 + ($0 * 5 + time - 1) % time }
        let mask = try Tensor(lengths.flatMap { length in (0..<time).map { $0 < length } }, shape: [batch, time])
        let fused = try lstm(x, weights: [both], mask: mask).output
        let single = try concatenate(
            [stepwise(x, both[0], mask, reversed: false), stepwise(x, both[1], mask, reversed: true)], 2)
        try expectSame(fused, single, "output")
        let leaves = [x] + both.flatMap { [$0.input, $0.hidden, $0.inputBias!] }
        let seed = try randn(fused.shape, .f64)
        let found = try gradients(of: fused, wrt: leaves, seed: seed)
        let wanted = try gradients(of: single, wrt: leaves, seed: seed)
        // That of a graph is composed of elementary operations.
        let composed = try gradients(of: fused, wrt: leaves, seed: seed, createGraph: true)
        for (number, gradient) in found.enumerated() {
            try expectSame(gradient, wanted[number], "gradient \(number)")
            try expectSame(gradient, composed[number], "gradient \(number), composed")
        }
    }

    @Test("each link of each chain is worked on once, after the one before it", arguments: [1, 2, 3, 8], [1, 2, 7])
    func chains(count: Int, links: Int) throws {
        let next = UnsafeMutablePointer<Int>.allocate(capacity: count)
        next.initialize(repeating: 0, count: count)
        defer { next.deallocate() }
        for _ in 0..<200 {
            next.update(repeating: 0, count: count)
            try ThreadPool.parallel(chains: count, links: links) { chain, link in
                // Nobody else has this chain meanwhile.
                next[chain] = next[chain] == link ? link + 1 : -links
            }
            #expect((0..<count).allSatisfy { next[$0] == links })
        }
        try ThreadPool.parallel(chains: 0, links: links) { _, _ in Issue.record("there is no chain") }
        try ThreadPool.parallel(chains: count, links: 0) { _, _ in Issue.record("there is no link") }
    }

    /// Does some work with one thread and with all.
    private func withThreads(_ body: () throws -> Void) rethrows {
        let before = ThreadPool.limit
        defer { ThreadPool.limit = before }
        for limit in [1, ThreadPool.size] {
            ThreadPool.limit = limit
            try body()
        }
    }

    @Test("the chain that is behind goes first")
    func order() throws {
        let before = ThreadPool.limit
        defer { ThreadPool.limit = before }
        ThreadPool.limit = 1
        var links: [Int] = []
        try ThreadPool.parallel(chains: 3, links: 4) { _, link in links.append(link) }
        #expect(links == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    }

    @Test("work that was stopped is no result", arguments: [1, 2, 5])
    func interrupted(chains: Int) throws {
        defer { Interruption.clear() }
        withThreads {
            for last in 0..<3 {
                Interruption.clear()
                #expect(throws: TensorError.self) {
                    try ThreadPool.parallel(chains: chains, links: 3) { _, link in
                        if link == last { Interruption.request() }
                    }
                }
            }
        }
    }
}

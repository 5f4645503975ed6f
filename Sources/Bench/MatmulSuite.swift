import KernelTable
import Tensors

/// Products of f32 matrices, beside the processor's most multiply-adds.
enum MatmulSuite: Suite {
    static let name = "matmul"

    private static let sizes: [(m: Int, n: Int, k: Int, mark: Double?)] = [
        (1024, 1024, 1024, 0.85), (768, 768, 768, 0.85), (2048, 3072, 768, 0.85), (32, 256, 768, nil),
    ]

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        for threads in Set([1, ThreadPool.size]).sorted() {
            let before = ThreadPool.limit
            ThreadPool.limit = threads
            defer { ThreadPool.limit = before }
            for (m, n, k, mark) in sizes {
                let (a, b) = (try randn([m, k]), try randn([k, n]))
                let best = try contest([
                    { try peakTime(threads) },
                    { try bestTime { _ = try matmul(a, b) } },
                    { peer.time("matmul \(m) \(n) \(k) \(threads)") ?? .infinity },
                ])
                let operations = 2e-9 * Double(m) * Double(n) * Double(k)
                let peak = Double(turns) * Double(sumsInATurn * threads) * 2e-9
                var line = Line(
                    name: "matmul \(m)×\(n)×\(k), \(threads) thread\(threads == 1 ? "" : "s")",
                    value: .gigaflops(operations / best[1]))
                line.peers.append(Line.Peer(name: "FMA peak", value: .gigaflops(peak / best[0]), mark: mark))
                if let torch = peer.torch {
                    line.peers.append(Line.Peer(name: torch, value: .gigaflops(operations / best[2])))
                }
                report(line)
            }
        }
    }

    private static let loops = InstructionSet.current.table.float
    private static let turns = 1_000_000
    private static let sumsInATurn = loops.multiplyAdds(turns: 1).sums

    /// Seconds for `turns` of multiply-adds on each of some threads.
    private static func peakTime(_ threads: Int) throws -> Double {
        try bestTime {
            try ThreadPool.parallel(chunks: threads) { _ in
                // Their sum is twice their number to any precision; without this comparison they would not be computed.
                if loops.multiplyAdds(turns: turns).total < 0 { print("the sums are wrong") }
            }
        }
    }
}

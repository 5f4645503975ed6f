import KernelTable
import Tensors

/// Products of f32 matrices, beside the processor's most multiply-adds.
enum MatmulSuite: Suite {
    static let name = "matmul"

    private static let sizes: [(m: Int, n: Int, k: Int, mark: Double?)] = [
        (1024, 1024, 1024, 0.9), (768, 768, 768, 0.9), (2048, 3072, 768, 0.9), (32, 256, 768, nil),
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
                let peak = gigaOperations(threads)
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
        try rounded(peer, report: report)
    }

    /// Linear maps in bf16 and in 8 bits, with the weights laid out before, beside PyTorch's bf16 and its dynamic int8.
    private static func rounded(_ peer: Peer, report: (Line) -> Void) throws {
        for (rows, outputs, inputs) in [(4096, 1536, 384), (4096, 384, 1536), (32, 1536, 384)] {
            let (x, weight) = (try randn([rows, inputs]), try randn([outputs, inputs]))
            let (half, bytes) = (try BF16Weights(weight: weight, bias: nil), try Int8Weights(weight: weight, bias: nil))
            let threads = ThreadPool.size
            for (name, request, work) in [
                ("bf16", "linear_bf16", { try bestTime { _ = try linear(x, half) } }),
                ("int8", "linear_int8", { try bestTime { _ = try linear(x, bytes) } }),
            ] as [(String, String, () throws -> Double)] {
                let best = try contest([
                    work, { peer.time("\(request) \(rows) \(outputs) \(inputs) \(threads)") ?? .infinity },
                ])
                let operations = 2e-9 * Double(rows) * Double(outputs) * Double(inputs)
                var line = Line(
                    name: "linear in \(name), \(rows) × \(inputs) → \(outputs)", value: .gigaflops(operations / best[0])
                )
                if let torch = peer.torch, best[1].isFinite {
                    line.peers.append(Line.Peer(name: torch, value: .gigaflops(operations / best[1]), mark: 1))
                }
                report(line)
            }
        }
    }

    /// The most that the processor does in a second, measured now.
    static func peak(_ threads: Int) throws -> Double {
        try gigaOperations(threads) * 1e9 / contest([{ try peakTime(threads) }])[0]
    }

    /// What one measurement of the peak does.
    private static func gigaOperations(_ threads: Int) -> Double {
        Double(turns) * Double(sumsInATurn * threads) * 2e-9
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

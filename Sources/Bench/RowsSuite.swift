import Networks
import Tensors

/// What a Transformer does with rows, at the sizes of BERT, on all threads.
enum RowsSuite: Suite {
    static let name = "rows"

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        for (rows, columns) in [(4096, 768), (512, 30522)] {
            let x = try randn([rows, columns])
            try compare("softmax \(rows)×\(columns)", peer, "softmax \(rows) \(columns)", report) {
                _ = try softmax(x)
            }
            let (weight, bias) = (try randn([columns]), try randn([columns]))
            try compare("layer_norm \(rows)×\(columns)", peer, "layer_norm \(rows) \(columns)", report) {
                _ = try layerNorm(x, normalizedShape: [columns], weight: weight, bias: bias)
            }
        }
        let (vocabulary, width, batch, time) = (30522, 128, 32, 128)
        let layer = try Embedding(vocabulary, width)
        let optimizer = try Optimizer(
            .adam(beta1: 0.9, beta2: 0.999, eps: 1e-8, decoupled: true), parameters: [("weight", layer.weight)],
            lr: 1e-3, weightDecay: 0.01)
        let ids = try randint(1, vocabulary, [batch, time])
        try compare(
            "embedding \(vocabulary)×\(width) + adamw, a step", peer,
            "embedding \(vocabulary) \(width) \(batch) \(time)", report
        ) {
            let x = try layer.forward(ids)
            try optimizer.step(mean(multiply(x, x)))
        }
    }

    private static func compare(
        _ name: String, _ peer: Peer, _ request: String, _ report: (Line) -> Void,
        _ work: @escaping () throws -> Void
    ) throws {
        let best = try contest([
            { try bestTime(work) },
            { peer.time("\(request) \(ThreadPool.size)") ?? .infinity },
        ])
        var line = Line(name: name, value: .seconds(best[0]))
        if let torch = peer.torch { line.peers.append(Line.Peer(name: torch, value: .seconds(best[1]))) }
        report(line)
    }
}

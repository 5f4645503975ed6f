import Tensors

/// The most memory that a training run holds, of the whole process, beside PyTorch's.
enum MemorySuite: Suite {
    static let name = "memory"

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        let runs = [
            ("MLP, 20 steps, 32 × 128", "mlp", 8000, "student 0 32 128"),
            ("TextCNN, 20 steps, 32 × 128", "cnn", 8000, "student 1 32 128"),
            ("BiLSTM 2 × 75, 20 steps, 32 × 128", "lstm", 8000, "student 2 32 128"),
            ("BiLSTM 2 × 150, 20 steps, 32 × 128", "large lstm", 8000, "student 3 32 128"),
            ("BERT of 2 layers, 20 steps, 32 × 128", "small", 8000, "bert 2 128 2 512 8000 32 128 1"),
            ("MiniLM, 20 steps, 32 × 128", "minilm", 30522, "bert 6 384 12 1536 30522 32 128 1"),
        ]
        for (name, model, words, request) in runs {
            let script = """
                \(ModelSuite.models)
                model = make["\(model)"]()
                opt = adamw(model, lr=1e-4)
                x, y = batch_of(32, 128, \(words)), randint(0, 2, [32])
                for i in range(20) { update(model, opt, x, y) }
                print(read_text("/proc/self/status"))
                """
            guard let own = try Child.peak([Child.kd, "-e", script]) else { throw Failure(name) }
            var line = Line(name: name, value: .bytes(own))
            if let torch = peer.torch,
                let other = try Child.peak(
                    ["/usr/bin/env", Peer.program, "scripts/bench-peer.py"],
                    input: "repeat 20 \(request) \(ThreadPool.size)\n")
            {
                line.peers.append(Line.Peer(name: torch, value: .bytes(other), mark: 2))
            }
            report(line)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ name: String) { description = "kd failed in \(name)" }
    }
}

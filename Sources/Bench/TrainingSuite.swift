import Foundation
import Language
import Library
import Tensors

/// The training steps of tutorials/01_first_distillation.kds, as a script makes them: one batch, from texts to update.
enum TrainingSuite: Suite {
    static let name = "training"

    private static let preparation = """
        seed(1)
        train_set = read_tsv("tutorials/data/rt-polarity/train.tsv", text="sentence", label="label", labels=["bad", "good"])
        big_words = word_tokenizer(train_set, ngrams=2, size=30000)
        teacher = chain(embedding(big_words.size, 64, std=0.1), mean_pool(), dropout(0.5), linear(64, 2), tokenizer=big_words)
        small_words = word_tokenizer(train_set, size=6000)
        student = chain(embedding(small_words.size, 16, std=0.1), mean_pool(), dropout(0.2), linear(16, 2), tokenizer=small_words)
        few_labels = keep_labels(train_set, 500, seed=1)
        known = knowledge(teacher, few_labels)
        loss = 0.7 * kl(T=4) + 0.3 * cross_entropy()
        teacher_opt = adamw(teacher, lr=5e-3, weight_decay=0.1)
        student_opt = adamw(student, lr=5e-3)
        fn teach(steps) {
          for b in train_set |> batches(32, shuffle=true) {
            if steps == 0 { break }
            steps -= 1
            teacher_opt.step(with training(teacher) { cross_entropy()(outputs(teacher, b), nil, b) })
          }
        }
        fn study(steps) {
          for b in few_labels |> batches(32, shuffle=true) {
            if steps == 0 { break }
            steps -= 1
            student_opt.step(with training(student) { loss(outputs(student, b), known(b), b) })
          }
        }
        """

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        let session = Session(output: OutputBuffer())
        try run(preparation, in: session)
        let steps = 20
        // The peer's batches are as long as the longest text of a batch is on average: 82 and 41 positions.
        for (name, call, request) in [
            ("teacher", "teach", "train 30000 64 32 82 0.5 0"), ("student", "study", "train 6000 16 32 41 0.2 1"),
        ] {
            let best = try contest([
                { try bestTime { try run("\(call)(\(steps))", in: session) } / Double(steps) },
                { peer.time("\(request) \(ThreadPool.size)") ?? .infinity },
            ])
            var line = Line(name: "tutorial 1, a step of the \(name)", value: .seconds(best[0]))
            if let torch = peer.torch { line.peers.append(Line.Peer(name: torch, value: .seconds(best[1]))) }
            report(line)
        }
    }

    static func run(_ text: String, in session: Session) throws {
        let outcome = session.run(Source(name: "<bench>", text: text))
        if case .done = outcome { return }
        throw Failure(description: outcome.diagnostics.map(\.message).joined(separator: "; "))
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}

import Language
import Library
import Testing

/// What goes wrong while a model is trained is said with its place, and leaves the model as it was.
@Suite("Errors of training")
struct TrainingErrorTests {
    static let start = """
        seed(1)
        data = dataset({"text": ["good film", "bad film", "so so"], "label": [1, 0, 1]})
        words = word_tokenizer(data)
        m = chain(embedding(words.size, 4), mean_pool(), linear(4, 2), tokenizer=words)

        """

    /// What the script shows, and how the first error is rendered.
    func run(_ script: String) -> (results: String, error: String) {
        let output = OutputBuffer()
        let outcome = Session(output: output).run(Source(name: "script.kds", text: Self.start + script))
        return (output.results, outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n"))
    }

    @Test("NaN in a term names the term and the step, and the weights stay those of the step before")
    func notANumber() {
        let shown = run(
            """
            kept = [nil]
            calls = [0]
            fragile = loss_fn("fragile", (s, t, b) -> {
              calls[0] = calls[0] + 1
              if calls[0] == 4 {
                kept[0] = m(["good film"])
                mean(log(s.logits - 1000.0))
              } else { mean(s.logits) }
            })
            try { train(m, on=data, epochs=10, loss=cross_entropy() + fragile, lr=0.1) } catch e { print(e.message, "|", e.hint) }
            print(item(sum(abs(m(["good film"]) - kept[0]))))
            """)
        #expect(shown.error == "")
        let lines = shown.results.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("fragile is not a number in step 4 | the weights are those") == true)
        #expect(lines.last == "0.0")
    }

    @Test("a label without a class names its row in the dataset, whatever the order of the batches")
    func label() {
        let shown = run(
            """
            wrong = dataset({"text": ["a", "b", "c", "d", "e"], "label": [1, 0, 1, 7, 0]})
            train(m, on=wrong, epochs=1, batch=2)
            """)
        #expect(shown.error.contains("error: the label 7 in row 3 is outside the model's 2 classes, 0 to 1"))
    }

    @Test("widths that do not fit name both shapes and the layer")
    func shapes() {
        let shown = run(
            """
            n = chain(embedding(words.size, 4), mean_pool(), linear(5, 2), tokenizer=words)
            train(n, on=data, epochs=1)
            """)
        #expect(shown.error.contains("linear: takes 5 features, found 4: the input has shape [3, 4]"))
        #expect(shown.error.contains("in part \"2\" of the chain: linear 5 → 2"))
    }

    @Test("teacher and student must be two models, and a loss with a teacher needs one")
    func roles() {
        #expect(run("distill(m, m, on=data)").error.contains("teacher and student are the same model"))
        #expect(run("train(m, on=data, loss=kl(T=4))").error.contains("kl(T=4) needs a teacher"))
    }
}

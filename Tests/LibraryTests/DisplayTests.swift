import Language
import Library
import Testing

/// What values look like as results of their own.
@Suite("Values at the prompt", .serialized)
struct DisplayTests {
    func shown(_ text: String, width: Int = 80) -> String {
        let output = FittedOutput(width: width)
        let outcome = Session(output: output).run(Source(name: "test.kds", text: text))
        return output.results + outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    }

    /// A window of a certain width.
    final class FittedOutput: OutputSink {
        let width: Int
        var results = ""
        init(width: Int) { self.width = width }
        func write(_ text: String, to channel: OutputChannel) { if channel == .results { results += text } }
        func show(_ value: Value, identity: String?) { write(value.display(.full(width: width)) + "\n", to: .results) }
    }

    @Test("a tensor of more than a thousand numbers says its range, a tracked one what made it")
    func tensors() {
        let large = shown("arange(2000).reshape(40, 50)")
        #expect(large.contains("...") && large.hasSuffix("i64 [40, 50], from 0 to 1999, mean 999.5\n"))
        #expect(shown("zeros(1000)").hasSuffix("\nf32 [1000]\n"))
        #expect(shown("x = track(ones(2))\nx;\nx * 2").hasSuffix("f32 [2], by multiply\n"))
        #expect(shown("track(ones(2))") == "[1. 1.]\nf32 [2], tracked\n")
        #expect(shown("softmax(zeros(2))") == "[0.5 0.5]\nf32 [2] probabilities\n")
    }

    @Test("a model shows path, layer, output shape and parameters, trained and frozen")
    func models() {
        let table = shown(
            """
            m = chain(embedding(100, 16), conv1d(16, 32, 3), relu, mean_pool(), linear(32, 2))
            freeze(m[0])
            m
            """)
        let lines = table.split(separator: "\n").map(String.init)
        #expect(lines[0].split(separator: " ").map(String.init) == ["path", "layer", "output", "parameters"])
        #expect(lines[2].contains("embedding 100 × 16") && lines[2].contains("[B, T, 16]"))
        #expect(lines[2].hasSuffix("1 600 frozen"))
        #expect(lines[4].contains("relu") && lines[4].hasSuffix("[B, T', 32]"))
        #expect(lines[6].contains("[B, 2]") && lines[6].hasSuffix(" 66"))
        #expect(lines[7] == "3 234 parameters: 1 634 trained, 1 600 frozen, 12.6 KiB")
    }

    @Test("a declared model's own parameters have a row, and summary() shows the shapes of a run")
    func declaredModels() {
        let model = """
            model Scaled(body) {
              scale = parameter(ones(1))
              fn forward(x) { x + scale * body(x) }
            }

            """
        #expect(shown(model + "Scaled(linear(4, 4))").contains("·     Scaled                         1\n"))
        let run = shown(model + "summary(chain(linear(4, 8), Scaled(linear(8, 8))), zeros(3, 4))")
        #expect(run.contains("0       linear 4 → 8  [3, 8]          40\n"))
        #expect(run.contains("1       Scaled        [3, 8]           1\n"))
    }

    @Test("the shapes that a model's table shows are those of a run")
    func plannedShapes() {
        // Letters stand for B = 2 and T = 9; the convolution makes 7 of 9.
        let text = """
            m = chain(embedding(30, 6), dropout(0.1), layer_norm(6), lstm(6, 5, bidirectional=true), conv1d(10, 8, 3),
              residual(linear(8, 8)), tanh, parallel(linear(8, 3), linear(8, 4)), max_pool(), linear(7, 2))
            """
        let before = shown(text + "\nm").split(separator: "\n")
        let after = shown(text + "\nsummary(m, zeros(2, 9, dtype=\"i64\"))").split(separator: "\n")
        #expect(before.count == after.count)
        func shape(_ line: Substring) -> String? {
            guard let open = line.firstIndex(of: "["), let close = line.firstIndex(of: "]") else { return nil }
            return String(line[open...close])
        }
        var compared = 0
        for (plan, run) in zip(before, after) {
            guard let plan = shape(plan), let run = shape(run) else { continue }
            compared += 1
            #expect(
                plan.replacing("B", with: "2").replacing("T'", with: "7").replacing("T", with: "9") == run)
        }
        #expect(compared == 13)
    }

    @Test("a run shows some of many epochs, and its curve")
    func runs() {
        let text = shown(
            """
            seed(1)
            d = dataset({"x": randn(64, 2), "label": range(64) |> map(i -> i % 2)}, label="label")
            train(chain(linear(2, 8), relu, linear(8, 2)), on=d, valid=d, epochs=30)
            """)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count < 20)
        #expect(lines[1].hasPrefix("epoch") && lines[lines.count - 3].hasPrefix("   30"))
        let curve = lines[lines.count - 2]
        #expect(curve.hasPrefix("loss ") && curve.contains("→") && curve.filter { "▁▂▃▄▅▆▇█".contains($0) }.count == 30)
        #expect(curve.contains("█") && curve.contains("▁"))
    }

    @Test("a function shows its line and first sentence, a caught error all its parts")
    func functions() {
        #expect(
            shown("softmax") == "<function softmax(x, dim=-1)>\nProbabilities from logits along an axis.\n")
        #expect(shown("## Twice.\nfn f(x, by=2) { x * by }\nf") == "<function f(x, by=2)>\nTwice.\n")
        #expect(shown("[softmax]") == "[<function softmax(x, dim=-1)>]\n")
        let error = shown("try { zeros(2, 3) @ zeros(2, 3) } catch e { e }\n[e]")
        #expect(error.hasPrefix("error: matmul: ") && error.contains("--> test.kds:1:7") && error.contains("^^^"))
        #expect(error.hasSuffix("[<error shape: matmul: inner sizes differ: [2, 3] @ [2, 3]>]\n"))
    }

    @Test("a dataset's table fits the window", arguments: [40, 80, 120])
    func datasets(width: Int) {
        let text = shown(
            "dataset({\"text\": [\"a long review of a film that nobody has seen\" * 4, \"kurz\"], \"label\": [0, 1]})",
            width: width)
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(lines[1].contains("a long review") && lines[1].contains("…"))
    }
}

import Foundation
import Language
import Library
import Testing

/// A teacher's answers as a value: by row, in files, in the teacher's place.
@Suite("Knowledge", .serialized) struct KnowledgeTests {
    /// Its file is another one each time.
    private static var start: String {
        """
        seed(1)
        data = dataset({"text": map(i -> "{["good", "bad", "fine", "dull"][i % 4]} film {i}", range(40)), "label": map(i -> i % 2, range(40))})
        words = word_tokenizer(data)
        teacher = chain(embedding(words.size, 8), mean_pool(), linear(8, 6), tokenizer=words)
        fn student_of() { seed(2); chain(embedding(words.size, 4), mean_pool(), linear(4, 6), tokenizer=words) }
        file = "\(NSTemporaryDirectory())kd-knowledge-\(UUID().uuidString).safetensors"

        """
    }

    private func run(_ script: String) -> (error: String, messages: String) {
        let output = OutputBuffer()
        let outcome = Session(output: output).run(Source(name: "test.kds", text: Self.start + script))
        return (outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n"), output.messages + output.progress)
    }

    private func holds(_ script: String, _ place: SourceLocation = #_sourceLocation) {
        #expect(run(script).error == "", sourceLocation: place)
    }

    @Test("a batch in any order, of any part, is given exactly what the teacher gives")
    func exact() {
        holds(
            """
            k = knowledge(teacher, data, keep=["logits", "0"])
            assert len(k) == 40 and k.paths == ["0"]
            whole = k((data |> batches(40))[0])
            for part in [data, data |> shuffle(seed=3), data[5:9], keep_labels(data, 3), unlabelled(data)] {
              for b in part |> batches(7, shuffle=true, by_length=teacher) {
                rows = map(t -> int(t.split(" ")[-1]), b.texts)
                assert all(k(b).logits == whole.logits[rows])
                assert allclose(k(b).logits, teacher(b), atol=1e-6)
                assert all(k(b).hidden["0"][:, 0] == whole.hidden["0"][rows, 0])
              }
            }
            """)
    }

    @Test("what a file holds is what was saved, exactly, in half, and with the likeliest classes alone")
    func files() {
        holds(
            """
            b = (data |> batches(40))[0]
            for more in [{}, {"dtype": "f16"}, {"topk": 2}, {"topk": 9}] {
              k = knowledge(teacher, data, keep=["0", "1"], dtype=more.get("dtype", "f32"), topk=more.get("topk"))
              save(k, file)
              again = load_knowledge(file)
              assert all(again(b).logits == k(b).logits) and again.fingerprint == k.fingerprint and again.bytes == k.bytes
              assert all(again(b).hidden["0"] == k(b).hidden["0"]) and again(b).hidden["0"].shape[2] == 8
            }
            half = knowledge(teacher, data, dtype="f16")
            assert allclose(half(b).logits, teacher(b), rtol=1e-3, atol=1e-6) and half.bytes * 2 == knowledge(teacher, data).bytes
            p, q = softmax(teacher(b)), softmax(knowledge(teacher, data, topk=2)(b).logits)
            assert allclose(topk(q, 2)[0], topk(p, 2)[0], atol=1e-6) and allclose(sum(q, dim=-1), ones(40), atol=1e-5)
            """)
    }

    @Test("knowledge teaches what the teacher would teach, bit for bit, without it")
    func distilling() {
        holds(
            """
            first = student_of()
            r = distill(teacher, first, on=data, epochs=3)
            save(knowledge(teacher, data), file)
            teacher = nil
            second = student_of()
            r = distill(load_knowledge(file), second, on=data, epochs=3)
            for path, value in parameters(first).items() { assert all(value == parameters(second)[path]) }
            """)
    }

    @Test("stale knowledge is an error: other rows, another teacher, values that were not kept")
    func stale() {
        for (script, words) in [
            (
                "k = knowledge(teacher, data); distill(k, student_of(), on=dataset({\"text\": [\"new\"], \"label\": [1]}))",
                "nothing is known of its row 0"
            ),
            (
                "k = knowledge(teacher, data, file=file); reset_parameters(teacher); knowledge(teacher, data, file=file)",
                "another teacher made it"
            ),
            (
                "k = knowledge(teacher, data[:5], file=file); knowledge(teacher, data, file=file)",
                "35 rows of the data are not in it"
            ),
            (
                "k = knowledge(teacher, data); distill(k, student_of(), on=data, loss=hint(teacher=\"1\", student=\"1\"))",
                "without them"
            ),
            ("write_text(\"hello\", file); load_knowledge(file)", "has at least 10"),
            ("save(teacher, file); load_knowledge(file)", "no saved knowledge"),
            ("knowledge(teacher, data, topk=0)", "topk must be at least 1"),
            ("load_knowledge(\"/nowhere\")", "no such file"),
        ] {
            let (error, _) = run(script)
            #expect(error.contains(words), "\(error)")
        }
    }

    @Test("a file whose bytes were changed is refused or answers numbers, and never ends the program")
    func changed() throws {
        let path = NSTemporaryDirectory() + "kd-knowledge-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(run("save(knowledge(teacher, data[:4], keep=[\"0\"], topk=2), \"\(path)\")").error == "")
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var refused = 0
        for place in stride(from: 0, to: whole.count, by: 7) {
            var bytes = whole
            bytes[place] ^= 0x41
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            if run("k = load_knowledge(\"\(path)\"); k((data[:4] |> batches(4))[0])").error != "" { refused += 1 }
        }
        for count in stride(from: 0, to: whole.count, by: 31) {
            try Data(whole[..<count]).write(to: URL(fileURLWithPath: path))
            #expect(run("load_knowledge(\"\(path)\")").error != "")
        }
        #expect(refused > 0)
    }

    @Test("a second student on the same data asks nothing of the teacher, until the teacher changes")
    func reuse() {
        holds(
            """
            first = knowledge(teacher, data)
            assert same(first, knowledge(teacher, data)) or first.seconds == knowledge(teacher, data).seconds
            before = first.fingerprint
            r = train(teacher, on=data, epochs=1)
            assert knowledge(teacher, data).fingerprint != before
            """)
    }
}

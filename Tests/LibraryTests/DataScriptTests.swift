import Foundation
import Language
import Library
import Testing

/// Datasets and files as a script sees them: what is shown, and what the errors say.
@Suite("Data in scripts", .serialized) struct DataScriptTests {
    /// What a text shows, or the rendered error.
    static func run(_ text: String) -> (output: String, error: String) {
        let output = OutputBuffer()
        let outcome = Session(output: output).run(Source(name: "test.kds", text: text))
        return (output.results, outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n"))
    }

    static func expect(
        _ text: String, _ shown: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (output, error) = run(text)
        #expect(output == shown + "\n", sourceLocation: sourceLocation)
        #expect(error == "", sourceLocation: sourceLocation)
    }

    static func expectError(
        _ text: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (_, error) = run(text)
        for word in words { #expect(error.contains(word), "\(error)", sourceLocation: sourceLocation) }
        #expect(error.contains("--> test.kds:"), "\(error)", sourceLocation: sourceLocation)
    }

    static let films = """
        films = dataset({"text": ["good film", "bad film", "fine"], "label": ["pos", "neg", "pos"], "n": [1, 2, 3]})

        """

    @Test("a dataset shows itself as a table")
    func shown() {
        Self.expect(
            Self.films + "films",
            """
               text       label  n
            0  good film  1 pos  1
            1  bad film   0 neg  2
            2  fine       1 pos  3
            3 rows · text: text · n: int · label: 2 classes (neg 1, pos 2)
            """)
        Self.expect(Self.films + "films |> batches(2)", "<2 batches of 2>")
        Self.expect(Self.films + "films |> batches(3)", "<1 batch of 3>")
    }

    @Test("rows, columns, masks and lists of rows index a dataset")
    func indices() {
        Self.expect(
            Self.films + """
                print(films[0], films[-1]["n"], films["label"], films[[2, 0]]["n"], films[1:]["text"])
                print(films[tensor([true, false, true])]["n"], len(films), films.columns, films.label_names)
                """,
            """
            {"text": "good film", "label": 1, "n": 1} 3 [1, 0, 1] [3, 1] ["bad film", "fine"]
            [1, 3] 3 ["text", "label", "n"] ["neg", "pos"]
            """)
        Self.expectError(Self.films + "films[3]", "row 3 is out of range: the dataset has 3 rows")
        Self.expectError(Self.films + "films[\"lable\"]", "did you mean \"label\"?")
        Self.expectError(Self.films + "films[tensor([true])]", "1 bools for 3 rows")
    }

    @Test("filter keeps a dataset, map makes a list, and a dataset is made of it again")
    func filtered() {
        Self.expect(
            Self.films + """
                small = films |> filter(row -> row["n"] < 3)
                print(type(small), small["n"], small.label_names)
                print(films |> map(row -> row["n"] * 10))
                print(dataset(films |> map(row -> {"n": row["n"] ** 2}))["n"])
                """,
            """
            dataset [1, 2] ["neg", "pos"]
            [10, 20, 30]
            [1, 4, 9]
            """)
    }

    @Test("parts, orders and batches go with the seed")
    func random() {
        Self.expect(
            """
            d = dataset({"x": list(range(10))})
            a, b, c = d |> split(0.6, 0.2, 0.2, seed=3)
            print(sorted(a["x"] + b["x"] + c["x"]), len(a), len(b), len(c))
            e, f, g = d |> split(0.6, 0.2, 0.2, seed=3)
            print(a["x"] == e["x"], shuffle(d, seed=1)["x"])
            seed(4)
            first = list(map(b -> b.ids, d |> batches(4, shuffle=true)))
            second = list(map(b -> b.ids, d |> batches(4, shuffle=true)))
            seed(4)
            print(first == list(map(b -> b.ids, d |> batches(4, shuffle=true))), first == second)
            print(len(d |> batches(4, drop_last=true)), len(d |> batches(9223372036854775807)))
            """,
            """
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] 6 2 2
            true [7, 2, 6, 8, 0, 1, 5, 9, 3, 4]
            true false
            2 1
            """)
        Self.expectError(Self.films + "films |> split(0.5, 0.2)", "add up to 0.7", "name the rest too: …, 0.3")
        Self.expectError(Self.films + "films |> split(0.9, 0.05, 0.05)", "gets no row")
        Self.expectError(Self.films + "films |> batches(0)", "at least 1")
    }

    @Test("what a script puts into a dataset comes out of it again")
    func roundTrip() {
        Self.expect(
            """
            d = dataset({"i": [1, nil], "t": ["a", nil], "l": [[1], [2, [3]]], "m": [{"k": 1.5}, {}], "b": [true, false]})
            print(d["i"], d["t"], d["l"], d["m"], d["b"])
            write_jsonl(d, "/tmp/kd-round-trip.jsonl")
            print(read_jsonl("/tmp/kd-round-trip.jsonl", types={"i": "skip", "t": "text?"})["l"])
            print(labels_of(labelled(dataset({"text": ["a", "b", "c"], "label": ["x", nil, "y"]}))) |> tolist)
            print(dataset({"f": [x -> x + 1]})["f"][0](2))
            """,
            """
            [1, nil] ["a", nil] [[1], [2, [3]]] [{"k": 1.5}, {}] [true, false]
            [[1], [2, [3]]]
            [0, 1]
            3
            """)
        Self.expectError("dataset({\"label\": [1, \"x\"]})", "row 1: the label is a text, in row 0 it is an int")
        Self.expectError("dataset({\"a\": [1], \"b\": [1, 2]})", "not equally long")
        Self.expectError("dataset([{\"a\": 1}, {\"b\": 1}])", "row 1")
        Self.expectError("dataset([1])", "row 0 is 1")
        Self.expectError("dataset({\"a\": 1})", "must be a list or a tensor")
        Self.expectError("dataset({1: [1]})", "must be a string")
        Self.expectError(
            "dataset({\"text\": [\"a\"], \"label\": [5]}, labels=[\"n\", \"p\"])", "row 0: the label is 5")
        Self.expectError("write_jsonl(dataset({\"f\": [x -> x]}), \"/tmp/kd-no.jsonl\")", "row 0", "JSON cannot hold")
        Self.expectError("write_csv(dataset({\"l\": [[1]]}), \"/tmp/kd-no.csv\")", "row 0", "write_jsonl can")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/kd-no.jsonl"))
        #expect(!FileManager.default.fileExists(atPath: "/tmp/kd-no.csv"))
    }

    @Test("errors of files have the file, its line, and the line of the script")
    func fileErrors() {
        Self.expectError(
            "write_text(\"a\\tb\\n1\\t2\\n3\\n\", \"/tmp/kd-bad.tsv\")\nd = read_tsv(\"/tmp/kd-bad.tsv\")",
            "/tmp/kd-bad.tsv, line 3: 1 field where the first line has 2", "test.kds:2:5")
        Self.expectError(
            "write_text(\"1\\t2\\n\", \"/tmp/kd-bad.tsv\")\nread_tsv(\"/tmp/kd-bad.tsv\")", "header=false")
        Self.expect(
            "write_text(\"1\\t2\\n\", \"/tmp/kd-bad.tsv\")\nread_tsv(\"/tmp/kd-bad.tsv\", header=false)[\"column1\"]",
            "[2]")
        Self.expectError("read_text(\"/tmp\")", "this is a folder")
        Self.expectError("read_csv(\"/nowhere/x.csv\")", "there is no folder \"/nowhere\"")
        Self.expectError("read_npy(\"/dev/zero\")", "/dev/zero: ")
        Self.expectError(
            "write_text(\"[1, 2\", \"/tmp/kd-bad.json\")\nread_json(\"/tmp/kd-bad.json\")",
            "/tmp/kd-bad.json, line 1, column 1: the array is never closed")
        let twice = Self.run("read_json(\"/tmp/kd-bad.json\")").error
        #expect(twice.components(separatedBy: "never closed").count == 2, "\(twice)")
        Self.expectError("write_npy(ones(2), \"/nowhere/x.npy\")", "/nowhere", "mkdir -p")
        Self.expectError("write_npy(reshape(ones(1), [1] * 65), \"/tmp/kd-no.npy\")", "65 axes")
    }

    @Test("arrays come back from a file with their shape and type")
    func arrays() {
        Self.expect(
            """
            for kind in ["bool", "u8", "i32", "i64", "f32", "f64"] {
              x = ones(2, 3, dtype=kind)
              write_npy(x, "/tmp/kd-array.npy")
              y = read_npy("/tmp/kd-array.npy")
              assert all(x == y) and y.dtype == kind and y.shape == [2, 3]
            }
            write_npy(ones(2, dtype="bf16"), "/tmp/kd-array.npy")
            read_npy("/tmp/kd-array.npy")
            """,
            """
            [1. 1.]
            f32 [2]
            """)
    }

    @Test("each of the library's modules passes its own tests and examples")
    func modules() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../stdlib")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".kds") }
        var passed = 0
        for file in files.sorted() {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
            _ = ScriptTests.run(file: "stdlib/\(file)", bytes: bytes) { result in
                switch result.verdict {
                case .passed: passed += 1
                case .failed(let diagnostics):
                    Issue.record(
                        "\(file), \(result.name): \(diagnostics.map { $0.rendered() }.joined(separator: "\n"))")
                }
            }
        }
        #expect(passed >= 30)
    }
}

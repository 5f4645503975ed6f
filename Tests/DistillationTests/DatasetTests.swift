import Distillation
import Foundation
import Networks
import Tensors
import Testing

@Suite("Datasets") struct DatasetTests {
    /// `count` rows: text "t0" …, label row % classes, x = row.
    static func rows(_ count: Int, classes: Int = 3) throws -> Dataset {
        try Dataset(
            name: "rows",
            columns: [
                ("text", .text((0..<count).map { "t\($0)" })), ("label", .integers((0..<count).map { $0 % classes })),
                ("x", .integers(Array(0..<count))),
            ])
    }

    static func numbers(_ data: Dataset) throws -> [Int] {
        try (0..<data.count).map { row in
            guard case .integer(let number) = try data.cell(row, "x") else { return -1 }
            return number
        }
    }

    // MARK: making

    @Test("columns that do not fit together are errors that name them")
    func construction() throws {
        func error(_ columns: [(String, Column)], _ label: Dataset.Role = .automatic, names: [String]? = nil) throws
            -> DataError
        {
            try #require(throws: DataError.self) {
                try Dataset(name: "d", columns: columns, label: label, labelNames: names)
            }
        }
        #expect(try error([("a", .text(["x"])), ("b", .integers([1, 2]))]).kind == "shape")
        #expect(try error([("a", .text(["x"])), ("a", .integers([1]))]).message.contains("two columns"))
        #expect(try error([("a", .text(["x"]))], .named("b")).message.contains("\"b\""))
        #expect(try error([("a", .text(["x"]))], .named(["a", "a"])).message.contains("one column is the label"))
        let outside = try error([("label", .integers([0, 2]))], names: ["n", "p"])
        #expect(outside.row == 1 && outside.message == "row 1: the label is 2, but there are 2 names: \"n\", \"p\"")
        let unknown = try error([("label", .text(["pos", "pso"]))], names: ["neg", "pos"])
        #expect(unknown.row == 1 && unknown.hint == "did you mean \"pos\"?")
        #expect(try error([("label", .text(["a"]))], names: ["a", "a"]).message.contains("named twice"))
        #expect(throws: DataError.self) {
            try Dataset(name: "d", columns: [("a", .integers([1]))], text: .named("a"))
        }
    }

    @Test("cells of one kind make a column of it, and a gap stays a gap")
    func cells() throws {
        #expect(try Column([.integer(1), .float(2.5)]).typeName == "float")
        let gap = try Dataset(name: "d", columns: [("x", try Column([.integer(1), .missing]))])
        guard case .missing = try gap.cell(1, "x"), case .integer(1) = try gap.cell(0, "x") else {
            Issue.record("\(gap.table())")
            return
        }
        let labels = try Dataset(name: "d", columns: [("label", try Column([.integer(1), .missing]))])
        #expect(try labels.labels() == [1, Dataset.missingLabel])
        let real = try Dataset(name: "d", columns: [("label", try Column([.float(0.5), .missing]))])
        guard case .floats(let values) = try real.column("label") else {
            Issue.record("a target with a gap is a float")
            return
        }
        #expect(values[0] == 0.5 && values[1].isNaN)
        let bools = try Dataset(name: "d", columns: [("label", try Column([.truth(true), .missing, .truth(false)]))])
        #expect(try bools.labels() == [1, Dataset.missingLabel, 0])
        for mixed: [Cell] in [[.integer(1), .text("x")], [.text("x"), .truth(true)]] {
            let error = try #require(throws: DataError.self) {
                try Dataset(name: "d", columns: [("label", try Column([.missing] + mixed))])
            }
            #expect(error.row == 2 && error.message.contains("row 1"), "\(error)")
        }
        #expect(throws: DataError.self) {
            try Dataset(name: "d", columns: [("label", try Column([.json(.array([]))]))])
        }
        let ragged = try Column([.tensor(try Tensor([1.0])), .tensor(try Tensor([1.0, 2]))])
        #expect(ragged.typeName == "values")
        #expect(try Column([.tensor(try Tensor([1.0])), .tensor(try Tensor([2.0]))]).typeName == "f64 [1]")
    }

    @Test("two lists with different content have different fingerprints, an order has none")
    func fingerprints() throws {
        func data(_ items: [Int]) throws -> Dataset {
            try Dataset(
                name: "d", columns: [("x", try Column(items.map { .json(.array([.int($0)])) }))])
        }
        #expect(try data([1, 2]).fingerprint() != data([1, 3]).fingerprint())
        #expect(try data([1, 2]).fingerprint() == data([2, 1]).fingerprint())
        let rows = try Self.rows(20)
        #expect(try rows.shuffled(seed: 1).fingerprint() == rows.fingerprint())
        #expect(try rows.take(19).fingerprint() != rows.fingerprint())
        #expect(try rows.unlabelled().fingerprint() != rows.fingerprint())
    }

    // MARK: dividing

    @Test("parts of a split have every row once, sizes nearest to the fractions, and go with the seed")
    func split() throws {
        let data = try Self.rows(103)
        for fractions in [[0.8, 0.1, 0.1], [0.5, 0.5], [1.0], [0.7, 0.2, 0.05, 0.05], [1 / 3.0, 1 / 3.0, 1 / 3.0]] {
            let parts = try data.split(fractions, seed: 7)
            #expect(try parts.flatMap { try Self.numbers($0) }.sorted() == Array(0..<103))
            for (part, fraction) in zip(parts, fractions) { #expect(abs(Double(part.count) - 103 * fraction) < 1) }
            let again = try data.split(fractions, seed: 7)
            #expect(try parts.map { try Self.numbers($0) } == again.map { try Self.numbers($0) })
            if fractions.count > 1 {
                #expect(try Self.numbers(data.split(fractions, seed: 8)[0]) != Self.numbers(parts[0]))
            }
            #expect(parts.allSatisfy { $0.labelColumn == "label" && $0.textColumns == ["text"] })
            for part in parts { #expect(try part.ids == Self.numbers(part)) }
        }
    }

    @Test("fractions that leave a rest say which, and parts without a row are an error")
    func splitErrors() throws {
        let data = try Self.rows(10)
        let rest = try #require(throws: DataError.self) { try data.split([0.7, 0.1], seed: 0) }
        #expect(rest.hint == "name the rest too: …, 0.2")
        for fractions in [[], [0.0, 1], [-0.5, 1.5], [.nan, 1], [0.6, 0.6], [0.99, 0.01], [.infinity]] {
            #expect(throws: DataError.self, "\(fractions)") { try data.split(fractions, seed: 0) }
        }
        #expect(throws: DataError.self) { try data.split([0.5, 0.5], seed: 0, stratified: true, together: "x") }
        #expect(throws: DataError.self) { try data.split([0.5, 0.5], seed: 0, together: "nope") }
    }

    @Test("a stratified split keeps the shares of the classes, and rows that belong together stay so")
    func splitKinds() throws {
        let data = try Self.rows(90)
        for part in try data.split([0.8, 0.2], seed: 3, stratified: true) {
            #expect(Set(try part.labelCounts().counts.map(\.count)).count == 1)
        }
        let doubled = try data.concatenated(data)
        let parts = try doubled.split([0.5, 0.5], seed: 1, together: "text")
        let texts = try parts.map { Set(try $0.texts()) }
        #expect(texts[0].isDisjoint(with: texts[1]) && parts[0].count + parts[1].count == 180)
    }

    @Test("an order is the same for a seed, on every machine")
    func shuffle() throws {
        let data = try Self.rows(10)
        #expect(try Self.numbers(data.shuffled(seed: 0)) == Self.numbers(data.shuffled(seed: 0)))
        #expect(try Self.numbers(data.shuffled(seed: 0)) == [1, 4, 5, 0, 7, 6, 9, 8, 2, 3])
        #expect(try Self.numbers(data.shuffled(seed: 1)) == [7, 2, 6, 8, 0, 1, 5, 9, 3, 4])
        #expect(try Self.numbers(data.shuffled(seed: 1)).sorted() == Array(0..<10))
        // Each row comes to each place about equally often.
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
        let five = try Self.rows(5)
        for seed in 0..<2_000 {
            for (place, row) in try Self.numbers(five.shuffled(seed: seed)).enumerated() { counts[place][row] += 1 }
        }
        #expect(counts.flatMap { $0 }.allSatisfy { abs($0 - 400) < 90 }, "\(counts)")
    }

    @Test("batches hold every row once, the last one what is left, another order in each epoch")
    func batches() throws {
        let data = try Self.rows(10)
        let plain = try data.batches(of: 4)
        #expect(plain.count == 3 && plain.map(\.count) == [4, 4, 2])
        #expect(plain.flatMap(\.rows) == Array(0..<10))
        #expect(try data.batches(of: 4, dropsLast: true).map(\.count) == [4, 4])
        let first = try data.batches(of: 3, shuffle: true, seed: 5, epoch: 0)
        let second = try data.batches(of: 3, shuffle: true, seed: 5, epoch: 1)
        #expect(first.flatMap(\.rows).sorted() == Array(0..<10))
        #expect(first.flatMap(\.rows) != second.flatMap(\.rows))
        #expect(try data.batches(of: 3, shuffle: true, seed: 5, epoch: 1).flatMap(\.rows) == second.flatMap(\.rows))
        #expect(first[2].rows == Array(first)[2].rows)
        #expect(try plain[0].labels().elements() == [0, 1, 2, 0])
        #expect(try plain[0].labels().unit == .labels)
        #expect(try plain[1].texts() == ["t4", "t5", "t6", "t7"])
        #expect(try data.shuffled(seed: 2).batches(of: 10)[0].ids == Self.numbers(data.shuffled(seed: 2)))
        for size in [0, -1] { #expect(throws: DataError.self) { try data.batches(of: size) } }
        #expect(try data.batches(of: .max).map(\.count) == [10])
        #expect(try data.take(0).batches(of: 3).count == 0)
    }

    // MARK: changing

    @Test("rows and columns are taken, dropped, added and renamed, and their roles go with them")
    func operations() throws {
        let data = try Self.rows(6)
        #expect(try data.take(9).count == 6 && data.drop(9).count == 0 && data.drop(4).count == 2)
        #expect(throws: DataError.self) { try data.take(-1) }
        #expect(throws: DataError.self) { try data.selecting([6]) }
        #expect(try data.selecting([5, 0, 5]).ids == [5, 0, 5])
        #expect(try data.renaming(column: "label", to: "class").labelColumn == "class")
        #expect(throws: DataError.self) { try data.renaming(column: "x", to: "label") }
        #expect(try data.keeping(columns: ["x"]).labelColumn == nil)
        let near = try #require(throws: DataError.self) { try data.keeping(columns: ["lable"]) }
        #expect(near.hint?.contains("did you mean \"label\"") == true)
        #expect(throws: DataError.self) { try data.with(column: "y", .integers([1])) }
        let named = try data.with(column: "label", .text(["a", "b", "a", "b", "a", "b"]))
        #expect(named.labelNames == ["a", "b"])
        #expect(try named.labels() == [0, 1, 0, 1, 0, 1])
        #expect(throws: DataError.self) {
            try named.concatenated(data.with(column: "label", .text(["c", "d", "c", "d", "c", "d"])))
        }
        #expect(throws: DataError.self) { try data.concatenated(data.keeping(columns: ["x"])) }
        #expect(Set(try data.concatenated(data).ids).count == 12)
        #expect(try data.unlabelled().labels().allSatisfy { $0 == Dataset.missingLabel })
        #expect(try data.unlabelled().labelCounts().missing == 6)
        let ragged = try #require(throws: DataError.self) {
            try Dataset.rows([[("a", .integer(1))], [("b", .integer(1))]], name: "d")
        }
        #expect(ragged.row == 1)
    }

    // MARK: showing

    @Test("a table fits the window, whatever stands in the cells")
    func table() throws {
        let texts = [
            "plain", "line\nbreak\ttab", "日本語の長いテキストがここにあります、とても長い", "\u{1B}[31mred",
            String(repeating: "x", count: 5_000),
        ]
        let data = try Dataset(
            name: "d",
            columns: [
                ("text", .text(texts)), ("label", .text(["a", "b", "a", "b", "a"])),
                ("value", .floats([1, 0.1, .nan, 1e30, -1e-9])),
            ])
        for width in [24, 40, 80, 200] {
            for line in data.table(width: width).split(separator: "\n") {
                #expect(DisplayText.width(String(line)) <= width, "\(width): \(line)")
                #expect(!line.contains("\u{1B}") && !line.contains("\t"))
            }
        }
        let shown = data.table(width: 80)
        #expect(shown.contains("line⏎break⇥tab") && shown.contains("0 a") && shown.contains("nan"))
        #expect(shown.hasSuffix("5 rows · text: text · value: float · label: 2 classes (a 3, b 2)"))
        #expect(data.table(width: 80, rows: 2).contains("…"))
        #expect(try Dataset(name: "none", columns: []).table() == "0 rows")
        let wide = try Dataset(name: "d", columns: (0..<60).map { ("column \($0)", .integers([$0])) })
        #expect(wide.table(width: 80).contains("more columns not shown"))
        #expect(try Self.rows(12_345).table().contains("12,345 rows"))
    }

    // MARK: text

    @Test("texts are numbered once for a tokenizer, and a batch is filled up to its longest row and masked")
    func encoding() throws {
        let data = try Dataset(
            name: "d",
            columns: [("text", .text(["a b c", "b", "", "unknown a"])), ("label", .integers([0, 1, 0, 1]))])
        let tokenizer = try WordTokenizer.build(from: ["a b c"])
        let texts = try data.encoded(by: tokenizer)
        #expect(try data.encoded(by: tokenizer) === texts)
        let other = try WordTokenizer.build(from: ["a b c d"])
        #expect(try data.encoded(by: other) !== texts)
        let batch = try texts.batch([0, 1, 2])
        #expect(batch.ids.shape == [3, 3] && batch.mask.shape == [3, 3] && batch.types == nil)
        // A text without a word is one unknown word.
        #expect(try batch.mask.elements() == [1, 1, 1, 1, 0, 0, 1, 0, 0])
        let ids = try batch.ids.elements(as: Int.self)
        #expect(ids.indices.filter { ids[$0] == tokenizer.padId } == [4, 5, 7, 8])
        #expect(Set(ids[0..<3]).count == 3 && ids[3] == ids[1])
        #expect(try texts.batch([2]).ids.shape == [1, 1])
        #expect(try texts.batch([]).ids.shape == [0, 0])
        #expect(throws: DataError.self) { try data.keeping(columns: ["label"]).encoded(by: tokenizer) }
        let shared = try data.batches(of: 2)[1]
        #expect(try shared.encoded(by: tokenizer).ids === shared.encoded(by: tokenizer).ids)
    }
}

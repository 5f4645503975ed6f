import Distillation
import Foundation
import Networks
import Tensors
import Testing

@Suite("Tagging: sentences of words with a class for each")
struct TaggingTests {
    private struct Case: Decodable {
        let name: String
        let strict: Bool
        let truth: [[String]]
        let guess: [[String]]
        let precision: Double
        let recall: Double
        let f1: Double
        let report: String
    }

    @Test("entities are scored as seqeval scores them")
    func scores() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/entities.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: path))
        #expect(cases.count > 20)
        for one in cases {
            let scores = try EntityScores(truth: one.truth, guess: one.guess, strict: one.strict)
            #expect(abs(scores.micro.precision - one.precision) < 1e-12, "\(one.name) \(one.strict)")
            #expect(abs(scores.micro.recall - one.recall) < 1e-12, "\(one.name) \(one.strict)")
            #expect(abs(scores.micro.f1 - one.f1) < 1e-12, "\(one.name) \(one.strict)")
            #expect(scores.report(digits: 3) == one.report, "\(one.name) \(one.strict)")
        }
    }

    private func conll(_ text: String) throws -> Dataset { try ConllReader.read(Array(text.utf8), file: "a.conll") }

    @Test("sentences are read from tabs and from blanks, remarks are passed over")
    func reading() throws {
        for text in [
            "# intent = x\nAnn\tB-per\nsings\tO\n\n\n-DOCSTART-\nOslo\tB-loc\n#\tO\n",
            "# intent = x\r\nAnn B-per\r\nsings O\r\n\r\n-DOCSTART- -X-\r\n\r\nOslo B-loc\r\n# O",
        ] {
            let data = try conll(text)
            #expect(data.labelNames == ["O", "B-loc", "B-per"])
            #expect(try data.tagNames() == [["B-per", "O"], ["B-loc", "O"]])
            #expect(try data.texts() == ["Ann sings", "Oslo #"])
        }
        #expect(try ConllReader.read(Array("1 Ann x B-per\n".utf8), file: "a", wordField: 1).tagNames() == [["B-per"]])
    }

    @Test(
        "what is no file of sentences is refused with its line",
        arguments: [
            ("", "empty"), ("\n\n", "no sentences"), ("Ann\tB-per\nsings\n", "line 2"), ("a b\nc d e\n", "line 2"),
            ("Ann\tB-per\n\u{0}\tO\n", "NUL"),
        ])
    func hostile(text: String, words: String) {
        do {
            _ = try conll(text)
            Issue.record("\(text.debugDescription) was read")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test("bytes that are not UTF-8 and fields that are not there are refused")
    func bytes() {
        #expect(throws: FormatError.self) { try ConllReader.read([0x41, 0xFF, 0x09, 0x4F, 0x0A], file: "a") }
        #expect(throws: FormatError.self) { try ConllReader.read(Array("a b\n".utf8), file: "a", wordField: 7) }
        #expect(throws: DataError.self) {
            try Dataset(
                name: "a", columns: [("words", .words([["a", "b"]])), ("tags", .words([["O"]]))])
        }
    }

    @Test("a model's answers stand at the first token of each word, whatever its tokenizer")
    func atWords() throws {
        let data = try conll("low\tA\nlowest\tB\n\nnewer\tA\nlow\tB\nnew\tA\n")
        let tokenizer = try WordPieceTrainer.train(on: ["low lower lowest", "new newer newest"], size: 40)
        final class Places: Layer {
            override func forward(_ x: Tensor) throws -> Tensor {
                try Tensor((0..<x.count).map { Float($0 % x.shape[1]) }, shape: x.shape + [1])
            }
        }
        let model = Places()
        model.tokenizer = tokenizer
        let output = try model(Batch(data, rows: [0, 1]))
        // [CLS] lo ##w lo ##west [SEP] and [CLS] ne ##wer lo ##w ne ##w [SEP]; the third word of the first sentence is padding.
        #expect(output.shape == [2, 3, 1])
        #expect(try output.elements().enumerated().filter { $0.offset != 2 }.map(\.element) == [1, 3, 1, 3, 5])
        #expect(try output.mask?.elements() == [1, 1, 0, 1, 1, 1])
        model.tokenizer = try tokenizer.limited(to: 4)
        #expect(try model(Batch(data, rows: [1])).elements() == [1, 0, 0])
        #expect(try Batch(data, rows: [0, 1]).labels().elements() == [0, 1, -100, 0, 1, 0])
    }

    @Test("weights of classes are scikit-learn's, for rows and for words")
    func weights() throws {
        let rows = try Dataset(name: "a", columns: [("label", .integers([0, 0, 1, 2, -100]))])
        #expect(try rows.classWeights().elements().map { ($0 * 1e4).rounded() } == [6667, 13333, 13333])
        let words = try conll("a\tO\nb\tO\nc\tX\n")
        #expect(try words.classWeights().elements() == [0.75, 1.5])
    }

    @Test("several classes for a row become a tensor of 0 and 1")
    func severalClasses() throws {
        let data = try Dataset(
            name: "a", columns: [("text", .text(["x", "y"])), ("labels", .words([["b", "a"], []]))])
        #expect(data.labelNames == ["a", "b"])
        #expect(try Batch(data, rows: [0, 1]).labels().elements() == [1, 1, 0, 0])
    }
}

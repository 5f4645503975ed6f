import Distillation
import Foundation
import Testing

/// Measures beside scikit-learn's and SciPy's numbers, made by scripts/fixtures/metrics.py.
@Suite("Measures") struct MetricsTests {
    struct Report: Decodable {
        let truth: [Int]
        let guess: [Int]
        let classes: [Int]?
        let names: [String]?
        let texts: [String: String]
        let accuracy: Double
        let balanced: Double
        let matthews: Double
        let macro: [Double]
        let weighted: [Double]
        let confusion: [[Int]]?
    }

    struct Scores: Decodable {
        let truth: [Int]
        let classes: Int
        let probabilities: [Double]
        let logLoss: Double
        let top: [Double]
    }

    struct Regression: Decodable {
        let truth: [Double]
        let guess: [Double]
        let mse: Double
        let mae: Double
        let r2: Double
        let pearson: Double?
        let spearman: Double?
    }

    struct Fixture: Decodable {
        let reports: [Report]
        let scores: [Scores]
        let regression: [Regression]
    }

    static func fixture() throws -> Fixture {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/metrics.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }

    static func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-13) -> Bool {
        abs(a - b) <= tolerance * max(1, abs(b))
    }

    @Test("a classification report is scikit-learn's, character for character")
    func reports() throws {
        let cases = try Self.fixture().reports
        var texts = 0
        for wanted in cases {
            let report = try ClassificationReport(
                wanted.truth, wanted.guess, classes: wanted.classes, names: wanted.names)
            for (digits, text) in wanted.texts {
                #expect(report.text(digits: try #require(Int(digits))) == text)
                texts += 1
            }
        }
        #expect(cases.count > 50 && texts > 80)
    }

    @Test("averages, accuracy, Matthews' coefficient and the confusion matrix are scikit-learn's")
    func averages() throws {
        for wanted in try Self.fixture().reports {
            let report = try ClassificationReport(wanted.truth, wanted.guess, classes: wanted.classes)
            for (found, due) in [(report.macro, wanted.macro), (report.weighted, wanted.weighted)] {
                for (a, b) in zip([found.precision, found.recall, found.f1], due) { #expect(Self.isClose(a, b)) }
            }
            #expect(Self.isClose(try Metrics.accuracy(wanted.truth, wanted.guess), wanted.accuracy))
            #expect(Self.isClose(try Metrics.balancedAccuracy(wanted.truth, wanted.guess), wanted.balanced))
            #expect(Self.isClose(try Metrics.matthews(wanted.truth, wanted.guess), wanted.matthews))
            if wanted.classes == nil { #expect(report.accuracy.map { Self.isClose($0, wanted.accuracy) } == true) }
            if let counts = wanted.confusion {
                #expect(try ConfusionMatrix(wanted.truth, wanted.guess, classes: wanted.classes).counts == counts)
            }
        }
    }

    @Test("log loss and top-k accuracy are scikit-learn's")
    func scores() throws {
        let cases = try Self.fixture().scores
        #expect(cases.count == 5)
        for wanted in cases {
            let scores = try Metrics.Scores(wanted.probabilities, classes: wanted.classes)
            #expect(Self.isClose(try Metrics.logLoss(wanted.truth, probabilities: scores), wanted.logLoss))
            for (k, due) in wanted.top.enumerated() {
                #expect(Self.isClose(try Metrics.topKAccuracy(wanted.truth, scores: scores, k: k + 1), due))
            }
        }
    }

    @Test("errors, R² and the correlations are scikit-learn's and SciPy's")
    func regression() throws {
        let cases = try Self.fixture().regression
        #expect(cases.count == 18)
        for wanted in cases {
            let (y, z) = (wanted.truth, wanted.guess)
            #expect(Self.isClose(try Metrics.meanSquaredError(y, z), wanted.mse))
            #expect(Self.isClose(try Metrics.meanAbsoluteError(y, z), wanted.mae))
            #expect(Self.isClose(try Metrics.rSquared(y, z), wanted.r2, 1e-12))
            for (found, due) in [
                (try Metrics.pearson(y, z), wanted.pearson), (try Metrics.spearman(y, z), wanted.spearman),
            ] {
                if let due { #expect(Self.isClose(found, due, 1e-12)) } else { #expect(found.isNaN) }
            }
        }
    }

    @Test("the calibration error is the mean distance of confidence and accuracy over the bins")
    func calibration() throws {
        // Bins of a half: confidences 0.6, 0.7 (one right), and 0.9, 1 (both right) all fall into the upper one.
        let scores = try Metrics.Scores([0.6, 0.4, 0.3, 0.7, 0.9, 0.1, 0, 1], classes: 2)
        let two = try Metrics.calibrationError([1, 1, 0, 1], probabilities: scores, bins: 2)
        #expect(Self.isClose(two, abs(3 - 3.2) / 4))
        // Bins of a tenth: each sample has its own.
        let ten = try Metrics.calibrationError([1, 1, 0, 1], probabilities: scores, bins: 10)
        #expect(Self.isClose(ten, (0.6 + 0.3 + 0.1 + 0) / 4))
    }

    @Test("samples without a label are left out everywhere")
    func missingLabels() throws {
        let none = Dataset.missingLabel
        #expect(try Metrics.accuracy([0, none, 1], [0, 1, 0]) == 0.5)
        #expect(try ClassificationReport([0, none, 1], [0, 5, 0]).support == [1, 1])
        #expect(try ConfusionMatrix([0, none], [0, 1]).counts == [[1]])
        #expect(try Metrics.meanSquaredError([1, .nan, 3], [1, 7, 5]) == 2)
        let scores = try Metrics.Scores([0.5, 0.5, 1, 0], classes: 2)
        #expect(try Metrics.topKAccuracy([none, 0], scores: scores, k: 1) == 1)
        #expect(throws: DataError.self) { try Metrics.accuracy([none], [0]) }
    }

    @Test("what cannot be measured is an error and no number")
    func errors() throws {
        #expect(throws: DataError.self) { try Metrics.accuracy([], []) }
        #expect(throws: DataError.self) { try Metrics.accuracy([0, 1], [0]) }
        #expect(throws: DataError.self) { try ClassificationReport([0, 1], [0, 1], names: ["a"]) }
        #expect(throws: DataError.self) { try ClassificationReport([0, 1], [0, 1], classes: [0, 0]) }
        #expect(throws: DataError.self) { try Metrics.rSquared([1], [1]) }
        #expect(throws: DataError.self) { try Metrics.pearson([1], [1]) }
        #expect(throws: DataError.self) { try Metrics.Scores([1, 2, 3], classes: 2) }
        let logits = try Metrics.Scores([3, -1], classes: 2)
        let error = try #require(throws: DataError.self) { try Metrics.logLoss([0], probabilities: logits) }
        #expect(error.kind == "unit" && error.hint?.contains("softmax") == true)
        let outside = try #require(throws: DataError.self) { try Metrics.topKAccuracy([2], scores: logits, k: 1) }
        #expect(outside.message.contains("row 0"))
    }
}

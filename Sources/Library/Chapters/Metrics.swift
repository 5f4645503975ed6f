import Distillation
import Language
import Networks
import Tensors

/// How good a model is.
func metricChapter() -> Chapter {
    let strictness = Parameter<Bool>(
        "strict", "only whole spans of IOB2; else a span may begin with I-, as in conlleval", default: false)
    return Chapter(
        "Metrics", "How good answers are, with scikit-learn's numbers.",
        [
            Builtin(
                "classification_report",
                "Precision, recall, f1 and support for each class, as scikit-learn lays them out.",
                Parameter<ClassNumbers>("truth", "class numbers"), Parameter<ClassNumbers>("guess", "class numbers"),
                Parameter<[String]?>("names", "of the classes", default: nil),
                Parameter<Int>("digits", "decimals", default: 2),
                example: "show(classification_report([0, 1, 1], [0, 1, 0]))",
                source: "scikit-learn, sklearn.metrics.classification_report"
            ) { (truth: ClassNumbers, guess: ClassNumbers, names: [String]?, digits: Int) throws -> Value in
                guard (0...15).contains(digits) else {
                    throw Fault("classification_report: digits is \(digits); it goes from 0 to 15", kind: "value")
                }
                let classes = names.map { Array($0.indices) }
                return .object(
                    ReportObject(
                        try ClassificationReport(truth.numbers, guess.numbers, classes: classes, names: names).text(
                            digits: digits)))
            },
            Builtin(
                "entity_report",
                "Precision, recall, f1 and support of named entities by type, as seqeval lays them out.",
                Parameter<[[String]]>("truth", "a list of tags for each sentence"),
                Parameter<[[String]]>("guess", "the same of what was found"),
                Parameter<Int>("digits", "decimals", default: 2), strictness,
                details: "An entity counts where its type and its words are the same.",
                example: "show(entity_report([[\"B-per\", \"I-per\", \"O\"]], [[\"B-per\", \"I-per\", \"O\"]]))",
                source: "seqeval, classification_report"
            ) { (truth: [[String]], guess: [[String]], digits: Int, strict: Bool) throws -> Value in
                guard (0...15).contains(digits) else {
                    throw Fault("entity_report: digits is \(digits); it goes from 0 to 15", kind: "value")
                }
                let scores = try EntityScores(truth: truth, guess: guess, strict: strict)
                return .object(ReportObject(scores.report(digits: digits)))
            },
            Builtin(
                "entity_f1", "The harmonic mean of precision and recall over all named entities.",
                Parameter<[[String]]>("truth", "a list of tags for each sentence"),
                Parameter<[[String]]>("guess", "the same of what was found"), strictness,
                example: "entity_f1([[\"B-per\", \"O\", \"B-loc\"]], [[\"B-per\", \"O\", \"O\"]])  # → 0.6667",
                source: "seqeval, f1_score"
            ) { (truth: [[String]], guess: [[String]], strict: Bool) throws -> Double in
                try EntityScores(truth: truth, guess: guess, strict: strict).micro.f1
            },
            Builtin(
                "entities", "The named entities in the tags of a sentence: [type, first word, word after the last].",
                Parameter<[String]>("tags", "of the words"), strictness,
                example: "entities([\"O\", \"B-per\", \"I-per\"])  # → [[\"per\", 1, 3]]"
            ) { (tags: [String], strict: Bool) throws -> Value in
                .list(
                    EntityScores.entities(tags, strict: strict).map {
                        .list([.string($0.type), .int($0.words.lowerBound), .int($0.words.upperBound)])
                    })
            },
            Builtin(
                "f1_score", "The mean over the classes of the harmonic mean of precision and recall.",
                Parameter<ClassNumbers>("truth", "class numbers"), Parameter<ClassNumbers>("guess", "class numbers"),
                example: "f1_score([0, 1], [0, 1])  # → 1.0"
            ) { (truth: ClassNumbers, guess: ClassNumbers) throws -> Double in
                try ClassificationReport(truth.numbers, guess.numbers).macro.f1
            },
            score(
                "accuracy_score", "The share of class numbers that are right.",
                example: "accuracy_score([0, 1, 1, 0], [0, 1, 0, 0])  # → 0.75", Metrics.accuracy),
            score(
                "balanced_accuracy_score", "The mean over the classes of the share that was found.",
                example: "balanced_accuracy_score([0, 0, 0, 1], [0, 0, 0, 0])  # → 0.5", Metrics.balancedAccuracy),
            score(
                "matthews_corrcoef", "Matthews' correlation coefficient, for any number of classes; 0 is chance.",
                example: "matthews_corrcoef([0, 1, 0, 1], [0, 1, 0, 1])  # → 1.0",
                source: "Gorodkin 2004, Computational Biology and Chemistry 28", Metrics.matthews),
            Builtin(
                "top_k_accuracy_score", "The share of samples whose class is among the k highest scores.",
                Parameter<ClassNumbers>("truth", "[B] class numbers, -100 for unknown"),
                Parameter<ScoreTable>("scores", "[B, C] logits or probabilities"),
                Parameter<Int>("k", "how many may be tried", default: 2),
                example: "top_k_accuracy_score([0, 2], tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), k=2)  # → 0.5"
            ) { (truth: ClassNumbers, scores: ScoreTable, k: Int) throws -> Double in
                try Metrics.topKAccuracy(truth.numbers, scores: scores.scores, k: k)
            },
            Builtin(
                "log_loss", "The mean of −log of the probability that was given to the true class.",
                Parameter<ClassNumbers>("truth", "[B] class numbers, -100 for unknown"),
                Parameter<ScoreTable>("probabilities", "[B, C]", unit: "probabilities"),
                example: "log_loss([0], tensor([[0.5, 0.5]]))  # → 0.6931"
            ) { (truth: ClassNumbers, scores: ScoreTable) throws -> Double in
                try Metrics.logLoss(truth.numbers, probabilities: scores.scores)
            },
            Builtin(
                "calibration_error", "How far confidence and accuracy lie apart: the expected calibration error.",
                Parameter<ClassNumbers>("truth", "[B] class numbers, -100 for unknown"),
                Parameter<ScoreTable>("probabilities", "[B, C]", unit: "probabilities"),
                Parameter<Int>("bins", "of confidence, equally wide", default: 15),
                details: "Σ over bins of |bin| / N · |accuracy(bin) − mean confidence(bin)|",
                example: "calibration_error([0, 0], tensor([[0.75, 0.25], [0.75, 0.25]]))  # → 0.25",
                source: "Guo et al. 2017, arXiv:1706.04599"
            ) { (truth: ClassNumbers, scores: ScoreTable, bins: Int) throws -> Double in
                try Metrics.calibrationError(truth.numbers, probabilities: scores.scores, bins: bins)
            },
            realScore(
                "mean_squared_error", "The mean of the squared errors.",
                example: "mean_squared_error([1.0, 2.0], [1.0, 4.0])  # → 2.0", Metrics.meanSquaredError),
            realScore(
                "mean_absolute_error", "The mean of the absolute errors.",
                example: "mean_absolute_error([1.0, 2.0], [1.0, 4.0])  # → 1.0", Metrics.meanAbsoluteError),
            realScore(
                "r2_score", "The share of the variance that is explained; 1 is perfect, 0 the mean's.",
                example: "r2_score([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])  # → 1.0", Metrics.rSquared),
            realScore(
                "pearson", "Pearson's correlation; nan where one of the lists is constant.",
                example: "pearson([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])  # → 1.0", Metrics.pearson),
            realScore(
                "spearman", "Spearman's correlation of the ranks.",
                example: "spearman([1.0, 2.0, 3.0], [1.0, 8.0, 27.0])  # → 1.0", Metrics.spearman),
            Builtin(
                "confusion_matrix", "How often each true class (rows) was called each class (columns).",
                Parameter<ClassNumbers>("truth", "class numbers"), Parameter<ClassNumbers>("guess", "class numbers"),
                example: "confusion_matrix([0, 1, 1], [0, 1, 0])  # → [[1 0]\n# → [1 1]]"
            ) { (truth: ClassNumbers, guess: ClassNumbers) throws -> Tensor in
                let matrix = try ConfusionMatrix(truth.numbers, guess.numbers)
                return try Tensor(
                    matrix.counts.flatMap { $0.map { Int64($0) } }, shape: [matrix.classes.count, matrix.classes.count])
            },
            Builtin(
                "table", "Rows under headings, to be shown.", Parameter<[String]>("heads", "one for each column"),
                Parameter<[[Value]]>("rows", "lists of values"),
                Parameter<String?>("note", "a sentence below", default: nil),
                Parameter<MapArgument?>("values", "further values by name, which become fields", default: nil),
                details: "t.rows are the rows as they were given.",
                example: "table([\"model\", \"accuracy\"], [[\"teacher\", 0.79]])"
            ) {
                (heads: [String], rows: [[Value]], note: String?, values: MapArgument?) throws -> Value in
                var numeric = Set(heads.indices.dropFirst())
                for row in rows {
                    guard row.count == heads.count else {
                        throw Fault(
                            "table: a row has \(counted(row.count, "cell")) for \(counted(heads.count, "heading"))",
                            kind: "shape")
                    }
                    for (column, cell) in row.enumerated()
                    where
                        !(cell.number != nil
                        || cell.string.map { $0.first.map { $0.isNumber || $0 == "-" || $0 == "+" } ?? true } ?? false)
                    { numeric.remove(column) }
                }
                var table = TextTable(columns: heads, rightAligned: numeric)
                for row in rows { table.add(row.map(\.printed)) }
                return .object(
                    TableObject(
                        table.text + (note.map { "\n\($0)" } ?? ""), rows: rows, values: values?.map,
                        html: table.html(note: note)))
            },
        ])
}

/// `name(truth, guess)` for class numbers.
private func score(
    _ name: String, _ summary: String, example: String, source: String = "",
    _ body: @escaping @Sendable ([Int], [Int]) throws -> Double
) -> Builtin {
    Builtin(
        name, summary, Parameter<ClassNumbers>("truth", "class numbers, -100 for unknown"),
        Parameter<ClassNumbers>("guess", "class numbers"), example: example, source: source
    ) { (truth: ClassNumbers, guess: ClassNumbers) throws -> Double in try body(truth.numbers, guess.numbers) }
}

/// `name(truth, guess)` for real numbers.
private func realScore(
    _ name: String, _ summary: String, example: String,
    _ body: @escaping @Sendable ([Double], [Double]) throws -> Double
) -> Builtin {
    Builtin(
        name, summary, Parameter<RealNumbers>("truth", "numbers, nan for unknown"),
        Parameter<RealNumbers>("guess", "as many numbers"), example: example
    ) { (truth: RealNumbers, guess: RealNumbers) throws -> Double in try body(truth.numbers, guess.numbers) }
}

/// Class numbers from a list or a tensor.
struct ClassNumbers: ScriptConvertible {
    let numbers: [Int]
    static var scriptType: String { "list or tensor of int" }
    static func from(_ value: Value) throws -> ClassNumbers? {
        if let list = try [Int].from(value) { return ClassNumbers(numbers: list) }
        guard let tensor = (value.object as? TensorObject)?.tensor, tensor.rank == 1, tensor.dtype.isInteger else {
            return nil
        }
        return ClassNumbers(numbers: try tensor.elements(as: Int64.self).map { Int($0) })
    }
    var scriptValue: Value { numbers.scriptValue }
}

/// Real numbers, from a list or a vector.
struct RealNumbers: ScriptConvertible {
    let numbers: [Double]
    static var scriptType: String { "list or tensor of numbers" }
    static func from(_ value: Value) throws -> RealNumbers? {
        guard let tensor = try Tensor.from(value), tensor.rank == 1 else { return nil }
        return RealNumbers(numbers: try tensor.elements(as: Double.self))
    }
    var scriptValue: Value { numbers.scriptValue }
}

/// A score for each sample and class, from a tensor [B, C] or lists.
struct ScoreTable: ScriptConvertible {
    let scores: Metrics.Scores
    static var scriptType: String { "tensor [B, C]" }
    static func from(_ value: Value) throws -> ScoreTable? {
        guard let tensor = try Tensor.from(value), tensor.rank == 2 else { return nil }
        return ScoreTable(
            scores: try Metrics.Scores(tensor.elements(as: Double.self), classes: tensor.shape[1]))
    }
    var scriptValue: Value { scores.values.scriptValue }
}

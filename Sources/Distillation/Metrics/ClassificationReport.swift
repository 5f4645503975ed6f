/// Precision, recall and F1 of each class and their averages, with the same numbers and the same text as scikit-learn's
/// `classification_report`.
public struct ClassificationReport: Sendable {
    /// precision = tp / predicted, recall = tp / support, f1 = 2·tp / (support + predicted); 0 where the divisor is 0.
    public struct Scores: Equatable, Sendable {
        public let precision: Double
        public let recall: Double
        public let f1: Double
    }

    public let classes: [Int]
    /// The classes' names as the report shows them.
    public let names: [String]
    public let scores: [Scores]
    /// The number of samples of each class.
    public let support: [Int]
    /// Over all samples at once; this is the accuracy when no class is left out.
    public let micro: Scores
    /// The mean over the classes.
    public let macro: Scores
    /// The mean over the classes, weighted by support.
    public let weighted: Scores
    /// Whether the classes cover all samples, so that `micro` is the accuracy.
    public let microIsAccuracy: Bool
    /// Whether any prediction is right.
    private let hasHit: Bool

    /// The share of right predictions; nil when the report leaves classes out.
    public var accuracy: Double? { microIsAccuracy ? micro.f1 : nil }

    /// - Parameters:
    ///   - classes: the classes to report, in order; all that occur where nil.
    ///   - names: the name of each class of the report.
    /// - Throws: `shape` for lists of different lengths, `value` for no sample or too few names.
    public init(_ truths: [Int], _ predictions: [Int], classes: [Int]? = nil, names: [String]? = nil) throws {
        let (truths, predictions) = try Metrics.known(truths, predictions)
        let present = Set(truths).union(predictions)
        let shown = classes ?? present.sorted()
        if let names, names.count != shown.count {
            throw DataError(
                "there are \(names.count) names for \(shown.count) classes",
                hint: classes == nil ? "name the classes too: a class may not occur in the data" : nil)
        }
        var places: [Int: Int] = [:]
        for (place, label) in shown.enumerated() {
            if places.updateValue(place, forKey: label) != nil { throw DataError("the class \(label) is named twice") }
        }
        var hits = [Int](repeating: 0, count: shown.count)
        var predicted = hits
        var support = hits
        var hasHit = false
        for (truth, prediction) in zip(truths, predictions) {
            if truth == prediction { hasHit = true }
            if let place = places[truth] {
                support[place] += 1
                if truth == prediction { hits[place] += 1 }
            }
            if let place = places[prediction] { predicted[place] += 1 }
        }
        func score(_ hits: Int, _ predicted: Int, _ support: Int) -> Scores {
            func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }
            return Scores(
                precision: ratio(Double(hits), Double(predicted)), recall: ratio(Double(hits), Double(support)),
                f1: ratio(2 * Double(hits), Double(support) + Double(predicted)))
        }
        let scores = shown.indices.map { score(hits[$0], predicted[$0], support[$0]) }
        let weights = support.map(Double.init)
        func average(_ weights: [Double]?) -> Scores {
            Scores(
                precision: Metrics.average(scores.map(\.precision), weights: weights),
                recall: Metrics.average(scores.map(\.recall), weights: weights),
                f1: Metrics.average(scores.map(\.f1), weights: weights))
        }
        self.classes = shown
        self.names = names ?? shown.map(String.init)
        self.scores = scores
        self.support = support
        self.hasHit = hasHit
        micro = score(hits.reduce(0, +), predicted.reduce(0, +), support.reduce(0, +))
        macro = average(nil)
        weighted = average(weights)
        microIsAccuracy = present.isSubset(of: places.keys)
    }

    /// The report as scikit-learn prints it, character for character.
    public func text(digits: Int = 2) -> String {
        let width = max(names.map(\.unicodeScalars.count).max() ?? 0, "weighted avg".count, digits)
        func cell(_ text: String) -> String { " " + DecimalText.right(text, 9) }
        // Where no prediction is right, scikit-learn counts in floats, and its report says so.
        func whole(_ count: Int) -> String { cell(hasHit ? String(count) : "\(count).0") }
        func number(_ value: Double) -> String { cell(DecimalText.fixed(value, digits: digits)) }
        func row(_ name: String, _ scores: Scores, _ support: Int) -> String {
            DecimalText.right(name, width) + " " + number(scores.precision) + number(scores.recall) + number(scores.f1)
                + whole(support) + "\n"
        }
        let total = support.reduce(0, +)
        var text = String(repeating: " ", count: width + 1)
        text += ["precision", "recall", "f1-score", "support"].map(cell).joined() + "\n\n"
        for (place, name) in names.enumerated() { text += row(name, scores[place], support[place]) }
        text += "\n"
        if microIsAccuracy {
            text +=
                DecimalText.right("accuracy", width) + " " + cell("") + cell("") + number(micro.f1) + whole(total)
                + "\n"
        } else {
            text += row("micro avg", micro, total)
        }
        return text + row("macro avg", macro, total) + row("weighted avg", weighted, total)
    }
}

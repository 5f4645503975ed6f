import Networks

/// Measures of predictions. Samples whose label is not known (`Dataset.missingLabel`) are left out everywhere.
public enum Metrics {
    static func sameCount(_ a: Int, _ b: Int, _ what: String = "labels and predictions") throws {
        guard a == b else { throw DataError("\(what) are not equally many: \(a) and \(b)", kind: "shape") }
        if a == 0 { throw DataError("there is no sample to measure") }
    }

    /// Labels and predictions of the samples whose label is known.
    static func known(_ truths: [Int], _ predictions: [Int]) throws -> ([Int], [Int]) {
        try sameCount(truths.count, predictions.count)
        if !truths.contains(Dataset.missingLabel) { return (truths, predictions) }
        let rows = truths.indices.filter { truths[$0] != Dataset.missingLabel }
        if rows.isEmpty { throw DataError("no sample has a label", hint: "the dataset may be unlabelled") }
        return (rows.map { truths[$0] }, rows.map { predictions[$0] })
    }

    /// The share of predictions that are right.
    public static func accuracy(_ truths: [Int], _ predictions: [Int]) throws -> Double {
        let (truths, predictions) = try known(truths, predictions)
        return Double(zip(truths, predictions).count { $0 == $1 }) / Double(truths.count)
    }

    /// The mean of the recalls of the classes that occur.
    public static func balancedAccuracy(_ truths: [Int], _ predictions: [Int]) throws -> Double {
        let report = try ClassificationReport(truths, predictions)
        let recalls = report.scores.indices.filter { report.support[$0] > 0 }.map { report.scores[$0].recall }
        return average(recalls)
    }

    /// Matthews' correlation coefficient, for any number of classes (Gorodkin 2004); 0 where it is undefined.
    public static func matthews(_ truths: [Int], _ predictions: [Int]) throws -> Double {
        let matrix = try ConfusionMatrix(truths, predictions).counts
        let size = matrix.count
        let rows = matrix.map { Double($0.reduce(0, +)) }
        let columns = (0..<size).map { column in Double(matrix.reduce(0) { $0 + $1[column] }) }
        let hits = Double((0..<size).reduce(0) { $0 + matrix[$1][$1] })
        let total = rows.reduce(0, +)
        let cross = zip(rows, columns).reduce(0) { $0 + $1.0 * $1.1 }
        let truthSpread = total * total - rows.reduce(0) { $0 + $1 * $1 }
        let predictionSpread = total * total - columns.reduce(0) { $0 + $1 * $1 }
        let divisor = (truthSpread * predictionSpread).squareRoot()
        return divisor == 0 ? 0 : (hits * total - cross) / divisor
    }

    /// The share of samples whose class is among the `k` highest scores; among equal scores the higher class counts as higher,
    /// as scikit-learn has it.
    public static func topKAccuracy(_ truths: [Int], scores: Scores, k: Int) throws -> Double {
        try sameCount(truths.count, scores.rows, "labels and rows of scores")
        guard k >= 1 else { throw DataError("k is \(k); it must be at least 1") }
        var seen = 0
        var hits = 0
        for (row, truth) in truths.enumerated() where truth != Dataset.missingLabel {
            try scores.check(truth, row)
            seen += 1
            let own = scores[row, truth]
            let above = (0..<scores.classes).count { scores[row, $0] > own || scores[row, $0] == own && $0 > truth }
            if above < k { hits += 1 }
        }
        if seen == 0 { throw DataError("no sample has a label") }
        return Double(hits) / Double(seen)
    }

    /// The mean of −log p(true class); probabilities are kept within [2⁻⁵², 1 − 2⁻⁵²].
    public static func logLoss(_ truths: [Int], probabilities: Scores) throws -> Double {
        try sameCount(truths.count, probabilities.rows, "labels and rows of probabilities")
        try probabilities.checkProbabilities()
        var terms: [Double] = []
        for (row, truth) in truths.enumerated() where truth != Dataset.missingLabel {
            try probabilities.check(truth, row)
            terms.append(-Self.log(min(max(probabilities[row, truth], Double.ulpOfOne), 1 - Double.ulpOfOne)))
        }
        if terms.isEmpty { throw DataError("no sample has a label") }
        return average(terms)
    }

    /// How far confidence and accuracy lie apart: the expected calibration error.
    ///
    ///     Σ over bins of |bin| / N · |accuracy(bin) − mean confidence(bin)|,   bins (0, 1/n], (1/n, 2/n] …
    ///
    /// Guo et al. 2017, arXiv:1706.04599.
    public static func calibrationError(_ truths: [Int], probabilities: Scores, bins: Int = 15) throws -> Double {
        try sameCount(truths.count, probabilities.rows, "labels and rows of probabilities")
        try probabilities.checkProbabilities()
        guard bins >= 1 else { throw DataError("bins is \(bins); it must be at least 1") }
        var counts = [Double](repeating: 0, count: bins)
        var confidences = counts
        var hits = counts
        for (row, truth) in truths.enumerated() where truth != Dataset.missingLabel {
            try probabilities.check(truth, row)
            let best = probabilities.best(row)
            let confidence = probabilities[row, best]
            var bin = min(max(Int((confidence * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
            // The product may have been rounded over the edge of a bin.
            if bin > 0, confidence <= Double(bin) / Double(bins) { bin -= 1 }
            if bin < bins - 1, confidence > Double(bin + 1) / Double(bins) { bin += 1 }
            counts[bin] += 1
            confidences[bin] += confidence
            hits[bin] += best == truth ? 1 : 0
        }
        let total = counts.reduce(0, +)
        if total == 0 { throw DataError("no sample has a label") }
        return (0..<bins).reduce(0.0) { $0 + abs(hits[$1] - confidences[$1]) } / total
    }
}

extension Metrics {
    /// Scores or probabilities of N samples for C classes: [N, C] in row-major order.
    public struct Scores: Sendable {
        public let values: [Double]
        public let rows: Int
        public let classes: Int

        public init(_ values: [Double], classes: Int) throws {
            guard classes > 0, values.count % classes == 0 else {
                throw DataError("\(values.count) scores make no rows of \(classes) classes", kind: "shape")
            }
            self.values = values
            self.rows = values.count / classes
            self.classes = classes
        }

        public subscript(row: Int, label: Int) -> Double { values[row * classes + label] }

        /// The class with the highest score; the first of equal ones.
        public func best(_ row: Int) -> Int {
            var best = 0
            for label in 1..<max(classes, 1) where self[row, label] > self[row, best] { best = label }
            return best
        }

        /// The class with the highest score, for each row.
        public var predictions: [Int] { (0..<rows).map(best) }

        func check(_ truth: Int, _ row: Int) throws {
            guard truth >= 0, truth < classes else {
                throw DataError(
                    "row \(row): the label is \(truth), but there are scores for \(classes) classes", kind: "index")
            }
        }

        /// Refuses what cannot be probabilities: logits given here would make a number that means nothing.
        func checkProbabilities() throws {
            for row in 0..<rows {
                var sum = 0.0
                for label in 0..<classes {
                    let value = self[row, label]
                    guard value >= 0, value <= 1 + 1e-6 else {
                        throw DataError(
                            "row \(row) holds \(value.isNaN ? "nan" : "\(value)"), which is no probability",
                            hint: "take softmax of the logits first",
                            kind: "unit")
                    }
                    sum += value
                }
                guard abs(sum - 1) < 1e-3 else {
                    throw DataError(
                        "the probabilities of row \(row) add up to \(sum), not 1",
                        hint: "take softmax of the logits along the class axis", kind: "unit")
                }
            }
        }
    }

    /// The mean, or the weighted mean where there are weights whose sum is not 0; summed in NumPy's order.
    static func average(_ values: [Double], weights: [Double]? = nil) -> Double {
        if values.isEmpty { return 0 }
        if let weights {
            let scale = pairwiseSum(weights[...])
            if scale != 0 { return pairwiseSum(zip(values, weights).map { $0 * $1 }[...]) / scale }
        }
        return pairwiseSum(values[...]) / Double(values.count)
    }

    /// The sum in the order in which NumPy adds: eight partial sums up to 128 numbers, halves beyond.
    static func pairwiseSum(_ values: ArraySlice<Double>) -> Double {
        let count = values.count
        let start = values.startIndex
        if count < 8 { return values.reduce(0, +) }
        if count > 128 {
            let half = start + (count / 2 - count / 2 % 8)
            return pairwiseSum(values[..<half]) + pairwiseSum(values[half...])
        }
        var partial = Array(values[start..<start + 8])
        var i = start + 8
        while i + 8 <= values.endIndex {
            for lane in 0..<8 { partial[lane] += values[i + lane] }
            i += 8
        }
        let low = (partial[0] + partial[1]) + (partial[2] + partial[3])
        let high = (partial[4] + partial[5]) + (partial[6] + partial[7])
        return values[i...].reduce(low + high, +)
    }
}

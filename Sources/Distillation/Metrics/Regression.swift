#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Measures of real predictions.
extension Metrics {
    /// Targets and predictions of the rows whose target is known (no NaN).
    private static func known(_ truths: [Double], _ predictions: [Double]) throws -> ([Double], [Double]) {
        try sameCount(truths.count, predictions.count, "targets and predictions")
        if !truths.contains(where: \.isNaN) { return (truths, predictions) }
        let rows = truths.indices.filter { !truths[$0].isNaN }
        if rows.isEmpty { throw DataError("no sample has a target") }
        return (rows.map { truths[$0] }, rows.map { predictions[$0] })
    }

    /// The mean of the squared errors.
    public static func meanSquaredError(_ truths: [Double], _ predictions: [Double]) throws -> Double {
        let (truths, predictions) = try known(truths, predictions)
        return average(zip(truths, predictions).map { ($0 - $1) * ($0 - $1) })
    }

    /// The mean of the absolute errors.
    public static func meanAbsoluteError(_ truths: [Double], _ predictions: [Double]) throws -> Double {
        let (truths, predictions) = try known(truths, predictions)
        return average(zip(truths, predictions).map { abs($0 - $1) })
    }

    /// The share of the variance that is explained: 1 − Σ(y − ŷ)² / Σ(y − ȳ)².
    ///
    /// For targets that are all the same it is 1 if the predictions are right and 0 otherwise, as scikit-learn has it.
    public static func rSquared(_ truths: [Double], _ predictions: [Double]) throws -> Double {
        let (truths, predictions) = try known(truths, predictions)
        guard truths.count >= 2 else { throw DataError("R² needs at least two samples") }
        let mean = average(truths)
        let residual = pairwiseSum(zip(truths, predictions).map { ($0 - $1) * ($0 - $1) }[...])
        let total = pairwiseSum(truths.map { ($0 - mean) * ($0 - mean) }[...])
        if total == 0 { return residual == 0 ? 1 : 0 }
        return 1 - residual / total
    }

    /// Pearson's correlation; NaN where one of the lists is constant.
    public static func pearson(_ first: [Double], _ second: [Double]) throws -> Double {
        let (first, second) = try known(first, second)
        guard first.count >= 2 else { throw DataError("a correlation needs at least two samples") }
        let (a, b) = (average(first), average(second))
        let x = first.map { $0 - a }
        let y = second.map { $0 - b }
        let scale = pairwiseSum(x.map { $0 * $0 }[...]).squareRoot() * pairwiseSum(y.map { $0 * $0 }[...]).squareRoot()
        if scale == 0 { return .nan }
        return min(max(pairwiseSum(zip(x, y).map { $0 * $1 }[...]) / scale, -1), 1)
    }

    /// Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs.
    public static func spearman(_ first: [Double], _ second: [Double]) throws -> Double {
        let (first, second) = try known(first, second)
        guard !second.contains(where: \.isNaN) else { return .nan }
        return try pearson(ranks(first), ranks(second))
    }

    /// The rank of each value, from 1; equal values share the mean of their ranks.
    static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
            start = end
        }
        return ranks
    }

    static func log(_ x: Double) -> Double {
        #if canImport(Glibc)
            Glibc.log(x)
        #else
            Darwin.log(x)
        #endif
    }
}

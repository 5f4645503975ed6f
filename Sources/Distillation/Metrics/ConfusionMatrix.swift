/// How often each class was taken for each: rows are the true classes, columns the predicted ones.
public struct ConfusionMatrix: Equatable, Sendable {
    /// The class numbers of rows and columns.
    public let classes: [Int]
    /// counts[i][j]: samples of classes[i] predicted as classes[j].
    public let counts: [[Int]]

    /// - Parameter classes: the classes to show, in order; all that occur where nil. Samples of others are not counted.
    /// - Throws: `shape` for lists of different lengths, `value` for no sample.
    public init(_ truths: [Int], _ predictions: [Int], classes: [Int]? = nil) throws {
        let (truths, predictions) = try Metrics.known(truths, predictions)
        let classes = classes ?? Set(truths).union(predictions).sorted()
        var places: [Int: Int] = [:]
        for (place, label) in classes.enumerated() {
            if places.updateValue(place, forKey: label) != nil { throw DataError("the class \(label) is named twice") }
        }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
        for (truth, prediction) in zip(truths, predictions) {
            if let row = places[truth], let column = places[prediction] { counts[row][column] += 1 }
        }
        self.classes = classes
        self.counts = counts
    }

    /// The counts as a table with the classes' names.
    public func text(names: [String]? = nil) -> String {
        let labels = classes.map { label in
            names.flatMap { $0.indices.contains(label) ? $0[label] : nil } ?? String(label)
        }
        let shown = labels.map { DisplayText.cut($0, to: 20) }
        let first = max(shown.map(DisplayText.width).max() ?? 0, 14)
        let widths = shown.indices.map { column in
            max(DisplayText.width(shown[column]), counts.map { String($0[column]).count }.max() ?? 1) + 2
        }
        var lines = [DisplayText.right("true\\predicted", first)]
        for (column, label) in shown.enumerated() { lines[0] += DisplayText.right(label, widths[column]) }
        for (row, label) in shown.enumerated() {
            var line = DisplayText.right(label, first)
            for (column, count) in counts[row].enumerated() { line += DisplayText.right(String(count), widths[column]) }
            lines.append(line)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

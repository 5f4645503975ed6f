import Dispatch
import Networks
import Tensors

/// The history of one training: what each term of the loss came to, epoch by epoch, and what was measured.
public final class RunRecord {
    /// One epoch.
    public struct Row {
        public let epoch: Int
        public let steps: Int
        /// Mean of the weighted sum over the epoch's samples.
        public let loss: Double
        /// Mean of each term over the epoch's samples, before its weight.
        public let terms: [(name: String, value: Double)]
        public let learningRate: Double
        public let metrics: [(name: String, value: Double)]
        public let seconds: Double
    }

    /// A few steps of the way: at most 200 in a run.
    public struct Stretch {
        /// The last of its steps.
        public let step: Int
        /// Means over its samples, as those of an epoch.
        public let loss: Double
        public let terms: [(name: String, value: Double)]
        public let learningRate: Double
        /// Since the run began.
        public let seconds: Double
    }

    public let name: String
    /// The loss as a formula.
    public let formula: String
    public let totalSteps: Int
    public let stepsPerEpoch: Int
    public private(set) var rows: [Row] = []
    public private(set) var curve: [Stretch] = []
    /// Where the run is written down as it goes.
    public var log: RunLog?
    public private(set) var steps = 0

    private let start = DispatchTime.now().uptimeNanoseconds
    /// What earlier parts of this run took, before it was interrupted.
    private var earlier = 0.0
    private var epochStart = DispatchTime.now().uptimeNanoseconds
    private(set) var sums: [(name: String, value: Double)] = []
    private(set) var lossSum = 0.0
    private(set) var samples = 0
    /// The stretch that is under way: its sums.
    private var stretch: (steps: Int, samples: Int, loss: Double, terms: [Double]) = (0, 0, 0, [])
    private var learningRate = 0.0
    private var lastProgress: UInt64 = 0
    private var end: UInt64?

    /// Whether lines about an epoch say how long it took; not where what they say should be the same each time.
    nonisolated(unsafe) public static var showsTimes = true

    /// Whether epochs go without a line, for one of many trainings.
    private let isQuiet: Bool

    public init(_ name: String, formula: String, totalSteps: Int, stepsPerEpoch: Int, quiet: Bool = false) {
        isQuiet = quiet
        self.name = name
        self.formula = formula
        self.totalSteps = totalSteps
        self.stepsPerEpoch = stepsPerEpoch
    }

    /// Seconds since the start, or from start to end.
    public var seconds: Double { earlier + Double((end ?? DispatchTime.now().uptimeNanoseconds) - start) / 1e9 }

    /// Takes up a run that was interrupted.
    func goOn(
        after seconds: Double, rows: [Row], curve: [Stretch], steps: Int, lossSum: Double,
        sums: [(name: String, value: Double)], samples: Int
    ) {
        earlier = seconds
        (self.rows, self.curve) = (rows, curve)
        (self.steps, self.lossSum, self.sums, self.samples) = (steps, lossSum, sums, samples)
    }

    public var epoch: Int { rows.count + 1 }

    public var epochs: Int { (totalSteps + max(stepsPerEpoch, 1) - 1) / max(stepsPerEpoch, 1) }

    /// Counts one step on `count` samples.
    public func step(loss: Double, terms: [(name: String, value: Double)], count: Int, learningRate: Double) {
        if sums.count != terms.count { sums = terms.map { ($0.name, 0) } }
        for (index, term) in terms.enumerated() { sums[index].value += term.value * Double(count) }
        lossSum += loss * Double(count)
        samples += count
        steps += 1
        self.learningRate = learningRate
        extendStretch(loss, terms, count)
    }

    private func extendStretch(_ loss: Double, _ terms: [(name: String, value: Double)], _ count: Int) {
        if stretch.terms.count != terms.count {
            stretch.terms = [Double](repeating: 0, count: terms.count)
            (stretch.samples, stretch.loss) = (0, 0)
        }
        for (index, term) in terms.enumerated() { stretch.terms[index] += term.value * Double(count) }
        stretch.loss += loss * Double(count)
        stretch.samples += count
        stretch.steps += 1
        guard stretch.steps >= max(1, (totalSteps + 199) / 200) || steps == totalSteps else { return }
        let divisor = Double(max(stretch.samples, 1))
        let ended = Stretch(
            step: steps, loss: stretch.loss / divisor,
            terms: zip(terms, stretch.terms).map { ($0.name, $1 / divisor) }, learningRate: learningRate,
            seconds: seconds)
        stretch = (0, 0, 0, [])
        curve.append(ended)
        log?.append("stretch", ended.json.object ?? [:])
    }

    /// Ends the run: its time stands still.
    public func finish() {
        stop()
        log?.append("end", ["steps": .int(steps), "seconds": .float(seconds)])
    }

    func stop() { end = DispatchTime.now().uptimeNanoseconds }

    /// Ends an epoch with what was measured after it.
    public func endEpoch(metrics: [(name: String, value: Double)]) {
        let divisor = Double(max(samples, 1))
        let now = DispatchTime.now().uptimeNanoseconds
        rows.append(
            Row(
                epoch: rows.count + 1, steps: steps, loss: lossSum / divisor,
                terms: sums.map { ($0.name, $0.value / divisor) }, learningRate: learningRate, metrics: metrics,
                seconds: Double(now - epochStart) / 1e9))
        log?.append("epoch", rows[rows.count - 1].json.object ?? [:])
        epochStart = now
        sums = []
        lossSum = 0
        samples = 0
    }

    /// "distill  epoch 2/5  step 120/267  loss 0.4312  kl(T=4) 0.3911  6 s left", for a line that is written over; nil
    /// when the last one is younger than a tenth of a second.
    public func progressLine() -> String? {
        let now = DispatchTime.now().uptimeNanoseconds
        guard now - lastProgress > 100_000_000 else { return nil }
        lastProgress = now
        let divisor = Double(max(samples, 1))
        let left = steps == 0 ? 0 : seconds / Double(steps) * Double(totalSteps - steps)
        var parts = ["\(name)  epoch \(epoch)/\(epochs)  step \(steps)/\(totalSteps)  loss \(four(lossSum / divisor))"]
        if sums.count > 1 { parts += sums.map { "\($0.name) \(four($0.value / divisor))" } }
        parts.append("\(Int(left.rounded(.up))) s left")
        return parts.joined(separator: "  ")
    }

    /// Whether the last epoch is worth a line: each of a few, every so many of many, and the last.
    public var showsEpoch: Bool {
        let every = (epochs + 7) / 8
        return !isQuiet && (rows.count % max(every, 1) == 0 || rows.count >= epochs)
    }

    /// The same for an epoch that is over.
    public var epochLine: String {
        guard let row = rows.last else { return "\(name)  no epoch yet" }
        var parts = ["\(name)  epoch \(row.epoch)/\(epochs)  loss \(four(row.loss))"]
        if row.terms.count > 1 { parts += row.terms.map { "\($0.name) \(four($0.value))" } }
        parts += row.metrics.map { "\($0.name) \(four($0.value))" }
        if RunRecord.showsTimes { parts.append("\(one(row.seconds)) s") }
        return parts.joined(separator: "  ")
    }

    /// A row for each epoch, or for some of many: loss, terms, metrics and learning rate, the same each
    /// time that the run is repeated; below it the curves.
    public var table: String {
        guard let first = rows.first, let last = rows.last else { return "\(name): no epoch yet" }
        let terms = first.terms.count > 1 ? first.terms.map(\.name) : []
        let metrics = last.metrics.map(\.name)
        var cells = [["epoch", "loss"] + terms + metrics + ["learning rate"]]
        let every = (rows.count + 11) / 12
        for row in rows where row.epoch % every == 0 || row.epoch == 1 || row.epoch == last.epoch {
            cells.append(
                ["\(row.epoch)", four(row.loss)] + (terms.isEmpty ? [] : row.terms.map { four($0.value) })
                    + metrics.map { name in row.metrics.first { $0.name == name }.map { four($0.value) } ?? "" }
                    + [scientific(row.learningRate)])
        }
        var text = "\(name): \(formula)\n" + aligned(cells)
        if rows.count > 2 {
            let curves =
                [("loss", rows.map(\.loss))]
                + metrics.map { name in (name, rows.compactMap { $0.metrics.first { $0.name == name }?.value }) }
            let width = curves.map(\.0.count).max() ?? 0
            for (name, values) in curves where values.count > 2 {
                let gap = String(repeating: " ", count: width - name.count)
                text += "\n\(name)\(gap)  \(sparkline(values))  \(four(values[0])) → \(four(values[values.count - 1]))"
            }
        }
        return text
    }
}

/// Numbers as a row of bars, the largest of eight heights; of many, so many that it is `width` wide.
func sparkline(_ values: [Double], width: Int = 40) -> String {
    let bars = Array("▁▂▃▄▅▆▇█")
    let shown =
        values.count <= width ? values : (0..<width).map { values[$0 * (values.count - 1) / max(width - 1, 1)] }
    let finite = shown.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return "" }
    return String(
        shown.map { value in
            guard value.isFinite else { return " " }
            return high > low ? bars[Int((value / 2 - low / 2) / (high / 2 - low / 2) * 7 + 0.5)] : bars[0]
        })
}

/// Columns aligned at the right.
func aligned(_ cells: [[String]]) -> String {
    let widths = (0..<(cells.first?.count ?? 0)).map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { row in
        zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
    }.joined(separator: "\n")
}

func four(_ value: Double) -> String { DecimalText.fixed(value, digits: 4) }
func one(_ value: Double) -> String { DecimalText.fixed(value, digits: 1) }

/// "5.0e-03".
func scientific(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return "0" }
    var exponent = 0
    var mantissa = value
    while mantissa >= 9.995 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.9995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let size = abs(exponent)
    return "\(DecimalText.fixed(mantissa, digits: 2))e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
}

/// `range(start, stop, step)`: the numbers one by one, none of them stored.
public final class RangeObject: Object {
    public let start: Int
    public let stop: Int
    public let step: Int
    public let length: Int

    public init(start: Int, stop: Int, step: Int) throws {
        guard step != 0, step != .min else { throw Fault("the step of a range cannot be \(step)", kind: "value") }
        self.start = start
        self.stop = stop
        self.step = step
        let (low, high) = step > 0 ? (start, stop) : (stop, start)
        if high <= low {
            length = 0
        } else {
            let (distance, overflow) = high.subtractingReportingOverflow(low)
            guard !overflow else { throw Fault("the range is too long", kind: "value") }
            length = (distance - 1) / abs(step) + 1
        }
    }

    init(start: Int, step: Int, length: Int) {
        self.start = start
        self.step = step
        self.length = length
        let (distance, overflow) = step.multipliedReportingOverflow(by: length)
        let (end, past) = start.addingReportingOverflow(distance)
        stop = overflow || past ? (step > 0 ? .max : .min) : end
    }

    /// All numbers as values.
    public var values: [Value] { (0..<length).map { .int(start + $0 * step) } }

    public override var typeName: String { "range" }
    public override var conditionHint: String? { "`len(x) > 0`" }
    public override func count(_ machine: Machine) throws -> Int? { length }
    public override func display(_ style: DisplayStyle) -> String {
        "range(\(start), \(stop)" + (step == 1 ? ")" : ", \(step))")
    }
    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? RangeObject, length == other.length else { return false }
        return length == 0 || (start == other.start && (length == 1 || step == other.step))
    }
    public override func hash(into hasher: inout Hasher) {
        hasher.combine(length)
        if length > 0 { hasher.combine(start) }
    }
    public override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        guard let int = value.int ?? value.number.flatMap({ Int(exactly: $0) }), length > 0 else { return false }
        let last = start + (length - 1) * step
        return int >= min(start, last) && int <= max(start, last) && (int - start) % step == 0
    }
    public override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var index = 0
        return ClosureIterator { [self] in
            guard index < length else { return nil }
            defer { index += 1 }
            return .int(start + index * step)
        }
    }
    public override func subscriptGet(_ items: [SubscriptItem], _ machine: Machine) throws -> Value? {
        switch try SequenceSubscript(items, count: length, of: "range") {
        case .one(let index): return .int(start + index * step)
        case .many(let slice):
            let (next, overflow) = step.multipliedReportingOverflow(by: slice.step)
            guard !overflow else { throw Fault("the step of the range is too large", kind: "value") }
            let first = slice.count == 0 ? start : start + slice.start * step
            return .object(RangeObject(start: first, step: next, length: slice.count))
        }
    }
}

/// A slice brought inside a sequence: `count` indices from `start` in steps of `step`.
public struct ResolvedSlice: Sendable {
    public var start: Int
    public var step: Int
    public var count: Int

    public var indices: some Sequence<Int> { (0..<count).lazy.map { [start, step] in start + $0 * step } }

    /// Python's rules: negative bounds count from the end, bounds outside are brought inside.
    public init(start: Value, stop: Value, step: Value, length: Int) throws {
        func whole(_ value: Value, _ name: String) throws -> Int? {
            if value.isNull { return nil }
            guard let int = value.int else {
                throw Fault("the \(name) of a slice must be an int, not \(value.described)", kind: "type")
            }
            return int
        }
        let stride = try whole(step, "step") ?? 1
        guard stride != 0 else { throw Fault("the step of a slice cannot be zero", kind: "value") }
        guard stride != .min else { throw Fault("the step of a slice is too large", kind: "value") }
        func inside(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            let shifted = bound < 0 ? max(bound, -length - 1) + length : bound
            return min(max(shifted, low), high)
        }
        let first = try whole(start, "start")
        let last = try whole(stop, "stop")
        if stride > 0 {
            let from = first.map { inside($0, 0, length) } ?? 0
            let to = last.map { inside($0, 0, length) } ?? length
            self.start = from
            count = to > from ? (to - from - 1) / stride + 1 : 0
        } else {
            let from = first.map { inside($0, -1, length - 1) } ?? length - 1
            let to = last.map { inside($0, -1, length - 1) } ?? -1
            self.start = from
            count = from > to ? (from - to - 1) / -stride + 1 : 0
        }
        self.step = stride
    }
}

/// What the brackets after a string, list or range ask for.
public enum SequenceSubscript {
    case one(Int)
    case many(ResolvedSlice)

    public init(_ items: [SubscriptItem], count: Int, of type: String) throws {
        guard items.count == 1, let item = items.first else {
            throw Fault(
                "a \(type) has one dimension, the brackets hold \(items.count) indices",
                hint: "x[0][1] for a list in a list, or tensor(x)[0, 1]", kind: "index")
        }
        switch item {
        case .index(.int(let index)):
            guard let place = normalized(index, count: count) else {
                throw Fault(
                    count == 0
                        ? "index \(index) is out of range: the \(type) is empty"
                        : "index \(index) is out of range: the \(type) has \(count) "
                            + (count == 1
                                ? "item, the index can be 0 or -1" : "items, 0 to \(count - 1) or -\(count) to -1"),
                    kind: "index")
            }
            self = .one(place)
        case .index(let value):
            throw Fault(
                "the index of a \(type) must be an int or a slice, not \(value.described)",
                hint: value.number == nil ? nil : "int(x), or // for whole division", kind: "type")
        case .slice(let start, let stop, let step):
            self = .many(try ResolvedSlice(start: start, stop: stop, step: step, length: count))
        case .ellipsis:
            throw Fault("... indexes tensors, not a \(type)", kind: "type")
        }
    }
}

/// An index that may count from the end, brought inside; nil when it is out of range.
@inlinable
public func normalized(_ index: Int, count: Int) -> Int? {
    if index >= 0 { return index < count ? index : nil }
    return index >= -count ? index + count : nil
}

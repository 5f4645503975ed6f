/// A list: a mutable sequence that is shared, not copied, when it is passed on.
public final class ListObject: Object {
    @exclusivity(unchecked) public var items: [Value]

    /// Longer lists are refused before they are made.
    public static let maximumCount = 1 << 27

    @inlinable
    public init(_ items: [Value]) { self.items = items }

    deinit { items.releaseDeep() }

    public override var typeName: String { "list" }
    public override var conditionHint: String? { "`len(x) > 0`, or any(x) or all(x) for its items" }
    public override var isHashable: Bool { false }
    public override func count(_ machine: Machine) throws -> Int? { items.count }
    public override func display(_ style: DisplayStyle) -> String { Display.list(self, style) }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? ListObject else { return false }
        return Nesting.guarded(false) { items == other.items }
    }

    /// Visits the items that are there when it comes to them, so that a loop may append.
    public override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var index = 0
        return ClosureIterator { [self] in
            guard index < items.count else { return nil }
            defer { index += 1 }
            return items[index]
        }
    }

    public override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        try items.contains { try machine.isEqual($0, value) }
    }

    public override func subscriptGet(_ subscripts: [SubscriptItem], _ machine: Machine) throws -> Value? {
        switch try SequenceSubscript(subscripts, count: items.count, of: "list") {
        case .one(let index): return items[index]
        case .many(let slice):
            if slice.step == 1 { return .list(Array(items[slice.start..<(slice.start + slice.count)])) }
            return .list(slice.indices.map { items[$0] })
        }
    }

    public override func subscriptSet(_ subscripts: [SubscriptItem], to value: Value, _ machine: Machine) throws -> Bool
    {
        switch try SequenceSubscript(subscripts, count: items.count, of: "list") {
        case .one(let index): items[index] = value
        case .many(let slice):
            let values = try machine.array(of: value, for: "a slice")
            if slice.step == 1 {
                try ListObject.check(count: items.count - slice.count + values.count)
                items.replaceSubrange(slice.start..<(slice.start + slice.count), with: values)
                return true
            }
            guard values.count == slice.count else {
                throw Fault("the slice has \(slice.count) items, the value \(values.count)", kind: "value")
            }
            for (index, item) in zip(slice.indices, values) { items[index] = item }
        }
        return true
    }

    /// Refuses a list that would be too long, before memory is asked for.
    public static func check(count: Int) throws {
        if count > maximumCount {
            throw Fault(
                "a list of \(count) items is too long, at most \(maximumCount) fit",
                hint: "a range or a tensor takes less room", kind: "memory")
        }
    }
}

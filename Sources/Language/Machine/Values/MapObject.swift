import OrderedCollections

/// A map from keys to values in the order in which the keys came; shared, not copied, when it is passed on.
public final class MapObject: Object {
    public var entries: OrderedDictionary<Value, Value>

    public init(_ entries: OrderedDictionary<Value, Value> = [:]) { self.entries = entries }

    deinit {
        if DeepRelease.isDeep { DeepRelease.hold(Array(entries.values)) }
    }

    public override var typeName: String { "map" }
    public override var conditionHint: String? { "`len(x) > 0`" }
    public override var isHashable: Bool { false }
    public override func count(_ machine: Machine) throws -> Int? { entries.count }
    public override func display(_ style: DisplayStyle) -> String { Display.map(self, style) }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? MapObject, entries.count == other.entries.count else { return false }
        return Nesting.guarded(false) { entries.allSatisfy { other.entries[$0.key] == $0.value } }
    }

    public override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        value.isHashable && entries[value] != nil
    }

    /// Visits the keys; a key added or removed meanwhile is an error.
    public override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var index = 0
        let count = entries.count
        return ClosureIterator { [self] in
            guard entries.count == count else {
                throw Fault(
                    "the map changed its size inside the loop over it", hint: "loop over list(m)", kind: "value")
            }
            guard index < count else { return nil }
            defer { index += 1 }
            return entries.keys[index]
        }
    }

    public override func subscriptGet(_ items: [SubscriptItem], _ machine: Machine) throws -> Value? {
        let key = try MapObject.key(items)
        if let value = entries[key] { return value }
        let names = entries.keys.compactMap(\.string)
        let near = key.string.flatMap { nearest($0, in: names) }
        throw Fault(
            "the map has no key \(key.display(.inline))",
            hint: near.map { "did you mean \(quoted($0))?" } ?? "get(m, key, default) answers a default instead",
            kind: "index")
    }

    public override func subscriptSet(_ items: [SubscriptItem], to value: Value, _ machine: Machine) throws -> Bool {
        entries[try MapObject.key(items)] = value
        return true
    }

    /// The one key between the brackets.
    public static func key(_ items: [SubscriptItem]) throws -> Value {
        guard items.count == 1, case .index(let key)? = items.first else {
            throw Fault("a map takes one key between the brackets", kind: "index")
        }
        try check(key: key)
        return key
    }

    /// Refuses a key that may change under the map.
    public static func check(key: Value) throws {
        if !key.isHashable {
            throw Fault(
                "a \(key.typeName) cannot be a key of a map", hint: "a string, a number, a bool or nil can",
                kind: "type")
        }
    }
}

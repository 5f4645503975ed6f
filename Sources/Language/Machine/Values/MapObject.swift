/// A map from keys to values in the order in which the keys came; shared, not copied, when it is passed on.
///
/// Entries lie one after the other, and a table of their places is searched by hash, one place after the next: the order costs
/// nothing, and a lookup touches two lines of memory. A removed entry leaves a gap until the table grows or half of it is gaps.
public final class MapObject: Object {
    private struct Entry {
        var key: Value
        var value: Value
        var hash: Int
        var isGap = false
    }

    @exclusivity(unchecked) private var entryPlaces: UnsafeMutablePointer<Entry>
    @exclusivity(unchecked) private var slots: UnsafeMutablePointer<Int32>
    /// A power of two; at most two thirds of the slots are taken.
    @exclusivity(unchecked) private var slotCount: Int
    /// Entries and gaps.
    @exclusivity(unchecked) private var used = 0
    @exclusivity(unchecked) private var gaps = 0

    private static let empty: Int32 = -1
    /// The slot of an entry that is gone: a search goes on behind it.
    private static let removed: Int32 = -2

    /// An empty map with room for so many entries.
    public init(minimumCapacity: Int = 4) {
        slotCount = MapObject.slots(for: minimumCapacity)
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: MapObject.empty, count: slotCount)
        entryPlaces = .allocate(capacity: MapObject.room(in: slotCount))
    }

    /// A map of entries; of two with one key the last counts.
    public convenience init(_ entries: some Collection<(key: Value, value: Value)>) {
        self.init(minimumCapacity: entries.count)
        for (key, value) in entries { self[key] = value }
    }

    deinit {
        if DeepRelease.isDeep { DeepRelease.hold(values) }
        entryPlaces.deinitialize(count: used)
        entryPlaces.deallocate()
        slots.deallocate()
    }

    private static func room(in slotCount: Int) -> Int { slotCount / 3 * 2 + 1 }

    private static func slots(for count: Int) -> Int {
        var slotCount = 8
        while room(in: slotCount) < count { slotCount *= 2 }
        return slotCount
    }

    // MARK: - Entries

    public var count: Int { used - gaps }
    public var isEmpty: Bool { count == 0 }
    public var keys: [Value] { entries.map(\.key) }
    public var values: [Value] { entries.map(\.value) }

    /// The entries in their order, as they are now.
    public var entries: [(key: Value, value: Value)] {
        var all: [(key: Value, value: Value)] = []
        all.reserveCapacity(count)
        for place in 0..<used where !entryPlaces[place].isGap {
            all.append((entryPlaces[place].key, entryPlaces[place].value))
        }
        return all
    }

    /// The value of a key, nil when there is none; assigning nil takes the entry out.
    public subscript(key: Value) -> Value? {
        get { self.place(of: key, hash: MapObject.hash(key)).map { entryPlaces[$0].value } }
        set {
            if let newValue { set(key, newValue) } else { removeValue(forKey: key) }
        }
    }

    private func set(_ key: Value, _ value: Value) {
        let hash = MapObject.hash(key)
        if let place = place(of: key, hash: hash) {
            entryPlaces[place].value = value
            return
        }
        if used == MapObject.room(in: slotCount) { rebuild() }
        var slot = hash & (slotCount - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = Int32(truncatingIfNeeded: used)
        (entryPlaces + used).initialize(to: Entry(key: key, value: value, hash: hash))
        used += 1
    }

    @discardableResult
    public func removeValue(forKey key: Value) -> Value? {
        let hash = MapObject.hash(key)
        guard let place = place(of: key, hash: hash) else { return nil }
        var slot = hash & (slotCount - 1)
        while slots[slot] != Int32(truncatingIfNeeded: place) { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = MapObject.removed
        let value = entryPlaces[place].value
        entryPlaces[place] = Entry(key: .null, value: .null, hash: 0, isGap: true)
        gaps += 1
        return value
    }

    public func removeAll() {
        entryPlaces.deinitialize(count: used)
        slots.update(repeating: MapObject.empty, count: slotCount)
        (used, gaps) = (0, 0)
    }

    /// Where a key lies among the entries.
    @inline(__always)
    private func place(of key: Value, hash: Int) -> Int? {
        var slot = hash & (slotCount - 1)
        while true {
            let place = Int(slots[slot])
            if place >= 0 {
                let entry = entryPlaces + place
                if entry.pointee.hash == hash, MapObject.isSame(entry, key) { return place }
            } else if place == Int(MapObject.empty) {
                return nil
            }
            slot = (slot + 1) & (slotCount - 1)
        }
    }

    @inline(__always)
    private static func isSame(_ entry: UnsafeMutablePointer<Entry>, _ key: Value) -> Bool {
        if case .int(let a) = entry.pointee.key, case .int(let b) = key { return a == b }
        if case .text(let a) = entry.pointee.key, case .text(let b) = key { return a.bits == b.bits }
        return entry.pointee.key == key
    }

    /// Moves the entries into tables with room for as many again, without the gaps.
    private func rebuild() {
        let (old, oldUsed) = (entryPlaces, used)
        slotCount = MapObject.slots(for: max(4, 2 * count))
        slots.deallocate()
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: MapObject.empty, count: slotCount)
        entryPlaces = .allocate(capacity: MapObject.room(in: slotCount))
        (used, gaps) = (0, 0)
        for place in 0..<oldUsed where !old[place].isGap {
            var slot = old[place].hash & (slotCount - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = Int32(truncatingIfNeeded: used)
            (entryPlaces + used).initialize(to: old[place])
            used += 1
        }
        old.deinitialize(count: oldUsed)
        old.deallocate()
    }

    /// Equal values have equal hashes: 1, 1.0 and true are one key.
    @inline(__always)
    private static func hash(_ key: Value) -> Int {
        switch key {
        case .int(let number): mixed(number)
        case .text(let text): text.hash
        case .object(let object): object.keyHash
        case .bool(let flag): mixed(flag ? 1 : 0)
        case .float(let number): Int(exactly: number).map(mixed) ?? mixed(Int(bitPattern: UInt(number.bitPattern)))
        case .null: 0
        }
    }

    /// Spreads a number's bits over the low ones, which choose the slot.
    @inline(__always)
    private static func mixed(_ number: Int) -> Int {
        let product = UInt(bitPattern: number) &* 0x9E37_79B9_7F4A_7C15
        return Int(bitPattern: product ^ (product >> 32))
    }

    // MARK: - As an object

    public override var typeName: String { "map" }
    public override var conditionHint: String? { "`len(x) > 0`" }
    public override var isHashable: Bool { false }
    public override func count(_ machine: Machine) throws -> Int? { count }
    public override func display(_ style: DisplayStyle) -> String { Display.map(self, style) }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? MapObject, count == other.count else { return false }
        return Nesting.guarded(false) { entries.allSatisfy { other[$0.key] == $0.value } }
    }

    public override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        value.isHashable && self[value] != nil
    }

    /// Visits the keys; a key added or removed meanwhile is an error.
    public override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var place = 0
        let (count, used) = (count, used)
        return ClosureIterator { [self] in
            guard self.count == count, self.used == used else {
                throw Fault(
                    "the map changed its size inside the loop over it", hint: "loop over list(m)", kind: "value")
            }
            while place < used, entryPlaces[place].isGap { place += 1 }
            guard place < used else { return nil }
            defer { place += 1 }
            return entryPlaces[place].key
        }
    }

    public override func subscriptGet(_ items: [SubscriptItem], _ machine: Machine) throws -> Value? {
        let key = try MapObject.key(items)
        if let value = self[key] { return value }
        let names = keys.compactMap(\.string)
        let near = key.string.flatMap { nearest($0, in: names) }
        throw Fault(
            "the map has no key \(key.display(.inline))",
            hint: near.map { "did you mean \(quoted($0))?" } ?? "get(m, key, default) answers a default instead",
            kind: "index")
    }

    public override func subscriptSet(_ items: [SubscriptItem], to value: Value, _ machine: Machine) throws -> Bool {
        let key = try MapObject.key(items)
        self[key] = value
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
    @inline(__always)
    public static func check(key: Value) throws {
        guard case .object(let object) = key, !object.isHashable else { return }
        throw Fault(
            "a \(key.typeName) cannot be a key of a map", hint: "a string, a number, a bool or nil can",
            kind: "type")
    }
}

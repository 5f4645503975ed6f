/// The names of one file, or of a session.
public final class ModuleObject: Object {
    public let name: String
    /// What the names are bound to, by index; the unbound mark where there is nothing yet.
    var slots: UnsafeMutablePointer<Value> { globals.pointee }
    /// The one place that knows where the slots are; they move when the table grows.
    let globals: UnsafeMutablePointer<UnsafeMutablePointer<Value>>
    private var capacity = 64
    private(set) var slotNames: [String] = []
    private var indices: [String: Int] = [:]
    /// The text it came from.
    public let source: Source?
    /// The tests that its text declared.
    public internal(set) var tests: [TestCase] = []

    public init(name: String, source: Source? = nil) {
        self.name = name
        self.source = source
        globals = .allocate(capacity: 1)
        globals.initialize(to: .allocate(capacity: capacity))
    }

    deinit {
        slots.deinitialize(count: slotNames.count)
        slots.deallocate()
        globals.deallocate()
    }

    public override var typeName: String { "module" }
    public override func display(_ style: DisplayStyle) -> String {
        let names = boundNames.filter { !$0.hasPrefix("_") }
        return "<module \(name)" + (names.isEmpty ? ">" : ": \(listed(names))>")
    }
    public override var fieldNames: [String] { boundNames }
    public override func field(_ name: String, _ machine: Machine) throws -> Value? { self[name] }
    public override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        if let old = self[name] { machine.hold(old) }
        self[name] = value
    }

    /// The names that have a value, in the order in which they first appeared.
    public var boundNames: [String] {
        slotNames.enumerated().filter { !Machine.isUnbound(slots[$0.offset]) }.map(\.element)
    }

    /// The value of a name, nil when it has none; assigning nil takes the name away.
    public subscript(name: String) -> Value? {
        get {
            guard let index = indices[name], !Machine.isUnbound(slots[index]) else { return nil }
            return slots[index]
        }
        set {
            // Making a slot may move them all.
            let index = index(of: name)
            slots[index] = newValue ?? Unbound.mark.value
        }
    }

    /// The slot of a name, made when there is none.
    func index(of name: String) -> Int {
        if let index = indices[name] { return index }
        let index = slotNames.count
        if index == capacity {
            let larger = UnsafeMutablePointer<Value>.allocate(capacity: capacity * 2)
            larger.moveInitialize(from: slots, count: index)
            slots.deallocate()
            globals.pointee = larger
            capacity *= 2
        }
        (slots + index).initialize(to: Unbound.mark.value)
        slotNames.append(name)
        indices[name] = index
        return index
    }
}

/// A `test "…" { }` block, ready to run.
public struct TestCase {
    public let name: String
    public let function: Value
    public let source: Source
    public let span: Span
}

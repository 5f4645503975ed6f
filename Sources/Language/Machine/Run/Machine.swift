import OrderedCollections

/// Runs programs: holds the globals, the builtins and the stack of frames.
public final class Machine {
    /// Where text goes.
    public var output: any OutputSink
    /// Raised by Ctrl-C.
    public let interruption: Interruption
    /// What the host and Library supply.
    public var hooks = Hooks()
    /// Everything a script can name without declaring it.
    public internal(set) var builtins: OrderedDictionary<String, Value> = [:]
    public internal(set) var chapters: [Chapter] = []

    public init(output: any OutputSink, interruption: Interruption = Interruption()) {
        self.output = output
        self.interruption = interruption
    }

    /// Throws when the user asked to stop.
    @inlinable
    public func checkInterrupt() throws {
        if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
    }

    /// Asks the machine to stop; safe in a signal handler.
    public func interrupt() { interruption.request() }

    /// Calls a value with arguments, also from Swift code that a script called.
    public func call(_ function: Value, _ arguments: Arguments) throws -> Value {
        guard let object = function.object else {
            throw Fault("\(function.described) cannot be called", kind: "type")
        }
        return try object.call(arguments, self)
    }

    /// Writes a warning to the messages, with the place that is running.
    public func warn(_ message: String, hint: String? = nil) {
        output.write(Diagnostic(severity: .warning, kind: "warning", message: message, hint: hint).message, to: .messages)
    }

    /// `left == right` as a truth value.
    public func isEqual(_ left: Value, _ right: Value) throws -> Bool { left == right }

    /// All items of something that can be looped over.
    public func array(of value: Value, for use: String) throws -> [Value] {
        if let items = value.items { return items }
        guard let iterator = try value.object?.makeIterator(self) else {
            throw Fault("\(use) needs something to loop over, not \(value.described)", kind: "type")
        }
        var result: [Value] = []
        while let next = try iterator.next() {
            try ListObject.check(count: result.count + 1)
            result.append(next)
        }
        return result
    }
}

/// What a host or a library above the language supplies.
public struct Hooks {
    /// Makes the object behind a `model` declaration's instance.
    public var makeModel: (_ name: String) -> any ModelInstance = { PlainModel($0) }

    public init() {}
}

/// The instance of a `model` declaration: fields in the order in which the body bound them.
public protocol ModelInstance: Object {
    /// Binds a field; while the body runs and whenever a script assigns `m.field = x`.
    func setField(_ name: String, to value: Value) throws
    func fieldValue(_ name: String) -> Value?
    /// Called once when the body has run; `methods` are bound to the instance.
    func finish(methods: [(name: String, function: Value)], signature: Signature) throws
}

/// The instance that the language makes by itself: named fields and methods, called through `forward`.
public final class PlainModel: Object, ModelInstance {
    public let name: String
    public private(set) var fields: OrderedDictionary<String, Value> = [:]
    private var methods: OrderedDictionary<String, Value> = [:]

    public init(_ name: String) { self.name = name }

    public override var typeName: String { name }
    public override var isCallable: Bool { methods["forward"] != nil }
    public override var fieldNames: [String] { Array(fields.keys) + Array(methods.keys) }
    public override func display(_ style: DisplayStyle) -> String {
        Nesting.guarded("\(name)(…)", limit: Display.shownDepth) {
            "\(name)(" + fields.map { "\($0.key)=\($0.value.display(.inline))" }.joined(separator: ", ") + ")"
        }
    }
    public override func field(_ name: String, _ machine: Machine) throws -> Value? { fieldValue(name) ?? methods[name] }
    public override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        try setField(name, to: value)
    }
    public override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        guard let forward = methods["forward"] else {
            throw Fault("\(name) has no forward", hint: "fn forward(x) { … } in the model", kind: "type")
        }
        return try machine.call(forward, arguments)
    }

    public func setField(_ name: String, to value: Value) throws { fields[name] = value }
    public func fieldValue(_ name: String) -> Value? { fields[name] }
    public func finish(methods: [(name: String, function: Value)], signature: Signature) throws {
        for (name, function) in methods { self.methods[name] = function }
    }
}

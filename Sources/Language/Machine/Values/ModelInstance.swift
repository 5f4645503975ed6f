import OrderedCollections

/// The instance of a `model` declaration: fields in the order in which the body bound them.
public protocol ModelInstance: Object {
    /// Called once when the body has run, after its fields were set with `setField`.
    ///
    /// Each method is a function that takes the instance before its own arguments; `BoundMethod` joins the two.
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
    public override func field(_ name: String, _ machine: Machine) throws -> Value? {
        fields[name] ?? methods[name].map { .object(BoundMethod(receiver: .object(self), function: $0)) }
    }
    public override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        fields[name] = value
    }
    public override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        guard let forward = methods["forward"] else {
            throw Fault("\(name) has no forward", hint: "fn forward(x) { … } in the model", kind: "type")
        }
        return try machine.call(forward, arguments.prepending(.object(self)))
    }

    public func finish(methods: [(name: String, function: Value)], signature: Signature) throws {
        for (name, function) in methods { self.methods[name] = function }
    }
}

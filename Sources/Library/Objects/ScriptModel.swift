import Language
import Networks
import OrderedCollections
import Tensors

/// An instance of a `model` declaration: its fields are found by name, its forward is written in the language.
final class ScriptModel: Layer {
    let name: String
    private let machine: Machine
    private(set) var members: OrderedDictionary<String, Value> = [:]
    private var methods: OrderedDictionary<String, Value> = [:]
    private var declaration: Signature?
    /// Makes another instance with the same methods, for copies.
    private var rebinding: ((any ModelInstance) throws -> [(name: String, function: Value)])?

    init(_ name: String, _ machine: Machine) {
        self.name = name
        self.machine = machine
    }

    override var kind: String { name }
    var methodNames: [String] { Array(methods.keys) }

    override var fields: [(name: String, field: Field)] {
        members.elements.compactMap { name, value in value.layerField.map { (name, $0) } }
    }

    func member(_ name: String) -> Value? { members[name] ?? methods[name] }

    func setMember(_ name: String, to value: Value) throws {
        if methods[name] != nil { throw Fault("\(name) is a method of \(self.name) and cannot be assigned", kind: "name") }
        members[name] = value
    }

    func finish(methods: [(name: String, function: Value)]) {
        for (name, function) in methods { self.methods[name] = function }
    }

    override func forward(_ x: Tensor) throws -> Tensor {
        guard let forward = methods["forward"] else {
            throw Fault("\(name) does not say what it computes", hint: "fn forward(x) { … } in the model", kind: "type")
        }
        return try tensor(from: try machine.call(forward, Arguments([x.scriptValue])))
    }

    private func tensor(from answer: Value) throws -> Tensor {
        guard let tensor = (answer.object as? TensorObject)?.tensor else {
            throw Fault("forward of \(name) must answer a tensor, it answered \(answer.described)", kind: "type")
        }
        return tensor
    }

    /// A call whose arguments are more than one tensor, or whose forward takes the batch as it is; nil when it is neither.
    func callDirectly(_ arguments: Arguments, _ machine: Machine) throws -> Value? {
        guard arguments.positional.count != 1 || !arguments.keywords.isEmpty else { return nil }
        guard let forward = methods["forward"] else { return nil }
        var answer = Value.null
        let mask = arguments.positional.lazy.compactMap { ($0.object as? TensorObject)?.tensor.mask }.first
        let output = try calling(with: mask) {
            answer = try machine.call(forward, arguments)
            return try tensor(from: answer)
        }
        return output.scriptValue
    }

    override func copied(_ copier: Copier) throws -> Layer {
        guard let remake else { throw ModelError(.value, "\(name) cannot be copied before it is complete") }
        return try remake(copier)
    }

    /// Set when the instance is complete: makes a copy from a copier.
    var remake: ((Copier) throws -> Layer)?
}

extension Value {
    /// The value as a part of a model: a model, a parameter, or a list of models; nil for anything else.
    var layerField: Layer.Field? {
        switch object {
        case let model as LayerObject: .layer(model.layer)
        case let tensor as TensorObject: tensor.parameter.map { .parameter($0) }
        case let list as ListObject where !list.items.isEmpty && list.items.allSatisfy({ $0.object is LayerObject }):
            .layers(list.items.compactMap { ($0.object as? LayerObject)?.layer })
        default: nil
        }
    }

    /// The value with the models and parameters in it copied.
    func copied(by copier: Copier) throws -> Value {
        switch object {
        case let model as LayerObject: .object(LayerObject(try copier.copy(model.layer)))
        case let tensor as TensorObject:
            try tensor.parameter.map { .object(TensorObject(parameter: try copier.copy($0))) } ?? self
        case let list as ListObject: .list(try list.items.map { try $0.copied(by: copier) })
        default: self
        }
    }
}

/// The object behind an instance of a `model` declaration while the machine makes it.
final class ScriptModelObject: LayerObject, ModelInstance {
    let model: ScriptModel

    init(_ model: ScriptModel) {
        self.model = model
        super.init(model)
    }

    func setField(_ name: String, to value: Value) throws { try model.setMember(name, to: value) }
    func fieldValue(_ name: String) -> Value? { model.member(name) }
    func finish(methods: [(name: String, function: Value)], signature: Signature) throws {
        model.finish(methods: methods)
    }
}

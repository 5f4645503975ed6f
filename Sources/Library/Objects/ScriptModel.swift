import Language
import Networks
import OrderedCollections
import Tensors

/// An instance of a `model` declaration: its fields are found by name, its forward is written in the language.
final class ScriptModel: Layer {
    let name: String
    private let machine: Machine
    private var members: OrderedDictionary<String, Value> = [:]
    /// Functions that take the instance before their own arguments.
    private var methods: OrderedDictionary<String, Value> = [:]

    init(_ name: String, _ machine: Machine) {
        self.name = name
        self.machine = machine
    }

    override var kind: String { name }
    var methodNames: [String] { Array(methods.keys) }

    override var fields: [(name: String, field: Field)] {
        members.elements.compactMap { name, value in value.layerField.map { (name, $0) } }
    }

    /// A field, or a method joined to this instance.
    func member(_ name: String) -> Value? {
        members[name] ?? methods[name].map { .object(BoundMethod(receiver: scriptValue, function: $0)) }
    }

    func setMember(_ name: String, to value: Value) throws {
        if methods[name] != nil {
            throw Fault("\(name) is a method of \(self.name) and cannot be assigned", kind: "name")
        }
        members[name] = value
    }

    func finish(methods: [(name: String, function: Value)]) {
        for (name, function) in methods { self.methods[name] = function }
    }

    override func forward(_ x: Tensor) throws -> Tensor { try run([x.scriptValue], keywords: []) }

    private func run(_ inputs: [Value], keywords: [(name: String, value: Value)]) throws -> Tensor {
        guard let forward = methods["forward"] else {
            throw Fault("\(name) does not say what it computes", hint: "fn forward(x) { … } in the model", kind: "type")
        }
        let answer = try machine.call(forward, Arguments([scriptValue] + inputs, keywords: keywords))
        guard let tensor = (answer.object as? TensorObject)?.tensor else {
            throw Fault("forward of \(name) must answer a tensor, it answered \(answer.described)", kind: "type")
        }
        return tensor
    }

    /// The call of a model whose forward takes more than one tensor; nil when one input is given.
    func callDirectly(_ arguments: Arguments) throws -> Value? {
        guard arguments.positional.count != 1 || !arguments.keywords.isEmpty else { return nil }
        let mask = arguments.positional.lazy.compactMap { ($0.object as? TensorObject)?.tensor.mask }.first
        return try calling(with: mask) { try run(arguments.positional, keywords: arguments.keywords) }.scriptValue
    }

    override func copied(_ copier: Copier) throws -> Layer {
        let copy = ScriptModel(name, machine)
        copy.methods = methods
        for (name, value) in members { copy.members[name] = try value.copied(by: copier) }
        return copy
    }
}

/// The object behind an instance of a `model` declaration while the machine makes it.
final class ScriptModelObject: LayerObject, ModelInstance {
    private let model: ScriptModel

    init(_ model: ScriptModel) {
        self.model = model
        super.init(model)
    }

    func finish(methods: [(name: String, function: Value)], signature: Signature) throws {
        model.finish(methods: methods)
    }
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
            if let parameter = tensor.parameter {
                .object(TensorObject(parameter: try copier.copy(parameter) as Tensors.Parameter))
            } else {
                self
            }
        case let list as ListObject: .list(try list.items.map { try $0.copied(by: copier) })
        default: self
        }
    }
}

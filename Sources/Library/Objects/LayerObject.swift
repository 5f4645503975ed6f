import Distillation
import Language
import Networks
import Tensors

/// A model, or a part of one, as a value of the language.
class LayerObject: Object {
    let layer: Layer

    init(_ layer: Layer) { self.layer = layer }

    override var typeName: String { "model" }

    override func display(_ style: DisplayStyle) -> String {
        switch style {
        case .inline: "<\(layer.title)>"
        case .full: Summary(of: layer).text
        }
    }

    override func isEqual(to other: Object) -> Bool { (other as? LayerObject)?.layer === layer }
    override func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(layer)) }

    // MARK: parts

    override var fieldNames: [String] {
        layer.fields.map(\.name).filter { Int($0) == nil } + ["tokenizer", "run", "kind"]
            + ((layer as? ScriptModel)?.methodNames ?? [])
    }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        if let value = (layer as? ScriptModel)?.member(name) { return value }
        if let found = layer.fields.first(where: { $0.name == name })?.field { return found.scriptValue }
        switch name {
        case "tokenizer": return layer.tokenizer.map { .object(TokenizerObject($0)) } ?? .null
        case "run": return (layer.history as? RunObject).map { .object($0) } ?? .null
        case "kind": return .string(layer.kind)
        default: return nil
        }
    }

    override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        if name == "tokenizer" {
            if value.isNull { return layer.tokenizer = nil }
            guard let tokenizer = value.object as? TokenizerObject else {
                throw Fault("a model's tokenizer must be a tokenizer, not \(value.described)", kind: "type")
            }
            layer.tokenizer = tokenizer.tokenizer
            return
        }
        guard let model = layer as? ScriptModel else {
            throw Fault(
                "the parts of a \(layer.kind) cannot be exchanged", hint: "make a new model of the parts", kind: "name")
        }
        try model.setMember(name, to: value)
    }

    /// `model[2]`, `model["encoder.layer.2"]`.
    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        guard items.count == 1, case .index(let key) = items[0] else {
            throw Fault(
                "a part of a model is named by one number or path", hint: "model[0], model[\"0.body\"]", kind: "index")
        }
        if let path = key.string {
            if let parameter = layer.parameters().first(where: { $0.path == path })?.parameter {
                return .object(TensorObject(parameter: parameter))
            }
            return .object(LayerObject(try layer.layer(at: path)))
        }
        guard let index = key.int else {
            throw Fault("a part of a model is named by a number or a path, not \(key.described)", kind: "type")
        }
        let parts = layer.children
        guard let place = normalized(index, count: parts.count) else {
            throw Fault(
                "there is no part \(index) in a \(layer.kind) of \(counted(parts.count, "part"))",
                hint: parts.isEmpty ? nil : "its parts go from 0 to \(parts.count - 1)", kind: "index")
        }
        return .object(LayerObject(parts[place].layer))
    }

    override func count(_ machine: Machine) throws -> Int? { layer.children.count }

    override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        ArrayIterator(layer.children.map { .object(LayerObject($0.layer)) })
    }

    // MARK: the call

    override var isCallable: Bool { true }

    /// The model's output for a tensor, a batch, a dataset, a text or a list of texts.
    override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        if let model = layer as? ScriptModel, let answer = try model.callDirectly(arguments) { return answer }
        guard arguments.positional.count == 1, arguments.keywords.isEmpty else {
            throw Fault(
                "a \(layer.kind) takes one input, \(arguments.positional.count + arguments.keywords.count) are given",
                hint: "model(x), with a tensor, a batch, a text or a dataset", kind: "type")
        }
        return .object(TensorObject(try layer.output(for: arguments.positional[0])))
    }
}

extension Layer: ScriptConvertible {
    public static var scriptType: String { "model" }
    public static func from(_ value: Value) throws -> Self? { (value.object as? LayerObject)?.layer as? Self }
    public var scriptValue: Value { .object(LayerObject(self)) }
}

extension Layer.Field {
    var scriptValue: Value {
        switch self {
        case .parameter(let parameter): .object(TensorObject(parameter: parameter))
        case .buffer(let tensor): tensor.scriptValue
        case .layer(let layer): layer.scriptValue
        case .layers(let layers): layers.scriptValue
        }
    }
}

extension Layer {
    /// The output for whatever a script gives as input; a model's own output is marked as logits.
    func output(for input: Value) throws -> Tensor {
        if let tensor = (input.object as? TensorObject)?.tensor {
            let output = try self(tensor)
            return Layer.running == nil && self is Chain ? output.markedAsLogits() : output
        }
        if let batch = try batch(of: input) { return try self(batch).markedAsLogits() }
        return try self(try modelInput(input)).markedAsLogits()
    }

    /// A batch, dataset, text or list of texts as a batch; nil for anything else.
    private func batch(of input: Value) throws -> Batch? {
        switch input.object {
        case let batch as BatchObject: return batch.batch
        case let data as DatasetObject: return Batch(data.dataset, rows: Array(0..<data.dataset.count))
        case let text as StringObject: return try batch(ofTexts: [text.text])
        case let list as ListObject where list.items.first?.string != nil:
            guard let texts = try [String].from(.object(list)) else {
                throw Fault("a model reads texts; one item of the list is none", kind: "type")
            }
            return try batch(ofTexts: texts)
        default: return nil
        }
    }

    /// A batch, dataset, text or list of texts as the tensor that the model reads.
    func modelInput(_ input: Value) throws -> Tensor {
        if let batch = try batch(of: input) { return try batch.input(for: self) }
        if let tensor = try Tensor.from(input) { return tensor }
        throw Fault("a model reads tensors, batches, datasets and texts, not \(input.described)", kind: "type")
    }

    private func batch(ofTexts texts: [String]) throws -> Batch {
        guard tokenizer != nil else {
            throw ModelError(
                .input, "the input is text and the model has no tokenizer",
                hint: "chain(…, tokenizer=word_tokenizer(data))")
        }
        let data = try Dataset(name: "texts", columns: [("text", .text(texts))])
        return Batch(data, rows: Array(0..<texts.count))
    }
}

/// A function of the language as a part of a chain.
final class FunctionLayer: Layer {
    private let function: Value
    private let machine: Machine

    init(_ function: Value, _ machine: Machine) {
        self.function = function
        self.machine = machine
    }

    override var kind: String { function.object?.signature?.name ?? "function" }

    override var activation: Activation? { (function.object as? Builtin).flatMap { Activation(rawValue: $0.name) } }

    /// What takes a number or a tensor works on each element and leaves the shape as it is.
    override func shape(after input: [String]?) -> [String]? {
        function.object?.signature?.parameters.first?.type == Numeric.scriptType ? input : nil
    }

    override func forward(_ x: Tensor) throws -> Tensor {
        let answer = try machine.call(function, Arguments([x.scriptValue]))
        guard let tensor = (answer.object as? TensorObject)?.tensor else {
            throw Fault("\(kind) in a chain must answer a tensor, it answered \(answer.described)", kind: "type")
        }
        return tensor
    }

    override func copied(_ copier: Copier) throws -> Layer { FunctionLayer(function, machine) }
}

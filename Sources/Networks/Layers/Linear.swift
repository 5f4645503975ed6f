import Tensors

/// y = x Wᵀ + b on the last axis: [..., in] → [..., out]. The weight is [out, in].
public final class Linear: Layer {
    public let inputs: Int
    public let outputs: Int
    public let weight: Parameter
    public let bias: Parameter?

    /// Weight and bias are drawn from U(±1/√in).
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true) throws {
        try checkSize("linear", "inputs", inputs)
        try checkSize("linear", "outputs", outputs)
        self.inputs = inputs
        self.outputs = outputs
        weight = try Parameter(Initialisation.fan([outputs, inputs], in: inputs))
        self.bias = bias ? try Parameter(Initialisation.fan([outputs], in: inputs)) : nil
    }

    private init(_ inputs: Int, _ outputs: Int, weight: Parameter, bias: Parameter?) {
        (self.inputs, self.outputs, self.weight, self.bias) = (inputs, outputs, weight, bias)
    }

    public override var kind: String { "linear" }
    public override var details: String { "\(inputs) → \(outputs)" + (bias == nil ? ", no bias" : "") }
    public override var fields: [(name: String, field: Field)] {
        [("weight", .parameter(weight))] + (bias.map { [("bias", .parameter($0))] } ?? [])
    }

    public override func shape(after input: [String]?) -> [String]? {
        Array((input ?? ["…", ""]).dropLast()) + ["\(outputs)"]
    }

    public override func forward(_ x: Tensor) throws -> Tensor {
        let found = x.shape.last ?? 0
        try checkWidth(of: x, inputs, hint: found > 0 ? "linear(\(found), \(outputs)) takes this input" : nil)
        let product = try matmul(x, transpose(weight.value, -2, -1))
        return try bias.map { try add(product, $0.value) } ?? product
    }

    public override func initialise() throws {
        try weight.assign(Initialisation.fan(weight.shape, in: inputs))
        try bias?.assign(Initialisation.fan([outputs], in: inputs))
    }

    public override func copied(_ copier: Copier) throws -> Layer {
        Linear(inputs, outputs, weight: try copier.copy(weight), bias: try copier.copy(bias))
    }
}

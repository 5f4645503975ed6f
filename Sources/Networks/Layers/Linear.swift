import Tensors

/// y = x Wᵀ + b on the last axis: [..., in] → [..., out]. The weight is [out, in].
public final class Linear: Layer {
    public let inputs: Int
    public let outputs: Int
    public let weight: Parameter
    public let bias: Parameter?
    /// Standard deviation of the weights at the start; nil where they are uniform.
    public let deviation: Double?

    /// Weight and bias are drawn from U(±1/√in); with a deviation the weight is normal and the bias 0.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, deviation: Double? = nil) throws {
        try checkSize("linear", "inputs", inputs)
        try checkSize("linear", "outputs", outputs)
        if let deviation, !(deviation >= 0 && deviation.isFinite) {
            throw ModelError(.value, "linear: std is \(deviation); it must be at least 0")
        }
        (self.inputs, self.outputs, self.deviation, rounded) = (inputs, outputs, deviation, nil)
        weight = try Parameter(Self.start([outputs, inputs], in: inputs, deviation: deviation))
        self.bias = bias ? try Parameter(Self.start([outputs], in: inputs, deviation: deviation)) : nil
    }

    /// The weights as they are computed with where the model is frozen in fewer bits.
    private let rounded: Rounded?

    private enum Rounded {
        case bf16(BF16Weights)
        case int8(Int8Weights)
    }

    private init(_ original: Linear, _ copier: Copier) throws {
        (inputs, outputs, deviation) = (original.inputs, original.outputs, original.deviation)
        (weight, bias) = (try copier.copy(original.weight), try copier.copy(original.bias))
        switch (copier.rounding, original.rounded) {
        case (.int8, _), (nil, .int8): rounded = .int8(try Int8Weights(weight: weight.value, bias: bias?.value))
        case (.bf16, _), (nil, .bf16): rounded = .bf16(try BF16Weights(weight: weight.value, bias: bias?.value))
        case (nil, nil): rounded = nil
        }
    }

    /// How a weight (rank 2) or a bias begins.
    private static func start(_ shape: [Int], in inputs: Int, deviation: Double?) throws -> Tensor {
        guard let deviation else { return try Initialisation.fan(shape, in: inputs) }
        return try shape.count == 1 ? .zeros(shape) : normal(shape, mean: 0, std: deviation)
    }

    public override var kind: String { "linear" }
    public override var details: String {
        "\(inputs) → \(outputs)" + (bias == nil ? ", no bias" : "") + described
    }
    private var described: String {
        switch rounded {
        case .bf16: ", bf16"
        case .int8: ", int8"
        case nil: ""
        }
    }
    public override var fields: [(name: String, field: Field)] {
        [("weight", .parameter(weight))] + (bias.map { [("bias", .parameter($0))] } ?? [])
    }

    public override func shape(after input: [String]?) -> [String]? {
        Array((input ?? ["…", ""]).dropLast()) + ["\(outputs)"]
    }

    public override func forward(_ x: Tensor) throws -> Tensor { try forward(x, nil) }

    public override func forward(_ x: Tensor, then next: Layer) throws -> Tensor? {
        guard let activation = next.activation else { return nil }
        return try calling(with: x.mask) { try forward(x, activation) }
    }

    private func forward(_ x: Tensor, _ activation: Activation?) throws -> Tensor {
        let found = x.shape.last ?? 0
        try checkWidth(of: x, inputs, hint: found > 0 ? "linear(\(found), \(outputs)) takes this input" : nil)
        switch rounded {
        case .bf16(let weights): return try linear(x, weights, then: activation)
        case .int8(let weights): return try linear(x, weights, then: activation)
        case nil: return try linear(x, weight: weight.value, bias: bias?.value, then: activation)
        }
    }

    public override func initialise() throws {
        try weight.assign(Self.start(weight.shape, in: inputs, deviation: deviation))
        try bias?.assign(Self.start([outputs], in: inputs, deviation: deviation))
    }

    public override func copied(_ copier: Copier) throws -> Layer {
        try Linear(self, copier)
    }
}

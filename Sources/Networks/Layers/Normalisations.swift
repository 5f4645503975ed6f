import Tensors

/// Each vector of the last axis brought to mean 0 and variance 1, then scaled and shifted.
///
/// Ba, Kiros, Hinton 2016, arXiv:1607.06450.
public final class LayerNorm: Layer {
    public let width: Int
    public let eps: Double
    public let weight: Parameter
    public let bias: Parameter

    public init(_ width: Int, eps: Double = 1e-5) throws {
        try checkSize("layer_norm", "width", width)
        (self.width, self.eps) = (width, eps)
        weight = try Parameter(.ones([width]))
        bias = try Parameter(.zeros([width]))
    }

    private init(_ width: Int, _ eps: Double, _ weight: Parameter, _ bias: Parameter) {
        (self.width, self.eps, self.weight, self.bias) = (width, eps, weight, bias)
    }

    public override var kind: String { "layer_norm" }
    public override var details: String { "\(width)" }
    public override var fields: [(name: String, field: Field)] {
        [("weight", .parameter(weight)), ("bias", .parameter(bias))]
    }
    public override func shape(after input: [String]?) -> [String]? { input ?? ["…", "\(width)"] }
    public override func forward(_ x: Tensor) throws -> Tensor {
        try checkWidth(of: x, width, hint: x.shape.last.map { "layer_norm(\($0)) takes this input" })
        return try layerNorm(x, normalizedShape: [width], weight: weight.value, bias: bias.value, eps: eps)
    }
    public override func initialise() throws {
        try weight.assign(.ones([width]))
        try bias.assign(.zeros([width]))
    }
    public override func copied(_ copier: Copier) throws -> Layer {
        LayerNorm(width, eps, try copier.copy(weight), try copier.copy(bias))
    }
}

/// Each channel brought to mean 0 and variance 1 over the batch; in evaluation by running averages.
///
/// [B, C], sequences [B, T, C] as embeddings and convolutions along time give them, or [B, C, …]. Ioffe, Szegedy 2015, arXiv:1502.03167.
public final class BatchNorm: Layer {
    public let width: Int
    public let eps: Double
    public let momentum: Double
    public let weight: Parameter
    public let bias: Parameter
    private var runningMean: Tensor
    private var runningVariance: Tensor

    public init(_ width: Int, eps: Double = 1e-5, momentum: Double = 0.1) throws {
        try checkSize("batch_norm", "width", width)
        (self.width, self.eps, self.momentum) = (width, eps, momentum)
        weight = try Parameter(.ones([width]))
        bias = try Parameter(.zeros([width]))
        runningMean = try .zeros([width])
        runningVariance = try .ones([width])
    }

    private init(_ other: BatchNorm, _ copier: Copier) throws {
        (width, eps, momentum) = (other.width, other.eps, other.momentum)
        (weight, bias) = (try copier.copy(other.weight), try copier.copy(other.bias))
        (runningMean, runningVariance) = (other.runningMean, other.runningVariance)
    }

    public override var kind: String { "batch_norm" }
    public override var details: String { "\(width)" }
    public override var fields: [(name: String, field: Field)] {
        [
            ("weight", .parameter(weight)), ("bias", .parameter(bias)), ("running_mean", .buffer(runningMean)),
            ("running_var", .buffer(runningVariance)),
        ]
    }
    public override func setBuffer(_ name: String, to value: Tensor) throws {
        switch name {
        case "running_mean": runningMean = value
        case "running_var": runningVariance = value
        default: try super.setBuffer(name, to: value)
        }
    }
    public override func shape(after input: [String]?) -> [String]? { input ?? ["…", "\(width)"] }
    public override func forward(_ x: Tensor) throws -> Tensor {
        if x.rank == 3, x.shape[2] == width {
            let output = try transpose(normalised(transpose(x, 1, 2)), 1, 2)
            output.mask = x.mask
            return output
        }
        guard x.rank < 2 || x.shape[1] == width else {
            throw TensorError(
                .shape, "batch_norm: takes \(width) channels, found \(x.shape[1]): the input has shape \(x.shape)",
                label: "the axis after the batch, or the last of a sequence, must be \(width) wide")
        }
        return try normalised(x)
    }

    /// [B, C, …].
    private func normalised(_ x: Tensor) throws -> Tensor {
        let result = try batchNorm(
            x, runningMean: runningMean, runningVariance: runningVariance, weight: weight.value, bias: bias.value,
            training: isTraining, momentum: momentum, eps: eps)
        if isTraining {
            if let mean = result.runningMean { runningMean = mean.detached() }
            if let variance = result.runningVariance { runningVariance = variance.detached() }
        }
        return result.output
    }
    public override func initialise() throws {
        try weight.assign(.ones([width]))
        try bias.assign(.zeros([width]))
        runningMean = try .zeros([width])
        runningVariance = try .ones([width])
    }
    public override func copied(_ copier: Copier) throws -> Layer { try BatchNorm(self, copier) }
}

import Tensors

/// A convolution along time: [B, T, in] → [B, T', out]. The weight is [out, in / groups, kernel].
///
/// Sequences keep the layout of embeddings, time before channels; padded positions count as zero.
public final class Conv1d: Layer {
    public struct Shape {
        public var inputs: Int
        public var outputs: Int
        public var kernel: Int
        public var stride = 1
        public var padding = 0
        public var dilation = 1
        public var groups = 1

        public init(_ inputs: Int, _ outputs: Int, kernel: Int) {
            (self.inputs, self.outputs, self.kernel) = (inputs, outputs, kernel)
        }
    }

    public let shape: Shape
    public let weight: Parameter
    public let bias: Parameter?

    /// - Throws: `value` for sizes below 1, or channels that the groups do not divide.
    public init(_ shape: Shape, bias: Bool = true) throws {
        for (name, size) in [
            ("inputs", shape.inputs), ("outputs", shape.outputs), ("kernel", shape.kernel), ("stride", shape.stride),
            ("dilation", shape.dilation), ("groups", shape.groups),
        ] { try checkSize("conv1d", name, size) }
        guard shape.padding >= 0 else {
            throw ModelError(.value, "conv1d: padding is \(shape.padding); it must be 0 or more")
        }
        guard shape.inputs % shape.groups == 0, shape.outputs % shape.groups == 0 else {
            throw ModelError(
                .value,
                "conv1d: \(shape.groups) groups do not divide \(shape.inputs) inputs and \(shape.outputs) outputs")
        }
        self.shape = shape
        weight = try Parameter(Conv1d.draw([shape.outputs, shape.inputs / shape.groups, shape.kernel], shape))
        self.bias = bias ? try Parameter(Conv1d.draw([shape.outputs], shape)) : nil
    }

    private init(_ shape: Shape, weight: Parameter, bias: Parameter?) {
        (self.shape, self.weight, self.bias) = (shape, weight, bias)
    }

    private static func draw(_ size: [Int], _ shape: Shape) throws -> Tensor {
        try Initialisation.fan(size, in: shape.inputs / shape.groups * shape.kernel)
    }

    public override var kind: String { "conv1d" }
    public override var details: String {
        "\(shape.inputs) → \(shape.outputs), kernel \(shape.kernel)"
            + (shape.stride == 1 ? "" : ", stride \(shape.stride)")
            + (shape.padding == 0 ? "" : ", padding \(shape.padding)")
            + (shape.dilation == 1 ? "" : ", dilation \(shape.dilation)")
            + (shape.groups == 1 ? "" : ", groups \(shape.groups)")
    }
    public override var fields: [(name: String, field: Field)] {
        [("weight", .parameter(weight))] + (bias.map { [("bias", .parameter($0))] } ?? [])
    }

    public override func shape(after input: [String]?) -> [String]? {
        let keepsLength = shape.stride == 1 && 2 * shape.padding == shape.dilation * (shape.kernel - 1)
        let (batch, time) = input.map { $0.count == 3 ? ($0[0], $0[1]) : ("B", "T") } ?? ("B", "T")
        return [batch, keepsLength ? time : "T'", "\(shape.outputs)"]
    }

    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 3 else {
            throw noSequence(x, shape.inputs)
        }
        try checkWidth(of: x, shape.inputs, called: "channels", hint: hintForSequence(x, shape.inputs))
        let reach = (shape.kernel - 1).multipliedReportingOverflow(by: shape.dilation)
        guard !reach.overflow, x.shape[1] == 0 || reach.partialValue < x.shape[1] + 2 * shape.padding else {
            throw TensorError(
                .shape,
                "conv1d: the kernel is \(shape.kernel) wide, the sequence \(x.shape[1]) long: its shape is \(x.shape)",
                hint: "a smaller kernel, or padding=\(shape.kernel / 2) around the sequence")
        }
        var input = x
        if let mask = x.mask { input = try multiply(x, unsqueeze(mask.converted(to: x.dtype), -1)) }
        if shape.stride == 1, shape.dilation == 1, shape.groups == 1 {
            return try conv1dOfSequences(input, weight: weight.value, bias: bias?.value, padding: shape.padding)
        }
        let channels = try transpose(input, 1, 2)
        let output = try conv1d(
            channels, weight: weight.value, bias: bias?.value, stride: shape.stride, padding: shape.padding,
            dilation: shape.dilation, groups: shape.groups)
        return try transpose(output, 1, 2)
    }

    public override func initialise() throws {
        try weight.assign(Conv1d.draw(weight.shape, shape))
        try bias?.assign(Conv1d.draw([shape.outputs], shape))
    }

    public override func copied(_ copier: Copier) throws -> Layer {
        Conv1d(shape, weight: try copier.copy(weight), bias: try copier.copy(bias))
    }
}

/// Does real work on tensors of any type: bf16 and whole numbers are computed in f32, and bf16 results rounded back.
///
/// - Throws: `type` for an operand that is neither real nor whole (a bool), unless `acceptsBool`.
func computing(
    _ name: String, _ x: Tensor, acceptsBool: Bool = false, _ body: (Tensor) throws -> Tensor
) throws -> Tensor {
    switch x.dtype {
    case .f32, .f64: return try body(x)
    case .bf16:
        let wide = try x.converted(to: .f32)
        wide.mask = x.mask
        let result = try body(wide)
        let rounded = try result.converted(to: .bf16)
        (rounded.unit, rounded.mask) = (result.unit, result.mask)
        return rounded
    case .bool where !acceptsBool:
        throw TensorError(
            .type, "\(name): takes real numbers, found bool", hint: "convert them first: float(x)")
    default:
        let real = try x.converted(to: .f32)
        real.mask = x.mask
        return try body(real)
    }
}

/// Rows for one chunk of a threaded loop: about 32 thousand elements, and at least one row.
func rowGrain(_ width: Int) -> Int { max(1, 32_768 / max(width, 1)) }

/// The gradients of a fused operation, written as those of its composed twin, so that they can be differentiated again.
///
/// - Parameters:
///   - inputs: the operation's inputs.
///   - gradient: of its output.
///   - twin: computes the same output from the inputs with operations that have gradients themselves.
func composedGradients(
    _ inputs: [Tensor], _ gradient: Tensor, twin: ([Tensor]) throws -> Tensor
) throws -> [Tensor?] {
    // Fresh names for the inputs: the walk ends there and does not go on into how they were computed.
    let doors = inputs.map { input in
        Tensor.view(
            "input", of: input, shape: input.shape, strides: input.strides, offset: input.offset, unit: input.unit,
            pullback: .rule { gradient in [gradient] })
    }
    let wanted = doors.indices.filter { doors[$0].isTracked }
    let output = try twin(doors)
    var result = [Tensor?](repeating: nil, count: inputs.count)
    guard output.isTracked, !wanted.isEmpty else { return result }
    let found = try gradients(
        of: output, wrt: wanted.map { doors[$0] }, seed: gradient, createGraph: Graph.isRecording, allowUnused: true)
    for (place, flow) in zip(wanted, found) { result[place] = flow }
    return result
}

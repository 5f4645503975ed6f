/// Probabilities along one axis: `exp(x) / Σ exp(x)`, shifted by the maximum so that nothing overflows.
///
/// The result has the unit of probabilities. A row of only −∞ (all classes masked) gives NaN.
///
/// - Throws: `unit` for a tensor that is already probabilities or their logarithms; `index` when there is no such axis.
public func softmax(_ x: Tensor, axis: Int = -1) throws -> Tensor {
    try checkScores(x, "softmax")
    let result = try alongLast(x, axis: axis, name: "softmax") { try softmaxRows($0) }
    (result.unit, result.mask) = (.probabilities, x.mask)
    return result
}

/// Logarithms of the probabilities along one axis: `x − log Σ exp(x)`, exact where `log(softmax(x))` is −∞.
///
/// - Throws: `unit` for a tensor that is already probabilities or their logarithms; `index` when there is no such axis.
public func logSoftmax(_ x: Tensor, axis: Int = -1) throws -> Tensor {
    try checkScores(x, "log_softmax")
    let result = try alongLast(x, axis: axis, name: "log_softmax") { try logSoftmaxRows($0) }
    (result.unit, result.mask) = (.logProbabilities, x.mask)
    return result
}

/// - Throws: `unit` unless the tensor may be scores.
func checkScores(_ x: Tensor, _ name: String) throws {
    switch x.unit {
    case .logits, nil: return
    case .labels:
        throw TensorError(
            .unit, "\(name): logits are due here, these are class labels",
            hint: "one_hot(labels, classes) makes probabilities of labels"
        )
    case .probabilities, .logProbabilities:
        let found = x.unit == .probabilities ? "probabilities" : "log-probabilities"
        throw TensorError(
            .unit, "\(name): logits are due here, these are \(found): softmax would be taken twice",
            hint: "pass the logits, the scores before the softmax")
    }
}

/// Runs an operation on rows along any axis of a tensor of any real type.
private func alongLast(
    _ x: Tensor, axis: Int, name: String, _ body: (Tensor) throws -> Tensor
) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: name)
    return try computing(name, x) { x in
        if x.rank == 0 { return try reshape(body(reshape(x, [1])), []) }
        if axis == x.rank - 1 { return try body(x) }
        return try transpose(body(transpose(x, axis, x.rank - 1)), axis, x.rank - 1)
    }
}

/// Softmax over the last axis of an f32 or f64 tensor of rank 1 or more.
func softmaxRows(_ x: Tensor) throws -> Tensor {
    try Tensor.operation(
        "softmax", [x], shape: x.shape, dtype: x.dtype, unit: .probabilities,
        pullback: .outputFused(
            fast: { gradient, output in
                [try backwardRows(output, gradient, isLogarithm: false)]
            },
            composed: { gradient, output in
                let weighted = try multiply(gradient, output)
                return [try subtract(weighted, multiply(output, sum(weighted, dims: [-1], keepdim: true)))]
            })
    ) { output in
        try x.dtype == .f64
            ? forwardRows(Double.self, x, output, isLogarithm: false)
            : forwardRows(Float.self, x, output, isLogarithm: false)
    }
}

/// Log-softmax over the last axis of an f32 or f64 tensor of rank 1 or more.
func logSoftmaxRows(_ x: Tensor) throws -> Tensor {
    try Tensor.operation(
        "log_softmax", [x], shape: x.shape, dtype: x.dtype, unit: .logProbabilities,
        pullback: .outputFused(
            fast: { gradient, output in
                [try backwardRows(output, gradient, isLogarithm: true)]
            },
            composed: { gradient, output in
                [try subtract(gradient, multiply(exp(output), sum(gradient, dims: [-1], keepdim: true)))]
            })
    ) { output in
        try x.dtype == .f64
            ? forwardRows(Double.self, x, output, isLogarithm: true)
            : forwardRows(Float.self, x, output, isLogarithm: true)
    }
}

private func forwardRows<S: Real>(_: S.Type, _ x: Tensor, _ output: Tensor, isLogarithm: Bool) throws {
    let n = x.shape[x.rank - 1]
    if x.count == 0 { return }
    let source = try x.packed()
    defer { withExtendedLifetime(source) {} }
    let (from, to) = (source.pointer(S.self), output.pointer(S.self))
    try ThreadPool.parallel(x.count / n, grain: rowGrain(n * 4)) { rows in
        let (start, target) = (from + rows.lowerBound * n, to + rows.lowerBound * n)
        if isLogarithm {
            S.loops.logSoftmaxRows(start, target, rows: rows.count, count: n)
        } else {
            S.loops.softmaxRows(start, target, rows: rows.count, count: n)
        }
    }
}

/// The fast gradient of softmax and log-softmax, from their output.
private func backwardRows(_ output: Tensor, _ gradient: Tensor, isLogarithm: Bool) throws -> Tensor {
    let result = try Tensor(uninitialized: output.shape, output.dtype)
    if output.count == 0 { return result }
    func run<S: Real>(_: S.Type) throws {
        let n = output.shape[output.rank - 1]
        let (values, flow) = (try output.contiguous(), try gradient.contiguous())
        defer { withExtendedLifetime((values, flow)) {} }
        let (y, g, dx) = (values.pointer(S.self), flow.pointer(S.self), result.pointer(S.self))
        try ThreadPool.parallel(output.count / n, grain: rowGrain(n * 2)) { rows in
            let start = rows.lowerBound * n
            if isLogarithm {
                S.loops.logSoftmaxBackwardRows(
                    output: y + start, gradient: g + start, dx + start, rows: rows.count, count: n)
            } else {
                S.loops.softmaxBackwardRows(
                    output: y + start, gradient: g + start, dx + start, rows: rows.count, count: n)
            }
        }
    }
    if output.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    return result
}

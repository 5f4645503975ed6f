// B batch, C channels, n the elements of one normalised row.

/// Layer normalization: every row of the last axes to mean 0 and variance 1, then `· weight + bias`.
///
///     y = (x − mean) / √(variance + eps) · weight + bias        with the biased variance
///
/// Ba, Kiros, Hinton 2016, arXiv:1607.06450.
///
/// - Parameters:
///   - normalizedShape: the sizes of the last axes that are one row.
///   - weight: of the normalised shape, as is `bias`; nil leaves it out.
/// - Throws: `shape`, naming the shapes.
public func layerNorm(
    _ x: Tensor, normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) throws -> Tensor {
    let (rows, n) = try normalizedRows(x, normalizedShape, [("weight", weight), ("bias", bias)], name: "layer_norm")
    return try computing("layer_norm", x) { x in
        let flat = try reshape(x, [rows, n])
        let scale = try weight.map { try reshape($0.converted(to: x.dtype), [n]) }
        let shift = try bias.map { try reshape($0.converted(to: x.dtype), [n]) }
        let result = try reshape(layerNormRows(flat, scale, shift, eps: eps), x.shape)
        result.mask = x.mask
        return result
    }
}

/// Root-mean-square normalization: `x / √(mean of x² + eps) · weight` over the last axes.
///
/// Zhang, Sennrich 2019, arXiv:1910.07467.
///
/// - Throws: `shape`, naming the shapes.
public func rmsNorm(
    _ x: Tensor, normalizedShape: [Int], weight: Tensor? = nil, eps: Double = 1e-6
) throws -> Tensor {
    let (rows, n) = try normalizedRows(x, normalizedShape, [("weight", weight)], name: "rms_norm")
    return try computing("rms_norm", x) { x in
        let flat = try reshape(x, [rows, n])
        let scale = try weight.map { try reshape($0.converted(to: x.dtype), [n]) }
        let result = try reshape(rmsNormRows(flat, scale, eps: eps), x.shape)
        result.mask = x.mask
        return result
    }
}

/// Group normalization: the channels of [B, C, …] in groups, each group of each sample to mean 0 and variance 1.
///
/// Wu, He 2018, arXiv:1803.08494.
///
/// - Parameter weight: [C], as is `bias`.
/// - Throws: `shape` unless the groups divide the channels.
public func groupNorm(
    _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
) throws -> Tensor {
    guard x.rank >= 2, groups > 0, x.shape[1] % groups == 0 else {
        throw TensorError(
            .shape,
            "group_norm: the tensor has shape \(x.shape), expected [B, C, …] with C a multiple of \(groups) groups")
    }
    let inner = x.count / max(x.shape[0] * groups, 1)
    let rows = try layerNorm(
        reshape(x, [x.shape[0], groups, inner]), normalizedShape: [inner], eps: eps)
    return try channelAffine(reshape(rows, x.shape), weight, bias, name: "group_norm")
}

/// What batch normalization gives: the result, and the running statistics after this batch.
public struct BatchNormResult {
    public let output: Tensor
    /// [C]; nil when none were given.
    public let runningMean: Tensor?
    public let runningVariance: Tensor?
}

/// Batch normalization: every channel of [B, C, …] to mean 0 and variance 1, then `· weight + bias`.
///
/// In training the batch's own mean and biased variance are used, and the running ones move towards the batch's mean and
/// *unbiased* variance by `momentum`; otherwise the running ones are used. Ioffe, Szegedy 2015, arXiv:1502.03167.
///
/// - Throws: `shape`, naming the shapes; `value` for training on one value per channel, or statistics that are missing.
public func batchNorm(
    _ x: Tensor, runningMean: Tensor? = nil, runningVariance: Tensor? = nil, weight: Tensor? = nil,
    bias: Tensor? = nil, training: Bool, momentum: Double = 0.1, eps: Double = 1e-5
) throws -> BatchNormResult {
    guard x.rank >= 2 else {
        throw TensorError(.shape, "batch_norm: the tensor has shape \(x.shape), expected [B, C, …]")
    }
    let channels = x.shape[1]
    for (name, given) in [("running mean", runningMean), ("running variance", runningVariance)] {
        if let given, given.shape != [channels] {
            throw TensorError(.shape, "batch_norm: the \(name) has shape \(given.shape), expected [\(channels)]")
        }
    }
    let across = [1, channels] + [Int](repeating: 1, count: x.rank - 2)
    if !training {
        guard let runningMean, let runningVariance else {
            throw TensorError(
                .value, "batch_norm: no running mean and variance were given, which evaluation needs",
                hint: "train first, or use training = true")
        }
        let output = try computing("batch_norm", x) { x in
            let mean = try reshape(runningMean.converted(to: x.dtype), across)
            let variance = try reshape(runningVariance.converted(to: x.dtype), across)
            let scaled = try divide(subtract(x, mean), sqrt(add(variance, eps)))
            return try channelAffine(scaled, weight, bias, name: "batch_norm")
        }
        return BatchNormResult(output: output, runningMean: runningMean, runningVariance: runningVariance)
    }
    let values = x.count / max(channels, 1)
    guard values > 1 || channels == 0 else {
        throw TensorError(
            .value, "batch_norm: shape \(x.shape) has \(values) values for each channel, training needs 2 or more",
            hint: "use a larger batch, or drop the last incomplete one")
    }
    let dims = [0] + Array(2..<x.rank)
    var newMean = runningMean
    var newVariance = runningVariance
    let output = try computing("batch_norm", x) { x in
        let center = try mean(x, dims: dims, keepdim: true)
        let shifted = try subtract(x, center)
        let variance = try mean(square(shifted), dims: dims, keepdim: true)
        try Graph.recording(false) {
            if let old = runningMean {
                newMean = try moved(old, towards: reshape(center.detached(), [channels]), by: momentum)
            }
            if let old = runningVariance {
                let unbiased = try multiply(
                    reshape(variance.detached(), [channels]), Double(values) / Double(values - 1))
                newVariance = try moved(old, towards: unbiased, by: momentum)
            }
        }
        let scaled = try divide(shifted, sqrt(add(variance, eps)))
        return try channelAffine(scaled, weight, bias, name: "batch_norm")
    }
    return BatchNormResult(output: output, runningMean: newMean, runningVariance: newVariance)
}

/// `(1 − amount) · old + amount · new`.
private func moved(_ old: Tensor, towards new: Tensor, by amount: Double) throws -> Tensor {
    try add(multiply(old, 1 - amount), multiply(new.converted(to: old.dtype), amount))
}

/// `x · weight + bias` with one number for each channel of [B, C, …].
private func channelAffine(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, name: String) throws -> Tensor {
    let channels = x.shape[1]
    let across = [1, channels] + [Int](repeating: 1, count: x.rank - 2)
    func prepared(_ tensor: Tensor, _ word: String) throws -> Tensor {
        guard tensor.shape == [channels] else {
            throw TensorError(.shape, "\(name): the \(word) has shape \(tensor.shape), expected [\(channels)]")
        }
        return try reshape(tensor.converted(to: x.dtype), across)
    }
    var result = x
    if let weight { result = try multiply(result, prepared(weight, "weight")) }
    if let bias { result = try add(result, prepared(bias, "bias")) }
    return result
}

/// How `x` falls into rows of the normalised shape.
private func normalizedRows(
    _ x: Tensor, _ shape: [Int], _ parameters: [(String, Tensor?)], name: String
) throws -> (rows: Int, n: Int) {
    guard !shape.isEmpty, shape.count <= x.rank, Array(x.shape.suffix(shape.count)) == shape else {
        throw TensorError(
            .shape, "\(name): the normalised shape is \(shape), expected the last axes of the tensor's \(x.shape)")
    }
    for (word, parameter) in parameters {
        if let parameter, parameter.shape != shape {
            throw TensorError(.shape, "\(name): the \(word) has shape \(parameter.shape), expected \(shape)")
        }
    }
    return (x.shape.dropLast(shape.count).reduce(1, *), shape.reduce(1, *))
}

private func layerNormRows(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, eps: Double) throws -> Tensor {
    try x.dtype == .f64
        ? LayerNormRows<Double>.apply(x, weight, bias, eps: eps) : LayerNormRows<Float>.apply(x, weight, bias, eps: eps)
}

/// Layer norm of the rows of [rows, n] as one operation.
private enum LayerNormRows<S: Real> {
    static func apply(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, eps: Double) throws -> Tensor {
        let (rows, n) = (x.shape[0], x.shape[1])
        let means = try Tensor(uninitialized: [rows], x.dtype)
        let scales = try Tensor(uninitialized: [rows], x.dtype)
        return try Tensor.operation(
            "layer_norm", [x] + [weight, bias].compactMap { $0 }, shape: x.shape, dtype: x.dtype,
            pullback: .fused(
                fast: { gradient in try fast(x, weight, bias, means, scales, gradient) },
                composed: { gradient in try composed(x, weight, bias, eps: eps, gradient) })
        ) { output in
            let (source, scale, shift) = try (
                x.packed(), weight?.packed(), bias?.packed()
            )
            defer { withExtendedLifetime((source, scale, shift)) {} }
            let (from, to) = (source.pointer(S.self), output.pointer(S.self))
            let (w, b) = (scale?.pointer(S.self), shift?.pointer(S.self))
            let (mean, rstd) = (means.pointer(S.self), scales.pointer(S.self))
            try ThreadPool.parallel(rows, grain: rowGrain(n * 2)) { range in
                let start = range.lowerBound
                S.loops.layerNormRows(
                    from + start * n, weight: w, bias: b, eps: S(eps), to + start * n, mean: mean + start,
                    rstd: rstd + start, rows: range.count, count: n)
            }
        }
    }

    private static func fast(
        _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ means: Tensor, _ scales: Tensor, _ gradient: Tensor
    ) throws -> [Tensor?] {
        let (rows, n) = (x.shape[0], x.shape[1])
        let (source, flow, scale) = try (x.contiguous(), gradient.contiguous(), weight?.contiguous())
        defer { withExtendedLifetime((source, flow, scale)) {} }
        let dx = try Tensor(uninitialized: x.shape, x.dtype)
        let (from, g, to) = (source.pointer(S.self), flow.pointer(S.self), dx.pointer(S.self))
        let (w, mean, rstd) = (scale?.pointer(S.self), means.pointer(S.self), scales.pointer(S.self))
        try ThreadPool.parallel(rows, grain: rowGrain(n * 2)) { range in
            let start = range.lowerBound
            S.loops.layerNormBackwardRows(
                from + start * n, weight: w, gradient: g + start * n, mean: mean + start, rstd: rstd + start,
                to + start * n, rows: range.count, count: n)
        }
        var result: [Tensor?] = [dx]
        if weight == nil, bias == nil { return result }
        // Each chunk of rows sums into a pair of its own; the pairs are added in order.
        let chunks = max(1, min(16, rows / 64))
        let perChunk = (rows + chunks - 1) / chunks
        let partial = try Tensor.zeros([chunks, 2, n], x.dtype)
        let sums = partial.pointer(S.self)
        try ThreadPool.parallel(chunks: chunks) { chunk in
            let start = min(chunk * perChunk, rows)
            let end = min(start + perChunk, rows)
            S.loops.layerNormParameterGradients(
                from + start * n, gradient: g + start * n, mean: mean + start, rstd: rstd + start,
                dWeight: sums + chunk * 2 * n, dBias: sums + (chunk * 2 + 1) * n, rows: end - start, count: n)
        }
        let total = try sum(partial, dims: [0], keepdim: false)
        if weight != nil { result.append(try select(total, axis: 0, index: 0)) }
        if bias != nil { result.append(try select(total, axis: 0, index: 1)) }
        return result
    }

    private static func composed(
        _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, eps: Double, _ gradient: Tensor
    ) throws -> [Tensor?] {
        let shifted = try subtract(x, mean(x, dims: [1], keepdim: true))
        let rstd = try reciprocal(sqrt(add(mean(square(shifted), dims: [1], keepdim: true), eps)))
        let unit = try multiply(shifted, rstd)
        let flow = try weight.map { try multiply(gradient, $0) } ?? gradient
        let across = try multiply(unit, mean(multiply(flow, unit), dims: [1], keepdim: true))
        let centered = try subtract(flow, mean(flow, dims: [1], keepdim: true))
        var result: [Tensor?] = [try multiply(rstd, subtract(centered, across))]
        if weight != nil { result.append(try sum(multiply(gradient, unit), dims: [0], keepdim: false)) }
        if bias != nil { result.append(try sum(gradient, dims: [0], keepdim: false)) }
        return result
    }
}

/// RMS norm of the rows of [rows, n]; the forward is one loop, the gradient is composed.
private func rmsNormRows(_ x: Tensor, _ weight: Tensor?, eps: Double) throws -> Tensor {
    let (rows, n) = (x.shape[0], x.shape[1])
    return try Tensor.operation(
        "rms_norm", [x] + [weight].compactMap { $0 }, shape: x.shape, dtype: x.dtype,
        pullback: .rule { gradient in
            let rstd = try reciprocal(sqrt(add(mean(square(x), dims: [1], keepdim: true), eps)))
            let unit = try multiply(x, rstd)
            let flow = try weight.map { try multiply(gradient, $0) } ?? gradient
            let across = try multiply(unit, mean(multiply(flow, unit), dims: [1], keepdim: true))
            var result: [Tensor?] = [try multiply(rstd, subtract(flow, across))]
            if weight != nil { result.append(try sum(multiply(gradient, unit), dims: [0], keepdim: false)) }
            return result
        }
    ) { output in
        let (source, scale) = try (x.packed(), weight?.packed())
        defer { withExtendedLifetime((source, scale)) {} }
        func run<S: Real>(_: S.Type) throws {
            let (from, to, w) = (source.pointer(S.self), output.pointer(S.self), scale?.pointer(S.self))
            try ThreadPool.parallel(rows, grain: rowGrain(n * 2)) { range in
                let start = range.lowerBound * n
                S.loops.rmsNormRows(
                    from + start, weight: w, eps: S(eps), to + start, rstd: nil, rows: range.count, count: n)
            }
        }
        if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

// Losses against classes and distributions. Shapes: rows are samples, or positions of sequences; C classes.

/// How the losses of the rows become the result.
public enum Reduction: String, Sendable, CaseIterable {
    /// They stay as they are.
    case none
    case mean, sum
    /// The sum divided by the size of the first axis.
    case batchMean
}

/// Cross-entropy of logits with classes or with probabilities.
///
///     classes:        mean over the counted rows of −log softmax(x)[y],  weighted: Σ w[y]·loss / Σ w[y]
///     probabilities:  mean over rows of −Σ_c t[c] · log softmax(x)[c]
///
/// When no row counts (all ignored, or none there) the mean is 0 and so is its gradient; PyTorch gives NaN there.
///
/// - Parameters:
///   - logits: [..., C].
///   - targets: whole numbers [...], or probabilities [..., C], which get a gradient too.
///   - weight: [C], a factor for each class; takes part as a constant.
///   - ignoreIndex: the label of rows that do not count. Rows that the logits' mask calls padding do not count either.
///   - labelSmoothing: the share of the target that is spread evenly over the classes.
/// - Throws: `index` naming label, row and classes; `shape`; `unit` for logits that are probabilities already.
public func crossEntropy(
    _ logits: Tensor, targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
    reduction: Reduction = .mean, labelSmoothing: Double = 0
) throws -> Tensor {
    let name = "cross_entropy"
    try checkScores(logits, name)
    let rowShape = try classRows(logits, name)
    guard labelSmoothing >= 0, labelSmoothing <= 1 else {
        throw TensorError(.value, "\(name): label smoothing is \(labelSmoothing), expected a number from 0 to 1")
    }
    let classes = logits.shape[logits.rank - 1]
    let weight = try checkedWeight(weight, classes: classes, name: name)
    return try computing(name, logits) { logits in
        if targets.dtype.isFloating {
            return try softCrossEntropy(logits, targets, weight, rowShape, reduction, labelSmoothing)
        }
        let rows = try LabelledRows(
            targets, rowShape, classes: classes, ignoring: ignoreIndex, mask: logits.mask, weight: weight,
            dtype: logits.dtype, name: name)
        let flat = try reshape(logits, [rows.count, classes])
        var losses = try crossEntropyRows(flat, rows.labels)
        if weight != nil { losses = try multiply(losses, rows.weights) }
        if labelSmoothing > 0 {
            let logs = try logSoftmaxRows(flat)
            let spread = try weight.map { try multiply(logs, $0.converted(to: logits.dtype)) } ?? logs
            let even = try `where`(
                rows.isCounted, multiply(sum(spread, dims: [1], keepdim: false), -1 / Double(classes)),
                Tensor.filled(0, shape: [], logits.dtype))
            losses = try add(multiply(losses, 1 - labelSmoothing), multiply(even, labelSmoothing))
        }
        return try rows.reduced(losses, rowShape, reduction)
    }
}

/// The loss of log-probabilities against classes: the mean over the counted rows of −x[y].
///
/// Parameters and errors as `crossEntropy`; with no counted row the mean is 0.
public func nllLoss(
    _ logProbabilities: Tensor, targets: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
    reduction: Reduction = .mean
) throws -> Tensor {
    let name = "nll_loss"
    if let unit = logProbabilities.unit, unit != .logProbabilities {
        throw TensorError(
            .unit, "\(name): takes log-probabilities, found \(unit.rawValue)",
            hint: unit == .logits
                ? "use cross_entropy, or log_softmax first" : "take the logarithm of a softmax: log_softmax(x)")
    }
    let rowShape = try classRows(logProbabilities, name)
    let classes = logProbabilities.shape[logProbabilities.rank - 1]
    let weight = try checkedWeight(weight, classes: classes, name: name)
    return try computing(name, logProbabilities) { x in
        let rows = try LabelledRows(
            targets, rowShape, classes: classes, ignoring: ignoreIndex, mask: x.mask, weight: weight, dtype: x.dtype,
            name: name)
        let places = try rows.flatPlaces(classes: classes)
        let taken = try takeRows(reshape(x, [x.count]), places.places, name: name)
        // Ignored rows are not among the taken ones; they come back as zeros.
        let picked = try addRows(negate(taken), places.rows, rows: rows.count, name: name)
        let losses = weight == nil ? picked : try multiply(picked, rows.weights)
        return try rows.reduced(losses, rowShape, reduction)
    }
}

/// Cross-entropy of independent yes-or-no scores with targets from 0 to 1.
///
///     (1 − t) · x + (1 + (p − 1) · t) · softplus(−x),   p the positive weight
///
/// - Parameters:
///   - weight: a factor for each element; stretches.
///   - positiveWeight: a factor for the share of the positive target; stretches.
/// - Throws: `shape` for targets of another shape; `unit` for probabilities.
public func binaryCrossEntropyWithLogits(
    _ logits: Tensor, targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
    reduction: Reduction = .mean
) throws -> Tensor {
    let name = "bce_with_logits"
    try checkScores(logits, name)
    try checkSame(logits, targets, name)
    return try computing(name, logits) { x in
        let t = try targets.converted(to: x.dtype)
        var soft = try softplus(negate(x))
        if let positiveWeight {
            soft = try multiply(soft, add(multiply(t, subtract(positiveWeight.converted(to: x.dtype), 1)), 1))
        }
        var losses = try add(multiply(subtract(1, t), x), soft)
        if let weight { losses = try multiply(losses, weight.converted(to: x.dtype)) }
        return try reduced(losses, reduction)
    }
}

/// The rows' shape of [..., C].
private func classRows(_ x: Tensor, _ name: String) throws -> [Int] {
    guard x.rank >= 1 else {
        throw TensorError(.shape, "\(name): found a single number, expected scores of shape [..., C]")
    }
    return Array(x.shape.dropLast())
}

private func checkedWeight(_ weight: Tensor?, classes: Int, name: String) throws -> Tensor? {
    guard let weight else { return nil }
    guard weight.shape == [classes] else {
        throw TensorError(
            .shape, "\(name): the weight has shape \(weight.shape), expected one for each class: [\(classes)]")
    }
    return weight.detached()
}

/// - Throws: `shape` unless both have one shape: stretching would repeat samples unseen.
func checkSame(_ x: Tensor, _ targets: Tensor, _ name: String) throws {
    guard x.shape == targets.shape else {
        throw TensorError(
            .shape, "\(name): the input has shape \(x.shape), the target \(targets.shape); they must be the same",
            hint: "reshape or expand one of them if that is meant")
    }
}

/// Applies a reduction to losses whose first axis is the batch.
func reduced(_ losses: Tensor, _ reduction: Reduction) throws -> Tensor {
    switch reduction {
    case .none: return losses
    case .mean: return try mean(losses, dims: nil, keepdim: false)
    case .sum: return try sum(losses, dims: nil, keepdim: false)
    case .batchMean:
        let total = try sum(losses, dims: nil, keepdim: false)
        return try divide(total, Double(losses.shape.first ?? 1))
    }
}

/// Class labels of rows, with what counts and how much.
private struct LabelledRows {
    let count: Int
    /// [rows]; −1 for a row that does not count.
    let labels: Tensor
    /// [rows]; w[label], 1 without class weights, 0 for a row that does not count.
    let weights: Tensor
    let isCounted: Tensor
    private let totalWeight: Double

    init(
        _ targets: Tensor, _ shape: [Int], classes: Int, ignoring ignored: Int, mask: Tensor?, weight: Tensor?,
        dtype: DType, name: String
    ) throws {
        guard targets.shape == shape else {
            throw TensorError(
                .shape,
                "\(name): the labels have shape \(targets.shape), expected \(shape), one for each row of \(shape + [classes])",
                hint: targets.shape == shape + [1] ? "take the last axis away: squeeze(labels, -1)" : nil)
        }
        let checked = try ClassLabels(targets, classes: classes, ignoring: ignored, name: name)
        count = checked.values.count
        let flat = try reshape(checked.values, [count])
        let real = mask?.shape == shape ? try mask?.packed() : nil
        let factors = try weight?.converted(to: .f64).contiguous()
        defer { withExtendedLifetime((real, factors)) {} }
        let exact = try Tensor(uninitialized: [count], .f64)
        isCounted = try Tensor(uninitialized: [count], .bool)
        let (values, sizes, counted) = (
            flat.pointer(Int64.self), exact.pointer(Double.self), isCounted.pointer(UInt8.self)
        )
        let (isReal, factor) = (real?.pointer(UInt8.self), factors?.pointer(Double.self))
        var total = 0.0
        for i in 0..<count {
            if let isReal, isReal[i] == 0 { values[i] = -1 }
            counted[i] = values[i] < 0 ? 0 : 1
            sizes[i] = values[i] < 0 ? 0 : factor?[Int(values[i])] ?? 1
            total += sizes[i]
        }
        labels = flat
        weights = try exact.converted(to: dtype)
        totalWeight = total
    }

    /// The flat places [rows that count] of the labels' scores, and the rows they belong to.
    func flatPlaces(classes: Int) throws -> (places: Tensor, rows: Tensor) {
        let source = labels.pointer(Int64.self)
        let rows = (0..<count).filter { source[$0] >= 0 }
        let places = rows.map { $0 * classes + Int(source[$0]) }
        return (try Tensor.places(places, shape: [rows.count]), try Tensor.places(rows, shape: [rows.count]))
    }

    func reduced(_ losses: Tensor, _ shape: [Int], _ reduction: Reduction) throws -> Tensor {
        switch reduction {
        case .none: return try reshape(losses, shape)
        case .sum: return try sum(losses, dims: nil, keepdim: false)
        case .mean:
            let total = try sum(losses, dims: nil, keepdim: false)
            return try multiply(total, totalWeight == 0 ? 0 : 1 / totalWeight)
        case .batchMean:
            let total = try sum(losses, dims: nil, keepdim: false)
            return try multiply(total, 1 / Double(max(shape.first ?? 1, 1)))
        }
    }
}

/// `logSumExp(x[r]) − x[r, labels[r]]` of the rows of [rows, C]; 0 where the label is −1.
private func crossEntropyRows(_ x: Tensor, _ labels: Tensor) throws -> Tensor {
    let (rows, classes) = (x.shape[0], x.shape[1])
    return try Tensor.operation(
        "cross_entropy", [x], shape: [rows], dtype: x.dtype,
        pullback: .fused(
            fast: { gradient in [try crossEntropyBackward(x, labels, gradient)] },
            composed: { gradient in
                let target = try Tensor(uninitialized: [rows, classes], x.dtype)
                let counted = try Tensor(uninitialized: [rows, 1], .bool)
                try fillOneHot(target, counted, labels)
                let zero = try Tensor.filled(0, shape: [], x.dtype)
                let error = try `where`(counted, subtract(softmaxRows(x), target), zero)
                return [try multiply(error, unsqueeze(gradient, 1))]
            })
    ) { output in
        let source = try x.packed()
        defer { withExtendedLifetime((source, labels)) {} }
        func run<S: Real>(_: S.Type) throws {
            let (from, to, targets) = (source.pointer(S.self), output.pointer(S.self), labels.pointer(Int64.self))
            try ThreadPool.parallel(rows, grain: rowGrain(classes * 4)) { range in
                let start = range.lowerBound
                S.loops.crossEntropyRows(
                    from + start * classes, targets: targets + start, loss: to + start, rows: range.count,
                    count: classes)
            }
        }
        if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

private func crossEntropyBackward(_ x: Tensor, _ labels: Tensor, _ gradient: Tensor) throws -> Tensor {
    let (rows, classes) = (x.shape[0], x.shape[1])
    let result = try Tensor(uninitialized: x.shape, x.dtype)
    let (source, flow) = try (x.contiguous(), gradient.contiguous())
    defer { withExtendedLifetime((source, flow, labels)) {} }
    func run<S: Real>(_: S.Type) throws {
        let (from, g, to) = (source.pointer(S.self), flow.pointer(S.self), result.pointer(S.self))
        let targets = labels.pointer(Int64.self)
        try ThreadPool.parallel(rows, grain: rowGrain(classes * 4)) { range in
            let start = range.lowerBound
            S.loops.crossEntropyBackwardRows(
                from + start * classes, targets: targets + start, gradient: g + start, to + start * classes,
                rows: range.count, count: classes)
        }
    }
    if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    return result
}

/// Ones at the labels of counted rows, zeros elsewhere.
private func fillOneHot(_ target: Tensor, _ counted: Tensor, _ labels: Tensor) throws {
    let (rows, classes) = (target.shape[0], target.shape[1])
    target.base.initializeMemory(as: UInt8.self, repeating: 0, count: target.count * target.dtype.size)
    let (values, flags) = (labels.pointer(Int64.self), counted.pointer(UInt8.self))
    for row in 0..<rows {
        flags[row] = values[row] >= 0 ? 1 : 0
        guard values[row] >= 0 else { continue }
        let place = row * classes + Int(values[row])
        if target.dtype == .f64 {
            target.pointer(Double.self)[place] = 1
        } else {
            target.pointer(Float.self)[place] = 1
        }
    }
}

private func softCrossEntropy(
    _ logits: Tensor, _ targets: Tensor, _ weight: Tensor?, _ rowShape: [Int], _ reduction: Reduction,
    _ labelSmoothing: Double
) throws -> Tensor {
    if targets.unit == .logits || targets.unit == .logProbabilities {
        throw TensorError(
            .unit, "cross_entropy: the targets are \(targets.unit?.rawValue ?? ""), expected probabilities or labels",
            hint: targets.unit == .logits ? "use softmax(targets)" : "use exp(targets)")
    }
    guard targets.shape == logits.shape else {
        throw TensorError(
            .shape, "cross_entropy: the probabilities have shape \(targets.shape), the logits \(logits.shape)",
            hint: "class labels must be whole numbers: int(labels)")
    }
    let classes = logits.shape[logits.rank - 1]
    var target = try targets.converted(to: logits.dtype)
    if labelSmoothing > 0 {
        target = try add(multiply(target, 1 - labelSmoothing), labelSmoothing / Double(max(classes, 1)))
    }
    if let weight { target = try multiply(target, weight.converted(to: logits.dtype)) }
    let losses = try negate(sum(zeroTimesInfinity(target, logSoftmax(logits)), dims: [-1], keepdim: false))
    return try maskedReduction(losses, mask: logits.mask, reduction)
}

/// `a · b`, and 0 where a is 0 and b infinite: 0 · log 0 in an entropy.
func zeroTimesInfinity(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let zero = try Tensor.filled(0, shape: [], a.dtype)
    let isZero = try equal(a.detached(), zero)
    return try multiply(a, `where`(isZero, `where`(isinf(b.detached()), zero, b), b))
}

/// Applies a reduction to losses of rows, of which only the real ones count; with none the mean is 0.
func maskedReduction(_ losses: Tensor, mask: Tensor?, _ reduction: Reduction) throws -> Tensor {
    var counted = Double(losses.count)
    var losses = losses
    if let mask {
        try checkMask(mask, "loss")
        guard mask.shape == losses.shape else {
            throw TensorError(
                .shape, "loss: the mask has shape \(mask.shape), expected one for each row: \(losses.shape)")
        }
        losses = try `where`(mask, losses, Tensor.filled(0, shape: [], losses.dtype))
        let flags = try mask.packed()
        let source = flags.pointer(UInt8.self)
        counted = Double((0..<flags.count).reduce(0) { $0 + (source[$1] != 0 ? 1 : 0) })
        withExtendedLifetime(flags) {}
    }
    switch reduction {
    case .none: return losses
    case .sum: return try sum(losses, dims: nil, keepdim: false)
    case .mean, .batchMean:
        return try multiply(sum(losses, dims: nil, keepdim: false), counted == 0 ? 0 : 1 / counted)
    }
}

// Losses between two tensors of one shape, element by element.

/// (x − t)².
///
/// - Throws: `shape` unless both have one shape.
public func mseLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws -> Tensor {
    try elementLoss("mse", x, target, reduction) { try square($0) }
}

/// |x − t|.
///
/// - Throws: `shape` unless both have one shape.
public func l1Loss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws -> Tensor {
    try elementLoss("l1", x, target, reduction) { try abs($0) }
}

/// A square near 0 and straight lines outside: d² / 2β for |d| < β, else |d| − β/2, with d = x − t.
///
/// - Throws: `shape` unless both have one shape; `value` for a negative β.
public func smoothL1Loss(
    _ x: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean
) throws -> Tensor {
    guard beta >= 0 else {
        throw TensorError(.value, "smooth_l1: beta is \(beta), expected 0 or more")
    }
    if beta == 0 { return try l1Loss(x, target, reduction: reduction) }
    return try elementLoss("smooth_l1", x, target, reduction) { difference in
        let size = try abs(difference)
        let isNear = try less(size, Tensor.filled(beta, shape: [], size.dtype))
        return try `where`(isNear, multiply(square(difference), 0.5 / beta), subtract(size, 0.5 * beta))
    }
}

/// Huber's loss: d² / 2 for |d| ≤ δ, else δ (|d| − δ/2), with d = x − t.
///
/// - Throws: `shape` unless both have one shape; `value` unless δ is above 0.
public func huberLoss(
    _ x: Tensor, _ target: Tensor, delta: Double = 1, reduction: Reduction = .mean
) throws -> Tensor {
    guard delta > 0 else {
        throw TensorError(.value, "huber: delta is \(delta), expected a number above 0")
    }
    return try elementLoss("huber", x, target, reduction) { difference in
        let size = try abs(difference)
        let isNear = try lessOrEqual(size, Tensor.filled(delta, shape: [], size.dtype))
        return try `where`(
            isNear, multiply(square(difference), 0.5), multiply(subtract(size, 0.5 * delta), delta))
    }
}

/// Draws rows with label 1 together and pushes rows with label −1 apart by their cosine.
///
///     1 − cos for label 1,  max(0, cos − margin) for label −1
///
/// - Parameters:
///   - a: [B, D], as is `b`.
///   - labels: [B] of 1 and −1.
/// - Throws: `shape`, naming the shapes.
public func cosineEmbeddingLoss(
    _ a: Tensor, _ b: Tensor, labels: Tensor, margin: Double = 0, reduction: Reduction = .mean
) throws -> Tensor {
    try checkSame(a, b, "cosine_embedding")
    guard a.rank >= 1, labels.shape == Array(a.shape.dropLast()) else {
        throw TensorError(
            .shape, "cosine_embedding: the labels have shape \(labels.shape), expected one for each row of \(a.shape)")
    }
    let cosine = try cosineSimilarity(a, b, axis: -1)
    let together = try greater(labels, Tensor.filled(0, shape: [], labels.dtype))
    let losses = try `where`(together, subtract(1, cosine), relu(subtract(cosine, margin)))
    return try reduced(losses, reduction)
}

private func elementLoss(
    _ name: String, _ x: Tensor, _ target: Tensor, _ reduction: Reduction, _ loss: (Tensor) throws -> Tensor
) throws -> Tensor {
    try checkSame(x, target, name)
    let type = DType.promoted(x.dtype, target.dtype)
    return try computing(name, x.converted(to: type)) { x in
        try reduced(loss(subtract(x, target.converted(to: x.dtype))), reduction)
    }
}

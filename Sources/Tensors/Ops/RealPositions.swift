// Reductions of padded sequences: what is asked over their positions is asked over the real ones.
//
// A tensor computed from padded text carries a mask [B, T]. A reduction over batch or time leaves padding out; one over
// other axes only keeps the mask for what follows. Without a mask these are the plain reductions.

/// What stands in the place of padding, so that it changes no result.
public enum Neutral {
    case zero, one, lowest, highest

    fileprivate func value(_ dtype: DType) -> Double {
        switch self {
        case .zero: 0
        case .one: 1
        case .lowest: dtype.isFloating ? -.infinity : dtype == .i64 ? -0x1p62 : dtype == .i32 ? -0x1p31 : 0
        case .highest: dtype.isFloating ? .infinity : dtype == .i64 ? 0x1p62 : dtype == .i32 ? 0x1p31 - 1 : 255
        }
    }
}

/// A reduction over real positions: `reduce` is given `x` with a neutral value for padding.
///
/// - Parameter dims: the axes that `reduce` goes over; nil for all.
public func overRealPositions(
    _ x: Tensor, dims: [Int]?, neutral: Neutral, _ reduce: (Tensor) throws -> Tensor
) throws -> Tensor {
    guard let mask = mask(of: x), let axes = try? reductionAxes(dims, of: x, for: "") else { return try reduce(x) }
    if axes.contains(where: { $0 < mask.rank }) {
        return try reduce(filled(x, mask, with: neutral.value(x.dtype)))
    }
    let result = try reduce(x)
    if result.mask == nil, result.shape.starts(with: mask.shape) { result.mask = mask }
    return result
}

/// The mean over real positions; 0 where there is none.
public func realMean(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    guard let mask = mask(of: x), let axes = try? reductionAxes(dims, of: x, for: ""),
        axes.contains(where: { $0 < mask.rank })
    else { return try overRealPositions(x, dims: dims, neutral: .zero) { try mean($0, dims: dims, keepdim: keepdim) } }
    let x = try real(x, mask)
    let total = try overRealPositions(x, dims: axes, neutral: .zero) { try sum($0, dims: axes, keepdim: keepdim) }
    let result = try divide(total, maximum(realCount(x, mask, axes, keepdim: keepdim), 1))
    result.unit = Unit.averaged(x, over: axes)
    return result
}

/// The variance over real positions, Σ (x − mean)² / (n − correction).
public func realVariance(
    _ x: Tensor, dims: [Int]? = nil, correction: Int = 1, keepdim: Bool = false
) throws -> Tensor {
    guard let mask = mask(of: x), let axes = try? reductionAxes(dims, of: x, for: ""),
        axes.contains(where: { $0 < mask.rank })
    else {
        return try overRealPositions(x, dims: dims, neutral: .zero) {
            try variance($0, dims: dims, correction: correction, keepdim: keepdim)
        }
    }
    let x = try real(x, mask)
    let squares = try square(subtract(x, realMean(x, dims: axes, keepdim: true)))
    squares.mask = mask
    let total = try overRealPositions(squares, dims: axes, neutral: .zero) {
        try sum($0, dims: axes, keepdim: keepdim)
    }
    let count = try realCount(x, mask, axes, keepdim: keepdim)
    return try divide(total, maximum(subtract(count, Double(correction)), 0))
}

/// Softmax, or its logarithm, in which padding has no part: along batch or time its probability is 0, and its
/// log-probability so low that any probability times it is 0.
public func realSoftmax(_ x: Tensor, axis: Int, logarithm: Bool = false) throws -> Tensor {
    let body = logarithm ? logSoftmax : softmax
    guard let mask = mask(of: x), let resolved = try? Shape.axis(axis, rank: x.rank, for: ""), resolved < mask.rank
    else { return try body(x, axis) }
    let result = try body(filled(x, mask, with: -1e30), axis)
    // A row of nothing but padding would otherwise be even.
    let emptied = logarithm ? result : try filled(result, mask, with: 0)
    (emptied.unit, emptied.mask) = (result.unit, mask)
    return emptied
}

/// The mask of a tensor that still has its axes in front.
private func mask(of x: Tensor) -> Tensor? {
    guard let mask = x.mask, mask.rank > 0, x.shape.starts(with: mask.shape) else { return nil }
    return mask
}

/// `x` as real numbers, with its mask.
private func real(_ x: Tensor, _ mask: Tensor) throws -> Tensor {
    if x.dtype.isFloating { return x }
    let x = try x.converted(to: .f32)
    x.mask = mask
    return x
}

/// `x` with a value at padding.
private func filled(_ x: Tensor, _ mask: Tensor, with value: Double) throws -> Tensor {
    let result = try `where`(spread(mask, over: x), x, Tensor.filled(value, shape: [], x.dtype))
    result.unit = x.unit
    return result
}

/// The mask [B, T] as [B, T, 1, …], to stand beside `x`.
private func spread(_ mask: Tensor, over x: Tensor) throws -> Tensor {
    try reshape(mask, mask.shape + [Int](repeating: 1, count: x.rank - mask.rank))
}

/// How many elements each result of a reduction of `x` is made of, without padding.
private func realCount(_ x: Tensor, _ mask: Tensor, _ axes: [Int], keepdim: Bool) throws -> Tensor {
    let weights = try spread(mask.converted(to: x.dtype), over: x)
    let width = axes.filter { $0 >= mask.rank }.reduce(1) { $0 * x.shape[$1] }
    return try multiply(sum(weights, dims: axes, keepdim: keepdim), width)
}

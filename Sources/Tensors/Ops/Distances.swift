import Glibc

/// `x` divided by its p-norm along one axis, but by no less than `eps`: rows of zeros stay zeros.
///
///     x / max((Σ |x|^p)^(1/p), eps)
///
/// - Parameter p: from 1, and +∞ for the largest magnitude.
/// - Throws: `value` for another p; `index` when there is no such axis.
public func normalize(_ x: Tensor, p: Double = 2, axis: Int = 1, eps: Double = 1e-12) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "normalize")
    guard p >= 1 else {
        throw TensorError(.value, "normalize: p is \(p), expected 1 or more", hint: "p = 2 gives rows of length 1")
    }
    return try computing("normalize", x) { x in
        if x.rank == 0 { return try reshape(normalize(reshape(x, [1]), p: p, axis: 0, eps: eps), []) }
        let length: Tensor
        if p == 2 {
            // The bound is inside the root: the gradient of √0 is never asked for.
            let squares = try sum(square(x), dims: [axis], keepdim: true)
            let bound = x.dtype == .f32 ? max(eps * eps, Double(Float.leastNormalMagnitude)) : eps * eps
            length = try sqrt(atLeast(squares, bound))
        } else if p == 1 {
            length = try atLeast(sum(abs(x), dims: [axis], keepdim: true), eps)
        } else if p.isInfinite {
            if x.shape[axis] == 0 { return x }
            length = try atLeast(max(abs(x), dims: [axis], keepdim: true), eps)
        } else {
            // Magnitudes of 0 are moved to 1 and their powers taken out again, for |0|^(p−2) of the second gradient.
            let size = try abs(x)
            let isZero = try equal(size, Tensor.filled(0, shape: [], x.dtype))
            let one = try Tensor.filled(1, shape: [], x.dtype)
            let zero = try Tensor.filled(0, shape: [], x.dtype)
            let powers = try `where`(isZero, zero, power(`where`(isZero, one, size), p))
            let total = try sum(powers, dims: [axis], keepdim: true)
            let floor = Swift.max(
                eps == 0 ? 0 : pow(eps, p), Double(x.dtype == .f32 ? Float.leastNormalMagnitude : 0))
            length = try power(atLeast(total, floor), 1 / p)
        }
        return try divide(x, length)
    }
}

/// The larger of `x` and a number, with no gradient where the number won.
private func atLeast(_ x: Tensor, _ bound: Double) throws -> Tensor {
    let limit = try Tensor.filled(bound, shape: [], x.dtype)
    return try `where`(greaterOrEqual(x, limit), x, limit)
}

/// The cosine of the angle between the parts of `a` and `b` along one axis, which disappears; from −1 to 1.
///
///     Σ a·b / (max(‖a‖, eps) · max(‖b‖, eps))
///
/// - Throws: `shape` for shapes that do not stretch to each other.
public func cosineSimilarity(_ a: Tensor, _ b: Tensor, axis: Int = 1, eps: Double = 1e-8) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, for: "cosine_similarity")
    let axis = try Shape.axis(axis, rank: shape.count, for: "cosine_similarity")
    let left = try normalize(expand(a, to: shape), axis: axis, eps: eps)
    let right = try normalize(expand(b, to: shape), axis: axis, eps: eps)
    let product = try multiply(left, right)
    return shape.isEmpty ? product : try sum(product, dims: [axis], keepdim: false)
}

/// Euclidean distances between every row of `a` and every row of `b`.
///
///     a [..., N, D], b [..., M, D]  →  [..., N, M],   ‖a[i] − b[j]‖
///
/// Computed from the differences, so near rows keep their digits. Where two rows are equal the gradient is 0.
///
/// - Throws: `shape`, naming both shapes.
public func cdist(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank >= 2, b.rank == a.rank, a.shape.last == b.shape.last, a.shape.dropLast(2) == b.shape.dropLast(2) else {
        throw TensorError(
            .shape, "cdist: the tensors have shapes \(a.shape) and \(b.shape), expected [..., N, D] and [..., M, D]")
    }
    let type = DType.promoted(a.dtype, b.dtype)
    return try computing("cdist", a.converted(to: type)) { a in
        try distances(a, b.converted(to: a.dtype))
    }
}

private func distances(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let batch = Array(a.shape.dropLast(2))
    let (n, m, d) = (a.shape[a.rank - 2], b.shape[b.rank - 2], a.shape[a.rank - 1])
    return try Tensor.operation(
        "cdist", [a, b], shape: batch + [n, m], dtype: a.dtype,
        pullback: .outputRule { gradient, distance in
            let zero = try Tensor.filled(0, shape: [], distance.dtype)
            let one = try Tensor.filled(1, shape: [], distance.dtype)
            let apart = try greater(distance, zero)
            let ratio = try `where`(apart, divide(gradient, `where`(apart, distance, one)), zero)
            let towardsA = try subtract(
                multiply(a, sum(ratio, dims: [-1], keepdim: true)), matmul(ratio, b))
            let turned = try transpose(ratio, -1, -2)
            let towardsB = try subtract(
                multiply(b, sum(turned, dims: [-1], keepdim: true)), matmul(turned, a))
            return [towardsA, towardsB]
        }
    ) { output in
        func run<S: Real>(_: S.Type) throws {
            let (left, right) = try (a.packed(), b.packed())
            defer { withExtendedLifetime((left, right)) {} }
            let (p, q, out) = (left.pointer(S.self), right.pointer(S.self), output.pointer(S.self))
            try ThreadPool.parallel(output.count / max(m, 1), grain: rowGrain(m * d)) { rows in
                for row in rows {
                    let x = p + row * d
                    let block = q + row / max(n, 1) * m * d
                    for j in 0..<m { out[row * m + j] = distance(x, block + j * d, d) }
                }
            }
        }
        if a.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

/// ‖x − y‖ with eight sums side by side.
private func distance<S: Real>(_ x: UnsafePointer<S>, _ y: UnsafePointer<S>, _ n: Int) -> S {
    var sums = SIMD8<S>()
    var i = 0
    while i + 8 <= n {
        let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<S>.self)
        let b = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<S>.self)
        let difference = a - b
        sums += difference * difference
        i += 8
    }
    var total = sums.sum()
    while i < n {
        total += (x[i] - y[i]) * (x[i] - y[i])
        i += 1
    }
    return total.squareRoot()
}

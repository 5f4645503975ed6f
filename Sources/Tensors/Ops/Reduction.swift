import Glibc
import KernelTable

// Many numbers to one, over all axes or some.
//
// The forward sees every tensor as [outer, n, inner], reduced over n. Long reductions are cut into chunks whose partial
// results are reduced again; where they are cut depends on the sizes alone, so results do not depend on threads.

/// The axes to reduce, counted from 0 and ascending; nil means all.
///
/// - Throws: `index` for an axis that is not there or is named twice.
func reductionAxes(_ dims: [Int]?, of x: Tensor, for name: String) throws -> [Int] {
    guard let dims else { return Array(0..<x.rank) }
    if x.rank == 0, dims.allSatisfy({ $0 == 0 || $0 == -1 }) { return [] }
    if dims.count == 1 { return [try Shape.axis(dims[0], rank: x.rank, for: name)] }
    let axes = try dims.map { try Shape.axis($0, rank: x.rank, for: name) }.sorted()
    for (first, second) in zip(axes, axes.dropFirst()) where first == second {
        throw TensorError(.index, "\(name): axis \(first) is named twice in \(dims)")
    }
    return axes
}

/// The shape with the axes of size 1, which broadcasts against the input.
func keptShape(_ shape: [Int], _ axes: [Int]) -> [Int] {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    return kept
}

private func droppedShape(_ shape: [Int], _ axes: [Int]) -> [Int] {
    axes.count == shape.count ? [] : shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
}

/// A reduction's input as [outer, n, inner] in row-major order.
private struct ReductionInput {
    let values: Tensor
    let outer: Int, n: Int, inner: Int

    /// - Parameter rowsOnly: puts the reduced axes last, so that `inner` is 1.
    init(_ x: Tensor, _ axes: [Int], rowsOnly: Bool) throws {
        n = axes.reduce(1) { $0 * x.shape[$1] }
        let isBlock = axes.isEmpty || axes[axes.count - 1] - axes[0] == axes.count - 1
        let last = axes.last ?? x.rank - 1
        let inner = x.shape[(last + 1)...].reduce(1, *)
        if isBlock, inner == 1 || !rowsOnly {
            values = try x.packed()
            self.inner = inner
            outer = axes.isEmpty ? x.count : x.shape[..<axes[0]].reduce(1, *)
        } else {
            let kept = x.shape.indices.filter { !axes.contains($0) }
            values = try permute(x.detached(), kept + axes).packed()
            self.inner = 1
            outer = kept.reduce(1) { $0 * x.shape[$1] }
        }
    }
}

/// The forward of every reduction of real numbers.
private func reduce(_ op: ReduceOp, _ x: Tensor, _ axes: [Int], _ output: Tensor) throws {
    guard output.count > 0 else { return }
    let input = try ReductionInput(x, axes, rowsOnly: false)
    if x.dtype == .f32 {
        try reduceReal(Float.self, op, input, output)
    } else {
        try reduceReal(Double.self, op, input, output)
    }
}

private func reduceReal<S: Real>(_: S.Type, _ op: ReduceOp, _ input: ReductionInput, _ output: Tensor) throws {
    let (x, out) = (UnsafePointer(input.values.pointer(S.self)), output.pointer(S.self))
    let (outer, n, inner) = (input.outer, input.n, input.inner)
    // The second stage puts partial results together.
    let partial: ReduceOp = op == .mean ? .sum : op
    let final: ReduceOp = op == .sumSquares || op == .mean ? .sum : op
    if inner == 1 {
        if n <= chunkLength {
            return try ThreadPool.parallel(outer, grain: max(1, chunkLength / max(n, 1))) { range in
                let start = range.lowerBound
                S.loops.reduceRows(op, x + start * n, out + start, rows: range.count, count: n)
            }
        }
        let pieces = (n + chunkLength - 1) / chunkLength
        let partials = try Tensor(uninitialized: [outer, pieces], output.dtype)
        let some = partials.pointer(S.self)
        try ThreadPool.parallel(chunks: outer * pieces) { chunk in
            let (row, piece) = (chunk / pieces, chunk % pieces)
            let start = piece * chunkLength
            S.loops.reduceRows(
                partial, x + row * n + start, some + chunk, rows: 1, count: min(chunkLength, n - start))
        }
        S.loops.reduceRows(final, some, out, rows: outer, count: pieces)
    } else {
        let rows = max(64, chunkLength / inner)
        if n <= 2 * rows {
            let columns = max(64, chunkLength / max(n, 1))
            let blocks = (inner + columns - 1) / columns
            return try ThreadPool.parallel(outer * blocks, grain: max(1, chunkLength / max(1, n * inner))) { range in
                for task in range {
                    let (number, start) = (task / blocks, task % blocks * columns)
                    S.loops.reduceColumns(
                        op, x + number * n * inner + start, stride: inner, out + number * inner + start, rows: n,
                        count: min(columns, inner - start))
                }
            }
        }
        let pieces = (n + rows - 1) / rows
        let partials = try Tensor(uninitialized: [outer, pieces, inner], output.dtype)
        let some = partials.pointer(S.self)
        try ThreadPool.parallel(chunks: outer * pieces) { chunk in
            let (number, start) = (chunk / pieces, chunk % pieces * rows)
            S.loops.reduceColumns(
                partial, x + (number * n + start) * inner, stride: inner, some + chunk * inner,
                rows: min(rows, n - start), count: inner)
        }
        for number in 0..<outer {
            S.loops.reduceColumns(
                final, some + number * pieces * inner, stride: inner, out + number * inner, rows: pieces, count: inner)
        }
    }
    if op == .mean {
        S.loops.scale(1 / S(n), out, count: output.count)
    }
}

/// A reduction of whole numbers, step by step from `initial` or, without one, from the first element.
private func reduceWhole<W: Whole>(
    _ x: Tensor, _ axes: [Int], _ output: Tensor, initial: W?, _ step: (W, W) -> W
) throws {
    guard output.count > 0 else { return }
    let input = try ReductionInput(x, axes, rowsOnly: true)
    let (values, out) = (input.values.pointer(W.self), output.pointer(W.self))
    let n = input.n
    try ThreadPool.parallel(input.outer, grain: max(1, chunkLength / max(n, 1))) { range in
        for row in range {
            var result = initial ?? values[row * n]
            for index in row * n..<(row + 1) * n { result = step(result, values[index]) }
            out[row] = result
        }
    }
}

/// One node for a reduction of real numbers; bf16 goes through f32.
private func reduction(
    _ name: String, _ op: ReduceOp, _ x: Tensor, _ axes: [Int], _ keepdim: Bool, unit: Unit? = nil,
    _ flow: @escaping (_ gradient: Tensor, _ output: Tensor) throws -> Tensor
) throws -> Tensor {
    let kept = keptShape(x.shape, axes)
    let pullback = Pullback.outputRule { gradient, output in [try flow(reshape(gradient, kept), reshape(output, kept))]
    }
    let shape = keepdim ? kept : droppedShape(x.shape, axes)
    return try Tensor.operation(name, [x], shape: shape, dtype: x.dtype, unit: unit, pullback: pullback) { output in
        try reduce(op, x, axes, output)
    }
}

/// Runs a reduction of bf16 in f32, rounding the result.
private func widened(_ x: Tensor, _ body: (Tensor) throws -> Tensor) throws -> Tensor {
    x.dtype == .bf16 ? try body(x.converted(to: .f32)).converted(to: .bf16) : try body(x)
}

/// The sum; of whole numbers and bools in i64.
public func sum(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: "sum")
    guard x.dtype.isFloating else {
        let x = try x.converted(to: .i64)
        let shape = keepdim ? keptShape(x.shape, axes) : droppedShape(x.shape, axes)
        let output = try Tensor(uninitialized: shape, .i64)
        try reduceWhole(x, axes, output, initial: Int64(0)) { $0 &+ $1 }
        return output
    }
    return try widened(x) { x in
        let full = x.shape
        return try reduction("sum", .sum, x, axes, keepdim) { gradient, _ in try expand(gradient, to: full) }
    }
}

/// The mean; of whole numbers and bools in f32. The mean of nothing is NaN.
public func mean(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: "mean")
    let x = x.dtype.isFloating ? x : try x.converted(to: .f32)
    let n = axes.reduce(1) { $0 * x.shape[$1] }
    if n == 0 { return try divide(sum(x, dims: dims, keepdim: keepdim), 0) }
    return try widened(x) { x in
        let full = x.shape
        return try reduction("mean", .mean, x, axes, keepdim, unit: Unit.averaged(x, over: axes)) { gradient, _ in
            try expand(divide(gradient, n), to: full)
        }
    }
}

/// The largest element, NaN if there is one; equal ones share the gradient evenly, as PyTorch's `amax`.
///
/// - Throws: `value` when there is nothing to choose from.
public func max(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    try extreme("max", .max, x, dims, keepdim)
}

/// The smallest element, NaN if there is one; equal ones share the gradient evenly, as PyTorch's `amin`.
///
/// - Throws: `value` when there is nothing to choose from.
public func min(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    try extreme("min", .min, x, dims, keepdim)
}

private func extreme(_ name: String, _ op: ReduceOp, _ x: Tensor, _ dims: [Int]?, _ keepdim: Bool) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: name)
    let kept = keptShape(x.shape, axes)
    let shape = keepdim ? kept : droppedShape(x.shape, axes)
    if axes.contains(where: { x.shape[$0] == 0 }) {
        throw TensorError(.value, "\(name): a tensor of shape \(x.shape) has nothing to choose from")
    }
    guard x.dtype.isFloating else {
        let output = try Tensor(uninitialized: shape, x.dtype)
        func run<W: Whole>(_: W.Type) throws {
            try reduceWhole(x, axes, output, initial: nil as W?) { op == .max ? Swift.max($0, $1) : Swift.min($0, $1) }
        }
        switch x.dtype {
        case .i64: try run(Int64.self)
        case .i32: try run(Int32.self)
        default: try run(UInt8.self)
        }
        return output
    }
    return try widened(x) { x in
        try reduction(name, op, x, axes, keepdim) { gradient, output in
            let chosen = try equal(x, output).converted(to: x.dtype)
            return try multiply(divide(gradient, sum(chosen, dims: axes, keepdim: true)), chosen)
        }
    }
}

/// The product; of whole numbers and bools in i64. Its gradient is exact at zeros too.
public func prod(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: "prod")
    let shape = keepdim ? keptShape(x.shape, axes) : droppedShape(x.shape, axes)
    guard x.dtype.isFloating else {
        let x = try x.converted(to: .i64)
        let output = try Tensor(uninitialized: shape, .i64)
        try reduceWhole(x, axes, output, initial: Int64(1)) { $0 &* $1 }
        return output
    }
    return try widened(x) { x in
        if !x.isTracked || !Graph.isRecording {
            return try reduction("prod", .prod, x, axes, keepdim) { gradient, _ in gradient }
        }
        // A tree of multiplications has the gradient that a quotient by x would lose where x is 0.
        let outer = x.shape.indices.filter { !axes.contains($0) }
        let rows = outer.reduce(1) { $0 * x.shape[$1] }
        let n = axes.reduce(1) { $0 * x.shape[$1] }
        if n == 0 || rows == 0 { return try add(sum(x, dims: axes, keepdim: keepdim), 1) }
        var factors = try reshape(permute(x, outer + axes), [rows, n])
        while factors.shape[1] > 1 {
            let half = factors.shape[1] / 2
            let product = try multiply(
                slice(factors, axis: 1, start: 0, stop: half), slice(factors, axis: 1, start: half, stop: 2 * half))
            let rest = try slice(factors, axis: 1, start: 2 * half)
            factors = rest.shape[1] == 0 ? product : try concatenate([product, rest], 1)
        }
        return try reshape(factors, shape)
    }
}

/// The variance, Σ (x − mean)² / (n − correction).
public func variance(
    _ x: Tensor, dims: [Int]? = nil, correction: Int = 1, keepdim: Bool = false
) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: "variance")
    let x = x.dtype.isFloating ? x : try x.converted(to: .f32)
    let n = axes.reduce(1) { $0 * x.shape[$1] }
    let divisor = Double(Swift.max(0, n - correction))
    return try widened(x) { x in
        let centred = try subtract(x, mean(x, dims: axes, keepdim: true))
        return try divide(sum(square(centred), dims: axes, keepdim: keepdim), divisor)
    }
}

/// The standard deviation, √variance.
public func std(_ x: Tensor, dims: [Int]? = nil, correction: Int = 1, keepdim: Bool = false) throws -> Tensor {
    try sqrt(variance(x, dims: dims, correction: correction, keepdim: keepdim))
}

/// log Σ eˣ, shifted by the maximum so that it does not overflow.
public func logSumExp(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: "logsumexp")
    let x = x.dtype.isFloating ? x : try x.converted(to: .f32)
    return try widened(x) { x in
        try reduction("logsumexp", .logSumExp, x, axes, keepdim) { gradient, output in
            // A row of only −∞ has the gradient 0, which the difference of two infinities would lose.
            let shift = try `where`(isinf(output), 0, output)
            return try multiply(gradient, exp(subtract(x, shift)))
        }
    }
}

/// The norm (Σ |x|ᵖ)^(1/p); p may be infinite. The gradient of the 2-norm at 0 is 0, as in PyTorch.
///
/// - Throws: `value` unless p is positive.
public func norm(_ x: Tensor, p: Double = 2, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    guard p > 0 else {
        throw TensorError(.value, "norm: p is \(p)", hint: "p must be positive; 2 is the Euclidean norm")
    }
    let axes = try reductionAxes(dims, of: x, for: "norm")
    let x = x.dtype.isFloating ? x : try x.converted(to: .f32)
    if p == .infinity { return try max(abs(x), dims: axes, keepdim: keepdim) }
    if p == 1 { return try sum(abs(x), dims: axes, keepdim: keepdim) }
    if p != 2 { return try power(sum(power(abs(x), p), dims: axes, keepdim: keepdim), 1 / p) }
    return try widened(x) { x in
        let kept = keptShape(x.shape, axes)
        let pullback = Pullback.outputRule { gradient, output in
            let length = try reshape(output, kept)
            let isZero = try equal(length, 0)
            let safe = try `where`(isZero, 1, length)
            return [try multiply(divide(`where`(isZero, 0, reshape(gradient, kept)), safe), x)]
        }
        let shape = keepdim ? kept : droppedShape(x.shape, axes)
        return try Tensor.operation("norm", [x], shape: shape, dtype: x.dtype, pullback: pullback) { output in
            try reduce(.sumSquares, x, axes, output)
            if x.dtype == .f32 {
                Float.loops.unary(.sqrt, output.pointer(Float.self), output.pointer(Float.self), count: output.count)
            } else {
                Double.loops.unary(.sqrt, output.pointer(Double.self), output.pointer(Double.self), count: output.count)
            }
        }
    }
}

/// Whether one of the elements is not zero; of nothing it is false.
public func any(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    try logical("any", x, dims, keepdim, initial: 0) { $0 | $1 }
}

/// Whether no element is zero; of nothing it is true.
public func all(_ x: Tensor, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
    try logical("all", x, dims, keepdim, initial: 1) { $0 & $1 }
}

private func logical(
    _ name: String, _ x: Tensor, _ dims: [Int]?, _ keepdim: Bool, initial: UInt8, _ step: (UInt8, UInt8) -> UInt8
) throws -> Tensor {
    let axes = try reductionAxes(dims, of: x, for: name)
    let shape = keepdim ? keptShape(x.shape, axes) : droppedShape(x.shape, axes)
    let output = try Tensor(uninitialized: shape, .bool)
    try reduceWhole(x.detached().converted(to: .bool), axes, output, initial: initial, step)
    return output
}

/// The place of the largest element along an axis, or in row-major order of all; the first of equal ones, and of NaN.
///
/// - Throws: `value` when there is nothing to choose from.
public func argmax(_ x: Tensor, dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
    try place("argmax", x, dim, keepdim, largest: true)
}

/// The place of the smallest element along an axis, or in row-major order of all; the first of equal ones, and of NaN.
///
/// - Throws: `value` when there is nothing to choose from.
public func argmin(_ x: Tensor, dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
    try place("argmin", x, dim, keepdim, largest: false)
}

private func place(_ name: String, _ x: Tensor, _ dim: Int?, _ keepdim: Bool, largest: Bool) throws -> Tensor {
    let axes = try reductionAxes(dim.map { [$0] }, of: x, for: name)
    if axes.contains(where: { x.shape[$0] == 0 }) {
        throw TensorError(.value, "\(name): a tensor of shape \(x.shape) has nothing to choose from")
    }
    let shape = keepdim ? keptShape(x.shape, axes) : droppedShape(x.shape, axes)
    let pullback = Pullback.none(because: "a place is a whole number, which does not change smoothly")
    return try Tensor.operation(name, [x], shape: shape, dtype: .i64, pullback: pullback) { output in
        guard output.count > 0 else { return }
        let wide: DType = x.dtype == .bf16 ? .f32 : x.dtype.isFloating ? x.dtype : .i64
        let input = try ReductionInput(x.detached().converted(to: wide), axes, rowsOnly: true)
        let (n, out) = (input.n, output.pointer(Int64.self))
        func real<S: Real>(_: S.Type) throws {
            let values = input.values.pointer(S.self)
            try ThreadPool.parallel(input.outer, grain: Swift.max(1, chunkLength / n)) { range in
                let start = range.lowerBound
                if largest {
                    S.loops.argmaxRows(values + start * n, out + start, rows: range.count, count: n)
                } else {
                    S.loops.argminRows(values + start * n, out + start, rows: range.count, count: n)
                }
            }
        }
        switch wide {
        case .f32: try real(Float.self)
        case .f64: try real(Double.self)
        default:
            let values = input.values.pointer(Int64.self)
            for row in 0..<input.outer {
                var best = 0
                for index in 1..<Swift.max(n, 1) {
                    let (candidate, held) = (values[row * n + index], values[row * n + best])
                    if largest ? candidate > held : candidate < held { best = index }
                }
                out[row] = Int64(best)
            }
        }
    }
}

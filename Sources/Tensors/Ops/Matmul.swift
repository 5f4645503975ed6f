import KernelTable

// Matrix products. The node of the graph is always a product of (batches of) matrices; vectors are matrices with an
// axis of size 1, as NumPy and PyTorch treat them. Transposed views go to the kernel as they are.

/// The matrix product.
///
///     [n] @ [n] → []     [m, n] @ [n] → [m]     [n] @ [n, p] → [p]     [..., m, n] @ [..., n, p] → [..., m, p]
///
/// Batch axes broadcast. - Throws: `shape`, naming both, when the inner sizes differ.
public func matmul(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank > 0, b.rank > 0 else {
        throw TensorError(
            .shape, "matmul: a single number has no rows or columns: \(a.shape) @ \(b.shape)", hint: "use * for numbers"
        )
    }
    let inner = (left: a.shape[a.rank - 1], right: b.shape[b.rank == 1 ? 0 : b.rank - 2])
    guard inner.left == inner.right else {
        let left = a.rank == 1 ? "elements" : "columns"
        let right = b.rank == 1 ? "elements" : "rows"
        let fits = b.rank >= 2 && b.shape[b.rank - 1] == inner.left
        throw TensorError(
            .shape, "matmul: inner sizes differ: \(a.shape) @ \(b.shape)",
            label: "the left has \(inner.left) \(left), the right \(inner.right) \(right)",
            hint: fits ? "the right fits transposed: a @ transpose(b)" : nil)
    }
    let dtype = DType.promoted(a.dtype, b.dtype)
    if dtype == .bf16 {
        return try matmul(a.converted(to: .f32), b.converted(to: .f32)).converted(to: .bf16)
    }
    if dtype == .bool {
        throw TensorError(.type, "matmul: bools have no product of matrices", hint: "convert them first: float(x)")
    }
    return try matrixProduct(a.converted(to: dtype), b.converted(to: dtype))
}

/// Functions that can be computed where a linear map is, while its numbers are near.
public enum Activation: String, CaseIterable, Sendable {
    case relu, gelu, silu, tanh, sigmoid

    var op: UnaryOp {
        switch self {
        case .relu: .relu
        case .gelu: .gelu
        case .silu: .silu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        }
    }
}

/// y = f(x Wᵀ + b) on the last axis: [..., in] → [..., out] for a weight [out, in] and a bias [out].
///
/// Bias and f are computed where the product is made, while it is near. - Throws: `shape` where the sizes do not fit.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor?, then f: Activation? = nil) throws -> Tensor {
    let columns = try transpose(weight, -2, -1)
    let fit =
        (x.dtype == .f32 || x.dtype == .f64) && x.dtype == weight.dtype && x.rank >= 2 && weight.rank == 2
        && x.shape.last == weight.shape[1]
    if fit, bias == nil || bias?.dtype == x.dtype && bias?.shape == [weight.shape[0]] {
        return try matrixProduct(x, columns, bias: bias, then: f?.op)
    }
    let product = try matmul(x, columns)
    let sums = try bias.map { try add(product, $0) } ?? product
    return try f.map { try unary($0.op, sums) } ?? sums
}

/// The product of two tensors of one type whose inner sizes fit, plus a bias for its columns if there is one, and a
/// function of all that.
private func matrixProduct(
    _ left: Tensor, _ right: Tensor, bias: Tensor? = nil, then op: UnaryOp? = nil
) throws -> Tensor {
    if left.rank == 2, right.rank == 2 { return try product(left, right, bias, then: op) }
    let matrices = (
        a: left.rank == 1 ? try unsqueeze(left, 0) : left, b: right.rank == 1 ? try unsqueeze(right, 1) : right
    )
    var result: Tensor
    if matrices.b.rank == 2, matrices.a.rank > 2, matrices.a.isContiguous {
        // One matrix for the whole batch: its rows are those of one tall matrix.
        let (shape, columns) = (matrices.a.shape, matrices.b.shape[1])
        let rows = shape.dropLast().reduce(1, *)
        let tall = try product(reshape(matrices.a, [rows, shape[shape.count - 1]]), matrices.b, bias, then: op)
        result = try reshape(tall, Array(shape.dropLast()) + [columns])
    } else {
        result = try product(matrices.a, matrices.b, bias, then: op)
    }
    if left.rank == 1 { result = try squeeze(result, -2) }
    if right.rank == 1 { result = try squeeze(result, -1) }
    return result
}

/// Σ a·b of two vectors of one length.
///
/// - Throws: `shape` unless both are vectors of one length.
public func dot(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank == 1, b.rank == 1 else {
        throw TensorError(.shape, "dot: two vectors are needed, these are \(a.shape) and \(b.shape)", hint: "use a @ b")
    }
    return try matmul(a, b)
}

/// All products of an element of a with one of b: [n], [m] → [n, m].
///
/// - Throws: `shape` unless both are vectors.
public func outer(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank == 1, b.rank == 1 else {
        throw TensorError(.shape, "outer: two vectors are needed, these are \(a.shape) and \(b.shape)")
    }
    return try multiply(unsqueeze(a, 1), b)
}

/// The product of (batches of) matrices of one type, plus a bias for its columns if there is one, and a function of all that.
private func product(_ a: Tensor, _ b: Tensor, _ bias: Tensor? = nil, then op: UnaryOp? = nil) throws -> Tensor {
    let (m, n) = (a.shape[a.rank - 2], b.shape[b.rank - 1])
    let batch =
        a.rank == 2 && b.rank == 2
        ? [] : try Shape.broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)), for: "matmul")
    let pullback = Pullback.rule { gradient in
        var flows = [
            try flow(product(gradient, transpose(b)), to: a),
            try flow(product(transpose(a), gradient), to: b),
        ]
        if let bias { flows.append(try flow(gradient, to: bias)) }
        return flows
    }
    let inputs = bias.map { [a, b, $0] } ?? [a, b]
    let packed = try bias?.contiguous()
    var values: Tensor?
    let sums = try Tensor.operation(
        bias == nil ? "matmul" : "linear", inputs, shape: batch + [m, n], dtype: a.dtype, pullback: pullback
    ) { output in
        // The way back needs what the function was computed of.
        if op != nil, output.isTracked { values = try Tensor(uninitialized: output.shape, output.dtype) }
        try writeProduct(a, b, packed, to: output, then: op.map { ($0, values ?? output) })
    }
    guard let op, let values else { return sums }
    return unary(op, sums, values: values)
}

/// Writes the product of (batches of) matrices of one type, plus a bias for its columns, to a packed tensor of its shape.
///
/// - Parameter adding: whether the product of floats is added to what the tensor holds.
///
/// - Parameter activation: a function of all that, and a tensor like `output`, or `output` itself, for its values.
func writeProduct(
    _ a: Tensor, _ b: Tensor, _ bias: Tensor? = nil, to output: Tensor, adding: Bool = false,
    then activation: (op: UnaryOp, values: Tensor)? = nil
) throws {
    let (m, k, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1], b.shape[b.rank - 1])
    guard output.count > 0 else { return }
    if k == 0, bias == nil, activation == nil { return adding ? () : try memset0(output) }
    let batches = Batches(a, b, Array(output.shape.dropLast(2)))
    switch a.dtype {
    case .f32: try multiplyReal(Float.self, a, b, bias, output, adding, activation, batches, m, n, k)
    case .f64: try multiplyReal(Double.self, a, b, bias, output, adding, activation, batches, m, n, k)
    case .i64: try multiplyWhole(Int64.self, a, b, output, batches, m, n, k)
    case .i32: try multiplyWhole(Int32.self, a, b, output, batches, m, n, k)
    default: try multiplyWhole(UInt8.self, a, b, output, batches, m, n, k)
    }
}

/// Where the matrices of each batch entry begin, in elements from the first.
private struct Batches {
    let count: Int
    private let shape: [Int]
    private let aStrides: [Int], bStrides: [Int]

    init(_ a: Tensor, _ b: Tensor, _ shape: [Int]) {
        self.shape = shape
        count = shape.reduce(1, *)
        func strides(_ x: Tensor) -> [Int] {
            let added = shape.count - (x.rank - 2)
            return shape.indices.map { axis in
                axis < added || x.shape[axis - added] == 1 ? 0 : x.strides[axis - added]
            }
        }
        aStrides = strides(a)
        bStrides = strides(b)
    }

    func offsets(_ number: Int) -> (a: Int, b: Int) {
        var (left, a, b) = (number, 0, 0)
        for axis in shape.indices.reversed() {
            let place = left % shape[axis]
            left /= shape[axis]
            a += place * aStrides[axis]
            b += place * bStrides[axis]
        }
        return (a, b)
    }
}

private func multiplyReal<S: Real>(
    _: S.Type, _ a: Tensor, _ b: Tensor, _ bias: Tensor?, _ output: Tensor, _ adding: Bool,
    _ activation: (op: UnaryOp, values: Tensor)?, _ batches: Batches, _ m: Int, _ n: Int, _ k: Int
) throws {
    let c: UnsafeMutablePointer<S> = output.pointer(S.self)
    var problem = MatmulProblem<S>(
        m: m, n: n, k: k, a: a.pointer(S.self), b: b.pointer(S.self), c: c, beta: adding ? 1 : 0)
    (problem.aRowStride, problem.aColumnStride) = (a.strides[a.rank - 2], a.strides[a.rank - 1])
    (problem.bRowStride, problem.bColumnStride) = (b.strides[b.rank - 2], b.strides[b.rank - 1])
    problem.bias = bias.map { UnsafePointer($0.pointer(S.self)) }
    problem.activation = activation.map { ($0.op, $0.values.pointer(S.self)) }
    var plan = S.loops.matmulPlan(problem)
    let panels = batches.count == 1 && plan.readsPanels ? try b.storage.keptPanels?.panels(for: problem) : nil
    defer { withExtendedLifetime(panels) {} }
    if let panels {
        problem.panels = UnsafePointer(panels.bytes.assumingMemoryBound(to: S.self))
        plan = S.loops.matmulPlan(problem)
    }
    let size = MemoryLayout<S>.stride
    // A cache line apart, so that no two threads write to one.
    let packedBytes = (plan.packedCount * size + 63) / 64 * 64
    let scratchBytes = (plan.scratchCount * size + 63) / 64 * 64
    let areSmall = Double(m) * Double(n) * Double(k) <= 0x1p21
    if batches.count > 1, areSmall || batches.count >= 4 * ThreadPool.size {
        // Small products, or many for each thread: each is one task.
        let workerBytes = packedBytes + scratchBytes
        let memory = try Storage(byteCount: workerBytes * ThreadPool.size)
        let grain = Swift.max(1, (1 << 17) / (m * n * k))
        let tasks = (batches.count + grain - 1) / grain
        return try ThreadPool.parallelByWorker(chunks: tasks) { task, worker in
            let scratch = (memory.bytes + worker * workerBytes).assumingMemoryBound(to: S.self)
            for number in task * grain..<Swift.min(batches.count, (task + 1) * grain) {
                let offsets = batches.offsets(number)
                var one = problem
                one.a += offsets.a
                one.b += offsets.b
                one.c += number * m * n
                one.activation?.values += number * m * n
                S.loops.matmul(one, plan, scratch)
            }
        }
    }
    let memory = try Storage(byteCount: packedBytes + scratchBytes * ThreadPool.size)
    let packed = memory.bytes.assumingMemoryBound(to: S.self)
    for number in 0..<batches.count {
        let offsets = batches.offsets(number)
        var one = problem
        one.a += offsets.a
        one.b += offsets.b
        one.c += number * m * n
        one.activation?.values += number * m * n
        let current = one
        try ThreadPool.parallel(chunks: plan.packTasks) { S.loops.matmulPack(current, plan, task: $0, packed) }
        try ThreadPool.parallelByWorker(chunks: plan.tasks) { task, worker in
            let scratch = (memory.bytes + packedBytes + worker * scratchBytes).assumingMemoryBound(to: S.self)
            S.loops.matmulCompute(current, plan, task: task, packed, scratch)
        }
    }
}

private func multiplyWhole<W: Whole>(
    _: W.Type, _ a: Tensor, _ b: Tensor, _ output: Tensor, _ batches: Batches, _ m: Int, _ n: Int, _ k: Int
) throws {
    let (x, y, out) = (a.pointer(W.self), b.pointer(W.self), output.pointer(W.self))
    let (aRow, aColumn) = (a.strides[a.rank - 2], a.strides[a.rank - 1])
    let (bRow, bColumn) = (b.strides[b.rank - 2], b.strides[b.rank - 1])
    try ThreadPool.parallel(batches.count * m, grain: Swift.max(1, chunkLength / (n * k))) { range in
        for row in range {
            let offsets = batches.offsets(row / m)
            let left = x + offsets.a + row % m * aRow
            let right = y + offsets.b
            for column in 0..<n {
                var sum: W = 0
                for index in 0..<k { sum = sum &+ left[index * aColumn] &* right[index * bRow + column * bColumn] }
                out[row * n + column] = sum
            }
        }
    }
}

import KernelTable

// The forward of all functions of two numbers. Both inputs have one type already: f32 or f64 go to the kernels, whole
// numbers through plain loops that wrap around.

/// op(a, b) with broadcasting, as one node of the graph.
func binary(
    _ name: String, _ op: BinaryOp, _ a: Tensor, _ b: Tensor, unit: Unit? = nil, pullback: @autoclosure () -> Pullback
) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, for: name)
    return try Tensor.operation(
        name, [a, b], shape: shape, dtype: a.dtype, unit: unit, pullback: pullback()
    ) { output in
        guard output.count > 0 else { return }
        switch a.dtype {
        case .f32: try runReal(Float.self, op, a, b, output)
        case .f64: try runReal(Double.self, op, a, b, output)
        case .i64: try runWhole(Int64.self, name, op, a, b, output)
        case .i32: try runWhole(Int32.self, name, op, a, b, output)
        case .u8, .bool: try runWhole(UInt8.self, name, op, a, b, output)
        case .bf16: throw TensorError(.type, "\(name): bf16 must be converted first")
        }
    }
}

/// op(x, scalar), or op(scalar, x) when `swapped`.
func binary(
    _ name: String, _ op: BinaryOp, _ x: Tensor, scalar: Scalar, swapped: Bool, unit: Unit? = nil,
    pullback: @autoclosure () -> Pullback
) throws -> Tensor {
    try Tensor.operation(name, [x], shape: x.shape, dtype: x.dtype, unit: unit, pullback: pullback()) { output in
        guard output.count > 0 else { return }
        switch x.dtype {
        case .f32: try runScalar(Float(scalar.double), op, x.packed(), output, swapped: swapped)
        case .f64: try runScalar(scalar.double, op, x.packed(), output, swapped: swapped)
        default:
            let single = try Tensor(scalar: scalar, x.dtype)
            let (a, b) = swapped ? (single, x) : (x, single)
            switch x.dtype {
            case .i64: try runWhole(Int64.self, name, op, a, b, output)
            case .i32: try runWhole(Int32.self, name, op, a, b, output)
            case .u8, .bool: try runWhole(UInt8.self, name, op, a, b, output)
            default: throw TensorError(.type, "\(name): bf16 must be converted first")
            }
        }
    }
}

private func runScalar<S: Real>(_ scalar: S, _ op: BinaryOp, _ x: Tensor, _ output: Tensor, swapped: Bool) throws {
    let (source, out) = (x.pointer(S.self), output.pointer(S.self))
    try ThreadPool.parallel(x.count, grain: chunkLength) { range in
        let (source, out) = (source + range.lowerBound, out + range.lowerBound)
        if swapped {
            S.loops.binary(op, scalar: scalar, source, out, count: range.count)
        } else {
            S.loops.binary(op, source, scalar: scalar, out, count: range.count)
        }
    }
}

private func runReal<S: Real>(_: S.Type, _ op: BinaryOp, _ a: Tensor, _ b: Tensor, _ output: Tensor) throws {
    let out = output.pointer(S.self)
    switch Pairing(a, b, result: output.shape) {
    case .equal:
        let (left, right) = (try a.packed(), try b.packed())
        let (x, y) = (left.pointer(S.self), right.pointer(S.self))
        try ThreadPool.parallel(output.count, grain: chunkLength) { range in
            let start = range.lowerBound
            S.loops.binary(op, x + start, y + start, out + start, count: range.count)
        }
    case .rightScalar: try runScalar(b.pointer(S.self)[0], op, a.packed(), output, swapped: false)
    case .leftScalar: try runScalar(a.pointer(S.self)[0], op, b.packed(), output, swapped: true)
    case .rowVector(let rows, let n, let swapped):
        let (matrix, vector) = swapped ? (try b.packed(), try a.packed()) : (try a.packed(), try b.packed())
        let (x, y) = (matrix.pointer(S.self), vector.pointer(S.self))
        try ThreadPool.parallel(rows, grain: max(1, chunkLength / n)) { range in
            let start = range.lowerBound * n
            S.loops.binaryRowVector(
                op, x + start, vector: y, out + start, rows: range.count, count: n, swapped: swapped)
        }
    case .columnVector(let rows, let n, let swapped):
        let (matrix, vector) = swapped ? (try b.packed(), try a.packed()) : (try a.packed(), try b.packed())
        let (x, y) = (matrix.pointer(S.self), vector.pointer(S.self))
        try ThreadPool.parallel(rows, grain: max(1, chunkLength / n)) { range in
            let start = range.lowerBound * n
            S.loops.binaryColumnVector(
                op, x + start, vector: y + range.lowerBound, out + start, rows: range.count, count: n, swapped: swapped)
        }
    case .general:
        let (left, right) = (try stretched(a, output.shape), try stretched(b, output.shape))
        try runReal(S.self, op, left, right, output)
    }
}

/// The elements repeated to a shape, outside any graph.
func stretched(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
    try expand(x.detached(), to: shape).packed()
}

private func runWhole<W: Whole>(
    _: W.Type, _ name: String, _ op: BinaryOp, _ a: Tensor, _ b: Tensor, _ output: Tensor
) throws {
    let left = a.count == 1 ? a : try stretched(a, output.shape)
    let right = b.count == 1 ? b : try stretched(b, output.shape)
    let (x, xStep, y, yStep) = (
        left.pointer(W.self), left.count == 1 ? 0 : 1, right.pointer(W.self), right.count == 1 ? 0 : 1
    )
    let out = output.pointer(W.self)
    switch op {
    case .mod, .floorDiv:
        for index in 0..<right.count where y[index] == 0 {
            throw TensorError(
                .value, "\(name): division of whole numbers by zero", hint: "convert to real numbers first")
        }
    case .pow:
        for index in 0..<right.count where y[index] < 0 {
            throw TensorError(
                .value, "\(name): a whole number to the negative power \(y[index])",
                hint: "convert to real numbers first")
        }
    default: break
    }
    func loop(_ body: (W, W) -> W) throws {
        try ThreadPool.parallel(output.count, grain: chunkLength) { range in
            for index in range { out[index] = body(x[index * xStep], y[index * yStep]) }
        }
    }
    switch op {
    case .add: try loop { $0 &+ $1 }
    case .sub: try loop { $0 &- $1 }
    case .mul: try loop { $0 &* $1 }
    case .max: try loop { $0 > $1 ? $0 : $1 }
    case .min: try loop { $0 < $1 ? $0 : $1 }
    case .mod: try loop { floorDivided($0, $1).remainder }
    case .floorDiv: try loop { floorDivided($0, $1).quotient }
    case .pow: try loop { power($0, $1) }
    case .div, .atan2: throw TensorError(.type, "\(name): whole numbers must be converted first")
    }
}

/// ⌊x / y⌋ and the remainder with the sign of y; the one quotient that overflows wraps around.
private func floorDivided<W: Whole>(_ x: W, _ y: W) -> (quotient: W, remainder: W) {
    let (quotient, overflow) = x.dividedReportingOverflow(by: y)
    if overflow { return (x, 0) }
    let remainder = x &- quotient &* y
    if remainder != 0, (remainder < 0) != (y < 0) { return (quotient &- 1, remainder &+ y) }
    return (quotient, remainder)
}

/// xⁿ by squaring, wrapping around.
private func power<W: Whole>(_ x: W, _ n: W) -> W {
    var (result, base, left): (W, W, W) = (1, x, n)
    while left > 0 {
        if left & 1 == 1 { result = result &* base }
        base = base &* base
        left >>= 1
    }
    return result
}

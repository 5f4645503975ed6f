import Glibc
import KernelTable

// Comparisons and logic give bools. They are constants to a gradient, as their derivative is 0 wherever there is one:
// so a mask may multiply a tensor (x * (x > 0)). `where` and `clamp` choose by them.

private var noGradient: Pullback { .none(because: "truth values have no gradient") }

public func equal(_ a: Tensor, _ b: Tensor) throws -> Tensor { try compare("equal", .equal, a, b) }
public func notEqual(_ a: Tensor, _ b: Tensor) throws -> Tensor { try compare("not_equal", .notEqual, a, b) }
public func less(_ a: Tensor, _ b: Tensor) throws -> Tensor { try compare("less", .less, a, b) }
public func lessOrEqual(_ a: Tensor, _ b: Tensor) throws -> Tensor { try compare("less_or_equal", .lessOrEqual, a, b) }
public func greater(_ a: Tensor, _ b: Tensor) throws -> Tensor { try compare("greater", .greater, a, b) }
public func greaterOrEqual(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try compare("greater_or_equal", .greaterOrEqual, a, b)
}

public func equal(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor { try compare(.equal, x, number.scalar) }
public func notEqual(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try compare(.notEqual, x, number.scalar)
}
public func less(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor { try compare(.less, x, number.scalar) }
public func lessOrEqual(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try compare(.lessOrEqual, x, number.scalar)
}
public func greater(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try compare(.greater, x, number.scalar)
}
public func greaterOrEqual(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try compare(.greaterOrEqual, x, number.scalar)
}

private func compare(_ op: CompareOp, _ x: Tensor, _ scalar: Scalar) throws -> Tensor {
    let working: DType
    switch scalar {
    case .int: working = x.dtype.isFloating ? (x.dtype == .bf16 ? .f32 : x.dtype) : .i64
    case .real: working = x.dtype == .f64 ? .f64 : .f32
    }
    let x = x.detached()
    let source = try x.converted(to: working).packed()
    return try Tensor.operation("compare", [x], shape: x.shape, dtype: .bool, pullback: noGradient) { output in
        let out = output.pointer(UInt8.self)
        func run<S: Real>(_ value: S) throws {
            let values = source.pointer(S.self)
            try ThreadPool.parallel(source.count, grain: chunkLength) { range in
                let start = range.lowerBound
                S.loops.compare(op, values + start, scalar: value, out + start, count: range.count)
            }
        }
        switch working {
        case .f32: try run(Float(scalar.double))
        case .f64: try run(scalar.double)
        default: try compareWhole(op, source, Tensor(scalar: scalar, .i64), output)
        }
    }
}

private func compare(_ name: String, _ op: CompareOp, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let (a, b) = (a.detached(), b.detached())
    let shape = try Shape.broadcast(a.shape, b.shape, for: name)
    let common = DType.result(a, b)
    let working: DType = common == .bf16 ? .f32 : common.isFloating ? common : .i64
    return try Tensor.operation(name, [a, b], shape: shape, dtype: .bool, pullback: noGradient) { output in
        guard output.count > 0 else { return }
        let left = try a.converted(to: working)
        let right = try b.converted(to: working)
        switch working {
        case .f32: try run(Float.self, op, left, right, output)
        case .f64: try run(Double.self, op, left, right, output)
        default: try compareWhole(op, left, right, output)
        }
    }
}

private func run<S: Real>(_: S.Type, _ op: CompareOp, _ a: Tensor, _ b: Tensor, _ output: Tensor) throws {
    let out = output.pointer(UInt8.self)
    let left = try stretched(a, output.shape)
    let x = left.pointer(S.self)
    if b.count == 1 {
        let value = b.pointer(S.self)[0]
        return try ThreadPool.parallel(output.count, grain: chunkLength) { range in
            S.loops.compare(op, x + range.lowerBound, scalar: value, out + range.lowerBound, count: range.count)
        }
    }
    let right = try stretched(b, output.shape)
    let y = right.pointer(S.self)
    try ThreadPool.parallel(output.count, grain: chunkLength) { range in
        let start = range.lowerBound
        S.loops.compare(op, x + start, y + start, out + start, count: range.count)
    }
}

private func compareWhole(_ op: CompareOp, _ a: Tensor, _ b: Tensor, _ output: Tensor) throws {
    let left = a.count == 1 ? a : try stretched(a, output.shape)
    let right = b.count == 1 ? b : try stretched(b, output.shape)
    let (x, xStep) = (left.pointer(Int.self), left.count == 1 ? 0 : 1)
    let (y, yStep) = (right.pointer(Int.self), right.count == 1 ? 0 : 1)
    let out = output.pointer(UInt8.self)
    func loop(_ test: (Int, Int) -> Bool) throws {
        try ThreadPool.parallel(output.count, grain: chunkLength) { range in
            for index in range { out[index] = test(x[index * xStep], y[index * yStep]) ? 1 : 0 }
        }
    }
    switch op {
    case .equal: try loop { $0 == $1 }
    case .notEqual: try loop { $0 != $1 }
    case .less: try loop { $0 < $1 }
    case .lessOrEqual: try loop { $0 <= $1 }
    case .greater: try loop { $0 > $1 }
    case .greaterOrEqual: try loop { $0 >= $1 }
    }
}

// MARK: Logic

/// Whether both are not zero.
public func logicalAnd(_ a: Tensor, _ b: Tensor) throws -> Tensor { try multiply(truth(a), truth(b)) }

/// Whether one of them is not zero.
public func logicalOr(_ a: Tensor, _ b: Tensor) throws -> Tensor { try add(truth(a), truth(b)) }

/// Whether exactly one of them is not zero.
public func logicalXor(_ a: Tensor, _ b: Tensor) throws -> Tensor { try notEqual(truth(a), truth(b)) }

/// Whether the element is zero.
public func logicalNot(_ x: Tensor) throws -> Tensor { try equal(x, 0) }

private func truth(_ x: Tensor) throws -> Tensor { try x.detached().converted(to: .bool) }

// MARK: Choice

/// a where the condition holds, b elsewhere; all three broadcast.
///
/// - Throws: `type` unless the condition is of bools.
public func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard condition.dtype == .bool else {
        throw TensorError(
            .type, "where: the condition must be of type bool, found \(condition.dtype.name)",
            hint: "compare first: where(x > 0, …)")
    }
    let dtype = DType.result(a, b)
    let (left, right) = (try a.converted(to: dtype), try b.converted(to: dtype))
    let shape = try Shape.broadcast(
        condition.shape, Shape.broadcast(a.shape, b.shape, for: "where"), for: "where")
    let pullback = Pullback.rule { g in
        let zero = try Tensor(scalar: 0, g.dtype)
        return [nil, try flow(`where`(condition, g, zero), to: left), try flow(`where`(condition, zero, g), to: right)]
    }
    return try Tensor.operation(
        "where", [condition, left, right], shape: shape, dtype: dtype, unit: Unit.common([a, b]), pullback: pullback
    ) { output in
        let choices = try stretched(condition, shape)
        let (x, y) = (try stretched(left, shape), try stretched(right, shape))
        let (mask, size) = (choices.pointer(UInt8.self), dtype.size)
        let (from, other, out) = (UnsafeRawPointer(x.base), UnsafeRawPointer(y.base), output.base)
        try ThreadPool.parallel(output.count, grain: chunkLength) { range in
            let start = range.lowerBound * size
            kernel.select(
                elementSize: size, mask + range.lowerBound, from + start, other + start, out + start, count: range.count
            )
        }
    }
}

/// A plain number where the condition holds, b elsewhere.
public func `where`(_ condition: Tensor, _ number: some ScalarNumber, _ b: Tensor) throws -> Tensor {
    try `where`(condition, Tensor(scalar: number.scalar, number.scalar.promoted(b.dtype)), b)
}

/// a where the condition holds, a plain number elsewhere.
public func `where`(_ condition: Tensor, _ a: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try `where`(condition, a, Tensor(scalar: number.scalar, number.scalar.promoted(a.dtype)))
}

/// The elements held between two bounds, each of which may be missing. The gradient passes where x is within them,
/// bounds included.
public func clamp(_ x: Tensor, min low: Double? = nil, max high: Double? = nil) throws -> Tensor {
    if low == nil, high == nil { return x }
    guard x.dtype == .f32 || x.dtype == .f64 else {
        if x.dtype == .bf16 { return try clamp(x.converted(to: .f32), min: low, max: high).converted(to: .bf16) }
        // Bounds that are whole numbers leave whole numbers whole.
        let bounds = [low, high].compactMap { $0 }
        guard bounds.allSatisfy({ $0 == $0.rounded() && Swift.abs($0) < 9e18 }) else {
            return try clamp(x.converted(to: .f32), min: low, max: high)
        }
        var result = x
        if let low { result = try maximum(result, Int(low)) }
        if let high { result = try minimum(result, Int(high)) }
        return result
    }
    let pullback = Pullback.rule { g in
        var inside: Tensor?
        if let low { inside = try greaterOrEqual(x, low) }
        if let high {
            let below = try lessOrEqual(x, high)
            inside = try inside.map { try logicalAnd($0, below) } ?? below
        }
        return [try inside.map { try `where`($0, g, 0) } ?? g]
    }
    return try Tensor.operation("clamp", [x], shape: x.shape, dtype: x.dtype, pullback: pullback) { output in
        let source = try x.packed()
        func run<S: Real>(_: S.Type) throws {
            let (values, out) = (source.pointer(S.self), output.pointer(S.self))
            try ThreadPool.parallel(x.count, grain: chunkLength) { range in
                let start = range.lowerBound
                var from = UnsafePointer(values + start)
                if let low {
                    S.loops.binary(.max, from, scalar: S(low), out + start, count: range.count)
                    from = UnsafePointer(out + start)
                }
                if let high { S.loops.binary(.min, from, scalar: S(high), out + start, count: range.count) }
            }
        }
        try x.dtype == .f32 ? run(Float.self) : run(Double.self)
    }
}

import Glibc
import KernelTable

// Functions of one number: the public names, the forward, and one table of derivatives.

/// −x.
public func negate(_ x: Tensor) throws -> Tensor {
    if x.dtype == .bool {
        throw TensorError(.type, "negate: bools have no sign", hint: "use `not`, or convert: int(x)")
    }
    return try unary(.neg, x, unit: Unit.scaled(x))
}
/// |x|; the derivative at 0 is 0.
public func abs(_ x: Tensor) throws -> Tensor { try unary(.abs, x) }
/// −1, 0 or 1; the derivative is 0.
public func sign(_ x: Tensor) throws -> Tensor { try unary(.sign, x) }
/// eˣ.
public func exp(_ x: Tensor) throws -> Tensor {
    try unary(.exp, x, unit: x.unit == .logProbabilities ? .probabilities : nil)
}
/// eˣ − 1, exact near 0.
public func expm1(_ x: Tensor) throws -> Tensor { try unary(.expm1, x) }
/// The natural logarithm.
public func log(_ x: Tensor) throws -> Tensor {
    try unary(.log, x, unit: x.unit == .probabilities ? .logProbabilities : nil)
}
/// log(1 + x), exact near 0.
public func log1p(_ x: Tensor) throws -> Tensor { try unary(.log1p, x) }
/// The logarithm to base 2.
public func log2(_ x: Tensor) throws -> Tensor { try unary(.log2, x) }
/// √x.
public func sqrt(_ x: Tensor) throws -> Tensor { try unary(.sqrt, x) }
/// 1 / √x.
public func rsqrt(_ x: Tensor) throws -> Tensor { try unary(.rsqrt, x) }
/// 1 / x.
public func reciprocal(_ x: Tensor) throws -> Tensor { try unary(.reciprocal, x) }
/// x².
public func square(_ x: Tensor) throws -> Tensor { try unary(.square, x) }
public func sin(_ x: Tensor) throws -> Tensor { try unary(.sin, x) }
public func cos(_ x: Tensor) throws -> Tensor { try unary(.cos, x) }
public func tan(_ x: Tensor) throws -> Tensor { try unary(.tan, x) }
public func asin(_ x: Tensor) throws -> Tensor { try unary(.asin, x) }
public func acos(_ x: Tensor) throws -> Tensor { try unary(.acos, x) }
public func atan(_ x: Tensor) throws -> Tensor { try unary(.atan, x) }
public func sinh(_ x: Tensor) throws -> Tensor { try unary(.sinh, x) }
public func cosh(_ x: Tensor) throws -> Tensor { try unary(.cosh, x) }
public func tanh(_ x: Tensor) throws -> Tensor { try unary(.tanh, x) }
/// 1 / (1 + e⁻ˣ).
public func sigmoid(_ x: Tensor) throws -> Tensor { try unary(.sigmoid, x) }
/// log(1 / (1 + e⁻ˣ)).
public func logSigmoid(_ x: Tensor) throws -> Tensor { try unary(.logSigmoid, x) }
/// max(x, 0); the derivative at 0 is 0.
public func relu(_ x: Tensor) throws -> Tensor { try unary(.relu, x) }
/// x · sigmoid(x).
public func silu(_ x: Tensor) throws -> Tensor { try unary(.silu, x) }
/// log(1 + eˣ).
public func softplus(_ x: Tensor) throws -> Tensor { try unary(.softplus, x) }
/// x · Φ(x) with the error function. Hendrycks and Gimpel 2016, arXiv:1606.08415.
public func gelu(_ x: Tensor) throws -> Tensor { try unary(.gelu, x) }
/// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), the approximation of `gelu`.
public func geluTanh(_ x: Tensor) throws -> Tensor { try unary(.geluTanh, x) }
/// 2/√π · ∫₀ˣ e^(−t²) dt.
public func erf(_ x: Tensor) throws -> Tensor { try unary(.erf, x) }
/// The next whole number below; the derivative is 0, as of all rounding.
public func floor(_ x: Tensor) throws -> Tensor { try unary(.floor, x) }
/// The next whole number above.
public func ceil(_ x: Tensor) throws -> Tensor { try unary(.ceil, x) }
/// The whole part.
public func trunc(_ x: Tensor) throws -> Tensor { try unary(.trunc, x) }
/// The nearest whole number, ties to even.
public func round(_ x: Tensor) throws -> Tensor { try unary(.round, x) }

/// True where the element is not a number.
public func isnan(_ x: Tensor) throws -> Tensor { try classify("isnan", x) { $0.isNaN } }
/// True where the element is +∞ or −∞.
public func isinf(_ x: Tensor) throws -> Tensor { try classify("isinf", x) { $0.isInfinite } }
/// True where the element is neither infinite nor NaN.
public func isfinite(_ x: Tensor) throws -> Tensor { try classify("isfinite", x) { $0.isFinite } }

private func classify(_ name: String, _ x: Tensor, _ test: (Double) -> Bool) throws -> Tensor {
    guard x.dtype.isFloating else { return try Tensor.filled(test(0) ? 1 : 0, shape: x.shape, .bool) }
    let source = try x.detached().converted(to: x.dtype == .f64 ? .f64 : .f32).packed()
    let result = try Tensor(uninitialized: x.shape, .bool)
    let out = result.pointer(UInt8.self)
    if source.dtype == .f64 {
        let values = source.pointer(Double.self)
        for index in 0..<x.count { out[index] = test(values[index]) ? 1 : 0 }
    } else {
        let values = source.pointer(Float.self)
        for index in 0..<x.count { out[index] = test(Double(values[index])) ? 1 : 0 }
    }
    return result
}

/// The one way through which all functions of one number go.
func unary(_ op: UnaryOp, _ x: Tensor, unit: Unit? = nil) throws -> Tensor {
    switch x.dtype {
    case .bf16: return try unary(op, x.converted(to: .f32), unit: unit).converted(to: .bf16)
    case .f32, .f64: break
    default:
        guard op.keepsWhole else { return try unary(op, x.converted(to: .f32)) }
        return try wholeUnary(op, x)
    }
    return try Tensor.operation(
        op.name, [x], shape: x.shape, dtype: x.dtype, unit: unit, pullback: pullback(op, x)
    ) { output in
        let source = try x.packed()
        if x.dtype == .f32 {
            try run(Float.self, op, source, output)
        } else {
            try run(Double.self, op, source, output)
        }
    }
}

/// The same with values that were computed beside those of x, which is real.
func unary(_ op: UnaryOp, _ x: Tensor, values: Tensor) -> Tensor {
    Tensor.operation(op.name, x, values: values, pullback: pullback(op, x))
}

private func pullback(_ op: UnaryOp, _ x: Tensor) -> Pullback {
    guard op.hasBackwardLoop else { return .outputRule { gradient, y in [try op.flow(gradient, x, y)] } }
    return .fused(
        fast: { gradient in [try unaryBackward(op, x, gradient)] },
        composed: { gradient in [try op.flow(gradient, x, unary(op, x))] })
}

private func run<S: Real>(_: S.Type, _ op: UnaryOp, _ x: Tensor, _ output: Tensor) throws {
    let (source, target) = (x.pointer(S.self), output.pointer(S.self))
    try ThreadPool.parallel(x.count, grain: chunkLength) { range in
        S.loops.unary(op, source + range.lowerBound, target + range.lowerBound, count: range.count)
    }
}

/// g · op′(x) by the kernel, for first gradients.
private func unaryBackward(_ op: UnaryOp, _ x: Tensor, _ gradient: Tensor) throws -> Tensor {
    func run<S: Real>(_: S.Type) throws -> Tensor {
        let (source, flow) = (try x.packed(), try gradient.packed())
        let result = try Tensor(uninitialized: x.shape, x.dtype)
        let (values, slope, out) = (source.pointer(S.self), flow.pointer(S.self), result.pointer(S.self))
        try ThreadPool.parallel(x.count, grain: chunkLength) { range in
            _ = S.loops.unaryBackward(
                op, values + range.lowerBound, gradient: slope + range.lowerBound, out + range.lowerBound,
                count: range.count)
        }
        return result
    }
    return try x.dtype == .f32 ? run(Float.self) : run(Double.self)
}

/// Whole numbers: the sign, the size, the square; rounding changes nothing.
private func wholeUnary(_ op: UnaryOp, _ x: Tensor) throws -> Tensor {
    func run<W: Whole>(_: W.Type) throws -> Tensor {
        let source = try x.packed()
        let result = try Tensor(uninitialized: x.shape, x.dtype)
        let (values, out) = (source.pointer(W.self), result.pointer(W.self))
        for index in 0..<x.count {
            let value = values[index]
            switch op {
            case .neg: out[index] = 0 &- value
            case .abs: out[index] = value < 0 ? 0 &- value : value
            case .sign: out[index] = value.signum()
            case .square: out[index] = value &* value
            case .relu: out[index] = value < 0 ? 0 : value
            default: out[index] = value
            }
        }
        return result
    }
    switch x.dtype {
    case .i64: return try run(Int64.self)
    case .i32: return try run(Int32.self)
    default: return try run(UInt8.self)
    }
}

extension UnaryOp {
    /// As scripts and errors spell it.
    fileprivate var name: String { UnaryOp.names[Int(rawValue)] }

    /// Made once: to ask the language for a case's name takes longer than the work on a small tensor.
    private static let names = allCases.map { op in
        switch op {
        case .neg: "negate"
        case .logSigmoid: "log_sigmoid"
        case .geluTanh: "gelu_tanh"
        default: String(describing: op)
        }
    }

    /// Whether whole numbers stay whole numbers.
    fileprivate var keepsWhole: Bool {
        switch self {
        case .neg, .abs, .sign, .square, .relu, .floor, .ceil, .trunc, .round: true
        default: false
        }
    }

    /// Whether the kernels have a loop for the derivative.
    fileprivate var hasBackwardLoop: Bool {
        switch self {
        case .exp, .log, .sqrt, .sigmoid, .tanh, .relu, .gelu, .geluTanh, .silu, .softplus, .logSigmoid, .square, .sin,
            .cos, .abs, .erf:
            true
        default: false
        }
    }

    /// g · op′(x) for y = op(x), in operations that can be differentiated again.
    fileprivate func flow(_ g: Tensor, _ x: Tensor, _ y: Tensor) throws -> Tensor {
        switch self {
        case .neg: return try negate(g)
        case .abs: return try multiply(g, Tensors.sign(x))
        case .sign, .floor, .ceil, .trunc, .round: return try Tensor.zeros(x.shape, x.dtype)
        case .exp: return try multiply(g, y)
        case .expm1: return try multiply(g, add(y, 1))
        case .log: return try divide(g, x)
        case .log1p: return try divide(g, add(x, 1))
        case .log2: return try divide(g, multiply(x, M_LN2))
        case .sqrt: return try divide(g, multiply(y, 2))
        case .rsqrt: return try multiply(multiply(g, -0.5), multiply(y, Tensors.square(y)))
        case .reciprocal: return try negate(multiply(g, Tensors.square(y)))
        case .square: return try multiply(g, multiply(x, 2))
        case .sin: return try multiply(g, Tensors.cos(x))
        case .cos: return try negate(multiply(g, Tensors.sin(x)))
        case .tan: return try multiply(g, add(Tensors.square(y), 1))
        case .asin: return try multiply(g, Tensors.rsqrt(subtract(1, Tensors.square(x))))
        case .acos: return try negate(multiply(g, Tensors.rsqrt(subtract(1, Tensors.square(x)))))
        case .atan: return try divide(g, add(Tensors.square(x), 1))
        case .sinh: return try multiply(g, Tensors.cosh(x))
        case .cosh: return try multiply(g, Tensors.sinh(x))
        case .tanh: return try multiply(g, subtract(1, Tensors.square(y)))
        case .sigmoid: return try multiply(g, multiply(y, subtract(1, y)))
        case .logSigmoid: return try multiply(g, Tensors.sigmoid(negate(x)))
        case .relu: return try `where`(greater(x, 0), g, Tensor(scalar: 0, g.dtype))
        case .silu:
            let s = try Tensors.sigmoid(x)
            return try multiply(g, multiply(s, add(multiply(x, subtract(1, s)), 1)))
        case .softplus: return try multiply(g, Tensors.sigmoid(x))
        case .gelu:
            let cumulative = try multiply(add(Tensors.erf(multiply(x, 0.7071067811865476)), 1), 0.5)
            let density = try multiply(Tensors.exp(multiply(Tensors.square(x), -0.5)), 0.3989422804014327)
            return try multiply(g, add(cumulative, multiply(x, density)))
        case .geluTanh:
            // y = x/2 (1 + t), t = tanh(u), u = c (x + a x³):  y′ = (1 + t)/2 + x/2 (1 − t²) c (1 + 3 a x²)
            let c = 0.7978845608028654
            let squared = try Tensors.square(x)
            let t = try Tensors.tanh(multiply(multiply(x, add(multiply(squared, 0.044715), 1)), c))
            let slope = try multiply(add(multiply(squared, 3 * 0.044715), 1), c)
            let second = try multiply(multiply(x, subtract(1, Tensors.square(t))), slope)
            return try multiply(g, multiply(add(add(t, 1), second), 0.5))
        case .erf: return try multiply(g, multiply(Tensors.exp(negate(Tensors.square(x))), M_2_SQRTPI))
        }
    }
}

/// The natural logarithm of a plain number.
func logarithm(_ value: Double) -> Double { Glibc.log(value) }

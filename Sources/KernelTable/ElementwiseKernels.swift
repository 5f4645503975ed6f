/// Functions of one number.
public enum UnaryOp: UInt8, Sendable, CaseIterable {
    case neg, abs, sign, exp, expm1, log, log1p, log2, sqrt, rsqrt, reciprocal, square
    case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
    case sigmoid, logSigmoid, relu, silu, softplus
    /// x · Φ(x), with the error function.
    case gelu
    /// The tanh approximation of `gelu`.
    case geluTanh
    case erf, floor, ceil, trunc
    /// To nearest, ties to even.
    case round
}

/// Functions of two numbers.
public enum BinaryOp: UInt8, Sendable, CaseIterable {
    case add, sub, mul, div, pow
    /// NaN if either is NaN.
    case max, min
    case atan2
    /// Python's remainder: the sign of the divisor.
    case mod
    /// ⌊x / y⌋, consistent with `mod`.
    case floorDiv
}

/// Comparisons; all but `notEqual` are false when either side is NaN.
public enum CompareOp: UInt8, Sendable, CaseIterable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// Loops that treat each element on its own.
public protocol ElementwiseKernels<Scalar>: ScalarKernels {
    /// `y[i] = op(x[i])`.
    static func unary(
        _ op: UnaryOp, _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `out[i] = op(x[i], y[i])`.
    static func binary(
        _ op: BinaryOp, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>,
        count n: Int)

    /// `out[i] = op(x[i], y)`.
    static func binary(
        _ op: BinaryOp, _ x: UnsafePointer<Scalar>, scalar y: Scalar, _ out: UnsafeMutablePointer<Scalar>,
        count n: Int)

    /// `out[i] = op(x, y[i])`.
    static func binary(
        _ op: BinaryOp, scalar x: Scalar, _ y: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>,
        count n: Int)

    /// A vector along the rows: `out[r, i] = op(x[r, i], y[i])`, or `op(y[i], x[r, i])` when `swapped`.
    static func binaryRowVector(
        _ op: BinaryOp, _ x: UnsafePointer<Scalar>, vector y: UnsafePointer<Scalar>,
        _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int, swapped: Bool)

    /// A number for each row: `out[r, i] = op(x[r, i], y[r])`, or `op(y[r], x[r, i])` when `swapped`.
    static func binaryColumnVector(
        _ op: BinaryOp, _ x: UnsafePointer<Scalar>, vector y: UnsafePointer<Scalar>,
        _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int, swapped: Bool)

    /// `out[i] = op(x[i], y[i]) ? 1 : 0`.
    static func compare(
        _ op: CompareOp, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<UInt8>,
        count n: Int)

    /// `out[i] = op(x[i], y) ? 1 : 0`.
    static func compare(
        _ op: CompareOp, _ x: UnsafePointer<Scalar>, scalar y: Scalar, _ out: UnsafeMutablePointer<UInt8>,
        count n: Int)

    /// `out[i] = condition[i] != 0 ? x[i] : y[i]`.
    static func select(
        _ condition: UnsafePointer<UInt8>, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>,
        _ out: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `out[i] = mask[i] != 0 ? x[i] · scale : 0`; the pullback of dropout.
    static func maskScale(
        _ mask: UnsafePointer<UInt8>, _ x: UnsafePointer<Scalar>, scale: Scalar,
        _ out: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `y[i] += a · x[i]`.
    static func axpy(_ a: Scalar, _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `y[i] += x[i]`.
    static func addInPlace(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `y[i] = a · y[i]`.
    static func scale(_ a: Scalar, _ y: UnsafeMutablePointer<Scalar>, count n: Int)

    /// `y[i] = a · y[i] + b · x[i]`; a moving average when a + b = 1.
    static func blend(
        _ a: Scalar, _ y: UnsafeMutablePointer<Scalar>, _ b: Scalar, _ x: UnsafePointer<Scalar>, count n: Int)

    /// `y[i] = value`.
    static func fill(_ y: UnsafeMutablePointer<Scalar>, with value: Scalar, count n: Int)

    /// `y[i] = start + i · step`, each from its own i so that chunks agree; `first` is the i of `y[0]`.
    static func arange(
        _ y: UnsafeMutablePointer<Scalar>, start: Scalar, step: Scalar, first: Int, count n: Int)

    /// dx[i] = g[i] · op′(x[i]) for exp, log, sqrt, sigmoid, tanh, relu, gelu, geluTanh, silu, softplus, logSigmoid,
    /// square, sin, cos, abs, erf; returns false, and does nothing, for another op.
    static func unaryBackward(
        _ op: UnaryOp, _ x: UnsafePointer<Scalar>, gradient g: UnsafePointer<Scalar>,
        _ dx: UnsafeMutablePointer<Scalar>, count n: Int
    ) -> Bool
}

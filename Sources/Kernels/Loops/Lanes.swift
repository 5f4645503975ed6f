/// A scalar that has a vector register.
protocol Real: BinaryFloatingPoint, SIMDScalar, Codable, BitwiseCopyable, Sendable {
    associatedtype Vector: Lanes where Vector.Scalar == Self
}

/// One vector register of scalars, as wide as this build's instruction set.
///
/// Its own type, not `SIMD16`, because Swift's generic SIMD operators are loops over lanes until they are specialised,
/// and some stay so; these are concrete everywhere. Everything over it is generic and specialised within the module.
protocol Lanes: BitwiseCopyable {
    associatedtype Scalar: Real where Scalar.Vector == Self

    static var width: Int { get }
    init(_ value: Scalar)
    init(_ p: UnsafePointer<Scalar>)
    /// The first n < width scalars at p, the rest zero; nothing else is read.
    init(_ p: UnsafePointer<Scalar>, first n: Int)
    func store(_ p: UnsafeMutablePointer<Scalar>)
    func store(_ p: UnsafeMutablePointer<Scalar>, first n: Int)

    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func / (a: Self, b: Self) -> Self
    static prefix func - (a: Self) -> Self
    /// a · b + c, fused where that is an instruction.
    static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self
    /// The same, and nothing that is read or added after it is read or added before it.
    static func multiplyAddInTurn(_ a: Self, _ b: Self, _ c: Self) -> Self
    /// a < b ? x : y, lane by lane.
    static func less(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self
    /// a = b ? x : y, lane by lane.
    static func equal(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self
    /// NaN if either is.
    static func max(_ a: Self, _ b: Self) -> Self
    /// NaN if either is.
    static func min(_ a: Self, _ b: Self) -> Self
    static func anyNotEqual(_ a: Self, _ b: Self) -> Bool
    var squareRoot: Self { get }
    var magnitude: Self { get }
    func withSign(of other: Self) -> Self
    /// The sum of the lanes, halves first.
    var sum: Scalar { get }
    /// The largest of the lanes; NaN if one is.
    var largest: Scalar { get }
    subscript(i: Int) -> Scalar { get }

    // Four scalars at once, whatever the width, for packing.

    static func copy4(_ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>)
    static func copy2(_ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>)
    /// Four rows of four scalars become four rows of the columns; strides in scalars from row to row.
    static func transpose4(
        _ x: UnsafePointer<Scalar>, _ stride: Int, _ out: UnsafeMutablePointer<Scalar>, _ outStride: Int)
    /// The same, added to beta times what is there.
    static func addTransposed4(
        _ x: UnsafePointer<Scalar>, _ stride: Int, _ out: UnsafeMutablePointer<Scalar>, _ outStride: Int,
        _ beta: Scalar)
    /// Two rows of four scalars become four rows of two.
    static func transpose2(
        _ x: UnsafePointer<Scalar>, _ stride: Int, _ out: UnsafeMutablePointer<Scalar>, _ outStride: Int)

    static func storeEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int)
    static func storeNotEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int)
    static func storeLess(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int)
    static func storeLessOrEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int)
    /// condition[i] ≠ 0 ? x : y; n bytes are read.
    static func select(_ condition: UnsafePointer<UInt8>, first n: Int, _ x: Self, _ y: Self) -> Self

    var exp: Self { get }
    /// exp x for an x ≤ 0.
    var nonPositiveExp: Self { get }
    /// 1 + exp x; for floats infinite from 88.4 on.
    var onePlusExp: Self { get }
    var expm1: Self { get }
    var log: Self { get }
    var log1p: Self { get }
    var log2: Self { get }
    var sin: Self { get }
    var cos: Self { get }
    var tan: Self { get }
    var asin: Self { get }
    var acos: Self { get }
    var atan: Self { get }
    var sinh: Self { get }
    var cosh: Self { get }
    var tanh: Self { get }
    var erf: Self { get }
    /// Φ(x), the normal distribution function.
    var normalDistribution: Self { get }
    static func pow(_ x: Self, _ y: Self) -> Self
    static func atan2(_ y: Self, _ x: Self) -> Self
    static func remainder(_ x: Self, _ y: Self) -> Self
    /// The logarithm with the same rounding on every instruction set, for random numbers.
    var steadyLog: Self { get }
    /// cos 2πx and sin 2πx for x in [0, 1), with the same rounding on every instruction set.
    var cosineAndSineOfTurns: (Self, Self) { get }
    /// 2^(the mantissa's bits): at and beyond it every value is whole.
    static var wholeLimit: Self { get }
}

extension Lanes {
    @inline(__always) static var zero: Self { Self(0) }
    @inline(__always) static var one: Self { Self(1) }

    /// The product of the lanes, one after the other.
    @inline(__always) var product: Scalar {
        var result = self[0]
        for lane in 1..<Self.width { result = result * self[lane] }
        return result
    }

    /// To the nearest whole number, ties to even, by adding and taking away 2^mantissaBits.
    @inline(__always) var rounded: Self {
        let limit = Self.wholeLimit.withSign(of: self)
        let whole = ((self + limit) - limit).withSign(of: self)
        return Self.less(magnitude, Self.wholeLimit, whole, self)
    }

    @inline(__always) var floored: Self {
        let whole = rounded
        return Self.less(self, whole, whole - .one, whole).withSign(of: self)
    }

    @inline(__always) var ceiled: Self {
        let whole = rounded
        return Self.less(whole, self, whole + .one, whole).withSign(of: self)
    }

    @inline(__always) var truncated: Self { magnitude.floored.withSign(of: self) }

    @inline(__always) var sign: Self {
        Self.less(.zero, self, .one, Self.less(self, .zero, -.one, Self.equal(self, .zero, .zero, self)))
    }

    @inline(__always) var sigmoid: Self { .one / (-self).onePlusExp }

    /// max(x, 0) + log1p(exp(−|x|)).
    @inline(__always) var softplus: Self { Self.max(self, .zero) + (-magnitude).nonPositiveExp.log1p }

    /// min(x, 0) − log1p(exp(−|x|)).
    @inline(__always) var logSigmoid: Self { Self.min(self, .zero) - (-magnitude).nonPositiveExp.log1p }

    @inline(__always) var relu: Self { Self.max(self, .zero) }
    @inline(__always) var silu: Self { self / (-self).onePlusExp }

    @inline(__always) var gelu: Self { self * normalDistribution }

    /// The argument of the tanh in GELU's approximation: √(2/π) (x + 0.044715 x³).
    @inline(__always) var geluInner: Self {
        Self(0.797_884_560_802_865_355_9) * Self.multiplyAdd(Self(0.044715) * self * self, self, self)
    }
    @inline(__always) var geluTanh: Self { Self(0.5) * self * (.one + geluInner.tanh) }

    /// Python's: the sign of the divisor.
    @inline(__always) static func floorMod(_ x: Self, _ y: Self) -> Self {
        let r = remainder(x, y)
        let sameSign = r.withSign(of: .one) * one.withSign(of: r) * one.withSign(of: y)
        let adjusted = less(sameSign, zero, r + y, r)
        return equal(r, zero, zero.withSign(of: y), adjusted)
    }

    /// ⌊x / y⌋ by way of the remainder, so that x = y · floorDiv + floorMod; of a finite x by an infinite y 0 or −1.
    @inline(__always) static func floorDiv(_ x: Self, _ y: Self) -> Self {
        let r = remainder(x, y)
        let sameSign = r.withSign(of: .one) * one.withSign(of: r) * one.withSign(of: y)
        let quotient = (x - r) / y - less(sameSign, zero, one, zero)
        let whole = quotient.floored
        let nearest = less(Self(0.5), quotient - whole, whole + one, whole)
        let signed = equal(nearest, zero, zero.withSign(of: x / y), nearest)
        return equal(y, zero, x / y, signed)
    }
}

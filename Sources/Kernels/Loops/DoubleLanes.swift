internal import CIntrinsics

/// A register of `Double`.
struct DoubleLanes: Lanes {
    typealias Scalar = Double

    var v: kd_f64

    @inline(__always) init(v: kd_f64) { self.v = v }
    @inline(__always) init(_ value: Double) { v = kd_f64(repeating: value) }
    @inline(__always) init(_ p: UnsafePointer<Double>) { v = kd_f64_load(p) }
    @inline(__always) init(_ p: UnsafePointer<Double>, first n: Int) { v = kd_f64_load_part(p, n) }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Double>) { kd_f64_store(p, v) }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Double>, first n: Int) { kd_f64_store_part(p, v, n) }
    @inline(__always) static var width: Int { MemoryLayout<kd_f64>.size / 8 }
    @inline(__always) static var wholeLimit: Self { Self(4_503_599_627_370_496) }

    @inline(__always) static func + (a: Self, b: Self) -> Self { Self(v: a.v + b.v) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { Self(v: a.v - b.v) }
    @inline(__always) static func * (a: Self, b: Self) -> Self { Self(v: a.v * b.v) }
    @inline(__always) static func / (a: Self, b: Self) -> Self { Self(v: a.v / b.v) }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(v: -a.v) }
    @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
        Self(v: kd_f64_fma(a.v, b.v, c.v))
    }
    @inline(__always) static func multiplyAddInTurn(_ a: Self, _ b: Self, _ c: Self) -> Self {
        Self(v: kd_f64_fma_in_turn(a.v, b.v, c.v))
    }
    @inline(__always) static func less(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self {
        Self(v: kd_f64_less(a.v, b.v, x.v, y.v))
    }
    @inline(__always) static func equal(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self {
        Self(v: kd_f64_equal(a.v, b.v, x.v, y.v))
    }
    @inline(__always) static func max(_ a: Self, _ b: Self) -> Self { Self(v: kd_f64_max(a.v, b.v)) }
    @inline(__always) static func min(_ a: Self, _ b: Self) -> Self { Self(v: kd_f64_min(a.v, b.v)) }
    @inline(__always) static func anyNotEqual(_ a: Self, _ b: Self) -> Bool { kd_f64_any_not_equal(a.v, b.v) != 0 }
    @inline(__always) var squareRoot: Self { Self(v: kd_f64_sqrt(v)) }
    @inline(__always) var magnitude: Self { Self(v: kd_f64_abs(v)) }
    @inline(__always) func withSign(of other: Self) -> Self { Self(v: kd_f64_copysign(v, other.v)) }
    @inline(__always) var sum: Double { kd_f64_sum(v) }
    @inline(__always) var largest: Double { kd_f64_largest(v) }
    @inline(__always) static func copy4(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        kd_f64_copy4(x, out)
    }
    @inline(__always) static func copy2(_ x: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) {
        kd_f64_copy2(x, out)
    }
    @inline(__always) static func transpose4(
        _ x: UnsafePointer<Double>, _ stride: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
    ) {
        kd_f64_transpose4(x, stride, out, outStride)
    }
    @inline(__always) static func addTransposed4(
        _ x: UnsafePointer<Double>, _ stride: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int, _ beta: Double
    ) {
        kd_f64_add_transposed4(x, stride, out, outStride, beta)
    }
    @inline(__always) static func transpose2(
        _ x: UnsafePointer<Double>, _ stride: Int, _ out: UnsafeMutablePointer<Double>, _ outStride: Int
    ) {
        kd_f64_transpose2(x, stride, out, outStride)
    }
    @inline(__always) subscript(i: Int) -> Double { v[i] }

    @inline(__always) static func storeEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f64_store_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func storeNotEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f64_store_not_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func storeLess(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f64_store_less(p, a.v, b.v, n)
    }
    @inline(__always) static func storeLessOrEqual(
        _ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int
    ) {
        kd_f64_store_less_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func select(
        _ condition: UnsafePointer<UInt8>, first n: Int, _ x: Self, _ y: Self
    ) -> Self {
        Self(v: kd_f64_select_bytes(condition, x.v, y.v, n))
    }

    @inline(__always) var log2: Self { Self(v: kd_f64_log2(v)) }
    @inline(__always) var sin: Self { Self(v: kd_f64_sin(v)) }
    @inline(__always) var cos: Self { Self(v: kd_f64_cos(v)) }
    @inline(__always) var tan: Self { Self(v: kd_f64_tan(v)) }
    @inline(__always) var asin: Self { Self(v: kd_f64_asin(v)) }
    @inline(__always) var acos: Self { Self(v: kd_f64_acos(v)) }
    @inline(__always) var atan: Self { Self(v: kd_f64_atan(v)) }
    @inline(__always) var sinh: Self { Self(v: kd_f64_sinh(v)) }
    @inline(__always) var cosh: Self { Self(v: kd_f64_cosh(v)) }
    @inline(__always) var exp: Self { Self(v: kd_f64_exp(v)) }
    @inline(__always) var nonPositiveExp: Self { exp }
    @inline(__always) var onePlusExp: Self { .one + exp }
    @inline(__always) var expm1: Self { Self(v: kd_f64_expm1(v)) }
    @inline(__always) var steadyLog: Self { log }
    @inline(__always) var log: Self { Self(v: kd_f64_log(v)) }
    @inline(__always) var log1p: Self { Self(v: kd_f64_log1p(v)) }
    @inline(__always) var tanh: Self { Self(v: kd_f64_tanh(v)) }
    @inline(__always) var erf: Self { Self(v: kd_f64_erf(v)) }
    @inline(__always) var normalDistribution: Self {
        Self(0.5) * (.one + (self * Self(0.707_106_781_186_547_524_4)).erf)
    }
    @inline(__always) var cosineAndSineOfTurns: (Self, Self) {
        let angle = self * Self(6.283_185_307_179_586_476_9)
        return (angle.cos, angle.sin)
    }
    @inline(__always) static func pow(_ x: Self, _ y: Self) -> Self { Self(v: kd_f64_pow(x.v, y.v)) }
    @inline(__always) static func atan2(_ y: Self, _ x: Self) -> Self { Self(v: kd_f64_atan2(y.v, x.v)) }
    @inline(__always) static func remainder(_ x: Self, _ y: Self) -> Self { Self(v: kd_f64_fmod(x.v, y.v)) }
}

extension Double: Real {
    typealias Vector = DoubleLanes
}

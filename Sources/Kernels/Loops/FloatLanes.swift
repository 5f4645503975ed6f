internal import CIntrinsics

/// A register of `Float`.
struct FloatLanes: Lanes {
    typealias Scalar = Float

    var v: kd_f32

    @inline(__always) init(v: kd_f32) { self.v = v }
    @inline(__always) init(_ value: Float) { v = kd_f32(repeating: value) }
    @inline(__always) init(_ p: UnsafePointer<Float>) { v = kd_f32_load(p) }
    @inline(__always) init(_ p: UnsafePointer<Float>, first n: Int) { v = kd_f32_load_part(p, n) }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) { kd_f32_store(p, v) }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Float>, first n: Int) { kd_f32_store_part(p, v, n) }
    @inline(__always) static var width: Int { MemoryLayout<kd_f32>.size / 4 }
    @inline(__always) static var wholeLimit: Self { Self(8_388_608) }

    @inline(__always) static func + (a: Self, b: Self) -> Self { Self(v: a.v + b.v) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { Self(v: a.v - b.v) }
    @inline(__always) static func * (a: Self, b: Self) -> Self { Self(v: a.v * b.v) }
    @inline(__always) static func / (a: Self, b: Self) -> Self { Self(v: a.v / b.v) }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(v: -a.v) }
    @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
        Self(v: kd_f32_fma(a.v, b.v, c.v))
    }
    @inline(__always) static func multiplyAddInTurn(_ a: Self, _ b: Self, _ c: Self) -> Self {
        Self(v: kd_f32_fma_in_turn(a.v, b.v, c.v))
    }
    @inline(__always) static func less(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self {
        Self(v: kd_f32_less(a.v, b.v, x.v, y.v))
    }
    @inline(__always) static func equal(_ a: Self, _ b: Self, _ x: Self, _ y: Self) -> Self {
        Self(v: kd_f32_equal(a.v, b.v, x.v, y.v))
    }
    @inline(__always) static func max(_ a: Self, _ b: Self) -> Self { Self(v: kd_f32_max(a.v, b.v)) }
    @inline(__always) static func min(_ a: Self, _ b: Self) -> Self { Self(v: kd_f32_min(a.v, b.v)) }
    @inline(__always) static func anyNotEqual(_ a: Self, _ b: Self) -> Bool { kd_f32_any_not_equal(a.v, b.v) != 0 }
    @inline(__always) var squareRoot: Self { Self(v: kd_f32_sqrt(v)) }
    @inline(__always) var magnitude: Self { Self(v: kd_f32_abs(v)) }
    @inline(__always) func withSign(of other: Self) -> Self { Self(v: kd_f32_copysign(v, other.v)) }
    @inline(__always) var sum: Float { kd_f32_sum(v) }
    @inline(__always) var largest: Float { kd_f32_largest(v) }
    @inline(__always) static func copy4(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
        kd_f32_copy4(x, out)
    }
    @inline(__always) static func copy2(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
        kd_f32_copy2(x, out)
    }
    @inline(__always) static func transpose4(
        _ x: UnsafePointer<Float>, _ stride: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) {
        kd_f32_transpose4(x, stride, out, outStride)
    }
    @inline(__always) static func addTransposed4(
        _ x: UnsafePointer<Float>, _ stride: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ beta: Float
    ) {
        kd_f32_add_transposed4(x, stride, out, outStride, beta)
    }
    @inline(__always) static func transpose2(
        _ x: UnsafePointer<Float>, _ stride: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) {
        kd_f32_transpose2(x, stride, out, outStride)
    }
    @inline(__always) subscript(i: Int) -> Float { v[i] }

    @inline(__always) static func storeEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f32_store_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func storeNotEqual(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f32_store_not_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func storeLess(_ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int) {
        kd_f32_store_less(p, a.v, b.v, n)
    }
    @inline(__always) static func storeLessOrEqual(
        _ a: Self, _ b: Self, _ p: UnsafeMutablePointer<UInt8>, first n: Int
    ) {
        kd_f32_store_less_equal(p, a.v, b.v, n)
    }
    @inline(__always) static func select(
        _ condition: UnsafePointer<UInt8>, first n: Int, _ x: Self, _ y: Self
    ) -> Self {
        Self(v: kd_f32_select_bytes(condition, x.v, y.v, n))
    }

    @inline(__always) var log2: Self { Self(v: kd_f32_log2(v)) }
    @inline(__always) var sin: Self { Self(v: kd_f32_sin(v)) }
    @inline(__always) var cos: Self { Self(v: kd_f32_cos(v)) }
    @inline(__always) var tan: Self { Self(v: kd_f32_tan(v)) }
    @inline(__always) var asin: Self { Self(v: kd_f32_asin(v)) }
    @inline(__always) var acos: Self { Self(v: kd_f32_acos(v)) }
    @inline(__always) var atan: Self { Self(v: kd_f32_atan(v)) }
    @inline(__always) var sinh: Self { Self(v: kd_f32_sinh(v)) }
    @inline(__always) var cosh: Self { Self(v: kd_f32_cosh(v)) }
    @inline(__always) static func pow(_ x: Self, _ y: Self) -> Self { Self(v: kd_f32_pow(x.v, y.v)) }
    @inline(__always) static func atan2(_ y: Self, _ x: Self) -> Self { Self(v: kd_f32_atan2(y.v, x.v)) }
    @inline(__always) static func remainder(_ x: Self, _ y: Self) -> Self { Self(v: kd_f32_fmod(x.v, y.v)) }
}

extension Float: Real {
    typealias Vector = FloatLanes
}

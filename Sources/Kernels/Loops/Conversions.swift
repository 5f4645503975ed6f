public import KernelTable

/// How one stored type is read and written: through `Double`, which holds every float of ours, or `Int64`.
private protocol Cell {
    associatedtype Raw: BitwiseCopyable
    static var isInteger: Bool { get }
    static func double(_ x: Raw) -> Double
    static func integer(_ x: Raw) -> Int64
    static func raw(_ x: Double) -> Raw
    static func raw(_ x: Int64) -> Raw
}

/// Truncates and saturates; NaN becomes 0.
@inline(__always) private func saturated(_ x: Double) -> Int64 {
    if x >= 9_223_372_036_854_775_808 { return .max }
    if x <= -9_223_372_036_854_775_808 { return .min }
    return x.isNaN ? 0 : Int64(x)
}

private enum Float32Cell: Cell {
    @inline(__always) static var isInteger: Bool { false }
    @inline(__always) static func double(_ x: Float) -> Double { Double(x) }
    @inline(__always) static func integer(_ x: Float) -> Int64 { saturated(Double(x)) }
    @inline(__always) static func raw(_ x: Double) -> Float { Float(x) }
    @inline(__always) static func raw(_ x: Int64) -> Float { Float(x) }
}

private enum Float64Cell: Cell {
    @inline(__always) static var isInteger: Bool { false }
    @inline(__always) static func double(_ x: Double) -> Double { x }
    @inline(__always) static func integer(_ x: Double) -> Int64 { saturated(x) }
    @inline(__always) static func raw(_ x: Double) -> Double { x }
    @inline(__always) static func raw(_ x: Int64) -> Double { Double(x) }
}

private enum BFloat16Cell: Cell {
    @inline(__always) static var isInteger: Bool { false }
    @inline(__always) static func double(_ x: UInt16) -> Double { Double(Float(bitPattern: UInt32(x) &<< 16)) }
    @inline(__always) static func integer(_ x: UInt16) -> Int64 { saturated(double(x)) }
    @inline(__always) static func raw(_ x: Double) -> UInt16 {
        let bits = Float(x).bitPattern
        // Adding 0x7FFF and the last kept bit rounds to nearest even; a NaN keeps its sign and stays one.
        let even = (bits &>> 16) & 1
        let rounded = (bits &+ 0x7FFF &+ even) &>> 16
        let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
        return UInt16(truncatingIfNeeded: isNaN ? (bits &>> 16) | 0x40 : rounded)
    }
    @inline(__always) static func raw(_ x: Int64) -> UInt16 { raw(Double(x)) }
}

private enum Float16Cell: Cell {
    @inline(__always) static var isInteger: Bool { false }
    @inline(__always) static func double(_ x: UInt16) -> Double {
        // The exponent and mantissa, moved into a Float whose exponent is too small by 112: one exact product mends it,
        // denormals included; an all-ones exponent is infinity or NaN.
        let magnitude = UInt32(x & 0x7FFF) &<< 13
        let scaled = Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)
        let special = Float(bitPattern: magnitude | 0x7F80_0000)
        let value = x & 0x7C00 == 0x7C00 ? special : scaled
        return Double(Float(bitPattern: value.bitPattern | UInt32(x & 0x8000) &<< 16))
    }
    @inline(__always) static func integer(_ x: UInt16) -> Int64 { saturated(double(x)) }
    @inline(__always) static func raw(_ x: Double) -> UInt16 {
        let sign: UInt16 = x.sign == .minus ? 0x8000 : 0
        let magnitude = x.magnitude
        if x.isNaN { return sign | 0x7E00 }
        // 65520 is halfway between the largest binary16 and the next power of two.
        if magnitude >= 65520 { return sign | 0x7C00 }
        if magnitude < 6.103_515_625e-05 {
            // A denormal counts units of 2⁻²⁴; adding 2⁵² rounds to whole units. The carry into a normal is right.
            let units = (magnitude * 16_777_216 + 4_503_599_627_370_496) - 4_503_599_627_370_496
            return sign | UInt16(units)
        }
        let bits = magnitude.bitPattern
        let even = (bits &>> 42) & 1
        let rounded = (bits &+ 0x1FF_FFFF_FFFF &+ even) &>> 42
        return sign | UInt16(truncatingIfNeeded: rounded &- (1008 &<< 10))
    }
    @inline(__always) static func raw(_ x: Int64) -> UInt16 { raw(Double(x)) }
}

private enum Int64Cell: Cell {
    @inline(__always) static var isInteger: Bool { true }
    @inline(__always) static func double(_ x: Int64) -> Double { Double(x) }
    @inline(__always) static func integer(_ x: Int64) -> Int64 { x }
    @inline(__always) static func raw(_ x: Double) -> Int64 { saturated(x) }
    @inline(__always) static func raw(_ x: Int64) -> Int64 { x }
}

private enum Int32Cell: Cell {
    @inline(__always) static var isInteger: Bool { true }
    @inline(__always) static func double(_ x: Int32) -> Double { Double(x) }
    @inline(__always) static func integer(_ x: Int32) -> Int64 { Int64(x) }
    @inline(__always) static func raw(_ x: Double) -> Int32 { raw(saturated(x)) }
    @inline(__always) static func raw(_ x: Int64) -> Int32 {
        Int32(truncatingIfNeeded: x > 0x7FFF_FFFF ? 0x7FFF_FFFF : (x < -0x8000_0000 ? -0x8000_0000 : x))
    }
}

private enum UInt8Cell: Cell {
    @inline(__always) static var isInteger: Bool { true }
    @inline(__always) static func double(_ x: UInt8) -> Double { Double(x) }
    @inline(__always) static func integer(_ x: UInt8) -> Int64 { Int64(x) }
    @inline(__always) static func raw(_ x: Double) -> UInt8 { raw(saturated(x)) }
    @inline(__always) static func raw(_ x: Int64) -> UInt8 {
        UInt8(truncatingIfNeeded: x > 255 ? 255 : (x < 0 ? 0 : x))
    }
}

@inline(__always) private func convertCells<A: Cell, B: Cell>(
    _ a: A.Type, _ b: B.Type, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ n: Int
) {
    let source = x.assumingMemoryBound(to: A.Raw.self)
    let target = out.assumingMemoryBound(to: B.Raw.self)
    for i in 0..<n { target[i] = A.isInteger ? B.raw(A.integer(source[i])) : B.raw(A.double(source[i])) }
}

@inline(__always) private func convertFrom<A: Cell>(
    _ a: A.Type, to target: ScalarType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ n: Int
) {
    switch target {
    case .float32: convertCells(a, Float32Cell.self, x, out, n)
    case .float64: convertCells(a, Float64Cell.self, x, out, n)
    case .bfloat16: convertCells(a, BFloat16Cell.self, x, out, n)
    case .float16: convertCells(a, Float16Cell.self, x, out, n)
    case .int64: convertCells(a, Int64Cell.self, x, out, n)
    case .int32: convertCells(a, Int32Cell.self, x, out, n)
    case .uint8: convertCells(a, UInt8Cell.self, x, out, n)
    }
}

extension Loops {
    public static func convert(
        from source: ScalarType, to target: ScalarType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        count n: Int
    ) {
        if source == target {
            if n > 0 { out.copyMemory(from: x, byteCount: n &* source.size) }
            return
        }
        switch source {
        case .float32: convertFrom(Float32Cell.self, to: target, x, out, n)
        case .float64: convertFrom(Float64Cell.self, to: target, x, out, n)
        case .bfloat16: convertFrom(BFloat16Cell.self, to: target, x, out, n)
        case .float16: convertFrom(Float16Cell.self, to: target, x, out, n)
        case .int64: convertFrom(Int64Cell.self, to: target, x, out, n)
        case .int32: convertFrom(Int32Cell.self, to: target, x, out, n)
        case .uint8: convertFrom(UInt8Cell.self, to: target, x, out, n)
        }
    }
}

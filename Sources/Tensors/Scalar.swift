/// A plain number beside a tensor. It never widens the tensor's type within its category, as in PyTorch: a whole number
/// leaves every type but bool as it is, a real one makes f32 of whole numbers.
public enum Scalar: Sendable {
    case int(Int)
    case real(Double)

    /// The number as a `Double`; large whole numbers are rounded.
    var double: Double {
        switch self {
        case .int(let value): Double(value)
        case .real(let value): value
        }
    }

    /// The number as a whole one: cut off towards zero, held at the limits; NaN gives 0.
    var int: Int {
        switch self {
        case .int(let value): value
        case .real(let value): Int(saturating: value)
        }
    }

    /// The type of the result of arithmetic between a tensor of `dtype` and this number.
    func promoted(_ dtype: DType) -> DType {
        switch self {
        case .int: dtype == .bool ? .i64 : dtype
        case .real: dtype.real
        }
    }

    /// Writes the number as one element of a type.
    func store(as dtype: DType, to target: UnsafeMutableRawPointer) {
        switch dtype {
        case .bool: target.storeBytes(of: double != 0 ? 1 : 0, as: UInt8.self)
        case .u8: target.storeBytes(of: UInt8(truncatingIfNeeded: int), as: UInt8.self)
        case .i32: target.storeBytes(of: Int32(truncatingIfNeeded: int), as: Int32.self)
        case .i64: target.storeBytes(of: int, as: Int.self)
        case .f32: target.storeBytes(of: Float(double), as: Float.self)
        case .f64: target.storeBytes(of: double, as: Double.self)
        case .bf16: target.storeBytes(of: BFloat16.bits(Float(double)), as: UInt16.self)
        }
    }
}

/// Swift's numbers that may stand beside a tensor.
public protocol ScalarNumber: Sendable {
    var scalar: Scalar { get }
}

extension Int: ScalarNumber { public var scalar: Scalar { .int(self) } }
extension Double: ScalarNumber { public var scalar: Scalar { .real(self) } }
extension Float: ScalarNumber { public var scalar: Scalar { .real(Double(self)) } }
extension Scalar: ScalarNumber { public var scalar: Scalar { self } }

extension Int {
    /// The whole part of a real number, held at the limits; NaN gives 0.
    init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= 0x1p63 {
            self = .max
        } else if value <= -0x1p63 {
            self = .min
        } else {
            self = Int(value)
        }
    }
}

/// The upper half of an IEEE binary32.
enum BFloat16 {
    /// Rounds to nearest, ties to even; NaN stays NaN.
    static func bits(_ value: Float) -> UInt16 {
        if value.isNaN { return 0x7FC0 }
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }

    static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}

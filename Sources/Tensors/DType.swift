import KernelTable

/// The type of a tensor's elements.
///
/// `f32` is the default for real numbers and `i64` for whole ones. `bf16` is a way to store: arithmetic on it is done
/// in `f32` and rounded to `bf16` (nearest, ties to even) when it is stored.
public enum DType: UInt8, CaseIterable, Sendable {
    // In the order of promotion: the result of two types is the later one.
    case bool, u8, i32, i64, bf16, f32, f64

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .bool, .u8: 1
        case .bf16: 2
        case .i32, .f32: 4
        case .i64, .f64: 8
        }
    }

    public var name: String { String(describing: self) }

    /// Whether gradients may flow through elements of this type.
    public var isFloating: Bool { self == .f32 || self == .f64 || self == .bf16 }

    public var isInteger: Bool { self == .u8 || self == .i32 || self == .i64 }

    public init?(name: String) {
        guard let found = DType.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// The type that holds values of both, as PyTorch promotes tensors: i64 with f32 gives f32.
    public static func promoted(_ a: DType, _ b: DType) -> DType {
        a.rawValue >= b.rawValue ? a : b
    }

    /// bool, whole numbers, real numbers: what a single number cannot widen beyond.
    var category: Int { isFloating ? 2 : isInteger ? 1 : 0 }

    /// The type in which a function of real numbers is computed: itself for real numbers, f32 for all others.
    var real: DType { isFloating ? self : .f32 }

    /// The storage of this type, as kernels name it.
    var scalarType: ScalarType {
        switch self {
        case .bool, .u8: .uint8
        case .i32: .int32
        case .i64: .int64
        case .bf16: .bfloat16
        case .f32: .float32
        case .f64: .float64
        }
    }
}

/// A Swift type that a tensor can hold without conversion.
public protocol TensorElement: Sendable {
    static var dtype: DType { get }
}

extension Float: TensorElement { public static var dtype: DType { .f32 } }
extension Double: TensorElement { public static var dtype: DType { .f64 } }
extension Int: TensorElement { public static var dtype: DType { .i64 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }
extension Int64: TensorElement { public static var dtype: DType { .i64 } }
extension Int32: TensorElement { public static var dtype: DType { .i32 } }
extension UInt8: TensorElement { public static var dtype: DType { .u8 } }

// The loops a tensor library is made of, as a table: one protocol, implemented once for each instruction set.
//
//   KernelTable            what does not depend on the scalar: conversions, moves of elements of some size
//     .float, .double      RealKernelTable<Float>, RealKernelTable<Double>: everything that computes
//
//   RealKernelTable =
//                 ElementwiseKernels     unary, binary, compare, select, axpy             ElementwiseKernels.swift
//               & ReductionKernels       sums, row and column reductions, running sums    ReductionKernels.swift
//               & NormalizationKernels   softmax, cross entropy, layer norm               NormalizationKernels.swift
//               & MatmulKernels          plan, pack, compute                              MatmulKernels.swift
//               & RandomKernels          Philox uniform, normal, dropout                  RandomKernels.swift
//               & OptimizerKernels       SGD, Adam                                        OptimizerKernels.swift
//               & WindowKernels          im2col, col2im, pooling                          WindowKernels.swift
//               & RecurrentKernels       LSTM and GRU gates                               RecurrentKernels.swift
//               & PeakKernels            what the processor can do at most                PeakKernels.swift
//
// Rules for all of them. Data is contiguous and row-major. A call touches only the range it is given, so the caller may
// cut the work into chunks; the result of a chunk depends on its bounds and never on the number of threads. Nothing is
// allocated and nothing throws. Pointers need the alignment of their scalar only. Outputs may be the same pointer as an
// input of the same shape unless a function says otherwise; partial overlap is never allowed. A count of zero is fine.

/// The union of the chapters; `any RealKernelTable<Float>.Type` is what a caller holds.
public protocol RealKernelTable<Scalar>: ElementwiseKernels, ReductionKernels, NormalizationKernels, MatmulKernels,
    RandomKernels, OptimizerKernels, WindowKernels, RecurrentKernels, PeakKernels
{}

/// The chapters' common root: one scalar type, and metatypes that may cross threads.
public protocol ScalarKernels<Scalar>: SendableMetatype {
    /// `Float` or `Double`.
    associatedtype Scalar: BinaryFloatingPoint & SIMDScalar & Sendable
}

/// One instruction set's loops.
public protocol KernelTable: SendableMetatype {
    /// The instruction set's name as `KD_ISA` spells it: "portable", "avx2" or "avx512".
    static var name: String { get }

    /// The loops over `Float`.
    static var float: any RealKernelTable<Float>.Type { get }

    /// The loops over `Double`.
    static var double: any RealKernelTable<Double>.Type { get }

    /// Converts `n` scalars; to an integer it truncates and saturates and NaN becomes 0, to a narrower float it rounds
    /// to nearest even. Source and destination must not overlap.
    static func convert(
        from source: ScalarType, to target: ScalarType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        count n: Int)

    /// `out[i] = condition[i] != 0 ? x[i] : y[i]` for elements of 1, 2, 4 or 8 bytes.
    static func select(
        elementSize: Int, _ condition: UnsafePointer<UInt8>, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer, count n: Int)

    /// Fills `n` elements of `elementSize` bytes (1, 2, 4 or 8) with the one at `value`.
    static func fill(elementSize: Int, _ out: UnsafeMutableRawPointer, with value: UnsafeRawPointer, count n: Int)

    /// `out[j, i] = x[i, j]` for x of [rows, columns] with `xStride` elements from row to row and out of
    /// [columns, rows] with `outStride`; elements of 1, 2, 4 or 8 bytes. No overlap.
    static func transpose2D(
        elementSize: Int, _ x: UnsafeRawPointer, xStride: Int, _ out: UnsafeMutableRawPointer, outStride: Int,
        rows: Int, columns: Int)

    /// Writes the strided view (strides in elements, 0 and negative allowed) to contiguous memory. No overlap.
    static func copyStrided(
        elementSize: Int, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, shape: UnsafePointer<Int>,
        strides: UnsafePointer<Int>, rank: Int)

    /// The inverse of `copyStrided`: writes contiguous `x` into the strided view at `out`. No overlap.
    static func scatterStrided(
        elementSize: Int, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, shape: UnsafePointer<Int>,
        strides: UnsafePointer<Int>, rank: Int)

    /// `out[i, :] = table[indices[i], :]`, rows of `rowBytes` bytes. Indices must have been checked.
    static func gatherRows(
        _ table: UnsafeRawPointer, indices: UnsafePointer<Int64>, _ out: UnsafeMutableRawPointer, count: Int,
        rowBytes: Int)
}

/// The element types a tensor may have, as storage.
public enum ScalarType: UInt8, Sendable, CaseIterable {
    /// IEEE binary32.
    case float32
    /// IEEE binary64.
    case float64
    /// The upper half of a binary32, in a `UInt16`.
    case bfloat16
    /// IEEE binary16, as the bits of a `UInt16`.
    case float16
    /// `Int64`.
    case int64
    /// `Int32`.
    case int32
    /// `UInt8`; also what booleans are stored as.
    case uint8

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .bfloat16, .float16: 2
        case .uint8: 1
        }
    }
}

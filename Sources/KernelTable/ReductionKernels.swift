/// Ways to make one number of many. On nothing: sum, mean, sumSquares 0; prod 1; max and logSumExp −∞; min +∞.
public enum ReduceOp: UInt8, Sendable, CaseIterable {
    case sum, mean
    /// NaN if any element is NaN.
    case max, min
    case prod, sumSquares
    /// log Σ exp(x), shifted by the maximum.
    case logSumExp
}

/// Reductions. Sums run over several accumulators in blocks that are added pairwise, so the error grows with log n.
public protocol ReductionKernels<Scalar>: ScalarKernels {
    /// Σ x[i].
    static func sum(_ x: UnsafePointer<Scalar>, count n: Int) -> Scalar

    /// Σ x[i]².
    static func sumSquares(_ x: UnsafePointer<Scalar>, count n: Int) -> Scalar

    /// Σ x[i] · y[i].
    static func dot(_ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count n: Int) -> Scalar

    /// The largest element, NaN if there is one, −∞ for none.
    static func maxValue(_ x: UnsafePointer<Scalar>, count n: Int) -> Scalar

    /// The smallest element, NaN if there is one, +∞ for none.
    static func minValue(_ x: UnsafePointer<Scalar>, count n: Int) -> Scalar

    /// The first index of the largest element; NaN counts as largest. 0 for none.
    static func argmax(_ x: UnsafePointer<Scalar>, count n: Int) -> Int

    /// The first index of the smallest element; NaN counts as smallest. 0 for none.
    static func argmin(_ x: UnsafePointer<Scalar>, count n: Int) -> Int

    /// `out[r] = op over i of x[r, i]`, x of [rows, n]. Each row alone.
    static func reduceRows(
        _ op: ReduceOp, _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int)

    /// `out[i] = op over r of x[r, i]`, x of [rows, n] with `stride` scalars from row to row, so that the columns can
    /// be shared out. Each column alone; `out` must not be in `x`.
    static func reduceColumns(
        _ op: ReduceOp, _ x: UnsafePointer<Scalar>, stride: Int, _ out: UnsafeMutablePointer<Scalar>, rows: Int,
        count n: Int)

    /// `out[r] = argmax over i of x[r, i]`.
    static func argmaxRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Int64>, rows: Int, count n: Int)

    /// `out[r] = argmin over i of x[r, i]`.
    static func argminRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Int64>, rows: Int, count n: Int)

    /// `out[r, i] = Σ over j ≤ i of x[r, j]`, or j ≥ i when `reversed`.
    static func cumulativeSumRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int, reversed: Bool)

    /// `table[indices[i], :] += source[i, :]` in the order of i. Indices must have been checked.
    static func scatterAddRows(
        _ source: UnsafePointer<Scalar>, indices: UnsafePointer<Int64>, _ table: UnsafeMutablePointer<Scalar>,
        count: Int, width: Int)
}

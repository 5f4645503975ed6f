/// Softmax, cross entropy and layer norm over the rows of [rows, n]. Each row alone, except where parameters' gradients
/// are added up.
public protocol NormalizationKernels<Scalar>: ScalarKernels {
    /// `out[r, i] = exp(x[r, i] − max) / Σ exp(x[r, :] − max)`. A row of only −∞ gives NaN.
    static func softmaxRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int)

    /// `out[r, i] = x[r, i] − logSumExp(x[r, :])`.
    static func logSoftmaxRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int)

    /// `dx = y · (g − Σ g · y)`, y the softmax.
    static func softmaxBackwardRows(
        output y: UnsafePointer<Scalar>, gradient g: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>,
        rows: Int, count n: Int)

    /// `dx = g − exp(y) · Σ g`, y the log-softmax.
    static func logSoftmaxBackwardRows(
        output y: UnsafePointer<Scalar>, gradient g: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>,
        rows: Int, count n: Int)

    /// `loss[r] = logSumExp(x[r, :]) − x[r, targets[r]]`; a target outside 0..<n is ignored and gives 0.
    static func crossEntropyRows(
        _ x: UnsafePointer<Scalar>, targets: UnsafePointer<Int64>, loss: UnsafeMutablePointer<Scalar>, rows: Int,
        count n: Int)

    /// `dx[r, i] = (softmax(x[r, :])[i] − [i = targets[r]]) · gradient[r]`; 0 for an ignored row.
    static func crossEntropyBackwardRows(
        _ x: UnsafePointer<Scalar>, targets: UnsafePointer<Int64>, gradient: UnsafePointer<Scalar>,
        _ dx: UnsafeMutablePointer<Scalar>, rows: Int, count n: Int)

    /// `y = (x − mean) · rstd · weight + bias`, rstd = 1 / √(variance + eps) with the biased variance. `mean` and
    /// `rstd` are [rows] outputs for the pullback and may be nil.
    static func layerNormRows(
        _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>?, bias: UnsafePointer<Scalar>?, eps: Scalar,
        _ y: UnsafeMutablePointer<Scalar>, mean: UnsafeMutablePointer<Scalar>?, rstd: UnsafeMutablePointer<Scalar>?,
        rows: Int, count n: Int)

    /// The gradient of layer norm's input, from `mean` and `rstd` of the forward.
    static func layerNormBackwardRows(
        _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>?, gradient g: UnsafePointer<Scalar>,
        mean: UnsafePointer<Scalar>, rstd: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>, rows: Int,
        count n: Int)

    /// *Adds* Σ over r of g · (x − mean) · rstd to `dWeight` and Σ g to `dBias`, rows in order; either may be nil.
    /// To use threads give each fixed chunk of rows its own zeroed pair and add the pairs in order.
    static func layerNormParameterGradients(
        _ x: UnsafePointer<Scalar>, gradient g: UnsafePointer<Scalar>, mean: UnsafePointer<Scalar>,
        rstd: UnsafePointer<Scalar>, dWeight: UnsafeMutablePointer<Scalar>?, dBias: UnsafeMutablePointer<Scalar>?,
        rows: Int, count n: Int)

    /// `y = x / √(mean of x² + eps) · weight`; `rstd` as in layer norm.
    static func rmsNormRows(
        _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>?, eps: Scalar, _ y: UnsafeMutablePointer<Scalar>,
        rstd: UnsafeMutablePointer<Scalar>?, rows: Int, count n: Int)
}

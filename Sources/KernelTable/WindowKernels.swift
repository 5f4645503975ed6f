/// The geometry of a window that slides over the last dimension.
public struct Window1D: Sendable {
    public var kernel: Int, stride: Int, padding: Int, dilation: Int

    public init(kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
        (self.kernel, self.stride, self.padding, self.dilation) = (kernel, stride, padding, dilation)
    }

    /// ⌊(length + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1, and 0 when the window does not fit.
    public func outputLength(_ length: Int) -> Int {
        let span = length + 2 * padding - dilation * (kernel - 1) - 1
        return span < 0 ? 0 : span / stride + 1
    }
}

/// Windows over the last dimension: for convolution as a matrix product, and for pooling.
public protocol WindowKernels<Scalar>: ScalarKernels {
    /// For one image x of [channels, length]: `out[c · kernel + j, o] = x[c, o · stride − padding + j · dilation]`, 0
    /// outside; out is [channels · kernel, outputLength]. Convolution is weight [C′, channels · kernel] times out.
    static func im2col1D(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, channels: Int, length: Int,
        window: Window1D)

    /// The transpose of `im2col1D`: *adds* columns of [channels · kernel, outputLength] into x of [channels, length].
    static func col2im1D(
        _ columns: UnsafePointer<Scalar>, _ x: UnsafeMutablePointer<Scalar>, channels: Int, length: Int,
        window: Window1D)

    /// The maximum of each window of each row, x of [rows, length] to out of [rows, outputLength], and the position in
    /// its row where it was first found; padding counts as −∞ and NaN as largest.
    static func maxPoolRows(
        _ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>, indices: UnsafeMutablePointer<Int64>,
        rows: Int, length: Int, window: Window1D)

    /// *Adds* each gradient of [rows, outputLength] at its index in dx of [rows, length].
    static func maxPoolBackwardRows(
        gradient: UnsafePointer<Scalar>, indices: UnsafePointer<Int64>, _ dx: UnsafeMutablePointer<Scalar>,
        rows: Int, length: Int, outputLength: Int)
}

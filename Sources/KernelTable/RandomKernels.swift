/// Random numbers by Philox4x32-10 (Salmon and others 2011): element i of a call depends only on `key` and
/// `counter + i`, so a stream may be cut anywhere.
///
/// Let p = counter + i and block(b) the four words of Philox with counter (b mod 2³², b / 2³², 0, 0) and the key's two
/// halves, low first.
///
///     Float uniform     word p mod 4 of block(p / 4):  (word / 2⁸) / 2²⁴                      in [0, 1)
///     Double uniform    words 2(p mod 2), +1 of block(p / 2): (high · 2³² + low) / 2¹¹ / 2⁵³    in [0, 1)
///     normal            Box–Muller on the uniforms u, v of positions p − p mod 2 and that plus 1:
///                       √(−2 log(1 − u)) · cos 2πv for even p, · sin 2πv for odd p
///     dropout           keeps element i when the Float uniform of p is ≥ probability, for Double too
///
/// The numbers are the same to the last bit on every instruction set.
///
/// A caller advances its counter by the number of elements, rounded up to a multiple of 4.
public protocol RandomKernels<Scalar>: ScalarKernels {
    /// Uniform on [0, 1).
    static func philoxUniform(
        key: UInt64, counter: UInt64, _ out: UnsafeMutablePointer<Scalar>, count n: Int)

    /// Normal with mean 0 and variance 1.
    static func philoxNormal(
        key: UInt64, counter: UInt64, _ out: UnsafeMutablePointer<Scalar>, count n: Int)

    /// The words themselves: `out[i]` is word p mod 4 of block(p / 4).
    static func philoxBits(
        key: UInt64, counter: UInt64, _ out: UnsafeMutablePointer<UInt32>, count n: Int)

    /// `mask[i]` = kept, `out[i] = kept ? x[i] · scale : 0`.
    static func dropout(
        key: UInt64, counter: UInt64, probability: Double, scale: Scalar, _ x: UnsafePointer<Scalar>,
        _ out: UnsafeMutablePointer<Scalar>, mask: UnsafeMutablePointer<UInt8>, count n: Int)
}

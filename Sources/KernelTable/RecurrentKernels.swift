/// The pointwise parts of LSTM and GRU cells, gates in PyTorch's order. Rows are batch entries, H is `hidden`; each row alone.
public protocol RecurrentKernels<Scalar>: ScalarKernels {
    /// From the pre-activations `gates` [rows, 4H] in the order i, f, g, o (input part plus hidden part plus biases).
    ///
    ///     c = σ(f) · previousCell + σ(i) · tanh(g);   h = σ(o) · tanh(c)
    ///
    /// `activated` [rows, 4H] receives σ(i), σ(f), tanh(g), σ(o) for the pullback and may be `gates`.
    static func lstmCellRows(
        gates: UnsafePointer<Scalar>, previousCell: UnsafePointer<Scalar>, activated: UnsafeMutablePointer<Scalar>,
        cell: UnsafeMutablePointer<Scalar>, hiddenState: UnsafeMutablePointer<Scalar>, rows: Int, hidden: Int)

    /// From the gradients of h and c to those of the pre-activations [rows, 4H] and of the previous cell.
    static func lstmCellBackwardRows(
        activated: UnsafePointer<Scalar>, previousCell: UnsafePointer<Scalar>, cell: UnsafePointer<Scalar>,
        hiddenGradient: UnsafePointer<Scalar>, cellGradient: UnsafePointer<Scalar>,
        dGates: UnsafeMutablePointer<Scalar>, dPreviousCell: UnsafeMutablePointer<Scalar>, rows: Int, hidden: Int)

    /// From x·Wᵀ + b and h·Uᵀ + b′, each [rows, 3H] in the order r, z, n.
    ///
    ///     r = σ(x_r + h_r);  z = σ(x_z + h_z);  n = tanh(x_n + r · h_n);  h′ = (1 − z) · n + z · h
    ///
    /// `activated` [rows, 3H] receives r, z, n.
    static func gruCellRows(
        inputGates: UnsafePointer<Scalar>, hiddenGates: UnsafePointer<Scalar>, previousHidden: UnsafePointer<Scalar>,
        activated: UnsafeMutablePointer<Scalar>, hiddenState: UnsafeMutablePointer<Scalar>, rows: Int, hidden: Int)

    /// From the gradient of h′ to those of both pre-activations [rows, 3H] and the direct part z · g of the previous h.
    static func gruCellBackwardRows(
        activated: UnsafePointer<Scalar>, hiddenGates: UnsafePointer<Scalar>, previousHidden: UnsafePointer<Scalar>,
        hiddenGradient: UnsafePointer<Scalar>, dInputGates: UnsafeMutablePointer<Scalar>,
        dHiddenGates: UnsafeMutablePointer<Scalar>, dPreviousHidden: UnsafeMutablePointer<Scalar>, rows: Int,
        hidden: Int)
}

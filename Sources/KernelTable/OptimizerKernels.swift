/// One step of an optimizer on flat arrays, with PyTorch's formulas in PyTorch's order. Each element alone.
public protocol OptimizerKernels<Scalar>: ScalarKernels {
    /// Adam; AdamW when `decoupled`.
    ///
    ///     decoupled: p ← p − lr · weightDecay · p;   otherwise g ← g + weightDecay · p
    ///     m ← m + (g − m)(1 − beta1);   v ← beta2 · v + (1 − beta2) g²
    ///     p ← p − lr / biasCorrection1 · m / (√v / √biasCorrection2 + eps)
    ///
    /// with biasCorrection_i = 1 − beta_iᵗ. The hyperparameters are Double whatever the scalar, as in PyTorch.
    static func adamStep(
        parameter p: UnsafeMutablePointer<Scalar>, gradient g: UnsafePointer<Scalar>,
        firstMoment m: UnsafeMutablePointer<Scalar>, secondMoment v: UnsafeMutablePointer<Scalar>, count n: Int,
        lr: Double, beta1: Double, beta2: Double, eps: Double, weightDecay: Double, biasCorrection1: Double,
        biasCorrection2: Double, decoupled: Bool)

    /// Stochastic gradient descent.
    ///
    ///     g ← g + weightDecay · p;   buffer ← first step ? g : momentum · buffer + (1 − dampening) g
    ///     g ← nesterov ? g + momentum · buffer : buffer;   p ← p − lr · g
    ///
    /// A nil buffer means no momentum.
    static func sgdStep(
        parameter p: UnsafeMutablePointer<Scalar>, gradient g: UnsafePointer<Scalar>,
        momentumBuffer: UnsafeMutablePointer<Scalar>?, count n: Int, lr: Double, momentum: Double, dampening: Double,
        nesterov: Bool, weightDecay: Double, isFirstStep: Bool)
}

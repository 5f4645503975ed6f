/// What the processor can do at most, to measure the other loops by.
public protocol PeakKernels<Scalar>: ScalarKernels {
    /// Twelve registers of sums that never leave the processor, so that its multiply-add units are the only limit.
    ///
    /// Each sum of register number r (from 0) starts at r + 3, and becomes s / 2 + 1 in each turn.
    ///
    /// - Returns: all sums together, and how many they are: a turn is as many multiply-adds.
    static func multiplyAdds(turns: Int) -> (total: Scalar, sums: Int)
}

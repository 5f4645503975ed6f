import Glibc

/// How the learning rate goes over the steps of a training, as a factor of the rate given.
public enum Schedule: String, CaseIterable, Sendable {
    case constant
    /// Falls to 0 on a straight line.
    case linear
    /// Falls to 0 as half a cosine. Loshchilov, Hutter 2016, arXiv:1608.03983.
    case cosine

    /// The factor for a step counted from 0, of `total`; in the first `warmup` steps the rate rises on a straight line.
    public func factor(step: Int, of total: Int?, warmup: Int) -> Double {
        if step < warmup { return Double(step + 1) / Double(warmup) }
        guard self != .constant, let total, total > warmup else { return 1 }
        let progress = min(Double(step - warmup) / Double(total - warmup), 1)
        switch self {
        case .constant: return 1
        case .linear: return 1 - progress
        case .cosine: return 0.5 * (1 + cos(Double.pi * progress))
        }
    }
}

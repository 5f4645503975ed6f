import Glibc
import KernelTable

/// Whether any of the numbers has a bit that is set.
private func hasBits<S: Real>(_ x: UnsafePointer<S>, _ count: Int) -> Bool {
    let words = UnsafeRawPointer(x).assumingMemoryBound(to: UInt32.self)
    var all: UInt32 = 0
    for i in 0..<count * (MemoryLayout<S>.size / 4) { all |= words[i] }
    return all != 0
}

extension Parameter {
    /// One step of Adam, or of AdamW when `decoupled`, on this parameter and its moments in place.
    ///
    /// All three have the parameter's shape and type; `step` counts from 1. PyTorch's formulas in PyTorch's order;
    /// Kingma, Ba 2014, arXiv:1412.6980; Loshchilov, Hutter 2017, arXiv:1711.05101.
    /// - Parameter isLazy: leaves rows, along the first axis, whose gradient is all zeros as they are, moments and decay too.
    public func adamStep(
        gradient: Tensor, firstMoment: Parameter, secondMoment: Parameter, step: Int, lr: Double, beta1: Double,
        beta2: Double, eps: Double, weightDecay: Double, decoupled: Bool, isLazy: Bool = false
    ) throws {
        let gradient = try checked(gradient)
        // What is skipped or moved as one.
        let width = isLazy && shape.count > 1 && shape[0] > 0 ? count / shape[0] : 0
        let correction1 = 1 - pow(beta1, Double(step))
        let correction2 = 1 - pow(beta2, Double(step))
        try firstMoment.update { m in
            try secondMoment.update { v in
                try update { p in
                    func run<S: Real>(_: S.Type) throws {
                        let (p, m) = (p.assumingMemoryBound(to: S.self), m.assumingMemoryBound(to: S.self))
                        let v = v.assumingMemoryBound(to: S.self)
                        func move(_ range: Range<Int>, _ g: UnsafePointer<S>) {
                            let i = range.lowerBound
                            S.loops.adamStep(
                                parameter: p + i, gradient: g, firstMoment: m + i, secondMoment: v + i,
                                count: range.count, lr: lr, beta1: beta1, beta2: beta2, eps: eps,
                                weightDecay: weightDecay, biasCorrection1: correction1, biasCorrection2: correction2,
                                decoupled: decoupled)
                        }
                        guard width > 0 else { return try gradient.forEachRun(S.self, move) }
                        try gradient.forEachRow(S.self, width) { row, g in
                            if hasBits(g, width) { move(row * width..<(row + 1) * width, g) }
                        }
                    }
                    if value.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
                }
            }
        }
    }

    /// One step of stochastic gradient descent; `buffer` holds the momentum.
    public func sgdStep(
        gradient: Tensor, buffer: Parameter?, lr: Double, momentum: Double, dampening: Double, nesterov: Bool,
        weightDecay: Double, isFirstStep: Bool
    ) throws {
        let gradient = try checked(gradient)
        func step(_ p: UnsafeMutableRawPointer, _ m: UnsafeMutableRawPointer?) throws {
            func run<S: Real>(_: S.Type) throws {
                let (p, m) = (p.assumingMemoryBound(to: S.self), m?.assumingMemoryBound(to: S.self))
                try gradient.forEachRun(S.self) { range, g in
                    let i = range.lowerBound
                    S.loops.sgdStep(
                        parameter: p + i, gradient: g, momentumBuffer: m.map { $0 + i }, count: range.count, lr: lr,
                        momentum: momentum, dampening: dampening, nesterov: nesterov, weightDecay: weightDecay,
                        isFirstStep: isFirstStep)
                }
            }
            if value.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        }
        guard let buffer else { return try update { try step($0, nil) } }
        try buffer.update { m in try update { try step($0, m) } }
    }

    /// The gradient as a contiguous tensor of the parameter's own type.
    private func checked(_ gradient: Tensor) throws -> Tensor {
        guard gradient.shape == shape else {
            throw TensorError(
                .shape, "optimizer: a gradient of shape \(gradient.shape) for a parameter of shape \(shape)")
        }
        guard value.dtype != .bf16 else {
            throw TensorError(
                .type, "optimizer: a parameter of bf16 cannot be trained", hint: "convert the model to f32")
        }
        return try gradient.detached().converted(to: value.dtype).contiguous()
    }
}

// Distances between distributions. B batch, C classes; p the teacher's or target's probabilities, q the student's.

/// Kullback–Leibler divergence of log-probabilities from target probabilities, element by element.
///
///     t · (log t − x),   0 where t is 0
///
/// `.batchMean` divides the sum by the batch, which is the divergence's mean over samples; `.mean` divides by all
/// elements, which is the classes' number smaller.
///
/// - Parameter targetIsLogarithm: whether the target holds log-probabilities.
/// - Throws: `shape` unless both have one shape; `unit` for an input that is not log-probabilities.
public func klDiv(
    _ logProbabilities: Tensor, _ target: Tensor, reduction: Reduction = .mean, targetIsLogarithm: Bool = false
) throws -> Tensor {
    if let unit = logProbabilities.unit, unit != .logProbabilities {
        throw TensorError(
            .unit, "kl_div: takes log-probabilities, found \(unit.rawValue)",
            hint: unit == .logits ? "use log_softmax first" : "use log_softmax of the logits")
    }
    let expected: Unit = targetIsLogarithm ? .logProbabilities : .probabilities
    if let unit = target.unit, unit != expected {
        throw TensorError(.unit, "kl_div: the target must be \(expected.rawValue), found \(unit.rawValue)")
    }
    try checkSame(logProbabilities, target, "kl_div")
    return try computing("kl_div", logProbabilities) { x in
        let t = try target.converted(to: x.dtype)
        if targetIsLogarithm {
            return try reduced(zeroTimesInfinity(exp(t), subtract(t, x)), reduction)
        }
        let zero = try Tensor.filled(0, shape: [], x.dtype)
        let one = try Tensor.filled(1, shape: [], x.dtype)
        let isPositive = try greater(t.detached(), zero)
        let own = try multiply(t, log(`where`(isPositive, t, one)))
        return try reduced(subtract(own, zeroTimesInfinity(t, x)), reduction)
    }
}

/// Kullback–Leibler divergence from softened teacher to softened student, times T².
///
///     T² · mean over rows of Σ_c p(c) · (log p(c) − log q(c)),   p = softmax(teacher / T), q = softmax(student / T)
///
/// One pass from the logits by log-sum-exp, so large gaps stay finite. Classes whose teacher logit is −∞ count nothing.
/// The gradient is T (q − p) / rows for the student; the teacher's is there too. Hinton, Vinyals, Dean 2015,
/// arXiv:1503.02531.
///
/// - Parameters:
///   - student: logits [..., C], as are the teacher's.
///   - mask: bools [...], false for rows that do not count; the student's own mask when left out. With no row the mean
///     is 0.
/// - Throws: `shape` unless both have one shape; `unit` for probabilities; `value` unless T is above 0.
public func klDivergence(
    student: Tensor, teacher: Tensor, temperature: Double = 1, mask: Tensor? = nil, reduction: Reduction = .batchMean
) throws -> Tensor {
    let name = "kl"
    try checkScores(student, name)
    try checkScores(teacher, name)
    try checkSame(student, teacher, name)
    guard temperature > 0, temperature.isFinite else {
        throw TensorError(.value, "kl: the temperature is \(temperature), expected a number above 0")
    }
    guard student.rank >= 1 else {
        throw TensorError(.shape, "kl: found single numbers, expected logits of shape [..., C]")
    }
    let rowShape = Array(student.shape.dropLast())
    let rows = rowShape.reduce(1, *)
    let classes = student.shape[student.rank - 1]
    return try computing(name, student) { s in
        let flatStudent = try reshape(s, [rows, classes])
        let flatTeacher = try reshape(teacher.converted(to: s.dtype), [rows, classes])
        let losses = try divergenceRows(flatStudent, flatTeacher, temperature)
        let kept = mask ?? (s.mask?.shape == rowShape ? s.mask : nil)
        return try maskedReduction(reshape(losses, rowShape), mask: kept, reduction)
    }
}

/// The entropy of softmax(logits), in nats, over the last axis; masked classes of −∞ count nothing.
///
///     −Σ_c p(c) · log p(c)
///
/// - Throws: `unit` for a tensor that is already probabilities; `shape` for a single number.
public func entropy(_ logits: Tensor) throws -> Tensor {
    guard logits.rank >= 1 else {
        throw TensorError(.shape, "entropy: found a single number, expected logits of shape [..., C]")
    }
    let logs = try logSoftmax(logits, axis: -1)
    let zero = try Tensor.filled(0, shape: [], logs.dtype)
    // Logarithms of 0 are taken out before the product: 0 · −∞ would spoil the row and its gradient.
    let finite = try `where`(isinf(logs.detached()), zero, logs)
    return try negate(sum(multiply(exp(logs), finite), dims: [-1], keepdim: false))
}

/// T² · KL of each row of [rows, C].
private func divergenceRows(_ student: Tensor, _ teacher: Tensor, _ temperature: Double) throws -> Tensor {
    try student.dtype == .f64
        ? DivergenceRows<Double>.apply(student, teacher, temperature)
        : DivergenceRows<Float>.apply(student, teacher, temperature)
}

private enum DivergenceRows<S: Real> {
    static func apply(_ student: Tensor, _ teacher: Tensor, _ temperature: Double) throws -> Tensor {
        let (rows, n) = (student.shape[0], student.shape[1])
        // q and p, kept for the gradient.
        let q = try Tensor(uninitialized: student.shape, student.dtype)
        let p = try Tensor(uninitialized: student.shape, student.dtype)
        let isTeacherTracked = teacher.isTracked
        return try Tensor.operation(
            "kl", [student, teacher], shape: [rows], dtype: student.dtype,
            pullback: .fused(
                fast: { gradient in
                    let towardsStudent = try fast(q, p, gradient, temperature)
                    if !isTeacherTracked { return [towardsStudent, nil] }
                    return [towardsStudent, try composed(student, teacher, gradient, temperature)[1]]
                },
                composed: { gradient in try composed(student, teacher, gradient, temperature) })
        ) { output in
            let (source, target) = try (student.packed(), teacher.packed())
            defer { withExtendedLifetime((source, target, q, p)) {} }
            let (s, t, out) = (source.pointer(S.self), target.pointer(S.self), output.pointer(S.self))
            let (qs, ps) = (q.pointer(S.self), p.pointer(S.self))
            let factor = S(temperature * temperature)
            let loops = S.loops
            try ThreadPool.parallel(rows, grain: rowGrain(n * 8)) { range in
                for row in range {
                    let (x, y) = (qs + row * n, ps + row * n)
                    loops.binary(.div, s + row * n, scalar: S(temperature), x, count: n)
                    loops.binary(.div, t + row * n, scalar: S(temperature), y, count: n)
                    loops.logSoftmaxRows(x, x, rows: 1, count: n)
                    loops.logSoftmaxRows(y, y, rows: 1, count: n)
                    out[row] = factor * divergence(y, x, n)
                    loops.unary(.exp, x, x, count: n)
                    loops.unary(.exp, y, y, count: n)
                }
            }
        }
    }

    /// Σ exp(a) · (a − b); a logarithm of 0 in a counts nothing.
    private static func divergence(_ a: UnsafePointer<S>, _ b: UnsafePointer<S>, _ n: Int) -> S {
        // In blocks through the kernel's exponential; sums in double precision.
        var total = 0.0
        withUnsafeTemporaryAllocation(of: S.self, capacity: 256) { buffer in
            let weights = buffer.baseAddress!
            var start = 0
            while start < n {
                let count = min(256, n - start)
                S.loops.unary(.exp, a + start, weights, count: count)
                for i in 0..<count where weights[i] != 0 {
                    total += Double(weights[i]) * (Double(a[start + i]) - Double(b[start + i]))
                }
                start += count
            }
        }
        return S(total)
    }

    /// T · g · (q − p).
    private static func fast(
        _ q: Tensor, _ p: Tensor, _ gradient: Tensor, _ temperature: Double
    ) throws -> Tensor {
        let (rows, n) = (q.shape[0], q.shape[1])
        let result = try Tensor(uninitialized: q.shape, q.dtype)
        let flow = try gradient.packed()
        defer { withExtendedLifetime((flow, q, p)) {} }
        let (qs, ps, g, to) = (q.pointer(S.self), p.pointer(S.self), flow.pointer(S.self), result.pointer(S.self))
        let loops = S.loops
        try ThreadPool.parallel(rows, grain: rowGrain(n * 2)) { range in
            let (start, length) = (range.lowerBound * n, range.count * n)
            loops.binary(.sub, qs + start, ps + start, to + start, count: length)
            for row in range { loops.scale(S(temperature) * g[row], to + row * n, count: n) }
        }
        return result
    }

    /// Both gradients in operations that have gradients: T g (q − p), and T g p (d − Σ p d) with d = log p − log q.
    private static func composed(
        _ student: Tensor, _ teacher: Tensor, _ gradient: Tensor, _ temperature: Double
    ) throws -> [Tensor?] {
        let factor = try multiply(unsqueeze(gradient, 1), temperature)
        let logQ = try logSoftmaxRows(divide(student, temperature))
        let logP = try logSoftmaxRows(divide(teacher, temperature))
        let (q, p) = (try exp(logQ), try exp(logP))
        let towardsStudent = try multiply(factor, subtract(q, p))
        if !teacher.isTracked { return [towardsStudent, nil] }
        let zero = try Tensor.filled(0, shape: [], student.dtype)
        let isNothing = try equal(p.detached(), zero)
        let difference = try `where`(isNothing, zero, subtract(logP, logQ))
        let average = try sum(multiply(p, difference), dims: [1], keepdim: true)
        return [towardsStudent, try multiply(factor, multiply(p, subtract(difference, average)))]
    }
}

/// Sets each element to 0 with probability `p` and scales the others by 1 / (1 − p), so that the mean stays.
///
/// Element i is decided by position `counter + i` of the Philox stream of `key`; a caller moves its counter on by the
/// number of elements, rounded up to a multiple of 4. The gradient passes the same elements.
/// Srivastava and others 2014, JMLR 15.
///
/// - Throws: `value` for a probability outside 0...1.
public func dropout(_ x: Tensor, p: Double, key: UInt64, counter: UInt64) throws -> Tensor {
    guard p >= 0, p <= 1 else {
        throw TensorError(.value, "dropout: the probability is \(p), expected a number from 0 to 1")
    }
    if p == 0 { return x }
    if p == 1 { return try multiply(x, 0) }
    return try computing("dropout", x) { x in
        let kept = try Tensor(uninitialized: x.shape, .bool)
        return try Tensor.operation(
            "dropout", [x], shape: x.shape, dtype: x.dtype,
            pullback: .rule { gradient in [try scaled(gradient, where: kept, by: 1 / (1 - p))] }
        ) { output in
            let source = try x.packed()
            defer { withExtendedLifetime(source) {} }
            func run<S: Real>(_: S.Type) throws {
                let (from, to, mask) = (source.pointer(S.self), output.pointer(S.self), kept.pointer(UInt8.self))
                try ThreadPool.parallel(x.count, grain: 16_384) { range in
                    let start = range.lowerBound
                    S.loops.dropout(
                        key: key, counter: counter &+ UInt64(start), probability: p, scale: S(1 / (1 - p)),
                        from + start, to + start, mask: mask + start, count: range.count)
                }
            }
            if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        }
    }
}

/// `kept ? x · factor : 0`, its own gradient.
private func scaled(_ x: Tensor, where kept: Tensor, by factor: Double) throws -> Tensor {
    try Tensor.operation(
        "dropout gradient", [x], shape: x.shape, dtype: x.dtype,
        pullback: .rule { gradient in [try scaled(gradient, where: kept, by: factor)] }
    ) { output in
        let source = try x.packed()
        defer { withExtendedLifetime((source, kept)) {} }
        func run<S: Real>(_: S.Type) throws {
            let (from, to, mask) = (source.pointer(S.self), output.pointer(S.self), kept.pointer(UInt8.self))
            try ThreadPool.parallel(x.count, grain: 32_768) { range in
                let start = range.lowerBound
                S.loops.maskScale(mask + start, from + start, scale: S(factor), to + start, count: range.count)
            }
        }
        if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

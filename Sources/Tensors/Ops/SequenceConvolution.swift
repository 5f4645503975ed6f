import KernelTable

// B batch, T time, C channels in, O channels out, K places of the kernel, P padding at both ends.
//
// In the layout of sequences, [B, T, C], the window of K steps at a time is K · C numbers in a row. So the windows of a whole
// batch are the rows of one matrix whose rows overlap, which nobody has to write down: a convolution is one product with it.
// Rows in which one sequence ends and the next begins are computed along and left out: K − 1 of each T + 2 P.
//
// As with the other convolutions, the gradients of any order come from three operations:
//
//     y = forward(x, w),   dx = towardsInput(g, w),   dw = towardsWeight(x, g)

/// A convolution along time, with stride 1, of sequences as embeddings give them.
///
///     y[b, t, o] = bias[o] + Σ over c, k of weight[o, c, k] · x[b, t − padding + k, c]
///
/// - Parameters:
///   - x: [B, T, C].
///   - weight: [O, C, K].
///   - bias: [O].
/// - Returns: [B, T + 2 padding − K + 1, O].
/// - Throws: `shape`, naming the shapes; `value` for a negative padding.
public func conv1dOfSequences(
    _ x: Tensor, weight: Tensor, bias: Tensor? = nil, padding: Int = 0
) throws -> Tensor {
    guard x.rank == 3, weight.rank == 3, weight.shape[1] == x.shape[2] else {
        throw TensorError(
            .shape,
            "conv1d: the sequences have shape \(x.shape) and the weight \(weight.shape), expected [B, T, C] and [O, C, K]"
        )
    }
    guard (0..<1 << 30).contains(padding) else {
        throw TensorError(.value, "conv1d: padding is \(padding); it must be 0 or more")
    }
    if let bias, bias.shape != [weight.shape[0]] {
        throw TensorError(.shape, "conv1d: the bias has shape \(bias.shape), expected [\(weight.shape[0])]")
    }
    let sizes = SequenceConvolution(
        batch: x.shape[0], time: x.shape[1], channels: x.shape[2], outputs: weight.shape[0], kernel: weight.shape[2],
        padding: padding)
    guard sizes.kernel > 0, sizes.places > 0 else {
        throw TensorError(
            .shape, "conv1d: the kernel of shape \(weight.shape) does not fit into the sequences of shape \(x.shape)")
    }
    return try computing("conv1d", x) { x in
        let result = try sizes.forward(x, weight.converted(to: x.dtype))
        guard let bias else { return result }
        return try add(result, bias.converted(to: x.dtype))
    }
}

private struct SequenceConvolution {
    let batch: Int
    let time: Int
    let channels: Int
    let outputs: Int
    let kernel: Int
    let padding: Int

    /// Steps of a sequence with its padding.
    var padded: Int { time + 2 * padding }
    var places: Int { padded - kernel + 1 }
    /// Windows of the batch written one after the other, with those that reach from one sequence into the next.
    var windows: Int { batch * padded - kernel + 1 }

    /// x [B, T, C] and w [O, C, K] to [B, places, O].
    func forward(_ x: Tensor, _ weight: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution", [x, weight], shape: [batch, places, outputs], dtype: x.dtype,
            pullback: .rule { gradient in
                [
                    x.isTracked ? try towardsInput(gradient, weight) : nil,
                    weight.isTracked ? try towardsWeight(x, gradient) : nil,
                ]
            }
        ) { output in
            if output.count == 0 { return }
            let rows = try product(overlapping(withPadding(x), channels), reordered(weight, [2, 1, 0]))
            try copyRows(rows, every: padded, to: output, every: places, count: places, width: outputs)
        }
    }

    /// The gradient g [B, places, O] and w to [B, T, C].
    func towardsInput(_ gradient: Tensor, _ weight: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution gradient", [gradient, weight], shape: [batch, time, channels], dtype: gradient.dtype,
            pullback: .rule { upper in
                [
                    gradient.isTracked ? try forward(upper, weight) : nil,
                    weight.isTracked ? try towardsWeight(upper, gradient) : nil,
                ]
            }
        ) { output in
            if output.count == 0 { return }
            // The step r of the input is read by the windows r − K + 1 … r: a convolution of g with the kernel turned round.
            let turned = try Graph.recording(false) { try flip(permute(weight.detached(), [2, 0, 1]), [0]).packed() }
            let flow = try spaced(gradient)
            let every = flow.aliased(
                shape: [batch * padded, kernel * outputs], strides: [outputs, 1], offset: flow.offset)
            let rows = try product(every, reshape(turned, [kernel * outputs, channels]))
            try copyRows(
                rows, from: padding, every: padded, to: output, every: time, count: time, width: channels)
        }
    }

    /// x and the gradient g to [O, C, K].
    func towardsWeight(_ x: Tensor, _ gradient: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution weight gradient", [x, gradient], shape: [outputs, channels, kernel], dtype: x.dtype,
            pullback: .rule { upper in
                [
                    x.isTracked ? try towardsInput(gradient, upper) : nil,
                    gradient.isTracked ? try forward(x, upper) : nil,
                ]
            }
        ) { output in
            if batch == 0 {
                output.base.initializeMemory(as: UInt8.self, repeating: 0, count: output.count * output.dtype.size)
                return
            }
            let flow = try spaced(gradient)
            let rows = flow.aliased(
                shape: [windows, outputs], strides: [outputs, 1], offset: flow.offset + (kernel - 1) * outputs)
            let sums = try product(transpose(overlapping(withPadding(x), channels)), rows)  // [K · C, O]
            let ordered = try Graph.recording(false) {
                try permute(reshape(sums, [kernel, channels, outputs]), [2, 1, 0]).packed()
            }
            output.base.copyMemory(from: ordered.base, byteCount: output.count * output.dtype.size)
        }
    }

    private func product(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Graph.recording(false) { try matmul(a, b) } }

    /// The weight's axes in another order, the two first as one: [K · C, O].
    private func reordered(_ weight: Tensor, _ axes: [Int]) throws -> Tensor {
        try Graph.recording(false) {
            try reshape(permute(weight.detached(), axes).packed(), [kernel * channels, outputs])
        }
    }

    /// The windows of a batch with its padding, as rows that overlap.
    private func overlapping(_ x: Tensor, _ width: Int) -> Tensor {
        x.aliased(shape: [windows, kernel * width], strides: [width, 1], offset: x.offset)
    }

    private func withPadding(_ x: Tensor) throws -> Tensor {
        if padding == 0 { return try x.packed() }
        let wide = try Tensor.zeros([batch, padded, channels], x.dtype)
        try copyRows(
            x.packed(), every: time, to: wide, at: padding, every: padded, count: time, width: channels)
        return wide
    }

    /// The gradient with K − 1 rows of zeros before the first sequence and after each: [K − 1 + B (T + 2 P), O].
    private func spaced(_ gradient: Tensor) throws -> Tensor {
        let wide = try Tensor.zeros([kernel - 1 + batch * padded, outputs], gradient.dtype)
        try copyRows(
            gradient.packed(), every: places, to: wide, at: kernel - 1, every: padded, count: places,
            width: outputs)
        return wide
    }

    /// For each sequence `count` rows, which begin `every` rows apart.
    private func copyRows(
        _ source: Tensor, from: Int = 0, every sourceStep: Int, to target: Tensor, at start: Int = 0,
        every targetStep: Int, count: Int, width: Int
    ) throws {
        let bytes = width * source.dtype.size
        defer { withExtendedLifetime((source, target)) {} }
        let (read, write) = (source.base, target.base)
        try ThreadPool.parallel(batch, grain: max(1, 65536 / max(count * bytes, 1))) { range in
            for b in range {
                (write + (start + b * targetStep) * bytes).copyMemory(
                    from: read + (from + b * sourceStep) * bytes, byteCount: count * bytes)
            }
        }
    }
}

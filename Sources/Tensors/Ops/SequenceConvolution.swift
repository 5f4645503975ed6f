import KernelTable

// B batch, T time, C channels in, O channels out, K places of the kernel, P padding at both ends.
//
// In the layout of sequences, [B, T, C], the window of K steps at a time is K · C numbers in a row. So the windows of a
// sequence are the rows of a matrix whose rows overlap, which nobody has to write down: a convolution is a product with it.
//
// As with the other convolutions, the gradients of any order come from three operations:
//
//     y = forward(x, w),   dx = towardsInput(g, w),   dw = towardsWeight(x, g)
//
// The two that go backwards are products as well, or, for a gradient that is nearly everywhere zero, follow each number.

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
        try sizes.forward(x, weight.converted(to: x.dtype), bias?.converted(to: x.dtype))
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

    /// x [B, T, C], w [O, C, K] and a bias [O] to [B, places, O].
    func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
        let wide = try withPadding(x)
        let bias = try bias?.contiguous()
        return try Tensor.operation(
            "convolution", [x, weight] + (bias.map { [$0] } ?? []), shape: [batch, places, outputs], dtype: x.dtype,
            pullback: .rule { gradient in
                let flow = try Flow(gradient, self)
                var flows = [
                    x.isTracked ? try towardsInput(gradient, weight, flow) : nil,
                    weight.isTracked ? try towardsWeight(x, gradient, padded: wide, flow) : nil,
                ]
                if let bias { flows.append(bias.isTracked ? try sum(gradient, dims: [0, 1]) : nil) }
                return flows
            }
        ) { output in
            if output.count == 0 { return }
            let each = wide.aliased(
                shape: [batch, places, kernel * channels], strides: [padded * channels, channels, 1],
                offset: wide.offset)
            let columns = try transpose(reshape(windowOrder(weight), [outputs, kernel * channels]))
            try writeProduct(each, columns, bias, to: output)
        }
    }

    /// A gradient [B, places, O] as it goes backwards.
    private enum Flow {
        case spaced(Tensor)
        case few(FewNumbers)

        init(_ gradient: Tensor, _ sizes: SequenceConvolution) throws {
            self = try FewNumbers(of: gradient).map { .few($0) } ?? .spaced(sizes.spaced(gradient))
        }
    }

    /// The gradient g [B, places, O], perhaps as a flow already, and w to [B, T, C].
    private func towardsInput(_ gradient: Tensor, _ weight: Tensor, _ flow: Flow? = nil) throws -> Tensor {
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
            switch try flow ?? Flow(gradient, self) {
            case .spaced(let wide):
                // The step r of the input is read by the windows r − K + 1 … r: a convolution of g with the kernel turned
                // round.
                let turned = try Graph.recording(false) {
                    try flip(permute(weight.detached(), [2, 0, 1]), [0]).packed()
                }
                let each = wide.aliased(
                    shape: [batch, time, kernel * outputs], strides: [padded * outputs, outputs, 1],
                    offset: wide.offset + padding * outputs)
                try writeProduct(each, reshape(turned, [kernel * outputs, channels]), to: output)
            case .few(let numbers):
                let rows = try windowOrder(weight)
                try output.dtype == .f64
                    ? spread(numbers, Double.self, rows, to: output) : spread(numbers, Float.self, rows, to: output)
            }
        }
    }

    /// Each number of a gradient, times its output's weights, added to the window that it came from.
    private func spread<S: Real>(_ numbers: FewNumbers, _: S.Type, _ weight: Tensor, to output: Tensor) throws {
        let (rows, out) = (weight.pointer(S.self), output.pointer(S.self))
        defer { withExtendedLifetime((numbers, weight)) {} }
        try ThreadPool.parallel(batch, grain: 1) { range in
            for b in range {
                let own = out + b * time * channels
                S.loops.fill(own, with: 0, count: time * channels)
                for entry in numbers.entries(of: b) {
                    let start = Int(entry.time) - padding
                    // What lies in the padding is left out.
                    let steps = max(0, -start)..<min(kernel, time - start)
                    if steps.isEmpty { continue }
                    S.loops.axpy(
                        S(entry.value), rows + (Int(entry.column) * kernel + steps.lowerBound) * channels,
                        own + (start + steps.lowerBound) * channels, count: steps.count * channels)
                }
            }
        }
    }

    /// The gradient of the weights [O, K · C]: each number of a gradient times the window that it came from.
    private func gathered<S: Real>(_ numbers: FewNumbers, _: S.Type, _ wide: Tensor) throws -> Tensor {
        let result = try Tensor(uninitialized: [outputs, kernel * channels], wide.dtype)
        let (rows, out, length) = (wide.pointer(S.self), result.pointer(S.self), kernel * channels)
        defer { withExtendedLifetime((numbers, wide)) {} }
        // Each task has some outputs, so that a sum's order is that of the entries.
        try ThreadPool.parallel(outputs, grain: max(1, outputs / 16)) { range in
            S.loops.fill(out + range.lowerBound * length, with: 0, count: range.count * length)
            for b in 0..<batch {
                for entry in numbers.entries(of: b) where range.contains(Int(entry.column)) {
                    S.loops.axpy(
                        S(entry.value), rows + (b * padded + Int(entry.time)) * channels,
                        out + Int(entry.column) * length, count: length)
                }
            }
        }
        return result
    }

    /// x, perhaps as `withPadding` made it, and the gradient g, perhaps as a flow already, to [O, C, K].
    private func towardsWeight(
        _ x: Tensor, _ gradient: Tensor, padded wide: Tensor? = nil, _ flow: Flow? = nil
    ) throws -> Tensor {
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
            let wide = try wide ?? withPadding(x)
            let ordered = try Graph.recording(false) {
                switch try flow ?? Flow(gradient, self) {
                case .spaced(let flow):
                    // Windows that reach from one sequence into the next meet the zeros between the gradients.
                    let every = wide.aliased(
                        shape: [windows, kernel * channels], strides: [channels, 1], offset: wide.offset)
                    let rows = flow.aliased(
                        shape: [windows, outputs], strides: [outputs, 1], offset: flow.offset + (kernel - 1) * outputs)
                    let sums = try matmul(transpose(every), rows)  // [K · C, O]
                    return try permute(reshape(sums, [kernel, channels, outputs]), [2, 1, 0]).packed()
                case .few(let numbers):
                    let sums =
                        try wide.dtype == .f64
                        ? gathered(numbers, Double.self, wide) : gathered(numbers, Float.self, wide)
                    return try permute(reshape(sums, [outputs, kernel, channels]), [0, 2, 1]).packed()
                }
            }
            output.base.copyMemory(from: ordered.base, byteCount: output.count * output.dtype.size)
        }
    }

    /// The weights in the order of a window, [O, K, C].
    private func windowOrder(_ weight: Tensor) throws -> Tensor {
        try Graph.recording(false) { try permute(weight.detached(), [0, 2, 1]).packed() }
    }

    /// x with P rows of zeros at both ends of each sequence: [B (T + 2 P), C].
    private func withPadding(_ x: Tensor) throws -> Tensor {
        padding == 0
            ? try x.detached().packed()
            : try apart(x, rows: batch * padded, before: padding, count: time, every: padded, width: channels)
    }

    /// The gradient with K − 1 rows of zeros before the first sequence and after each: [K − 1 + B (T + 2 P), O].
    private func spaced(_ gradient: Tensor) throws -> Tensor {
        try apart(
            gradient, rows: kernel - 1 + batch * padded, before: kernel - 1, count: places, every: padded,
            width: outputs)
    }

    /// Sequences of `count` rows one after the other, one every `every` rows, the first after `before` rows; zeros between.
    private func apart(_ x: Tensor, rows: Int, before: Int, count: Int, every: Int, width: Int) throws -> Tensor {
        let source = try x.detached().packed()
        let result = try Tensor(uninitialized: [rows, width], x.dtype)
        defer { withExtendedLifetime((source, result)) {} }
        let (read, write, bytes) = (source.base, result.base, width * x.dtype.size)
        func clear(_ gap: Range<Int>) {
            (write + gap.lowerBound * bytes).initializeMemory(as: UInt8.self, repeating: 0, count: gap.count * bytes)
        }
        clear(0..<(batch == 0 ? rows : before))
        try ThreadPool.parallel(batch, grain: max(1, 65536 / max(count * bytes, 1))) { range in
            for b in range {
                let start = before + b * every
                (write + start * bytes).copyMemory(from: read + b * count * bytes, byteCount: count * bytes)
                clear(start + count..<(b == batch - 1 ? rows : start + every))
            }
        }
        return result
    }
}

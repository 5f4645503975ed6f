// B batch, C channels in, O channels out, K places of the kernel, L length, H and W height and width.
//
// A convolution, its gradient for the input and its gradient for the weight are linear in two tensors each, and the
// gradients of one of the three are the two others: so gradients of any order come from these three operations.
//
//     y = forward(x, w),   dx = towardsInput(g, w),   dw = towardsWeight(x, g)

/// A convolution along the last axis (as in machine learning: a correlation, the kernel is not turned round).
///
///     y[b, o, i] = bias[o] + Σ over c, k of weight[o, c, k] · x[b, c, i · stride − padding + k · dilation]
///
/// - Parameters:
///   - x: [B, C, L].
///   - weight: [O, C / groups, K].
///   - bias: [O].
/// - Returns: [B, O, Lo] with Lo = ⌊(L + 2 padding − dilation (K − 1) − 1) / stride⌋ + 1.
/// - Throws: `shape`, naming the shapes; `value` for a stride, padding, dilation or groups that cannot be.
public func conv1d(
    _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
) throws -> Tensor {
    guard x.rank == 3, weight.rank == 3 else {
        throw TensorError(
            .shape,
            "conv1d: the tensor has shape \(x.shape) and the weight \(weight.shape), expected [B, C, L] and [O, C, K]")
    }
    let result = try convolution(
        "conv1d", unsqueeze(x, 2), unsqueeze(weight, 2), bias, (1, stride), (0, padding), (1, dilation), groups,
        shapes: (x.shape, weight.shape))
    return try squeeze(result, 2)
}

/// A convolution over the two last axes; parameters as `conv1d`, the same along both axes.
///
/// - Parameters:
///   - x: [B, C, H, W].
///   - weight: [O, C / groups, Kh, Kw].
/// - Throws: `shape`, naming the shapes; `value` for a stride, padding, dilation or groups that cannot be.
public func conv2d(
    _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
) throws -> Tensor {
    guard x.rank == 4, weight.rank == 4 else {
        throw TensorError(
            .shape,
            "conv2d: the tensor has shape \(x.shape) and the weight \(weight.shape), expected [B, C, H, W] and "
                + "[O, C, Kh, Kw]")
    }
    return try convolution(
        "conv2d", x, weight, bias, (stride, stride), (padding, padding), (dilation, dilation), groups,
        shapes: (x.shape, weight.shape))
}

private func convolution(
    _ name: String, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ stride: (Int, Int), _ padding: (Int, Int),
    _ dilation: (Int, Int), _ groups: Int, shapes: ([Int], [Int])
) throws -> Tensor {
    let limit = 1 << 30
    let steps = [stride.0, stride.1, dilation.0, dilation.1]
    guard steps.allSatisfy({ (1..<limit).contains($0) }), (0..<limit).contains(padding.1), groups >= 1 else {
        throw TensorError(
            .value,
            "\(name): found stride \(stride.1), padding \(padding.1), dilation \(dilation.1), groups \(groups); "
                + "expected 1 or more, and padding 0 or more")
    }
    let (channels, outputs) = (x.shape[1], weight.shape[0])
    guard channels % groups == 0, outputs % groups == 0, weight.shape[1] == channels / groups else {
        throw TensorError(
            .shape,
            "\(name): the tensor of shape \(shapes.0) has \(channels) channels, the weight of shape \(shapes.1) takes "
                + "\(weight.shape[1]) in each of \(groups) groups")
    }
    if let bias, bias.shape != [outputs] {
        throw TensorError(.shape, "\(name): the bias has shape \(bias.shape), expected [\(outputs)]")
    }
    let window = ConvolutionWindow(
        batch: x.shape[0], groups: groups, channels: channels / groups, outputs: outputs / groups,
        height: ConvolutionAxis(x.shape[2], weight.shape[2], stride.0, padding.0, dilation.0),
        width: ConvolutionAxis(x.shape[3], weight.shape[3], stride.1, padding.1, dilation.1))
    guard window.height.output > 0, window.width.output > 0 else {
        throw TensorError(
            .shape,
            "\(name): the kernel of shape \(shapes.1) does not fit into the tensor of shape \(shapes.0) with "
                + "padding \(padding.1) and dilation \(dilation.1)")
    }
    return try computing(name, x) { x in
        let result = try window.forward(x, weight.converted(to: x.dtype))
        guard let bias else { return result }
        return try add(result, reshape(bias.converted(to: x.dtype), [1, outputs, 1, 1]))
    }
}

extension ConvolutionWindow {
    /// x [B, G·C, H, W] and w [G·O, C, Kh, Kw] to y [B, G·O, Ho, Wo].
    func forward(_ x: Tensor, _ weight: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution", [x, weight], shape: outputShape, dtype: x.dtype,
            pullback: .rule { [self] gradient in
                [
                    x.isTracked ? try towardsInput(gradient, weight) : nil,
                    weight.isTracked ? try towardsWeight(x, gradient) : nil,
                ]
            }
        ) { output in
            let (source, factors) = try (x.packed(), weight.packed())
            defer { withExtendedLifetime((source, factors)) {} }
            func run<S: Real>(_: S.Type) throws {
                let (from, w, to) = (source.pointer(S.self), factors.pointer(S.self), output.pointer(S.self))
                try forEachImage(S.self, sizes: (outputs, places, patch)) { b, columns, scratch in
                    for g in 0..<groups {
                        fill(columns, from: from + (b * groups + g) * imageSize)
                        multiply(
                            m: outputs, n: places, k: patch, a: w + g * outputs * patch, b: columns,
                            c: to + (b * groups + g) * outputs * places, scratch)
                    }
                }
            }
            if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        }
    }

    /// The gradient g [B, G·O, Ho, Wo] and w to [B, G·C, H, W].
    func towardsInput(_ gradient: Tensor, _ weight: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution gradient", [gradient, weight], shape: inputShape, dtype: gradient.dtype,
            pullback: .rule { [self] upper in
                [
                    gradient.isTracked ? try forward(upper, weight) : nil,
                    weight.isTracked ? try towardsWeight(upper, gradient) : nil,
                ]
            }
        ) { output in
            let (source, factors) = try (gradient.packed(), weight.packed())
            defer { withExtendedLifetime((source, factors)) {} }
            output.base.initializeMemory(as: UInt8.self, repeating: 0, count: output.count * output.dtype.size)
            func run<S: Real>(_: S.Type) throws {
                let (from, w, to) = (source.pointer(S.self), factors.pointer(S.self), output.pointer(S.self))
                try forEachImage(S.self, sizes: (patch, places, outputs)) { b, columns, scratch in
                    for g in 0..<groups {
                        multiply(
                            m: patch, n: places, k: outputs, a: w + g * outputs * patch, transposeA: true,
                            b: from + (b * groups + g) * outputs * places, c: columns, scratch)
                        add(columns, to: to + (b * groups + g) * imageSize)
                    }
                }
            }
            if gradient.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        }
    }

    /// x and the gradient g to [G·O, C, Kh, Kw].
    func towardsWeight(_ x: Tensor, _ gradient: Tensor) throws -> Tensor {
        try Tensor.operation(
            "convolution weight gradient", [x, gradient], shape: weightShape, dtype: x.dtype,
            pullback: .rule { [self] upper in
                [
                    x.isTracked ? try towardsInput(gradient, upper) : nil,
                    gradient.isTracked ? try forward(x, upper) : nil,
                ]
            }
        ) { output in
            let (source, flow) = try (x.packed(), gradient.packed())
            defer { withExtendedLifetime((source, flow)) {} }
            // Each of a fixed number of parts of the batch sums into its own copy; the copies are added in order.
            let parts = max(1, min(8, batch))
            let perPart = (batch + parts - 1) / parts
            let size = output.count
            let partial = try Tensor.zeros([parts, size], x.dtype)
            func run<S: Real>(_: S.Type) throws {
                let (from, g, sums) = (source.pointer(S.self), flow.pointer(S.self), partial.pointer(S.self))
                let memory = try scratch(S.self, count: parts, sizes: (outputs, patch, places))
                defer { withExtendedLifetime(memory.tensor) {} }
                try ThreadPool.parallel(chunks: parts) { part in
                    let columns = memory.start(part)
                    let rest = columns + patch * places
                    for b in part * perPart..<max(part * perPart, min((part + 1) * perPart, batch)) {
                        for group in 0..<groups {
                            fill(columns, from: from + (b * groups + group) * imageSize)
                            multiply(
                                m: outputs, n: patch, k: places, a: g + (b * groups + group) * outputs * places,
                                b: columns, transposeB: true, c: sums + part * size + group * outputs * patch,
                                beta: 1, rest)
                        }
                    }
                }
                let out = output.pointer(S.self)
                S.loops.fill(out, with: 0, count: size)
                for part in 0..<parts { S.loops.addInPlace(sums + part * size, out, count: size) }
                withExtendedLifetime(partial) {}
            }
            if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        }
    }
}

import KernelTable

// Pooling over the last axis of [B, C, L], over time of [B, T, C], and over images [B, C, H, W].

/// The largest of each window along the last axis: [..., L] gives [..., Lo].
///
/// - Parameter stride: the window's size when left out.
/// - Throws: `value` for a window that cannot be; `shape` when it does not fit.
public func maxPool1d(
    _ x: Tensor, kernel size: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1
) throws -> Tensor {
    let name = "max_pool1d"
    let window = try poolingWindow(x, size, stride, padding, dilation, name: name)
    return try computing(name, x) { x in
        let length = x.shape[x.rank - 1]
        let (rows, outputLength) = (x.count / max(length, 1), window.outputLength(length))
        let source = try x.packed()
        let indices = try Tensor(uninitialized: x.shape.dropLast() + [outputLength], .i64)
        defer { withExtendedLifetime(source) {} }
        func run<S: Real>(_: S.Type) throws {
            let values = try Tensor(uninitialized: indices.shape, x.dtype)
            let (from, out, places) = (source.pointer(S.self), values.pointer(S.self), indices.pointer(Int64.self))
            try ThreadPool.parallel(rows, grain: rowGrain(length * 2)) { range in
                let start = range.lowerBound
                S.loops.maxPoolRows(
                    from + start * length, out + start * outputLength, indices: places + start * outputLength,
                    rows: range.count, length: length, window: window)
            }
            withExtendedLifetime(values) {}
        }
        if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
        return try gather(x, axis: -1, index: indices)
    }
}

/// The mean of each window along the last axis; padding counts as zeros.
///
/// - Throws: `value` for a window that cannot be; `shape` when it does not fit.
public func avgPool1d(_ x: Tensor, kernel size: Int, stride: Int? = nil, padding: Int = 0) throws -> Tensor {
    let name = "avg_pool1d"
    let window = try poolingWindow(x, size, stride, padding, 1, name: name)
    return try computing(name, x) { x in
        let outputLength = window.outputLength(x.shape[x.rank - 1])
        var widths = [(Int, Int)](repeating: (0, 0), count: x.rank)
        widths[x.rank - 1] = (padding, padding)
        let padded = padding == 0 ? x : try pad(x, widths)
        return try divide(windowSum(padded, axis: x.rank - 1, window, outputLength), Double(size))
    }
}

/// The mean over `output` windows of nearly equal size that cover the last axis.
///
/// Window i goes from ⌊i · L / output⌋ to ⌈(i + 1) · L / output⌉.
///
/// - Throws: `value` unless the output is 1 or more; `shape` for an empty axis.
public func adaptiveAvgPool1d(_ x: Tensor, output: Int) throws -> Tensor {
    let length = try adaptiveLength(x, output, name: "adaptive_avg_pool1d")
    return try computing("adaptive_avg_pool1d", x) { x in
        // The windows as the columns of a matrix [L, output].
        var shares = [Double](repeating: 0, count: length * output)
        for i in 0..<output {
            let window = adaptiveWindow(i, output, length)
            for j in window { shares[j * output + i] = 1 / Double(window.count) }
        }
        let matrix = try Tensor(shares, shape: [length, output]).converted(to: x.dtype)
        let rows = try reshape(x, [x.count / length, length])
        return try reshape(matmul(rows, matrix), x.shape.dropLast() + [output])
    }
}

/// The largest of each of `output` windows of nearly equal size that cover the last axis.
///
/// - Throws: `value` unless the output is 1 or more; `shape` for an empty axis.
public func adaptiveMaxPool1d(_ x: Tensor, output: Int) throws -> Tensor {
    let length = try adaptiveLength(x, output, name: "adaptive_max_pool1d")
    let parts = try (0..<output).map { i in
        let window = adaptiveWindow(i, output, length)
        return try max(
            slice(x, axis: -1, start: window.lowerBound, stop: window.upperBound), dims: [-1], keepdim: true)
    }
    return try concatenate(parts, -1)
}

/// The largest value of each channel over time: [B, T, C] gives [B, C].
///
/// - Parameter mask: bools [B, T], false for padding; the tensor's own mask when left out. A row with no real position
///   gives zeros, with no gradient.
/// - Throws: `shape`, naming the shapes.
public func maxPoolOverTime(_ x: Tensor, mask: Tensor? = nil) throws -> Tensor {
    let mask = try timeMask(x, mask, name: "max_pool")
    return try computing("max_pool", x) { x in
        if x.shape[1] == 0 { return try multiply(sum(x, dims: [1], keepdim: false), 0) }
        guard let mask else { return try max(x, dims: [1], keepdim: false) }
        let lowest = try Tensor.filled(-Double.infinity, shape: [], x.dtype)
        let largest = try max(`where`(unsqueeze(mask, 2), x, lowest), dims: [1], keepdim: false)
        let counts = try sum(mask.converted(to: x.dtype), dims: [1], keepdim: true)
        let zero = try Tensor.filled(0, shape: [], x.dtype)
        return try `where`(greater(counts, zero), largest, zero)
    }
}

/// The mean over time of each channel: [B, T, C] gives [B, C].
///
/// - Parameter mask: bools [B, T], false for padding; the tensor's own mask when left out. A row with no real position
///   gives zeros.
/// - Throws: `shape`, naming the shapes.
public func meanPoolOverTime(_ x: Tensor, mask: Tensor? = nil) throws -> Tensor {
    let mask = try timeMask(x, mask, name: "mean_pool")
    return try computing("mean_pool", x) { x in
        guard let mask else {
            return try multiply(sum(x, dims: [1], keepdim: false), 1 / Double(max(x.shape[1], 1)))
        }
        let zero = try Tensor.filled(0, shape: [], x.dtype)
        let one = try Tensor.filled(1, shape: [], x.dtype)
        let total = try sum(`where`(unsqueeze(mask, 2), x, zero), dims: [1], keepdim: false)
        let counts = try sum(mask.converted(to: x.dtype), dims: [1], keepdim: true)
        return try divide(total, `where`(greater(counts, zero), counts, one))
    }
}

/// The largest of each window of [B, C, H, W]: rows first, then columns.
///
/// - Throws: `value` for a window that cannot be; `shape` when it does not fit.
public func maxPool2d(_ x: Tensor, kernel size: Int, stride: Int? = nil, padding: Int = 0) throws -> Tensor {
    guard x.rank >= 2 else {
        throw TensorError(.shape, "max_pool2d: the tensor has shape \(x.shape), expected [B, C, H, W]")
    }
    let across = try maxPool1d(x, kernel: size, stride: stride, padding: padding)
    let down = try maxPool1d(transpose(across, -1, -2), kernel: size, stride: stride, padding: padding)
    return try transpose(down, -1, -2)
}

/// The mean of each window of [B, C, H, W]; padding counts as zeros.
///
/// - Throws: `value` for a window that cannot be; `shape` when it does not fit.
public func avgPool2d(_ x: Tensor, kernel size: Int, stride: Int? = nil, padding: Int = 0) throws -> Tensor {
    guard x.rank >= 2 else {
        throw TensorError(.shape, "avg_pool2d: the tensor has shape \(x.shape), expected [B, C, H, W]")
    }
    let across = try avgPool1d(x, kernel: size, stride: stride, padding: padding)
    return try transpose(avgPool1d(transpose(across, -1, -2), kernel: size, stride: stride, padding: padding), -1, -2)
}

/// The mean over windows that cover the two last axes, `output` of them along each.
///
/// - Throws: `value` unless the output is 1 or more; `shape` for an empty axis.
public func adaptiveAvgPool2d(_ x: Tensor, output: Int) throws -> Tensor {
    guard x.rank >= 2 else {
        throw TensorError(.shape, "adaptive_avg_pool2d: the tensor has shape \(x.shape), expected [B, C, H, W]")
    }
    let across = try adaptiveAvgPool1d(x, output: output)
    return try transpose(adaptiveAvgPool1d(transpose(across, -1, -2), output: output), -1, -2)
}

/// The sum of each window along an axis of a padded tensor, one shifted slice for each place of the window.
private func windowSum(_ x: Tensor, axis: Int, _ window: Window1D, _ outputLength: Int) throws -> Tensor {
    let span = window.stride * (outputLength - 1) + 1
    var total: Tensor?
    for i in 0..<window.kernel {
        let part = try slice(x, axis: axis, start: i, stop: i + span, step: window.stride)
        total = try total.map { try add($0, part) } ?? part
    }
    return total ?? x
}

private func poolingWindow(
    _ x: Tensor, _ size: Int, _ stride: Int?, _ padding: Int, _ dilation: Int, name: String
) throws -> Window1D {
    let stride = stride ?? size
    let limit = 1 << 40
    guard (1..<limit).contains(size), (1..<limit).contains(stride), (1..<limit).contains(dilation), padding >= 0 else {
        throw TensorError(
            .value,
            "\(name): found kernel \(size), stride \(stride), padding \(padding), dilation \(dilation); "
                + "expected 1 or more, and padding 0 or more")
    }
    guard padding <= size / 2 else {
        throw TensorError(.value, "\(name): the padding \(padding) is more than half of the kernel \(size)")
    }
    let window = Window1D(
        kernel: size, stride: stride, padding: padding, dilation: min(dilation, Int.max / (2 * size)))
    guard x.rank >= 1, let length = x.shape.last, window.outputLength(length) > 0 else {
        throw TensorError(
            .shape, "\(name): a window of \(size) with padding \(padding) does not fit into the shape \(x.shape)")
    }
    return window
}

private func adaptiveLength(_ x: Tensor, _ output: Int, name: String) throws -> Int {
    guard output >= 1 else {
        throw TensorError(.value, "\(name): the output size is \(output), expected 1 or more")
    }
    guard let length = x.shape.last, length > 0 else {
        throw TensorError(.shape, "\(name): the tensor has shape \(x.shape), expected a last axis that is not empty")
    }
    let (_, overflows) = length.multipliedReportingOverflow(by: output &+ 1)
    guard !overflows, output < 1 << 32 else {
        throw TensorError(.memory, "\(name): an output of \(output) windows is too large")
    }
    return length
}

private func adaptiveWindow(_ i: Int, _ output: Int, _ length: Int) -> Range<Int> {
    i * length / output..<((i + 1) * length + output - 1) / output
}

private func timeMask(_ x: Tensor, _ mask: Tensor?, name: String) throws -> Tensor? {
    guard x.rank == 3 else {
        throw TensorError(.shape, "\(name): the tensor has shape \(x.shape), expected [B, T, C]")
    }
    guard let mask = mask ?? x.mask else { return nil }
    try checkMask(mask, name)
    guard mask.shape == Array(x.shape.prefix(2)) else {
        throw TensorError(
            .shape, "\(name): the mask has shape \(mask.shape), expected \(Array(x.shape.prefix(2))), that of [B, T, C]"
        )
    }
    return mask
}

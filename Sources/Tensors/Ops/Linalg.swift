/// Products of matrices in two batches: [B, N, K] and [B, K, M] give [B, N, M].
///
/// - Throws: `shape`, naming both shapes.
public func bmm(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard a.rank == 3, b.rank == 3, a.shape[0] == b.shape[0], a.shape[2] == b.shape[1] else {
        throw TensorError(
            .shape, "bmm: the tensors have shapes \(a.shape) and \(b.shape), expected [B, N, K] and [B, K, M]")
    }
    return try matmul(a, b)
}

/// The diagonal of the matrices of two axes, as a new last axis; a view.
///
///     x[..., i, i + offset]
///
/// - Parameter offset: above the main diagonal when positive, below it when negative.
/// - Throws: `index` when an axis is not there, `value` when both are one.
public func diagonal(_ x: Tensor, offset: Int = 0, axis1: Int = 0, axis2: Int = 1) throws -> Tensor {
    let first = try Shape.axis(axis1, rank: x.rank, for: "diagonal")
    let second = try Shape.axis(axis2, rank: x.rank, for: "diagonal")
    guard x.rank >= 2, first != second else {
        throw TensorError(
            .value,
            "diagonal: the axes are \(axis1) and \(axis2) of a tensor of shape \(x.shape), expected two different ones")
    }
    return try DiagonalView(x.shape, first, second, offset: offset).view(of: x)
}

/// The sum of the main diagonal of a matrix, or of the two first axes.
///
/// - Throws: `value` for a tensor of rank below 2.
public func trace(_ x: Tensor) throws -> Tensor {
    guard x.rank >= 2 else {
        throw TensorError(.value, "trace: the tensor has shape \(x.shape), expected a matrix")
    }
    return try sum(diagonal(x), dims: [-1], keepdim: false)
}

private struct DiagonalView {
    let source: [Int]
    let first: Int
    let second: Int
    let rowStart: Int
    let columnStart: Int
    let length: Int

    init(_ shape: [Int], _ first: Int, _ second: Int, offset: Int) {
        (source, self.first, self.second) = (shape, first, second)
        let (rows, columns) = (shape[first], shape[second])
        rowStart = offset < 0 ? Int(Swift.min(offset.magnitude, UInt(rows))) : 0
        columnStart = offset > 0 ? Swift.min(offset, columns) : 0
        length = Swift.min(rows - rowStart, columns - columnStart)
    }

    private var others: [Int] { source.indices.filter { $0 != first && $0 != second } }

    var shape: [Int] { others.map { source[$0] } + [length] }

    private func strides(over own: [Int]) -> [Int] { others.map { own[$0] } + [own[first] + own[second]] }

    private func offset(over own: [Int]) -> Int {
        shape.contains(0) ? 0 : rowStart * own[first] + columnStart * own[second]
    }

    func view(of x: Tensor) throws -> Tensor {
        Tensor.view(
            "diagonal", of: x, shape: shape, strides: strides(over: x.strides),
            offset: x.offset + offset(over: x.strides), pullback: .rule { gradient in [try place(gradient)] })
    }

    /// Zeros of the source's shape with `values` on the diagonal; the gradient of `view`.
    private func place(_ values: Tensor) throws -> Tensor {
        try Tensor.operation(
            "diagonal gradient", [values], shape: source, dtype: values.dtype,
            pullback: .rule { gradient in [try view(of: gradient)] }
        ) { output in
            try memset0(output)
            if values.count == 0 { return }
            let target = output.aliased(
                shape: shape, strides: strides(over: output.strides), offset: offset(over: output.strides))
            let from = try values.packed()
            try target.scatter(from)
        }
    }
}

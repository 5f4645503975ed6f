// V rows in the table, D numbers in each; B batch, T time.

/// The rows of a table at whole-number indices: indices [...] and table [V, D] give [..., D].
///
/// The gradient of the table has a row's uses added up, and zeros elsewhere, which are not written unless they are read.
///
/// - Parameter paddingIndex: the row that gets no gradient; negative counts from the end.
/// - Throws: `index` naming the index, its position and the number of rows; `shape` unless the table has rank 2.
public func embedding(_ indices: Tensor, table: Tensor, paddingIndex: Int? = nil) throws -> Tensor {
    let padding = try checkedTable(table, paddingIndex, name: "embedding")
    let places = try checkedIndices(indices, size: table.shape[0], axis: 0, for: "embedding")
    let rows = try takeRows(table, places, skipGradient: padding, name: "embedding")
    let result = indices.rank == 1 ? rows : try reshape(rows, indices.shape + [table.shape[1]])
    if indices.rank == 2 { result.mask = indices.mask }
    return result
}

/// How the rows of a bag become one.
public enum BagMode: String, Sendable, CaseIterable { case mean, sum, max }

/// One row for each bag of rows: indices [B, T] and table [V, D] give [B, D].
///
/// The rows are never laid side by side for mean and sum, so a bag costs one pass over its rows in each direction. A bag
/// with nothing in it gives zeros.
///
/// - Parameters:
///   - mask: bools [B, T], false for positions that do not count; the indices' own mask when left out.
///   - paddingIndex: a row of the table that does not count wherever it stands, and gets no gradient.
/// - Throws: `index` naming the index, its position and the number of rows; `shape`, naming the shapes.
public func embeddingBag(
    _ indices: Tensor, table: Tensor, mode: BagMode = .mean, mask: Tensor? = nil, paddingIndex: Int? = nil
) throws -> Tensor {
    let padding = try checkedTable(table, paddingIndex, name: "embedding_bag")
    guard indices.rank == 2 else {
        throw TensorError(.shape, "embedding_bag: the indices have shape \(indices.shape), expected [B, T]")
    }
    let mask = mask ?? indices.mask
    if let mask {
        try checkMask(mask, "embedding_bag")
        guard mask.shape == indices.shape else {
            throw TensorError(
                .shape, "embedding_bag: the mask has shape \(mask.shape), expected the indices' \(indices.shape)")
        }
    }
    let places = try checkedIndices(indices, size: table.shape[0], axis: 0, for: "embedding_bag")
    let counts = try BagCounts(places, mask: mask, padding: padding, mode: mode)
    if mode == .max { return try largest(of: table, places, counts) }
    return try computing("embedding_bag", table) { try bag(table: $0, places, counts.weights(as: $0.dtype)) }
}

/// - Returns: the padding row counted from 0.
func checkedTable(_ table: Tensor, _ padding: Int?, name: String) throws -> Int? {
    guard table.rank == 2 else {
        throw TensorError(.shape, "\(name): the table has shape \(table.shape), expected [V, D]")
    }
    guard let padding else { return nil }
    let rows = table.shape[0]
    let resolved = padding < 0 ? padding &+ rows : padding
    guard resolved >= 0, resolved < rows else {
        throw TensorError(.index, "\(name): the padding index \(padding) is outside the table of \(rows) rows")
    }
    return resolved
}

/// How much each position of each bag counts.
private struct BagCounts {
    /// [B, T] of f64: 0 for positions that do not count, 1 for a sum, one by their number for a mean.
    private let values: Tensor
    let flags: Tensor

    init(_ places: Tensor, mask: Tensor?, padding: Int?, mode: BagMode) throws {
        let (batch, time) = (places.shape[0], places.shape[1])
        values = try Tensor(uninitialized: places.shape, .f64)
        flags = try Tensor(uninitialized: places.shape, .bool)
        let keep = try mask?.packed()
        defer { withExtendedLifetime((keep, places)) {} }
        let (weights, used, index) = (
            values.pointer(Double.self), flags.pointer(UInt8.self), places.pointer(Int64.self)
        )
        let kept = keep?.pointer(UInt8.self)
        for row in 0..<batch {
            var count = 0
            for i in row * time..<(row + 1) * time {
                let counts = (kept.map { $0[i] != 0 } ?? true) && (padding.map { index[i] != Int64($0) } ?? true)
                used[i] = counts ? 1 : 0
                count += counts ? 1 : 0
            }
            let share = mode == .mean ? 1 / Double(max(count, 1)) : 1
            for i in row * time..<(row + 1) * time { weights[i] = used[i] != 0 ? share : 0 }
        }
    }

    func weights(as type: DType) throws -> Tensor { try values.converted(to: type).contiguous() }
}

/// `out[b] = Σ over t of weights[b, t] · table[places[b, t]]`.
private func bag(table: Tensor, _ places: Tensor, _ weights: Tensor) throws -> Tensor {
    let (batch, time, width) = (places.shape[0], places.shape[1], table.shape[1])
    let rows = table.shape[0]
    return try Tensor.operation(
        "embedding_bag", [table], shape: [batch, width], dtype: table.dtype,
        pullback: .rule { gradient in [try spread(gradient, rows: rows, places, weights)] }
    ) { output in
        let source = try table.packed()
        defer { withExtendedLifetime((source, places, weights)) {} }
        func run<S: Real>(_: S.Type) throws {
            let (from, to) = (source.pointer(S.self), output.pointer(S.self))
            let (index, share) = (places.pointer(Int64.self), weights.pointer(S.self))
            let loops = S.loops
            try ThreadPool.parallel(batch, grain: rowGrain(time * width)) { range in
                for b in range {
                    loops.fill(to + b * width, with: 0, count: width)
                    for i in b * time..<(b + 1) * time where share[i] != 0 {
                        loops.axpy(share[i], from + Int(index[i]) * width, to + b * width, count: width)
                    }
                }
            }
        }
        if table.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

/// `out[places[b, t]] += weights[b, t] · source[b]` into zeros of [rows, D]; the gradient of `bag`.
private func spread(_ source: Tensor, rows: Int, _ places: Tensor, _ weights: Tensor) throws -> Tensor {
    let (batch, time, width) = (places.shape[0], places.shape[1], source.shape[1])
    return try Tensor.operation(
        "embedding_bag gradient", [source], shape: [rows, width], dtype: source.dtype,
        pullback: .rule { gradient in [try bag(table: gradient, places, weights)] }
    ) { output in
        let flow = try source.packed()
        defer { withExtendedLifetime((flow, places, weights)) {} }
        func run<S: Real>(_: S.Type) {
            let (from, to) = (flow.pointer(S.self), output.pointer(S.self))
            let (index, share) = (places.pointer(Int64.self), weights.pointer(S.self))
            let loops = S.loops
            for b in 0..<batch {
                for i in b * time..<(b + 1) * time where share[i] != 0 {
                    loops.axpy(share[i], from + b * width, to + Int(index[i]) * width, count: width)
                }
            }
        }
        try output.writeRows(at: places) {
            if source.dtype == .f64 { run(Double.self) } else { run(Float.self) }
        }
    }
}

/// The largest of each bag's rows, number by number.
private func largest(of table: Tensor, _ places: Tensor, _ counts: BagCounts) throws -> Tensor {
    let rows = try reshape(takeRows(table, places, name: "embedding_bag"), places.shape + [table.shape[1]])
    return try maxPoolOverTime(rows, mask: counts.flags)
}

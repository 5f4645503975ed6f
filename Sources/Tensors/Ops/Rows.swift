import KernelTable

// The two moves behind every kind of indexing: to take rows of a table, and to add rows to a table. Each is the other's
// gradient, so both can be differentiated as often as one likes.

/// Indices as contiguous i64 with negative ones counted from the end.
///
/// - Throws: `type` for real numbers, `index` naming position, index, axis and size.
func checkedIndices(_ indices: Tensor, size: Int, axis: Int, for name: String) throws -> Tensor {
    guard indices.dtype.isInteger else {
        throw TensorError(
            .type, "\(name): indices must be whole numbers, found \(indices.dtype.name)",
            hint: indices.dtype == .bool ? "use masked_select(x, mask) or x[mask]" : "convert them first: int(x)")
    }
    let source = try indices.detached().converted(to: .i64).packed()
    defer { withExtendedLifetime(source) {} }
    let count = source.count
    let values = UnsafePointer(source.pointer(Int64.self))
    var hasNegative = false
    for i in 0..<count {
        let value = values[i]
        if value >= Int64(size) || value < -Int64(size) {
            let place = positionText(i, in: indices.shape)
            if name == "embedding" || name == "embedding_bag" {
                throw TensorError(
                    .index, "\(name): id \(value)\(place) is outside the table of \(size) vectors",
                    hint: "ids go from 0 to \(size - 1): embedding(tokenizer.size, …) has a vector for each")
            }
            let prefix = name == "index" ? "" : "\(name): "
            throw TensorError(
                .index, "\(prefix)index \(value)\(place) is outside axis \(axis) of size \(size)",
                hint: size == 0 ? "the axis is empty" : "indices go from \(-size) to \(size - 1)")
        }
        hasNegative = hasNegative || value < 0
    }
    if !hasNegative { return source }
    let wrapped = try Tensor(uninitialized: source.shape, .i64)
    let out = wrapped.pointer(Int64.self)
    for i in 0..<count { out[i] = values[i] < 0 ? values[i] + Int64(size) : values[i] }
    return wrapped
}

/// " at position [1, 3]" for the element number `flat` of a tensor; nothing for rank 0.
func positionText(_ flat: Int, in shape: [Int]) -> String {
    if shape.isEmpty { return "" }
    var position = [Int](repeating: 0, count: shape.count)
    var rest = flat
    for axis in shape.indices.reversed() {
        position[axis] = rest % max(shape[axis], 1)
        rest /= max(shape[axis], 1)
    }
    return position.count == 1 ? " at position \(position[0])" : " at position \(position)"
}

/// Number of elements of one row of a table: everything behind the first axis.
private func width(_ shape: [Int]) -> Int { shape.dropFirst().reduce(1, *) }

/// `out[i] = table[indices[i]]` along the first axis; shape [n] + table.shape[1...].
///
/// - Parameters:
///   - indices: checked, contiguous i64 of any shape, read flat.
///   - skip: the row that gives zeros.
///   - skipGradient: the row that gets no gradient.
func takeRows(
    _ table: Tensor, _ indices: Tensor, skip: Int? = nil, skipGradient: Int? = nil, name: String
) throws -> Tensor {
    let count = indices.count
    let shape = [count] + table.shape.dropFirst()
    let rows = table.shape[0]
    let taken = try Tensor.operation(
        name, [table], shape: shape, dtype: table.dtype, unit: table.unit,
        pullback: .rule { gradient in
            [try addRows(gradient, indices, rows: rows, skip: skipGradient ?? skip, name: name + " gradient")]
        }
    ) { output in
        let source = try table.packed()
        defer { withExtendedLifetime(source) {} }
        let bytes = width(table.shape) * table.dtype.size
        let from = UnsafeRawPointer(source.base)
        let to = output.base
        let places = UnsafePointer(indices.pointer(Int64.self))
        try ThreadPool.parallel(count, grain: rowGrain(bytes / 4)) { range in
            kernel.gatherRows(
                from, indices: places + range.lowerBound, to + range.lowerBound * bytes, count: range.count,
                rowBytes: bytes)
            guard let skip else { return }
            for i in range where places[i] == Int64(skip) {
                (to + i * bytes).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            }
        }
    }
    taken.mask = nil  // of other rows
    return taken
}

/// `out[indices[i]] += source[i]` into zeros of `rows` rows; the gradient of `takeRows`.
func addRows(
    _ source: Tensor, _ indices: Tensor, rows: Int, skip: Int? = nil, name: String
) throws -> Tensor {
    if source.dtype == .bf16 {
        return try addRows(source.converted(to: .f32), indices, rows: rows, skip: skip, name: name).converted(to: .bf16)
    }
    let shape = [rows] + source.shape.dropFirst()
    return try Tensor.operation(
        name, [source], shape: shape, dtype: source.dtype,
        pullback: .rule { gradient in [try takeRows(gradient, indices, skip: skip, name: name + " gradient")] }
    ) { output in
        let from = try source.packed()
        defer { withExtendedLifetime(from) {} }
        try output.writeRows(at: indices) {
            let n = width(shape)
            switch source.dtype {
            case .f32: addReal(Float.self, from, indices, output, n)
            case .f64: addReal(Double.self, from, indices, output, n)
            case .i64: addWhole(Int64.self, from, indices, output, n)
            case .i32: addWhole(Int32.self, from, indices, output, n)
            case .u8: addWhole(UInt8.self, from, indices, output, n)
            case .bool, .bf16:
                throw TensorError(.type, "\(name): values of type \(source.dtype.name) cannot be added up")
            }
            if let skip, skip < rows {
                let row = n * output.dtype.size
                (output.base + skip * row).initializeMemory(as: UInt8.self, repeating: 0, count: row)
            }
        }
    }
}

private func addReal<S: Real>(_: S.Type, _ from: Tensor, _ indices: Tensor, _ output: Tensor, _ width: Int) {
    S.loops.scatterAddRows(
        from.pointer(S.self), indices: indices.pointer(Int64.self), output.pointer(S.self), count: indices.count,
        width: width)
}

private func addWhole<S: FixedWidthInteger>(
    _: S.Type, _ from: Tensor, _ indices: Tensor, _ output: Tensor, _ width: Int
) {
    let (source, places, sums) = (from.pointer(S.self), indices.pointer(Int64.self), output.pointer(S.self))
    for i in 0..<indices.count {
        let row = sums + Int(places[i]) * width
        for j in 0..<width { row[j] &+= source[i * width + j] }
    }
}

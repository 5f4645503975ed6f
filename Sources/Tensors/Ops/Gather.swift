/// The parts of `x` at `indices` along one axis; the axis gives way to the indices' own axes.
///
///     x [a, n, b], indices [p, q]  →  [a, p, q, b]
///
/// Negative indices count from the end. The gradient adds up where an index comes twice.
///
/// - Throws: `index` naming index, position, axis and size; `type` for indices that are not whole numbers.
public func indexSelect(_ x: Tensor, axis: Int, indices: Tensor) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "index_select")
    guard x.rank > 0 else {
        throw TensorError(.index, "index_select: a tensor of rank 0 has no axis to take from", hint: "it is one number")
    }
    let size = x.shape[axis]
    let places = try checkedIndices(indices, size: size, axis: axis, for: "index_select")
    let order = [axis] + x.shape.indices.filter { $0 != axis }
    let front = axis == 0 ? x : try permute(x, order)
    let rest = Array(front.shape.dropFirst())
    let rows = try reshape(takeRows(front, places, name: "index_select"), indices.shape + rest)
    let own = indices.rank
    let result =
        axis == 0
        ? rows : try permute(rows, Array(own..<own + axis) + Array(0..<own) + Array(own + axis..<rows.rank))
    if let mask = x.mask, axis >= mask.rank || own == 1 {
        result.mask = axis >= mask.rank ? mask : try indexSelect(mask, axis: axis, indices: indices)
    }
    return result
}

/// For every place of `index`, the element of `x` whose place along `axis` is the index's value.
///
///     out[i, j] = x[index[i, j], j] for axis 0,  x[i, index[i, j]] for axis 1
///
/// The index has the rank of `x`, and along the other axes at most its sizes.
///
/// - Throws: `shape`, naming both shapes; `index` naming index, position, axis and size.
public func gather(_ x: Tensor, axis: Int, index: Tensor) throws -> Tensor {
    let places = try FlatPlaces(of: index, in: x.shape, axis: axis, for: "gather")
    let taken = try takeRows(reshape(x, [x.count]), places.flat, name: "gather")
    return try reshape(taken, index.shape)
}

/// `x` with `source` added where `index` points along `axis`: the transpose of `gather`.
///
/// - Parameter source: of the index's shape.
/// - Throws: `shape`, naming the shapes; `index` naming index, position, axis and size.
public func scatterAdd(_ x: Tensor, axis: Int, index: Tensor, source: Tensor) throws -> Tensor {
    let places = try FlatPlaces(of: index, in: x.shape, axis: axis, for: "scatter_add")
    try checkSource(source, index, "scatter_add")
    let sums = try addRows(
        reshape(source.converted(to: x.dtype), [source.count]), places.flat, rows: x.count, name: "scatter_add")
    return try add(x, reshape(sums, x.shape))
}

/// `x` with the elements where `index` points along `axis` replaced by those of `source`.
///
/// Where two point to one place, the later one in row-major order wins, and only it gets a gradient.
///
/// - Parameter source: of the index's shape, or a single number of rank 0.
/// - Throws: `shape`, naming the shapes; `index` naming index, position, axis and size.
public func scatter(_ x: Tensor, axis: Int, index: Tensor, source: Tensor) throws -> Tensor {
    let places = try FlatPlaces(of: index, in: x.shape, axis: axis, for: "scatter")
    let source = source.rank == 0 ? try expand(source, to: index.shape) : source
    try checkSource(source, index, "scatter")
    let count = x.count
    let owner = try Tensor(uninitialized: [count], .i64)
    let isKept = try Tensor(uninitialized: x.shape, .bool)
    let wins = try Tensor(uninitialized: [source.count], .bool)
    let (targets, owners) = (places.flat.pointer(Int64.self), owner.pointer(Int64.self))
    for i in 0..<count { owners[i] = -1 }
    for i in 0..<source.count { owners[Int(targets[i])] = Int64(i) }
    let (kept, winners) = (isKept.pointer(UInt8.self), wins.pointer(UInt8.self))
    for i in 0..<count { kept[i] = owners[i] < 0 ? 1 : 0 }
    for i in 0..<source.count { winners[i] = owners[Int(targets[i])] == Int64(i) ? 1 : 0 }
    // Only winners are written, so adding them to zeros writes each place once.
    let won = try maskedSelect(reshape(source.converted(to: x.dtype), [source.count]), mask: wins)
    let wonPlaces = try maskedSelect(places.flat, mask: wins)
    if x.dtype == .bool {
        let written = try addRows(won.converted(to: .u8), wonPlaces, rows: count, name: "scatter")
        return try `where`(isKept, x, reshape(written, x.shape).converted(to: .bool))
    }
    let written = try addRows(won, wonPlaces, rows: count, name: "scatter")
    return try `where`(isKept, x, reshape(written, x.shape))
}

/// `x` with the rows of `source` added at `indices` along an axis.
///
///     out = x;  out[indices[i]] += source[i]  for axis 0
///
/// - Parameters:
///   - indices: rank 1, of the size that `source` has along the axis.
///   - source: like `x` along the other axes.
/// - Throws: `shape`, naming the shapes; `index` naming index, position, axis and size.
public func indexAdd(_ x: Tensor, axis: Int, indices: Tensor, source: Tensor) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "index_add")
    var expected = x.shape
    guard x.rank > 0, indices.rank == 1 else {
        throw TensorError(
            .shape,
            "index_add: the tensor has shape \(x.shape) and the indices \(indices.shape), expected indices of rank 1")
    }
    expected[axis] = indices.shape[0]
    guard source.shape == expected else {
        throw TensorError(.shape, "index_add: the source has shape \(source.shape), expected \(expected)")
    }
    let places = try checkedIndices(indices, size: x.shape[axis], axis: axis, for: "index_add")
    let order = [axis] + x.shape.indices.filter { $0 != axis }
    let rows = try permute(source.converted(to: x.dtype), order)
    let sums = try addRows(rows, places, rows: x.shape[axis], name: "index_add")
    let back = Array(1..<axis + 1) + [0] + Array(axis + 1..<x.rank)
    return try add(x, axis == 0 ? sums : permute(sums, back))
}

/// The elements of `x` where the mask holds, in row-major order, [found].
///
/// - Throws: `shape` for shapes that do not stretch to each other, `type` for a mask that is not bool.
public func maskedSelect(_ x: Tensor, mask: Tensor) throws -> Tensor {
    try checkMask(mask, "masked_select")
    let shape = try Shape.broadcast(x.shape, mask.shape, for: "masked_select")
    let spread = try expand(x, to: shape)
    let flags = try expand(mask.detached(), to: shape).contiguous()
    defer { withExtendedLifetime(flags) {} }
    let source = flags.pointer(UInt8.self)
    let count = flags.count
    var found = 0
    for i in 0..<count where source[i] != 0 { found += 1 }
    let places = try Tensor(uninitialized: [found], .i64)
    let out = places.pointer(Int64.self)
    var next = 0
    for i in 0..<count where source[i] != 0 {
        out[next] = Int64(i)
        next += 1
    }
    return try takeRows(reshape(spread, [count]), places, name: "masked_select")
}

/// `x` with `value` where the mask holds; the mask stretches to the shape of `x`.
///
/// - Throws: `shape` for shapes that do not stretch to each other, `type` for a mask that is not bool.
public func maskedFill(_ x: Tensor, mask: Tensor, value: Double) throws -> Tensor {
    try checkMask(mask, "masked_fill")
    let shape = try Shape.broadcast(x.shape, mask.shape, for: "masked_fill")
    guard shape == x.shape else {
        throw TensorError(
            .shape, "masked_fill: the mask of shape \(mask.shape) does not stretch to the tensor's \(x.shape)")
    }
    let filler = try Tensor.filled(value, shape: [], x.dtype)
    let result = try `where`(mask, filler, x)
    result.unit = x.unit
    return result
}

/// Rows of zeros with a 1 at each label: f32 of the labels' shape and `classes` behind it.
///
/// - Throws: `index` naming the label, its row and the number of classes; `type` for labels that are not whole numbers.
public func oneHot(_ labels: Tensor, classes: Int) throws -> Tensor {
    guard classes >= 0 else {
        throw TensorError(.value, "one_hot: the number of classes is \(classes), expected 0 or more")
    }
    let targets = try ClassLabels(labels, classes: classes, name: "one_hot")
    return try Tensor.operation(
        "one_hot", [labels], shape: labels.shape + [classes], dtype: .f32,
        pullback: .none(because: "labels are whole numbers")
    ) { output in
        let out = output.pointer(Float.self)
        output.base.initializeMemory(as: UInt8.self, repeating: 0, count: output.count * 4)
        let source = targets.values.pointer(Int64.self)
        for i in 0..<targets.values.count { out[i * classes + Int(source[i])] = 1 }
    }
}

/// How often each number from 0 comes: i64 of [the largest number + 1], or longer for `minimumLength`.
///
/// - Throws: `value` for a negative number; `type` for real numbers.
public func bincount(_ x: Tensor, minimumLength: Int = 0) throws -> Tensor {
    guard x.dtype.isInteger, minimumLength >= 0 else {
        throw TensorError(
            .type,
            "bincount: found \(x.dtype.name) and a length of \(minimumLength), expected whole numbers and 0 or more")
    }
    let values = try x.detached().converted(to: .i64).packed()
    defer { withExtendedLifetime(values) {} }
    let source = values.pointer(Int64.self)
    var length = minimumLength
    for i in 0..<values.count {
        guard source[i] >= 0, source[i] < Int64.max else {
            throw TensorError(
                .value,
                "bincount: found \(source[i])\(positionText(i, in: x.shape)), expected a number from 0 that can be counted to"
            )
        }
        length = max(length, Int(source[i]) + 1)
    }
    return try Tensor.operation(
        "bincount", [x], shape: [length], dtype: .i64, pullback: .none(because: "counts are whole numbers")
    ) { output in
        let counts = output.pointer(Int64.self)
        for i in 0..<length { counts[i] = 0 }
        for i in 0..<values.count { counts[Int(source[i])] += 1 }
    }
}

/// The flat places in a tensor that an index along one axis points to.
private struct FlatPlaces {
    let flat: Tensor

    init(of index: Tensor, in shape: [Int], axis: Int, for name: String) throws {
        let axis = try Shape.axis(axis, rank: shape.count, for: name)
        guard index.rank == shape.count else {
            throw TensorError(
                .shape, "\(name): the index has shape \(index.shape), the tensor \(shape); both must have one rank")
        }
        for other in shape.indices where other != axis && index.shape[other] > shape[other] {
            throw TensorError(
                .shape, "\(name): the index has shape \(index.shape), the tensor \(shape)",
                label: "axis \(other) has \(index.shape[other]) in the index and \(shape[other]) in the tensor")
        }
        let places = try checkedIndices(
            index, size: shape.isEmpty ? 1 : shape[axis], axis: axis, for: name)
        guard !shape.isEmpty else {
            flat = try reshape(places, [1])
            return
        }
        let result = try Tensor(uninitialized: [index.count], .i64)
        let strides = Shape.contiguousStrides(shape)
        let (source, out) = (places.pointer(Int64.self), result.pointer(Int64.self))
        // Rows of the last axis; the outer axes count up like an odometer.
        let rowLength = index.shape[index.rank - 1]
        var position = [Int](repeating: 0, count: shape.count)
        let lastStep = axis == shape.count - 1 ? 0 : 1
        for row in 0..<(rowLength == 0 ? 0 : index.count / rowLength) {
            var base = 0
            for other in 0..<shape.count - 1 where other != axis { base += position[other] * strides[other] }
            let step = strides[axis]
            for i in 0..<rowLength {
                out[row * rowLength + i] = Int64(base + i * lastStep + Int(source[row * rowLength + i]) * step)
            }
            for other in stride(from: shape.count - 2, through: 0, by: -1) {
                position[other] += 1
                if position[other] < index.shape[other] { break }
                position[other] = 0
            }
        }
        withExtendedLifetime(places) {}
        flat = result
    }
}

private func checkSource(_ source: Tensor, _ index: Tensor, _ name: String) throws {
    guard source.shape == index.shape else {
        throw TensorError(
            .shape, "\(name): the source has shape \(source.shape), expected the index's \(index.shape)")
    }
}

/// - Throws: `type` unless the mask is bool.
func checkMask(_ mask: Tensor, _ name: String) throws {
    guard mask.dtype == .bool else {
        throw TensorError(
            .type, "\(name): the mask is of type \(mask.dtype.name), expected bool", hint: "compare: mask != 0")
    }
}

/// Class numbers checked against the number of classes.
struct ClassLabels {
    /// Contiguous i64 of the labels' shape; ignored ones are −1.
    let values: Tensor
    /// How many are not ignored.
    let countedRows: Int

    /// - Throws: `type` unless labels are whole numbers; `index` naming label, row and classes.
    init(_ labels: Tensor, classes: Int, ignoring ignored: Int? = nil, name: String) throws {
        guard labels.dtype.isInteger else {
            throw TensorError(
                .type, "\(name): labels must be whole numbers, found \(labels.dtype.name)",
                hint: "convert them first: int(labels)")
        }
        let source = try labels.detached().converted(to: .i64).packed()
        defer { withExtendedLifetime(source) {} }
        let checked = try Tensor(uninitialized: labels.shape, .i64)
        let (from, to) = (source.pointer(Int64.self), checked.pointer(Int64.self))
        var counted = 0
        for i in 0..<source.count {
            let label = from[i]
            if let ignored, label == Int64(ignored) {
                to[i] = -1
                continue
            }
            guard label >= 0, label < Int64(classes) else {
                let row = labels.rank == 1 ? " in row \(i)" : positionText(i, in: labels.shape)
                throw TensorError(
                    .index, "\(name): label \(label)\(row) is outside the \(classes) classes",
                    hint: classes == 0 ? "there are no classes" : "labels go from 0 to \(classes - 1)")
            }
            to[i] = label
            counted += 1
        }
        values = checked
        countedRows = counted
    }
}

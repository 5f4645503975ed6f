import KernelTable

// The same elements in another order or shape. All keep the unit. Views share the storage; only reshape of a strided
// tensor, concatenate, pad and roll copy.
//
//   reshape flatten squeeze unsqueeze      other sizes, same order
//   permute transpose flip slice expand    other strides
//   concatenate stack split pad roll tile  several pieces

/// The same elements in row-major order under another shape; one size may be -1 and is then computed.
///
/// - Throws: `shape` when the number of elements differs.
public func reshape(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
    let target = try resolvedShape(x, shape)
    if target == x.shape { return x }
    let original = x.shape
    if let strides = stridesOfReshape(x, target) {
        return Tensor.view(
            "reshape", of: x, shape: target, strides: strides, offset: x.offset, unit: x.unit,
            pullback: .rule { gradient in [try reshape(gradient, original)] })
    }
    return try reshape(x.copied(), target)
}

/// Another tensor of the same values, which can be given a mask or a unit of its own.
public func renewed(_ x: Tensor) -> Tensor {
    Tensor.view(
        "view", of: x, shape: x.shape, strides: x.strides, offset: x.offset, unit: x.unit,
        pullback: .rule { gradient in [gradient] })
}

private func resolvedShape(_ x: Tensor, _ shape: [Int]) throws -> [Int] {
    var unknown: Int?
    for (axis, size) in shape.enumerated() where size < 0 {
        guard size == -1, unknown == nil else {
            throw TensorError(.shape, "reshape: \(shape) is no shape", hint: "only one size may be -1")
        }
        unknown = axis
    }
    let known = try Shape.count(shape.map { Swift.max($0, $0 == -1 ? 1 : 0) })
    if let unknown {
        guard known > 0, x.count % known == 0 else {
            throw TensorError(
                .shape, "reshape: the \(x.count) elements of \(x.shape) cannot be laid out as \(shape)",
                label: known > 0 ? "\(x.count) is not a multiple of \(known)" : "the size of -1 could be anything")
        }
        var result = shape
        result[unknown] = x.count / known
        return result
    }
    guard known == x.count else {
        throw TensorError(
            .shape, "reshape: the \(x.count) elements of \(x.shape) cannot be laid out as \(shape)",
            label: "that shape has \(known) elements")
    }
    return shape
}

/// The strides under which a strided tensor has another shape without a copy, if there are such.
private func stridesOfReshape(_ x: Tensor, _ target: [Int]) -> [Int]? {
    if x.isContiguous { return Shape.contiguousStrides(target) }
    let layout = Layout(x.shape, x.strides)
    var strides = [Int](repeating: 1, count: target.count)
    var axis = target.count - 1
    for group in layout.shape.indices.reversed() {
        var step = layout.strides[group]
        var left = layout.shape[group]
        while left > 1 {
            guard axis >= 0 else { return nil }
            let size = target[axis]
            if size != 1 {
                guard left % size == 0 else { return nil }
                left /= size
            }
            strides[axis] = step
            step *= size
            axis -= 1
        }
    }
    return strides
}

/// Joins the axes from `start` to `end` into one.
public func flatten(_ x: Tensor, start: Int = 0, end: Int = -1) throws -> Tensor {
    if x.rank == 0 { return try reshape(x, [1]) }
    let first = try Shape.axis(start, rank: x.rank, for: "flatten")
    let last = try Shape.axis(end, rank: x.rank, for: "flatten")
    guard first <= last else {
        throw TensorError(.index, "flatten: the first axis, \(start), comes after the last, \(end)")
    }
    let joined = x.shape[first...last].reduce(1, *)
    return try reshape(x, Array(x.shape[..<first]) + [joined] + Array(x.shape[(last + 1)...]))
}

/// Takes away an axis of size 1, or all of them.
///
/// - Throws: `shape` when the axis has another size.
public func squeeze(_ x: Tensor, _ axis: Int? = nil) throws -> Tensor {
    guard let axis else { return try reshape(x, x.shape.filter { $0 != 1 }) }
    if x.rank == 0, axis == 0 || axis == -1 { return x }
    let resolved = try Shape.axis(axis, rank: x.rank, for: "squeeze")
    guard x.shape[resolved] == 1 else {
        throw TensorError(.shape, "squeeze: axis \(axis) of \(x.shape) has size \(x.shape[resolved]), not 1")
    }
    var shape = x.shape
    shape.remove(at: resolved)
    return try reshape(x, shape)
}

/// Puts in an axis of size 1 so that it is axis number `axis` of the result.
public func unsqueeze(_ x: Tensor, _ axis: Int) throws -> Tensor {
    let resolved = try Shape.axis(axis, rank: x.rank + 1, for: "unsqueeze")
    var (shape, strides) = (x.shape, x.strides)
    shape.insert(1, at: resolved)
    strides.insert(1, at: resolved)
    let original = x.shape
    return Tensor.view(
        "unsqueeze", of: x, shape: shape, strides: strides, offset: x.offset, unit: x.unit,
        pullback: .rule { gradient in [try reshape(gradient, original)] })
}

/// The axes in another order: axis i of the result is axis `order[i]` of x.
///
/// - Throws: `index` unless `order` names every axis once.
public func permute(_ x: Tensor, _ order: [Int]) throws -> Tensor {
    var inverse = [Int](repeating: -1, count: x.rank)
    guard order.count == x.rank else {
        throw TensorError(.index, "permute: \(order) does not name the \(x.rank) axes of \(x.shape)")
    }
    var shape: [Int] = []
    var strides: [Int] = []
    for (place, axis) in order.enumerated() {
        let resolved = try Shape.axis(axis, rank: x.rank, for: "permute")
        guard inverse[resolved] < 0 else {
            throw TensorError(.index, "permute: \(order) names axis \(resolved) twice")
        }
        inverse[resolved] = place
        shape.append(x.shape[resolved])
        strides.append(x.strides[resolved])
    }
    let back = inverse
    return Tensor.view(
        "permute", of: x, shape: shape, strides: strides, offset: x.offset, unit: x.unit,
        pullback: .rule { gradient in [try permute(gradient, back)] })
}

/// Exchanges two axes.
public func transpose(_ x: Tensor, _ first: Int = -2, _ second: Int = -1) throws -> Tensor {
    let i = try Shape.axis(first, rank: x.rank, for: "transpose")
    let j = try Shape.axis(second, rank: x.rank, for: "transpose")
    if i == j { return x }
    var (shape, strides) = (x.shape, x.strides)
    shape.swapAt(i, j)
    strides.swapAt(i, j)
    return Tensor.view(
        "transpose", of: x, shape: shape, strides: strides, offset: x.offset, unit: x.unit,
        pullback: .rule { gradient in [try transpose(gradient, i, j)] })
}

/// Repeats axes of size 1, and new axes in front, without a copy.
///
/// - Throws: `shape` when another size would have to change.
public func expand(_ x: Tensor, to shape: [Int]) throws -> Tensor {
    if shape == x.shape { return x }
    _ = try Shape.count(shape)
    let added = shape.count - x.rank
    var strides = [Int](repeating: 0, count: shape.count)
    var fits = added >= 0
    if fits {
        for axis in x.shape.indices {
            if x.shape[axis] == shape[axis + added] {
                strides[axis + added] = x.strides[axis]
            } else if x.shape[axis] != 1 {
                fits = false
            }
        }
    }
    guard fits else {
        throw TensorError(
            .shape, "expand: \(x.shape) does not stretch to \(shape)",
            hint: "only axes of size 1 can be repeated, and new axes go in front")
    }
    let original = x.shape
    return Tensor.view(
        "expand", of: x, shape: shape, strides: strides, offset: x.offset, unit: x.unit,
        pullback: .rule { gradient in [try reduced(gradient, to: original)] })
}

/// The inverse of `expand`: sums over the axes that broadcasting repeated.
public func reduced(_ x: Tensor, to shape: [Int]) throws -> Tensor {
    if x.shape == shape { return x }
    let added = x.rank - shape.count
    guard added >= 0 else {
        throw TensorError(.shape, "reduced: \(x.shape) is not \(shape) stretched out")
    }
    var axes = Array(0..<added)
    for axis in shape.indices where shape[axis] != x.shape[axis + added] {
        guard shape[axis] == 1 else {
            throw TensorError(.shape, "reduced: \(x.shape) is not \(shape) stretched out")
        }
        axes.append(axis + added)
    }
    return try reshape(sum(x, dims: axes, keepdim: true), shape)
}

/// The elements `start`, `start + step`, … before `stop` along one axis, with Python's rules: bounds may be left out or
/// count from the end, they are cut to the size, and a negative step goes backwards.
///
/// - Throws: `value` for a step of zero, `index` when there is no such axis.
public func slice(
    _ x: Tensor, axis: Int, start: Int? = nil, stop: Int? = nil, step: Int = 1
) throws -> Tensor {
    guard x.rank > 0 else { throw TensorError(.index, "slice: a tensor of rank 0 has no axis to slice") }
    let axis = try Shape.axis(axis, rank: x.rank, for: "slice")
    guard step != 0 else { throw TensorError(.value, "slice: the step is zero") }
    let size = x.shape[axis]
    let (first, count) = sliceBounds(size: size, start: start, stop: stop, step: step)
    if first == 0, count == size, step == 1 { return x }
    var (shape, strides) = (x.shape, x.strides)
    shape[axis] = count
    strides[axis] = x.strides[axis] &* step
    let original = x.shape
    let result = Tensor.view(
        "slice", of: x, shape: shape, strides: strides,
        offset: count == 0 ? x.offset : x.offset + first * x.strides[axis],
        unit: x.unit, pullback: .rule { gradient in [try unslice(gradient, original, axis, first, step)] })
    if let mask = x.mask, axis < mask.rank {
        result.mask = try slice(mask, axis: axis, start: start, stop: stop, step: step)
    }
    return result
}

/// Where a slice begins, and how many elements it has.
private func sliceBounds(size: Int, start: Int?, stop: Int?, step: Int) -> (first: Int, count: Int) {
    func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
        Swift.min(Swift.max(bound < 0 ? bound &+ size : bound, low), high)
    }
    let first: Int
    let last: Int
    if step > 0 {
        first = start.map { clamped($0, 0, size) } ?? 0
        last = stop.map { clamped($0, 0, size) } ?? size
        return (first, last > first ? (last - first - 1) / step + 1 : 0)
    }
    first = start.map { clamped($0, -1, size - 1) } ?? size - 1
    last = stop.map { clamped($0, -1, size - 1) } ?? -1
    return (first, first > last ? Int(clamping: UInt(first - last - 1) / step.magnitude) + 1 : 0)
}

/// The pullback of `slice`: zeros of `shape` with x at the sliced places.
private func unslice(_ x: Tensor, _ shape: [Int], _ axis: Int, _ first: Int, _ step: Int) throws -> Tensor {
    let count = x.shape[axis]
    let pullback = Pullback.rule { gradient in [try slicePlaces(gradient, axis, first, count, step)] }
    return try Tensor.operation("unslice", [x], shape: shape, dtype: x.dtype, pullback: pullback) { output in
        try memset0(output)
        guard x.count > 0 else { return }
        var strides = output.strides
        let offset = first * strides[axis]
        strides[axis] *= step
        try output.aliased(shape: x.shape, strides: strides, offset: offset).scatter(x.packed())
    }
}

/// Fills a fresh tensor with zeros.
func memset0(_ output: Tensor) throws {
    let base = output.base
    try ThreadPool.parallel(output.count * output.dtype.size, grain: 1 << 20) { range in
        (base + range.lowerBound).initializeMemory(as: UInt8.self, repeating: 0, count: range.count)
    }
}

/// `count` places along an axis from `first` in steps, for the pullback of a pullback.
private func slicePlaces(_ x: Tensor, _ axis: Int, _ first: Int, _ count: Int, _ step: Int) throws -> Tensor {
    if count == 0 { return try slice(x, axis: axis, start: 0, stop: 0) }
    if step > 0 { return try slice(x, axis: axis, start: first, stop: first + (count - 1) * step + 1, step: step) }
    let end = first + (count - 1) * step - 1
    return try slice(x, axis: axis, start: first, stop: end < 0 ? nil : end, step: step)
}

/// The elements along one axis, or several, in the opposite order.
public func flip(_ x: Tensor, _ axes: [Int]) throws -> Tensor {
    var result = x
    for axis in try reductionAxes(axes, of: x, for: "flip") { result = try slice(result, axis: axis, step: -1) }
    return result
}

/// The elements moved along an axis by `shift` places; what falls off the end comes in at the front.
public func roll(_ x: Tensor, _ shift: Int, axis: Int) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "roll")
    guard x.rank > 0, x.shape[axis] > 0 else { return x }
    let size = x.shape[axis]
    let places = (shift % size + size) % size
    if places == 0 { return x }
    return try concatenate(
        [slice(x, axis: axis, start: size - places), slice(x, axis: axis, start: 0, stop: size - places)], axis)
}

/// The whole tensor `counts[i]` times along axis i; further counts make axes in front.
///
/// - Throws: `shape` for fewer counts than axes or a negative one.
public func tile(_ x: Tensor, _ counts: [Int]) throws -> Tensor {
    guard counts.count >= x.rank, counts.allSatisfy({ $0 >= 0 }) else {
        throw TensorError(
            .shape, "tile: \(counts) does not say how often each of the \(x.rank) axes of \(x.shape) is repeated")
    }
    let shape = [Int](repeating: 1, count: counts.count - x.rank) + x.shape
    var single: [Int] = []
    var repeated: [Int] = []
    var result: [Int] = []
    for (count, size) in zip(counts, shape) {
        single += [1, size]
        repeated += [count, size]
        result.append(try Shape.count([count, size]))
    }
    _ = try Shape.count(result)
    return try reshape(expand(reshape(x, single), to: repeated), result)
}

/// Each element `count` times in a row along an axis.
public func repeatInterleave(_ x: Tensor, _ count: Int, axis: Int) throws -> Tensor {
    guard count >= 0 else { throw TensorError(.value, "repeat_interleave: the count is \(count)") }
    let x = x.rank == 0 ? try reshape(x, [1]) : x
    let axis = try Shape.axis(axis, rank: x.rank, for: "repeat_interleave")
    var repeated = x.shape
    repeated.insert(count, at: axis + 1)
    var shape = x.shape
    shape[axis] = try Shape.count([shape[axis], count])
    return try reshape(expand(unsqueeze(x, axis + 1), to: repeated), shape)
}

/// The tensors one after the other along an existing axis.
///
/// - Throws: `shape` for no tensors, or sizes that differ along another axis.
public func concatenate(_ tensors: [Tensor], _ axis: Int = 0) throws -> Tensor {
    guard let first = tensors.first else {
        throw TensorError(.shape, "cat: there is nothing to concatenate", hint: "give at least one tensor")
    }
    guard first.rank > 0 else {
        throw TensorError(.shape, "cat: single numbers have no axis", hint: "use stack")
    }
    let axis = try Shape.axis(axis, rank: first.rank, for: "cat")
    var dtype = first.dtype
    var shape = first.shape
    shape[axis] = 0
    for (number, tensor) in tensors.enumerated() {
        var other = tensor.shape
        if other.indices.contains(axis) { other[axis] = first.shape[axis] }
        guard other == first.shape else {
            throw TensorError(
                .shape, "cat: shapes do not fit: \(first.shape) and \(tensor.shape)",
                label: "tensor \(number + 1) differs from the first beside axis \(axis)")
        }
        shape[axis] = try sizeSum(shape[axis], tensor.shape[axis])
        dtype = DType.promoted(dtype, tensor.dtype)
    }
    if tensors.count == 1 { return first }
    let inputs = try tensors.map { try $0.converted(to: dtype) }
    let sizes = inputs.map { $0.shape[axis] }
    let pullback = Pullback.rule { gradient in try split(gradient, sizes: sizes, axis) }
    return try Tensor.operation(
        "concatenate", inputs, shape: shape, dtype: dtype, unit: Unit.common(tensors), pullback: pullback
    ) { output in
        var start = 0
        for input in inputs {
            defer { start += input.shape[axis] }
            guard input.count > 0 else { continue }
            let place = output.aliased(
                shape: input.shape, strides: output.strides, offset: start * output.strides[axis])
            try place.scatter(input.packed())
        }
    }
}

private func sizeSum(_ a: Int, _ b: Int) throws -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { throw TensorError(.memory, "an axis would have more elements than can be counted") }
    return sum
}

/// Tensors of one shape side by side along a new axis.
public func stack(_ tensors: [Tensor], _ axis: Int = 0) throws -> Tensor {
    for tensor in tensors where tensor.shape != tensors[0].shape {
        throw TensorError(.shape, "stack: shapes differ: \(tensors[0].shape) and \(tensor.shape)")
    }
    guard let rank = tensors.first?.rank else {
        throw TensorError(.shape, "stack: there is nothing to stack", hint: "give at least one tensor")
    }
    let axis = try Shape.axis(axis, rank: rank + 1, for: "stack")
    return try concatenate(tensors.map { try unsqueeze($0, axis) }, axis)
}

/// Views of consecutive pieces of the given sizes along an axis.
///
/// - Throws: `shape` unless the sizes add up to the axis.
public func split(_ x: Tensor, sizes: [Int], _ axis: Int = 0) throws -> [Tensor] {
    guard x.rank > 0 else { throw TensorError(.index, "split: a tensor of rank 0 has no axis to split") }
    let axis = try Shape.axis(axis, rank: x.rank, for: "split")
    let total = try sizes.reduce(0) { try sizeSum($0, $1) }
    guard sizes.allSatisfy({ $0 >= 0 }), total == x.shape[axis] else {
        throw TensorError(
            .shape,
            "split: the sizes \(sizes) do not add up to \(x.shape[axis]), the size of axis \(axis) of \(x.shape)")
    }
    var start = 0
    return try sizes.map { size in
        defer { start += size }
        return try slice(x, axis: axis, start: start, stop: start + size)
    }
}

/// Views of pieces of `chunk` elements along an axis; the last may be shorter.
public func split(_ x: Tensor, chunk: Int, _ axis: Int = 0) throws -> [Tensor] {
    guard x.rank > 0 else { throw TensorError(.index, "split: a tensor of rank 0 has no axis to split") }
    let axis = try Shape.axis(axis, rank: x.rank, for: "split")
    guard chunk > 0 else { throw TensorError(.value, "split: pieces of size \(chunk)") }
    let size = x.shape[axis]
    var sizes = [Int](repeating: chunk, count: size / chunk)
    if size % chunk > 0 || size == 0 { sizes.append(size % chunk) }
    return try split(x, sizes: sizes, axis)
}

/// Puts `value` around the tensor: (before, after) for each axis, first axis first.
///
/// - Throws: `shape` unless there is one pair of non-negative numbers for each axis.
public func pad(_ x: Tensor, _ widths: [(Int, Int)], value: Double = 0) throws -> Tensor {
    guard widths.count == x.rank, widths.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 }) else {
        throw TensorError(
            .shape,
            "pad: \(widths.map { [$0.0, $0.1] }) does not give two widths for each of the \(x.rank) axes of \(x.shape)",
            hint: "widths are pairs (before, after) and not negative")
    }
    if widths.allSatisfy({ $0 == (0, 0) }) { return x }
    var shape: [Int] = []
    for (size, width) in zip(x.shape, widths) { shape.append(try sizeSum(sizeSum(size, width.0), width.1)) }
    let inner = x.shape
    let pullback = Pullback.rule { gradient in
        var result = gradient
        for (axis, width) in widths.enumerated() {
            result = try slice(result, axis: axis, start: width.0, stop: width.0 + inner[axis])
        }
        return [result]
    }
    return try Tensor.operation("pad", [x], shape: shape, dtype: x.dtype, unit: x.unit, pullback: pullback) { output in
        let filled = try Tensor.filled(value, shape: [1], x.dtype)
        kernel.fill(elementSize: x.dtype.size, output.base, with: filled.base, count: output.count)
        guard x.count > 0 else { return }
        let offset = zip(widths, output.strides).reduce(0) { $0 + $1.0.0 * $1.1 }
        try output.aliased(shape: x.shape, strides: output.strides, offset: offset).scatter(x.packed())
    }
}

/// The same values with no memory of how they came about: gradients stop here.
public func detach(_ x: Tensor) -> Tensor { x.detached() }

// x[items] with NumPy's meaning.
//
//   index            splits the items into basic and advanced ones
//     BasicView      numbers, slices and new axes: a view, no copy
//     AdvancedIndex  whole-number tensors, lists and masks: they stretch to one shape together and take rows

/// One item between the brackets of `x[…]`.
public enum IndexItem {
    /// One place along an axis, which disappears; negative counts from the end.
    case at(Int)
    /// `start..<stop` in steps; nil means from or to the end. Borders outside the axis are moved to its ends.
    case slice(start: Int?, stop: Int?, step: Int? = nil)
    /// As many whole axes as are not named.
    case ellipsis
    /// A new axis of size 1.
    case newAxis
    /// Several places along an axis.
    case list([Int])
    /// Places along an axis by a whole-number tensor of any shape, or a mask over one or several axes by a bool one.
    case tensor(Tensor)

    /// How many axes of the tensor this item speaks of.
    fileprivate var axes: Int {
        switch self {
        case .at, .slice, .list: 1
        case .ellipsis, .newAxis: 0
        case .tensor(let tensor): tensor.dtype == .bool ? tensor.rank : 1
        }
    }

    fileprivate var isAdvanced: Bool {
        switch self {
        case .list, .tensor: true
        default: false
        }
    }
}

/// Part of a tensor, by NumPy's rules: `x[0, 1:3, [2, 0]]`.
///
/// Numbers, slices, new axes and the ellipsis give a view. Whole-number tensors, lists and masks stretch to one shape
/// together; the axes of that shape stand where the first of them stood if they were neighbours, and in front otherwise.
/// Beside such items a number counts as one of them.
///
/// - Throws: `index` for too many items, a second ellipsis, or a place outside its axis, naming axis, index and size;
///   `shape` for a mask of another shape or lists that do not stretch to each other; `type` for real-number indices.
public func index(_ x: Tensor, by items: [IndexItem]) throws -> Tensor {
    var items = items
    let named = items.reduce(0) { $0 + $1.axes }
    let ellipses = items.indices.filter { if case .ellipsis = items[$0] { true } else { false } }
    guard ellipses.count <= 1 else {
        throw TensorError(.index, "\(ellipses.count) ellipses were given, there can be one")
    }
    guard named <= x.rank else {
        throw TensorError(
            .index, "\(named) axes are indexed, the tensor has \(x.rank): its shape is \(x.shape)")
    }
    let whole = [IndexItem](repeating: .slice(start: nil, stop: nil), count: x.rank - named)
    if let place = ellipses.first {
        items.replaceSubrange(place...place, with: whole)
    } else {
        items += whole
    }
    let result =
        items.contains(where: \.isAdvanced)
        // An ellipsis stands between its neighbours even when it stands for no axis.
        ? try AdvancedIndex(items, separator: whole.isEmpty ? ellipses.first : nil, shape: x.shape).apply(to: x)
        : try BasicView(items, shape: x.shape).view(of: x)
    if let mask = x.mask, let places = maskItems(items, rank: mask.rank) { result.mask = try index(mask, by: places) }
    return result
}

/// What is taken of a mask [B, T] when `items` are taken of its tensor; nil where the result has no such axes in front.
private func maskItems(_ items: [IndexItem], rank: Int) -> [IndexItem]? {
    let front = items.prefix(rank)
    let keepsAxes = front.allSatisfy {
        switch $0 {
        case .slice, .list: true
        case .tensor(let tensor): tensor.rank == 1
        case .at, .newAxis, .ellipsis: false
        }
    }
    let advanced = items.filter(\.isAdvanced).count
    let hasNumbers = items.contains { if case .at = $0 { true } else { false } }
    return front.count == rank && keepsAxes && (advanced == 0 || advanced == 1 && !hasNumbers) ? Array(front) : nil
}

/// The part of `x` at one place of an axis, which disappears; a view.
///
/// - Throws: `index` naming axis, index and size.
public func select(_ x: Tensor, axis: Int, index place: Int) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "select")
    guard x.rank > 0 else {
        throw TensorError(.index, "select: a tensor of rank 0 has no axis to select from", hint: "it is one number")
    }
    var items = [IndexItem](repeating: .slice(start: nil, stop: nil), count: x.rank)
    items[axis] = .at(place)
    return try BasicView(items, shape: x.shape, name: "select").view(of: x)
}

/// A view made of numbers, slices and new axes: where it starts, and which axis goes on in which steps.
private struct BasicView {
    let name: String
    let source: [Int]
    /// The first element along each axis of the source.
    private(set) var starts: [Int] = []
    /// Of each axis of the result: the source's axis, nil for a new one; its size; its step.
    private(set) var axes: [(source: Int?, size: Int, step: Int)] = []

    /// - Parameter items: one for each axis of the shape, and new axes.
    init(_ items: [IndexItem], shape: [Int], name: String = "index") throws {
        (self.name, source) = (name, shape)
        for item in items {
            let axis = starts.count
            switch item {
            case .newAxis: axes.append((nil, 1, 0))
            case .at(let place):
                let resolved = place < 0 ? place &+ shape[axis] : place
                guard resolved >= 0, resolved < shape[axis] else {
                    let prefix = name == "index" ? "" : "\(name): "
                    throw TensorError(
                        .index, "\(prefix)index \(place) is outside axis \(axis) of size \(shape[axis])",
                        hint: shape[axis] == 0
                            ? "the axis is empty" : "indices go from \(-shape[axis]) to \(shape[axis] - 1)")
                }
                starts.append(resolved)
            case .slice(let start, let stop, let step):
                let cut = try SliceRange(start, stop, step, size: shape[axis], name: name)
                starts.append(cut.start)
                axes.append((axis, cut.count, cut.step))
            case .ellipsis, .list, .tensor: preconditionFailure("not a basic index")
            }
        }
    }

    var shape: [Int] { axes.map(\.size) }

    var isWhole: Bool {
        axes.count == source.count && starts.allSatisfy { $0 == 0 }
            && axes.enumerated().allSatisfy { $1.source == $0 && $1.size == source[$0] && $1.step == 1 }
    }

    private func strides(over source: [Int]) -> [Int] {
        axes.map { axis in axis.source.map { source[$0] &* axis.step } ?? 0 }
    }

    private func offset(over strides: [Int]) -> Int {
        // An empty view has no first element; any place inside the storage does.
        shape.contains(0) ? 0 : zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
    }

    func view(of x: Tensor) throws -> Tensor {
        if isWhole { return x }
        return Tensor.view(
            name, of: x, shape: shape, strides: strides(over: x.strides),
            offset: x.offset + offset(over: x.strides), unit: x.unit,
            pullback: .rule { gradient in [try place(gradient)] })
    }

    /// Zeros of the source's shape with `values` in this view's place; the gradient of `view`.
    func place(_ values: Tensor) throws -> Tensor {
        try Tensor.operation(
            name + " gradient", [values], shape: source, dtype: values.dtype,
            pullback: .rule { gradient in [try view(of: gradient)] }
        ) { output in
            output.base.initializeMemory(as: UInt8.self, repeating: 0, count: output.count * output.dtype.size)
            if values.count == 0 { return }
            let from = try values.packed()
            defer { withExtendedLifetime(from) {} }
            let size = output.dtype.size
            kernel.scatterStrided(
                elementSize: size, from.base, output.base + offset(over: output.strides) * size, shape: shape,
                strides: strides(over: output.strides), rank: shape.count)
        }
    }
}

/// `start:stop:step` resolved against an axis, as Python does.
struct SliceRange {
    let start: Int
    let count: Int
    let step: Int

    /// - Throws: `value` for a step of 0.
    init(_ start: Int?, _ stop: Int?, _ step: Int?, size: Int, name: String) throws {
        let step = step ?? 1
        guard step != 0 else {
            throw TensorError(.value, "the step of a slice is 0, expected another number")
        }
        let lowest = step > 0 ? 0 : -1
        let highest = step > 0 ? size : size - 1
        func border(_ value: Int?, _ otherwise: Int) -> Int {
            guard let value else { return otherwise }
            let resolved = value < 0 ? value &+ size : value
            return min(max(resolved, lowest), highest)
        }
        let first = border(start, step > 0 ? lowest : highest)
        let last = border(stop, step > 0 ? highest : lowest)
        let distance = step > 0 ? last - first : first - last
        self.start = distance > 0 ? first : 0
        if distance <= 0 {
            count = 0
        } else {
            count = (distance - 1) / Int(min(step.magnitude, UInt(Int.max))) + 1
        }
        // The step of an axis of one element or none is never taken; a huge one would overflow the strides.
        self.step = count > 1 ? step : 1
    }
}

/// Indexing by whole-number tensors, lists and masks, with or without basic items beside them.
private struct AdvancedIndex {
    /// The basic items, with whole slices where advanced ones stand.
    private var basic: [IndexItem] = []
    /// The advanced tensors with the axis of the *basic view* each one speaks of, and of the source for errors.
    private var advanced: [(tensor: Tensor, viewAxis: Int, sourceAxis: Int)] = []
    private var areNeighbours = true
    private let source: [Int]

    init(_ items: [IndexItem], separator: Int?, shape: [Int]) throws {
        source = shape
        var sourceAxis = 0
        var viewAxis = 0
        var isClosed = false
        for (position, item) in items.enumerated() {
            if position == separator, !advanced.isEmpty { isClosed = true }
            let tensors: [Tensor]
            switch item {
            case .at(let place): tensors = [try Tensor.places([place], shape: [])]
            case .list(let places): tensors = [try Tensor.places(places, shape: [places.count])]
            case .tensor(let tensor) where tensor.dtype == .bool:
                tensors = try AdvancedIndex.places(of: tensor, over: shape, from: sourceAxis)
            case .tensor(let tensor): tensors = [tensor]
            case .slice, .newAxis, .ellipsis: tensors = []
            }
            if tensors.isEmpty, !item.isAdvanced {
                basic.append(item)
                if !advanced.isEmpty { isClosed = true }
                if item.axes == 1 { sourceAxis += 1 }
                viewAxis += 1
                continue
            }
            if isClosed { areNeighbours = false }
            for tensor in tensors {
                basic.append(.slice(start: nil, stop: nil))
                advanced.append((tensor, viewAxis, sourceAxis))
                sourceAxis += 1
                viewAxis += 1
            }
        }
    }

    /// The places where a mask holds, one tensor for each of its axes.
    private static func places(of mask: Tensor, over shape: [Int], from axis: Int) throws -> [Tensor] {
        guard mask.rank > 0 else {
            throw TensorError(.shape, "a mask of rank 0 was found, expected one with an axis of the tensor")
        }
        let expected = Array(shape[axis..<axis + mask.rank])
        guard mask.shape == expected else {
            throw TensorError(
                .shape, "the mask has shape \(mask.shape), the axes it stands for \(expected)",
                hint: "compare the tensor itself: x[x > 0]")
        }
        let found = try nonzero(mask)
        return try (0..<mask.rank).map { try select(found, axis: 1, index: $0) }
    }

    func apply(to x: Tensor) throws -> Tensor {
        let view = try BasicView(basic, shape: source).view(of: x)
        var shape: [Int] = []
        for item in advanced { shape = try Shape.broadcast(shape, item.tensor.shape, for: "index") }
        let axes = advanced.map(\.viewAxis)
        var flat: Tensor?
        for item in advanced {
            let size = view.shape[item.viewAxis]
            let checked = try checkedIndices(item.tensor, size: size, axis: item.sourceAxis, for: "index")
            let spread = try expand(checked, to: shape).contiguous()
            flat = try flat.map { try AdvancedIndex.combine($0, spread, size: size) } ?? spread
        }
        guard let places = flat else { return view }
        // The indexed axes to the front, as one axis of rows.
        let others = (0..<view.rank).filter { !axes.contains($0) }
        let order = axes + others
        let ordered = order == Array(0..<view.rank) ? view : try permute(view, order)
        let rows = axes.reduce(1) { $0 * view.shape[$1] }
        let rest = others.map { view.shape[$0] }
        let table = try reshape(ordered, [rows] + rest)
        let taken = try reshape(takeRows(table, places, name: "index"), shape + rest)
        guard areNeighbours, let first = axes.first, first > 0 else { return taken }
        // Back to where the first indexed axis stood: `first` axes go in front of the indices' shape.
        let front = Array(shape.count..<shape.count + first)
        let back = Array(shape.count + first..<taken.rank)
        return try permute(taken, front + Array(0..<shape.count) + back)
    }

    /// `a · size + b`, the flat place of two axes.
    private static func combine(_ a: Tensor, _ b: Tensor, size: Int) throws -> Tensor {
        let result = try Tensor(uninitialized: a.shape, .i64)
        let (left, right, out) = (a.pointer(Int64.self), b.pointer(Int64.self), result.pointer(Int64.self))
        for i in 0..<result.count { out[i] = left[i] &* Int64(size) &+ right[i] }
        return result
    }
}

extension Tensor {
    /// Whole numbers as an i64 tensor.
    static func places(_ values: [Int], shape: [Int]) throws -> Tensor {
        let result = try Tensor(uninitialized: shape, .i64)
        let out = result.pointer(Int64.self)
        for (i, value) in values.enumerated() { out[i] = Int64(value) }
        return result
    }
}

/// The positions of the elements that are not 0, [found, rank] of i64 in row-major order.
public func nonzero(_ x: Tensor) throws -> Tensor {
    let flags = try nonzeroFlags(x)
    defer { withExtendedLifetime(flags) {} }
    let source = flags.pointer(UInt8.self)
    let count = flags.count
    var found = 0
    for i in 0..<count where source[i] != 0 { found += 1 }
    let rank = x.rank
    let shape = x.shape
    return try Tensor.operation(
        "nonzero", [x], shape: [found, rank], dtype: .i64, pullback: .none(because: "positions are whole numbers")
    ) { output in
        let out = output.pointer(Int64.self)
        var row = 0
        for i in 0..<count where source[i] != 0 {
            var rest = i
            for axis in stride(from: rank - 1, through: 0, by: -1) {
                out[row * rank + axis] = Int64(rest % shape[axis])
                rest /= shape[axis]
            }
            row += 1
        }
    }
}

/// One byte for each element, not 0 where the element is not 0; NaN is not 0.
func nonzeroFlags(_ x: Tensor) throws -> Tensor {
    let source = try x.packed()
    if x.dtype == .bool || x.dtype == .u8 { return source }
    defer { withExtendedLifetime(source) {} }
    let flags = try Tensor(uninitialized: x.shape, .bool)
    let out = flags.pointer(UInt8.self)
    func fill<S: Numeric>(_: S.Type) {
        let values = source.pointer(S.self)
        for i in 0..<source.count { out[i] = values[i] != 0 ? 1 : 0 }
    }
    switch x.dtype {
    case .f32: fill(Float.self)
    case .f64: fill(Double.self)
    case .i64: fill(Int64.self)
    case .i32: fill(Int32.self)
    case .bf16:
        let values = source.pointer(UInt16.self)
        for i in 0..<source.count { out[i] = values[i] & 0x7FFF != 0 ? 1 : 0 }
    case .bool, .u8: break
    }
    return flags
}

// Order along an axis. NaN counts as the largest number, as in NumPy and PyTorch; equal elements keep their order.

/// Values in order, and where each came from.
public struct Ordered {
    public let values: Tensor
    /// i64 of the values' shape: the place along the axis.
    public let indices: Tensor
}

/// The elements in order along one axis. Equal elements keep their order, so the sort is always stable.
///
/// - Throws: `index` when there is no such axis.
public func sort(_ x: Tensor, axis: Int = -1, descending: Bool = false) throws -> Ordered {
    let indices = try argsort(x, axis: axis, descending: descending)
    let values = try gather(x, axis: axis, index: indices)
    values.unit = x.unit
    return Ordered(values: values, indices: indices)
}

/// The places that would put the elements in order along one axis.
///
/// - Throws: `index` when there is no such axis.
public func argsort(_ x: Tensor, axis: Int = -1, descending: Bool = false) throws -> Tensor {
    try orderedPlaces(x, axis: axis, name: "argsort", length: nil, descending: descending)
}

/// The `k` largest or smallest elements along one axis, in order.
///
/// - Throws: `value` unless the axis has `k` elements; `index` when there is no such axis.
public func topk(_ x: Tensor, k: Int, axis: Int = -1, largest: Bool = true) throws -> Ordered {
    let resolved = try Shape.axis(axis, rank: x.rank, for: "topk")
    let size = x.rank == 0 ? 1 : x.shape[resolved]
    guard k >= 0, k <= size else {
        throw TensorError(.value, "topk: k is \(k), the axis \(axis) has \(size) elements")
    }
    let indices = try orderedPlaces(x, axis: axis, name: "topk", length: k, descending: largest)
    return Ordered(values: try gather(x, axis: axis, index: indices), indices: indices)
}

/// The median along one axis; the lower of the two middle elements when their number is even.
///
/// - Parameter keepdim: whether the axis stays with size 1.
/// - Throws: `value` for an empty axis; `index` when there is no such axis.
public func median(_ x: Tensor, axis: Int = -1, keepdim: Bool = false) throws -> Ordered {
    let resolved = try Shape.axis(axis, rank: x.rank, for: "median")
    if x.rank == 0 { return Ordered(values: x, indices: try Tensor.places([0], shape: [])) }
    let size = x.shape[resolved]
    guard size > 0 else {
        throw TensorError(.value, "median: the axis \(axis) of shape \(x.shape) is empty")
    }
    let order = try orderedPlaces(x, axis: resolved, name: "median", length: nil, descending: false)
    let middle = try slice(order, axis: resolved, start: (size - 1) / 2, stop: (size - 1) / 2 + 1)
    // A NaN, the largest of all, makes the median NaN.
    let last = try slice(order, axis: resolved, start: size - 1, stop: size)
    let largest = try gather(x.detached(), axis: resolved, index: last)
    let indices = try x.dtype.isFloating ? `where`(isnan(largest), last, middle) : middle
    let values = try gather(x, axis: resolved, index: indices)
    if keepdim { return Ordered(values: values, indices: indices) }
    return Ordered(values: try squeeze(values, resolved), indices: try squeeze(indices, resolved))
}

/// The value below which a share `q` of the elements along one axis lies, by linear interpolation.
///
/// - Parameters:
///   - q: from 0 to 1.
///   - axis: nil takes all elements.
/// - Throws: `value` for another q or an empty axis; `index` when there is no such axis.
public func quantile(_ x: Tensor, q: Double, axis: Int? = nil, keepdim: Bool = false) throws -> Tensor {
    guard q >= 0, q <= 1 else {
        throw TensorError(.value, "quantile: q is \(q), expected a number from 0 to 1")
    }
    guard let axis else {
        let all = try quantile(reshape(x, [x.count]), q: q, axis: 0)
        return try keepdim ? reshape(all, [Int](repeating: 1, count: x.rank)) : all
    }
    let resolved = try Shape.axis(axis, rank: x.rank, for: "quantile")
    return try computing("quantile", x) { x in
        if x.rank == 0 { return x }
        let size = x.shape[resolved]
        guard size > 0 else {
            throw TensorError(.value, "quantile: the axis \(axis) of shape \(x.shape) is empty")
        }
        let sorted = try sort(x, axis: resolved).values
        let place = q * Double(size - 1)
        let low = min(Int(place), size - 1)
        let high = min(low + 1, size - 1)
        let below = try slice(sorted, axis: resolved, start: low, stop: low + 1)
        let above = try slice(sorted, axis: resolved, start: high, stop: high + 1)
        let share = place - Double(low)
        // Where both ends are one infinity their difference would be NaN.
        var result = share == 0 ? below : try add(multiply(below, 1 - share), multiply(above, share))
        let last = try slice(sorted, axis: resolved, start: size - 1, stop: size).detached()
        result = try `where`(isnan(last), last, result)
        return try keepdim ? result : squeeze(result, resolved)
    }
}

/// The different elements in order, for each element the place of its value among them, and how often each comes.
public func unique(_ x: Tensor) throws -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let flat = try reshape(x.detached(), [x.count])
    let order = try argsort(flat, axis: 0)
    let keys = try SortKeys(flat)
    let places = order.pointer(Int64.self)
    let inverse = try Tensor(uninitialized: [x.count], .i64)
    let own = inverse.pointer(Int64.self)
    var firsts: [Int] = []
    var counts: [Int] = []
    for i in 0..<x.count {
        let place = Int(places[i])
        if i == 0 || keys.key(place) != keys.key(Int(places[i - 1])) {
            firsts.append(place)
            counts.append(0)
        }
        counts[counts.count - 1] += 1
        own[place] = Int64(counts.count - 1)
    }
    withExtendedLifetime((order, inverse)) {}
    let values = try takeRows(flat, Tensor.places(firsts, shape: [firsts.count]), name: "unique")
    return (values, try reshape(inverse, x.shape), try Tensor.places(counts, shape: [counts.count]))
}

/// The first `length` places (all when nil) of the order along an axis.
private func orderedPlaces(
    _ x: Tensor, axis: Int, name: String, length: Int?, descending: Bool
) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: name)
    if x.rank == 0 {
        // One element is in order; `gather` reads rank 0 by an index of rank 0.
        return try length == 0
            ? Tensor(uninitialized: [0], .i64) : Tensor.places([0], shape: [])
    }
    let last = try transpose(x.detached(), axis, x.rank - 1)
    let size = last.shape[x.rank - 1]
    let taken = length ?? size
    let keys = try SortKeys(last)
    let shape = last.shape.dropLast() + [taken]
    let result = try Tensor.operation(
        name, [x], shape: Array(shape), dtype: .i64, pullback: .none(because: "places are whole numbers")
    ) { output in
        let out = output.pointer(Int64.self)
        let rows = size == 0 ? 0 : last.count / size
        try ThreadPool.parallel(rows, grain: max(1, 2048 / max(size, 1))) { range in
            for row in range {
                let places = keys.order(row * size, size, first: taken, descending: descending)
                for i in 0..<taken { out[row * taken + i] = places[i] }
            }
        }
    }
    // The result has no gradient, so a swap of axes outside the graph loses nothing.
    return try axis == x.rank - 1 ? result.detached() : transpose(result.detached(), axis, x.rank - 1).packed()
}

/// Elements as unsigned numbers of the same order.
private struct SortKeys {
    /// [count] of 64 bits.
    private let storage: Tensor

    init(_ x: Tensor) throws {
        storage = try Tensor(uninitialized: [x.count], .i64)
        let wide = try x.dtype == .bf16 ? x.converted(to: .f32) : x
        let source = try wide.packed()
        defer { withExtendedLifetime(source) {} }
        let keys = storage.pointer(UInt64.self)
        switch source.dtype {
        case .f32, .bf16:
            let values = source.pointer(Float.self)
            for i in 0..<x.count { keys[i] = SortKeys.key(of: Double(values[i])) }
        case .f64:
            let values = source.pointer(Double.self)
            for i in 0..<x.count { keys[i] = SortKeys.key(of: values[i]) }
        case .i64:
            let values = source.pointer(Int64.self)
            for i in 0..<x.count { keys[i] = UInt64(bitPattern: values[i]) ^ (1 << 63) }
        case .i32:
            let values = source.pointer(Int32.self)
            for i in 0..<x.count { keys[i] = UInt64(bitPattern: Int64(values[i])) ^ (1 << 63) }
        case .u8, .bool:
            let values = source.pointer(UInt8.self)
            for i in 0..<x.count { keys[i] = UInt64(values[i]) }
        }
    }

    /// A float's bits, with the sign's order turned round; both zeros are one, and so is every NaN.
    private static func key(of value: Double) -> UInt64 {
        if value.isNaN { return .max }
        let bits = (value == 0 ? 0 : value).bitPattern
        return bits >> 63 == 0 ? bits | (1 << 63) : ~bits
    }

    func key(_ i: Int) -> UInt64 { storage.pointer(UInt64.self)[i] }

    /// The first places of the order of `count` elements from `start`.
    func order(_ start: Int, _ count: Int, first: Int, descending: Bool) -> [Int64] {
        let keys = storage.pointer(UInt64.self) + start
        let flip: UInt64 = descending ? .max : 0
        if first < count, first <= 64 { return smallest(keys, count, first, flip) }
        var places = (0..<count).map { (key: keys[$0] ^ flip, place: Int64($0)) }
        places.sort { $0.key != $1.key ? $0.key < $1.key : $0.place < $1.place }
        return places.map(\.place)
    }

    /// Keeps the few smallest in order while it reads: for a short list out of a long row.
    private func smallest(_ keys: UnsafePointer<UInt64>, _ count: Int, _ first: Int, _ flip: UInt64) -> [Int64] {
        if first == 0 { return [] }
        var best: [(key: UInt64, place: Int64)] = []
        best.reserveCapacity(first + 1)
        for i in 0..<count {
            let key = keys[i] ^ flip
            if best.count == first, key >= best[first - 1].key { continue }
            var place = best.count
            while place > 0, best[place - 1].key > key { place -= 1 }
            best.insert((key, Int64(i)), at: place)
            if best.count > first { best.removeLast() }
        }
        return best.map(\.place)
    }
}

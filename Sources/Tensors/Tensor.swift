/// An array of numbers with a shape, and the memory of how it was computed.
///
/// A tensor never changes, so views share their bytes freely. The one exception is a `Parameter`, whose value an
/// optimizer replaces. A tensor's identity is its place in the graph of the computation.
public final class Tensor {
    public let shape: [Int]
    public let dtype: DType
    /// Steps between neighbours along each axis, in elements; 0 where one value is repeated.
    public let strides: [Int]
    /// The first element's place in the storage, in elements.
    let offset: Int
    /// Number of elements.
    public let count: Int
    /// Whether the elements lie one after the other in row-major order.
    public let isContiguous: Bool
    /// Replaced only by `Parameter.update`.
    private(set) var storage: Storage
    /// How this tensor was computed, when a gradient may be asked for.
    private(set) var node: Node?
    /// Whether this is a leaf whose gradient may be asked for: a parameter, or `track(x)`.
    public internal(set) var isTrackedLeaf = false
    /// Counts the updates of a parameter; 0 for all other tensors.
    private(set) var version = 0
    /// What the numbers mean.
    public var unit: Unit?
    /// Which positions of a batch of sequences are real and not padding: bools [B, T], the leading axes of this tensor.
    public var mask: Tensor?
    /// For the ids [B, T] of pairs of texts: which of the two each is from.
    public var tokenTypes: Tensor?

    init(storage: Storage, dtype: DType, shape: [Int], strides: [Int], offset: Int, node: Node? = nil) {
        self.storage = storage
        self.dtype = dtype
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.node = node
        var expected = 1
        var isContiguous = true
        for axis in shape.indices.reversed() where shape[axis] != 1 {
            if strides[axis] != expected { isContiguous = false }
            expected *= shape[axis]
        }
        count = expected
        self.isContiguous = isContiguous || expected == 0
    }

    /// A tensor whose elements are not yet written: for operations that fill it at once.
    ///
    /// - Throws: `shape` for a negative or overflowing size, `memory` when there is no room.
    convenience init(uninitialized shape: [Int], _ dtype: DType, node: Node? = nil) throws {
        let count = try Shape.count(shape)
        let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.size)
        if overflow {
            throw TensorError(.memory, "a tensor of shape \(shape) has more bytes than can be counted")
        }
        self.init(
            storage: try Storage(byteCount: bytes), dtype: dtype, shape: shape,
            strides: Shape.contiguousStrides(shape), offset: 0, node: node)
    }

    /// Number of axes.
    public var rank: Int { shape.count }

    /// Whether a gradient may be asked for with respect to something this tensor was computed from.
    public var isTracked: Bool { isTrackedLeaf || node != nil }

    /// The operation that made this tensor, when it is tracked.
    public var operationName: String? { node?.name }

    /// The bytes of the first element. Valid while the tensor lives; rows follow each other only if `isContiguous`.
    var base: UnsafeMutableRawPointer { storage.bytes + offset * dtype.size }

    /// The first element as a typed pointer, for loops over a contiguous tensor of just this type.
    func pointer<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
        assert(MemoryLayout<T>.size == dtype.size)
        return base.assumingMemoryBound(to: type)
    }

    /// The same bytes under another shape: no copy, no graph. For operations, which add the graph.
    func aliased(shape: [Int], strides: [Int], offset: Int, node: Node? = nil) -> Tensor {
        Tensor(storage: storage, dtype: dtype, shape: shape, strides: strides, offset: offset, node: node)
    }

    /// The same values with no memory of how they came about.
    public func detached() -> Tensor {
        if !isTracked { return self }
        let copy = aliased(shape: shape, strides: strides, offset: offset)
        copy.unit = unit
        copy.mask = mask
        return copy
    }

    /// A new leaf with the same values whose gradient may be asked for.
    ///
    /// - Throws: `type` for whole numbers and bools, which have no gradient.
    public func tracked() throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError(
                .type, "track: a tensor of \(dtype.name) has no gradient", hint: "convert it first: float(x)")
        }
        let leaf = aliased(shape: shape, strides: strides, offset: offset)
        leaf.unit = unit
        leaf.mask = mask
        leaf.isTrackedLeaf = true
        return leaf
    }

    /// What stands for the tensor where the gradient of another finds its way back: itself where its numbers are read there,
    /// else a stand-in without numbers.
    ///
    /// What a rule needs of its inputs it has captured. A leaf stands for itself: its gradient is asked for by it,
    /// and a parameter's updates are noticed.
    var inGraph: Tensor {
        guard let node, !node.pullback.readsOutput else { return self }
        return Tensor(storage: .none, dtype: dtype, shape: shape, strides: strides, offset: 0, node: node)
    }

    /// What a tensor is in the graph: the operation that made it, or a leaf itself.
    var identity: ObjectIdentifier { node.map(ObjectIdentifier.init) ?? ObjectIdentifier(self) }

    /// Changes a parameter's elements: in place when nobody else sees the bytes, in a copy otherwise.
    func mutate(_ body: (UnsafeMutableRawPointer) throws -> Void) throws {
        precondition(isContiguous && offset == 0 && node == nil, "only parameters change")
        if !isKnownUniquelyReferenced(&storage) {
            let copy = try Storage(byteCount: count * dtype.size)
            copy.bytes.copyMemory(from: storage.bytes, byteCount: count * dtype.size)
            copy.keptPanels = KeptPanels()
            storage = copy
        }
        storage.keptPanels?.forget()
        // Swift 6.3 takes a copy of memory that ends a function which may throw for the whole end, and returns whatever is in
        // the register of errors; so something comes after it.
        defer { version += 1 }
        try body(storage.bytes)
    }

    /// Takes the graph away from this tensor: for freeing a long graph without recursion.
    fileprivate func takeNode() -> Node? {
        defer { node = nil }
        return node
    }

    deinit {
        // A chain of ten thousand steps would otherwise be freed by ten thousand nested calls.
        guard node != nil else { return }
        var waiting: [Node] = [takeNode()!]
        while var next = waiting.popLast() {
            guard isKnownUniquelyReferenced(&next) else { continue }
            next.releaseRule()
            var inputs = next.takeInputs()
            for index in inputs.indices where isKnownUniquelyReferenced(&inputs[index]) {
                if let node = inputs[index].takeNode() { waiting.append(node) }
            }
        }
    }
}

/// Arithmetic of shapes.
public enum Shape {
    /// Number of elements.
    ///
    /// - Throws: `shape` for a negative size, `memory` for more elements than can be counted.
    public static func count(_ shape: [Int]) throws -> Int {
        // Zeros are left out of the product that must fit, so that every part of a shape has a countable size.
        var count = 1
        var isEmpty = false
        var overflows = false
        for size in shape {
            if size < 0 { throw TensorError(.shape, "a tensor cannot have a negative size: \(shape)") }
            if size == 0 { isEmpty = true }
            let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(size, 1))
            overflows = overflows || overflow
            count = product
        }
        if overflows { throw TensorError(.memory, "a tensor of shape \(shape) has more elements than can be counted") }
        return isEmpty ? 0 : count
    }

    /// Row-major strides, in elements.
    public static func contiguousStrides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        guard shape.count > 1 else { return strides }
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
        }
        return strides
    }

    /// The shape that both stretch to under NumPy's rule: sizes are equal, or one of them is 1.
    ///
    /// - Throws: `shape`, naming both shapes and the axis.
    public static func broadcast(_ a: [Int], _ b: [Int], for operation: String) throws -> [Int] {
        if a == b { return a }
        let rank = max(a.count, b.count)
        var result = [Int](repeating: 1, count: rank)
        for axis in 0..<rank {
            let left = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
            let right = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
            guard left == right || left == 1 || right == 1 else {
                throw TensorError(
                    .shape, "\(operation): shapes do not fit: \(a) and \(b)",
                    label: "axis \(axis - rank) has \(left) on the left and \(right) on the right",
                    hint: a == Array(b.dropLast())
                        ? "the left fits with an axis of size 1 at its end: unsqueeze(a, -1)"
                        : b == Array(a.dropLast())
                            ? "the right fits with an axis of size 1 at its end: unsqueeze(b, -1)"
                            : "sizes must be equal, or one of them 1, counted from the last axis")
            }
            result[axis] = left == 1 ? right : left
        }
        return result
    }

    /// The axis counted from 0, for one that may count from the end.
    ///
    /// - Throws: `index` when there is no such axis.
    public static func axis(_ axis: Int, rank: Int, for operation: String) throws -> Int {
        let resolved = axis < 0 ? axis &+ max(rank, 1) : axis
        guard resolved >= 0, resolved < max(rank, 1) else {
            throw TensorError(
                .index, "\(operation): there is no axis \(axis) in a tensor of rank \(rank)",
                hint: rank == 0 ? "a tensor of rank 0 has a single element" : "axes go from \(-rank) to \(rank - 1)")
        }
        return resolved
    }
}

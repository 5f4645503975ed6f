/// A value that training changes: a tracked leaf that optimizers update in place.
public final class Parameter {
    /// The tensor that computations use; the same object for the parameter's whole life.
    public let value: Tensor

    /// - Throws: `type` unless the values are real numbers, `memory` when there is no room for a copy.
    public init(_ initial: Tensor) throws {
        guard initial.dtype.isFloating else {
            throw TensorError(
                .type, "parameter: the values are of type \(initial.dtype.name), which cannot be trained",
                hint: "convert them first: float(x)")
        }
        value = try initial.copied()
        value.storage.keptPanels = KeptPanels()
        value.isTrackedLeaf = true
    }

    /// A frozen parameter takes part in computations as a constant: it gets no gradient and no update.
    public var isFrozen: Bool {
        get { !value.isTrackedLeaf }
        set { value.isTrackedLeaf = !newValue }
    }

    public var shape: [Int] { value.shape }

    public var count: Int { value.count }

    /// Changes the elements, laid out in row-major order. Views taken earlier keep the old values.
    public func update(_ body: (UnsafeMutableRawPointer) throws -> Void) throws {
        try value.mutate(body)
    }

    /// Takes over the elements of a tensor of the same shape.
    ///
    /// - Throws: `shape`, naming both.
    public func assign(_ new: Tensor) throws {
        guard new.shape == shape else {
            throw TensorError(.shape, "a parameter of shape \(shape) cannot take values of shape \(new.shape)")
        }
        let source = try new.detached().converted(to: value.dtype).contiguous()
        try update { $0.copyMemory(from: source.base, byteCount: source.count * source.dtype.size) }
    }
}

import KernelTable

// Tensors out of nothing but numbers, and back to numbers.

extension Tensor {
    /// A tensor with the same value everywhere.
    ///
    /// - Throws: `shape` for a negative size, `memory` when there is no room.
    public static func filled(
        _ value: some ScalarNumber, shape: [Int], _ dtype: DType = .f32
    ) throws -> Tensor {
        let result = try Tensor(uninitialized: shape, dtype)
        let scalar = value.scalar
        try withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { buffer in
            scalar.store(as: dtype, to: buffer.baseAddress!)
            let element = UnsafeRawPointer(buffer.baseAddress!)
            let base = result.base
            let size = dtype.size
            try ThreadPool.parallel(result.count, grain: chunkLength) { range in
                kernel.fill(elementSize: size, base + range.lowerBound * size, with: element, count: range.count)
            }
        }
        return result
    }

    public static func zeros(_ shape: [Int], _ dtype: DType = .f32) throws -> Tensor {
        try filled(0, shape: shape, dtype)
    }

    public static func ones(_ shape: [Int], _ dtype: DType = .f32) throws -> Tensor {
        try filled(1, shape: shape, dtype)
    }

    /// The values in row-major order.
    ///
    /// - Throws: `shape` unless there are as many values as the shape has places.
    public convenience init<Element: TensorElement>(_ values: [Element], shape: [Int]) throws {
        let count = try Shape.count(shape)
        guard count == values.count else {
            throw TensorError(
                .shape, "\(values.count) values do not fill a tensor of shape \(shape), which has \(count) places")
        }
        try self.init(uninitialized: shape, Element.dtype)
        values.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) }
        }
    }

    /// A vector of the values.
    public convenience init<Element: TensorElement>(_ values: [Element]) throws {
        try self.init(values, shape: [values.count])
    }

    /// A single number, of rank 0.
    public convenience init(scalar: some ScalarNumber, _ dtype: DType = .f32) throws {
        try self.init(uninitialized: [], dtype)
        scalar.scalar.store(as: dtype, to: base)
    }

    /// The only element, as a real number.
    ///
    /// - Throws: `shape` unless there is exactly one.
    public func item() throws -> Double {
        try checkSingle("item")
        return element(at: offset).double
    }

    /// The only element, as a whole number.
    ///
    /// - Throws: `shape` unless there is exactly one, `value` for a fraction or a number out of range.
    public func integer() throws -> Int {
        try checkSingle("integer")
        switch element(at: offset) {
        case .int(let value): return value
        case .real(let value):
            guard let whole = Int(exactly: value) else {
                throw TensorError(.value, "integer: \(value) is not a whole number of 64 bits", hint: "round it first")
            }
            return whole
        }
    }

    private func checkSingle(_ name: String) throws {
        guard count == 1 else {
            throw TensorError(
                .shape, "\(name): a tensor of shape \(shape) is not a single number",
                hint: count == 0 ? nil : "take one element (x[0]) or reduce it (mean(x))")
        }
    }

    /// The element at a place of the storage.
    func element(at index: Int) -> Scalar {
        let address = UnsafeRawPointer(storage.bytes) + index * dtype.size
        switch dtype {
        case .bool, .u8: return .int(Int(address.load(as: UInt8.self)))
        case .i32: return .int(Int(address.load(as: Int32.self)))
        case .i64: return .int(address.load(as: Int.self))
        case .bf16: return .real(Double(BFloat16.value(address.load(as: UInt16.self))))
        case .f32: return .real(Double(address.load(as: Float.self)))
        case .f64: return .real(address.load(as: Double.self))
        }
    }

    /// The elements in row-major order, converted to `type` as `converted(to:)` does.
    public func elements<Element: TensorElement>(as type: Element.Type) throws -> [Element] {
        let source = try detached().converted(to: Element.dtype).packed()
        let pointer = UnsafeRawPointer(source.base).assumingMemoryBound(to: Element.self)
        return Array(UnsafeBufferPointer(start: pointer, count: source.count))
    }

    /// The elements in row-major order, as real numbers.
    public func elements() throws -> [Double] { try elements(as: Double.self) }
}

/// A tensor with the same value everywhere.
public func full(_ shape: [Int], _ value: some ScalarNumber, _ dtype: DType = .f32) throws -> Tensor {
    try Tensor.filled(value, shape: shape, dtype)
}

/// The numbers start, start + step, … below `stop` (above it for a negative step).
///
/// - Throws: `value` for a step of zero or a bound that is not finite.
public func arange(
    _ start: some ScalarNumber, _ stop: some ScalarNumber, step: some ScalarNumber, _ dtype: DType
) throws -> Tensor {
    if case (.int(let first), .int(let last), .int(let step)) = (start.scalar, stop.scalar, step.scalar) {
        return try arange(first, last, step, dtype)
    }
    let (first, last, step) = (start.scalar.double, stop.scalar.double, step.scalar.double)
    guard first.isFinite, last.isFinite, step.isFinite, step != 0 else {
        throw TensorError(
            .value, "arange: from \(first) to \(last) in steps of \(step) is no range",
            hint: "bounds must be finite and the step not zero")
    }
    let count = Swift.max(0, Int(saturating: ((last - first) / step).rounded(.up)))
    if dtype == .f32 || dtype == .bf16 || dtype == .f64 {
        let result = try Tensor(uninitialized: [count], .f64)
        let out = result.pointer(Double.self)
        try ThreadPool.parallel(count, grain: chunkLength) { range in
            Double.loops.arange(
                out + range.lowerBound, start: first, step: step, first: range.lowerBound, count: range.count)
        }
        return try result.converted(to: dtype)
    }
    return try Tensor((0..<count).map { Int(saturating: first + Double($0) * step) }).converted(to: dtype)
}

/// The numbers 0, 1, … below `stop`.
public func arange(_ stop: Int, _ dtype: DType = .i64) throws -> Tensor { try arange(0, stop, 1, dtype) }

private func arange(_ first: Int, _ last: Int, _ step: Int, _ dtype: DType) throws -> Tensor {
    guard step != 0 else { throw TensorError(.value, "arange: the step is zero") }
    let (distance, overflow) = last.subtractingReportingOverflow(first)
    if overflow { throw TensorError(.memory, "arange: from \(first) to \(last) are more numbers than can be counted") }
    var count = 0
    if distance != 0, (distance > 0) == (step > 0) {
        count = Int(clamping: (distance.magnitude - 1) / step.magnitude + 1)
    }
    let result = try Tensor(uninitialized: [count], .i64)
    let out = result.pointer(Int.self)
    try ThreadPool.parallel(count, grain: chunkLength) { range in
        for index in range { out[index] = first &+ index &* step }
    }
    return try result.converted(to: dtype)
}

/// `count` numbers from `start` to `stop`, both included, at equal distances.
///
/// - Throws: `value` for a negative count.
public func linspace(_ start: Double, _ stop: Double, _ count: Int, _ dtype: DType = .f32) throws -> Tensor {
    guard count >= 0 else { throw TensorError(.value, "linspace: the count is \(count)") }
    let result = try Tensor(uninitialized: [count], .f64)
    let out = result.pointer(Double.self)
    let step = count > 1 ? (stop - start) / Double(count - 1) : 0
    let half = count / 2
    try ThreadPool.parallel(count, grain: chunkLength) { range in
        // From both ends, so that the last number is `stop` itself.
        for index in range {
            out[index] =
                index < half || count == 1 ? start + Double(index) * step : stop - Double(count - 1 - index) * step
        }
    }
    return try result.converted(to: dtype)
}

/// Ones on the diagonal of [rows, columns], zeros elsewhere.
public func eye(_ rows: Int, _ columns: Int? = nil, _ dtype: DType = .f32) throws -> Tensor {
    let columns = columns ?? rows
    let result = try Tensor.zeros([rows, columns], dtype)
    for index in 0..<Swift.min(rows, columns) {
        Scalar.int(1).store(as: dtype, to: result.base + (index * columns + index) * dtype.size)
    }
    return result
}

/// The lower triangles of matrices [..., R, C]: zero above the diagonal number `diagonal`.
public func tril(_ x: Tensor, diagonal: Int = 0) throws -> Tensor {
    try triangle("tril", x) { row, column in column - row <= diagonal }
}

/// The upper triangles of matrices [..., R, C]: zero below the diagonal number `diagonal`.
public func triu(_ x: Tensor, diagonal: Int = 0) throws -> Tensor {
    try triangle("triu", x) { row, column in column - row >= diagonal }
}

private func triangle(_ name: String, _ x: Tensor, keeps: (Int, Int) -> Bool) throws -> Tensor {
    guard x.rank >= 2 else {
        throw TensorError(.shape, "\(name): a matrix is needed, this is of shape \(x.shape)")
    }
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let mask = try Tensor(uninitialized: [rows, columns], .bool)
    let bytes = mask.pointer(UInt8.self)
    for row in 0..<rows {
        for column in 0..<columns { bytes[row * columns + column] = keeps(row, column) ? 1 : 0 }
    }
    return try `where`(mask, x, Tensor(scalar: 0, x.dtype))
}

import KernelTable

// Other storage for the same values: copies in row-major order, other element types.

extension Tensor {
    /// The same values laid out in row-major order: itself when it is so already.
    public func contiguous() throws -> Tensor {
        isContiguous ? self : try copied()
    }

    /// The same values in storage of their own, in row-major order.
    public func copied() throws -> Tensor {
        try Tensor.operation(
            "copy", [self], shape: shape, dtype: dtype, unit: unit, pullback: .rule { gradient in [gradient] }
        ) { try write(into: $0.base) }
    }

    /// The values in row-major order for a loop that reads them: outside any graph.
    func packed() throws -> Tensor {
        if isContiguous { return self }
        let result = try Tensor(uninitialized: shape, dtype)
        try write(into: result.base)
        return result
    }

    /// Writes the elements one after the other.
    private func write(into target: UnsafeMutableRawPointer) throws {
        let size = dtype.size
        let source = UnsafeRawPointer(base)
        if isContiguous {
            try ThreadPool.parallel(count, grain: 4 * chunkLength) { range in
                (target + range.lowerBound * size).copyMemory(
                    from: source + range.lowerBound * size, byteCount: range.count * size)
            }
            return
        }
        let layout = Layout(shape, strides)
        try layout.chunks { range, rows, innerCount, outerStride, restShape, restStrides in
            kernel.copyStrided(
                elementSize: size, source + range.lowerBound * outerStride * size,
                target + range.lowerBound * innerCount * size, shape: restShape, strides: restStrides, rank: rows)
        }
    }

    /// The inverse of packing: writes row-major `values` into the places that `self`, a fresh tensor's view, describes.
    func scatter(_ values: Tensor) throws {
        let size = dtype.size
        let source = UnsafeRawPointer(values.base)
        let target = base
        let layout = Layout(shape, strides)
        try layout.chunks { range, rank, innerCount, outerStride, restShape, restStrides in
            kernel.scatterStrided(
                elementSize: size, source + range.lowerBound * innerCount * size,
                target + range.lowerBound * outerStride * size, shape: restShape, strides: restStrides, rank: rank)
        }
    }

    /// The values as elements of another type, with a gradient between real types.
    ///
    /// To whole numbers it cuts off towards zero and holds at the limits (NaN gives 0); between whole numbers it wraps
    /// around; to bool it asks for "not zero", which is a constant to a gradient.
    public func converted(to target: DType) throws -> Tensor {
        if target == dtype { return self }
        if target == .bool, isTracked { return try detached().converted(to: .bool) }
        let source = dtype
        let pullback: Pullback =
            source.isFloating && target.isFloating
            ? .rule { gradient in [try gradient.converted(to: source)] }
            : .none(because: "\(source.isFloating ? target.name : source.name) elements have no gradient")
        let keeps = target.isFloating || unit == .labels && target != .bool
        return try Tensor.operation(
            "convert", [self], shape: shape, dtype: target, unit: keeps ? unit : nil, pullback: pullback
        ) { output in
            let from = try packed()
            let (x, out) = (UnsafeRawPointer(from.base), output.base)
            try ThreadPool.parallel(count, grain: chunkLength) { range in
                convertElements(
                    from: source, to: target, x + range.lowerBound * source.size,
                    out + range.lowerBound * target.size, count: range.count)
            }
        }
    }
}

/// Converts `count` elements that lie one after the other.
func convertElements(
    from source: DType, to target: DType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, count: Int
) {
    func narrow<From: Whole, To: Whole>(_: From.Type, _: To.Type) {
        let from = x.assumingMemoryBound(to: From.self)
        let to = out.assumingMemoryBound(to: To.self)
        for index in 0..<count { to[index] = To(truncatingIfNeeded: from[index]) }
    }
    func nonzero<From: Numeric>(_: From.Type) {
        let from = x.assumingMemoryBound(to: From.self)
        let to = out.assumingMemoryBound(to: UInt8.self)
        for index in 0..<count { to[index] = from[index] != 0 ? 1 : 0 }
    }
    switch (source, target) {
    case (_, .bool):
        switch source {
        case .bool, .u8: nonzero(UInt8.self)
        case .i32: nonzero(Int32.self)
        case .i64: nonzero(Int64.self)
        case .f32: nonzero(Float.self)
        case .f64: nonzero(Double.self)
        case .bf16:
            let from = x.assumingMemoryBound(to: UInt16.self)
            let to = out.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count { to[index] = from[index] & 0x7FFF != 0 ? 1 : 0 }
        }
    case (.bool, .u8), (.u8, .u8): narrow(UInt8.self, UInt8.self)
    case (.bool, .i32), (.u8, .i32): narrow(UInt8.self, Int32.self)
    case (.bool, .i64), (.u8, .i64): narrow(UInt8.self, Int64.self)
    case (.i32, .u8): narrow(Int32.self, UInt8.self)
    case (.i32, .i64): narrow(Int32.self, Int64.self)
    case (.i64, .u8): narrow(Int64.self, UInt8.self)
    case (.i64, .i32): narrow(Int64.self, Int32.self)
    default: kernel.convert(from: source.scalarType, to: target.scalarType, x, out, count: count)
    }
}

/// A strided view without axes of size 1, neighbouring axes joined where one step walks through both.
struct Layout {
    private(set) var shape: [Int] = []
    private(set) var strides: [Int] = []

    init(_ fullShape: [Int], _ fullStrides: [Int]) {
        for axis in fullShape.indices where fullShape[axis] != 1 {
            if let last = shape.indices.last, strides[last] == fullStrides[axis] * fullShape[axis] {
                shape[last] *= fullShape[axis]
                strides[last] = fullStrides[axis]
            } else {
                shape.append(fullShape[axis])
                strides.append(fullStrides[axis])
            }
        }
    }

    /// Cuts the outermost axis into chunks and hands each out with the shape and strides that belong to it.
    func chunks(
        _ body: (
            _ range: Range<Int>, _ rank: Int, _ innerCount: Int, _ outerStride: Int, _ shape: UnsafePointer<Int>,
            _ strides: UnsafePointer<Int>
        ) -> Void
    ) throws {
        if shape.contains(0) { return }
        let outer = shape.first ?? 1
        let inner = shape.dropFirst().reduce(1, *)
        let outerStride = strides.first ?? 1
        // At least 32 rows each where a transpose moves whole blocks; rows in one piece are as good alone.
        let grain = Swift.max(shape.count > 1 && strides.last == 1 ? 1 : 32, 2 * chunkLength / inner)
        try strides.withUnsafeBufferPointer { strides in
            try ThreadPool.parallel(outer, grain: grain) { range in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: shape.count + 1) { own in
                    _ = own.initialize(from: shape)
                    if !shape.isEmpty { own[0] = range.count }
                    withUnsafeTemporaryAllocation(of: Int.self, capacity: 1) { one in
                        one[0] = 1
                        let steps = strides.baseAddress ?? UnsafePointer(one.baseAddress!)
                        body(range, shape.count, inner, outerStride, UnsafePointer(own.baseAddress!), steps)
                    }
                }
            }
        }
    }
}

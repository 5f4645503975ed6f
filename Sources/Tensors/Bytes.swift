extension Tensor {
    /// A tensor whose elements `fill` writes as they lie in memory: row-major, little-endian. For readers of files.
    public static func filled(
        _ shape: [Int], _ dtype: DType, fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> Tensor {
        let tensor = try Tensor(uninitialized: shape, dtype)
        try fill(UnsafeMutableRawBufferPointer(start: tensor.base, count: tensor.count * dtype.size))
        return tensor
    }

    /// The elements' bytes in row-major order; a view that is not contiguous is copied first.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        if isContiguous { return try body(UnsafeRawBufferPointer(start: base, count: count * dtype.size)) }
        let copy = try Tensor.filled(shape, dtype) { target in
            let size = dtype.size
            var index = [Int](repeating: 0, count: rank)
            var from = 0
            for k in 0..<count {
                (target.baseAddress! + k * size).copyMemory(from: base + from * size, byteCount: size)
                // The next index in row-major order, and the place of its element.
                var axis = rank - 1
                while axis >= 0 {
                    index[axis] += 1
                    from += strides[axis]
                    if index[axis] < shape[axis] { break }
                    from -= index[axis] * strides[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
        }
        return try copy.withBytes(body)
    }
}

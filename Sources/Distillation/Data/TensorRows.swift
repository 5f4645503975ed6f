import Tensors

/// Rows of tensors, that is slices along the first axis. Data has no gradient, so these are copies outside any graph.
extension Tensor {
    private var rowBytes: Int { shape.dropFirst().reduce(dtype.size, *) }

    /// One row: a tensor of one axis less.
    func row(_ index: Int) throws -> Tensor {
        try Tensor.filled(Array(shape.dropFirst()), dtype) { target in
            try withBytes {
                target.copyMemory(from: .init(rebasing: $0[index * target.count..<(index + 1) * target.count]))
            }
        }
    }

    func rows(_ indices: [Int]) throws -> Tensor {
        let size = rowBytes
        return try Tensor.filled([indices.count] + shape.dropFirst(), dtype) { target in
            try withBytes { source in
                guard size > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
                for (k, index) in indices.enumerated() {
                    precondition(index >= 0 && index < shape[0], "rows are checked before")
                    (to + k * size).copyMemory(from: from + index * size, byteCount: size)
                }
            }
        }
    }

    func appendingRows(_ other: Tensor) throws -> Tensor {
        try Tensor.filled([shape[0] + other.shape[0]] + shape.dropFirst(), dtype) { target in
            let split = shape[0] * rowBytes
            try withBytes { UnsafeMutableRawBufferPointer(rebasing: target[..<split]).copyMemory(from: $0) }
            try other.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[split...]).copyMemory(from: $0) }
        }
    }

    /// The tensors, all of one shape and type, as the rows of one.
    static func stackingRows(_ tensors: [Tensor]) throws -> Tensor {
        guard let first = tensors.first else { return try Tensor.filled([0], .f32) { _ in } }
        let size = first.count * first.dtype.size
        return try Tensor.filled([tensors.count] + first.shape, first.dtype) { target in
            for (k, tensor) in tensors.enumerated() {
                try tensor.withBytes {
                    UnsafeMutableRawBufferPointer(rebasing: target[k * size..<(k + 1) * size]).copyMemory(from: $0)
                }
            }
        }
    }

    /// Whole numbers as a tensor of i64.
    static func integers(_ values: [Int], _ shape: [Int]? = nil) throws -> Tensor {
        try Tensor.filled(shape ?? [values.count], .i64) { target in
            values.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    static func floats(_ values: [Double]) throws -> Tensor {
        try Tensor.filled([values.count], .f32) { target in
            let floats = values.map(Float.init)
            floats.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    static func bools(_ values: [Bool], _ shape: [Int]) throws -> Tensor {
        try Tensor.filled(shape, .bool) { target in
            for (k, value) in values.enumerated() { target[k] = value ? 1 : 0 }
        }
    }
}

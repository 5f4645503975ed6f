import Networks
import Tensors

/// One value for each row of a dataset, collected batch by batch in any order and given back by rows.
///
/// Values of sequences, which have a mask, are kept without what only filled their batch up; the values of other rows
/// are all of one shape.
struct RowValues {
    /// What the values are, for errors: "the logits".
    private let name: String
    private var dtype = DType.f32
    private var unit: Unit?
    /// The shape of one row, or of one position when rows are sequences; nil before the first batch.
    private var shape: [Int]?
    private var isSequence = false
    private var bytes: [[UInt8]]

    init(_ name: String, count: Int) {
        self.name = name
        bytes = Array(repeating: [], count: count)
    }

    private var elementBytes: Int { (shape ?? []).reduce(dtype.size, *) }

    /// Takes over the values of some rows.
    ///
    /// - Throws: `training` when there is not one value for each row, or they are not shaped as those of the other rows.
    mutating func store(_ value: Tensor, for rows: [Int]) throws {
        guard value.rank >= 1, value.shape[0] == rows.count else {
            throw ModelError(
                .training,
                "\(name) have the shape \(value.shape) for \(rows.count) rows; the first axis must be rows")
        }
        let isSequence = value.mask != nil && value.rank >= 2
        let shape = Array(value.shape.dropFirst(isSequence ? 2 : 1))
        if let known = self.shape {
            guard known == shape, isSequence == self.isSequence, dtype == value.dtype else {
                throw ModelError(
                    .training, "\(name) have the shape \(value.shape) in one batch and another one in an earlier batch",
                    hint: "take a layer whose output is a sequence [B, T, C] or a vector [B, C]")
            }
        } else {
            (self.shape, self.isSequence, dtype, unit) = (shape, isSequence, value.dtype, value.unit)
        }
        let lengths = try isSequence ? self.lengths(value) : nil
        let contiguous = try value.detached().contiguous()
        let width = contiguous.count / max(rows.count, 1) * dtype.size
        try contiguous.withBytes { source in
            for (k, row) in rows.enumerated() {
                let size = lengths.map { $0[k] * elementBytes } ?? width
                bytes[row] = Array(source[k * width..<k * width + size])
            }
        }
    }

    /// How many positions of each sequence are real.
    private func lengths(_ value: Tensor) throws -> [Int] {
        guard let mask = value.mask, mask.rank == 2, value.shape.starts(with: mask.shape) else {
            throw ModelError(.training, "\(name) of shape \(value.shape) have a mask that does not fit")
        }
        let real = try mask.elements(as: Int64.self)
        let longest = mask.shape[1]
        return try (0..<mask.shape[0]).map { row in
            let flags = real[row * longest..<(row + 1) * longest]
            let length = flags.reduce(0) { $0 + Int($1) }
            guard flags.prefix(length).allSatisfy({ $0 == 1 }) else {
                throw ModelError(
                    .training, "\(name) belong to sequences that are filled up at the front or in the middle",
                    hint: "fill sequences up at their end")
            }
            return length
        }
    }

    /// The values of some rows: [B, …], or sequences filled up with zeros to the longest, [B, T, …], with their mask.
    func callAsFunction(_ rows: [Int]) throws -> Tensor {
        let result = try isSequence ? sequences(rows) : vectors(rows)
        result.unit = unit
        return result
    }

    private func vectors(_ rows: [Int]) throws -> Tensor {
        try Tensor.filled([rows.count] + (shape ?? []), dtype) { target in
            for (k, row) in rows.enumerated() { copy(row, to: target, at: k * elementBytes) }
        }
    }

    private func sequences(_ rows: [Int]) throws -> Tensor {
        let size = max(elementBytes, 1)
        let lengths = rows.map { bytes[$0].count / size }
        let longest = lengths.max() ?? 0
        let result = try Tensor.filled([rows.count, longest] + (shape ?? []), dtype) { target in
            target.initializeMemory(as: UInt8.self, repeating: 0)
            for (k, row) in rows.enumerated() { copy(row, to: target, at: k * longest * size) }
        }
        result.mask = try .bools(
            lengths.flatMap { length in (0..<longest).map { $0 < length } }, [rows.count, longest])
        return result
    }

    private func copy(_ row: Int, to target: UnsafeMutableRawBufferPointer, at place: Int) {
        bytes[row].withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: target[place..<place + source.count]).copyMemory(from: source)
        }
    }

    /// Bytes that are kept.
    var byteCount: Int { bytes.reduce(0) { $0 + $1.count } }
}

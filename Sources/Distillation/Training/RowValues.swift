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
    private var form: StoredForm
    private var bytes: [[UInt8]]

    init(_ name: String, count: Int, form: StoredForm = .exact) {
        self.name = name
        self.form = form
        bytes = Array(repeating: [], count: count)
    }

    /// The numbers of one row, or of one position, and how many bytes are kept of them.
    private var elementCount: Int { (shape ?? []).reduce(1, *) }
    private var width: Int { max(shape?.last ?? 1, 1) }
    private var elementBytes: Int { elementCount / width * form.bytes(width, dtype) }

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
            if !form.applies(to: dtype) { form = .exact }
        }
        let lengths = try isSequence ? self.lengths(value) : nil
        let contiguous = try value.detached().contiguous()
        let rowBytes = contiguous.count / max(rows.count, 1) * dtype.size
        let positionBytes = elementCount * dtype.size
        try contiguous.withBytes { source in
            for (k, row) in rows.enumerated() {
                let size = lengths.map { $0[k] * positionBytes } ?? rowBytes
                let part = UnsafeRawBufferPointer(rebasing: source[k * rowBytes..<k * rowBytes + size])
                bytes[row] = form.encoded(part, width: width)
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
            for (k, row) in rows.enumerated() { copy(row, to: target, at: k * elementCount * dtype.size) }
        }
    }

    private func sequences(_ rows: [Int]) throws -> Tensor {
        let size = max(elementBytes, 1)
        let lengths = rows.map { bytes[$0].count / size }
        let longest = lengths.max() ?? 0
        let result = try Tensor.filled([rows.count, longest] + (shape ?? []), dtype) { target in
            target.initializeMemory(as: UInt8.self, repeating: 0)
            for (k, row) in rows.enumerated() { copy(row, to: target, at: k * longest * elementCount * dtype.size) }
        }
        result.mask = try .bools(
            lengths.flatMap { length in (0..<longest).map { $0 < length } }, [rows.count, longest])
        return result
    }

    private func copy(_ row: Int, to target: UnsafeMutableRawBufferPointer, at place: Int) {
        bytes[row].withUnsafeBytes { source in
            let size = source.count / max(elementBytes, 1) * elementCount * dtype.size
            form.decode(
                source, width: width, to: UnsafeMutableRawBufferPointer(rebasing: target[place..<place + size]))
        }
    }

    /// Bytes that are kept.
    var byteCount: Int { bytes.reduce(0) { $0 + $1.count } }
}

extension RowValues {
    /// Everything as tensors for a file: the values of all rows one after the other, and for sequences their lengths.
    func stored(as name: String) throws -> [(name: String, tensor: Tensor)] {
        let size = max(elementBytes, 1)
        let total = bytes.reduce(0) { $0 + $1.count } / size
        let values = try Tensor.filled([total, size], .u8) { target in
            var place = 0
            for row in bytes {
                row.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: target[place..<place + row.count]).copyMemory(from: $0)
                }
                place += row.count
            }
        }
        let lengths =
            isSequence ? [("\(name).lengths", try Tensor.integers(bytes.map { $0.count / size }, [bytes.count]))] : []
        return [(name, values)] + lengths
    }

    /// What a file says of the values beside their bytes.
    var description: JSONValue {
        .object([
            "dtype": .string(dtype.name), "unit": unit.map { .string($0.rawValue) } ?? .null,
            "shape": .array((shape ?? []).map { .int($0) }), "sequence": .bool(isSequence),
            "form": .string(form.name),
        ])
    }

    /// The values that `stored` and `description` describe.
    ///
    /// - Throws: `FormatError` where the two do not belong together.
    init(_ name: String, count: Int, _ description: JSONValue, values: Tensor, lengths: Tensor?) throws {
        guard let dtype = description["dtype"]?.string.flatMap({ name in DType.allCases.first { $0.name == name } }),
            let shape = description["shape"]?.array?.map(\.int), !shape.contains(where: { $0 == nil || $0! < 0 }),
            let isSequence = description["sequence"]?.bool,
            let form = description["form"]?.string.flatMap(StoredForm.init(name:)),
            let elements = try? Shape.count(shape.compactMap { $0 })
        else { throw FormatError("\(name) are not described as kd describes them") }
        self.init(name, count: count, form: form)
        (self.dtype, self.shape, self.isSequence) = (dtype, shape.compactMap { $0 }, isSequence)
        unit = description["unit"]?.string.flatMap(Unit.init(rawValue:))
        let size = max(elementBytes, 1)
        guard form.applies(to: dtype), values.dtype == .u8, values.rank == 2, values.shape[1] == size, elements >= 0
        else {
            throw FormatError("\(name) have other sizes than their description says")
        }
        var counts = [Int](repeating: 1, count: count)
        if isSequence {
            guard let lengths, lengths.dtype == .i64, lengths.shape == [count] else {
                throw FormatError("\(name) are sequences, and the lengths of \(count) rows are not there")
            }
            counts = try lengths.elements(as: Int64.self).map { Int($0) }
        }
        guard counts.allSatisfy({ $0 >= 0 && $0 <= values.shape[0] }), counts.reduce(0, +) == values.shape[0] else {
            throw FormatError("\(name) hold \(values.shape[0]) values, which is not what \(count) rows need")
        }
        try values.withBytes { source in
            var place = 0
            for row in 0..<count {
                bytes[row] = Array(source[place..<place + counts[row] * size])
                place += counts[row] * size
            }
        }
        if case .largest(let k) = form, k < width { try checkClasses(k) }
    }

    /// Class numbers from a file must be classes.
    private func checkClasses(_ k: Int) throws {
        for row in bytes {
            let vectors = row.count / (k * 8 + 4)
            try row.withUnsafeBytes { source in
                for vector in 0..<vectors {
                    for place in 0..<k {
                        let column = source.loadUnaligned(
                            fromByteOffset: vector * (k * 8 + 4) + place * 8, as: Int32.self)
                        guard column >= 0, column < width else {
                            throw FormatError("\(name) name the class \(column) of \(width)")
                        }
                    }
                }
            }
        }
    }
}

extension StoredForm {
    /// "exact", "half", "largest 8".
    var name: String {
        switch self {
        case .exact: "exact"
        case .half: "half"
        case .largest(let k): "largest \(k)"
        }
    }

    init?(name: String) {
        switch name {
        case "exact": self = .exact
        case "half": self = .half
        default:
            guard name.hasPrefix("largest "), let k = Int(name.dropFirst(8)), k > 0, k < 1 << 20 else { return nil }
            self = .largest(k)
        }
    }
}

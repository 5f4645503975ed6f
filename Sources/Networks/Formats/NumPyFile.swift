import Tensors

/// One array in NumPy's own format, `.npy`, versions 1.0 to 3.0: `\x93NUMPY | version | header length | header | bytes`.
///
/// The header is a dict of Python with the keys `descr`, `fortran_order` and `shape`; nothing of it is evaluated. Types that
/// kd has no tensors of are widened where every value keeps its meaning: i1 and i2 to i32, u2 and u4 to i64, f2 to f32.
/// Objects are pickles, which can run code, and are refused. Specification: NumPy's documentation, numpy.lib.format.
public enum NumPyFile {
    /// The most bytes that a header may have, as in NumPy.
    public static let maximalHeader = 10_000

    /// Reads the array as a tensor, row by row whatever the order in the file.
    ///
    /// - Throws: `FormatError` for a file that is truncated or has bytes too many, a header that is no such dict, and a type
    ///   without tensors.
    public static func read(_ path: String) throws -> Tensor {
        let file = try InputFile(path)
        guard let size = file.size else {
            throw FormatError("an .npy file is read at several places, which a pipe does not allow", file: path)
        }
        if size == 0 { throw FormatError("the file is empty", file: path) }
        let start = try file.bytes(at: 0, count: min(size, 12))
        guard start.starts(with: magic) else {
            throw FormatError(
                "it does not begin as .npy files do", file: path,
                hint: start.starts(with: [0x50, 0x4B])
                    ? "it is a zip file, perhaps .npz: numpy.save(\"one.npy\", archive[name]) writes one array"
                    : "numpy.save(\"file.npy\", array) in Python writes one")
        }
        guard start.count >= 10 else { throw FormatError("it is cut within its first 10 bytes", file: path) }
        guard (1...3).contains(start[6]), start[7] == 0 else {
            throw FormatError("it is of version \(start[6]).\(start[7]); 1.0, 2.0 and 3.0 are known", file: path)
        }
        let prefix = start[6] == 1 ? 10 : 12
        guard start.count >= prefix else { throw FormatError("it is cut within its first 12 bytes", file: path) }
        let length = start[8..<prefix].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= maximalHeader, length <= size - prefix else {
            throw FormatError(
                "the header is said to have \(length) bytes, the file has \(size)", file: path,
                hint: length > maximalHeader ? "at most \(maximalHeader) are read" : "it is truncated")
        }
        let header: Header
        do {
            header = try Header(try file.bytes(at: prefix, count: length))
        } catch let error as FormatError {
            throw FormatError("the header: \(error.problem)", file: path, hint: error.hint)
        }
        guard let count = try? Shape.count(header.shape),
            case let (bytes, overflow) = count.multipliedReportingOverflow(by: header.type.size), !overflow
        else { throw FormatError("more elements than can be counted: \(header.shape)", file: path) }
        let held = size - prefix - length
        guard bytes == held else {
            throw FormatError(
                "the array \(header.shape) of \(header.type.name) takes \(bytes) bytes, the file holds \(held)",
                file: path, hint: held < bytes ? "it is truncated" : nil)
        }
        // In Fortran's order the bytes are those of the array with its axes turned round.
        let stored = header.isFortran ? Array(header.shape.reversed()) : header.shape
        let tensor = try header.type.tensor(stored, file, at: prefix + length)
        guard header.isFortran, stored.count > 1 else { return tensor }
        return try permute(tensor, Array((0..<stored.count).reversed())).copied()
    }

    /// Writes a tensor, so that the file is there as a whole or not at all. bf16 is widened to f32, which NumPy knows.
    ///
    /// - Throws: `FormatError` for more axes than NumPy has, and for what the file system refuses.
    public static func write(_ tensor: Tensor, to path: String) throws {
        guard tensor.rank <= 64 else {
            throw FormatError("a tensor of \(tensor.rank) axes: NumPy reads at most 64", file: path)
        }
        let tensor = tensor.dtype == .bf16 ? try tensor.converted(to: .f32) : tensor
        let type =
            switch tensor.dtype {
            case .bool: "|b1"
            case .u8: "|u1"
            case .i32: "<i4"
            case .i64: "<i8"
            case .bf16, .f32: "<f4"
            case .f64: "<f8"
            }
        let sizes = tensor.shape.map { "\($0)" }.joined(separator: ", ") + (tensor.rank == 1 ? "," : "")
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        // NumPy leaves room for the first axis to grow to 21 digits, and begins the data at a multiple of 64.
        if let first = tensor.shape.first { header += String(repeating: " ", count: 21 - "\(first)".count) }
        header += String(repeating: " ", count: 64 - (magic.count + 4 + header.utf8.count + 1) % 64) + "\n"
        try File.write(to: path) { file in
            let length = header.utf8.count
            try file.write(magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
            try file.write(header)
            try tensor.withBytes { try file.write($0) }
        }
    }

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// What the dict says.
    private struct Header {
        let type: ElementType
        let isFortran: Bool
        let shape: [Int]

        init(_ bytes: [UInt8]) throws {
            var reader = LiteralReader(bytes: bytes)
            var descr: String?
            var order: Bool?
            var sizes: [Int]?
            try reader.expect("{")
            while !reader.skip("}") {
                let key = try reader.text()
                try reader.expect(":")
                switch key {
                case "descr" where descr == nil:
                    if reader.next == UInt8(ascii: "[") {
                        throw FormatError(
                            "it holds records with fields, which kd has no tensors of",
                            hint: "numpy.save(path, array[\"field\"]) writes one field")
                    }
                    descr = try reader.text()
                case "fortran_order" where order == nil: order = try reader.truth()
                case "shape" where sizes == nil: sizes = try reader.sizes()
                default: throw FormatError("the key \"\(key.prefix(40))\" is unknown, or is there twice")
                }
                if !reader.skip(",") {
                    try reader.expect("}")
                    break
                }
            }
            guard reader.isAtEnd else { throw FormatError("something follows its dict") }
            guard let descr, let order, let sizes else {
                throw FormatError("it must have the keys descr, fortran_order and shape")
            }
            type = try ElementType(descr)
            isFortran = order
            shape = sizes
        }
    }

    /// The literals of Python that a header is made of.
    private struct LiteralReader {
        let bytes: [UInt8]
        var place = 0

        /// The next byte that is no blank.
        var next: UInt8? {
            mutating get {
                while place < bytes.count, [0x20, 0x0A, 0x09, 0x0D].contains(bytes[place]) { place += 1 }
                return place < bytes.count ? bytes[place] : nil
            }
        }

        var isAtEnd: Bool { mutating get { next == nil } }

        mutating func skip(_ mark: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: mark) else { return false }
            place += 1
            return true
        }

        mutating func expect(_ mark: Unicode.Scalar) throws {
            guard skip(mark) else { throw FormatError("'\(mark)' is missing at its byte \(place)") }
        }

        mutating func text() throws -> String {
            guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
                let end = bytes[(place + 1)...].firstIndex(of: quote)
            else { throw FormatError("a string is missing at its byte \(place)") }
            defer { place = end + 1 }
            return String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
        }

        mutating func truth() throws -> Bool {
            _ = next
            for (word, value) in [("True", true), ("False", false)] where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return value
            }
            throw FormatError("fortran_order must be True or False")
        }

        mutating func sizes() throws -> [Int] {
            try expect("(")
            var sizes: [Int] = []
            while !skip(")") {
                _ = next
                let digits = bytes[place...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                guard let size = Int(String(decoding: digits, as: UTF8.self)) else {
                    throw FormatError("shape must be whole numbers that are not negative")
                }
                place = digits.endIndex
                sizes.append(size)
                if !skip(",") {
                    try expect(")")
                    break
                }
            }
            return sizes
        }
    }

    /// A number as the file holds it.
    private struct ElementType {
        let name: String
        let size: Int
        private let kind: Character
        private let isBig: Bool

        init(_ descr: String) throws {
            let parts = Array(descr)
            name = "'\(descr.prefix(20))'"
            if descr.dropFirst().first == "O" || descr.first == "O" {
                throw FormatError(
                    "it holds Python objects, which are pickles and can run code",
                    hint: "array.astype(\"f4\") or array.tolist() before saving")
            }
            guard parts.count == 3, "<>|=".contains(parts[0]), let size = parts[2].wholeNumberValue,
                ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "f2", "f4", "f8"].contains(String(parts[1...])),
                parts[0] != "|" || size == 1
            else {
                throw FormatError(
                    "kd has no tensors of \(name)", hint: "array.astype(\"f4\") or array.astype(\"i8\") before saving")
            }
            self.size = size
            kind = parts[1]
            isBig = parts[0] == ">"
        }

        func tensor(_ shape: [Int], _ file: InputFile, at offset: Int) throws -> Tensor {
            switch (kind, size) {
            case ("b", _):
                return try Tensor.filled(shape, .bool) { target in
                    try file.read(at: offset, into: target)
                    for index in target.indices where target[index] > 1 { target[index] = 1 }
                }
            case ("u", 1): return try plain(.u8, shape, file, offset)
            case ("i", 4): return try plain(.i32, shape, file, offset)
            case ("i", 8): return try plain(.i64, shape, file, offset)
            case ("f", 4): return try plain(.f32, shape, file, offset)
            case ("f", 8): return try plain(.f64, shape, file, offset)
            case ("i", 1): return try widened(.i32, shape, file, offset) { Int32(Int8(truncatingIfNeeded: $0)) }
            case ("i", _): return try widened(.i32, shape, file, offset) { Int32(Int16(truncatingIfNeeded: $0)) }
            case ("u", _): return try widened(.i64, shape, file, offset) { Int64($0) }
            default:
                return try widened(.f32, shape, file, offset) {
                    Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0)))
                }
            }
        }

        private func plain(_ dtype: DType, _ shape: [Int], _ file: InputFile, _ offset: Int) throws -> Tensor {
            try Tensor.filled(shape, dtype) { target in
                try file.read(at: offset, into: target)
                guard isBig else { return }
                for start in stride(from: 0, to: target.count, by: size) {
                    target[start..<(start + size)].reverse()
                }
            }
        }

        private func widened<Element>(
            _ dtype: DType, _ shape: [Int], _ file: InputFile, _ offset: Int, _ value: (UInt32) -> Element
        ) throws -> Tensor {
            try Tensor.filled(shape, dtype) { target in
                let elements = target.assumingMemoryBound(to: Element.self)
                let bytes = try file.bytes(at: offset, count: elements.count * size)
                for index in elements.indices {
                    let own = bytes[(index * size)..<((index + 1) * size)]
                    elements[index] = value(
                        isBig
                            ? own.reduce(0) { $0 << 8 | UInt32($1) } : own.reversed().reduce(0) { $0 << 8 | UInt32($1) }
                    )
                }
            }
        }
    }
}

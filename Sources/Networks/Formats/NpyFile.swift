import Tensors

/// An array as NumPy's `.npy` files hold it.
///
/// `\x93NUMPY | version | length of the header | header | bytes`, where the header is a literal of Python's:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. The header is checked as a whole, against the length of
/// the file too, before memory is taken. Objects, which NumPy pickles, are never read. Specification: NumPy, NEP 1.
public enum NpyFile {
    /// The array in a file, of the same type, or of the narrowest wider one that kd has.
    ///
    ///     bool u1 → bool u8    i1 i2 u2 i4 → i32    u4 i8 → i64    u8 → i64, where it fits    f2 f4 → f32    f8 → f64
    ///
    /// Arrays in the order of Fortran are read into the usual one.
    /// - Throws: `FormatError` for a file that is no `.npy` file or is damaged, and for types that kd has no tensors of.
    public static func read(_ path: String) throws -> Tensor {
        let file = try InputFile(path)
        guard let size = file.size else {
            throw FormatError("an array is read at several places, which a pipe does not allow", file: path)
        }
        if size == 0 { throw FormatError("the file is empty", file: path) }
        let header = try NpyHeader(file.bytes(at: 0, count: min(size, NpyHeader.longest)), fileSize: size, file: path)
        let shape = header.isFortran ? header.shape.reversed() : header.shape
        let tensor = try Tensor.filled(shape, header.type.dtype) { target in
            try header.fill(target, count: header.count) { try file.read(at: header.start + $0, into: $1) }
        }
        guard header.isFortran, shape.count > 1 else { return tensor }
        return try permute(tensor, Array(shape.indices.reversed())).copied()
    }

    /// Writes a tensor so that the file is there as a whole or not at all; bf16, which NumPy has not, is written as f4.
    ///
    /// The bytes are those that NumPy's `save` writes.
    public static func write(_ tensor: Tensor, to path: String) throws {
        guard tensor.rank <= NpyHeader.mostAxes else {
            throw FormatError(
                "the tensor has \(tensor.rank) axes, NumPy's arrays have at most \(NpyHeader.mostAxes)", file: path,
                hint: "reshape it")
        }
        let tensor = tensor.dtype == .bf16 ? try tensor.detached().converted(to: .f32) : tensor
        try File.write(to: path) { file in
            try file.write(NpyHeader.bytes(shape: tensor.shape, dtype: tensor.dtype))
            try tensor.withBytes { try file.write($0) }
        }
    }
}

/// What stands before the numbers.
struct NpyHeader {
    /// How one element lies in the file.
    struct ElementType {
        let dtype: DType
        let isSigned: Bool
        /// Bytes in the file.
        let size: Int
        let isBig: Bool
    }

    /// NumPy's own limit for a header of others, with what stands before it.
    static let longest = 10_000 + 12
    static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    /// As many axes as NumPy's arrays can have.
    static let mostAxes = 64

    let type: ElementType
    let isFortran: Bool
    let shape: [Int]
    let count: Int
    /// Where the numbers begin.
    let start: Int
    private let file: String?

    /// - Parameter bytes: the first bytes of the file.
    init(_ bytes: [UInt8], fileSize: Int, file: String?) throws {
        self.file = file
        func fault(_ problem: String, hint: String? = nil) -> FormatError {
            FormatError(problem, file: file, hint: hint)
        }
        guard bytes.starts(with: NpyHeader.magic) else {
            if bytes.starts(with: [0x50, 0x4B]) {
                throw fault(
                    "this is a zip archive, perhaps of NumPy's arrays (.npz), not one array",
                    hint: "save its arrays one by one in Python: np.save(\"x.npy\", np.load(FILE)[\"x\"])")
            }
            if bytes.first == 0x80 {
                throw fault(
                    "this is a pickle, which may run any code, not an array",
                    hint: "np.save(\"x.npy\", x) in Python writes an array")
            }
            if NpyHeader.magic.starts(with: bytes) { throw fault("the file ends inside its first 6 bytes") }
            throw fault(
                "the file does not begin with \\x93NUMPY", hint: "np.save(\"x.npy\", x) in Python writes an array")
        }
        guard bytes.count >= 10 else { throw fault("the file ends at byte \(bytes.count), inside its header") }
        let version = bytes[6]
        guard (1...3).contains(version), bytes[7] == 0 else {
            throw fault(
                "the version of the format is \(version).\(bytes[7]); 1.0, 2.0 and 3.0 are known",
                hint: "save it again with np.save")
        }
        let lengthBytes = version == 1 ? bytes[8..<10] : bytes.dropFirst(8).prefix(4)
        let before = 8 + (version == 1 ? 2 : 4)
        guard bytes.count >= before else { throw fault("the file ends at byte \(bytes.count), inside its header") }
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        start = before + length
        guard length <= 10_000 else {
            throw fault(
                "the header is said to have \(length) bytes; 10000 are the most that is read",
                hint: "only structured types need that much, and kd reads none")
        }
        guard bytes.count >= start else {
            throw fault("the header is said to have \(length) bytes, the file has \(fileSize): it is truncated")
        }
        var literal: PythonLiteral
        do {
            literal = try PythonLiteral(Array(bytes[before..<start]), isUTF8: version == 3)
            let fields = try literal.dictionary()
            (type, isFortran, shape) = try NpyHeader.fields(fields)
        } catch let error as FormatError {
            throw fault(error.problem, hint: error.hint)
        }
        guard shape.count <= NpyHeader.mostAxes else {
            throw fault("the shape has \(shape.count) axes; \(NpyHeader.mostAxes) are the most")
        }
        var count = 1
        var overflows = false
        // Counted without zeros: an array with an axis of 0 and others that are huge has no meaning.
        for size in shape {
            let product = count.multipliedReportingOverflow(by: max(size, 1))
            overflows = overflows || product.overflow
            count = product.partialValue
        }
        let bytesOfAll = count.multipliedReportingOverflow(by: 8)
        guard !overflows, !bytesOfAll.overflow else {
            throw fault("the shape \(shape) has more elements than can be counted")
        }
        self.count = shape.contains(0) ? 0 : count
        let wanted = self.count * type.size
        let found = fileSize - start
        guard wanted == found else {
            let what = "\(found) bytes of numbers, where the shape \(shape) and \(type.size) bytes each make \(wanted)"
            throw fault(
                found < wanted ? "the file is truncated: it has \(what)" : "the file is too long: it has \(what)",
                hint: found < wanted ? nil : "one file holds one array; write several to files of their own")
        }
    }

    private static func fields(_ fields: [(key: String, value: PythonLiteral.Value)]) throws -> (
        ElementType, Bool, [Int]
    ) {
        let known = ["descr", "fortran_order", "shape"]
        for (key, _) in fields where !known.contains(key) {
            throw FormatError("the header has the unknown key '\(key.prefix(40))'")
        }
        for key in known where fields.count(where: { $0.key == key }) != 1 {
            throw FormatError("the header has \(fields.contains { $0.key == key } ? "more than one" : "no") '\(key)'")
        }
        var type: ElementType?
        var isFortran = false
        var shape: [Int] = []
        for (key, value) in fields {
            switch (key, value) {
            case ("descr", .string(let text)): type = try elementType(text)
            case ("fortran_order", .bool(let flag)): isFortran = flag
            case ("shape", .tuple(let items)):
                shape = try items.map { item in
                    guard case .int(let size) = item, size >= 0 else {
                        throw FormatError("the shape holds \(item.described), which is no size")
                    }
                    return size
                }
            default: throw FormatError("'\(key)' is \(value.described) in the header")
            }
        }
        guard let type else { throw FormatError("the header has no 'descr'") }
        return (type, isFortran, shape)
    }

    /// The type that NumPy writes as order, kind and size: `<f4`.
    private static func elementType(_ text: String) throws -> ElementType {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, let order = bytes.first, "<>|=".utf8.contains(order) else {
            throw FormatError("the type '\(text.prefix(40))' is none of NumPy's")
        }
        // '=' is the order of the machine that wrote, which a file cannot know; NumPy never writes it.
        if order == UInt8(ascii: "=") { throw FormatError("the type '\(text.prefix(40))' does not say its byte order") }
        let isBig = order == UInt8(ascii: ">")
        let name = String(text.dropFirst())
        func made(_ dtype: DType, signed: Bool = true, _ size: Int) throws -> ElementType {
            if size > 1, order == UInt8(ascii: "|") {
                throw FormatError("the type '\(text)' does not say its byte order")
            }
            return ElementType(dtype: dtype, isSigned: signed, size: size, isBig: isBig)
        }
        switch name {
        case "b1": return try made(.bool, 1)
        case "u1": return try made(.u8, signed: false, 1)
        case "i1": return try made(.i32, 1)
        case "i2": return try made(.i32, 2)
        case "u2": return try made(.i32, signed: false, 2)
        case "i4": return try made(.i32, 4)
        case "u4": return try made(.i64, signed: false, 4)
        case "i8": return try made(.i64, 8)
        case "u8": return try made(.i64, signed: false, 8)
        case "f2": return try made(.f32, 2)
        case "f4": return try made(.f32, 4)
        case "f8": return try made(.f64, 8)
        default: break
        }
        switch name.first {
        case "O":
            throw FormatError(
                "the array holds Python objects, which are pickled and may run any code; kd reads no pickles",
                hint: "save numbers in Python: np.save(\"x.npy\", np.array(x.tolist(), dtype=\"f4\"))")
        case "V":
            throw FormatError(
                "the type '\(text.prefix(40))' is raw bytes, not numbers",
                hint: "where they are bfloat16: np.save(\"x.npy\", x.astype(\"f4\"))")
        case "S", "U", "a":
            throw FormatError(
                "the type '\(text.prefix(40))' is text, which no tensor holds",
                hint: "save texts one a line and read_lines them")
        case "c":
            throw FormatError(
                "the type '\(text.prefix(40))' is complex numbers, which kd has not",
                hint: "save real and imaginary parts: np.save(\"re.npy\", x.real)")
        case "M", "m":
            throw FormatError(
                "the type '\(text.prefix(40))' is times, which kd has not",
                hint: "save whole numbers: np.save(\"x.npy\", x.astype(\"i8\"))")
        default:
            throw FormatError(
                "the type '\(text.prefix(40))' is none that kd reads: b1, i1 … i8, u1 … u8, f2, f4, f8",
                hint: "convert it in Python: np.save(\"x.npy\", x.astype(\"f8\"))")
        }
    }

    /// Writes the elements as kd holds them; `read` fills a buffer with the file's bytes from a place behind the header.
    func fill(
        _ target: UnsafeMutableRawBufferPointer, count: Int,
        read: (_ offset: Int, UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        let isSame = type.size == type.dtype.size && !(type.dtype == .i64 && !type.isSigned)
        let step = 1 << 20
        var buffer = [UInt8](repeating: 0, count: isSame ? 0 : min(count, step) * type.size)
        for from in stride(from: 0, to: count, by: step) {
            try Interruption.check()
            let many = min(step, count - from)
            if isSame {
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: target[from * type.size..<(from + many) * type.size])
                try read(from * type.size, part)
                convertInPlace(part)
                continue
            }
            try buffer.withUnsafeMutableBytes { raw in
                let part = UnsafeMutableRawBufferPointer(rebasing: raw[..<(many * type.size)])
                try read(from * type.size, part)
                try widen(UnsafeRawBufferPointer(part), to: target, from: from, count: many)
            }
        }
    }

    private func convertInPlace(_ part: UnsafeMutableRawBufferPointer) {
        func swap<I: FixedWidthInteger>(_ type: I.Type) {
            for at in stride(from: 0, to: part.count, by: MemoryLayout<I>.size) {
                part.storeBytes(of: part.load(fromByteOffset: at, as: I.self).byteSwapped, toByteOffset: at, as: I.self)
            }
        }
        // A bool is one bit of a byte here, whatever the file says.
        if type.dtype == .bool { for index in part.indices where part[index] > 1 { part[index] = 1 } }
        guard type.isBig else { return }
        switch type.size {
        case 4: swap(UInt32.self)
        case 8: swap(UInt64.self)
        default: break
        }
    }

    private func widen(
        _ raw: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, from: Int, count: Int
    ) throws {
        func each<I: FixedWidthInteger, E>(_ source: I.Type, _ element: E.Type, _ convert: (I) throws -> E) rethrows {
            for k in 0..<count {
                let bits = raw.loadUnaligned(fromByteOffset: k * MemoryLayout<I>.size, as: I.self)
                let value = try convert(type.isBig ? I(bigEndian: bits) : I(littleEndian: bits))
                target.storeBytes(of: value, toByteOffset: (from + k) * MemoryLayout<E>.size, as: E.self)
            }
        }
        switch (type.dtype, type.size, type.isSigned) {
        case (.i32, 1, _): each(Int8.self, Int32.self) { Int32($0) }
        case (.i32, _, true): each(Int16.self, Int32.self) { Int32($0) }
        case (.i32, _, false): each(UInt16.self, Int32.self) { Int32($0) }
        case (.i64, 4, _): each(UInt32.self, Int64.self) { Int64($0) }
        case (.i64, _, _):
            try each(UInt64.self, Int64.self) { value in
                guard let fitting = Int64(exactly: value) else {
                    throw FormatError(
                        "the array holds \(value), which no type of kd's does (i64 ends at \(Int64.max))", file: file,
                        hint: "save it as real numbers in Python: np.save(\"x.npy\", x.astype(\"f8\"))")
                }
                return fitting
            }
        default: each(UInt16.self, Float.self) { Float(Float16(bitPattern: $0)) }
        }
    }

    /// What NumPy writes before the numbers: version 1.0, filled up with blanks to a multiple of 64 bytes.
    static func bytes(shape: [Int], dtype: DType) -> [UInt8] {
        let descr =
            switch dtype {
            case .bool: "|b1"
            case .u8: "|u1"
            case .i32: "<i4"
            case .i64: "<i8"
            case .bf16, .f32: "<f4"
            case .f64: "<f8"
            }
        let sizes = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
        var text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(sizes), }".utf8)
        // NumPy leaves room for a first axis of 21 digits, so that an array can grow in its place.
        if let first = shape.first { text += [UInt8](repeating: 0x20, count: 21 - String(first).utf8.count) }
        text += [UInt8](repeating: 0x20, count: 64 - (10 + text.count + 1) % 64) + [0x0A]
        return magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }
}

/// The literals of Python's that a header is made of: a dictionary of strings, truth values, whole numbers, tuples.
private struct PythonLiteral {
    indirect enum Value {
        case string(String)
        case bool(Bool)
        case int(Int)
        case tuple([Value])

        var described: String {
            switch self {
            case .string(let text): "the string '\(text.prefix(40))'"
            case .bool(let flag): flag ? "True" : "False"
            case .int(let number): String(number)
            case .tuple(let items): "a tuple of \(items.count)"
            }
        }
    }

    private let text: [Unicode.Scalar]
    private var i = 0

    init(_ bytes: [UInt8], isUTF8: Bool) throws {
        if isUTF8 {
            if let fault = UTF8Text.firstFault(in: bytes) {
                throw FormatError("the header is not UTF-8 at its byte \(fault)")
            }
            text = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
        } else {
            text = bytes.map { Unicode.Scalar($0) }
        }
    }

    private func fault(_ expected: String) -> FormatError {
        let found: String
        if i >= text.count {
            found = "the end of the header"
        } else if text[i].value < 0x20 || text[i].value == 0x7F {
            found = "the control character 0x\(String(text[i].value, radix: 16, uppercase: true))"
        } else {
            found = "'\(text[i])'"
        }
        return FormatError("the header is no literal as NumPy writes it: \(found) at \(i), where \(expected) is due")
    }

    private mutating func skipSpace() {
        while i < text.count, [" ", "\n", "\t", "\r"].contains(text[i]) { i += 1 }
    }

    /// Steps over a scalar if it is the next.
    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard i < text.count, text[i] == scalar else { return false }
        i += 1
        return true
    }

    /// The whole text as a dictionary with strings as its keys, in the order of the text.
    mutating func dictionary() throws -> [(key: String, value: Value)] {
        guard take("{") else { throw fault("'{'") }
        var fields: [(key: String, value: Value)] = []
        while !take("}") {
            if !fields.isEmpty {
                guard take(",") else { throw fault("',' or '}'") }
                if take("}") { break }
            }
            skipSpace()
            guard case .string(let key) = try value(depth: 0) else { throw fault("a key in quotes") }
            guard take(":") else { throw fault("':'") }
            fields.append((key, try value(depth: 0)))
        }
        skipSpace()
        if i < text.count { throw fault("nothing") }
        return fields
    }

    private mutating func value(depth: Int) throws -> Value {
        skipSpace()
        guard i < text.count, depth < 8 else { throw fault("a value") }
        switch text[i] {
        case "'", "\"": return .string(try string())
        case "(":
            i += 1
            return try tuple(depth: depth)
        case "[":
            throw FormatError(
                "the header holds a list: the array has a structured type, several fields in one element",
                hint: "save its fields one by one in Python: np.save(\"x.npy\", array[\"x\"])")
        case "-", "0"..."9": return try number()
        default:
            if word("True") { return .bool(true) }
            if word("False") { return .bool(false) }
            throw fault("a value")
        }
    }

    private mutating func word(_ word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        guard text[i...].starts(with: scalars) else { return false }
        i += scalars.count
        return true
    }

    private mutating func string() throws -> String {
        let quote = text[i]
        var inner = String.UnicodeScalarView()
        i += 1
        while i < text.count, text[i] != quote {
            // No key and no type of NumPy's needs an escape.
            if text[i] == "\\" || text[i] == "\n" { throw fault("a plain character of a string") }
            inner.append(text[i])
            i += 1
        }
        guard i < text.count else { throw fault("the end of the string") }
        i += 1
        return String(inner)
    }

    /// Digits; Python 2 wrote `3L` for long ones.
    private mutating func number() throws -> Value {
        let isNegative = take("-")
        let start = i
        var number = 0
        while i < text.count, let digit = text[i].value >= 48 && text[i].value < 58 ? Int(text[i].value) - 48 : nil {
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            let (next, carry) = shifted.addingReportingOverflow(digit)
            if overflow || carry { throw FormatError("the header holds a number beyond 64 bits") }
            number = next
            i += 1
        }
        if i == start { throw fault("a digit") }
        if i < text.count, text[i] == "L" { i += 1 }
        return .int(isNegative ? -number : number)
    }

    /// What stands behind `(`: items, of which a single one has a comma behind it; without a comma it is the item itself.
    private mutating func tuple(depth: Int) throws -> Value {
        var items: [Value] = []
        var hasComma = false
        while !take(")") {
            if !items.isEmpty, !hasComma { throw fault("',' or ')'") }
            items.append(try value(depth: depth + 1))
            hasComma = take(",")
        }
        return items.count == 1 && !hasComma ? items[0] : .tuple(items)
    }
}

import Tensors

/// A safetensors file: a header that names tensors with type, shape and place, and their bytes.
///
/// `u64 header length | JSON header | bytes`, little-endian, row-major, without holes. The header is checked as a whole
/// before any tensor is read; names are only names and never paths. Specification: huggingface/safetensors, README.
public final class SafetensorsFile {
    /// One tensor as the header describes it.
    public struct Entry: Equatable, Sendable {
        public let shape: [Int]
        /// The name of the type in the file, "F32".
        public let type: String
        /// Where its bytes are, counted from the start of the file.
        public let range: Range<Int>
    }

    /// The most bytes that a header may have.
    public static let maximalHeader = 100_000_000

    public let path: String
    /// By name, in the order of the bytes in the file.
    public let entries: [(name: String, entry: Entry)]
    /// What the writer noted beside the tensors.
    public let metadata: [String: String]
    private let file: InputFile
    private let places: [ExactString: Entry]

    /// Opens a file and reads its header.
    ///
    /// - Throws: `FormatError` for a file that is no safetensors file: a header that is truncated, too long or no JSON, an
    ///   unknown type, sizes that do not match the shape, places that overlap, leave holes or lie outside the file.
    public init(_ path: String) throws {
        self.path = path
        file = try InputFile(path)
        guard let size = file.size else {
            throw FormatError("safetensors are read at several places, which a pipe does not allow", file: path)
        }
        if size == 0 { throw FormatError("the file is empty", file: path) }
        guard size >= 8 else {
            throw FormatError("the file has \(size) bytes; a safetensors file has at least 10", file: path)
        }
        let first = try file.bytes(at: 0, count: 8)
        let length = first.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsFile.maximalHeader), Int(length) <= size - 8 else {
            throw FormatError(
                "the header is said to have \(length) bytes, the file has \(size)", file: path,
                hint: "it is no safetensors file, or it is truncated")
        }
        let header: JSONObject
        do {
            let bytes = try file.bytes(at: 8, count: Int(length))
            guard bytes.first == UInt8(ascii: "{"), case .object(let object) = try JSONValue.parse(bytes) else {
                throw FormatError("it does not begin with '{'")
            }
            header = object
        } catch let error as FormatError {
            throw FormatError("the header is no JSON object: \(error.problem)", file: path)
        }
        var metadata: [String: String] = [:]
        var found: [(name: String, entry: Entry)] = []
        for (name, value) in header {
            if name == "__metadata__" {
                guard let notes = value.object else {
                    throw FormatError("__metadata__ must be an object, found \(value.kindName)", file: path)
                }
                for (key, note) in notes {
                    guard let text = note.string else {
                        throw FormatError(
                            "__metadata__ holds texts; \"\(key.prefix(40))\" is \(note.kindName)", file: path)
                    }
                    metadata[key] = text
                }
                continue
            }
            do {
                found.append((name, try SafetensorsFile.entry(value, dataStart: 8 + Int(length), fileSize: size)))
            } catch let error as FormatError {
                throw FormatError("the tensor \"\(name.prefix(80))\": \(error.problem)", file: path)
            }
        }
        found.sort {
            ($0.entry.range.lowerBound, $0.entry.range.upperBound) < (
                $1.entry.range.lowerBound, $1.entry.range.upperBound
            )
        }
        var end = 8 + Int(length)
        for (name, entry) in found {
            guard entry.range.lowerBound == end else {
                throw FormatError(
                    "the tensor \"\(name.prefix(80))\" begins at byte \(entry.range.lowerBound), \(end) was due: tensors may neither overlap nor leave holes",
                    file: path)
            }
            end = entry.range.upperBound
        }
        guard end == size else {
            throw FormatError("the tensors end at byte \(end), the file at byte \(size)", file: path)
        }
        self.metadata = metadata
        entries = found
        places = Dictionary(uniqueKeysWithValues: found.map { (ExactString($0.name), $0.entry) })
    }

    private static func entry(_ value: JSONValue, dataStart: Int, fileSize: Int) throws -> Entry {
        guard value.object != nil else { throw FormatError("must be an object, found \(value.kindName)") }
        guard let type = value["dtype"]?.string else { throw FormatError("has no dtype") }
        guard let bytes = elementSizes[type] else { throw FormatError("has the unknown type \(type.prefix(20))") }
        guard let shape = value["shape"]?.array?.map(\.int), !shape.contains(where: { $0 == nil || $0! < 0 }) else {
            throw FormatError("has no shape of whole numbers")
        }
        let sizes = shape.compactMap { $0 }
        guard let offsets = value["data_offsets"]?.array?.compactMap(\.int), offsets.count == 2,
            value["data_offsets"]?.array?.count == 2,
            0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= fileSize - dataStart
        else { throw FormatError("has data_offsets that are no two places inside the file") }
        guard let count = try? Shape.count(sizes) else {
            throw FormatError("has more elements than can be counted: \(sizes)")
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: bytes)
        guard !overflow, total == offsets[1] - offsets[0] else {
            throw FormatError(
                "has \(offsets[1] - offsets[0]) bytes, which its shape \(sizes) and type \(type) do not fill")
        }
        return Entry(shape: sizes, type: type, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    private static let elementSizes = [
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
        "U8": 1, "BOOL": 1, "C64": 8, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
    ]

    public subscript(name: String) -> Entry? { places[ExactString(name)] }

    /// One tensor's values; F16 is widened to f32.
    ///
    /// - Throws: `FormatError` when there is no such tensor, its type has none in kd, or the file was cut meanwhile.
    public func tensor(_ name: String) throws -> Tensor {
        guard let entry = self[name] else {
            throw FormatError(
                "there is no tensor \"\(name)\"", file: path,
                hint: File.nearest(name, among: entries.map(\.name)).map { "did you mean \"\($0)\"?" })
        }
        if entry.type == "F16" {
            let halves = try file.bytes(at: entry.range.lowerBound, count: entry.range.count)
            return try Tensor.filled(entry.shape, .f32) { target in
                let floats = target.assumingMemoryBound(to: Float.self)
                for index in floats.indices {
                    floats[index] = Float(
                        Float16(bitPattern: UInt16(halves[2 * index]) | UInt16(halves[2 * index + 1]) << 8))
                }
            }
        }
        guard let dtype = SafetensorsFile.dtypes.first(where: { $0.value == entry.type })?.key else {
            throw FormatError("the tensor \"\(name)\" is of type \(entry.type), which kd has no tensors of", file: path)
        }
        return try Tensor.filled(entry.shape, dtype) { target in
            try file.read(at: entry.range.lowerBound, into: target)
            // A bool is one bit of a byte here, whatever the file says.
            if dtype == .bool { for index in target.indices where target[index] > 1 { target[index] = 1 } }
        }
    }

    fileprivate static let dtypes: [DType: String] = [
        .f64: "F64", .f32: "F32", .bf16: "BF16", .i64: "I64", .i32: "I32", .u8: "U8", .bool: "BOOL",
    ]

    /// Writes tensors so that the file is there as a whole or not at all.
    ///
    /// They are laid out by falling size of an element and then by name, and the header is filled up with blanks, so that
    /// every tensor lies at a multiple of its element.
    /// - Throws: `FormatError` for a name that occurs twice or is reserved, and for what the file system refuses.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
    ) throws {
        var names: Set<ExactString> = ["__metadata__"]
        for (name, _) in tensors where !names.insert(ExactString(name)).inserted {
            throw FormatError("the name \"\(name)\" cannot be used, or is used twice", file: path)
        }
        let ordered = tensors.sorted { a, b in
            let (left, right) = (a.tensor.dtype.size, b.tensor.dtype.size)
            return left != right ? left > right : ExactString(a.name) < ExactString(b.name)
        }
        var header = JSONObject()
        if !metadata.isEmpty {
            var notes = JSONObject()
            for (key, value) in metadata.sorted(by: { ExactString($0.key) < ExactString($1.key) }) {
                notes[key] = .string(value)
            }
            header["__metadata__"] = .object(notes)
        }
        var place = 0
        for (name, tensor) in ordered {
            let end = place + tensor.count * tensor.dtype.size
            header[name] = .object([
                "dtype": .string(dtypes[tensor.dtype] ?? ""), "shape": .array(tensor.shape.map { .int($0) }),
                "data_offsets": .array([.int(place), .int(end)]),
            ])
            place = end
        }
        var text = try JSONValue.object(header).bytes()
        text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        let length = UInt64(text.count)
        try File.write(to: path) { file in
            try file.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
            try file.write(text)
            for (_, tensor) in ordered { try tensor.withBytes { try file.write($0) } }
        }
    }
}

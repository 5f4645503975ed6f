import Networks
import Tensors

/// Datasets into files; a file is complete or not there at all. Label names are written where labels have names.
public enum DatasetWriter {
    /// A tab-separated file with a header.
    ///
    /// - Throws: for a text that holds a tab or a line break, which the format cannot hold.
    public static func tsv(_ dataset: Dataset, to path: String) throws {
        try write(dataset, to: path, separator: 0x09) { text, name, row in
            if text.utf8.contains(where: { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) {
                throw DataError(
                    "\"\(name)\" holds a tab or a line break, which a TSV file cannot hold", row: row,
                    hint: "write_csv quotes them")
            }
            return text
        }
    }

    /// A comma-separated file with a header, quoted where it must be.
    public static func csv(_ dataset: Dataset, to path: String) throws {
        try write(dataset, to: path, separator: UInt8(ascii: ",")) { text, _, _ in
            let needsQuotes = text.utf8.contains {
                $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
            }
            guard needsQuotes else { return text }
            return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
    }

    private static func write(
        _ dataset: Dataset, to path: String, separator: UInt8,
        field: (String, _ column: String, _ row: Int) throws -> String
    ) throws {
        try File.write(to: path) { file in
            var line: [UInt8] = []
            for (k, name) in dataset.columnNames.enumerated() {
                if k > 0 { line.append(separator) }
                line += try field(name, "header", 0).utf8
            }
            line.append(0x0A)
            try file.write(line)
            for row in 0..<dataset.count {
                if row % 4096 == 0 { try Interruption.check() }
                line.removeAll(keepingCapacity: true)
                for (k, (name, cell)) in try dataset.row(row).enumerated() {
                    if k > 0 { line.append(separator) }
                    line += try field(try text(cell, name, row, dataset), name, row).utf8
                }
                line.append(0x0A)
                try file.write(line)
            }
        }
    }

    private static func text(_ cell: Cell, _ name: String, _ row: Int, _ dataset: Dataset) throws -> String {
        switch cell {
        case .text(let text): return text
        case .integer(let number):
            if name == dataset.labelColumn, let names = dataset.labelNames, names.indices.contains(number) {
                return names[number]
            }
            return String(number)
        case .float(let number): return "\(number)"
        case .truth(let flag): return flag ? "true" : "false"
        case .missing: return ""
        case .tensor, .json, .value:
            throw DataError(
                "\"\(name)\" is neither text nor a number, which a table cannot hold", row: row,
                hint: "write_jsonl can", kind: "type")
        }
    }

    /// One JSON object a line.
    public static func jsonl(_ dataset: Dataset, to path: String) throws {
        try File.write(to: path) { file in
            for row in 0..<dataset.count {
                if row % 4096 == 0 { try Interruption.check() }
                var object = JSONObject()
                for (name, cell) in try dataset.row(row) { object[name] = try json(cell, name, row, dataset) }
                try file.write(try JSONValue.object(object).bytes() + [0x0A])
            }
        }
    }

    private static func json(_ cell: Cell, _ name: String, _ row: Int, _ dataset: Dataset) throws -> JSONValue {
        switch cell {
        case .text(let text): return .string(text)
        case .integer(let number):
            if name == dataset.labelColumn, let names = dataset.labelNames, names.indices.contains(number) {
                return .string(names[number])
            }
            return .int(number)
        case .float(let number): return number.isFinite ? .float(number) : .null
        case .missing: return .null
        case .tensor(let tensor): return try json(tensor)
        case .truth(let flag): return .bool(flag)
        case .json(let value): return value
        case .value(let value):
            throw DataError("\"\(name)\" is \(value), which JSON cannot hold", row: row, kind: "type")
        }
    }

    private static func json(_ tensor: Tensor) throws -> JSONValue {
        let numbers = try tensor.jsonNumbers()
        func nest(_ range: Range<Int>, _ axis: Int) -> JSONValue {
            if axis == tensor.rank { return numbers[range.lowerBound] }
            let size = tensor.shape[axis]
            let step = size == 0 ? 0 : range.count / size
            return .array(
                (0..<size).map { nest(range.lowerBound + $0 * step..<range.lowerBound + ($0 + 1) * step, axis + 1) })
        }
        return nest(0..<numbers.count, 0)
    }
}

extension Tensor {
    /// The elements as JSON numbers in row-major order; a float that is not finite is null.
    fileprivate func jsonNumbers() throws -> [JSONValue] {
        func floats<F: BinaryFloatingPoint>(_ raw: UnsafeRawBufferPointer, _ type: F.Type) -> [JSONValue] {
            (0..<count).map {
                let value = raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<F>.size, as: F.self)
                // By its own digits, so that 0.1 in f32 is written 0.1.
                return value.isFinite ? .float(Double("\(value)") ?? Double(value)) : .null
            }
        }
        func ints<I: FixedWidthInteger>(_ raw: UnsafeRawBufferPointer, _ type: I.Type) -> [JSONValue] {
            (0..<count).map { .int(Int(raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<I>.size, as: I.self))) }
        }
        return try withBytes { raw in
            switch dtype {
            case .f32: floats(raw, Float.self)
            case .f64: floats(raw, Double.self)
            case .bf16:
                (0..<count).map {
                    let bits = raw.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)
                    let value = Float(bitPattern: UInt32(bits) << 16)
                    return value.isFinite ? .float(Double(value)) : .null
                }
            case .i64: ints(raw, Int64.self)
            case .i32: ints(raw, Int32.self)
            case .u8: ints(raw, UInt8.self)
            case .bool: raw.map { .bool($0 != 0) }
            }
        }
    }
}

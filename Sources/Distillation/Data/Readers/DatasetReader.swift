import Networks
import Tensors

/// Datasets from files. A file that is wrong anywhere gives an error with its line and no dataset.
public enum DatasetReader {
    /// A tab-separated file: a header, then a row a line, no quoting.
    public static func tsv(_ path: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        try tsv(File.read(path), file: path, options)
    }

    public static func tsv(_ bytes: [UInt8], file: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        let table = try FieldTable.tabSeparated(bytes, file: file, options: options)
        return try ColumnTypes(table, options).dataset(name: options.datasetName(file))
    }

    /// A comma-separated file with quoting as RFC 4180 has it.
    public static func csv(_ path: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        try csv(File.read(path), file: path, options)
    }

    public static func csv(_ bytes: [UInt8], file: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        let table = try FieldTable.commaSeparated(bytes, file: file, options: options)
        return try ColumnTypes(table, options).dataset(name: options.datasetName(file))
    }

    /// The lines of a text file as a dataset with one column, "text". Empty lines are rows too.
    public static func text(_ path: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        try text(File.read(path), file: path, options)
    }

    public static func text(_ bytes: [UInt8], file: String, _ options: TableOptions = TableOptions()) throws -> Dataset
    {
        var table = FieldTable(bytes: bytes, file: file)
        var lines: [String] = []
        try table.forEachLine(limit: options.lineLimit) { _, start, end, _ in
            lines.append(String(decoding: bytes[start..<end], as: UTF8.self))
        }
        return try Dataset(
            name: options.datasetName(file), columns: [("text", .text(lines))], text: .named("text"), label: .nobody)
    }

    /// A file with one JSON object a line, all with the same keys.
    public static func jsonl(_ path: String, _ options: TableOptions = TableOptions()) throws -> Dataset {
        try jsonl(File.read(path), file: path, options)
    }

    public static func jsonl(_ bytes: [UInt8], file: String, _ options: TableOptions = TableOptions()) throws -> Dataset
    {
        var table = FieldTable(bytes: bytes, file: file)
        var records: [(JSONObject, line: Int?)] = []
        try table.forEachLine(limit: options.lineLimit) { _, start, end, line in
            if records.count & 0xFFF == 0 { try Interruption.check() }
            let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank { throw FormatError("the line is empty where a JSON object should be", file: file, line: line) }
            do {
                let value = try JSONValue.parse(Array(bytes[start..<end]), file: file)
                guard let object = value.object else {
                    throw FormatError("the line holds \(value.kindName), not an object", file: file)
                }
                records.append((object, line))
            } catch var error as FormatError {
                error.line = line
                throw error
            }
        }
        return try JSONRecords(records, file: file, options).dataset(name: options.datasetName(file))
    }

    /// What a JSON file holds: a list of objects is a dataset, anything else a value.
    public enum JSONContents {
        case dataset(Dataset)
        case value(JSONValue)
    }

    public static func json(_ path: String, _ options: TableOptions = TableOptions()) throws -> JSONContents {
        let value = try JSONValue.read(path)
        guard let items = value.array, !items.isEmpty else { return .value(value) }
        let objects = items.compactMap(\.object)
        guard objects.count == items.count, !objects.allSatisfy(\.isEmpty) else { return .value(value) }
        let records = JSONRecords(objects.map { ($0, nil) }, file: path, options)
        return .dataset(try records.dataset(name: options.datasetName(path)))
    }
}

import Networks
import Tensors

/// A file of rows in parts, each a dataset that is read when it is asked for: for data larger than memory.
///
/// To open it goes through the file once and notes where each part begins; one part is in memory at a time.
public final class FileParts {
    public let path: String
    public let name: String
    /// All rows of the file.
    public let rows: Int
    /// The rows of a part; the last may have fewer.
    public let partRows: Int

    private let file: InputFile
    private let size: Int
    private let format: Format
    private var options: TableOptions
    private let starts: [Start]
    /// The part that was read last.
    private var recent: (number: Int, dataset: Dataset)

    private struct Start {
        let offset: Int
        let line: Int
    }

    private enum Format: String, CaseIterable {
        case tsv, csv, jsonl, txt
    }

    /// - Parameters:
    ///   - path: of a file that ends in .tsv, .csv, .jsonl or .txt (a text a line).
    ///   - partRows: rows in a part, at least 1.
    /// - Throws: `FormatError` for another ending, for what does not say how large it is (a pipe), for a first part that is
    ///   wrong, and for labels in words that have no numbers yet; `TensorError` when it is interrupted.
    public init(_ path: String, partRows: Int, _ options: TableOptions = TableOptions()) throws {
        guard partRows > 0 else {
            throw FormatError("a part has at least 1 row, not \(partRows)", file: path, kind: "value")
        }
        let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard let format = Format(rawValue: ending) else {
            throw FormatError(
                "the name does not say how the rows are written", file: path,
                hint: "files in parts end in .tsv, .csv, .jsonl or .txt")
        }
        file = try InputFile(path)
        guard let size = file.size, size > 0 else {
            throw FormatError("the file is empty, or does not say how large it is", file: path)
        }
        (self.path, self.size, self.format, self.partRows, self.options) = (path, size, format, partRows, options)
        name = options.datasetName(path)
        let hasHeader = (format == .tsv || format == .csv) && options.header
        (starts, rows) = try FileParts.scan(
            file, size, quoted: format == .csv, header: hasHeader, partRows: partRows, limit: options.lineLimit, path)
        guard rows > 0 else { throw FormatError("the file holds a header and no rows", file: path) }
        recent = (-1, try Dataset(name: name, columns: []))
        let first = try part(0)
        try settle(first)
        recent.number = 0
    }

    public var count: Int { starts.count }

    /// How many rows a part has.
    public func rows(of part: Int) -> Int { part + 1 < count ? partRows : rows - part * partRows }

    /// Reads a part; its rows have the numbers that they have in the whole file.
    ///
    /// - Throws: `FormatError` with the line in the file, also when the file is another than it was.
    public func part(_ number: Int) throws -> Dataset {
        if recent.number == number { return recent.dataset }
        guard try InputFile(path).size == size else {
            throw FormatError("the file has changed since it was opened", file: path, hint: "open it again")
        }
        let start = starts[number]
        let bytes = try file.bytes(
            at: start.offset, count: (number + 1 < count ? starts[number + 1].offset : size) - start.offset)
        var own = options
        if number > 0 { own.header = false }
        let read: Dataset
        do {
            read =
                switch format {
                case .tsv: try DatasetReader.tsv(bytes, file: path, own)
                case .csv: try DatasetReader.csv(bytes, file: path, own)
                case .jsonl: try DatasetReader.jsonl(bytes, file: path, own)
                case .txt: try DatasetReader.text(bytes, file: path, own)
                }
        } catch var error as FormatError {
            error.line = error.line.map { $0 + start.line - 1 }
            throw error
        }
        if recent.number >= 0, read.columnNames != recent.dataset.columnNames {
            throw FormatError(
                "the rows from here on have the columns \(read.columnNames.joined(separator: ", ")), those before \(recent.dataset.columnNames.joined(separator: ", "))",
                file: path, line: start.line)
        }
        let first = number * partRows
        let dataset = Dataset(
            name: name, count: read.count, columns: read.columns, text: read.textColumns, label: read.labelColumn,
            labelNames: read.labelNames, ids: Array(first..<first + read.count))
        recent = (number, dataset)
        return dataset
    }

    /// What the first part was found to be holds for all.
    private func settle(_ first: Dataset) throws {
        if let found = first.labelNames, options.labelNames == nil {
            let names = found.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
            throw FormatError(
                "the labels are words, and each part would number those that it holds", file: path,
                hint: "name all classes: labels=[\(names)\(found.count > 20 ? ", …" : "")]", kind: "value")
        }
        if format == .tsv || format == .csv { options.names = first.columnNames }
        for name in first.columnNames where options.types[name] == nil {
            guard name != first.labelColumn || options.labelNames == nil, let column = first.columns[name] else {
                continue
            }
            switch column {
            case .text: options.types[name] = "text"
            case .integers: options.types[name] = "int"
            case .floats: options.types[name] = "float"
            default: break
            }
        }
    }

    /// Where the parts begin, and how many rows there are.
    private static func scan(
        _ file: InputFile, _ size: Int, quoted: Bool, header: Bool, partRows: Int, limit: Int, _ path: String
    ) throws -> ([Start], rows: Int) {
        var starts = [Start(offset: 0, line: 1)]
        // A header belongs to the first part, and counts as the row before the first.
        var rows = header ? -1 : 0
        var (line, rowStart, isQuoted) = (1, 0, false)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { chunk.deallocate() }
        var offset = 0
        while offset < size {
            try Interruption.check()
            let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<min(chunk.count, size - offset)])
            try file.read(at: offset, into: part)
            for (place, byte) in part.enumerated() {
                if byte == 0x22, quoted { isQuoted.toggle() }
                guard byte == 0x0A else { continue }
                line += 1
                if isQuoted { continue }
                rows += 1
                rowStart = offset + place + 1
                if rows > 0, rows % partRows == 0, rowStart < size {
                    starts.append(Start(offset: rowStart, line: line))
                }
            }
            offset += part.count
            if offset - rowStart > limit { throw FieldTable.tooLong(line, limit, path) }
        }
        return (starts, rowStart < size ? rows + 1 : rows)
    }
}

import Networks

extension FieldTable {
    /// Fields as RFC 4180 has them: `"` around a field lets it hold the delimiter, line breaks and, doubled, quotes.
    ///
    /// Stricter than most readers: a quote inside a field that is not quoted, and anything between a closing quote and the next
    /// delimiter, are errors.
    static func commaSeparated(_ bytes: [UInt8], file: String?, options: TableOptions) throws -> FieldTable {
        guard let delimiter = options.delimiter.utf8.first, options.delimiter.utf8.count == 1, delimiter < 0x80,
            delimiter != UInt8(ascii: "\""), delimiter != 0x0A, delimiter != 0x0D
        else {
            throw FormatError(
                "the delimiter \"\(options.delimiter)\" is not one ASCII character", file: file, kind: "value")
        }
        try UTF8Text.check(bytes, file: file)
        var scanner = CSVScanner(
            table: FieldTable(bytes: bytes, file: file), delimiter: delimiter, limit: options.lineLimit)
        try scanner.scan()
        try scanner.table.takeHeader(options)
        return scanner.table
    }
}

private struct CSVScanner {
    var table: FieldTable
    let delimiter: UInt8
    let limit: Int
    var i = 0
    var line = 1

    init(table: FieldTable, delimiter: UInt8, limit: Int) {
        self.table = table
        self.delimiter = delimiter
        self.limit = limit
    }

    func fault(_ problem: String, line: Int? = nil, hint: String? = nil) -> FormatError {
        FormatError(problem, file: table.file, line: line ?? self.line, hint: hint)
    }

    mutating func scan() throws {
        let bytes = table.bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { i = 3 }
        while i < bytes.count {
            let rowLine = line
            let rowStart = i
            table.openRow(rowLine)
            var isEmpty = false
            while true {
                try scanField(bytes, rowStart: rowStart, rowLine: rowLine)
                if i < bytes.count, bytes[i] == delimiter {
                    i += 1
                    continue
                }
                isEmpty = i == rowStart
                if i < bytes.count, bytes[i] == 0x0D { i += 1 }
                if i < bytes.count, bytes[i] == 0x0A { i += 1 }
                line += 1
                break
            }
            try table.closeRow(rowLine, isEmpty: isEmpty)
        }
    }

    /// Reads one field and leaves `i` on the delimiter, the line break or the end behind it.
    mutating func scanField(_ bytes: [UInt8], rowStart: Int, rowLine: Int) throws {
        if i < bytes.count, bytes[i] == UInt8(ascii: "\"") {
            return try scanQuoted(bytes, rowStart: rowStart, rowLine: rowLine)
        }
        let start = i
        while i < bytes.count {
            let byte = bytes[i]
            if byte == delimiter || byte == 0x0A { break }
            if byte == 0x0D {
                if i + 1 == bytes.count || bytes[i + 1] == 0x0A { break }
                throw fault("a carriage return inside a line", hint: "fields with line breaks are written in quotes")
            }
            if byte == UInt8(ascii: "\"") {
                throw fault(
                    "a quote inside a field that does not begin with one",
                    hint: "write the field as \"…\" with its quotes doubled, or use read_tsv where nothing is quoted")
            }
            i += 1
        }
        if i - rowStart > limit { throw FieldTable.tooLong(rowLine, limit, table.file) }
        table.starts.append(start)
        table.ends.append(i)
    }

    mutating func scanQuoted(_ bytes: [UInt8], rowStart: Int, rowLine: Int) throws {
        let quoteLine = line
        i += 1
        var start = i
        var unescaped: [UInt8] = []
        while true {
            guard i < bytes.count else { throw fault("a quote is opened here and never closed", line: quoteLine) }
            if bytes[i] == 0x0A {
                line += 1
                if i - rowStart > limit { throw FieldTable.tooLong(rowLine, limit, table.file) }
            }
            if bytes[i] != UInt8(ascii: "\"") {
                i += 1
                continue
            }
            if i + 1 < bytes.count, bytes[i + 1] == UInt8(ascii: "\"") {
                unescaped += bytes[start...i]
                i += 2
                start = i
                continue
            }
            break
        }
        if i - rowStart > limit { throw FieldTable.tooLong(rowLine, limit, table.file) }
        if !unescaped.isEmpty { table.unescaped[table.starts.count] = unescaped + bytes[start..<i] }
        table.starts.append(start)
        table.ends.append(i)
        i += 1
        guard i < bytes.count, bytes[i] != delimiter, bytes[i] != 0x0A else { return }
        if bytes[i] == 0x0D, i + 1 == bytes.count || bytes[i + 1] == 0x0A { return }
        throw fault(
            "text after the closing quote of a field", hint: "a quote inside a quoted field is doubled: \"\"")
    }
}

import Networks
import Tensors

/// The fields of a text file in rows of equal length: places in the file's bytes, not yet texts.
struct FieldTable {
    let bytes: [UInt8]
    let file: String?
    var names: [String] = []
    /// The number of fields in a row; 0 before the first row.
    var width = 0
    var starts: [Int] = []
    var ends: [Int] = []
    /// Fields whose doubled quotes were taken apart, by their number.
    var unescaped: [Int: [UInt8]] = [:]
    /// The line on which each row begins, from 1.
    var lines: [Int] = []

    var count: Int { lines.count }

    init(bytes: [UInt8], file: String?) {
        self.bytes = bytes
        self.file = file
    }

    /// Tab-separated fields, a row a line, no quoting: a field holds no tab and no line break.
    static func tabSeparated(_ bytes: [UInt8], file: String?, options: TableOptions) throws -> FieldTable {
        var table = FieldTable(bytes: bytes, file: file)
        try table.forEachLine(limit: options.lineLimit) { table, start, end, line in
            table.openRow(line)
            var fieldStart = start
            for i in start..<end where bytes[i] == 0x09 {
                table.starts.append(fieldStart)
                table.ends.append(i)
                fieldStart = i + 1
            }
            table.starts.append(fieldStart)
            table.ends.append(end)
            try table.closeRow(line, isEmpty: start == end)
        }
        try table.takeHeader(options)
        return table
    }

    /// Calls `body` with the bounds and the number of each line; a line break at the end of the file ends the last line.
    mutating func forEachLine(
        limit: Int, _ body: (inout FieldTable, _ start: Int, _ end: Int, _ line: Int) throws -> Void
    ) throws {
        try UTF8Text.check(bytes, file: file)
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        if start == bytes.count { throw FormatError("the file is empty", file: file) }
        var line = 1
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            if end - start > limit { throw FieldTable.tooLong(line, limit, file) }
            let next = end + 1
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
            if let lone = bytes[start..<end].firstIndex(of: 0x0D) {
                let isOld = next > bytes.count && line == 1
                throw FormatError(
                    "a carriage return inside a line, \(lone - start + 1) bytes in", file: file, line: line,
                    hint: isOld ? "the lines end in CR alone, as on an old Macintosh: tr '\\r' '\\n' < FILE > NEW" : nil
                )
            }
            try body(&self, start, end, line)
            start = next
            line += 1
        }
    }

    static func tooLong(_ line: Int, _ limit: Int, _ file: String?) -> FormatError {
        let size = limit >= 1 << 20 ? "\(limit >> 20) MiB" : "\(limit) bytes"
        return FormatError("a line longer than \(size)", file: file, line: line, hint: "is it a text file with rows?")
    }

    mutating func openRow(_ line: Int) { lines.append(line) }

    /// Ends a row: it must have as many fields as the first.
    mutating func closeRow(_ line: Int, isEmpty: Bool) throws {
        if lines.count & 0xFFFF == 0 { try Interruption.check() }
        let found = starts.count - width * (lines.count - 1)
        if lines.count == 1 {
            if isEmpty { throw FormatError("the first line is empty", file: file, line: line) }
            width = found
            return
        }
        guard !isEmpty else {
            throw FormatError("the line is empty where \(fields(width)) should be", file: file, line: line)
        }
        guard found == width else {
            throw FormatError(
                "\(fields(found)) where the first line has \(width)", file: file, line: line,
                hint:
                    "mend the line: \(found < width ? "a separator is missing" : "one separator is too many, or a text that holds one is not quoted")"
            )
        }
    }

    private func fields(_ count: Int) -> String { count == 1 ? "1 field" : "\(count) fields" }

    /// Names the columns: by the first row, by the options, or by their number.
    mutating func takeHeader(_ options: TableOptions) throws {
        if lines.isEmpty { throw FormatError("the file is empty", file: file) }
        if options.header {
            names = (0..<width).map { text(0, $0) }
            let headerLine = lines[0]
            starts.removeFirst(width)
            ends.removeFirst(width)
            lines.removeFirst()
            unescaped = Dictionary(uniqueKeysWithValues: unescaped.compactMap { $0 < width ? nil : ($0 - width, $1) })
            if options.names == nil { try checkNames(line: headerLine) }
        } else {
            names = (0..<width).map { "column\($0)" }
        }
        if let given = options.names {
            guard given.count == width else {
                throw FormatError("names has \(given.count) names for \(width) columns", file: file)
            }
            names = given
            try checkNames(line: nil)
        }
        if count == 0 { throw FormatError("the file holds a header and no rows", file: file) }
    }

    private func checkNames(line: Int?) throws {
        var seen: Set<String> = []
        for (k, name) in names.enumerated() {
            if name.isEmpty {
                throw FormatError(
                    "column \(k + 1) has no name in the header", file: file, line: line,
                    hint: "name the columns: names=[…]")
            }
            if !seen.insert(name).inserted {
                throw FormatError(
                    "the header names \"\(name)\" twice", file: file, line: line, hint: "name the columns: names=[…]")
            }
        }
        if line != nil, names.allSatisfy({ Double($0) != nil }) {
            throw FormatError(
                "the header holds only numbers: \(names.prefix(5).joined(separator: ", "))", file: file, line: line,
                hint: "if the first line is a row already: header=false")
        }
    }

    func text(_ row: Int, _ column: Int) -> String {
        let field = row * width + column
        if !unescaped.isEmpty, let bytes = unescaped[field] { return String(decoding: bytes, as: UTF8.self) }
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[starts[field]..<ends[field]]), as: UTF8.self)
        }
    }

    /// Calls `body` with the bytes of each field of a column, from the first row down, until it returns false.
    func forEachField(of column: Int, _ body: (_ row: Int, UnsafeBufferPointer<UInt8>) throws -> Bool) rethrows {
        try bytes.withUnsafeBufferPointer { all in
            var field = column
            for row in 0..<count {
                let goesOn: Bool
                if !unescaped.isEmpty, let own = unescaped[field] {
                    goesOn = try own.withUnsafeBufferPointer { try body(row, $0) }
                } else {
                    goesOn = try body(row, UnsafeBufferPointer(rebasing: all[starts[field]..<ends[field]]))
                }
                if !goesOn { return }
                field += width
            }
        }
    }
}

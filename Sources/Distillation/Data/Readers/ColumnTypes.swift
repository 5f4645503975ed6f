import Networks

/// Turns the fields of a file into columns: of the types that are asked for, or of those that all values have.
///
/// A column is ints if every field is one (without needless leading zeros, which only codes have), floats if every field is a
/// number, text otherwise. A column of numbers with gaps is an error that says where they are.
struct ColumnTypes {
    let table: FieldTable
    let options: TableOptions
    let label: String?

    init(_ table: FieldTable, _ options: TableOptions) {
        self.table = table
        self.options = options
        label = options.labelColumn(in: table.names)
    }

    func dataset(name: String) throws -> Dataset {
        try options.checkTypes(for: table.names, file: table.file)
        var columns: [(String, Column)] = []
        var labelNames = options.labelNames
        for (k, columnName) in table.names.enumerated() {
            let type = options.types[columnName] ?? (isNamedText(columnName) ? "text" : nil)
            if type == "skip" { continue }
            if columnName == label {
                let (column, names) = try labels(k, columnName, type: type)
                labelNames = names
                columns.append((columnName, column))
            } else {
                columns.append((columnName, try column(k, columnName, type: type)))
            }
        }
        do {
            return try Dataset(
                name: name, columns: columns, text: options.text, label: options.label,
                labelNames: label == nil ? nil : labelNames)
        } catch let error as DataError {
            throw FormatError(
                error.problem, file: table.file, line: error.row.map { table.lines[$0] }, hint: error.hint,
                kind: error.kind)
        }
    }

    private func isNamedText(_ column: String) -> Bool {
        if case .named(let names) = options.text { names.contains(column) } else { false }
    }

    private func column(_ k: Int, _ name: String, type: String?) throws -> Column {
        switch type {
        case "text", "text?": return .text((0..<table.count).map { table.text($0, k) })
        case "int": return .integers(try ints(k, name))
        case "float": return .floats(try floats(k, name, gaps: false))
        case "float?": return .floats(try floats(k, name, gaps: true))
        case "int?":
            throw FormatError(
                "the column \"\(name)\" is \"int?\", but only a label can be missing", file: table.file,
                hint: "use \"float?\", which turns gaps into NaN", kind: "value")
        default: break
        }
        switch inferred(k) {
        case .text: return .text((0..<table.count).map { table.text($0, k) })
        case .int(let gaps):
            if !gaps.isEmpty {
                throw gapFault(name, "ints", gaps, hint: "\"float?\" turns gaps into NaN, \"text\" keeps the texts")
            }
            return .integers(try ints(k, name))
        case .float(let gaps):
            if !gaps.isEmpty {
                throw gapFault(name, "floats", gaps, hint: "\"float?\" turns gaps into NaN, \"text\" keeps the texts")
            }
            return .floats(try floats(k, name, gaps: false))
        }
    }

    private enum Inferred {
        case text
        case int(gaps: [Int])
        case float(gaps: [Int])
    }

    private func inferred(_ k: Int) -> Inferred {
        var gaps: [Int] = []
        var isInt = true
        var isFloat = true
        var sawDigit = false
        table.forEachField(of: k) { row, field in
            if field.isEmpty {
                gaps.append(row)
                return true
            }
            if isInt, NumberText.int(field) == nil || ColumnTypes.hasLeadingZero(field) { isInt = false }
            if !isInt {
                // A whole number that is no int is a code or too long: as a float it would lose digits.
                let isWhole = field.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
                if NumberText.float(field) == nil
                    || isWhole && (NumberText.int(field) == nil || ColumnTypes.hasLeadingZero(field))
                {
                    isFloat = false
                }
            }
            sawDigit = sawDigit || field.contains { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            return isFloat
        }
        if !isFloat || !sawDigit { return .text }
        return isInt ? .int(gaps: gaps) : .float(gaps: gaps)
    }

    private static func hasLeadingZero(_ field: UnsafeBufferPointer<UInt8>) -> Bool {
        var digits = field[...]
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            digits = digits.dropFirst()
        }
        guard digits.count > 1, digits.first == UInt8(ascii: "0") else { return false }
        return digits[digits.startIndex + 1] != UInt8(ascii: ".")
            && digits[digits.startIndex + 1] | 0x20 != UInt8(ascii: "e")
    }

    private func gapFault(_ name: String, _ what: String, _ gaps: [Int], hint: String) -> FormatError {
        let shown = gaps.prefix(5).map { String(table.lines[$0]) }.joined(separator: ", ")
        let lines =
            gaps.count == 1 ? "line \(shown)" : "lines \(shown)\(gaps.count > 5 ? " … (\(gaps.count) in all)" : "")"
        return FormatError(
            "the column \"\(name)\" holds \(what), but nothing on \(lines)", file: table.file,
            line: table.lines[gaps[0]],
            hint: "types={\"\(name)\": …}: \(hint)")
    }

    private func valueFault(_ row: Int, _ k: Int, _ name: String, _ what: String) -> FormatError {
        let text = table.text(row, k)
        let shown = text.count > 40 ? text.prefix(39) + "…" : text[...]
        return FormatError(
            "the column \"\(name)\" holds \"\(shown)\", which is no \(what)", file: table.file, line: table.lines[row])
    }

    private func ints(_ k: Int, _ name: String) throws -> [Int] {
        var values: [Int] = []
        values.reserveCapacity(table.count)
        try table.forEachField(of: k) { row, field in
            guard let value = NumberText.int(field) else { throw valueFault(row, k, name, "int") }
            values.append(value)
            return true
        }
        return values
    }

    private func floats(_ k: Int, _ name: String, gaps: Bool) throws -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(table.count)
        try table.forEachField(of: k) { row, field in
            if gaps && field.isEmpty {
                values.append(.nan)
                return true
            }
            guard let value = NumberText.float(field) else { throw valueFault(row, k, name, "float") }
            values.append(value)
            return true
        }
        return values
    }

    /// The label column: ints stay what they are, texts become numbers, and gaps are labels that are not known, if allowed.
    private func labels(_ k: Int, _ name: String, type: String?) throws -> (Column, [String]?) {
        let hint = "\"\(name)\": \"int?\" or \"text?\" reads gaps as labels that are not known"
        let kind = inferred(k)
        if case .float(let gaps) = kind, type == nil || type == "float" || type == "float?" {
            if !gaps.isEmpty && type != "float?" {
                throw gapFault(name, "floats", gaps, hint: "\"float?\" reads gaps as NaN")
            }
            return (.floats(try floats(k, name, gaps: type == "float?")), options.labelNames)
        }
        if type == "float" || type == "float?" {
            return (.floats(try floats(k, name, gaps: type == "float?")), options.labelNames)
        }
        var isText = type == "text" || type == "text?"
        if case .text = kind, type == nil { isText = true }
        let allowsGaps = type == "int?" || type == "text?"
        var gaps: [Int] = []
        var texts: [String] = []
        var numbers: [Int] = []
        try table.forEachField(of: k) { row, field in
            if field.isEmpty {
                gaps.append(row)
            } else if isText {
                texts.append(String(decoding: field, as: UTF8.self))
                return true
            } else if let number = NumberText.int(field) {
                numbers.append(number)
                return true
            } else {
                throw valueFault(row, k, name, "int")
            }
            if isText { texts.append("") } else { numbers.append(Dataset.missingLabel) }
            return true
        }
        if !gaps.isEmpty && !allowsGaps { throw gapFault(name, "labels", gaps, hint: hint) }
        let missing = Set(gaps)
        if !isText {
            if let names = options.labelNames {
                for (row, number) in numbers.enumerated()
                where !names.indices.contains(number) && !missing.contains(row) {
                    throw FormatError(
                        "the label is \(number), but there are \(names.count) names", file: table.file,
                        line: table.lines[row])
                }
            }
            return (.integers(numbers), options.labelNames)
        }
        let names =
            options.labelNames
            ?? Set(texts.enumerated().filter { !missing.contains($0.offset) }.map { ExactString($0.element) }).sorted()
            .map(\.text)
        var places: [ExactString: Int] = [:]
        for (place, name) in names.enumerated() { places[ExactString(name)] = place }
        let labels = try texts.enumerated().map { row, text in
            if missing.contains(row) { return Dataset.missingLabel }
            guard let place = places[ExactString(text)] else {
                throw FormatError(
                    "the label \"\(text.prefix(60))\" is none of \(Dataset.shortList(names))", file: table.file,
                    line: table.lines[row],
                    hint: Dataset.nearestName(text, among: names).map { "did you mean \"\($0)\"?" })
            }
            return place
        }
        if options.labelNames == nil, names.count > 10_000 {
            throw FormatError(
                "the label column \"\(name)\" holds \(names.count) different texts", file: table.file,
                hint: "if it is no label, say which column is: label=\"…\"")
        }
        return (.integers(labels), names)
    }
}

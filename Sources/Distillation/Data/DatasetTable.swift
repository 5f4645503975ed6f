import Networks
import Tensors

extension Dataset {
    /// How many rows each class has: in the order of the classes, and the rows without a label.
    public func labelCounts() throws -> (counts: [(label: Int, name: String, count: Int)], missing: Int) {
        var counts: [Int: Int] = [:]
        for label in try labels() { counts[label, default: 0] += 1 }
        let missing = counts.removeValue(forKey: Dataset.missingLabel) ?? 0
        let classes = Set(counts.keys).union((labelNames ?? []).indices).sorted()
        return (classes.map { ($0, labelName($0) ?? String($0), counts[$0] ?? 0) }, missing)
    }

    /// The name of a class, where it has one.
    public func labelName(_ label: Int) -> String? {
        labelNames.flatMap { $0.indices.contains(label) ? $0[label] : nil }
    }

    /// One line: "reviews: 8530 rows of text and label (2 classes)".
    public func summary() -> String {
        let kinds = columns.map { "\($0.key): \($0.value.typeName)" }.joined(separator: ", ")
        return "\(name): \(Dataset.grouped(count)) rows (\(DisplayText.cut(kinds, to: 100)))"
    }

    /// The first rows as a table that fits a window, with the columns' types and the classes below.
    public func table(width: Int = 80, rows: Int = 8) -> String {
        let width = max(width, 24)
        let shown = min(max(rows, 0), count)
        let names = columnNames
        var cells: [[String]] = []
        var alignsRight: [Bool] = []
        for name in names {
            let column = columns[name] ?? .values([])
            cells.append((0..<shown).map { display(column, name, $0, limit: 400) })
            switch column {
            case .integers, .floats: alignsRight.append(name != labelColumn || labelNames == nil)
            default: alignsRight.append(false)
            }
        }
        let numbers = max(String(max(shown - 1, 0)).count, 1)
        let natural = names.indices.map { k in
            max(DisplayText.width(DisplayText.oneLine(names[k])), cells[k].map(DisplayText.width).max() ?? 0, 1)
        }
        let (visible, widths) = Dataset.fit(natural, into: width - numbers - 1)
        var lines: [String] = []
        func line(_ number: String, _ cell: (Int) -> String) -> String {
            var text = DisplayText.right(number, numbers)
            for (place, k) in visible.enumerated() {
                let cut = DisplayText.cut(cell(k), to: widths[place])
                text +=
                    "  "
                    + (alignsRight[k] ? DisplayText.right(cut, widths[place]) : DisplayText.left(cut, widths[place]))
            }
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }
        if !names.isEmpty { lines.append(line("") { names[$0] }) }
        for row in 0..<shown { lines.append(line(String(row)) { cells[$0][row] }) }
        if shown < count { lines.append(DisplayText.right("…", numbers)) }
        lines += footer(width: width, hidden: names.count - visible.count)
        return lines.joined(separator: "\n")
    }

    /// The widths of the columns that fit: wide ones give way, and where that is not enough the last are left out.
    private static func fit(_ natural: [Int], into width: Int) -> (visible: [Int], widths: [Int]) {
        let least = 6
        var visible = Array(natural.indices)
        while visible.count > 1, visible.reduce(0, { $0 + min(natural[$1], least) + 2 }) > width {
            visible.removeLast()
        }
        var widths = visible.map { natural[$0] }
        var excess = widths.reduce(0) { $0 + $1 + 2 } - width
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 1 {
            // The widest comes down to the second widest, or as far as is needed.
            let second = widths.enumerated().filter { $0.offset != widest }.map(\.element).max() ?? 1
            let step = max(min(excess, widths[widest] - max(second, 1)), 1)
            widths[widest] -= step
            excess -= step
        }
        return (visible, widths)
    }

    private func display(_ column: Column, _ name: String, _ row: Int, limit: Int) -> String {
        switch column {
        case .text(let texts): return DisplayText.cut(texts[row], to: limit)
        case .integers(let numbers):
            if name == labelColumn {
                if numbers[row] == Dataset.missingLabel { return "–" }
                if let label = labelName(numbers[row]) { return "\(numbers[row]) \(label)" }
            }
            return String(numbers[row])
        case .floats(let numbers): return Dataset.short(numbers[row])
        case .tensor(let tensor):
            if name == labelColumn, let labelNames, let flags = try? tensor.row(row).elements(as: Float.self) {
                let classes = zip(labelNames, flags).filter { $0.1 > 0.5 }.map(\.0)
                return DisplayText.cut(classes.joined(separator: ", "), to: limit)
            }
            if tensor.rank == 1, let cell = try? tensor.row(row), let text = try? cell.scalarText() { return text }
            return column.typeName
        case .words(let values): return DisplayText.cut(values[row].joined(separator: " "), to: limit)
        case .tags(let values): return DisplayText.cut(values[row].map(tagName).joined(separator: " "), to: limit)
        case .values(let values): return DisplayText.cut(values[row].shown, to: limit)
        }
    }

    private func footer(width: Int, hidden: Int) -> [String] {
        var parts = ["\(Dataset.grouped(count)) \(count == 1 ? "row" : "rows")"]
        for (name, column) in columns where name != labelColumn || labelNames == nil && classCount == nil {
            parts.append("\(DisplayText.oneLine(name)): \(column.typeName)")
        }
        if isTagging, let labelColumn, let labelNames {
            parts.append("\(DisplayText.oneLine(labelColumn)): \(Dataset.shortList(labelNames))")
        } else if let labelColumn, let found = try? labelCounts() {
            let largest = found.counts.prefix(6).map {
                "\(DisplayText.cut($0.name, to: 20)) \(Dataset.grouped($0.count))"
            }
            var text =
                "\(DisplayText.oneLine(labelColumn)): \(found.counts.count) \(found.counts.count == 1 ? "class" : "classes")"
            if !largest.isEmpty {
                text += " (\(largest.joined(separator: ", "))\(found.counts.count > 6 ? ", …" : ""))"
            }
            if found.missing > 0 { text += ", \(Dataset.grouped(found.missing)) without" }
            parts.append(text)
        }
        if hidden > 0 { parts.append("\(hidden) more \(hidden == 1 ? "column" : "columns") not shown") }
        // Parts are kept whole and wrapped between.
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, DisplayText.width(last) + DisplayText.width(part) + 3 <= width {
                lines[lines.count - 1] = last + " · " + part
            } else {
                lines.append(DisplayText.cut(part, to: width))
            }
        }
        return lines
    }

    /// A whole number with its digits in groups of three from five on: 4295, 10,662.
    static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0, digits.count > 4 { text += "," }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }

    /// A float in at most six digits.
    static func short(_ value: Double) -> String {
        if !value.isFinite { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let exact = "\(value)"
        if exact.utf8.count <= 8 { return exact }
        let magnitude = abs(value)
        if magnitude >= 1e-3, magnitude < 1e6 { return DecimalText.fixed(value, digits: 4) }
        return "\(Float(value))"
    }
}

extension Tensor {
    /// The only element of a tensor of rank 0, as text.
    fileprivate func scalarText() throws -> String {
        try withBytes { raw in
            switch dtype {
            case .f32: Dataset.short(Double(raw.loadUnaligned(as: Float.self)))
            case .f64: Dataset.short(raw.loadUnaligned(as: Double.self))
            case .bf16: Dataset.short(Double(Float(bitPattern: UInt32(raw.loadUnaligned(as: UInt16.self)) << 16)))
            case .i64: String(raw.loadUnaligned(as: Int64.self))
            case .i32: String(raw.loadUnaligned(as: Int32.self))
            case .u8: String(raw[0])
            case .bool: raw[0] == 0 ? "false" : "true"
            }
        }
    }
}

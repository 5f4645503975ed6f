/// Rows of text in aligned columns, for terminals and logs.
public struct TextTable {
    public let columns: [String]
    private let rightAligned: Set<Int>
    private var rows: [[String]] = []

    public init(columns: [String], rightAligned: Set<Int> = []) {
        self.columns = columns
        self.rightAligned = rightAligned
    }

    /// Missing cells are left empty.
    public mutating func add(_ cells: [String]) {
        rows.append((0..<columns.count).map { $0 < cells.count ? cells[$0] : "" })
    }

    /// A heading, a rule and the rows; no space at the ends of lines.
    public var text: String {
        let all = [columns] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - cells[column].count)
                return rightAligned.contains(column) ? gap + cells[column] : cells[column] + gap
            }
            var text = padded.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([line(columns), rule] + rows.map(line)).joined(separator: "\n")
    }
}

extension TextTable {
    /// The same as a table of HTML, with a sentence below.
    public func html(note: String? = nil) -> String {
        func line(_ cells: [String], _ tag: String) -> String {
            let marked = cells.enumerated().map { column, cell in
                let style = rightAligned.contains(column) ? " style=\"text-align:right\"" : ""
                return "<\(tag)\(style)>\(HTMLText.escaped(cell))</\(tag)>"
            }
            return "<tr>\(marked.joined())</tr>\n"
        }
        var text = "<table>\n<thead>\n" + line(columns, "th") + "</thead>\n<tbody>\n"
        text += rows.map { line($0, "td") }.joined() + "</tbody>\n</table>\n"
        if let note { text += "<p>\(HTMLText.escaped(note))</p>\n" }
        return text
    }
}

public enum HTMLText {
    /// A text as it stands between tags or in an attribute.
    public static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

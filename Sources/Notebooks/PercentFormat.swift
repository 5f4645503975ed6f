import Language
import Networks

extension Notebook {
    // MARK: - Reading

    /// A script in jupytext's percent format; what stands before the first marker is a code cell when it is more than blanks.
    ///
    /// - Throws: A diagnostic with its place for a header that is no YAML.
    public init(script source: Source) throws {
        self.init()
        var text = source.text
        if text.contains("\r") { text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n") }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        if lines.last == "" { lines.removeLast() }
        let count = lines.count
        if let first = lines.first, first.hasPrefix("#!") {
            executable = first.dropFirst(2).trimmed
            lines.removeFirst()
        }
        try readHeader(&lines, source, line: count - lines.count + 1)
        var strings = StringTracker()
        var marker: CellMarker?
        var body: [Substring] = []
        var bodyLine = count - lines.count + 1
        func close(isLast: Bool = false) {
            // Before the first marker there may be nothing.
            if marker == nil, body.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) { return }
            // One empty line parts cells; further ones belong to the cell.
            let hasGap = body.last?.allSatisfy(\.isWhitespace) ?? false
            if hasGap, !isLast { body.removeLast() }
            cells.append(Notebook.cell(marker, body, linesBelow: hasGap || isLast ? 1 : 0, at: bodyLine))
        }
        for (index, line) in lines.enumerated() {
            if !strings.isInside, let next = CellMarker(line) {
                close()
                (marker, body) = (next, [])
                bodyLine = count - lines.count + index + 2
                strings = StringTracker()
                continue
            }
            body.append(line)
            if marker?.kind ?? .code == .code { strings.pass(line) }
        }
        close(isLast: true)
    }

    private static func cell(_ marker: CellMarker?, _ body: [Substring], linesBelow: Int, at line: Int) -> Cell {
        let kind = marker?.kind ?? .code
        var strings = StringTracker()
        let lines = body.map { line -> String in
            if kind != .code { return CellMarker.withoutPrefix(line) }
            let isInside = strings.isInside
            strings.pass(line)
            return isInside ? String(line) : CellMarker.unescaped(line)
        }
        var cell = Cell(kind, lines.joined(separator: "\n"))
        cell.title = marker?.title ?? ""
        cell.metadata = marker?.metadata ?? [:]
        cell.linesBelow = linesBelow
        cell.line = line
        return cell
    }

    // MARK: - Writing

    /// The notebook as a script, without ids and outputs.
    public var script: String {
        var text = executable.map { "#!\($0)\n" } ?? ""
        text += headerText
        for (index, cell) in cells.enumerated() {
            text += CellMarker(cell).text + "\n"
            var strings = StringTracker()
            if !cell.source.isEmpty {
                for line in cell.source.split(separator: "\n", omittingEmptySubsequences: false) {
                    if cell.kind != .code {
                        text += CellMarker.prefixed(line) + "\n"
                    } else {
                        text += (strings.isInside ? String(line) : CellMarker.escaped(line)) + "\n"
                        strings.pass(line)
                    }
                }
            }
            if index < cells.count - 1 { text += String(repeating: "\n", count: cell.linesBelow) }
        }
        return text
    }
}

extension CellMarker {
    // A line of code that would be read as a marker gets another "# " before it, and one that has it already gets one more.

    fileprivate static func isEscaped(_ line: Substring) -> Bool {
        line.hasPrefix("# ") && resembles(line.dropFirst(2))
    }
    fileprivate static func escaped(_ line: Substring) -> String { resembles(line) ? "# " + line : String(line) }
    fileprivate static func unescaped(_ line: Substring) -> String {
        isEscaped(line) ? String(line.dropFirst(2)) : String(line)
    }

    // In prose a line "%%" gets a number sign of its own, "# #%%", and one that has some gets one more.

    fileprivate static func prefixed(_ line: Substring) -> String {
        if isMarkedProse(line) { return "# #" + line }
        return line.isEmpty ? "#" : "# " + line
    }
    fileprivate static func withoutPrefix(_ line: Substring) -> String {
        guard line.first == "#" else { return String(line) }
        var rest = line.dropFirst()
        if rest.first == " " { rest = rest.dropFirst() }
        return String(rest.first == "#" && isMarkedProse(rest) ? rest.dropFirst() : rest)
    }
    private static func isMarkedProse(_ line: Substring) -> Bool {
        let rest = line.drop { $0 == "#" }
        return rest.hasPrefix("%%") && resembles("#" + rest)
    }
}

/// Whether a line of code begins inside a `"""` string, where nothing is a marker.
struct StringTracker {
    private(set) var isInside = false

    mutating func pass(_ line: Substring) {
        var rest = Substring(line)
        var quote: Character?
        while let character = rest.first {
            if isInside {
                if character == "\\" {
                    rest = rest.dropFirst(2)
                } else if rest.hasPrefix("\"\"\"") {
                    isInside = false
                    rest = rest.dropFirst(3)
                } else {
                    rest = rest.dropFirst()
                }
            } else if let open = quote {
                if character == "\\", open == "\"" {
                    rest = rest.dropFirst(2)
                    continue
                }
                if character == open { quote = nil }
                rest = rest.dropFirst()
            } else if rest.hasPrefix("\"\"\"") {
                isInside = true
                rest = rest.dropFirst(3)
            } else {
                if character == "#" { return }
                if character == "\"" || character == "'" { quote = character }
                rest = rest.dropFirst()
            }
        }
    }
}

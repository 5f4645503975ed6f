/// A part of a text in jupytext's percent format: what stands from one `# %%` line to the next.
public struct Cell: Sendable {
    public enum Kind: String, Sendable { case code, markdown, raw }

    public var kind: Kind
    /// What the marker's line says besides kind and metadata; empty when nothing.
    public var title: String
    /// `key=value` pairs of the marker's line; quotes around a value are gone.
    public var metadata: [(key: String, value: String)]
    /// `#| key: value` lines at the head of a code cell.
    public var options: [(key: String, value: String)]
    /// The whole cell with its marker line.
    public var span: Span
    /// What follows the marker line.
    public var body: Span
    /// From 1.
    public var number: Int

    /// A markdown cell's text without the `# ` before each line.
    public func prose(in source: Source) -> String {
        var lines = source.text(of: body).split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            if line.hasSuffix("\r") { line.removeLast() }
            guard line.hasPrefix("#") else { return String(line) }
            line.removeFirst()
            if line.hasPrefix(" ") { line.removeFirst() }
            return String(line)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}

/// The cells of a text in order; what stands before the first marker is a code cell when it is more than blanks.
public func cells(of source: Source) -> [Cell] {
    var cells: [Cell] = []
    var start = 0
    var head = CellHead(kind: .code, title: "", metadata: [])
    var bodyStart = 0
    func close(at end: Int, isFirst: Bool) {
        let body = Span(bodyStart, end)
        let text = source.text(of: body)
        if isFirst, text.allSatisfy(\.isWhitespace) { return }
        cells.append(
            Cell(
                kind: head.kind, title: head.title, metadata: head.metadata,
                options: head.kind == .code ? options(in: text) : [], span: Span(start, end), body: body,
                number: cells.count + 1))
    }
    var sawMarker = false
    for line in 1...source.lineCount {
        let span = source.lineSpan(line)
        guard span.count >= 4, source.bytes[Int(span.start)] == UInt8(ascii: "#"),
            let next = CellHead(marker: source.text(of: span))
        else { continue }
        close(at: Int(span.start), isFirst: !sawMarker)
        sawMarker = true
        start = Int(span.start)
        head = next
        bodyStart = line < source.lineCount ? Int(source.lineSpan(line + 1).start) : source.bytes.count
    }
    close(at: source.bytes.count, isFirst: !sawMarker)
    return cells
}

private func options(in text: String) -> [(key: String, value: String)] {
    var options: [(key: String, value: String)] = []
    for line in text.split(separator: "\n") {
        guard line.hasPrefix("#|") else {
            if line.allSatisfy(\.isWhitespace) { continue }
            break
        }
        let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map { trimmed($0) }
        if let key = parts.first, !key.isEmpty { options.append((key, parts.count > 1 ? parts[1] : "true")) }
    }
    return options
}

private func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
}

/// What a `# %% title [markdown] key="value"` line says.
private struct CellHead {
    var kind: Cell.Kind
    var title: String
    var metadata: [(key: String, value: String)]

    init(kind: Cell.Kind, title: String, metadata: [(key: String, value: String)]) {
        self.kind = kind
        self.title = title
        self.metadata = metadata
    }

    init?(marker line: String) {
        var rest = line.dropFirst().drop { $0 == " " || $0 == "\t" }
        guard rest.hasPrefix("%%") else { return nil }
        rest = rest.dropFirst(2)
        guard rest.isEmpty || rest.first?.isWhitespace == true else { return nil }
        kind = .code
        metadata = []
        var words: [String] = []
        while true {
            rest = rest.drop { $0.isWhitespace }
            if rest.isEmpty { break }
            var quote: Character?
            let end =
                rest.firstIndex { character in
                    if let open = quote {
                        if character == open { quote = nil }
                    } else if character == "\"" || character == "'" {
                        quote = character
                    } else {
                        return character.isWhitespace
                    }
                    return false
                } ?? rest.endIndex
            let word = rest[..<end]
            rest = rest[end...]
            switch word {
            case "[markdown]", "[md]": kind = .markdown
            case "[raw]": kind = .raw
            case "[code]": kind = .code
            default:
                if let equals = word.firstIndex(of: "="), equals != word.startIndex {
                    var value = word[word.index(after: equals)...]
                    if value.count >= 2, let first = value.first, first == "\"" || first == "'", value.last == first {
                        value = value.dropFirst().dropLast()
                    }
                    metadata.append((String(word[..<equals]), String(value)))
                } else {
                    words.append(String(word))
                }
            }
        }
        title = words.joined(separator: " ")
    }
}

extension Diagnostic {
    /// The one form in which an error is shown, at the prompt, in a cell and from a file.
    ///
    ///     error: matmul: inner sizes differ: [32, 128] @ [64, 2]
    ///       --> tutorials/02_student.kds:14:9
    ///        |
    ///     14 | y = x @ w
    ///        |     ^^^^^ the left has 128 columns, the right 64 rows
    ///     hint: …
    ///       in fit, called at tutorials/02_student.kds:20:1
    /// - Parameter frames: the most calls of the path that are shown.
    public func rendered(color: Bool = false, frames: Int = 20) -> String {
        DiagnosticRenderer(color: color, maximumFrames: frames).render(self)
    }
}

/// Lays a diagnostic out; everything that comes from a script is bounded and freed of control characters.
struct DiagnosticRenderer {
    let color: Bool
    var maximumFrames = 20

    static let maximumMessage = 2_000
    static let maximumLabel = 200
    /// Columns of source text shown; longer lines are cut to a window around the span.
    static let window = 100
    static let tabWidth = 4

    private enum Style: String {
        case error = "1;31"
        case warning = "1;33"
        case bold = "1"
        case frame = "34"
        case hint = "36"
    }

    private func styled(_ text: String, _ style: Style) -> String {
        color && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    func render(_ diagnostic: Diagnostic) -> String {
        let style: Style = diagnostic.severity == .error ? .error : .warning
        let message = clean(diagnostic.message, limit: Self.maximumMessage, continuation: "  ")
        var lines = [
            styled("\(diagnostic.severity.rawValue)\(diagnostic.code.map { "[\($0)]" } ?? ""): ", style)
                + styled(message, .bold)
        ]
        if let source = diagnostic.source {
            lines += place(source, diagnostic.span, diagnostic.label, style)
        }
        for note in diagnostic.notes.prefix(10) {
            lines.append("note: " + clean(note, limit: Self.maximumMessage, continuation: "      "))
        }
        if let hint = diagnostic.hint {
            lines.append(styled("hint: ", .hint) + clean(hint, limit: Self.maximumMessage, continuation: "      "))
        }
        lines += trace(diagnostic.trace)
        return lines.joined(separator: "\n")
    }

    // MARK: The place

    private func place(_ source: Source, _ span: Span?, _ label: String?, _ style: Style) -> [String] {
        let name = clean(source.name, limit: 300, continuation: "")
        guard let span else { return ["  \(styled("-->", .frame)) \(name)"] }
        let position = source.position(of: span.start)
        let number = String(position.line)
        let gutter = String(repeating: " ", count: max(2, number.count))
        let line = source.lineSpan(position.line)
        let start = max(line.start, min(span.start, line.end))
        let end = max(start, min(span.end, line.end))
        let shown = layOut(
            source.text(of: line), before: source.text(of: Span(start: line.start, end: start)),
            marked: source.text(of: Span(start: start, end: end)))
        let caret =
            String(repeating: " ", count: shown.column) + styled(String(repeating: "^", count: shown.width), style)
        let note = label.map { " " + styled(clean($0, limit: Self.maximumLabel, continuation: ""), style) } ?? ""
        let bar = styled("|", .frame)
        let padded = String(repeating: " ", count: gutter.count - number.count) + number
        let text = shown.text.isEmpty ? "" : " \(shown.text)"
        return [
            "\(gutter)\(styled("-->", .frame)) \(name):\(position.line):\(position.column)",
            "\(gutter) \(bar)",
            "\(styled(padded, .frame)) \(bar)\(text)",
            "\(gutter) \(bar) \(caret)\(note)",
        ]
    }

    /// A line as it is shown, with the column and width of the mark under it.
    private func layOut(_ line: String, before: String, marked: String) -> (text: String, column: Int, width: Int) {
        // A window is cut from the cells around the mark; beyond it nothing of a huge line is looked at twice.
        let left = cells(before.suffix(Self.window * 2))
        let middle = cells(marked.prefix(Self.window * 2))
        let right = cells(
            line.unicodeScalars.count > 4 * Self.window
                ? String(line.utf8.dropFirst(before.utf8.count + marked.utf8.count).prefix(Self.window * 8)) ?? ""
                : String(line.utf8.dropFirst(before.utf8.count + marked.utf8.count)) ?? "")
        let isCutLeft = before.count > Self.window * 2
        let total = width(left) + width(middle) + width(right)
        if total <= Self.window, !isCutLeft {
            return (text(left + middle + right), width(left), max(1, width(middle)))
        }
        var head = left
        let room = max(20, Self.window - min(width(middle), Self.window - 20)) / 2
        var cutsHead = isCutLeft
        if width(middle) + width(right) > room || isCutLeft {
            let wanted = max(room, Self.window - width(middle) - width(right))
            while width(head) > wanted {
                head.removeFirst(min(head.count, max(1, (width(head) - wanted) / 2)))
                cutsHead = true
            }
        }
        let prefix = cutsHead ? "…" : ""
        var tail = Self.window - width(head) - (cutsHead ? 1 : 0)
        var shownMiddle = middle[...]
        while width(Array(shownMiddle)) > max(tail, 1) { shownMiddle.removeLast() }
        tail -= width(Array(shownMiddle))
        var shownRight: [Cell] = []
        if shownMiddle.count == middle.count {
            for cell in right {
                guard tail - cell.width >= 0 else { break }
                tail -= cell.width
                shownRight.append(cell)
            }
        }
        let isWhole = shownMiddle.count == middle.count && shownRight.count == right.count
        return (
            prefix + text(head) + text(Array(shownMiddle)) + text(shownRight) + (isWhole ? "" : "…"),
            width(head) + (cutsHead ? 1 : 0), max(1, width(Array(shownMiddle)))
        )
    }

    /// One character as a terminal shows it.
    private struct Cell {
        var text: String
        var width: Int
    }

    private func cells(_ text: some StringProtocol) -> [Cell] {
        text.map { character in
            if character == "\t" {
                return Cell(text: String(repeating: " ", count: Self.tabWidth), width: Self.tabWidth)
            }
            if let scalar = character.unicodeScalars.first, DisplayWidth.isControl(scalar) {
                return Cell(text: "\u{FFFD}", width: 1)
            }
            return Cell(text: String(character), width: DisplayWidth.of(character))
        }
    }

    private func width(_ cells: [Cell]) -> Int { cells.reduce(0) { $0 + $1.width } }
    private func text(_ cells: [Cell]) -> String { cells.map(\.text).joined() }

    // MARK: The calls

    private func trace(_ frames: [Diagnostic.Frame]) -> [String] {
        var lines: [(text: String, times: Int)] = []
        for frame in frames {
            let function = clean(frame.function, limit: frame.isImport ? 300 : 80, continuation: "")
            var text = function.hasPrefix("…") ? "  \(function)" : "  in \(function)"
            if let source = frame.source {
                let name = clean(source.name, limit: 300, continuation: "")
                let position = frame.span.map { source.position(of: $0.start) }
                text +=
                    ", \(frame.isImport ? "imported" : "called") at \(name)"
                    + (position.map { ":\($0.line):\($0.column)" } ?? "")
            }
            if let last = lines.last, last.text == text {
                lines[lines.count - 1].times += 1
            } else {
                lines.append((text, 1))
            }
        }
        var shown = lines.map { $0.times == 1 ? $0.text : "\($0.text) (\($0.times) times)" }
        if shown.count > maximumFrames {
            let left = shown.count - maximumFrames + 1
            shown.replaceSubrange(
                (maximumFrames / 2)..<(maximumFrames / 2 + left), with: ["  … \(left) more calls"])
        }
        return shown
    }

    /// Bounded text in which no control character is left; further lines are indented.
    private func clean(_ text: String, limit: Int, continuation: String) -> String {
        var result = ""
        var count = 0
        for character in text {
            count += 1
            if count > limit {
                result += "…"
                break
            }
            if character.isNewline {
                result += continuation.isEmpty ? " " : "\n" + continuation
            } else if character == "\t" {
                result += " "
            } else if let scalar = character.unicodeScalars.first, DisplayWidth.isControl(scalar) {
                result += "\u{FFFD}"
            } else {
                result.append(character)
            }
        }
        return result
    }
}

/// How many columns a character takes on a terminal.
public enum DisplayWidth {
    public static func of(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    public static func of(_ character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars {
            if scalar.value == 0xFE0F { return 2 }
            width = max(width, of(scalar))
        }
        return width
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        // East Asian wide and full-width blocks, then the emoji shown wide without a selector.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF, 0x1B000...0x1B2FF,
            0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            return 2
        default:
            return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }
}

/// Text as a terminal shows it: its width in columns, cut to fit, without control characters.
public enum DisplayText {
    /// The columns that a character takes: 0, 1, or 2 for East Asian wide characters and emoji.
    static func width(of character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch scalar.value {
        // Hangul Jamo, CJK, kana, Hangul, compatibility forms, full-width forms, and the ideographic planes.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1B000...0x1B2FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// The columns that a text takes.
    public static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + width(of: $1) }
    }

    /// The text on one line and harmless: line breaks and tabs become ⏎ and ⇥, other control characters ·.
    public static func oneLine(_ text: some StringProtocol) -> String {
        var out = String.UnicodeScalarView()
        var before: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": if before != "\r" { out.append("⏎") }
            case "\r", "\u{2028}", "\u{2029}": out.append("⏎")
            case "\t": out.append("⇥")
            default:
                switch scalar.properties.generalCategory {
                case .control: out.append("·")
                // Marks that turn the direction of the line would reach beyond the cell.
                case .format where scalar != "\u{200D}": break
                default: out.append(scalar)
                }
            }
            before = scalar
        }
        return String(out)
    }

    /// The text in at most `limit` columns; what is cut off is marked by …
    public static func cut(_ text: String, to limit: Int) -> String {
        // A cell is never wider than its characters are many, so a long text need not be looked at as a whole.
        let line = oneLine(text.prefix(2 * max(limit, 0) + 64))
        if width(line) <= limit && text.count <= 2 * max(limit, 0) + 64 { return line }
        if limit < 1 { return "" }
        var kept = ""
        var used = 0
        for character in line {
            let more = width(of: character)
            if used + more > limit - 1 { break }
            kept.append(character)
            used += more
        }
        return kept + "…"
    }

    public static func left(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(columns - width(text), 0))
    }

    public static func right(_ text: String, _ columns: Int) -> String {
        String(repeating: " ", count: max(columns - width(text), 0)) + text
    }
}

/// How values become text: Python's `repr`, cut where it would grow too long.
public enum Display {
    /// Lists and maps show so many items, half of them from the end.
    static let shownItems = 100
    /// Containers deeper than this show as `[…]`.
    static let shownDepth = 8
    /// Whole results are cut at about so many characters.
    static let shownCharacters = 20_000

    static func list(_ list: ListObject, _ style: DisplayStyle) -> String {
        bracketed("[", list.items.count, "]") { list.items[$0].display(.inline) }
    }

    static func map(_ map: MapObject, _ style: DisplayStyle) -> String {
        let entries = map.entries
        return bracketed("{", entries.count, "}") { index in
            let entry = entries[index]
            return entry.key.display(.inline) + ": " + entry.value.display(.inline)
        }
    }

    private static func bracketed(_ open: String, _ count: Int, _ close: String, _ item: (Int) -> String) -> String {
        if count == 0 { return open + close }
        return Nesting.guarded(open + "…" + close, limit: shownDepth) {
            var text = open
            let half = shownItems / 2
            var index = 0
            while index < count {
                if index > 0 { text += ", " }
                if text.utf8.count > shownCharacters || (count > shownItems + 1 && index == half) {
                    let next = text.utf8.count > shownCharacters ? count : count - half
                    text += "… \(next - index) more …" + (next < count ? ", " : "")
                    index = next
                    continue
                }
                text += item(index)
                index += 1
            }
            return text + close
        }
    }
}

extension Value {
    /// The value inside another one or in an error: strings in quotes.
    public func display(_ style: DisplayStyle) -> String {
        switch self {
        case .null: "nil"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .float(let value): floatText(value)
        case .text(let text): quoted(text.text)
        case .object(let object): object.display(style)
        }
    }

    /// The value as `print` and interpolation write it: a string is its own text.
    public var printed: String { string ?? display(.inline) }

    /// The value and its type, short, for messages: `"abc" (string)`.
    public var described: String {
        if isNull { return "nil" }
        let text = display(.inline)
        if text.hasPrefix("<") { return text.count > 60 ? "a \(typeName)" : text }
        let short = text.unicodeScalars.count > 40 ? String(text.prefix(37)) + "…" : text
        return short.contains("\n") ? "a \(typeName)" : "\(short) (\(typeName))"
    }
}

/// A float as Python prints it: the shortest text that reads back as the same number.
public func floatText(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    // Swift's description is the shortest round trip too; only where the exponent starts differs from Python.
    let text = "\(value)"
    guard let mark = text.firstIndex(of: "e") else {
        return text
    }
    var digits = text[..<mark].filter { $0 != "." && $0 != "-" }
    let sign = text.hasPrefix("-") ? "-" : ""
    guard let exponent = Int(text[text.index(after: mark)...]) else { return text }
    if digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    if exponent >= 16 || exponent < -4 {
        let mantissa = digits.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
        let size = abs(exponent)
        return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    if digits.count <= exponent + 1 {
        return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
}

/// Text between double quotes with escapes, as a script would write it; very long text is cut in its middle.
public func quoted(_ text: String) -> String {
    var result = "\""
    let scalars = text.unicodeScalars
    func append(_ part: some Sequence<Unicode.Scalar>) {
        for scalar in part {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case "{": result += "\\{"
            case _ where scalar.value < 32 || scalar.value == 127:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
    if text.utf8.count > 10_000, scalars.count > 2_000 {
        append(scalars.prefix(1_000))
        result += "… \(scalars.count - 2_000) more …"
        append(scalars.suffix(1_000))
    } else {
        append(scalars)
    }
    return result + "\""
}

/// Which characters may stand where, and names for those that only look right.
enum Characters {
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66)
    }

    static func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte == UInt8(ascii: "_")
    }

    /// The scalar that begins at an offset, and its length in bytes.
    static func scalar(in source: Source, at offset: Int) -> (Unicode.Scalar, Int)? {
        guard offset < source.bytes.count else { return nil }
        let lead = source.bytes[offset]
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard offset + length <= source.bytes.count,
            let scalar = String(decoding: source.bytes[offset..<(offset + length)], as: UTF8.self).unicodeScalars.first
        else { return nil }
        return (scalar, length)
    }

    /// The bytes of the name that begins here, 0 when none does; letters of every script count.
    static func nameLength(in source: Source, at start: Int, afterStart: Bool = false) -> Int {
        var offset = start
        while offset < source.bytes.count {
            let byte = source.bytes[offset]
            if isNameStart(byte) || (isDigit(byte) && (offset > start || afterStart)) {
                offset += 1
                continue
            }
            guard byte >= 0x80, let (scalar, length) = scalar(in: source, at: offset) else { break }
            let properties = scalar.properties
            let fits = offset > start || afterStart ? properties.isXIDContinue : properties.isXIDStart
            guard fits, lookalikes[scalar] == nil else { break }
            offset += length
        }
        return offset - start
    }

    /// Control characters (NUL among them) and the invisible ones that reorder text stand nowhere, strings included.
    static func firstIllegal(in source: Source) -> Diagnostic? {
        let bytes = source.bytes
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            var length = 0
            if byte < 0x20 || byte == 0x7F {
                let isLineEnd = byte == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A
                let isLast = byte == 0x0D && index + 1 == bytes.count
                if byte != 0x09, byte != 0x0A, !isLineEnd, !isLast { length = 1 }
            } else if byte == 0xC2, index + 1 < bytes.count, bytes[index + 1] < 0xA0 {
                length = 2
            } else if byte == 0xE2, index + 2 < bytes.count {
                let tail = (bytes[index + 1], bytes[index + 2])
                if tail.0 == 0x80, (0xAA...0xAE).contains(tail.1) { length = 3 }
                if tail.0 == 0x81, (0xA6...0xA9).contains(tail.1) { length = 3 }
            }
            if length > 0, let (scalar, _) = scalar(in: source, at: index) {
                return Diagnostic(
                    kind: "parse", message: "the text holds a character that cannot be seen: \(code(scalar))",
                    source: source, span: Span(index, index + length), label: controlName(scalar),
                    hint: "delete it; in a string write \\u{\(String(scalar.value, radix: 16, uppercase: true))}")
            }
            index += 1
        }
        return nil
    }

    private static func controlName(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0: "a NUL; this may be no text file"
        case 0x0D: "a carriage return without a line feed"
        case 0x1B: "an escape"
        case 0x202A...0x202E, 0x2066...0x2069: "it reorders what is shown"
        default: "a control character"
        }
    }

    static func code(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The error for a character outside ASCII that begins no name, and its length.
    static func explain(in source: Source, at offset: Int) -> (Int, Diagnostic) {
        guard let (scalar, length) = scalar(in: source, at: offset) else {
            return (1, Diagnostic(kind: "parse", message: "this is not UTF-8 text", source: source))
        }
        let span = Span(offset, offset + length)
        if let (name, instead) = lookalikes[scalar] {
            let what = "this is \(name) (\(code(scalar)))"
            guard let typed = instead.typed else {
                let message = what + ", which cannot be seen"
                return (
                    length, Diagnostic(kind: "parse", message: message, source: source, span: span, hint: "delete it")
                )
            }
            return (
                length,
                Diagnostic(
                    kind: "parse", message: "\(what), not \(instead.meaning)", source: source, span: span,
                    label: "\(typed) belongs here", hint: "type \(typed)")
            )
        }
        let name = scalar.properties.name.map { " \($0.lowercased())" } ?? ""
        return (
            length,
            Diagnostic(
                kind: "parse", message: "a character that kd does not use: `\(scalar)` (\(code(scalar))\(name))",
                source: source, span: span, hint: "it may stand in a string or a comment")
        )
    }

    /// What to type for a character that only looks right.
    struct Replacement {
        var meaning: String
        /// Nil where the character has to go.
        var typed: String?

        init(_ typed: String, _ meaning: String? = nil) {
            self.typed = typed
            self.meaning = meaning ?? typed
        }

        static let nothing = {
            var replacement = Replacement("")
            replacement.typed = nil
            return replacement
        }()
    }

    static let lookalikes: [Unicode.Scalar: (String, Replacement)] = [
        "\u{201C}": ("a curly quote", Replacement("\"", "the straight one")),
        "\u{201D}": ("a curly quote", Replacement("\"", "the straight one")),
        "\u{201E}": ("a low quote", Replacement("\"", "the straight one")),
        "\u{2018}": ("a curly quote", Replacement("'", "the straight one")),
        "\u{2019}": ("a curly quote", Replacement("'", "the straight one")),
        "\u{00AB}": ("an angle quote", Replacement("\"", "a straight one")),
        "\u{00BB}": ("an angle quote", Replacement("\"", "a straight one")),
        "\u{2013}": ("an en dash", Replacement("-", "a minus sign")),
        "\u{2014}": ("an em dash", Replacement("-", "a minus sign")),
        "\u{2212}": ("a typographic minus", Replacement("-", "the one on the keyboard")),
        "\u{2010}": ("a typographic hyphen", Replacement("-", "a minus sign")),
        "\u{00D7}": ("a multiplication sign", Replacement("*", "an operator of kd")),
        "\u{22C5}": ("a dot operator", Replacement("*", "an operator of kd")),
        "\u{00B7}": ("a middle dot", Replacement("*", "an operator of kd")),
        "\u{00F7}": ("a division sign", Replacement("/", "an operator of kd")),
        "\u{2264}": ("a less-or-equal sign", Replacement("<=", "an operator of kd")),
        "\u{2265}": ("a greater-or-equal sign", Replacement(">=", "an operator of kd")),
        "\u{2260}": ("a not-equal sign", Replacement("!=", "an operator of kd")),
        "\u{2248}": ("an almost-equal sign", Replacement("isclose(a, b)", "an operator of kd")),
        "\u{2192}": ("an arrow", Replacement("->", "an operator of kd")),
        "\u{21A6}": ("an arrow", Replacement("->", "an operator of kd")),
        "\u{00B2}": ("a superscript two", Replacement("** 2", "a power")),
        "\u{00B3}": ("a superscript three", Replacement("** 3", "a power")),
        "\u{221A}": ("a root sign", Replacement("sqrt(x)", "a function of kd")),
        "\u{2211}": ("a sum sign", Replacement("sum(x)", "a function of kd")),
        "\u{2208}": ("an element-of sign", Replacement("in", "an operator of kd")),
        "\u{2227}": ("a logical and", Replacement("and", "an operator of kd")),
        "\u{2228}": ("a logical or", Replacement("or", "an operator of kd")),
        "\u{00AC}": ("a not sign", Replacement("not", "an operator of kd")),
        "\u{2026}": ("an ellipsis character", Replacement("...", "three dots")),
        "\u{00A0}": ("a no-break space", Replacement("a plain space")),
        "\u{202F}": ("a narrow no-break space", Replacement("a plain space")),
        "\u{2009}": ("a thin space", Replacement("a plain space")),
        "\u{3000}": ("a full-width space", Replacement("a plain space")),
        "\u{200B}": ("a zero-width space", .nothing),
        "\u{FEFF}": ("a byte-order mark", .nothing),
        "\u{2028}": ("a line separator", Replacement("a new line")),
        "\u{FF08}": ("a full-width parenthesis", Replacement("(", "the plain one")),
        "\u{FF09}": ("a full-width parenthesis", Replacement(")", "the plain one")),
        "\u{FF3B}": ("a full-width bracket", Replacement("[", "the plain one")),
        "\u{FF3D}": ("a full-width bracket", Replacement("]", "the plain one")),
        "\u{FF5B}": ("a full-width brace", Replacement("{", "the plain one")),
        "\u{FF5D}": ("a full-width brace", Replacement("}", "the plain one")),
        "\u{FF0C}": ("a full-width comma", Replacement(",", "the plain one")),
        "\u{3001}": ("an ideographic comma", Replacement(",", "the plain one")),
        "\u{3002}": ("an ideographic full stop", Replacement(".", "the plain one")),
        "\u{FF1A}": ("a full-width colon", Replacement(":", "the plain one")),
        "\u{FF1B}": ("a full-width semicolon", Replacement(";", "the plain one")),
        "\u{037E}": ("a Greek question mark", Replacement(";", "a semicolon")),
        "\u{FF1D}": ("a full-width equals sign", Replacement("=", "the plain one")),
        "\u{FF0B}": ("a full-width plus", Replacement("+", "the plain one")),
        "\u{FF0D}": ("a full-width minus", Replacement("-", "the plain one")),
        "\u{FF0A}": ("a full-width star", Replacement("*", "the plain one")),
    ]
}

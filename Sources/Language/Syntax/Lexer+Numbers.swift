extension Lexer {
    /// 42, 1_000, 0xff, 0o17, 0b1, 3.14, 1e-3.
    mutating func scanNumber() throws(Diagnostic) -> Token {
        let start = position
        let marker = byte(position + 1) | 0x20
        if byte(position) == UInt8(ascii: "0"), let radix = [0x78: 16, 0x6F: 8, 0x62: 2][Int(marker)] {
            return try scanPrefixed(radix: radix)
        }
        var digits = try scanDigits()
        var isFloat = false
        if byte(position) == UInt8(ascii: "."), byte(position + 1) != UInt8(ascii: ".") {
            let next = byte(position + 1)
            if Characters.isDigit(next) {
                position += 1
                digits += "."
                digits += try scanDigits()
                isFloat = true
            } else if !Characters.isNameStart(next) || isExponent(at: position + 1) {
                let written = source.text(of: Span(start, position))
                position += 1
                let end = position
                _ = try? scanExponent()
                let exponent = source.text(of: Span(end, position))
                throw problem(
                    "a number cannot end in a point", Span(start, position),
                    label: "a digit is missing after the point", hint: "write \(written).0\(exponent)")
            }
        }
        if isExponent(at: position) {
            digits += try scanExponent()
            isFloat = true
        }
        try rejectNameAfterNumber(start: start)
        let span = Span(start, position)
        if isFloat {
            guard let value = Double(digits), value.isFinite else {
                throw problem(
                    "\(shortened(digits)) is too large for a float", span, label: "the largest is about 1.8e308",
                    hint: "write inf for infinity")
            }
            return Token(kind: .float(value), span: span)
        }
        if digits.count > 1, digits.hasPrefix("0"), digits.contains(where: { $0 != "0" }) {
            let plain = String(digits.drop { $0 == "0" })
            throw problem(
                "a whole number cannot begin with 0", span,
                hint: "write \(shortened(plain)), or 0o\(shortened(plain)) for an octal number")
        }
        if let value = Int(digits) { return Token(kind: .int(value), span: span) }
        if digits == "9223372036854775808" { return Token(kind: .minimumMagnitude, span: span) }
        throw problem(
            "\(shortened(digits)) does not fit into an int of 64 bits", span,
            label: "the largest is 9223372036854775807",
            hint: digits.count <= 300 ? "write \(Double(digits) ?? 0) for a float" : nil)
    }

    private func shortened(_ digits: String) -> String {
        digits.count <= 40 ? digits : "\(digits.prefix(20))… (\(digits.count) digits)"
    }

    /// Digits with single underscores between them.
    private mutating func scanDigits() throws(Diagnostic) -> String {
        var digits: [UInt8] = []
        while true {
            let here = byte(position)
            if Characters.isDigit(here) {
                digits.append(here)
                position += 1
            } else if here == UInt8(ascii: "_"), Characters.isDigit(byte(position + 1)), !digits.isEmpty {
                position += 1
            } else {
                return String(decoding: digits, as: UTF8.self)
            }
        }
    }

    private func isExponent(at offset: Int) -> Bool {
        guard byte(offset) | 0x20 == UInt8(ascii: "e") else { return false }
        let next = byte(offset + 1)
        let signed = next == UInt8(ascii: "+") || next == UInt8(ascii: "-")
        return Characters.isDigit(signed ? byte(offset + 2) : next)
    }

    private mutating func scanExponent() throws(Diagnostic) -> String {
        guard isExponent(at: position) else { return "" }
        var text = "e"
        position += 1
        if !Characters.isDigit(byte(position)) {
            text.unicodeScalars.append(Unicode.Scalar(byte(position)))
            position += 1
        }
        return text + (try scanDigits())
    }

    private mutating func scanPrefixed(radix: Int) throws(Diagnostic) -> Token {
        let start = position
        position += 2
        var digits: [UInt8] = []
        while true {
            let here = byte(position)
            if Characters.isHexDigit(here), Int(String(decoding: [here], as: UTF8.self), radix: radix) != nil {
                digits.append(here)
                position += 1
            } else if here == UInt8(ascii: "_") {
                position += 1
            } else {
                break
            }
        }
        let name = [16: "hexadecimal", 8: "octal", 2: "binary"][radix] ?? ""
        if Characters.isDigit(byte(position)) || Characters.isNameStart(byte(position)) {
            let bad = position
            position += Characters.nameLength(in: source, at: position, afterStart: true)
            throw problem(
                "`\(source.text(of: Span(bad, bad + 1)))` is no \(name) digit", Span(bad, bad + 1),
                label: "in this \(name) number")
        }
        let span = Span(start, position)
        guard !digits.isEmpty else {
            throw problem("a \(name) number needs digits after \(source.text(of: span))", span)
        }
        guard let value = Int(String(decoding: digits, as: UTF8.self), radix: radix) else {
            throw problem(
                "this \(name) number does not fit into an int of 64 bits", span,
                label: "the largest is 0x7FFFFFFFFFFFFFFF")
        }
        return Token(kind: .int(value), span: span)
    }

    private mutating func rejectNameAfterNumber(start: Int) throws(Diagnostic) {
        let length = Characters.nameLength(in: source, at: position, afterStart: true)
        guard length > 0 else { return }
        let number = source.text(of: Span(start, position))
        let name = source.text(of: Span(position, position + length))
        position += length
        let span = Span(start, position)
        if name.hasPrefix("_") {
            throw problem("an underscore belongs between two digits", span, hint: "1_000_000")
        }
        if name == "j" {
            throw problem("kd has no complex numbers", span)
        }
        throw problem(
            "a name cannot begin with a digit", span, label: "neither a number nor a name",
            hint: "\(number) * \(name) for a product")
    }
}

extension Lexer {
    /// "interpolated", 'raw' or """of several lines""".
    mutating func scanString() throws(Diagnostic) -> Token {
        let start = position
        let quote = byte(position)
        let isTriple = byte(position + 1) == quote && byte(position + 2) == quote
        if quote == UInt8(ascii: "'") {
            if isTriple { return try rejectTripleSingle(start: start) }
            return try scanRaw(start: start)
        }
        guard stringDepth < Self.maximumStringDepth else {
            skipToLineEnd()
            throw problem(
                "strings are nested more than \(Self.maximumStringDepth) deep", Span(start, start + 1),
                hint: "give the inner text a name first")
        }
        stringDepth += 1
        defer { stringDepth -= 1 }
        position += isTriple ? 3 : 1
        let indentation = isTriple ? commonIndentation() : 0
        if isTriple {
            if byte(position) == 0x0D, byte(position + 1) == 0x0A { position += 1 }
            if byte(position) == 0x0A {
                position += 1
                skipIndentation(indentation)
            }
        }
        return try scanParts(start: start, isTriple: isTriple, indentation: indentation)
    }

    private mutating func scanParts(start: Int, isTriple: Bool, indentation: Int) throws(Diagnostic) -> Token {
        var parts: [StringPart] = []
        var text: [UInt8] = []
        var problems: [Diagnostic] = []
        func flush() {
            if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
        }
        while true {
            let here = byte(position)
            if atEnd || (here == 0x0A && !isTriple) {
                throw unclosedString(start: start, isTriple: isTriple)
            }
            switch here {
            case UInt8(ascii: "\""):
                if isTriple, byte(position + 1) != here || byte(position + 2) != here {
                    text.append(here)
                    position += 1
                    continue
                }
                position += isTriple ? 3 : 1
                if let first = problems.first { throw first }
                flush()
                return Token(kind: .string(parts), span: Span(start, position))
            case UInt8(ascii: "\\"):
                do {
                    text += Array(try scanEscape().utf8)
                } catch {
                    problems.append(error)
                }
            case UInt8(ascii: "{"):
                if byte(position + 1) == here {
                    text.append(here)
                    position += 2
                    continue
                }
                flush()
                parts.append(try scanInterpolation(isTriple: isTriple))
            case UInt8(ascii: "}"):
                if byte(position + 1) != here {
                    let span = Span(position, position + 1)
                    problems.append(
                        problem(
                            "this } in the string closes nothing", span, label: "no { before it",
                            hint: "write }} for a brace itself"))
                    position += 1
                    continue
                }
                text.append(here)
                position += 2
            case 0x0D where byte(position + 1) == 0x0A:
                position += 1
            case 0x0A:
                text.append(here)
                position += 1
                skipIndentation(indentation)
            default:
                text.append(here)
                position += 1
            }
        }
    }

    // MARK: Interpolation

    /// `{expression}` or `{expression:format}`.
    private mutating func scanInterpolation(isTriple: Bool) throws(Diagnostic) -> StringPart {
        let open = position
        position += 1
        var inner: [Token] = []
        var depth = 0
        func unclosed() -> Diagnostic {
            problem(
                "this { in the string is never closed", Span(open, open + 1), label: "an expression begins here",
                hint: "close it with }, or write {{ for a brace itself")
        }
        while true {
            while byte(position) == 0x20 || byte(position) == 0x09 || byte(position) == 0x0D
                || (isTriple && byte(position) == 0x0A)
            {
                position += 1
            }
            let here = byte(position)
            if atEnd || here == 0x0A || here == UInt8(ascii: "#") {
                skipToLineEnd()
                if atEnd, isTriple { endsInsideString = true }
                throw unclosed()
            }
            if depth == 0, here == UInt8(ascii: "}") || here == UInt8(ascii: ":") { break }
            if depth == 0, here == UInt8(ascii: "!"), byte(position + 1) != UInt8(ascii: "=") {
                let bang = position
                skipToLineEnd()
                throw problem(
                    "`!` does not convert inside a string", Span(bang, bang + 1),
                    hint: "call a function, or give a format behind a colon: \"{x:.3f}\"")
            }
            let token: Token
            let before = position
            do {
                token = try scanToken()
            } catch {
                if byte(before) == UInt8(ascii: "\""), error.span?.start == Int32(before), !isTriple {
                    throw unclosed()
                }
                skipToLineEnd()
                throw error
            }
            if let symbol = token.symbol {
                if symbol.opens { depth += 1 }
                if symbol.closes { depth -= 1 }
            }
            inner.append(token)
        }
        let end = Span(position, position + 1)
        if inner.isEmpty {
            let span = Span(open, position + 1)
            let isBrace = byte(position) == UInt8(ascii: "}")
            skipToLineEnd()
            throw problem(
                "there is no expression between the braces", span, label: "a name or an expression belongs here",
                hint: isBrace ? "\"{x}\" puts a value in; {{}} writes the braces themselves" : nil)
        }
        inner.append(Token(kind: .interpolationEnd, span: end))
        var format: String?
        if byte(position) == UInt8(ascii: ":") {
            position += 1
            let formatStart = position
            while !atEnd, byte(position) != UInt8(ascii: "}") {
                let here = byte(position)
                if here == 0x0A || here == UInt8(ascii: "{") || here == UInt8(ascii: "\"") {
                    skipToLineEnd()
                    throw problem(
                        "the format after the colon is not closed", Span(formatStart - 1, formatStart),
                        label: "the format begins here", hint: "\"{x:.3f}\"")
                }
                position += 1
            }
            if atEnd { throw unclosed() }
            format = source.text(of: Span(formatStart, position))
        }
        position += 1
        return .code(TokenList(inner), format: format)
    }

    // MARK: Escapes

    private mutating func scanEscape() throws(Diagnostic) -> String {
        let start = position
        let letter = byte(position + 1)
        position += 2
        switch letter {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "0"): return "\0"
        case UInt8(ascii: "e"): return "\u{1B}"
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "'"): return "'"
        case 0x0A: return ""
        case UInt8(ascii: "x"):
            let digits = String(decoding: [byte(position), byte(position + 1)], as: UTF8.self)
            guard Characters.isHexDigit(byte(position)), Characters.isHexDigit(byte(position + 1)),
                let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
            else {
                throw problem("\\x takes two hexadecimal digits", Span(start, start + 2), hint: "\"\\x41\" is A")
            }
            position += 2
            return String(scalar)
        case UInt8(ascii: "u"):
            return try scanUnicodeEscape(start: start)
        case UInt8(ascii: "{"), UInt8(ascii: "}"):
            let brace = letter == UInt8(ascii: "{") ? "{" : "}"
            throw problem(
                "a brace is not escaped with a backslash", Span(start, start + 2), label: "in an interpolating string",
                hint: "write \(brace)\(brace) for a brace itself")
        default:
            position = start + 1
            if letter < 0x80, !atEnd, letter != 0x0A { position += 1 }
            let written = source.text(of: Span(start, position))
            throw problem(
                "the string has no escape \(written)", Span(start, position),
                label: "the escapes are \\n \\t \\r \\0 \\e \\\\ \\\" \\' \\x41 \\u{1F600}",
                hint: "write \\\(written) for a backslash itself, or use a raw string between single quotes")
        }
    }

    private mutating func scanUnicodeEscape(start: Int) throws(Diagnostic) -> String {
        guard byte(position) == UInt8(ascii: "{") else {
            let digitsStart = position
            while Characters.isHexDigit(byte(position)), position < digitsStart + 4 { position += 1 }
            let digits = source.text(of: Span(digitsStart, position))
            throw problem(
                "the digits of \\u stand between braces", Span(start, position),
                hint: "\\u{\(digits.isEmpty ? "1F600" : digits)}")
        }
        position += 1
        let digitsStart = position
        while Characters.isHexDigit(byte(position)) { position += 1 }
        let digits = source.text(of: Span(digitsStart, position))
        guard byte(position) == UInt8(ascii: "}"), let value = UInt32(digits, radix: 16), digits.count <= 8,
            let scalar = Unicode.Scalar(value)
        else {
            throw problem(
                "\\u{\(digits.prefix(12))} is no Unicode character", Span(start, position), hint: "\"\\u{1F600}\"")
        }
        position += 1
        return String(scalar)
    }

    // MARK: Raw strings, ends and indentation

    private mutating func scanRaw(start: Int) throws(Diagnostic) -> Token {
        position += 1
        let textStart = position
        while !atEnd, byte(position) != UInt8(ascii: "'") {
            if byte(position) == 0x0A { break }
            position += 1
        }
        guard !atEnd, byte(position) == UInt8(ascii: "'") else { throw unclosedString(start: start, isTriple: false) }
        let text = source.text(of: Span(textStart, position))
        position += 1
        return Token(kind: .string(text.isEmpty ? [] : [.text(text)]), span: Span(start, position))
    }

    private mutating func rejectTripleSingle(start: Int) throws(Diagnostic) -> Token {
        position += 3
        while !atEnd {
            if byte(position) == UInt8(ascii: "'"), byte(position + 1) == byte(position),
                byte(position + 2) == byte(position)
            {
                position += 3
                break
            }
            position += 1
        }
        throw problem(
            "a string of several lines stands between three double quotes", Span(start, start + 3),
            hint: "\"\"\" … \"\"\"")
    }

    private mutating func unclosedString(start: Int, isTriple: Bool) -> Diagnostic {
        let quote = source.text(of: Span(start, start + 1))
        if isTriple {
            endsInsideString = true
            return problem(
                "this string is never closed", Span(start, start + 3), label: "it begins here and runs to the end",
                hint: "close it with \"\"\"")
        }
        var end = position
        while end > start + 1, byte(end - 1) == 0x20 || byte(end - 1) == 0x0D { end -= 1 }
        return problem(
            "this string is not closed on its line", Span(start, end), label: "\(quote) is missing at the end",
            hint: "close it with \(quote), or use \"\"\" for a text of several lines")
    }

    private mutating func skipToLineEnd() {
        while !atEnd, byte(position) != 0x0A { position += 1 }
    }

    /// The blanks that every line of a `"""` string begins with, as far as its closing quotes.
    private func commonIndentation() -> Int {
        var offset = position
        while byte(offset) == 0x20 || byte(offset) == 0x0D { offset += 1 }
        guard byte(offset) == 0x0A else { return 0 }
        var smallest = Int.max
        let quote = UInt8(ascii: "\"")
        while offset < bytes.count {
            if byte(offset) == quote, byte(offset + 1) == quote, byte(offset + 2) == quote { break }
            if byte(offset) == UInt8(ascii: "\\") {
                offset += 2
                continue
            }
            guard byte(offset) == 0x0A else {
                offset += 1
                continue
            }
            var width = 0
            offset += 1
            while byte(offset) == 0x20 || byte(offset) == 0x09 {
                width += 1
                offset += 1
            }
            if byte(offset) != 0x0A, byte(offset) != 0x0D { smallest = min(smallest, width) }
        }
        return smallest == Int.max ? 0 : smallest
    }

    private mutating func skipIndentation(_ width: Int) {
        var left = width
        while left > 0, byte(position) == 0x20 || byte(position) == 0x09 {
            position += 1
            left -= 1
        }
    }
}

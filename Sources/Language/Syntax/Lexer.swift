// Text → tokens.
//
//   tokenize()       the whole text; newlines that end nothing are already gone
//   scanToken()      one token at a character that is neither blank nor comment
//   scanNumber()     Lexer+Numbers.swift
//   scanString()     Lexer+Strings.swift; tokens inside "{ }" are lexed by the same scanToken()
//   checkCharacters  Characters.swift: control characters and look-alikes

/// Splits a text into tokens; what is wrong is kept in `diagnostics` and leaves an `invalid` token behind.
struct Lexer {
    let source: Source
    let bytes: [UInt8]
    var position = 0
    var tokens: [Token] = []
    /// The help written in `##` lines, by the index of the token that follows them.
    var docs: [Int: String] = [:]
    /// `#` comments by their line.
    var comments: [Int: (start: Int32, text: String)] = [:]
    var diagnostics: [Diagnostic] = []
    /// Whether the text ends inside a `"""` string, so that more of it may come.
    var endsInsideString = false
    var stringDepth = 0

    private var pendingNewline: Span?
    private var pendingDoc: [String] = []
    private var pendingDocLine = 0

    static let maximumErrors = 10
    static let maximumStringDepth = 8

    init(_ source: Source) {
        self.source = source
        bytes = source.bytes
    }

    func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }
    var atEnd: Bool { position >= bytes.count }

    /// `0..5`, `0..<n`, `1...5` and `1..=5` count in other languages: the mistake, if one of them stands here.
    private mutating func rangeOfDots(from start: Int) -> Diagnostic? {
        guard byte(start + 1) == UInt8(ascii: "."), let last = tokens.last, Int(last.span.end) == start else {
            return nil
        }
        let from = source.text(of: last.span)
        let isThree = byte(start + 2) == UInt8(ascii: ".")
        // Three dots are an ellipsis elsewhere.
        if isThree, Int(from) == nil { return nil }
        position = start + (isThree ? 3 : 2)
        var isInclusive = isThree
        if byte(position) == UInt8(ascii: "<") || byte(position) == UInt8(ascii: "=") {
            isInclusive = byte(position) == UInt8(ascii: "=")
            position += 1
        }
        let dots = Span(start, position)
        while Characters.isDigit(byte(position)) || Characters.nameLength(in: source, at: position) > 0 {
            position += max(1, Characters.nameLength(in: source, at: position))
        }
        let to = source.text(of: Span(Int(dots.end), position))
        let end = to.isEmpty ? "n" : isInclusive ? Int(to).map { "\($0 + 1)" } ?? "\(to) + 1" : to
        return problem(
            "kd has no `\(source.text(of: dots))`", dots, label: "a loop counts over range(…)",
            hint: from == "0" ? "range(\(end))" : "range(\(from), \(end))")
    }

    func problem(_ message: String, _ span: Span, label: String? = nil, hint: String? = nil) -> Diagnostic {
        Diagnostic(kind: "parse", message: message, source: source, span: span, label: label, hint: hint)
    }

    mutating func tokenize() -> TokenList {
        if bytes.count > Source.maximumBytes {
            diagnostics.append(
                Diagnostic(
                    kind: "parse", message: "\(source.name) is larger than 64 MB; a script is text that people write"))
            return TokenList([Token(kind: .end, span: .zero)])
        }
        if let illegal = Characters.firstIllegal(in: source) {
            diagnostics.append(illegal)
            return TokenList([Token(kind: .end, span: .zero)])
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if byte(position) == UInt8(ascii: "#"), byte(position + 1) == UInt8(ascii: "!") { skipLine() }
        while true {
            skipBlanksAndComments()
            if atEnd { break }
            emitPendingNewline()
            if !pendingDoc.isEmpty {
                docs[tokens.count] = pendingDoc.joined(separator: "\n")
                pendingDoc = []
            }
            let start = position
            do {
                tokens.append(try scanToken())
            } catch {
                if diagnostics.last?.line != error.line { diagnostics.append(error) }
                if position <= start { position = start + 1 }
                tokens.append(Token(kind: .invalid, span: Span(start, position)))
                if diagnostics.count >= Self.maximumErrors { break }
            }
        }
        let end = Span(bytes.count, bytes.count)
        if let last = tokens.last, !last.isNewline { tokens.append(Token(kind: .newline, span: pendingNewline ?? end)) }
        tokens.append(Token(kind: .end, span: end))
        return TokenList(tokens)
    }

    // MARK: Between tokens

    private mutating func skipLine() {
        while !atEnd, byte(position) != 0x0A { position += 1 }
    }

    private mutating func skipBlanksAndComments() {
        while !atEnd {
            switch byte(position) {
            case 0x20, 0x09, 0x0D:
                position += 1
            case 0x0A:
                if pendingNewline == nil { pendingNewline = Span(position, position) }
                position += 1
            case UInt8(ascii: "#"):
                scanComment()
            default:
                return
            }
        }
    }

    private mutating func scanComment() {
        let start = position
        skipLine()
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let line = source.line(at: Int32(clamping: start))
        let standsAlone = tokens.isEmpty || pendingNewline != nil
        if text.hasPrefix("##"), !text.hasPrefix("###"), standsAlone {
            if pendingDocLine + 1 != line { pendingDoc = [] }
            pendingDocLine = line
            pendingDoc.append(Lexer.trimmed(text.dropFirst(2), oneSpace: true))
        } else {
            comments[line] = (Int32(clamping: start), Lexer.trimmed(text.drop { $0 == "#" }, oneSpace: false))
        }
    }

    /// Without blanks at the end, and without one (or all) at the start.
    private static func trimmed(_ text: Substring, oneSpace: Bool) -> String {
        var text = text
        while let last = text.last, last.isWhitespace { text.removeLast() }
        if oneSpace {
            if text.first == " " { text.removeFirst() }
        } else {
            text = text.drop { $0.isWhitespace }
        }
        return String(text)
    }

    /// A newline ends a statement unless the line before ends in an operator or the next begins with `|>` or `.name`.
    private mutating func emitPendingNewline() {
        guard let newline = pendingNewline else { return }
        pendingNewline = nil
        guard let last = tokens.last else { return }
        switch last.kind {
        case .symbol(let symbol) where symbol.continuesLine: return
        case .keyword(let word) where word == .and || word == .or || word == .not || word == .in: return
        case .newline: return
        default: break
        }
        let here = byte(position)
        let next = byte(position + 1)
        if here == UInt8(ascii: "|"), next == UInt8(ascii: ">") { return }
        if here == UInt8(ascii: "."), Characters.isNameStart(next) || next >= 0x80 { return }
        tokens.append(Token(kind: .newline, span: newline))
    }

    // MARK: Tokens

    mutating func scanToken() throws(Diagnostic) -> Token {
        let start = position
        let first = byte(position)
        if Characters.isNameStart(first) { return try scanName() }
        if Characters.isDigit(first) { return try scanNumber() }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return try scanString() }
        if first >= 0x80 {
            if Characters.nameLength(in: source, at: position) > 0 { return try scanName() }
            let (length, diagnostic) = Characters.explain(in: source, at: position)
            position += length
            throw diagnostic
        }
        if first == UInt8(ascii: "."), let mistake = rangeOfDots(from: start) { throw mistake }
        if first == UInt8(ascii: "."), Characters.isDigit(byte(position + 1)) {
            position += 1
            while Characters.isDigit(byte(position)) { position += 1 }
            let text = source.text(of: Span(start, position))
            if let last = tokens.last, Int(last.span.end) == start {
                throw problem(
                    "a field's name cannot be a number", Span(start, position), label: "an index stands in brackets",
                    hint: "\(source.text(of: last.span))[\(text.dropFirst())]")
            }
            throw problem(
                "a number cannot begin with a point", Span(start, position),
                label: "a digit is missing before the point",
                hint: "write 0\(text)")
        }
        for length in [3, 2, 1] where position + length <= bytes.count {
            guard let symbol = Symbol.bySpelling[Array(bytes[position..<(position + length)])] else { continue }
            position += length
            try rejectIncrement(symbol, start: start)
            if symbol == .slash, byte(position) == UInt8(ascii: "*") {
                position += 1
                throw problem(
                    "a comment begins with #, not with /*", Span(start, position), hint: "# one line, as many as needed"
                )
            }
            return Token(kind: .symbol(symbol), span: Span(start, position))
        }
        position += 1
        let span = Span(start, position)
        switch first {
        case UInt8(ascii: "\\"):
            throw problem(
                "a backslash does not continue a line", span,
                hint: "end the line in an operator or a comma, or put the whole in parentheses")
        case UInt8(ascii: "`"):
            throw problem("a backquote means nothing here", span, hint: "strings stand between \" and \"")
        default:
            throw problem("`\(source.text(of: span))` means nothing here", span)
        }
    }

    /// `x++` at the end of a statement, which would otherwise be read as an unfinished sum.
    private mutating func rejectIncrement(_ symbol: Symbol, start: Int) throws(Diagnostic) {
        guard symbol == .plus || symbol == .minus, byte(position) == byte(start), let last = tokens.last,
            Int(last.span.end) == start, let name = last.identifier
        else { return }
        // The parser answers C's `for (i = 0; i < n; i++)` as a whole.
        let line = tokens[(tokens.lastIndex { $0.isNewline }.map { $0 + 1 } ?? 0)...]
        if line.first?.isKeyword(.for) == true { return }
        var next = position + 1
        while byte(next) == 0x20 || byte(next) == 0x09 || byte(next) == 0x0D { next += 1 }
        let after = byte(next)
        let ends: [UInt8] = [0, 0x0A, UInt8(ascii: ";"), UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "#")]
        guard ends.contains(after) else { return }
        position += 1
        throw problem(
            "kd has no `\(symbol.rawValue)\(symbol.rawValue)`", Span(start, position),
            hint: "\(name) \(symbol.rawValue)= 1")
    }

    private mutating func scanName() throws(Diagnostic) -> Token {
        let start = position
        position += Characters.nameLength(in: source, at: position)
        let text = source.text(of: Span(start, position))
        let quote = byte(position)
        if text.utf8.count <= 2, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
            ["f", "r", "b", "u", "rb", "br", "fr", "rf"].contains(text.lowercased())
        {
            try rejectPrefix(text.lowercased(), start: start)
        }
        if let keyword = Keyword(rawValue: text) { return Token(kind: .keyword(keyword), span: Span(start, position)) }
        return Token(kind: .identifier(text), span: Span(start, position))
    }

    /// `f"…"`, `r"…"`: the string is read too, so that one mistake is one error.
    private mutating func rejectPrefix(_ prefix: String, start: Int) throws(Diagnostic) {
        let prefixEnd = position
        // Whatever else is wrong with the string, the prefix is said first.
        _ = try? scanString()
        let literal = source.text(of: Span(prefixEnd, position))
        let span = Span(start, prefixEnd)
        let short =
            literal.count >= 2 && literal.count <= 60 && !literal.contains("\n") && literal.last == literal.first
        if prefix.contains("f") {
            let inside = literal.hasPrefix("'") ? "\"" + literal.dropFirst().dropLast() + "\"" : literal
            throw problem(
                "strings between double quotes interpolate by themselves, without the letter \(prefix)", span,
                label: "this letter has to go", hint: short ? inside : "\"loss {loss:.4f}\"")
        }
        if prefix.contains("r") {
            let inside = literal.hasPrefix("\"") ? "'" + literal.dropFirst().dropLast() + "'" : literal
            throw problem(
                "single quotes make a raw string, without the letter \(prefix)", span, label: "this letter has to go",
                hint: short ? inside : "'\\d+'")
        }
        throw problem(
            "a string has no prefix \(prefix): all strings are Unicode", span, label: "this letter has to go",
            hint: short ? literal : nil)
    }
}

// Tokens → tree, by recursive descent with precedence climbing.
//
//   Parser.swift               the state, moving through tokens, recovery after an error
//   Parser+Statements.swift    statements, blocks, targets
//   Parser+Declarations.swift  fn, model, parameters, import, test
//   Parser+Expressions.swift   operators, pipes, lambdas
//   Parser+Primaries.swift     literals, calls, subscripts, if, try, with
//   Mistakes…                  habits from other languages, each answered with kd's form
//
// `parse…` reports an error when what it looks for is not there; `…IfAny` may find nothing.

public struct Parser {
    /// Brackets and blocks inside one another, and prefix operators before one operand.
    public static let maximumNesting = 200
    /// The height of a tree: no chain of operators is longer.
    public static let maximumHeight = 10_000
    package static let maximumErrors = 5

    /// What `_` means at this point.
    enum PlaceholderScope { case name, piped, insideLambda }

    let source: Source
    var list: TokenList
    var docs: [Int: String]
    let comments: [Int: (start: Int32, text: String)]
    var index = 0
    var previousEnd: Int32 = 0
    /// False inside parentheses, brackets and map literals.
    var newlinesMatter = true
    var nesting = 0
    /// The height of the expression or block parsed last.
    var height = 0
    var functionDepth = 0
    var loopDepth = 0
    var placeholders = PlaceholderScope.name
    var placeholderUsed = false
    var diagnostics: [Diagnostic] = []
    /// Set by an error that more text could mend.
    var stoppedAtEnd = false
    /// Set by an error after which nothing more is worth reading.
    var isFatal = false
    /// The first `{` after which a line stands too far left: the likely one when a `}` is missing.
    var suspectBrace: Span?

    private init(_ lexer: Lexer, _ tokens: TokenList) {
        source = lexer.source
        list = tokens
        docs = lexer.docs
        comments = lexer.comments
    }

    /// The tree of a text, or every error worth reporting, at most five.
    public static func parse(_ source: Source) throws(SyntaxErrors) -> Program {
        let (program, diagnostics, _) = attempt(source)
        if diagnostics.isEmpty { return program }
        throw SyntaxErrors(diagnostics: diagnostics)
    }

    /// Whether a text can be run, wants more lines, or is wrong whatever follows.
    public enum Completeness: Sendable, Equatable {
        case complete
        /// `indent` is the number of blanks for the next line.
        case incomplete(indent: Int)
        case invalid
    }

    public static func completeness(of text: String) -> Completeness {
        let (_, diagnostics, unfinished) = attempt(Source(name: "<input>", text: text))
        if diagnostics.isEmpty { return .complete }
        guard let unfinished else { return .invalid }
        return .incomplete(indent: unfinished * 2)
    }

    /// `unfinished` is the number of open brackets where the first error is only that the text ends.
    package static func attempt(_ source: Source) -> (program: Program, diagnostics: [Diagnostic], unfinished: Int?) {
        var lexer = Lexer(source)
        let tokens = lexer.tokenize()
        var parser = Parser(lexer, tokens)
        let statements = parser.parseStatements(in: nil)
        let span = Span(0, source.bytes.count)
        let program = Program(source: source, body: Block(statements, span: span))
        let lexical = lexer.diagnostics
        let wrongLines = Set(lexical.compactMap(\.line))
        let grammatical = parser.diagnostics.filter { lexical.isEmpty || !wrongLines.contains($0.line ?? 0) }
        let sorted = (lexical + grammatical).enumerated().sorted {
            ($0.element.span?.start ?? 0, $0.offset) < ($1.element.span?.start ?? 0, $1.offset)
        }
        var unfinished: Int?
        if lexer.endsInsideString, lexical.count == 1 {
            unfinished = 0
        } else if lexical.isEmpty, parser.stoppedAtEnd, parser.diagnostics.count == 1 {
            unfinished = zip(tokens.tokens, tokens.partners).reduce(0) { count, pair in
                count + (pair.1 < 0 && pair.0.symbol?.opens == true ? 1 : 0)
            }
        }
        return (program, sorted.prefix(maximumErrors).map(\.element), unfinished)
    }

    // MARK: Moving

    var current: Token { list.tokens[index] }

    func peek(_ distance: Int = 1) -> Token {
        list.tokens[min(index + distance, list.tokens.count - 1)]
    }

    var previousSpan: Span { Span(start: previousEnd, end: previousEnd) }

    mutating func advance() {
        previousEnd = current.span.end
        if index + 1 < list.tokens.count { index += 1 }
        if !newlinesMatter { skipNewlines() }
    }

    mutating func skipNewlines() {
        while current.isNewline, index + 1 < list.tokens.count { index += 1 }
    }

    /// The first token from here that is no newline.
    var nextVisible: Token {
        var offset = index
        while list.tokens[offset].isNewline, offset + 1 < list.tokens.count { offset += 1 }
        return list.tokens[offset]
    }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard current.isSymbol(symbol) else { return false }
        advance()
        return true
    }

    /// An opening bracket with the state to restore behind its partner.
    struct Opened {
        var token: Token
        var newlines: Bool
        var isClosed: Bool
    }

    /// Consumes an opening bracket, inside of which newlines mean nothing.
    mutating func openBracket() throws(Diagnostic) -> Opened {
        try enter()
        let result = Opened(token: current, newlines: newlinesMatter, isClosed: list.partners[index] >= 0)
        newlinesMatter = false
        advance()
        return result
    }

    mutating func closeBracket(_ opened: Opened, in what: String) throws(Diagnostic) {
        guard let open = opened.token.symbol, let closer = open.partner else { return }
        guard current.isSymbol(closer) else { throw unclosed(opened, closer, in: what) }
        newlinesMatter = opened.newlines
        advance()
        nesting -= 1
    }

    mutating func enter() throws(Diagnostic) {
        nesting += 1
        guard nesting <= Self.maximumNesting else {
            isFatal = true
            throw problem(
                "this is nested more than \(Self.maximumNesting) deep", current.span,
                hint: "give an inner part a name, or make it a function")
        }
    }

    /// Sets the height of a node above its children, and refuses a tree that is too high to walk.
    mutating func grow(above children: Int, at span: Span) throws(Diagnostic) {
        height = children + 1
        guard height < Self.maximumHeight else {
            isFatal = true
            throw problem(
                "this expression has more than \(Self.maximumHeight) parts in a chain",
                Span(start: span.end, end: span.end),
                hint: "give a part of it a name, or use a list and a loop")
        }
    }

    // MARK: Errors

    func problem(
        _ message: String, _ span: Span, label: String? = nil, hint: String? = nil, notes: [String] = []
    ) -> Diagnostic {
        Diagnostic(
            kind: "parse", message: message, source: source, span: span, label: label, hint: hint, notes: notes)
    }

    /// Thrown where the lexer has already said what is wrong.
    static let alreadyReported = Diagnostic(kind: "parse", message: "")

    /// What the current token is called in a sentence.
    func found(_ token: Token) -> String {
        switch token.kind {
        case .newline: "the end of the line"
        case .end: "the end of the text"
        case .interpolationEnd: "the end of the expression in the string"
        case .string: "a string"
        default: "`\(snippet(token.span))`"
        }
    }

    /// A short piece of the text for a message or a hint; `…` when it is long.
    func snippet(_ span: Span, limit: Int = 48) -> String {
        guard span.count <= limit * 4 else { return "…" }
        let text = source.text(of: span)
        return text.count <= limit && !text.contains("\n") ? text : "…"
    }

    /// The error for something that is not there; remembers when only the end of the text is in the way.
    mutating func expected(_ what: String, label: String? = nil, hint: String? = nil) -> Diagnostic {
        if case .invalid = current.kind { return Self.alreadyReported }
        if nextVisible.isTextEnd { stoppedAtEnd = true }
        let token = current
        var span = token.span
        if span.isEmpty { span = Span(start: previousEnd, end: previousEnd) }
        return problem("expected \(what), found \(found(token))", span, label: label, hint: hint)
    }

    mutating func unclosed(_ opened: Opened, _ closer: Symbol, in what: String) -> Diagnostic {
        if case .invalid = current.kind { return Self.alreadyReported }
        let opener = opened.token
        let open = snippet(opener.span)
        let place = source.position(of: opener.span.start)
        let endsHere = nextVisible.isEnd
        if nextVisible.isTextEnd { stoppedAtEnd = true }
        if let symbol = current.symbol, symbol.closes {
            return problem(
                "`\(open)` is closed by `\(symbol.rawValue)`", current.span, label: "expected `\(closer.rawValue)`",
                hint: "write \(closer.rawValue) here", notes: ["`\(open)` was opened at \(place.line):\(place.column)"])
        }
        let startsNewLine = source.line(at: current.span.start) > source.line(at: max(0, previousEnd - 1))
        if endsHere || (startsNewLine && !opened.isClosed) {
            return problem(
                "this `\(open)` is never closed", opener.span, label: "opened here, in \(what)",
                hint: "write \(closer.rawValue) after `\(snippet(lineEnd(before: previousEnd)))`")
        }
        let missing = "expected `,` or `\(closer.rawValue)` in \(what), found \(found(current))"
        if current.isSymbol(.colon) {
            return problem(missing, current.span, label: "a slice stands in brackets, x[1:3]; a keyword takes =")
        }
        guard current.beginsOperand else { return problem(missing, current.span) }
        let before = Span(start: max(lineEnd(before: previousEnd).start, opener.span.end), end: previousEnd)
        return problem(
            missing, current.span, label: "a comma is missing before this",
            hint: "\(snippet(before)), \(snippet(current.span))")
    }

    /// The text of a line up to an offset, without its indentation.
    func lineEnd(before offset: Int32) -> Span {
        var start = source.lineSpan(source.line(at: max(0, offset - 1))).start
        while start < offset, source.bytes[Int(start)] == 0x20 || source.bytes[Int(start)] == 0x09 { start += 1 }
        return Span(start: start, end: offset)
    }

    // MARK: Recovery

    /// Continues after the statement that began at a token and went wrong at the current one.
    mutating func skipStatement(from start: Int) {
        let failed = index
        var next = start
        while next < list.tokens.count - 1 {
            let token = list.tokens[next]
            let partner = Int(list.partners[next])
            if partner > next {
                next = partner + 1
                continue
            }
            if next >= failed, token.isNewline || token.isSymbol(.rightBrace) { break }
            next += 1
        }
        index = max(next, min(failed, list.tokens.count - 1))
        previousEnd = index > 0 ? list.tokens[index - 1].span.end : 0
    }

    /// Whether the line of a failed statement ends in a colon, so that Python's indented block follows.
    func endsInColon(from start: Int) -> Bool {
        var next = start
        while !list.tokens[next].isNewline, !list.tokens[next].isEnd { next += 1 }
        return next > start && list.tokens[next - 1].isSymbol(.colon) && next - 1 >= index
    }

    /// After a block without braces: goes on at the first line that stands no further right than the statement and is
    /// none of its other parts (`elif`, `else`, `except`, `finally`).
    mutating func skipIndented(under start: Int) {
        let column = source.position(of: list.tokens[start].span.start).column
        while !current.isEnd {
            if current.isNewline {
                let next = peek()
                let isPart = next.isKeyword(.else) || ["elif", "except", "finally"].contains(next.identifier)
                if next.isEnd { return }
                if !isPart, source.position(of: next.span.start).column <= column { return }
            }
            index += 1
        }
    }
}

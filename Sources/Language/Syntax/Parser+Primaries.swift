extension Parser {
    /// A primary followed by calls, subscripts and fields.
    mutating func parsePostfix() throws(Diagnostic) -> Expression {
        var base = try parsePrimary()
        while let symbol = current.symbol {
            let tall = height
            let start = base.span.start
            switch symbol {
            case .leftParen:
                let arguments = try parseArguments(of: base)
                base = Expression(.call(base, arguments), span: Span(start: start, end: previousEnd))
            case .leftBracket:
                let items = try parseSubscript(of: base)
                base = Expression(.item(base, items), span: Span(start: start, end: previousEnd))
            case .dot:
                advance()
                height = 0
                let name = try parseFieldName(of: base)
                base = Expression(.field(base, name), span: Span(start: start, end: previousEnd))
            default:
                return base
            }
            try grow(above: max(tall, height), at: base.span)
        }
        return base
    }

    private mutating func parseFieldName(of base: Expression) throws(Diagnostic) -> Name {
        let text: String
        switch current.kind {
        case .identifier(let name): text = name
        case .keyword(let word): text = word.rawValue
        default: throw expected("a field's name after the point", hint: "\(snippet(base.span)).name")
        }
        let name = Name(text, span: current.span)
        advance()
        return name
    }

    // MARK: Calls and subscripts

    private mutating func parseArguments(of callee: Expression) throws(Diagnostic) -> [Argument] {
        let what = "the call of \(snippet(callee.span, limit: 24))"
        let opened = try openBracket()
        var arguments: [Argument] = []
        var names: Set<String> = []
        var tallest = 0
        while !current.isSymbol(.rightParen) {
            let start = current.span.start
            func argument(_ kind: Argument.Kind, _ value: Expression) -> Argument {
                Argument(kind, value, span: Span(start: start, end: previousEnd))
            }
            if current.isSymbol(.doubleStar) {
                throw problem(
                    "a map cannot be spread into keywords", current.span, label: "kd has no ** in a call",
                    hint: "name each keyword: T=options[\"T\"]")
            }
            if current.isSymbol(.star) {
                advance()
                arguments.append(argument(.spread, try parseExpression()))
            } else if let text = current.identifier, peek().isSymbol(.assign) {
                let name = Name(text, span: current.span)
                guard names.insert(text).inserted else {
                    throw problem("the keyword `\(text)` is given twice", name.span, label: "the second time")
                }
                advance()
                advance()
                arguments.append(argument(.keyword(name), try parseExpression()))
            } else if case .keyword(let word) = current.kind, peek().isSymbol(.assign) {
                throw problem(
                    "`\(word.rawValue)` is a word of the language and cannot be a keyword", current.span)
            } else {
                let value = try parseExpression()
                if current.isKeyword(.for) { throw comprehension(of: value, opener: nil) }
                if current.isSymbol(.assign) { throw noKeyword(value) }
                if !names.isEmpty {
                    throw problem(
                        "a positional argument stands after a keyword", value.span,
                        label: "positional arguments come first", hint: "move it before \(names.sorted()[0])=")
                }
                arguments.append(argument(.positional, value))
            }
            tallest = max(tallest, height)
            if !take(.comma) { break }
        }
        try closeBracket(opened, in: what)
        height = tallest
        return arguments
    }

    private mutating func parseSubscript(of base: Expression) throws(Diagnostic) -> [SubscriptNode] {
        let opened = try openBracket()
        if current.isSymbol(.rightBracket) {
            throw problem(
                "there is no index between the brackets", opened.token.span.joined(current.span),
                hint: "\(snippet(base.span))[0], or \(snippet(base.span))[:] for all")
        }
        var items: [SubscriptNode] = []
        var tallest = 0
        while !current.isSymbol(.rightBracket) {
            items.append(try parseSubscriptItem(&tallest))
            if !take(.comma) { break }
        }
        try closeBracket(opened, in: "the index")
        height = tallest
        return items
    }

    private mutating func parseSubscriptItem(_ tallest: inout Int) throws(Diagnostic) -> SubscriptNode {
        if current.isSymbol(.ellipsis) {
            let span = current.span
            advance()
            return .ellipsis(span)
        }
        let start = current.span.start
        var parts: [Expression?] = [nil]
        while true {
            if take(.colon) {
                guard parts.count < 3 else {
                    throw problem(
                        "a slice has at most three parts", Span(start: previousEnd - 1, end: previousEnd),
                        label: "a third colon", hint: "start:stop:step")
                }
                parts.append(nil)
            } else if parts[parts.count - 1] == nil, !current.isSymbol(.comma), !current.isSymbol(.rightBracket) {
                parts[parts.count - 1] = try parseExpression()
                tallest = max(tallest, height)
            } else {
                break
            }
        }
        if parts.count == 1, let index = parts[0] { return .index(index) }
        if parts.count == 1 { throw expected("an index") }
        return .slice(
            start: parts[0], stop: parts[1], step: parts.count > 2 ? parts[2] : nil,
            span: Span(start: start, end: previousEnd))
    }

    // MARK: Primaries

    private mutating func parsePrimary() throws(Diagnostic) -> Expression {
        let token = current
        height = 1
        func literal(_ kind: Expression.Kind) -> Expression { Expression(kind, span: token.span) }
        switch token.kind {
        case .int(let value):
            advance()
            return literal(.int(value))
        case .float(let value):
            advance()
            return literal(.float(value))
        case .minimumMagnitude:
            throw problem(
                "9223372036854775808 does not fit into an int of 64 bits", token.span,
                label: "the largest is 9223372036854775807", hint: "write 9.223372036854775808e18 for a float")
        case .string(let parts):
            advance()
            return try parseString(parts, span: token.span)
        case .identifier(let name):
            return try parseNameExpression(name)
        case .keyword(let word):
            switch word {
            case .nil, .true, .false:
                advance()
                return literal(word == .nil ? .null : .bool(word == .true))
            case .if: return try parseIf()
            case .try: return try parseTry()
            case .with: return try parseWith()
            case .not:
                throw problem(
                    "`not` binds more loosely than the operator before it", token.span,
                    label: "parentheses are missing", hint: "(not …)")
            case .fn:
                throw problem(
                    "`fn` is a statement; here a lambda is meant", token.span, hint: "x -> x + 1, or (x, y) -> { … }")
            default: throw expected("an expression")
            }
        case .symbol(.leftParen): return try parseParentheses()
        case .symbol(.leftBracket): return try parseList()
        case .symbol(.leftBrace): return try parseMap()
        case .symbol(let symbol):
            throw foreignOperand(symbol) ?? expected("an expression")
        case .invalid: throw Self.alreadyReported
        case .newline, .end, .interpolationEnd: throw expected("an expression")
        }
    }

    private mutating func parseNameExpression(_ name: String) throws(Diagnostic) -> Expression {
        let span = current.span
        if let mistake = foreignName(name) { throw mistake }
        if name == "_", placeholders != .name {
            guard placeholders == .piped else {
                throw problem(
                    "`_` cannot reach into a lambda", span, label: "it stands for the piped value only outside of it",
                    hint: "bind the value to a name first, and use that name in the lambda")
            }
            placeholderUsed = true
            advance()
            return Expression(.placeholder, span: span)
        }
        advance()
        if current.isSymbol(.arrow) {
            throw problem(
                "a lambda beside an operator stands in parentheses", span.joined(current.span),
                hint: "(\(name) -> …)")
        }
        return Expression(.name(name), span: span)
    }

    /// A string's parts; the expressions in it are parsed from the tokens that the lexer found between the braces.
    private mutating func parseString(_ parts: [StringPart], span: Span) throws(Diagnostic) -> Expression {
        var pieces: [StringPiece] = []
        var text = ""
        var tallest = 0
        for part in parts {
            switch part {
            case .text(let piece): text += piece
            case .code(let tokens, let format):
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                pieces.append(.value(try parseInterpolation(tokens), format: format))
                tallest = max(tallest, height)
            }
        }
        height = tallest + 1
        if pieces.isEmpty { return Expression(.string(text), span: span) }
        if !text.isEmpty { pieces.append(.text(text)) }
        return Expression(.interpolation(pieces), span: span)
    }

    private mutating func parseInterpolation(_ tokens: TokenList) throws(Diagnostic) -> Expression {
        let saved = (list, index, docs, newlinesMatter, previousEnd)
        (list, index, docs, newlinesMatter) = (tokens, 0, [:], false)
        defer { (list, index, docs, newlinesMatter, previousEnd) = saved }
        previousEnd = current.span.start
        let value = try parseExpression()
        if current.isSymbol(.assign) {
            throw problem("a string shows a value, and binds none", current.span, hint: "\"{\(snippet(value.span))}\"")
        }
        guard case .interpolationEnd = current.kind else {
            throw expected("`}` after the expression in the string", hint: "{\(snippet(value.span))}")
        }
        return value
    }

    /// `(e)`, or `(a, b)`, a list.
    private mutating func parseParentheses() throws(Diagnostic) -> Expression {
        let opened = try openBracket()
        var elements: [Element] = []
        var isList = current.isSymbol(.rightParen)
        var tallest = 0
        while !current.isSymbol(.rightParen) {
            let spread = take(.star)
            let value = try parseExpression()
            if current.isKeyword(.for) { throw comprehension(of: value, opener: opened.token) }
            if current.isSymbol(.walrus) || current.isSymbol(.assign) { throw bindingInside(value) }
            elements.append(Element(value, isSpread: spread))
            tallest = max(tallest, height)
            isList = isList || spread || current.isSymbol(.comma)
            if !take(.comma) { break }
        }
        try closeBracket(opened, in: "the parentheses")
        height = tallest + 1
        let span = Span(start: opened.token.span.start, end: previousEnd)
        if !isList, let only = elements.first { return Expression(only.value.kind, span: span) }
        return Expression(.list(elements), span: span)
    }

    private mutating func parseList() throws(Diagnostic) -> Expression {
        let opened = try openBracket()
        var elements: [Element] = []
        var tallest = 0
        while !current.isSymbol(.rightBracket) {
            let spread = take(.star)
            let value = try parseExpression()
            if current.isKeyword(.for) { throw comprehension(of: value, opener: opened.token) }
            elements.append(Element(value, isSpread: spread))
            tallest = max(tallest, height)
            if !take(.comma) { break }
        }
        try closeBracket(opened, in: "the list")
        height = tallest + 1
        return Expression(.list(elements), span: Span(start: opened.token.span.start, end: previousEnd))
    }

    private mutating func parseMap() throws(Diagnostic) -> Expression {
        let opened = try openBracket()
        var entries: [MapEntry] = []
        var tallest = 0
        while !current.isSymbol(.rightBrace) {
            if current.isSymbol(.doubleStar) || current.isSymbol(.star) {
                throw problem(
                    "a map cannot be spread into another", current.span, hint: "write the entries, or use a loop")
            }
            let key = try parseExpression()
            tallest = max(tallest, height)
            guard take(.colon) else { throw noMapEntry(key, opened.token, isFirst: entries.isEmpty) }
            let value = try parseExpression()
            if current.isKeyword(.for) { throw comprehension(of: value, opener: opened.token) }
            tallest = max(tallest, height)
            entries.append(MapEntry(key: key, value: value))
            if !take(.comma) { break }
        }
        try closeBracket(opened, in: "the map")
        height = tallest + 1
        return Expression(.map(entries), span: Span(start: opened.token.span.start, end: previousEnd))
    }

    // MARK: if, try, with

    private mutating func parseIf() throws(Diagnostic) -> Expression {
        let start = current.span
        var branches: [IfNode.Branch] = []
        var otherwise: Block?
        var tallest = 0
        advance()
        while true {
            let condition = try parseCondition("if")
            tallest = max(tallest, height)
            let body = try parseBlock(after: "if", example: "if \(snippet(condition.span)) { … }")
            tallest = max(tallest, height)
            branches.append(IfNode.Branch(condition: condition, body: body))
            let next = nextVisible
            if let word = next.identifier, word == "elif" || word == "elsif" || word == "elseif" {
                skipNewlines()
                throw problem("`\(word)` is written in two words", next.span, hint: "else if … { … }")
            }
            guard next.isKeyword(.else) else { break }
            skipNewlines()
            advance()
            if current.isKeyword(.if) {
                advance()
                continue
            }
            otherwise = try parseBlock(after: "else", example: "else { … }")
            tallest = max(tallest, height)
            break
        }
        height = tallest + 1
        return Expression(
            .conditional(IfNode(branches: branches, otherwise: otherwise)),
            span: Span(start: start.start, end: previousEnd))
    }

    private mutating func parseTry() throws(Diagnostic) -> Expression {
        let start = current.span
        advance()
        let body = try parseBlock(after: "try", example: "try { … } catch e { … }")
        let tall = height
        let next = nextVisible
        if let word = next.identifier, word == "except" || word == "finally" {
            skipNewlines()
            throw problem(
                "kd has no `\(word)`", next.span, hint: word == "except" ? "catch e { … }" : "try { … } catch e { … }")
        }
        guard next.isKeyword(.catch) else {
            throw expected("`catch` after the block of try", hint: "try { … } catch e { … }")
        }
        skipNewlines()
        advance()
        var name: Name?
        if let text = current.identifier {
            name = Name(text, span: current.span)
            advance()
        } else if current.isSymbol(.leftParen), let text = peek().identifier {
            throw problem("the error's name stands without parentheses", current.span, hint: "catch \(text) { … }")
        }
        if current.identifier == "as", let text = peek().identifier {
            throw problem(
                "`catch` catches every error and takes one name", current.span,
                hint: "catch \(text) { … }, and look at \(text).kind")
        }
        let handler = try parseBlock(after: "catch", example: "catch e { … }")
        height = max(tall, height) + 1
        return Expression(
            .attempt(TryNode(body: body, name: name, handler: handler)),
            span: Span(start: start.start, end: previousEnd))
    }

    private mutating func parseWith() throws(Diagnostic) -> Expression {
        let start = current.span
        advance()
        let context = try parseExpression()
        let tall = height
        if current.identifier == "as" {
            throw problem(
                "`with` binds no name", current.span, hint: "with \(snippet(context.span)) { … }")
        }
        let body = try parseBlock(after: "with", example: "with \(snippet(context.span)) { … }")
        height = max(tall, height) + 1
        return Expression(
            .with(WithNode(context: context, body: body)), span: Span(start: start.start, end: previousEnd))
    }
}

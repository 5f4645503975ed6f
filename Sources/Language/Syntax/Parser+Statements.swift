extension Parser {
    /// Statements up to the end of the text, or up to the `}` of a block.
    mutating func parseStatements(in open: Token?) -> [Statement] {
        var statements: [Statement] = []
        var tallest = 0
        while !isFatal, diagnostics.count < Self.maximumErrors {
            while current.isNewline || current.isSymbol(.semicolon) { advance() }
            if current.isEnd { break }
            if current.isSymbol(.rightBrace) {
                if open != nil { break }
                diagnostics.append(
                    problem("this `}` closes nothing", current.span, label: "no { is open here", hint: "delete it"))
                advance()
                continue
            }
            if let open { noteIndentation(in: open) }
            let start = index
            let saved = (nesting, functionDepth, loopDepth, placeholders, placeholderUsed)
            do {
                let statement = try parseStatement()
                statements.append(statement)
                tallest = max(tallest, height)
                try endStatement(statement, inBlock: open != nil)
            } catch {
                if !error.message.isEmpty { diagnostics.append(error) }
                newlinesMatter = true
                (nesting, functionDepth, loopDepth, placeholders, placeholderUsed) = saved
                if endsInColon(from: start) { skipIndented(under: start) } else { skipStatement(from: start) }
            }
        }
        if isFatal || diagnostics.count >= Self.maximumErrors { index = list.tokens.count - 1 }
        height = tallest
        return statements
    }

    private mutating func noteIndentation(in open: Token) {
        guard suspectBrace == nil, index > 0, list.tokens[index - 1].isNewline else { return }
        let here = source.position(of: current.span.start)
        let opener = source.line(at: open.span.start)
        guard here.line > opener else { return }
        let line = source.lineSpan(opener)
        var indent = Int(line.start)
        while indent < Int(line.end), source.bytes[indent] == 0x20 || source.bytes[indent] == 0x09 { indent += 1 }
        if here.column <= indent - Int(line.start) + 1 { suspectBrace = open.span }
    }

    private mutating func endStatement(_ statement: Statement, inBlock: Bool) throws(Diagnostic) {
        if current.isNewline || current.isSymbol(.semicolon) || current.isEnd { return }
        if inBlock, current.isSymbol(.rightBrace) { return }
        throw strayToken(after: statement)
    }

    // MARK: Blocks

    /// `{ statements }`; the brace may stand on the next line.
    mutating func parseBlock(after header: String, example: String) throws(Diagnostic) -> Block {
        if current.isNewline, nextVisible.isSymbol(.leftBrace) { skipNewlines() }
        guard current.isSymbol(.leftBrace) else { throw missingBlock(header, example: example) }
        try enter()
        let open = current
        let saved = newlinesMatter
        newlinesMatter = true
        advance()
        let statements = parseStatements(in: open)
        guard current.isSymbol(.rightBrace) else {
            if !diagnostics.isEmpty { throw Self.alreadyReported }
            stoppedAtEnd = current.isTextEnd
            let span = suspectBrace ?? open.span
            throw problem(
                "this `{` is never closed", span,
                label: "the block of \(header) begins here".replacingHeader(span != open.span),
                hint: "write } at the end of the block")
        }
        newlinesMatter = saved
        let end = current.span
        advance()
        nesting -= 1
        height += 1
        return Block(statements, span: open.span.joined(end))
    }

    // MARK: One statement

    mutating func parseStatement() throws(Diagnostic) -> Statement {
        let start = current.span
        func node(_ kind: Statement.Kind) -> Statement {
            Statement(kind, span: Span(start: start.start, end: previousEnd))
        }
        height = 0
        switch current.kind {
        case .keyword(let word):
            if peek().isSymbol(.assign), word != .nil, word != .true, word != .false {
                throw problem(
                    "`\(word.rawValue)` is a word of the language and cannot be a name", start,
                    hint: "\(word.rawValue)_ = …")
            }
            switch word {
            case .fn: return node(.function(try parseFunction()))
            case .for: return node(try parseFor())
            case .while: return node(try parseWhile())
            case .break, .continue:
                guard loopDepth > 0 else {
                    throw problem(
                        "`\(word.rawValue)` stands outside of a loop", start, label: "no for or while around it")
                }
                advance()
                return node(word == .break ? .breakLoop : .continueLoop)
            case .return:
                guard functionDepth > 0 else {
                    throw problem(
                        "`return` stands outside of a function", start, label: "no fn around it",
                        hint: "exit() ends a script; a value on a line of its own is shown")
                }
                advance()
                if endsHere { return node(.returnValue(nil)) }
                return node(.returnValue(try parseExpressionList()))
            case .assert: return node(try parseAssert())
            case .import: return node(.importModule(try parseImport()))
            case .else: throw strayElse(start)
            case .catch:
                throw problem(
                    "`catch` has no try before it", start, hint: "try { … } catch e { … }")
            default: break
            }
        case .identifier(let name):
            if let mistake = foreignStatement(name) { throw mistake }
            if name == "model", peek().identifier != nil { return node(.model(try parseModel())) }
            if name == "test", peek().isString { return node(try parseTest()) }
            if name == "outer", peek().identifier != nil { return node(try parseOuter()) }
        case .symbol(let symbol):
            if let mistake = foreignStart(symbol) { throw mistake }
        default: break
        }
        let kind = try parseSimple()
        return node(kind)
    }

    /// Whether a statement ends before the current token.
    var endsHere: Bool {
        current.isNewline || current.isEnd || current.isSymbol(.semicolon) || current.isSymbol(.rightBrace)
    }

    /// An expression, an assignment or an augmented assignment.
    private mutating func parseSimple() throws(Diagnostic) -> Statement.Kind {
        var value = try parseExpressionList()
        if let op = current.symbol?.augmented {
            let target = try target(from: value)
            if case .unpack = target.kind {
                throw problem(
                    "`\(op.symbol)=` changes one target, not several", target.span,
                    hint: "write one statement for each")
            }
            let tall = height
            advance()
            let right = try parseExpressionList()
            height = max(tall, height) + 1
            return .augment(target, op, right)
        }
        var targets: [Target] = []
        var tallest = height
        while current.isSymbol(.assign) {
            targets.append(try target(from: value))
            advance()
            value = try parseExpressionList()
            tallest = max(tallest, height)
        }
        height = tallest + 1
        if targets.isEmpty { return .expression(value, quiet: current.isSymbol(.semicolon)) }
        return .assign(targets, value)
    }

    /// `a`, or `a, b, *c`, which makes a list.
    mutating func parseExpressionList() throws(Diagnostic) -> Expression {
        let start = current.span
        var elements: [Element] = []
        var tallest = 0
        var isList = false
        repeat {
            if !elements.isEmpty, endsHere || current.isSymbol(.assign) { break }
            let star = current.span
            let spread = take(.star)
            elements.append(Element(try parseExpression(), isSpread: spread))
            tallest = max(tallest, height)
            if current.isSymbol(.comma) { isList = true }
            if spread, !isList {
                throw problem(
                    "`*` spreads values only among others", star, label: "nothing stands before or behind it",
                    hint: "[*\(elements.first.map { snippet($0.value.span) } ?? "x")] for a list")
            }
        } while take(.comma)
        height = tallest + 1
        if !isList, let only = elements.first { return only.value }
        return Expression(.list(elements), span: Span(start: start.start, end: previousEnd))
    }

    // MARK: Targets

    /// What an expression means on the left of `=`.
    func target(from expression: Expression) throws(Diagnostic) -> Target {
        switch expression.kind {
        case .name(let name):
            return Target(.name(name), span: expression.span)
        case .field(let base, let name):
            return Target(.field(base, name), span: expression.span)
        case .item(let base, let items):
            return Target(.item(base, items), span: expression.span)
        case .list(let elements):
            var targets: [Target] = []
            var rest: Int?
            for (index, element) in elements.enumerated() {
                if element.isSpread {
                    guard rest == nil else {
                        throw problem(
                            "only one target can take the rest", element.value.span, label: "a second *",
                            hint: "drop one of the stars")
                    }
                    rest = index
                }
                targets.append(try target(from: element.value))
            }
            guard !targets.isEmpty else {
                throw problem("there is no name on the left of `=`", expression.span, hint: "x = …")
            }
            return Target(.unpack(targets, rest: rest), span: expression.span)
        default:
            throw noTarget(expression)
        }
    }

    /// The names between `for` and `in`.
    mutating func parseLoopTarget() throws(Diagnostic) -> Target {
        let start = current.span
        var targets: [Target] = []
        var rest: Int?
        var isList = false
        repeat {
            if !targets.isEmpty, current.isKeyword(.in) { break }
            if current.isSymbol(.star) {
                if rest != nil { throw problem("only one target can take the rest", current.span) }
                rest = targets.count
                isList = true
                advance()
            }
            if current.isSymbol(.leftParen) || current.isSymbol(.leftBracket) {
                let opened = try openBracket()
                let inner = try parseLoopTarget()
                try closeBracket(opened, in: "the names of the loop")
                targets.append(inner)
            } else if let name = current.identifier {
                targets.append(Target(.name(name), span: current.span))
                advance()
            } else {
                throw expected("a name to loop with", hint: "for x in values { … }")
            }
            if current.isSymbol(.comma) { isList = true }
        } while take(.comma)
        if !isList, let only = targets.first { return only }
        return Target(.unpack(targets, rest: rest), span: Span(start: start.start, end: previousEnd))
    }

    // MARK: Loops and small statements

    private mutating func parseFor() throws(Diagnostic) -> Statement.Kind {
        advance()
        if current.isSymbol(.leftParen), let mistake = loopOfC() { throw mistake }
        let target = try parseLoopTarget()
        guard current.isKeyword(.in) else {
            throw expected("`in`", hint: "for \(snippet(target.span)) in values { … }")
        }
        advance()
        let values = try parseExpressionList()
        let tall = height
        loopDepth += 1
        let body = try parseBlock(
            after: "for", example: "for \(snippet(target.span)) in \(snippet(values.span)) { … }")
        loopDepth -= 1
        height = max(tall, height) + 1
        return .forLoop(target, values, body)
    }

    private mutating func parseWhile() throws(Diagnostic) -> Statement.Kind {
        advance()
        let condition = try parseCondition("while")
        let tall = height
        loopDepth += 1
        let body = try parseBlock(after: "while", example: "while \(snippet(condition.span)) { … }")
        loopDepth -= 1
        height = max(tall, height) + 1
        return .whileLoop(condition, body)
    }

    /// A condition, with an answer for `=` in it.
    mutating func parseCondition(_ keyword: String) throws(Diagnostic) -> Expression {
        let condition = try parseExpression()
        guard current.isSymbol(.assign) else { return condition }
        let sign = current.span
        advance()
        let right = (try? parseExpression()).map { snippet($0.span) } ?? "…"
        throw problem(
            "`=` binds a name; a comparison is `==`", sign, label: "in the condition of \(keyword)",
            hint: "\(keyword) \(snippet(condition.span)) == \(right) { … }")
    }

    private mutating func parseAssert() throws(Diagnostic) -> Statement.Kind {
        let start = current.span
        advance()
        let condition = try parseExpression()
        if case .list(let elements) = condition.kind, source.bytes[Int(condition.span.start)] == UInt8(ascii: "("),
            elements.count == 2
        {
            let (test, message) = (snippet(elements[0].value.span), snippet(elements[1].value.span))
            throw problem(
                "`assert` takes no parentheses", condition.span, label: "this is a list, which is no condition",
                hint: "assert \(test), \(message)")
        }
        if current.isSymbol(.assign) {
            throw problem(
                "`=` binds a name; a comparison is `==`", current.span,
                hint: "\(snippet(start)) \(snippet(condition.span)) == …")
        }
        let tall = height
        var message: Expression?
        if take(.comma) { message = try parseExpression() }
        height = max(tall, height) + 1
        return .assert(condition, message: message)
    }

    private mutating func parseOuter() throws(Diagnostic) -> Statement.Kind {
        let start = current.span
        guard functionDepth > 0 else {
            throw problem(
                "`outer` stands outside of a function", start, label: "no fn around it",
                hint: "a name bound here can be bound again as it is")
        }
        advance()
        var names: [Name] = []
        repeat {
            guard let name = current.identifier else { throw expected("a name", hint: "outer count, total") }
            names.append(Name(name, span: current.span))
            advance()
        } while take(.comma)
        if current.isSymbol(.assign) {
            throw problem(
                "`outer` only says where the name lives", current.span, label: "bind it in a statement of its own",
                hint: "outer \(names[0].text); \(names[0].text) = …")
        }
        return .outer(names)
    }
}

extension String {
    /// The label for a brace that only the indentation points to.
    fileprivate func replacingHeader(_ isSuspect: Bool) -> String {
        isSuspect ? "the lines after it stand too far left" : self
    }
}

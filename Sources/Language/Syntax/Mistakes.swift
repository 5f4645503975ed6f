// Habits from Python and other languages, each answered with what kd writes; those that show where a statement
// begins are in MistakesInStatements.swift.

extension Parser {
    // MARK: Names and prefixes

    /// Names from Python that cannot be anything else.
    mutating func foreignName(_ name: String) -> Diagnostic? {
        let span = current.span
        let plain = ["None": "nil", "True": "true", "False": "false", "null": "nil", "undefined": "nil", "NULL": "nil"]
        if let instead = plain[name] {
            if name == "null" || name == "undefined", !endsHere, peek().isSymbol(.assign) { return nil }
            return problem("`\(name)` is written `\(instead)`", span, hint: instead)
        }
        if name == "lambda" {
            let next = peek()
            guard next.identifier != nil || next.isSymbol(.colon) || next.isSymbol(.star) else { return nil }
            return problem("a lambda is written with `->`", span, hint: lambdaHint())
        }
        if name == "await" || name == "new", peek().identifier != nil {
            return problem("kd has no `\(name)`", span, hint: rest(ofLineFrom: peek()))
        }
        return nil
    }

    /// `lambda x, y: e` as kd's `(x, y) -> e`, where it can be read.
    private func lambdaHint() -> String {
        var names: [String] = []
        var next = index + 1
        while next < list.tokens.count, let name = list.tokens[next].identifier {
            names.append(name)
            next += 1
            if list.tokens[next].isSymbol(.comma) { next += 1 } else { break }
        }
        guard next + 1 < list.tokens.count, list.tokens[next].isSymbol(.colon) else { return "(x, y) -> x + y" }
        let start = list.tokens[next + 1]
        var end = next + 1
        while end < list.tokens.count - 1 {
            let token = list.tokens[end]
            if token.isNewline || token.isSymbol(.comma) || token.symbol?.closes == true { break }
            if list.partners[end] > 0 { end = Int(list.partners[end]) }
            end += 1
        }
        let body = end > next + 1 ? snippet(start.span.joined(list.tokens[end - 1].span)) : "…"
        return names.count == 1 ? "\(names[0]) -> \(body)" : "(\(names.joined(separator: ", "))) -> \(body)"
    }

    /// `!x`, `~x`.
    mutating func foreignPrefix() -> Diagnostic {
        let sign = current
        advance()
        let operand = (try? parsePostfix()).map { snippet($0.span) } ?? "x"
        if sign.isSymbol(.tilde) {
            return problem(
                "kd has no `~`", sign.span, label: "neither on numbers nor on masks",
                hint: "logical_not(\(operand)) for a mask, not \(operand) for a bool")
        }
        return problem("kd writes `not`", sign.span, hint: "not \(operand)")
    }

    /// A symbol where an operand belongs.
    func foreignOperand(_ symbol: Symbol) -> Diagnostic? {
        switch symbol {
        case .star, .doubleStar:
            return problem(
                "`\(symbol.rawValue)` spreads values only in a call, a list or on the left of `=`", current.span,
                label: "expected an expression")
        case .at, .slash, .doubleSlash, .percent, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
            return problem(
                "expected an expression, found the operator `\(symbol.rawValue)`", current.span,
                label: "its left side is missing")
        case .assign:
            return problem("expected an expression, found `=`", current.span, label: "a comparison is ==")
        case .colon:
            return problem(
                "expected an expression, found `:`", current.span, label: "a slice stands in brackets: x[1:3]")
        case .pipe, .bar, .ampersand, .andAnd, .orOr:
            return problem(
                "expected an expression, found `\(symbol.rawValue)`", current.span, label: "its left side is missing")
        case .rightParen, .rightBracket, .rightBrace:
            let here = symbol.rawValue
            let before = lineEnd(before: previousEnd)
            return problem(
                "expected an expression, found `\(here)`", current.span,
                label: before.isEmpty ? nil : "something is missing after `\(snippet(before))`")
        default:
            return nil
        }
    }

    // MARK: Operators

    /// An operator that other languages have, after an operand.
    mutating func foreignOperator(after left: Expression) -> Diagnostic? {
        let sign = current
        let text = snippet(left.span)
        func right(_ tokens: Int = 1) -> String {
            for _ in 0..<tokens { advance() }
            return (try? parseBinary(4)).map { snippet($0.span) } ?? "…"
        }
        if let word = sign.identifier {
            guard word == "is", peek().beginsOperand || peek().isKeyword(.not) || peek().symbol?.opens == true else {
                return nil
            }
            let negated = peek().isKeyword(.not)
            advance()
            if negated { advance() }
            var operand = (try? parseBinary(5)).map { snippet($0.span) } ?? "…"
            if operand == "…", current.identifier == "None" { operand = "nil" }
            return problem(
                "kd has no `is`", sign.span, label: "a comparison is == or !=",
                hint: "\(text) \(negated ? "!=" : "==") \(operand)")
        }
        guard let symbol = sign.symbol else { return nil }
        switch symbol {
        case .andAnd:
            return problem("kd writes `and`", sign.span, hint: "\(text) and \(right())")
        case .orOr:
            return problem("kd writes `or`", sign.span, hint: "\(text) or \(right())")
        case .ampersand, .bar:
            let word = symbol == .bar ? "or" : "and"
            let operand = right()
            return problem(
                "kd has no `\(symbol.rawValue)`", sign.span, label: symbol == .bar ? "a pipe is |>" : nil,
                hint: "\(text) \(word) \(operand) for bools, logical_\(word)(\(text), \(operand)) for masks")
        case .caret:
            return problem("a power is written `**`", sign.span, hint: "\(text) ** \(right())")
        case .shiftLeft, .shiftRight:
            let operand = right()
            let op = symbol == .shiftLeft ? "*" : "//"
            return problem("kd has no `\(symbol.rawValue)`", sign.span, hint: "\(text) \(op) 2 ** \(operand)")
        case .lessGreater, .notDoubleEqual:
            return problem("kd writes `!=`", sign.span, hint: "\(text) != \(right())")
        case .tripleEqual:
            return problem("kd writes `==`", sign.span, hint: "\(text) == \(right())")
        case .walrus:
            return problem("kd binds with `=`, in a statement of its own", sign.span, hint: "\(text) = \(right())")
        case .fatArrow:
            return problem("a lambda is written with `->`", sign.span, hint: "\(text) -> \(right())")
        case .question:
            let first = right()
            let second = current.isSymbol(.colon) ? right() : "…"
            return problem(
                "a choice is written with `if`", sign.span, hint: "if \(text) { \(first) } else { \(second) }")
        default:
            return nil
        }
    }

    /// `x if c else y`.
    mutating func conditionalOfPython(_ value: Expression) -> Diagnostic {
        let sign = current.span
        advance()
        let condition = (try? parseBinary(1)).map { snippet($0.span) } ?? "…"
        var otherwise = "…"
        if current.isKeyword(.else) {
            advance()
            otherwise = (try? parseBinary(1)).map { snippet($0.span) } ?? "…"
        }
        return problem(
            "the condition comes first", sign, label: "`if` cannot stand behind a value",
            hint: "if \(condition) { \(snippet(value.span)) } else { \(otherwise) }")
    }

    /// `[e for x in xs if c]`, as map and filter.
    mutating func comprehension(of value: Expression, opener: Token?) -> Diagnostic {
        let sign = current.span
        advance()
        var names = "x"
        var values = "xs"
        if let target = try? parseLoopTarget() {
            names = snippet(target.span)
            if case .unpack = target.kind, !names.hasPrefix("(") { names = "(\(names))" }
            if current.isKeyword(.in) {
                advance()
                if let iterable = try? parseBinary(1) { values = snippet(iterable.span) }
            }
        }
        if current.isKeyword(.if) {
            advance()
            if let condition = try? parseBinary(1) {
                values = "filter(\(names) -> \(snippet(condition.span)), \(values))"
            }
        }
        if opener?.isSymbol(.leftBrace) == true {
            return problem(
                "kd has no comprehensions", sign, label: "`for` is a statement",
                hint: "m = {}; for \(names) in \(values) { m[…] = \(snippet(value.span)) }")
        }
        return problem(
            "kd has no comprehensions", sign, label: "`for` is a statement",
            hint: "map(\(names) -> \(snippet(value.span)), \(values))")
    }

    /// The right side of `|>` is no function.
    func noFunction(_ right: Expression, piped left: Expression, _ sign: Span) -> Diagnostic {
        if case .binary(let op, let first, let second) = right.kind {
            return problem(
                "the right side of `|>` must be a function or a call", right.span,
                label: "`\(op.symbol)` binds tighter than `|>`",
                hint: "(\(snippet(left.span)) |> \(snippet(first.span))) \(op.symbol) \(snippet(second.span))")
        }
        return problem(
            "the right side of `|>` must be a function or a call", right.span,
            hint: "\(snippet(left.span)) |> f(…), with _ where the value goes if it is not first")
    }

    // MARK: Blocks and ends

    /// Something else where a block's `{` belongs; stays at a colon, so that recovery sees the indented lines.
    mutating func missingBlock(_ header: String, example: String) -> Diagnostic {
        if case .invalid = current.kind { return Self.alreadyReported }
        let example = example.hasPrefix("with torch.no_grad()") ? "with no_grad { … }" : example
        if current.isSymbol(.colon) {
            return problem(
                "the block of \(header) stands between braces", current.span, label: "`{` belongs here, not a colon",
                hint: example)
        }
        if let word = current.identifier, word == "then" || word == "do" {
            return problem(
                "the block of \(header) stands between braces", current.span, label: "`{` belongs here", hint: example)
        }
        if nextVisible.isTextEnd { stoppedAtEnd = true }
        let span = current.span.isEmpty ? previousSpan : current.span
        return problem(
            "the block of \(header) stands between braces", span,
            label: "expected `{`, found \(found(current))", hint: example)
    }

    /// A token after a finished statement.
    mutating func strayToken(after statement: Statement) -> Diagnostic {
        let token = current
        if case .invalid = token.kind { return Self.alreadyReported }
        let before = Span(start: statement.span.start, end: previousEnd)
        switch token.kind {
        case .symbol(.rightParen), .symbol(.rightBracket), .symbol(.rightBrace):
            return problem(
                "this `\(snippet(token.span))` closes nothing", token.span,
                label: "no bracket of its kind is open here",
                hint: "delete it")
        case .symbol(.colon):
            if case .expression(let value, _) = statement.kind, case .name(let name) = value.kind, peek().beginsOperand
            {
                let type = snippet(peek().span)
                let assigns = peek(2).isSymbol(.assign) ? " = \(rest(ofLineFrom: peek(3)))" : " = …"
                return problem(
                    "names have no type annotations", token.span, label: "`: \(type)` has to go", hint: name + assigns)
            }
            return problem(
                "a colon means nothing here", token.span, label: "blocks stand between { and }",
                hint: "if x { … }, for x in xs { … }, fn f(x) { … }")
        case .symbol(.leftBrace):
            return problem(
                "a block cannot stand here", token.span, label: "after `\(snippet(before))`",
                hint: "blocks belong to if, for, while, fn, model, try, with and test")
        case .symbol(.arrow):
            return problem(
                "a lambda's parameters are names", before, label: "this is left of `->`", hint: "(x, y) -> …")
        case .symbol(.bang):
            return problem("`!` means nothing here", token.span, hint: "not equal is !=")
        case .keyword(.else): return strayElse(token.span)
        case .keyword(.for):
            if case .expression(let value, _) = statement.kind { return comprehension(of: value, opener: nil) }
        case .string where isString(statement):
            return problem(
                "two strings beside each other are not joined", token.span, label: "an operator is missing",
                hint: "\(snippet(before)) + \(snippet(token.span))")
        default: break
        }
        if case .expression(let value, _) = statement.kind, case .name(let name) = value.kind, token.beginsOperand {
            return problem(
                "expected the end of the line, found \(found(token))", token.span, label: "after the name `\(name)`",
                hint: "\(name)(\(rest(ofLineFrom: token))) for a call, or \(name) = … to bind")
        }
        return problem(
            "expected the end of the line, found \(found(token))", token.span,
            label: "after `\(snippet(before))`", hint: "one statement to a line, or ; between two")
    }

    private func isString(_ statement: Statement) -> Bool {
        var expression: Expression
        switch statement.kind {
        case .expression(let value, _), .assign(_, let value): expression = value
        default: return false
        }
        if case .call(_, let arguments) = expression.kind, let last = arguments.last { expression = last.value }
        switch expression.kind {
        case .string, .interpolation: return true
        default: return false
        }
    }

    // MARK: Bindings

    func noTarget(_ expression: Expression) -> Diagnostic {
        let text = snippet(expression.span)
        let span = expression.span
        switch expression.kind {
        case .call(let callee, _):
            return problem(
                "a call cannot be bound", span, label: "on the left of `=`",
                hint: "fn \(text) { … } declares \(snippet(callee.span)); a comparison is ==")
        case .null, .bool, .int, .float, .string, .interpolation:
            return problem(
                "a literal cannot be bound", span, label: "on the left of `=`", hint: "a comparison is \(text) == …")
        case .binary, .logical, .comparison, .unary:
            return problem(
                "an operation cannot be bound", span, label: "on the left of `=`", hint: "a comparison is \(text) == …")
        default:
            return problem(
                "this cannot be bound", span, label: "on the left of `=`",
                hint: "names, fields and items can: x = …, x.f = …, x[0] = …")
        }
    }

    /// `f(x.y = 1)`.
    func noKeyword(_ value: Expression) -> Diagnostic {
        problem(
            "a keyword is a plain name", value.span, label: "on the left of `=`",
            hint: "name=…, or \(snippet(value.span)) == … for a comparison")
    }

    /// `(x = 1)` or `(x := 1)`.
    func bindingInside(_ value: Expression) -> Diagnostic {
        problem(
            "`=` binds in a statement, not inside an expression", current.span,
            hint: "\(snippet(value.span)) == … for a comparison, or bind in a line before")
    }

    /// `{1, 2}`, or a `{` that was meant to be a block.
    mutating func noMapEntry(_ key: Expression, _ open: Token, isFirst: Bool) -> Diagnostic {
        if case .invalid = current.kind { return Self.alreadyReported }
        if isFirst, current.isSymbol(.comma) || current.isSymbol(.rightBrace) {
            return problem(
                "kd has no sets", open.span, label: "braces hold a map's entries or a block",
                hint: "a list is [\(snippet(key.span)), …], a map {\(snippet(key.span)): …}")
        }
        if current.isSymbol(.assign) {
            return problem(
                "a map's entries are written with a colon", current.span, hint: "{\(snippet(key.span)): …}")
        }
        if nextVisible.isEnd {
            stoppedAtEnd = true
            return problem(
                "this `{` is never closed", open.span, label: "a map begins here", hint: "write } at the end")
        }
        return expected("`:` after the map's key", hint: "{\(snippet(key.span)): …}")
    }
}

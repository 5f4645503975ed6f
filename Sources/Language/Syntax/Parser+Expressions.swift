extension Parser {
    /// Loosest first: lambda, pipe, then Python's order from `or` to `**`.
    mutating func parseExpression() throws(Diagnostic) -> Expression {
        try enter()
        if let lambda = try parseLambdaIfAny() {
            nesting -= 1
            return lambda
        }
        let expression = try parsePipe()
        if current.isKeyword(.if) { throw conditionalOfPython(expression) }
        nesting -= 1
        return expression
    }

    // MARK: Lambdas

    /// `x -> e`, `(s, t) -> { … }`.
    private mutating func parseLambdaIfAny() throws(Diagnostic) -> Expression? {
        let start = current.span
        var parameters: [ParameterNode]
        var tall = 0
        if let name = current.identifier, peek().isSymbol(.arrow) {
            parameters = [ParameterNode(name: Name(name, span: current.span))]
            advance()
        } else if current.isSymbol(.leftParen), list.partners[index] > 0,
            list.tokens[Int(list.partners[index]) + 1].isSymbol(.arrow)
        {
            parameters = try parseParameters()
            tall = height
        } else {
            return nil
        }
        advance()
        let saved = (loopDepth, placeholders)
        functionDepth += 1
        loopDepth = 0
        if parameters.contains(where: { $0.name.text == "_" }) {
            placeholders = .name
        } else if placeholders == .piped {
            placeholders = .insideLambda
        }
        let body: Block
        if current.isSymbol(.leftBrace), !looksLikeMap() {
            body = try parseBlock(after: "->", example: "x -> { … }")
        } else {
            let value = try parseExpression()
            body = Block([Statement(.expression(value, quiet: false), span: value.span)], span: value.span)
        }
        functionDepth -= 1
        (loopDepth, placeholders) = saved
        let span = Span(start: start.start, end: previousEnd)
        try grow(above: max(tall, height), at: span)
        return Expression(
            .lambda(FunctionNode(name: nil, parameters: parameters, body: body, span: span)), span: span)
    }

    /// Whether the `{` here begins a map: it is empty, or a `:` follows its first expression.
    func looksLikeMap() -> Bool {
        var next = index + 1
        while list.tokens[next].isNewline { next += 1 }
        if list.tokens[next].isSymbol(.rightBrace) { return true }
        while true {
            let token = list.tokens[next]
            switch token.kind {
            case .newline, .end, .invalid, .interpolationEnd: return false
            case .symbol(let symbol):
                if symbol == .colon { return true }
                if symbol == .semicolon || symbol == .assign || symbol == .comma || symbol.closes { return false }
                if symbol.opens {
                    guard list.partners[next] > 0 else { return false }
                    next = Int(list.partners[next])
                }
            case .keyword(let word):
                switch word {
                case .nil, .true, .false, .not, .and, .or, .in: break
                default: return false
                }
            default: break
            }
            next += 1
        }
    }

    // MARK: Pipes

    private mutating func parsePipe() throws(Diagnostic) -> Expression {
        var left = try parseBinary(1)
        while current.isSymbol(.pipe) {
            let tall = height
            let sign = current.span
            advance()
            if current.identifier != nil, peek().isSymbol(.arrow) {
                throw problem(
                    "a lambda on the right of `|>` stands in parentheses", current.span,
                    hint: "\(snippet(left.span)) |> (\(current.identifier ?? "x") -> …)")
            }
            let saved = (placeholders, placeholderUsed)
            (placeholders, placeholderUsed) = (.piped, false)
            var right = try parseBinary(1)
            if !placeholderUsed {
                let placeholder = Expression(.placeholder, span: left.span)
                guard let filled = Parser.inserting(placeholder, into: right) else {
                    throw noFunction(right, piped: left, sign)
                }
                right = filled
            }
            (placeholders, placeholderUsed) = saved
            let span = left.span.joined(right.span)
            try grow(above: max(tall, height), at: span)
            left = Expression(.pipe(left, right), span: span)
        }
        return left
    }

    /// Makes the piped value the first argument of the first call in `f(a)`, `m.g(a)`, `f(a).b`; calls what is no call.
    private static func inserting(_ placeholder: Expression, into right: Expression) -> Expression? {
        if let filled = insertingIntoCall(placeholder, right) { return filled }
        switch right.kind {
        case .name, .field, .item, .lambda, .conditional:
            return Expression(
                .call(right, [Argument(.positional, placeholder, span: placeholder.span)]), span: right.span)
        default:
            return nil
        }
    }

    private static func insertingIntoCall(_ placeholder: Expression, _ expression: Expression) -> Expression? {
        switch expression.kind {
        case .call(let callee, let arguments):
            if let inner = insertingIntoCall(placeholder, callee) {
                return Expression(.call(inner, arguments), span: expression.span)
            }
            let first = Argument(.positional, placeholder, span: placeholder.span)
            return Expression(.call(callee, [first] + arguments), span: expression.span)
        case .field(let base, let name):
            guard let inner = insertingIntoCall(placeholder, base) else { return nil }
            return Expression(.field(inner, name), span: expression.span)
        case .item(let base, let items):
            guard let inner = insertingIntoCall(placeholder, base) else { return nil }
            return Expression(.item(inner, items), span: expression.span)
        default:
            return nil
        }
    }

    // MARK: Operators

    private enum Infix {
        case logical(LogicalOperator)
        case comparison(BinaryOperator)
        case arithmetic(BinaryOperator)
    }

    /// The operator at the current token: `or` 1, `and` 2, (`not` 3), comparisons 4, sums 5, products 6.
    private var infix: (infix: Infix, precedence: Int, tokens: Int)? {
        switch current.kind {
        case .keyword(.or): (.logical(.or), 1, 1)
        case .keyword(.and): (.logical(.and), 2, 1)
        case .keyword(.in): (.comparison(.isIn), 4, 1)
        case .keyword(.not) where peek().isKeyword(.in): (.comparison(.isNotIn), 4, 2)
        case .symbol(let symbol):
            switch symbol {
            case .equal: (.comparison(.equal), 4, 1)
            case .notEqual: (.comparison(.notEqual), 4, 1)
            case .less: (.comparison(.less), 4, 1)
            case .lessEqual: (.comparison(.lessEqual), 4, 1)
            case .greater: (.comparison(.greater), 4, 1)
            case .greaterEqual: (.comparison(.greaterEqual), 4, 1)
            case .plus: (.arithmetic(.add), 5, 1)
            case .minus: (.arithmetic(.subtract), 5, 1)
            case .star: (.arithmetic(.multiply), 6, 1)
            case .slash: (.arithmetic(.divide), 6, 1)
            case .doubleSlash: (.arithmetic(.floorDivide), 6, 1)
            case .percent: (.arithmetic(.modulo), 6, 1)
            case .at: (.arithmetic(.matmul), 6, 1)
            default: nil
            }
        default: nil
        }
    }

    mutating func parseBinary(_ minimum: Int) throws(Diagnostic) -> Expression {
        var left = current.isKeyword(.not) && minimum <= 3 ? try parseNot() : try parseUnary()
        while true {
            if minimum == 1, let mistake = foreignOperator(after: left) { throw mistake }
            guard let (infix, precedence, tokens) = infix, precedence >= minimum else { return left }
            var tall = height
            for _ in 0..<tokens { advance() }
            let right = try parseBinary(precedence + 1)
            tall = max(tall, height)
            let span = left.span.joined(right.span)
            switch infix {
            case .logical(let op):
                left = Expression(.logical(op, left, right), span: span)
            case .arithmetic(let op):
                left = Expression(.binary(op, left, right), span: span)
            case .comparison(let op):
                var links = [ComparisonLink(op, right)]
                while case .comparison(let next)? = self.infix?.infix {
                    for _ in 0..<(self.infix?.tokens ?? 1) { advance() }
                    links.append(ComparisonLink(next, try parseBinary(5)))
                    tall = max(tall, height)
                }
                if links.count == 1 {
                    left = Expression(.binary(op, left, right), span: span)
                } else {
                    left = Expression(.comparison(left, links), span: Span(start: left.span.start, end: previousEnd))
                }
            }
            try grow(above: tall, at: left.span)
        }
    }

    private mutating func parseNot() throws(Diagnostic) -> Expression {
        let start = current.span
        try enter()
        advance()
        let operand = current.isKeyword(.not) ? try parseNot() : try parseBinary(4)
        nesting -= 1
        height += 1
        return Expression(.unary(.not, operand), span: start.joined(operand.span))
    }

    /// `-x ** 2` is -(x ** 2).
    private mutating func parseUnary() throws(Diagnostic) -> Expression {
        let start = current.span
        let op: UnaryOperator
        switch current.symbol {
        case .minus: op = .negate
        case .plus: op = .plus
        case .bang, .tilde: throw foreignPrefix()
        default: return try parsePower()
        }
        try enter()
        advance()
        if op == .negate, case .minimumMagnitude = current.kind, !peek().isSymbol(.doubleStar) {
            let span = start.joined(current.span)
            advance()
            nesting -= 1
            height = 1
            return Expression(.int(.min), span: span)
        }
        let isLiteral: Bool
        switch current.kind {
        case .int, .float: isLiteral = true
        default: isLiteral = false
        }
        let operand = try parseUnary()
        nesting -= 1
        height += 1
        let span = start.joined(operand.span)
        if op == .negate, isLiteral {
            if case .int(let value) = operand.kind { return Expression(.int(-value), span: span) }
            if case .float(let value) = operand.kind { return Expression(.float(-value), span: span) }
        }
        return Expression(.unary(op, operand), span: span)
    }

    private mutating func parsePower() throws(Diagnostic) -> Expression {
        let base = try parsePostfix()
        guard current.isSymbol(.doubleStar) else { return base }
        let tall = height
        try enter()
        advance()
        let exponent = try parseUnary()
        nesting -= 1
        let span = base.span.joined(exponent.span)
        try grow(above: max(tall, height), at: span)
        return Expression(.binary(.power, base, exponent), span: span)
    }
}

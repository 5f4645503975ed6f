extension Parser {
    /// `fn name(parameters) { … }`, with the `##` lines above it as its help.
    mutating func parseFunction() throws(Diagnostic) -> FunctionNode {
        let doc = docs[index]
        let start = current.span
        advance()
        if current.isSymbol(.leftParen) {
            throw problem(
                "`fn` declares a function with a name", current.span, label: "a name belongs here",
                hint: "fn name(x) { … }, or without a name: x -> x + 1")
        }
        let name = try parseName("a name for the function", hint: "fn name(x) { … }")
        guard current.isSymbol(.leftParen) else {
            throw expected("`(` and the parameters", hint: "fn \(name.text)(x) { … }")
        }
        let parameters = try parseParameters()
        let header = Span(start: name.span.start, end: previousEnd)
        if current.isSymbol(.arrow) {
            throw problem(
                "a function does not declare what it returns", current.span, hint: "fn \(snippet(header)) { … }")
        }
        if current.isSymbol(.assign) {
            let sign = current.span
            advance()
            let value = (try? parseExpression()).map { snippet($0.span) } ?? "…"
            throw problem(
                "a function's body stands between braces", sign, hint: "fn \(snippet(header)) { \(value) }")
        }
        let tall = height
        let body = try parseBody(parameters, after: "fn \(name.text)", example: "fn \(snippet(header)) { … }")
        height = max(tall, height) + 1
        return FunctionNode(
            name: name, parameters: parameters, body: body, doc: doc, span: Span(start: start.start, end: previousEnd))
    }

    /// A block in which `return` is allowed, and `_` a name like any other.
    private mutating func parseBody(
        _ parameters: [ParameterNode], after header: String, example: String
    ) throws(Diagnostic) -> Block {
        let saved = (loopDepth, placeholders)
        functionDepth += 1
        (loopDepth, placeholders) = (0, .name)
        let body = try parseBlock(after: header, example: example)
        functionDepth -= 1
        (loopDepth, placeholders) = saved
        return body
    }

    mutating func parseName(_ what: String, hint: String?) throws(Diagnostic) -> Name {
        if case .keyword(let word) = current.kind {
            throw problem(
                "`\(word.rawValue)` is a word of the language and cannot be a name", current.span,
                hint: "\(word.rawValue)_")
        }
        guard let text = current.identifier else { throw expected(what, hint: hint) }
        let name = Name(text, span: current.span)
        advance()
        return name
    }

    // MARK: Parameters

    /// `(x, T=4.0, *rest)`; a `#` comment at the end of a parameter's line is its help.
    mutating func parseParameters() throws(Diagnostic) -> [ParameterNode] {
        let opened = try openBracket()
        var parameters: [ParameterNode] = []
        var tallest = 0
        while !current.isSymbol(.rightParen) {
            let parameter = try parseParameter(after: parameters)
            parameters.append(parameter)
            if parameter.defaultValue != nil { tallest = max(tallest, height) }
            let hasComma = current.isSymbol(.comma)
            if hasComma { advance() }
            parameters[parameters.count - 1].doc = trailingComment()
            if !hasComma { break }
        }
        height = tallest
        try closeBracket(opened, in: "the parameters")
        return parameters
    }

    private mutating func parseParameter(after earlier: [ParameterNode]) throws(Diagnostic) -> ParameterNode {
        if current.isSymbol(.doubleStar) {
            throw problem(
                "keywords that are not declared cannot be collected", current.span, label: "kd has no **",
                hint: "name each parameter and give it a default: T=4.0")
        }
        if current.isSymbol(.slash) {
            throw problem("`/` means nothing among parameters", current.span, hint: "delete it")
        }
        let isRest = current.isSymbol(.star)
        if isRest {
            if let other = earlier.first(where: \.isRest) {
                throw problem(
                    "only one parameter can take the rest", current.span, label: "a second *",
                    hint: "*\(other.name.text) takes all of them")
            }
            advance()
            if current.isSymbol(.comma) || current.isSymbol(.rightParen) {
                throw problem(
                    "`*` needs a name for the arguments it takes", Span(start: previousEnd - 1, end: previousEnd),
                    hint: "*rest")
            }
        }
        if current.isSymbol(.leftParen) || current.isSymbol(.leftBracket) {
            throw problem(
                "a parameter is one name", current.span, label: "it cannot be taken apart here",
                hint: "name it and take it apart in the body: a, b = pair")
        }
        let name = try parseName("a parameter's name", hint: nil)
        if let twin = earlier.first(where: { $0.name.text == name.text && name.text != "_" }) {
            let place = source.position(of: twin.name.span.start)
            throw problem(
                "two parameters have the name `\(name.text)`", name.span,
                label: "the first stands at \(place.line):\(place.column)")
        }
        if current.isSymbol(.colon) {
            let colon = current.span
            throw problem(
                "parameters have no type annotations", colon, label: "in the parameter \(name.text)",
                hint: "\(name.text), with what it is in a comment behind it: \(name.text),  # logits [B, C]")
        }
        var value: Expression?
        if current.isSymbol(.assign) {
            if isRest { throw problem("`*\(name.text)` cannot have a default: it is a list", current.span) }
            advance()
            value = try parseExpression()
        } else if !isRest, let last = earlier.last, last.defaultValue != nil {
            throw problem(
                "`\(name.text)` needs a default, as `\(last.name.text)` before it has one", name.span,
                hint: "\(name.text)=nil, or put it before \(last.name.text)")
        }
        return ParameterNode(name: name, defaultValue: value, isRest: isRest)
    }

    /// The comment between the last token and the current one, on the last one's line.
    private func trailingComment() -> String? {
        let line = source.line(at: max(0, previousEnd - 1))
        guard let comment = comments[line], comment.start >= previousEnd, comment.start < current.span.start,
            !comment.text.isEmpty
        else { return nil }
        return comment.text
    }

    // MARK: Models

    /// `model Name(parameters) { fields; fn forward(x) { … } }`; the contextual word is at the current token.
    mutating func parseModel() throws(Diagnostic) -> ModelNode {
        let doc = docs[index]
        let start = current.span
        advance()
        let name = try parseName("the model's name", hint: nil)
        var parameters: [ParameterNode] = []
        var tall = 0
        if current.isSymbol(.leftParen) {
            parameters = try parseParameters()
            tall = height
        }
        let header = snippet(Span(start: name.span.start, end: previousEnd))
        let saved = (loopDepth, functionDepth, placeholders)
        (loopDepth, functionDepth, placeholders) = (0, 0, .name)
        let body = try parseBlock(after: "model \(name.text)", example: "model \(header) { … }")
        (loopDepth, functionDepth, placeholders) = saved
        height = max(tall, height) + 1
        var fields: [Statement] = []
        var methods: [FunctionNode] = []
        for statement in body.statements {
            switch statement.kind {
            case .function(let method):
                try check(method, among: methods, of: name, parameters)
                methods.append(method)
            case .model, .test, .importModule, .outer:
                throw problem(
                    "a model's body holds fields and functions", statement.span, label: "not this",
                    hint: "put it before the model")
            default:
                fields.append(statement)
            }
        }
        return ModelNode(
            name: name, parameters: parameters, fields: Block(fields, span: body.span), methods: methods, doc: doc,
            span: Span(start: start.start, end: previousEnd))
    }

    private func check(
        _ method: FunctionNode, among others: [FunctionNode], of model: Name, _ parameters: [ParameterNode]
    ) throws(Diagnostic) {
        guard let name = method.name else { return }
        if let first = method.parameters.first, first.name.text == "self" {
            let rest = method.parameters.dropFirst().map { snippet($0.name.span) }.joined(separator: ", ")
            throw problem(
                "a model's functions do not take `self`", first.name.span,
                label: "it is known inside, and so are the fields",
                hint: "fn \(name.text)(\(rest)) { … }")
        }
        if name.text == "__init__" {
            let rest = method.parameters.map(\.name.text).joined(separator: ", ")
            throw problem(
                "a model is made from its own parameters, without `__init__`", name.span,
                hint: "model \(model.text)(\(rest)) { … }")
        }
        if name.text == "__call__" {
            throw problem("a model is called through `forward`", name.span, hint: "fn forward(x) { … }")
        }
        if others.contains(where: { $0.name?.text == name.text }) {
            throw problem("the model has two functions `\(name.text)`", name.span, label: "the second")
        }
    }

    // MARK: Tests and modules

    mutating func parseTest() throws(Diagnostic) -> Statement.Kind {
        let start = current.span
        advance()
        guard case .string(let parts) = current.kind else { throw expected("the test's name in quotes", hint: nil) }
        let span = current.span
        var name = ""
        for part in parts {
            guard case .text(let text) = part else {
                throw problem("a test's name is plain text", span, hint: "write {{ for a brace itself")
            }
            name += text
        }
        advance()
        let saved = (loopDepth, functionDepth)
        (loopDepth, functionDepth) = (0, 0)
        let body = try parseBlock(
            after: "test", example: "\(snippet(start)) \(snippet(span)) { … }")
        (loopDepth, functionDepth) = saved
        return .test(name: name, body)
    }

    /// `import teaching`, `import teaching as t`, `import "./mine.kds" as m`.
    mutating func parseImport() throws(Diagnostic) -> ImportNode {
        advance()
        let span = current.span
        if case .string(let parts) = current.kind {
            var path = ""
            for part in parts {
                guard case .text(let text) = part else {
                    throw problem("an imported path is plain text", span, label: "no expression can stand in it")
                }
                path += text
            }
            advance()
            if path.isEmpty { throw problem("the path is empty", span, hint: "import \"./mine.kds\" as m") }
            if let name = try parseAlias() {
                return ImportNode(origin: .path(path), originSpan: span, name: name)
            }
            let stem = path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
            let length = Characters.nameLength(in: Source(name: "", text: stem), at: 0)
            guard !stem.isEmpty, length == stem.utf8.count, Keyword(rawValue: stem) == nil else {
                throw problem(
                    "the file's name cannot be a name in the script", span, label: "say what to call it",
                    hint: "import \(snippet(span)) as m")
            }
            return ImportNode(origin: .path(path), originSpan: span, name: Name(stem, span: span))
        }
        guard let module = current.identifier else {
            throw expected(
                "a module's name, or a path in quotes", hint: "import teaching, or import \"./mine.kds\" as m")
        }
        if let mistake = foreignImport(module) { throw mistake }
        advance()
        if current.isSymbol(.dot) {
            throw problem(
                "a module's name has no dots", current.span, hint: "import \"./\(module)/….kds\" as m for a file")
        }
        let name = try parseAlias() ?? Name(module, span: span)
        if current.isSymbol(.comma) {
            throw problem("one import takes one module", current.span, hint: "a second import on a line of its own")
        }
        return ImportNode(origin: .library(module), originSpan: span, name: name)
    }

    private mutating func parseAlias() throws(Diagnostic) -> Name? {
        guard current.identifier == "as" else { return nil }
        advance()
        return try parseName("a name after `as`", hint: "as m")
    }
}

// Habits from other languages that show where a statement begins.

extension Parser {
    /// The source between two offsets for a hint, or `…`.
    func rest(ofLineFrom token: Token) -> String {
        let line = source.lineSpan(source.line(at: token.span.start))
        let end = comments[source.line(at: token.span.start)].map(\.start) ?? line.end
        var text = Substring(snippet(Span(start: token.span.start, end: max(end, token.span.start))))
        while let last = text.last, last.isWhitespace || last == ":" || last == ";" || last == "{" { text.removeLast() }
        return text.isEmpty ? "…" : String(text)
    }

    // MARK: Where a statement begins

    /// A word that begins a statement in another language, and is followed by what makes it one.
    mutating func foreignStatement(_ name: String) -> Diagnostic? {
        let word = current.span
        let next = peek()
        let text = rest(ofLineFrom: next)
        let takesOperand = next.beginsOperand
        func answer(_ message: String, hint: String?) -> Diagnostic { problem(message, word, hint: hint) }
        switch name {
        case "def", "func", "function", "fun", "proc":
            guard next.identifier != nil else { return nil }
            let header = text.components(before: ":").components(before: "->").components(before: "{")
            return answer("a function is declared with `fn`", hint: "fn \(header) { … }")
        case "class", "struct":
            guard let type = next.identifier else { return nil }
            return answer("kd has no classes; a model is declared with `model`", hint: "model \(type)(…) { … }")
        case "elif", "elsif", "elseif":
            return takesOperand || next.symbol != nil && !next.isSymbol(.assign)
                ? answer("`\(name)` is written in two words", hint: "else if \(text) { … }, after the } of an if") : nil
        case "except", "finally":
            guard takesOperand || next.isSymbol(.colon) || next.isSymbol(.leftBrace) else { return nil }
            return answer("kd has no `\(name)`", hint: "try { … } catch e { … }")
        case "pass":
            guard next.isNewline || next.isEnd || next.isSymbol(.rightBrace) else { return nil }
            return answer("kd has no `pass`: a block may be empty", hint: "{ }")
        case "del":
            guard let target = next.identifier else { return nil }
            return answer("kd has no `del`: bind something else, and the old value is gone", hint: "\(target) = nil")
        case "global", "nonlocal":
            guard takesOperand else { return nil }
            return answer("a name of the enclosing scope is announced with `outer`", hint: "outer \(text)")
        case "raise", "throw":
            guard takesOperand || next.isNewline else { return nil }
            return answer("an error is raised with the function fail", hint: "fail(\"what is wrong\")")
        case "yield":
            guard takesOperand || next.isNewline else { return nil }
            return answer("kd has no `yield`", hint: "collect the values in a list and return it")
        case "async", "await":
            guard takesOperand || next.isKeyword(.for) || next.isKeyword(.with) || next.isKeyword(.fn) else {
                return nil
            }
            return answer("kd has no `\(name)`", hint: text)
        case "let", "var", "const", "val", "local":
            guard next.identifier != nil else { return nil }
            return answer("a name is bound without `\(name)`", hint: text)
        case "print", "println", "echo":
            guard takesOperand else { return nil }
            return answer("`print` is a function", hint: "print(\(text))")
        case "from":
            guard let module = next.identifier else { return nil }
            if let mistake = foreignImport(module) { return mistake }
            return answer("a module is imported as a whole", hint: "import \(module), then \(module).name")
        case "switch", "match":
            guard takesOperand else { return nil }
            return answer("kd has no `\(name)`", hint: "if … { … } else if … { … } else { … }")
        case "unless", "until":
            guard takesOperand else { return nil }
            return answer(
                "kd has no `\(name)`",
                hint: "\(name == "unless" ? "if" : "while") not (\(text.components(before: "{"))) { … }")
        case "using", "require", "include":
            guard takesOperand else { return nil }
            return answer("a module is imported with `import`", hint: "import \(text)")
        default:
            return nil
        }
    }

    /// A symbol at the beginning of a statement that no expression begins with.
    mutating func foreignStart(_ symbol: Symbol) -> Diagnostic? {
        let span = current.span
        switch symbol {
        case .at:
            let text = rest(ofLineFrom: peek())
            return problem(
                "kd has no decorators", span, label: "`@` multiplies matrices",
                hint: "f = \(text)(f), after the function")
        case .doubleSlash:
            return problem("a comment begins with #", span, hint: "# \(rest(ofLineFrom: peek()))")
        case .question:
            return problem(
                "help with ? belongs to the prompt", span, hint: "in a shell: kd doc \(rest(ofLineFrom: peek()))")
        case .percent, .bang, .dollar:
            let name = peek().identifier
            if symbol == .bang, name != nil, !peek(2).beginsOperand { return nil }
            return problem(
                "commands with \(symbol.rawValue) belong to the prompt", span, label: "this is a script or a cell")
        case .leftBrace:
            guard !looksLikeMap() else { return nil }
            if list.partners[index] > 0, peek(2).isSymbol(.comma) { return nil }
            return problem(
                "a block of its own means nothing", span, label: "no if, for, while, fn, model, try or with before it",
                hint: "a map is written {\"key\": value}")
        case .pipe:
            return problem("there is nothing to pipe", span, label: "no value before |>")
        case .dot:
            return nil
        default:
            return nil
        }
    }

    func foreignImport(_ module: String) -> Diagnostic? {
        let builtIn = "tensors, layers, optimizers and losses are there from the start"
        let answers = [
            "torch": builtIn, "torchvision": builtIn, "tensorflow": builtIn, "keras": builtIn, "jax": builtIn,
            "numpy": "tensors are there from the start: zeros(3), arange(10), randn(2, 3)",
            "math": "sqrt, exp, log, sin, pi and the others are there from the start",
            "random": "seed(7), randn(2, 3), shuffle and the others are there from the start",
            "transformers": "word_tokenizer(data) and chain(…) make a model of text",
            "sklearn": "report, f1_score, accuracy_score and the others are there from the start",
            "pandas": "read_tsv, read_csv and read_jsonl make a dataset",
            "matplotlib": "a run shows its epochs as a table",
        ]
        guard let answer = answers[module] else { return nil }
        return problem(
            "kd does not import Python's modules: there is no `\(module)` here",
            current.identifier == "from" ? peek().span : current.span,
            hint: "leave the line out; \(answer)")
    }

    func strayElse(_ span: Span) -> Diagnostic {
        problem(
            "`else` has no if before it", span, label: "the block before it has ended",
            hint: "if … { … } else { … }")
    }

    /// `for (i = 0; …)`.
    func loopOfC() -> Diagnostic? {
        guard list.partners[index] > 0 else { return nil }
        let end = Int(list.partners[index])
        let inside = list.tokens[index...end]
        guard inside.contains(where: { $0.isSymbol(.semicolon) }) else {
            guard inside.contains(where: { $0.isKeyword(.in) }) else { return nil }
            let text = snippet(Span(start: current.span.end, end: list.tokens[end].span.start))
            return problem("`for` takes no parentheses", current.span, hint: "for \(text) { … }")
        }
        return problem(
            "`for` goes through values", current.span, label: "not a loop with a counter and a condition",
            hint: "for i in range(10) { … }")
    }
}

extension String {
    /// What stands before a separator, without blanks at the end.
    fileprivate func components(before separator: String) -> String {
        var text = Substring(self)
        if let first = separator.first {
            var depth = 0
            for index in indices {
                let character = self[index]
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                if depth == 0, character == first, self[index...].hasPrefix(separator) {
                    text = self[..<index]
                    break
                }
            }
        }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

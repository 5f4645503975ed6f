extension Machine {
    /// Where the machine is now: the innermost instruction that runs.
    public var currentPlace: (source: Source, span: Span)? {
        guard frameCount > 0 else { return nil }
        return place(ofFrame: frameCount - 1)
    }

    private func place(ofFrame index: Int) -> (source: Source, span: Span) {
        let frame = frames[index]
        let code = frame.code
        let at = max(0, min(frame.next - code.instructions - 1, code.spans.count - 1))
        return (code.source, code.spans.isEmpty ? .zero : code.spans[at])
    }

    /// An error with its place and the calls that led to it.
    func place(_ error: any Error) -> any Error {
        if error is ExitRequest { return error }
        if let diagnostic = error as? Diagnostic, diagnostic.source != nil { return diagnostic }
        if let errors = error as? SyntaxErrors, let first = errors.diagnostics.first { return first }
        let error = hooks.explain(error) ?? error
        guard frameCount > 0 else { return error }
        let (source, span) = place(ofFrame: frameCount - 1)
        var result: Diagnostic
        if let diagnostic = error as? Diagnostic {
            result = diagnostic
            result.span = span
        } else {
            result = Diagnostic(kind: "internal", message: "\(error)", span: span)
            if let fault = error as? any ScriptFault {
                (result.kind, result.message, result.hint) = (fault.kind, fault.message, fault.hint)
            }
            if let fault = error as? Fault {
                result.label = fault.label
                if let argument = fault.argument, let place = self.span(of: argument) { result.span = place }
                if fault.message.hasSuffix("is no condition") {
                    result.hint = fault.hint.map { Machine.hint($0, about: source.text(of: span)) }
                }
            }
        }
        result.source = source
        if result.trace.isEmpty { result.trace = trace() }
        return result
    }

    /// The calls from the innermost outwards: each function and where it was called.
    private func trace() -> [Diagnostic.Frame] {
        var calls: [Diagnostic.Frame] = []
        let count = frameCount - 1
        let (inner, outer) = (20, 5)
        for depth in stride(from: count, to: 0, by: -1) {
            let fromTop = count - depth
            if count > inner + outer + 1, fromTop >= inner, depth > outer {
                if fromTop == inner {
                    calls.append(
                        Diagnostic.Frame(function: "… \(count - inner - outer) more calls …", source: nil, span: nil))
                }
                continue
            }
            let (source, span) = place(ofFrame: depth - 1)
            calls.append(Diagnostic.Frame(function: frames[depth].code.name, source: source, span: span))
        }
        return calls
    }

    /// Where an argument of the call that is running was written.
    private func span(of argument: ArgumentPlace) -> Span? {
        let frame = frames[frameCount - 1]
        let at = frame.next - frame.code.instructions - 1
        guard at >= 0, at < frame.code.instructionCount else { return nil }
        let instruction = frame.code.instructions[at]
        guard instruction.op == .call || instruction.op == .callPlain || instruction.op == .callMethod else {
            return nil
        }
        let site = frame.code.sites[Int(instruction.c)]
        switch argument {
        case .callee: return site.callee
        case .keyword(let name):
            for (kind, span) in zip(site.kinds, site.spans) {
                if case .keyword(name) = kind { return span }
                if case .spread = kind { return span }
            }
        case .positional(let wanted):
            var position = 0
            for (kind, span) in zip(site.kinds, site.spans) {
                if case .spread = kind { return span }
                guard case .positional = kind else { continue }
                if position == wanted { return span }
                position += 1
            }
        }
        return nil
    }

    /// A hint with the condition's own text where it says x.
    static func hint(_ hint: String, about text: String) -> String {
        guard text.count <= 30, !text.contains("\n"), text != "x" else { return hint }
        var result = ""
        var previous: Character = " "
        let characters = Array(hint)
        for (index, character) in characters.enumerated() {
            let next = index + 1 < characters.count ? characters[index + 1] : " "
            let isWord = { (c: Character) in c.isLetter || c.isNumber || c == "_" }
            result += character == "x" && !isWord(previous) && !isWord(next) ? text : String(character)
            previous = character
        }
        return result
    }

    /// Goes on at the innermost handler above the entry that takes the error; without one, leaves the frames and throws.
    func recover(from error: any Error, above entry: Int) throws {
        let diagnostic = error as? Diagnostic
        let isFinal = diagnostic == nil || diagnostic?.kind == "interrupt"
        while let handler = handlers.last, handler.frame >= entry {
            handlers.removeLast()
            if isFinal, !handler.isContext { continue }
            while frameCount > handler.frame { popTop() }
            let frame = frames + (frameCount - 1)
            let registers = stack + frame.pointee.base
            let code = frame.pointee.code
            for register in (handler.register + 1)..<max(code.registerCount, handler.register + 1) {
                registers[register] = .null
            }
            let seen = diagnostic ?? Diagnostic(kind: "exit", message: "exit")
            registers[handler.register] = .object(ErrorObject(seen, original: error))
            frame.pointee.next = code.instructions + handler.target
            return
        }
        while frameCount >= entry { popTop() }
        throw error
    }

    private func popTop() {
        let frame = frames + (frameCount - 1)
        pop(frame, stack + frame.pointee.base)
    }

    // MARK: - Names

    /// A global that is not there, with the nearest name that is.
    func unknownName(_ name: String) -> Fault {
        let frame = frames[frameCount - 1]
        var candidates = frame.code.localNames.filter { !$0.contains(" ") } + frame.code.captureNames
        candidates += frame.code.module.boundNames + builtinNames
        let hint = nearest(name, in: candidates).map { "did you mean \($0)?" } ?? Machine.foreignNames[name]
        return Fault("\(name) is not defined", hint: hint, kind: "name")
    }

    /// Words from Python that are written otherwise here.
    private static let foreignNames = [
        "None": "nil", "True": "true", "False": "false", "elif": "else if", "def": "fn name(…) { … }",
        "lambda": "x -> x + 1", "dict": "{\"key\": value}", "tuple": "a list, [a, b]", "null": "nil",
        "torch": "its names are here without a prefix", "np": "its names are here without a prefix",
    ]

    /// A variable of the function that is read before it has a value.
    func unboundVariable(_ name: Value) -> Fault {
        let name = name.string ?? ""
        let frame = frames[frameCount - 1]
        let isOutside = frame.code.module[name] != nil || frame.code.captureNames.contains(name) || builtin(name) != nil
        return Fault(
            "\(name) is read before it is bound",
            hint: isOutside
                ? "\(name) is bound inside \(frame.code.name) and so is its own; `outer \(name)` means the enclosing one"
                : "\(name) is bound later in \(frame.code.name), or only on a path that was not taken", kind: "name")
    }

    /// `x.name(…)` where there is neither a field nor a function of that name.
    func noMethod(_ name: String, _ receiver: Value, _ candidate: Value) -> Fault {
        let fields = receiver.object?.fieldNames ?? []
        let type = article(receiver.typeName)
        if !Machine.isUnbound(candidate) {
            return Fault(
                "\(type) has no field \(name), and the name \(name) is \(candidate.described), no function",
                kind: "type")
        }
        let near =
            nearest(name, in: fields)
            ?? nearest(name, in: builtinNames + (frames[frameCount - 1].code.module.boundNames))
        return Fault(
            "\(type) has no field \(name), and there is no function \(name)",
            hint: near.map { "did you mean \($0)?" } ?? (fields.isEmpty ? nil : "its fields are \(listed(fields))"),
            kind: "name")
    }

    // MARK: - Assertions

    func assertionFailure(_ message: Value?) -> Fault {
        if let message { return Fault("assertion failed: \(message.printed)", kind: "assert") }
        return Fault("the assertion does not hold", kind: "assert")
    }

    func comparisonFailure(_ left: Value, _ right: Value, _ op: String) -> Fault {
        func short(_ value: Value) -> String {
            let text = value.display(.inline)
            return text.count > 200 ? String(text.prefix(197)) + "…" : text
        }
        return Fault(
            "the assertion does not hold", kind: "assert", label: "\(short(left)) \(op) \(short(right)) is false")
    }
}

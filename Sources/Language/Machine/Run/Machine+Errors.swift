extension Machine {
    /// Where the machine is now in the text of whoever uses it: the innermost instruction that runs, the library's aside.
    public var currentPlace: (source: Source, span: Span)? {
        guard frameCount > 0 else { return nil }
        return place(ofFrame: shownFrame)
    }

    /// The text that was run first: the script, or the cell.
    public var entrySource: Source? { frameCount > 0 ? frames[0].code.source : nil }

    /// The innermost frame whose text is not the library's; the innermost of all when there is no other.
    private var shownFrame: Int {
        var frame = frameCount - 1
        while frame >= 0, frames[frame].code.source.isLibrary { frame -= 1 }
        return frame < 0 ? frameCount - 1 : frame
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
        if let errors = error as? SyntaxErrors, var first = errors.diagnostics.first {
            if frameCount > 0 { first.trace = [importFrame(of: first)] + trace() }
            return first
        }
        let error = hooks.explain(error) ?? error
        guard frameCount > 0 else { return error }
        let shown = shownFrame
        let (source, span) = place(ofFrame: shown)
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
                result.code = fault.code
                result.label = fault.label
                if shown == frameCount - 1 {
                    if let argument = fault.argument, let place = self.span(of: argument) { result.span = place }
                    result.hint = hint(of: fault, in: source, span)
                }
            }
        }
        result.source = source
        if shown < frameCount - 1 { moveInside(&result) }
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
            let code = frames[depth].code
            // The library's private functions say nothing to the one who called its public ones.
            if code.source.isLibrary, code.name.hasPrefix("_") { continue }
            calls.append(
                Diagnostic.Frame(
                    function: code.name, source: source, span: span, isImport: code.name == code.source.name))
        }
        return calls
    }

    /// The import that read a text with mistakes of syntax.
    private func importFrame(of mistake: Diagnostic) -> Diagnostic.Frame {
        let (source, span) = place(ofFrame: frameCount - 1)
        return Diagnostic.Frame(function: mistake.source?.name ?? "", source: source, span: span, isImport: true)
    }

    /// An error raised in the library is shown where the script called it; a note says where it was raised.
    ///
    /// What the library says by `fail` is said to the caller and needs no such note.
    private func moveInside(_ diagnostic: inout Diagnostic) {
        let (source, span) = place(ofFrame: frameCount - 1)
        let text = source.text(of: span)
        guard diagnostic.kind != "interrupt", !text.hasPrefix("fail(") else { return }
        let what = text.count <= 60 && !text.contains("\n") ? "in `\(text)` at" : "at"
        let why = diagnostic.label.map { ": \($0)" } ?? ""
        diagnostic.notes.append("\(what) \(source.place(of: span))\(why)")
        diagnostic.label = nil
    }

    /// The instruction that runs, when it is a call, and how it was written.
    private var callSite: CallSite? {
        guard frameCount > 0 else { return nil }
        let frame = frames[frameCount - 1]
        let at = frame.next - frame.code.instructions - 1
        guard at >= 0, at < frame.code.instructionCount else { return nil }
        let instruction = frame.code.instructions[at]
        guard instruction.op == .call || instruction.op == .callPlain || instruction.op == .callMethod else {
            return nil
        }
        return frame.code.sites[Int(instruction.c)]
    }

    /// `xs(0)` means `xs[0]`, `x.shape()` means `x.shape`, and `run("first")` the function that a `run = …` hides.
    func hintForCall(of value: Value) -> String? {
        guard let site = callSite else { return nil }
        let source = frames[frameCount - 1].code.source
        let callee = source.text(of: site.callee)
        let arguments = site.spans.dropFirst(site.receivers).map { source.text(of: $0) }.joined(separator: ", ")
        if let hidden = builtin(callee)?.object, hidden !== value.object, hidden.isCallable {
            return "the function \(callee) is hidden by your \(callee); give yours another name"
        }
        guard callee.count + arguments.count <= 60, !(callee + arguments).contains("\n") else { return nil }
        if arguments.isEmpty { return "\(callee), without parentheses" }
        let hasItems = ((try? value.object?.count(self)) ?? nil) != nil
        return hasItems ? "\(callee)[\(arguments)]" : nil
    }

    /// Where an argument of the call that is running was written.
    private func span(of argument: ArgumentPlace) -> Span? {
        guard let site = callSite else { return nil }
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

    /// The hint of a fault in the words of the script, where it speaks of a condition.
    private func hint(of fault: Fault, in source: Source, _ span: Span) -> String? {
        let text = source.text(of: span)
        if fault.message.hasPrefix("`not` is for bools"), text.hasPrefix("not ") {
            return fault.hint.map { Machine.hint($0, about: Machine.unwrapped(text.dropFirst(4))) }
        }
        guard fault.message.hasSuffix("is no condition") else { return fault.hint }
        if text.hasPrefix("not ") {
            return fault.hint.map { Machine.hint($0, about: Machine.unwrapped(text.dropFirst(4))) + ", behind `not`" }
        }
        let line = source.lineSpan(source.line(at: span.end))
        let rest = source.text(of: Span(start: span.end, end: max(span.end, line.end))).drop { $0 == " " }
        for word in ["and", "or"] where fault.message.hasPrefix("a tensor") && rest.hasPrefix(word + " ") {
            let joined = "logical_\(word)(\(Machine.unwrapped(text[...])), …)"
            return "\(joined) joins masks, all(…) and any(…) make one bool of a mask"
        }
        return fault.hint.map { Machine.hint($0, about: Machine.unwrapped(text[...])) }
    }

    /// A text without the parentheses around all of it.
    private static func unwrapped(_ text: Substring) -> String {
        let text = String(text)
        guard text.hasPrefix("("), parenthesized(text[...]) == text else { return text }
        return String(text.dropFirst().dropLast())
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

    /// The name that a call names by a global means nothing.
    func unknownCallee(_ site: Unmanaged<CallSite>) -> Fault {
        let module = frames[frameCount - 1].code.module
        let index = site._withUnsafeGuaranteedRef { $0.global?.index }
        var fault = unknownName(index.map { module.slotNames[$0] } ?? "")
        fault.argument = .callee
        return fault
    }

    /// A global that is not there, with the nearest name that is.
    func unknownName(_ name: String) -> Fault {
        let frame = frames[frameCount - 1]
        var candidates = frame.code.localNames.filter { !$0.contains(" ") } + frame.code.captureNames
        candidates += frame.code.module.boundNames + builtinNames
        let hint =
            withoutPrefix(name) ?? Habits.renamed[name].map { "did you mean \($0)?" } ?? Habits.names[name]
            ?? nearest(name, in: candidates).map { "did you mean \($0)?" }
        return Fault("\(name) is not defined", hint: hint, kind: "name")
    }

    /// `nn.Linear(2, 3)` as `linear(2, 3)`, when that is what stands in the text.
    private func withoutPrefix(_ prefix: String) -> String? {
        guard Habits.prefixes.contains(prefix) else { return nil }
        let (source, span) = place(ofFrame: frameCount - 1)
        let line = source.lineSpan(source.line(at: span.start))
        guard source.text(of: span) == prefix, span.end <= line.end else { return nil }
        var rest = Substring(source.text(of: Span(start: span.end, end: line.end)))
        var word = prefix
        var isFunctional = false
        while rest.first == "." {
            isFunctional = isFunctional || word == "F" || word == "functional"
            word = String(rest.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            rest = rest.dropFirst(1 + word.count)
        }
        guard word != prefix, !word.isEmpty else { return nil }
        // PyTorch's functional losses compute at once, as the functions that end in _loss do here.
        if isFunctional, builtin(word + "_loss") != nil { word += "_loss" }
        let known = builtin(word) != nil ? word : Habits.renamed[word] ?? nearest(word, in: builtinNames)
        guard let known else { return Habits.names[word] ?? Habits.noPrefix }
        let arguments = builtin(known)?.isCallable == true ? Machine.parenthesized(rest) : ""
        return "\(known)\(arguments), without a prefix"
    }

    /// The parentheses with which a text begins; nothing when they do not close in it.
    private static func parenthesized(_ text: Substring) -> String {
        guard text.first == "(" else { return "" }
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[...index].count <= 60 ? String(text[...index]) : "(…)" }
        }
        return "(…)"
    }

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
        let type = named(receiver)
        if !Machine.isUnbound(candidate) {
            return Fault(
                "\(type) has no field \(name), and the name \(name) is \(candidate.described), no function",
                kind: "type")
        }
        let habit = Habits.member(name, of: receiver.typeName, written: receiverText(before: name))
        let near = nearest(name, in: builtinNames + (frames[frameCount - 1].code.module.boundNames))
        return Fault(
            "\(type) has no field \(name), and there is no function \(name)",
            hint: nearest(name, in: fields).map { "did you mean \($0)?" } ?? habit ?? near.map { "did you mean \($0)?" }
                ?? (fields.isEmpty ? nil : "its fields are \(listed(fields))"),
            kind: "name")
    }

    /// "a tensor", "the module losses".
    func named(_ value: Value) -> String {
        (value.object as? ModuleObject).map { "the module \($0.name)" } ?? article(value.typeName)
    }

    /// What stands before the dot of `x.name` or `x.name(…)`, as it is written.
    func receiverText(before name: String) -> String? {
        guard frameCount > 0 else { return nil }
        let (source, span) = place(ofFrame: frameCount - 1)
        if let site = callSite, site.receivers == 1, let receiver = site.spans.first {
            return source.text(of: receiver)
        }
        let text = source.text(of: span)
        return text.hasSuffix("." + name) ? String(text.dropLast(name.count + 1)) : nil
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

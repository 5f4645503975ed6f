/// Runs the examples of help texts: after a statement, `# → text` says what its value or its output looks like.
///
///     softmax(tensor([1.0, 1.0]))   # → tensor([0.5000, 0.5000])
///     print("a")                    # → a
///     1 // 0                        # error: division by zero
///
/// Further lines of output follow in lines of their own, `# → …` each; `…` in a text stands for anything.
public enum Doctest {
    /// Runs one example in a module of its own; nil when everything was as it says.
    public static func run(_ example: String, name: String, on machine: Machine) throws -> Diagnostic? {
        let source = Source(name: "example of \(name)", text: example)
        let program: Program
        do {
            program = try Parser.parse(source)
        } catch {
            return error.diagnostics.first
        }
        let module = ModuleObject(name: name)
        let output = machine.output
        let buffer = OutputBuffer()
        machine.output = buffer
        defer { machine.output = output }
        for statement in program.body.statements {
            buffer.clear()
            let expected = expectation(after: statement.span, in: source)
            var shown: [String] = []
            do {
                let value = try machine.run(
                    Program(source: source, body: Block([statement], span: statement.span)), in: module)
                if case .error(let message)? = expected {
                    return failure("there is no error", expected: message, source, statement.span)
                }
                shown = forms(of: value, printed: buffer.results)
            } catch let diagnostic as Diagnostic {
                if diagnostic.kind == "interrupt" { throw diagnostic }
                guard case .error(let message)? = expected, matches(diagnostic.message, "…" + message + "…") else {
                    return diagnostic
                }
                continue
            }
            if case .output(let text)? = expected, !shown.contains(where: { matches($0, text) }) {
                return failure(shown.first ?? "nil", expected: text, source, statement.span)
            }
        }
        return nil
    }

    /// Runs the example of every builtin and script function that a machine knows.
    public static func runAll(on machine: Machine, report: (TestResult) -> Void) throws {
        for name in machine.builtinNames {
            guard let signature = machine.builtin(name)?.object?.signature, !signature.example.isEmpty else { continue }
            let clock = ContinuousClock()
            let start = clock.now
            let failure = try run(signature.example, name: name, on: machine)
            report(TestResult(name: name, failure: failure, seconds: (clock.now - start) / .seconds(1)))
        }
    }

    private enum Expectation {
        case output(String)
        case error(String)
    }

    /// What the comment behind a statement says, together with the lines of nothing else after it.
    private static func expectation(after span: Span, in source: Source) -> Expectation? {
        var line = source.line(at: max(span.start, span.end - 1))
        let end = source.lineSpan(line).end
        guard span.end <= end else { return nil }
        let comment = source.text(of: Span(start: span.end, end: end)).trimmed
        guard comment.isEmpty || comment.hasPrefix("#") || comment.hasPrefix(";") else { return nil }
        var texts: [String] = []
        if let text = mark(comment) { texts.append(text) }
        if let message = comment.firstRange(of: "# error: ") {
            return .error(String(comment[message.upperBound...]).trimmed)
        }
        while line < source.lineCount {
            line += 1
            guard let text = mark(source.text(ofLine: line).trimmed) else { break }
            texts.append(text)
        }
        return texts.isEmpty ? nil : .output(texts.joined(separator: "\n"))
    }

    private static func mark(_ comment: String) -> String? {
        for mark in ["# →", "# =>"] where comment.hasPrefix(mark) {
            return String(comment.dropFirst(mark.count)).trimmed
        }
        return nil
    }

    /// What a statement may be said to show: its output, or its value in the short or the full form.
    private static func forms(of value: Value, printed: String) -> [String] {
        var forms: [String] = []
        if !printed.isEmpty { forms.append(printed.trimmed) }
        forms += [value.display(.inline), value.display(.full(width: 80)), value.printed]
        return forms
    }

    /// Whether a text is what is expected: white space counts once, `…` stands for anything.
    static func matches(_ text: String, _ expected: String) -> Bool {
        let text = words(text)
        let parts = words(expected).split(separator: "…", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return text == parts[0] }
        guard text.hasPrefix(parts[0]) else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }

    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func failure(_ shown: String, expected: String, _ source: Source, _ span: Span) -> Diagnostic {
        Diagnostic(
            kind: "example", message: "the example does not show what it says", source: source, span: span,
            label: "\(Help.wrapped(shown, indent: 0, width: 200).joined(separator: " ")), expected \(expected)")
    }
}

import Language

/// The tests of a script: that it runs, its `test` blocks, and the examples in the `##` comments of its functions.
public enum ScriptTests {
    public struct Result {
        public enum Verdict {
            case passed
            case failed([Diagnostic])
        }

        public let name: String
        public let verdict: Verdict
    }

    public enum End { case finished, interrupted }

    /// Runs a file and everything in it that is a test; each result is reported as it comes.
    ///
    /// What the script prints is not shown.
    public static func run(
        file: String, bytes: [UInt8]?, filter: String? = nil, report: (Result) -> Void
    ) -> End {
        let output = OutputBuffer()
        let session = Session(output: output)
        let source: Source
        do throws(Diagnostic) {
            guard let bytes else { throw Diagnostic(kind: "file", message: "cannot read \(file)") }
            source = try Source(name: file, bytes: bytes)
        } catch {
            report(Result(name: "the script runs", verdict: .failed([error])))
            return .finished
        }
        session.machine.collectsTests = true
        let outcome = session.run(source)
        session.machine.collectsTests = false
        switch outcome {
        case .interrupted: return .interrupted
        case .done, .exited(0): report(Result(name: "the script runs", verdict: .passed))
        case .exited(let code):
            let diagnostic = Diagnostic(kind: "exit", message: "the script ended with exit(\(code))")
            report(Result(name: "the script runs", verdict: .failed([diagnostic])))
            return .finished
        default:
            report(Result(name: "the script runs", verdict: .failed(outcome.diagnostics)))
            return .finished
        }

        let isWanted = { (name: String) in filter.map { name.firstRange(of: $0) != nil } ?? true }
        for test in session.machine.main.tests where isWanted(test.name) {
            do {
                _ = try session.machine.call(test.function, Language.Arguments())
                report(Result(name: test.name, verdict: .passed))
            } catch {
                let outcome = Session.outcome(of: error)
                if case .interrupted = outcome { return .interrupted }
                report(Result(name: test.name, verdict: .failed(outcome.diagnostics)))
            }
        }
        for example in Example.all(in: source) where isWanted(example.name) {
            do {
                try session.machine.withMain(as: source) { try example.check(in: session, output) }
                report(Result(name: example.name, verdict: .passed))
            } catch {
                let outcome = Session.outcome(of: error)
                if case .interrupted = outcome { return .interrupted }
                report(Result(name: example.name, verdict: .failed(outcome.diagnostics)))
            }
        }
        return .finished
    }
}

/// Code that says with `# →` what it answers: in the `##` comment of a function, or in a builtin's declaration.
///
///     softmax(tensor([0.0, 0.0]))   # → [0.5 0.5]
///
/// The answer is the value as the prompt shows it, with or without the line that says a tensor's type, or what was
/// printed; `error: …` expects an error whose message holds the
/// rest. A number may be written with fewer digits than it has; `…` stands for anything.
public struct Example {
    public let name: String
    /// The code, at the lines where it stands in the file.
    let source: Source
    static let mark = "# →"

    /// The example of a builtin.
    public init(name: String, code: String) {
        self.name = name
        source = Source(name: "example of \(name)", text: code)
    }

    private init(name: String, source: Source) {
        self.name = name
        self.source = source
    }

    /// The examples in a text: indented lines in `##` comments, at least one of them with the mark.
    static func all(in source: Source) -> [Example] {
        var examples: [Example] = []
        var block: [(line: Int, text: String)] = []
        var pending: [[(line: Int, text: String)]] = []
        func closeBlock() {
            if block.contains(where: { $0.text.firstRange(of: mark) != nil }) { pending.append(block) }
            block = []
        }
        for line in 1...source.lineCount {
            let text = source.text(ofLine: line)
            if text.hasPrefix("##") {
                let body = text.dropFirst(2)
                if body.hasPrefix("     ") { block.append((line, "  " + body)) } else { closeBlock() }
                continue
            }
            closeBlock()
            guard !pending.isEmpty else { continue }
            let words = text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") })
            let isDeclaration = words.count > 1 && (words[0] == "fn" || words[0] == "model")
            let name = isDeclaration ? String(words[1]) : "line \(line)"
            for (index, lines) in pending.enumerated() {
                let suffix = pending.count > 1 ? " (\(index + 1))" : ""
                examples.append(Example(name: "example of \(name)\(suffix)", source: placed(lines, in: source)))
            }
            pending = []
        }
        return examples
    }

    /// The lines of an example as a text of its own in which everything stands where it stands in the file.
    private static func placed(_ lines: [(line: Int, text: String)], in source: Source) -> Source {
        var text = ""
        var line = 1
        for entry in lines {
            text += String(repeating: "\n", count: entry.line - line) + entry.text
            line = entry.line
        }
        return Source(name: source.name, text: text)
    }

    /// Runs the code in names of its own beside the session's, and compares what is shown with what is expected.
    ///
    /// - Throws: the script's error, or a `Diagnostic` that shows what was expected and what was found.
    public func check(in session: Session, _ output: OutputBuffer) throws {
        try steps(in: session, output) { statement, run in
            let lastLine = source.line(at: max(statement.span.start, statement.span.end - 1))
            let expected = Example.expectation(after: lastLine, in: source)
            let shown = try run(expected?.hasPrefix("error:") ?? false)
            guard let expected else { return }
            if shown.isError ? shown.text.firstRange(of: expected) != nil : Example.matches(shown.text, expected) {
                return
            }
            // The line with a tensor's type and shape may be left out.
            if shown.isTensor, let end = shown.text.lastIndex(of: "\n"),
                Example.matches(String(shown.text[..<end]), expected)
            {
                return
            }
            throw Diagnostic(
                kind: "example", message: "the example does not hold", source: source, span: statement.span,
                notes: ["expected: \(expected)", "found:    \(shown.text)"])
        }
    }

    /// The code as it looks at the prompt, each input with what it shows; an error ends it.
    func transcript(in session: Session, _ output: OutputBuffer) throws -> String {
        var lines: [String] = []
        try steps(in: session, output) { statement, run in
            for (index, line) in source.text(of: statement.span).split(separator: "\n").enumerated() {
                lines.append((index == 0 ? "kd> " : "...> ") + line)
            }
            var shown = try run(true).text
            let lastLine = source.line(at: max(statement.span.start, statement.span.end - 1))
            // An expectation with a gap says that not all of it repeats: times do not.
            if Example.expectation(after: lastLine, in: source)?.contains("…") ?? false {
                shown = shown.replacing(#/ +[0-9.]+ (?:µs|ms|s)\b/#, with: "  …")
            }
            if !shown.isEmpty, shown != "nil" { lines.append(shown) }
        }
        return lines.joined(separator: "\n")
    }

    /// What a statement shows.
    private struct Shown {
        var text: String
        var isTensor = false
        var isError = false
    }

    /// Goes through the statements; `body` runs each, and says whether its error counts as what it shows.
    private func steps(
        in session: Session, _ output: OutputBuffer,
        _ body: (_ statement: Statement, _ run: (_ keepsError: Bool) throws -> Shown) throws -> Void
    ) throws {
        let machine = session.machine
        let module = ModuleObject(name: name, source: source)
        for name in machine.main.boundNames { module[name] = machine.main[name] }
        let program = try Parser.parse(source)
        try session.library.load(namesIn: source)
        for statement in program.body.statements {
            output.clear()
            try body(statement) { keepsError in
                do {
                    let value = try machine.run(
                        Program(source: source, body: Block([statement], span: statement.span)), in: module)
                    let printed = output.results.trimmed
                    if value.isNull, !printed.isEmpty { return Shown(text: printed) }
                    let shown = value.display(.full(width: 88))
                    return Shown(
                        text: printed.isEmpty ? shown : printed + "\n" + shown, isTensor: value.object is TensorObject)
                } catch let diagnostic as Diagnostic where keepsError && diagnostic.kind != "interrupt" {
                    return Shown(text: "error: " + diagnostic.message, isError: true)
                }
            }
        }
    }

    /// What stands behind the mark in a line, and in the lines below it that hold nothing but a mark and a text.
    private static func expectation(after lastLine: Int, in source: Source) -> String? {
        let line = source.text(ofLine: lastLine)
        guard let place = line.firstRange(of: mark) else { return nil }
        var expected = String(line[place.upperBound...])
        var next = lastLine + 1
        while next <= source.lineCount, source.text(ofLine: next).trimmed.hasPrefix(mark) {
            expected += "\n" + source.text(ofLine: next).trimmed.dropFirst(mark.count)
            next += 1
        }
        return expected.trimmed
    }

    /// Whether a text is the expected one, blanks aside, numbers to the digits that are written.
    static func matches(_ found: String, _ expected: String) -> Bool {
        let found = words(found)
        let expected = words(expected)
        if let gap = expected.firstIndex(of: "…") {
            let tail = expected[(gap + 1)...]
            return found.count >= gap + tail.count && same(found.prefix(gap), expected.prefix(gap))
                && same(found.suffix(tail.count), tail)
        }
        return found.count == expected.count && same(found[...], expected[...])
    }

    private static func same(_ found: ArraySlice<String>, _ expected: ArraySlice<String>) -> Bool {
        zip(found, expected).allSatisfy { found, expected in
            if found == expected { return true }
            guard let value = Double(found), let wanted = Double(expected) else { return false }
            guard let point = expected.firstIndex(of: "."), !expected.contains("e") else { return value == wanted }
            let digits = expected.distance(from: point, to: expected.endIndex) - 1
            var unit = 1.0
            for _ in 0..<digits { unit /= 10 }
            return abs(value - wanted) <= unit * 0.5001
        }
    }

    /// Numbers and words apart from blanks, each other character by itself.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        func close() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for character in text {
            if character.isWhitespace {
                close()
            } else if character.isLetter || character.isNumber || "._+-".contains(character) {
                word.append(character)
            } else {
                close()
                words.append(String(character))
            }
        }
        close()
        return words
    }
}

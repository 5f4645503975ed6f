import Glibc
import Language

/// What can be entered at a prompt beside the language itself.
enum Directive {
    case help(String)
    case declaration(String)
    case shell(String)
    case command(name: String, rest: String)

    static let commands: [(name: String, usage: String, summary: String)] = [
        ("time", "%time CODE", "run the code and say how long it took"),
        ("who", "%who", "the names bound in this session"),
        ("history", "%history [N]", "what was entered, the last N blocks"),
        ("run", "%run FILE", "run a script in this session"),
        ("save", "%save FILE", "write what was entered in this session to a script"),
        ("help", "%help", "this list"),
    ]

    /// Nil when the text is the language's.
    init?(_ text: String) {
        let text = text.trimmed
        guard let first = text.first else { return nil }
        switch first {
        case "!": self = .shell(String(text.dropFirst()).trimmed)
        case "%":
            let body = text.dropFirst()
            let name = body.prefix { $0.isLetter || $0 == "_" }
            self = .command(name: String(name), rest: String(body.dropFirst(name.count)).trimmed)
        case "?":
            let isDouble = text.hasPrefix("??")
            let name = String(text.dropFirst(isDouble ? 2 : 1)).trimmed
            self = isDouble ? .declaration(name) : .help(name)
        default:
            guard text.hasSuffix("?"), !text.contains("\n") else { return nil }
            let isDouble = text.hasSuffix("??")
            let name = String(text.dropLast(isDouble ? 2 : 1)).trimmed
            guard name.unicodeScalars.allSatisfy({ $0.properties.isXIDContinue || $0 == "." }) else { return nil }
            self = isDouble ? .declaration(name) : .help(name)
        }
    }
}

extension Session {
    func perform(_ directive: Directive) -> Outcome {
        switch directive {
        case .help(""), .declaration(""): return say(contents())
        case .help(let name): return help(name).map(say) ?? unknown(name)
        case .declaration(let name): return declaration(name).map(say) ?? unknown(name)
        case .shell(let command): return shell(command)
        case .command(let name, let rest): return command(name, rest)
        }
    }

    private func command(_ name: String, _ rest: String) -> Outcome {
        switch name {
        case "time":
            let clock = ContinuousClock()
            let start = clock.now
            let outcome = enter(rest)
            let seconds = (clock.now - start) / .seconds(1)
            machine.output.write("\(Session.text(ofSeconds: seconds))\n", to: .messages)
            return outcome
        case "who": return say(who())
        case "history":
            let entries = history()
            let count = rest.isEmpty ? 20 : Int(rest)
            guard let count, count > 0 else { return wrong("%history takes a number, not \(rest)") }
            return say(entries.suffix(count).joined(separator: "\n"))
        case "run":
            guard !rest.isEmpty else { return wrong("%run takes the name of a script") }
            do {
                return run(try Source(name: rest, bytes: Importer.bytes(of: rest)))
            } catch {
                return Session.outcome(of: error)
            }
        case "save":
            guard !rest.isEmpty else { return wrong("%save takes the name of a file") }
            return save(rest)
        case "help":
            let width = Directive.commands.map(\.usage.count).max() ?? 0
            let lines =
                Directive.commands.map { ($0.usage, $0.summary) }
                + [("?NAME", "help"), ("??NAME", "the source of a function"), ("!COMMAND", "a command of the shell")]
            return say(
                lines.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }.joined(
                    separator: "\n"))
        default:
            let near = nearest(name, in: Directive.commands.map(\.name)).map { "did you mean %\($0)?" }
            return wrong("there is no command %\(name)", hint: near ?? "%help lists them")
        }
    }

    /// The session's names with their types and values, one line each.
    private func who() -> String {
        let rows = ownNames.compactMap { name in machine.main[name].map { (name, $0.typeName, $0.display(.inline)) } }
        guard !rows.isEmpty else { return "nothing is bound yet" }
        let first = rows.map(\.0.count).max() ?? 0
        let second = rows.map(\.1.count).max() ?? 0
        return rows.map { name, type, value in
            let line = value.split(separator: "\n").first.map(String.init) ?? ""
            let shown = line.count > 60 ? line.prefix(59) + "…" : line[...]
            return name + String(repeating: " ", count: first + 2 - name.count) + type
                + String(repeating: " ", count: second + 2 - type.count) + shown
        }.joined(separator: "\n")
    }

    /// Runs a command with the program's own streams.
    private func shell(_ command: String) -> Outcome {
        guard !command.isEmpty else { return wrong("! takes a command of the shell") }
        machine.output.write("", to: .messages)
        var child = pid_t()
        let words: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&child, "/bin/sh", nil, nil, words, environ) == 0 else {
            return wrong("the shell did not start")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        if code != 0 { machine.output.write("exit code \(code)\n", to: .messages) }
        return .done
    }

    private func save(_ path: String) -> Outcome {
        let text = entered.joined(separator: "\n") + "\n"
        guard let file = fopen(path, "w") else {
            return wrong("cannot write \(path): \(String(cString: strerror(errno)).lowercased())")
        }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { return wrong("cannot write \(path)") }
        return say("\(counted(entered.count, "block")) written to \(path)")
    }

    private func say(_ text: String) -> Outcome {
        machine.output.write(text + "\n", to: .results)
        return .done
    }

    private func wrong(_ message: String, hint: String? = nil) -> Outcome {
        .failed(Diagnostic(kind: "name", message: message, hint: hint))
    }

    private func unknown(_ name: String) -> Outcome {
        let near = namesLike(name)
        return wrong("there is no \(name)", hint: near.isEmpty ? nil : "did you mean \(listed(near, last: "or"))?")
    }

    static func text(ofSeconds seconds: Double) -> String {
        func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        if seconds < 1e-3 { return rounded(seconds * 1e6) + " µs" }
        return seconds < 1 ? rounded(seconds * 1e3) + " ms" : rounded(seconds) + " s"
    }
}

extension String {
    /// Without blanks and newlines at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

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
        ("timeit", "%timeit CODE", "run the code many times and say how long one run takes"),
        ("who", "%who", "the names bound in this session, with shapes and bytes"),
        ("history", "%history [N] [-g TEXT]", "what was entered: the last N blocks, those with a text in them"),
        ("run", "%run FILE [ARGS]", "run a script in this session"),
        ("save", "%save FILE [N] [N-M]", "write what was entered to a script, all of it or some inputs"),
        ("reset", "%reset [NAME …]", "let all names go, or some"),
        ("tb", "%tb", "the last error once more, with every call"),
        ("src", "%src NAME", "the source of a function, as ??NAME"),
        ("page", "%page CODE", "run the code, or show help, and read the text in a pager"),
        ("cd", "%cd [FOLDER]", "change the working folder, or say which it is"),
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
        case .help(""), .declaration(""): return explain(guide())
        case .help(let name): return (help(name) ?? mentions(of: name)).map(explain) ?? unknown(name)
        case .declaration(let name): return declaration(name).map(read) ?? unknown(name)
        case .shell(let command): return shell(command)
        case .command(let name, let rest): return command(name, rest)
        }
    }

    private func command(_ name: String, _ rest: String) -> Outcome {
        switch name {
        case "time": return time(rest)
        case "timeit": return timeRepeatedly(rest)
        case "who": return say(nameTable())
        case "history": return showHistory(rest)
        case "run": return runFile(rest)
        case "save": return save(rest)
        case "reset": return reset(rest)
        case "tb":
            guard let lastError else { return say("there was no error yet") }
            return say(lastError.map { $0.rendered(frames: .max) }.joined(separator: "\n"))
        case "src":
            guard !rest.isEmpty else { return wrong("%src takes the name of a function") }
            return declaration(rest).map(read) ?? unknown(rest)
        case "page": return page(rest)
        case "cd": return changeFolder(rest)
        case "help": return explain(Session.commandTable())
        default:
            let near = nearest(name, in: Directive.commands.map(\.name)).map { "did you mean %\($0)?" }
            return wrong("there is no command %\(name)", hint: near ?? "%help lists them")
        }
    }

    static func commandTable() -> String {
        let lines =
            Directive.commands.map { ($0.usage, $0.summary) }
            + [
                ("?NAME", "help; ? alone is a guide"), ("??NAME", "the source of a function"),
                ("!COMMAND", "a command of the shell"),
            ]
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
            .joined(separator: "\n")
    }

    private func showHistory(_ rest: String) -> Outcome {
        var words = Session.words(rest)
        var entries = history()
        if let flag = words.firstIndex(of: "-g") {
            let pattern = words[(flag + 1)...].joined(separator: " ")
            guard !pattern.isEmpty else { return wrong("%history -g takes a text to look for; * stands for anything") }
            entries = entries.filter { fnmatch("*\(pattern)*", $0, 0) == 0 }
            words.removeSubrange(flag...)
            if words.isEmpty { return say(entries.joined(separator: "\n")) }
        }
        let count = words.isEmpty ? 20 : words.count == 1 ? Int(words[0]) : nil
        guard let count, count > 0 else { return wrong("%history takes a number, not \(rest)") }
        return say(entries.suffix(count).joined(separator: "\n"))
    }

    /// The script's names stay; its `args` are gone afterwards.
    private func runFile(_ rest: String) -> Outcome {
        let words = Session.words(rest)
        guard let path = words.first else { return wrong("%run takes the name of a script") }
        let before = machine.builtin("args") ?? .list([])
        machine.define("args", .list(words.dropFirst().map { .string($0) }))
        defer { machine.define("args", before) }
        do {
            let full = Importer.joined(path, from: "<prompt>")
            return run(try Source(name: full, bytes: Importer.bytes(of: full)))
        } catch {
            return Session.outcome(of: error)
        }
    }

    private func save(_ rest: String) -> Outcome {
        let words = Session.words(rest)
        guard let path = words.first else { return wrong("%save takes the name of a file") }
        var chosen = entered
        if words.count > 1 {
            chosen = []
            for word in words.dropFirst() {
                let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
                guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last
                else { return wrong("%save takes numbers of inputs such as 3 or 5-8, not \(word)") }
                chosen += entered.filter { (first...last).contains($0.number) }
            }
            guard !chosen.isEmpty else { return wrong("no input with such a number ran without an error") }
        }
        let text = chosen.map(\.text).joined(separator: "\n") + "\n"
        guard let file = fopen(path, "w") else {
            return wrong("cannot write \(path): \(String(cString: strerror(errno)).lowercased())")
        }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { return wrong("cannot write \(path)") }
        return say("\(counted(chosen.count, "block")) written to \(path)")
    }

    private func reset(_ rest: String) -> Outcome {
        let names = Session.words(rest)
        if let missing = names.first(where: { machine.main[$0] == nil }) { return unknown(missing) }
        let going = names.isEmpty ? ownNames : names
        for name in names.isEmpty ? machine.main.boundNames : names { machine.main[name] = nil }
        return say(counted(going.count, "name") + " let go")
    }

    /// Runs the code with its results collected, and hands them to the front end's pager.
    private func page(_ rest: String) -> Outcome {
        guard !rest.isEmpty else { return wrong("%page takes code, or ?NAME") }
        let (output, buffer) = (machine.output, OutputBuffer())
        machine.output = PagedOutput(results: buffer, others: output)
        let outcome = enter(rest)
        machine.output = output
        if !buffer.results.isEmpty { pager(buffer.results) }
        return outcome
    }

    private func changeFolder(_ rest: String) -> Outcome {
        let path = rest == "~" ? "~/" : rest
        if !path.isEmpty, chdir(Importer.joined(path, from: "<prompt>")) != 0 {
            return wrong("cannot go to \(rest): \(String(cString: strerror(errno)).lowercased())")
        }
        guard let current = getcwd(nil, 0) else { return wrong("the working folder is gone") }
        defer { free(current) }
        return say(String(cString: current))
    }

    /// Runs a command with the program's own streams where results go there, else with what it writes among the results.
    private func shell(_ command: String) -> Outcome {
        guard !command.isEmpty else { return wrong("! takes a command of the shell") }
        machine.output.write("", to: .messages)
        var child = pid_t()
        let words: [UnsafeMutablePointer<CChar>?] =
            ["/bin/sh", "-c", command].map { (word: String) in strdup(word) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var ends: [Int32] = [-1, -1]
        let isCaptured = !machine.output.isStreams
        if isCaptured {
            guard pipe(&ends) == 0 else { return wrong("the system gives no pipe") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
            posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        }
        // A captured command is a group of its own, so that an interrupt reaches all of it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if isCaptured {
            var none = sigset_t()
            sigemptyset(&none)
            posix_spawnattr_setsigmask(&attributes, &none)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        }
        let started = posix_spawn(&child, "/bin/sh", &actions, &attributes, words, environ) == 0
        if isCaptured {
            close(ends[1])
            if started { passOn(ends[0], of: child) }
            close(ends[0])
        }
        guard started else { return wrong("the shell did not start") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        if code != 0 { machine.output.write("exit code \(code)\n", to: .messages) }
        return .done
    }

    /// Writes what a command writes, line by line, until it ends; an interrupt is handed to it.
    private func passOn(_ descriptor: Int32, of child: pid_t) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var wasInterrupted = false
        while true {
            if machine.interruption.isRequested, !wasInterrupted {
                wasInterrupted = true
                kill(-child, SIGINT)
            }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 50) > 0 else { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            pending += buffer[..<count]
            guard let end = pending.lastIndex(of: 0x0A) else { continue }
            machine.output.write(String(decoding: pending[...end], as: UTF8.self), to: .results)
            pending.removeSubrange(...end)
        }
        if !pending.isEmpty { machine.output.write(String(decoding: pending, as: UTF8.self), to: .results) }
    }

    /// Says prose, which fits the window.
    private func explain(_ text: String) -> Outcome { read(Help.fitted(text, width: width())) }

    private func read(_ text: String) -> Outcome {
        helpReader(text)
        return .done
    }

    func say(_ text: String) -> Outcome {
        machine.output.write(text + "\n", to: .results)
        return .done
    }

    func wrong(_ message: String, hint: String? = nil) -> Outcome {
        .failed(Diagnostic(kind: "name", message: message, hint: hint))
    }

    private func unknown(_ name: String) -> Outcome {
        let near = namesLike(name)
        return wrong("there is no \(name)", hint: near.isEmpty ? nil : "did you mean \(listed(near, last: "or"))?")
    }

    /// Words between blanks; quotes keep blanks inside a word.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}

/// Keeps results for a pager; messages and progress go where they always do.
private final class PagedOutput: OutputSink {
    private let results: OutputBuffer
    private let others: any OutputSink

    init(results: OutputBuffer, others: any OutputSink) {
        self.results = results
        self.others = others
    }

    func write(_ text: String, to channel: OutputChannel) {
        if channel == .results { results.write(text, to: channel) } else { others.write(text, to: channel) }
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

    /// Without blanks at the end.
    var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

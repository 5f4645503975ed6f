import Glibc
import Language
import Library

/// The prompt: reads a block, runs it, shows its value or what was wrong, until Ctrl-D.
final class Prompt {
    private let session: Session
    private let console: Console
    private let input: InputLines
    private let terminal: Terminal
    private let arguments: Arguments
    private let history: History

    init(session: Session, console: Console, input: InputLines, terminal: Terminal, arguments: Arguments) {
        self.session = session
        self.console = console
        self.input = input
        self.terminal = terminal
        self.arguments = arguments
        history = History(path: arguments.history ? History.standardPath : nil)
    }

    /// The exit code: 0, or what `exit(n)` said.
    func run(greets: Bool) -> Int32 {
        if greets { greet() }
        if arguments.startup, let path = Prompt.startupPath, let bytes = fileBytes(path) {
            do throws(Diagnostic) {
                let outcome = session.run(try Source(name: path, bytes: bytes))
                report(outcome)
                if case .exited(let code) = outcome { return code }
            } catch {
                report(.malformed([error]))
            }
        }
        let reader: any BlockReader = editor() ?? PlainReader(session: session, input: input)
        session.width = { [terminal] in terminal.width }
        session.history = { [history] in history.blocks }
        if terminal.inputIsTerminal, terminal.outputIsTerminal { session.pager = Pager(console: console).show }
        while true {
            let typed = reader.read(prompt: "kd>")
            Signals.clear()
            switch typed {
            case .end:
                console.write("\n", to: .results)
                console.flush()
                return 0
            case .interrupted:
                console.write("^C\n", to: .results)
            case .block(let text):
                let block = Prompt.withoutPrompts(text)
                guard block.contains(where: { !$0.isWhitespace }) else { continue }
                history.append(block)
                reader.remember(block)
                let outcome = session.enter(block)
                report(outcome)
                if case .exited(let code) = outcome { return code }
            }
        }
    }

    private func editor() -> LineEditor? {
        terminal.inputIsTerminal && terminal.outputIsTerminal && !terminal.isDumb
            ? LineEditor(session: session, terminal: terminal, history: history) : nil
    }

    private func greet() {
        console.write("kd \(Version.text) · a language for knowledge distillation\n", to: .results)
        console.write("? is a guide, ?name shows help, TAB completes, Ctrl-D leaves.\n", to: .results)
    }

    private func report(_ outcome: Session.Outcome) {
        console.finish()
        // The terminal has echoed ^C.
        if case .interrupted = outcome, terminal.inputIsTerminal { console.write("\n", to: .messages) }
        for diagnostic in outcome.diagnostics {
            console.write(diagnostic.rendered(color: terminal.messagesHaveColor) + "\n", to: .messages)
        }
        console.flush()
    }

    /// `$XDG_CONFIG_HOME/kd/startup.kds`, else `~/.config/kd/startup.kds`.
    private static var startupPath: String? {
        if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/kd/startup.kds" }
        return environment("HOME").map { $0 + "/.config/kd/startup.kds" }
    }

    /// A block copied from a session with its prompts, without them and without the results between.
    static func withoutPrompts(_ text: String) -> String {
        guard text.hasPrefix("kd> ") else { return text }
        var kept: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            for mark in ["kd> ", "...> "] where line.hasPrefix(mark) {
                kept.append(line.dropFirst(mark.count))
                break
            }
        }
        return kept.joined(separator: "\n")
    }
}

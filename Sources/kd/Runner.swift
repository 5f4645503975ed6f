import Glibc
import Language
import Library

/// Runs a script, a piece of code or a pipe, and goes to the prompt where that is asked for.
struct Runner {
    private let arguments: Arguments
    private let terminal: Terminal

    init(_ arguments: Arguments, _ terminal: Terminal) {
        self.arguments = arguments
        self.terminal = terminal
    }

    /// The exit code.
    func run() -> Int32 {
        let console = Console(terminal: terminal)
        var rest = arguments.rest[...]
        let file = arguments.code == nil ? rest.popFirst() : nil
        let session = Session(options: Session.Options(arguments: Array(rest)), output: console)
        let input = InputLines()
        session.machine.hooks.ask = { [unowned session] in
            try input.answer(to: $0, isSecret: $1, session.machine)
        }

        var outcome: Session.Outcome?
        if let code = arguments.code {
            outcome = session.run(Source(name: "<command>", text: code))
        } else if let file, file != "-" {
            guard let source = read(file) else { return 2 }
            switch source {
            case .success(let source): outcome = session.run(source)
            case .failure(let diagnostic): outcome = .malformed([diagnostic])
            }
        } else if file == "-" || !terminal.inputIsTerminal {
            guard let bytes = descriptorBytes(0) else { return Signals.isPending ? 130 : 2 }
            do throws(Diagnostic) {
                outcome = session.run(try Source(name: "<stdin>", bytes: bytes))
            } catch {
                outcome = .malformed([error])
            }
        }

        if let outcome {
            report(outcome, console)
            let leaves = if case .exited = outcome { true } else { false }
            guard arguments.interactive, !leaves, terminal.inputIsTerminal else { return outcome.exitCode }
        }
        return Prompt(session: session, console: console, input: input, terminal: terminal, arguments: arguments)
            .run(greets: !arguments.quiet && outcome == nil)
    }

    /// The text of a script; nil after a complaint about a file that cannot be read.
    private func read(_ path: String) -> Result<Source, Diagnostic>? {
        errno = 0
        guard !isFolder(path), let bytes = fileBytes(path) else {
            let reason = isFolder(path) ? "it is a folder" : String(cString: strerror(errno)).lowercased()
            Program.complain("Error: cannot read \(path): \(reason)")
            return nil
        }
        do throws(Diagnostic) {
            return .success(try Source(name: path, bytes: bytes))
        } catch {
            return .failure(error)
        }
    }

    private func report(_ outcome: Session.Outcome, _ console: Console) {
        console.finish()
        for diagnostic in outcome.diagnostics {
            console.write(diagnostic.rendered(color: terminal.messagesHaveColor) + "\n", to: .messages)
        }
        console.flush()
    }
}

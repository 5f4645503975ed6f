import Glibc
import Language
import Library

/// `kd doc NAME`: the same page as `?NAME` at the prompt; `kd doc` alone is the guide, and `--write` makes the reference.
struct DocCommand {
    private let arguments: DocArguments
    private let console: Console
    private let session: Session

    init(_ arguments: DocArguments, _ terminal: Terminal) {
        self.arguments = arguments
        console = Console(terminal: terminal)
        session = Session(output: console)
        session.width = { terminal.outputIsTerminal ? terminal.width : 80 }
    }

    func run() -> Int32 {
        if let folder = arguments.write { return write(to: folder) }
        let outcome = session.enter("?" + (arguments.name ?? ""))
        console.finish()
        for diagnostic in outcome.diagnostics {
            Program.complain("Error: \(diagnostic.message)" + (diagnostic.hint.map { "; \($0)" } ?? ""))
        }
        return outcome.exitCode
    }

    /// Writes the pages of the reference; other files in the folder stay.
    private func write(to folder: String) -> Int32 {
        do {
            let pages = try Reference().pages()
            mkdir(folder, 0o755)
            for page in pages {
                let path = folder + "/" + page.file
                let file = fopen(path, "w")
                let isWritten = file.map { fputs(page.text, $0) >= 0 } ?? false
                guard let file, fclose(file) == 0, isWritten else {
                    Program.complain("Error: cannot write \(path): \(String(cString: strerror(errno)).lowercased())")
                    return 1
                }
            }
            console.write("\(pages.count) pages written to \(folder)\n", to: .results)
            console.finish()
            return 0
        } catch {
            let outcome = Session.outcome(of: error)
            for diagnostic in outcome.diagnostics { Program.complain(diagnostic.rendered()) }
            return outcome.exitCode
        }
    }
}

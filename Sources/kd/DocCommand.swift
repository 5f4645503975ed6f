import Language
import Library

/// `kd doc NAME`: the same page as `?NAME` at the prompt.
struct DocCommand {
    private let arguments: DocArguments
    private let terminal: Terminal

    init(_ arguments: DocArguments, _ terminal: Terminal) {
        self.arguments = arguments
        self.terminal = terminal
    }

    func run() -> Int32 {
        let console = Console(terminal: terminal)
        let session = Session(output: console)
        if let page = session.help(arguments.name) {
            console.write(page + "\n", to: .results)
            console.flush()
            return 0
        }
        let near = session.namesLike(arguments.name)
        var text = "Error: there is no \(arguments.name)"
        if !near.isEmpty { text += "; did you mean \(listed(near, last: "or"))?" }
        Program.complain(text)
        return 1
    }
}

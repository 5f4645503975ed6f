import Glibc

/// Shows long texts with `$PAGER`, or `less` where none is named.
struct Pager {
    let console: Console

    /// Waits until the person has read enough; a pager that does not start leaves the text to the terminal.
    func show(_ text: String) {
        console.flush()
        // Ctrl-C is the pager's alone while it runs.
        var (ignore, before) = (sigaction(), sigaction())
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGINT, &ignore, &before)
        defer { sigaction(SIGINT, &before, nil) }
        let command = environment("PAGER").flatMap { $0.isEmpty ? nil : $0 } ?? "less -R"
        guard let pipe = popen(command, "w") else { return console.write(text, to: .results) }
        let isWritten = fputs(text, pipe) >= 0
        let status = pclose(pipe)
        // 127: the shell knows no such command.
        if !isWritten || (status >> 8) & 0xFF == 127 { console.write(text, to: .results) }
    }
}

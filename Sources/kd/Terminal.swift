import Glibc

/// What the program knows of its three streams.
struct Terminal {
    enum Color: String, CaseIterable { case auto, always, never }

    let inputIsTerminal = isatty(0) == 1
    let outputIsTerminal = isatty(1) == 1
    let messagesAreTerminal = isatty(2) == 1
    let color: Color

    init(color: Color) { self.color = color }

    /// `TERM=dumb`, or no TERM: the terminal understands no escape codes.
    var isDumb: Bool { environment("TERM").map { $0 == "dumb" } ?? true }

    var outputHasColor: Bool { hasColor(outputIsTerminal) }
    var messagesHaveColor: Bool { hasColor(messagesAreTerminal) }
    /// Whether a line of progress can be written over.
    var progressIsLive: Bool { messagesAreTerminal && !isDumb }

    private func hasColor(_ isTerminal: Bool) -> Bool {
        switch color {
        case .always: return true
        case .never: return false
        case .auto:
            if environment("NO_COLOR") != nil { return false }
            if let force = environment("CLICOLOR_FORCE"), force != "0" { return true }
            return isTerminal && !isDumb
        }
    }

    /// Columns of the terminal that results go to; 80 where there is none.
    var width: Int {
        var size = winsize()
        for descriptor: Int32 in [1, 2] where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
            return max(20, Int(size.ws_col))
        }
        return 80
    }
}

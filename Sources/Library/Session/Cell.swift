import Language

/// A cell of a notebook: statements, and lines that are directives.
enum Cell {
    enum Part {
        case text(String)
        case directive(Directive)
    }

    /// The parts in their order; empty lines before a text keep its errors in the lines of the cell.
    ///
    /// A line is a directive when it begins with `%name`, `?` or `!`, or ends with `?`, and what stands before it is whole.
    /// Code after a `%time` may go on over the next lines.
    static func parts(of cell: String) -> [Part] {
        if let directive = Directive(cell) {
            switch directive {
            case .command: break
            default: if !cell.trimmed.contains("\n") { return [.directive(directive)] }
            }
        }
        let lines = cell.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.contains(where: { isDirective($0) }) else { return [.text(cell)] }
        var parts: [Part] = []
        var text = ""
        var next = 0
        func finishText() {
            if !text.trimmed.isEmpty { parts.append(.text(text)) }
            text = String(repeating: "\n", count: next)
        }
        while next < lines.count {
            let line = lines[next]
            next += 1
            guard isDirective(line), Parser.completeness(of: text) == .complete else {
                text += line + "\n"
                continue
            }
            var whole = String(line)
            if line.hasPrefix("%time") {
                let code = { whole.drop { !$0.isWhitespace } }
                while next < lines.count, case .incomplete = Parser.completeness(of: String(code())) {
                    whole += "\n" + lines[next]
                    next += 1
                }
            }
            finishText()
            if let directive = Directive(whole) { parts.append(.directive(directive)) }
        }
        finishText()
        return parts
    }

    private static func isDirective(_ line: Substring) -> Bool {
        guard let first = line.first else { return false }
        switch first {
        case "%": return line.dropFirst().first?.isLetter ?? false
        case "?", "!": return true
        default: return line.last == "?" && Directive(String(line)) != nil
        }
    }
}

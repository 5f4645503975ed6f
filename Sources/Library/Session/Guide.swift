import Language

// What a lone `?` shows, and what `?word` finds where no name is meant.

extension Session {
    /// How to find one's way: what can be typed, and the subjects.
    func guide() -> String {
        var text = """
            Type code and press Enter: x = tensor([1, 2, 3]), mean(x), x |> softmax
              ?softmax        help on a name         ?losses         all names of a subject
              ??softmax       its source             ?entropy        what mentions a word
              distill(teacher, student, on=texts)    what kd is for; see tutorials/
              softmax(⇥       its signature          x.⇥             what can be done with x
              _  and  _3      earlier results        %help           timing, history, files
              Ctrl-C          stops the work and keeps every variable; Ctrl-D leaves

            Subjects:
            """
        let files = library.names.filter { file, names in
            !names.isEmpty && !machine.chapters.contains { $0.title.lowercased() == file }
        }
        let subjects =
            machine.chapters.map { ($0.title, $0.summary) }
            + files.map { ($0.file, $0.names.prefix(4).joined(separator: ", ") + " …") }
        for (title, summary) in subjects {
            let sentence = summary.prefix { $0 != ";" && $0 != "." && $0 != ":" } + (summary.contains("…") ? "" : ".")
            text += "\n  ?" + title.lowercased() + String(repeating: " ", count: max(2, 22 - title.count)) + sentence
        }
        return text
    }

    /// Names whose help mentions a word, with their first sentences; nil when there is none.
    func mentions(of word: String) -> String? {
        let wanted = word.lowercased()
        guard wanted.count > 1 else { return nil }
        var found: [(name: String, summary: String)] = []
        for name in Set(ownNames + machine.builtinNames).sorted() {
            try? library.load(name)
            let signature = machine.lookUp(name)?.object?.signature
            let summary = signature?.summary ?? machine.summary(ofConstant: name) ?? ""
            let texts = [name, summary, signature?.details ?? "", signature?.reference ?? ""]
            if texts.contains(where: { $0.lowercased().contains(wanted) }) { found.append((name, summary)) }
        }
        guard !found.isEmpty else { return nil }
        // Names that hold the word come before those whose text does.
        found.sort {
            let (first, second) = ($0.name.lowercased().contains(wanted), $1.name.lowercased().contains(wanted))
            return first == second ? $0.name < $1.name : first
        }
        let width = found.map(\.name.count).max() ?? 0
        return "nothing is called \(word); these mention it:\n"
            + found.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.summary)" }
            .joined(separator: "\n")
    }
}

import Language

/// The reference: a Markdown page for each subject and an index, made of the declarations that `?name` reads.
///
/// Each example stands there with what it really showed when the page was made.
public struct Reference {
    /// One page.
    public struct Page {
        public let file: String
        public let text: String
    }

    private struct Subject {
        let title: String
        var summary: String
        var entries: [(name: String, value: Value, summary: String)] = []

        var file: String {
            String(title.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }).replacing("--", with: "-") + ".md"
        }
    }

    private let output = OutputBuffer()
    private let session: Session
    private var subjects: [Subject] = []

    /// Reads all declarations, those of the files of `stdlib/` that must be imported included.
    public init() throws {
        session = Session(output: output)
        let machine = session.machine
        for chapter in machine.chapters {
            var subject = Subject(title: chapter.title, summary: chapter.summary)
            subject.entries = chapter.builtins.map { ($0.name, .object($0), $0.signature?.summary ?? "") }
            for constant in chapter.constants {
                subject.entries.append((constant.name, machine.builtin(constant.name) ?? .null, constant.summary))
            }
            subjects.append(subject)
        }
        let everyday = Set(session.library.names.map(\.file))
        for file in session.library.files where !file.names.isEmpty {
            let isImported = !everyday.contains(file.name)
            if isImported, case .failed(let error) = session.run(Source(name: "reference", text: "import \(file.name)"))
            {
                throw error
            }
            let entries = file.names.compactMap { name in
                session.value(atPath: isImported ? "\(file.name).\(name)" : name).map { value in
                    (name: name, value: value, summary: value.object?.signature?.summary ?? "")
                }
            }
            let place = "Written in kd itself: [stdlib/\(file.name).kds](../../stdlib/\(file.name).kds)."
            if let index = subjects.firstIndex(where: { $0.title.lowercased() == file.name }) {
                subjects[index].entries += entries
                subjects[index].summary +=
                    " Partly written in kd itself: [stdlib/\(file.name).kds](../../stdlib/\(file.name).kds)."
            } else {
                let title = file.name.prefix(1).uppercased() + file.name.dropFirst()
                let summary = isImported ? place + " It needs `import \(file.name)`." : place
                subjects.append(Subject(title: title, summary: summary, entries: entries))
            }
        }
    }

    /// All pages, the index (`README.md`) first.
    ///
    /// - Throws: what an example throws that cannot be shown, such as an interrupt.
    public func pages() throws -> [Page] {
        [Page(file: "README.md", text: index)] + (try subjects.map { Page(file: $0.file, text: try page($0)) })
    }

    private var index: String {
        var text = """
            # Reference

            Made by `kd doc --write tutorials/reference` from the declarations themselves. At the prompt, `?name` shows the \
            same.

            ## Subjects

            """
        for subject in subjects { text += "\n- [\(subject.title)](\(subject.file)): \(subject.summary)" }
        text += "\n\n## Names\n"
        let all = subjects.flatMap { subject in subject.entries.map { (entry: $0, file: subject.file) } }
        for (entry, file) in all.sorted(by: {
            ($0.entry.name.lowercased(), $0.file) < ($1.entry.name.lowercased(), $1.file)
        }) {
            text += "\n- [`\(entry.name)`](\(file)#\(entry.name.lowercased())): \(entry.summary)"
        }
        return text + "\n"
    }

    private func page(_ subject: Subject) throws -> String {
        var text = "# \(subject.title)\n\n\(subject.summary)\n"
        for entry in subject.entries {
            text += "\n## \(entry.name)\n\n"
            if let signature = entry.value.object?.signature {
                text += try self.entry(signature)
            } else {
                text += "```\n\(entry.name) = \(entry.value.display(.inline))\n```\n\n\(entry.summary)\n"
            }
        }
        return text
    }

    private func entry(_ signature: Signature) throws -> String {
        var parts = ["```\n\(signature.line)\n```"]
        if !signature.summary.isEmpty { parts.append(signature.summary) }
        let rows = signature.parameters.map { "- `\(Help.name($0))` \(Help.about($0))".trimmedEnd }
        if !rows.isEmpty { parts.append(rows.joined(separator: "\n")) }
        if !signature.returns.isEmpty { parts.append("Returns \(signature.returns)") }
        if !signature.details.isEmpty { parts.append("```\n\(signature.details)\n```") }
        if !signature.example.isEmpty {
            _ = session.run(Source(name: "reference", text: "seed(0)"))
            let example = Example(name: signature.name, code: signature.example)
            parts.append("```\n\(try example.transcript(in: session, output))\n```")
        }
        if !signature.reference.isEmpty { parts.append("Source: \(signature.reference)") }
        return parts.joined(separator: "\n\n") + "\n"
    }
}

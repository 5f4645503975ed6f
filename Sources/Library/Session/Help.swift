import Language

extension Session {
    /// The page that `?name` shows; nil when nothing has that name.
    public func help(_ name: String) -> String? {
        let subject = subject(name)
        guard let value = value(atPath: name) else { return subject }
        // A word such as "training" may be both.
        let page = page(of: value, named: name)
        return subject.map { page + "\n\n" + $0 } ?? page
    }

    /// The names of a chapter, and of the file of the library that is called like it.
    private func subject(_ name: String) -> String? {
        let pages = [
            machine.chapters.first { $0.title.lowercased() == name.lowercased() }.map(Help.chapter),
            page(ofFile: name.lowercased()),
        ].compactMap(\.self)
        return pages.isEmpty ? nil : pages.joined(separator: "\n\n")
    }

    private func page(of value: Value, named name: String) -> String {
        if let signature = value.object?.signature { return Help.page(signature) }
        if let summary = machine.summary(ofConstant: name), machine.main[name] == nil {
            return "\(name) = \(value.display(.inline))\n\(summary)"
        }
        var page = "\(name): \(value.typeName)\n\(value.display(.full(width: 80)))"
        if let fields = value.object?.fieldNames, !fields.isEmpty {
            page += "\nfields: \(fields.joined(separator: ", "))"
        }
        return page
    }

    /// The functions of a file of the library.
    private func page(ofFile name: String) -> String? {
        guard let file = library.names.first(where: { $0.file == name }), !file.names.isEmpty else { return nil }
        var page = "stdlib/\(name).kds\n"
        for name in file.names {
            let signature = value(atPath: name)?.object?.signature
            page += "\n  \(signature?.line ?? name)\n      \(signature?.summary ?? "")"
        }
        return page
    }

    /// The text that declared a function, for `??name`; nil when nothing has that name.
    public func declaration(_ name: String) -> String? {
        guard let value = value(atPath: name) else { return nil }
        guard let location = value.object?.signature?.location else { return help(name) }
        return "# \(location.source.place(of: location.span))\n" + Help.declaration(location.source, location.span)
    }

    /// What a person may have meant, the nearest first.
    public func namesLike(_ name: String) -> [String] {
        let all = ownNames + machine.builtinNames
        var found: [String] = []
        if let near = nearest(name, in: all) { found.append(near) }
        let wanted = name.lowercased()
        if wanted.count > 2 {
            let similar = all.filter { $0.lowercased().firstRange(of: wanted) != nil }
            found += similar.sorted { ($0.count, $0) < ($1.count, $1) }.filter { !found.contains($0) }
        }
        return Array(found.prefix(6))
    }

    /// The value of `name` or `name.field.field`; nothing is called.
    func value(atPath path: String) -> Value? {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first else { return nil }
        try? library.load(first)
        guard var value = machine.lookUp(first) else { return nil }
        for part in parts.dropFirst() {
            guard let field = try? value.object?.field(part, machine) else {
                try? library.load(part)
                return parts.count == 2 ? machine.lookUp(part).flatMap { $0.isCallable ? $0 : nil } : nil
            }
            value = field
        }
        return value
    }
}

/// How declarations read as text.
enum Help {
    static func page(_ signature: Signature) -> String {
        var page = call(signature)
        if !signature.summary.isEmpty { page += "\n" + signature.summary }
        let rows = signature.parameters.map { (name: name($0), about: about($0)) }
        let width = rows.map(\.name.count).max() ?? 0
        if !rows.isEmpty { page += "\n" }
        for row in rows {
            let gap = String(repeating: " ", count: width - row.name.count)
            page += ("\n  " + row.name + gap + "  " + row.about).trimmedEnd
        }
        if !signature.returns.isEmpty { page += "\n\nReturns " + signature.returns }
        if !signature.details.isEmpty { page += "\n\n" + signature.details }
        if !signature.example.isEmpty {
            page +=
                "\n\nExample"
                + signature.example.split(separator: "\n", omittingEmptySubsequences: false)
                .map { "\n    " + $0 }.joined()
        }
        if !signature.reference.isEmpty { page += "\n\nSource: " + signature.reference }
        if let location = signature.location { page += "\n\nDeclared at \(location.source.place(of: location.span))" }
        return page
    }

    /// What is known of a parameter: type, unit, meaning, choices, default.
    static func about(_ parameter: ParameterInfo) -> String {
        var kind: [String] = []
        if !parameter.type.isEmpty, parameter.type != "any" { kind.append(parameter.type) }
        if let unit = parameter.unit { kind.append(unit) }
        if parameter.isKeywordOnly { kind.append("by name") }
        var text = kind.isEmpty ? "" : "(" + kind.joined(separator: ", ") + ")"
        if !parameter.summary.isEmpty { text += (text.isEmpty ? "" : "  ") + parameter.summary }
        if !parameter.choices.isEmpty { text += ": " + listed(parameter.choices, last: "or") }
        if let standard = parameter.defaultText, standard != "nil", !parameter.summary.contains("when left out") {
            text += (text.isEmpty ? "" : "; ") + standard + " when left out"
        }
        return text
    }

    static func name(_ parameter: ParameterInfo) -> String {
        switch parameter.kind {
        case .normal: parameter.name
        case .rest: "*" + parameter.name
        case .keywords: "**" + parameter.name
        }
    }

    /// `f(x, T=4)`, on several lines when it is long.
    private static func call(_ signature: Signature) -> String {
        signature.line.count <= 88 ? signature.line : wrapped(signature.line, indent: "    ", first: "")
    }

    /// Lines that are longer than the window broken at blanks; the rest of a line begins under its last column.
    static func fitted(_ text: String, width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.count > width else { return String(line) }
            let leading = line.prefix { $0 == " " }.count
            var column = leading
            var blanks = 0
            for (index, character) in line.enumerated().dropFirst(leading) {
                if character != " ", blanks > 1 { column = index }
                blanks = character == " " ? blanks + 1 : 0
            }
            if column > width / 2 { column = leading + 2 }
            let indent = String(repeating: " ", count: column)
            var lines: [String] = []
            var current = ""
            for word in line.dropFirst(leading).split(separator: " ", omittingEmptySubsequences: false) {
                let start = lines.isEmpty ? String(repeating: " ", count: leading) : indent
                if current.isEmpty {
                    current = start + word
                } else if current.count + 1 + word.count > width {
                    lines.append(current)
                    current = indent + word
                } else {
                    current += " " + word
                }
            }
            return (lines + [current]).map(\.trimmedEnd).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    static func chapter(_ chapter: Chapter) -> String {
        var page = "\(chapter.title): \(chapter.summary)\n"
        let lines =
            chapter.builtins.map { ($0.signature?.line ?? $0.name, $0.signature?.summary ?? "") }
            + chapter.constants.map { ($0.name, $0.summary) }
        for (line, summary) in lines { page += "\n  \(line)\n      \(summary)" }
        return page
    }

    /// Text broken at blanks so that no line is longer than 88 columns.
    static func wrapped(_ text: String, indent: String, first: String? = nil) -> String {
        var lines: [String] = []
        var line = first ?? indent
        var isEmpty = true
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !isEmpty, line.count + word.count + 1 > 88 {
                lines.append(line)
                line = indent
                isEmpty = true
            }
            if !isEmpty { line += " " }
            if isEmpty, word.isEmpty { continue }
            line += word
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n")
    }

    /// The text of a declaration together with the `##` lines above it.
    static func declaration(_ source: Source, _ span: Span) -> String {
        var line = source.line(at: span.start)
        while line > 1, source.text(ofLine: line - 1).hasPrefix("##") { line -= 1 }
        return source.text(
            of: Span(start: source.lineSpan(line).start, end: max(span.end, source.lineSpan(line).start)))
    }
}

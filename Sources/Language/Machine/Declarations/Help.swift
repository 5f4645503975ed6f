/// The pages of `?name` and `kd doc`, made of the same record that calls are checked against.
public enum Help {
    /// The page of a function: its line, what it does, its parameters, an example, where it comes from.
    public static func page(of signature: Signature, width: Int = 80) -> String {
        var lines = [signature.line]
        if !signature.summary.isEmpty { lines += wrapped(signature.summary, indent: 2, width: width) }
        let rows = signature.parameters.map(row)
        if !rows.isEmpty {
            lines.append("")
            let first = rows.map { $0.name.count }.max() ?? 0
            let second = rows.map { $0.type.count }.max() ?? 0
            for row in rows {
                let head = "  " + padded(row.name, first) + (second > 0 ? "  " + padded(row.type, second) : "")
                let text = wrapped(row.summary, indent: head.count + 2, width: max(width, head.count + 30))
                lines.append(row.summary.isEmpty ? head.trimmedEnd : head + (text.first ?? "").dropFirst(head.count))
                lines += text.dropFirst()
            }
        }
        if !signature.returns.isEmpty {
            lines.append("")
            lines += wrapped("Answers " + signature.returns, indent: 2, width: width)
        }
        if !signature.details.isEmpty {
            lines.append("")
            for line in signature.details.split(separator: "\n", omittingEmptySubsequences: false) {
                lines += line.isEmpty ? [""] : wrapped(String(line), indent: 2, width: width)
            }
        }
        if !signature.example.isEmpty {
            lines.append("")
            for line in signature.example.split(separator: "\n", omittingEmptySubsequences: false) {
                lines.append(line.isEmpty ? "" : "    " + line)
            }
        }
        var origin: [String] = []
        if !signature.reference.isEmpty { origin.append(signature.reference) }
        if let location = signature.location { origin.append(location.source.place(of: location.span)) }
        if !origin.isEmpty { lines += [""] + origin.flatMap { wrapped($0, indent: 2, width: width) } }
        return lines.joined(separator: "\n")
    }

    /// What is known of a name, or nil when there is nothing of that name.
    public static func page(for name: String, in machine: Machine, width: Int = 80) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        guard let first = parts.first, var value = machine.lookUp(first) else { return nil }
        for part in parts.dropFirst() {
            guard let next = (try? value.object?.field(part, machine)) ?? nil else { return nil }
            value = next
        }
        if let summary = machine.summary(ofConstant: name), !value.isCallable {
            return "\(name) = \(value.display(.inline))\n  \(summary)"
        }
        return page(of: value, named: name, width: width)
    }

    /// What is known of a value.
    public static func page(of value: Value, named name: String, width: Int = 80) -> String {
        if let signature = value.object?.signature {
            let page = page(of: signature, width: width)
            return signature.name == name ? page : "\(name) is \(page)"
        }
        var lines = ["\(name): \(value.typeName)"]
        lines += value.display(.full(width: width)).split(separator: "\n", omittingEmptySubsequences: false).map {
            "  " + $0
        }
        let fields = value.object?.fieldNames ?? []
        if !fields.isEmpty {
            lines += [""] + wrapped("Fields: " + fields.joined(separator: ", "), indent: 2, width: width)
        }
        return lines.joined(separator: "\n")
    }

    /// The text of a function as it was written, for `??name`; nil for what Swift does.
    public static func source(of value: Value) -> String? {
        if let method = value.object as? BoundMethod { return source(of: method.function) }
        return (value.object as? FunctionObject)?.sourceText
    }

    private static func row(_ parameter: ParameterInfo) -> (name: String, type: String, summary: String) {
        let star = parameter.kind == .rest ? "*" : parameter.kind == .keywords ? "**" : ""
        let standard = parameter.defaultText.map { " = " + $0 } ?? ""
        var summary = parameter.summary
        if let unit = parameter.unit { summary += summary.isEmpty ? unit : " (\(unit))" }
        return (star + parameter.name, (parameter.type + standard).trimmed, summary)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Lines of whole words, each with so many blanks in front.
    static func wrapped(_ text: String, indent: Int, width: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        // A formula keeps its own blanks.
        if text.hasPrefix(" ") || indent + text.count <= width { return [margin + text] }
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count > indent, line.count + 1 + word.count > width {
                lines.append(line)
                line = margin
            }
            line += (line.count > indent ? " " : "") + word
        }
        lines.append(line)
        return lines
    }
}

extension String {
    /// The text without white space behind.
    var trimmedEnd: String {
        var part = self[...]
        while part.last?.isWhitespace ?? false { part = part.dropLast() }
        return String(part)
    }
}

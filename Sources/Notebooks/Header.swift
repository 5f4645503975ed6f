import Language
import Networks
import Yams

// The header of a script: YAML in comments between two lines "# ---". The key `jupyter` is the notebook's metadata; the others
// are for people and pages.

extension Notebook {
    private static let fence = "# ---"
    /// More YAML than this is no header.
    private static let headerLimit = 64 << 10

    mutating func readHeader(_ lines: inout ArraySlice<Substring>, _ source: Source, line: Int) throws {
        guard lines.first?.trimmed == Notebook.fence,
            let end = lines.dropFirst().firstIndex(where: { $0.trimmed == Notebook.fence }),
            lines[lines.startIndex..<end].allSatisfy({ $0.hasPrefix("#") })
        else { return }
        let text = lines[(lines.startIndex + 1)..<end].map { line -> String in
            let bare = line.dropFirst()
            return String(bare.first == " " ? bare.dropFirst() : bare)
        }
        do {
            try take(header: text)
        } catch {
            throw Diagnostic(
                kind: "format", message: "the header is no YAML that can be read: \(Notebook.words(error))",
                source: source,
                span: source.lineSpan(line), hint: "a line of it is as `# title: A title`")
        }
        lines = lines[(end + 1)...]
    }

    /// Divides the lines of a header into those for Jupyter and the rest.
    mutating func take(header lines: [String]) throws {
        var jupyter: [String] = []
        var others: [String] = []
        var isJupyter = false
        for line in lines {
            if let first = line.first, !first.isWhitespace, first != "#" { isJupyter = line.hasPrefix("jupyter:") }
            if isJupyter { jupyter.append(line) } else { others.append(line) }
        }
        if !jupyter.isEmpty {
            metadata = try Notebook.mapping(jupyter.joined(separator: "\n"))["jupyter"]?.object ?? [:]
        }
        _ = try Notebook.mapping(others.joined(separator: "\n"))
        header = others.joined(separator: "\n")
    }

    /// What the header says for people and pages.
    public var about: JSONObject { (try? Notebook.mapping(header)) ?? [:] }

    var headerText: String {
        let kept = keptMetadata
        guard !header.isEmpty || !kept.isEmpty else { return "" }
        var lines =
            header.isEmpty ? [] : header.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if !kept.isEmpty {
            let node = Node.mapping(.init([(Node("jupyter"), Notebook.node(.object(kept)))]))
            let yaml = (try? Yams.serialize(node: node, allowUnicode: true)) ?? ""
            lines += yaml.split(separator: "\n").map(String.init)
        }
        return Notebook.fence + "\n" + lines.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() + Notebook.fence + "\n\n"
    }

    /// What a script must say of Jupyter, since it does not go without saying.
    private var keptMetadata: JSONObject {
        var kept = metadata
        kept["language_info"] = nil
        if kept["kernelspec"]?["name"]?.string == Notebook.kernel { kept["kernelspec"] = nil }
        if var jupytext = kept["jupytext"]?.object {
            jupytext["executable"] = nil
            kept["jupytext"] = jupytext.isEmpty ? nil : .object(jupytext)
        }
        return kept
    }

    // MARK: - YAML and JSON

    private static func mapping(_ yaml: String) throws -> JSONObject {
        guard yaml.utf8.count <= headerLimit else { throw FormatError("it is larger than 64 KiB") }
        guard let node = try Yams.compose(yaml: yaml) else { return [:] }
        var room = 10_000
        guard case .object(let object) = try json(node, &room) else { throw FormatError("keys and values are due") }
        return object
    }

    /// - Parameter room: how many values there may still be: a few lines of YAML can stand for very many.
    private static func json(_ node: Node, _ room: inout Int) throws -> JSONValue {
        room -= 1
        guard room >= 0 else { throw FormatError("it stands for too many values") }
        switch node {
        case .mapping(let mapping):
            var object: JSONObject = [:]
            for (key, value) in mapping { object[key.string ?? ""] = try json(value, &room) }
            return .object(object)
        case .sequence(let sequence): return .array(try sequence.map { try json($0, &room) })
        case .scalar(let scalar):
            if scalar.style == .singleQuoted || scalar.style == .doubleQuoted { return .string(scalar.string) }
            if node.null != nil { return .null }
            if let flag = node.bool, ["true", "false"].contains(scalar.string.lowercased()) { return .bool(flag) }
            if let number = Int(scalar.string) { return .int(number) }
            if let number = Double(scalar.string), number.isFinite { return .float(number) }
            return .string(scalar.string)
        case .alias: throw FormatError("an alias has no anchor")
        }
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .int(let number): Node("\(number)", Tag(.int))
        case .float(let number): Node("\(number)", Tag(.float))
        case .string(let text): Node(text, Tag(.str), isAmbiguous(text) ? .doubleQuoted : .any)
        case .array(let items): .sequence(.init(items.map(node)))
        case .object(let object): .mapping(.init(object.map { (node(.string($0)), node($1)) }))
        }
    }

    /// Whether a text would be read back as something else.
    private static func isAmbiguous(_ text: String) -> Bool {
        Double(text) != nil || ["", "~", "null", "true", "false", "yes", "no", "on", "off"].contains(text.lowercased())
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as FormatError: error.message
        case YamlError.parser(_, let problem, let mark, _): "\(problem), in its line \(mark.line)"
        case YamlError.scanner(_, let problem, let mark, _): "\(problem), in its line \(mark.line)"
        default: "\(error)"
        }
    }
}

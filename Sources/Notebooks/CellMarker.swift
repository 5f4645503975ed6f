import Networks

/// The line that begins a cell of a script: `# %% title [markdown] key=value …`.
///
/// The grammar is jupytext's percent format 1.3. Values are JSON; what is none is taken as a text.
struct CellMarker: Equatable {
    var kind = Notebook.Cell.Kind.code
    var title = ""
    var metadata: JSONObject = [:]
    /// How many percent signs there are beyond two.
    var depth = 0

    /// Nil when the line is no marker.
    init?(_ line: Substring) {
        var rest = line.drop { $0 == " " || $0 == "\t" }
        guard rest.first == "#" else { return nil }
        rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
        guard rest.hasPrefix("%%") else { return nil }
        rest = rest.dropFirst(2)
        while rest.first == "%" {
            depth += 1
            rest = rest.dropFirst()
        }
        guard rest.isEmpty || rest.first!.isWhitespace else { return nil }
        readOptions(rest)
    }

    init(_ cell: Notebook.Cell) {
        kind = cell.kind
        title = cell.title
        metadata = cell.metadata
        depth = metadata["cell_depth"]?.int ?? 0
        metadata["cell_depth"] = nil
    }

    private mutating func readOptions(_ text: Substring) {
        var rest = text
        // {json} in the place of key=value, when it comes before the first "=".
        if let brace = rest.firstIndex(of: "{"), rest[..<brace].allSatisfy({ $0 != "=" }),
            let object = try? JSONValue.parse(rest[brace...].trimmed).object
        {
            metadata = object
            rest = rest[..<brace]
        }
        var words: [Substring] = []
        var sawKey = false
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard let first = rest.first else { break }
            if first == "[", let end = rest.firstIndex(of: "]"), let kind = CellMarker.kinds[String(rest[...end])],
                !sawKey
            {
                self.kind = kind
                rest = rest[rest.index(after: end)...]
                continue
            }
            let key = rest.prefix(while: CellMarker.isKeyLetter)
            let behind = rest[key.endIndex...]
            if !key.isEmpty, behind.first == "=",
                behind.dropFirst().first.map({ !$0.isWhitespace && $0 != "=" }) ?? false
            {
                let (value, after) = CellMarker.value(behind.dropFirst())
                metadata[String(key)] = value
                sawKey = true
                rest = after
                continue
            }
            let word = rest.prefix { !$0.isWhitespace }
            rest = rest[word.endIndex...]
            if sawKey {
                metadata[String(word)] = .null
            } else {
                words.append(word)
            }
        }
        title = words.joined(separator: " ")
        if title.isEmpty, let given = metadata["title"]?.string {
            title = given
            metadata["title"] = nil
        }
        if depth > 0 { metadata["cell_depth"] = .int(depth) }
    }

    private static func isKeyLetter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "_.@/-".contains(character))
    }

    private static let kinds: [String: Notebook.Cell.Kind] = [
        "[markdown]": .markdown, "[md]": .markdown, "[raw]": .raw, "[code]": .code,
    ]

    /// One value at the head of a text, and what follows it.
    private static func value(_ text: Substring) -> (value: JSONValue, rest: Substring) {
        var depth = 0
        var quote: Character?
        var isEscaped = false
        var end = text.startIndex
        scan: while end < text.endIndex {
            let character = text[end]
            if let open = quote {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == open {
                    quote = nil
                }
            } else {
                switch character {
                case "\"", "'": quote = character
                case "[", "{", "(": depth += 1
                case "]", "}", ")": depth -= 1
                case _ where character.isWhitespace && depth <= 0: break scan
                default: break
                }
            }
            end = text.index(after: end)
        }
        let written = text[..<end]
        return (literal(written), text[end...])
    }

    /// JSON, or what Python writes for true, false, nil and strings; else the text itself.
    private static func literal(_ text: Substring) -> JSONValue {
        if let value = try? JSONValue.parse(String(text)) { return value }
        switch text {
        case "True": return .bool(true)
        case "False": return .bool(false)
        case "None": return .null
        default: break
        }
        if text.count >= 2, text.first == "'", text.last == "'" { return .string(String(text.dropFirst().dropLast())) }
        return .string(String(text))
    }

    /// The line, in its canonical spelling.
    var text: String {
        let plain = spelled(title: title, extra: [])
        // A title that would be read as something else becomes a key.
        if !title.isEmpty, CellMarker(plain[...]).map({ $0.title != title || $0.kind != kind }) ?? true {
            return spelled(title: "", extra: [("title", .string(title))])
        }
        return plain
    }

    private func spelled(title: String, extra: [(String, JSONValue)]) -> String {
        var parts = ["# %%" + String(repeating: "%", count: depth)]
        if !title.isEmpty { parts.append(title) }
        if kind != .code { parts.append("[\(kind.rawValue)]") }
        let pairs = (extra + metadata.map { ($0, $1) }).filter { $0.0 != "cell_depth" }
        if pairs.allSatisfy({ !$0.0.isEmpty && $0.0.allSatisfy(CellMarker.isKeyLetter) }) {
            parts += pairs.map { "\($0)=\($1.spaced)" }
        } else {
            // A key with other letters has a place only between quotes.
            var object: JSONObject = [:]
            for (key, value) in pairs { object[key] = value }
            parts.append(JSONValue.object(object).spaced)
        }
        return parts.joined(separator: " ")
    }

    /// Whether a line is a marker, or would be with fewer number signs before it.
    static func resembles(_ line: some StringProtocol) -> Bool {
        var rest = Substring(line).drop { $0 == " " || $0 == "\t" }
        var count = 0
        while rest.first == "#" {
            count += 1
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
        }
        guard count >= 1, rest.hasPrefix("%%") else { return false }
        rest = rest.drop { $0 == "%" }
        return rest.isEmpty || rest.first!.isWhitespace
    }
}

extension JSONValue {
    /// JSON on one line, with a blank behind each comma and colon.
    var spaced: String {
        switch self {
        case .array(let items): "[" + items.map(\.spaced).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.map { "\(JSONValue.string($0).spaced): \($1.spaced)" }.joined(separator: ", ") + "}"
        default: (try? text()) ?? "null"
        }
    }
}

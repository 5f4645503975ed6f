import Glibc
import Language

/// What could follow a text.
public struct Completion: Sendable {
    public struct Candidate: Sendable {
        /// What takes the place of the prefix.
        public var text: String
        /// How a list shows it: a keyword argument with its default.
        public var shown: String

        init(_ text: String, shown: String? = nil) {
            self.text = text
            self.shown = shown ?? text
        }
    }

    /// The end of the text that a candidate replaces.
    public var prefix: String
    public var candidates: [Candidate]
    /// The signature of the function whose arguments are being typed, and its first sentence.
    public var note: String?

    static let none = Completion(prefix: "", candidates: [])
}

extension Session {
    private static let keywords = [
        "and", "assert", "break", "catch", "continue", "else", "false", "fn", "for", "if", "import", "in", "model",
        "nil", "not", "or", "outer", "return", "test", "true", "try", "while", "with",
    ]

    /// Completes the end of a text from declarations and from values that are there; nothing is called.
    public func complete(_ text: String) -> Completion {
        let context = CompletionContext(text)
        if let string = context.string { return context.receiver.map { keys(of: $0, string) } ?? paths(string) }
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        if line.hasPrefix("%") { return commands(line) }
        let prefix = context.word
        if context.isField { return fields(of: context.receiver, prefix) }
        var candidates: [Completion.Candidate] = []
        if let callee = context.callee, let signature = value(atPath: callee)?.object?.signature {
            candidates = Session.keywordArguments(signature, given: context.givenKeywords, prefix)
            if prefix.isEmpty {
                let note = signature.line + (signature.summary.isEmpty ? "" : "\n" + signature.summary)
                return Completion(prefix: prefix, candidates: candidates, note: note)
            }
        }
        guard !prefix.isEmpty || line.trimmed.hasPrefix("?") else {
            return Completion(prefix: prefix, candidates: candidates)
        }
        let names = Set(ownNames + machine.builtinNames + Session.keywords).filter { $0.hasPrefix(prefix) }
        candidates += names.sorted().map { Completion.Candidate($0) }
        return Completion(prefix: prefix, candidates: candidates)
    }

    private static func keywordArguments(
        _ signature: Signature, given: Set<String>, _ prefix: String
    ) -> [Completion.Candidate] {
        signature.parameters.filter { $0.kind == .normal && $0.name.hasPrefix(prefix) && !given.contains($0.name) }
            .map { Completion.Candidate($0.name + "=", shown: $0.name + "=" + ($0.defaultText ?? "")) }
    }

    /// Fields of a value, and functions that take such a value first.
    private func fields(of receiver: String?, _ prefix: String) -> Completion {
        guard let receiver, let value = value(atPath: receiver) else { return .none }
        let type = value.typeName
        var names = Set(value.object?.fieldNames ?? [])
        for name in machine.builtinNames {
            guard let builtin = machine.builtin(name)?.object as? Builtin,
                let first = builtin.signature?.parameters.first, first.kind == .normal
            else { continue }
            if first.type.split(separator: " ").contains(where: { $0 == type }) { names.insert(name) }
        }
        let found = names.filter { $0.hasPrefix(prefix) && (!prefix.isEmpty || !$0.hasPrefix("_")) }
        return Completion(prefix: prefix, candidates: found.sorted().map { Completion.Candidate($0) })
    }

    /// What can stand between the quotes of `x["…"]`: keys of a map, columns of a dataset, paths of a model.
    private func keys(of receiver: String, _ prefix: String) -> Completion {
        let keys: [String]
        switch value(atPath: receiver)?.object {
        case let map as MapObject: keys = map.keys.compactMap(\.string)
        case let data as DatasetObject: keys = data.dataset.columnNames
        case let model as LayerObject: keys = model.layer.paths()
        default: return .none
        }
        let found = keys.filter { $0.hasPrefix(prefix) && !$0.contains("\"") && !$0.contains("\n") }
        return Completion(prefix: prefix, candidates: found.map { Completion.Candidate($0) })
    }

    private func commands(_ line: String) -> Completion {
        let parts = line.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        if parts.count == 2 {
            let rest = String(parts[1])
            switch name {
            case "run", "save", "cd": return paths(String(rest.split(separator: " ").last ?? ""))
            case "time", "timeit", "page", "src", "reset": return complete(rest)
            default: return .none
            }
        }
        let names = Directive.commands.map(\.name).filter { $0.hasPrefix(name) }
        return Completion(prefix: name, candidates: names.map { Completion.Candidate($0) })
    }

    /// Files and folders that begin like the text; at most a thousand entries of a folder are looked at.
    private func paths(_ text: String) -> Completion {
        let slash = text.lastIndex(of: "/")
        let folder = slash.map { String(text[...$0]) } ?? ""
        let prefix = slash.map { String(text[text.index(after: $0)...]) } ?? text
        var place = folder.isEmpty ? "." : folder
        if place.hasPrefix("~/"), let home = getenv("HOME") { place = String(cString: home) + place.dropFirst() }
        guard let directory = opendir(place) else { return .none }
        defer { closedir(directory) }
        var candidates: [Completion.Candidate] = []
        var looked = 0
        while looked < 1000, let entry = readdir(directory) {
            looked += 1
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), !name.hasPrefix(".") || prefix.hasPrefix(".") else { continue }
            if name == "." || name == ".." { continue }
            var information = stat()
            let isFolder =
                stat(place + "/" + name, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            candidates.append(Completion.Candidate(name + (isFolder ? "/" : "")))
        }
        return Completion(prefix: prefix, candidates: candidates.sorted { $0.text < $1.text })
    }
}

/// Where the end of a text stands: in a string, after a dot, in the brackets of a call.
private struct CompletionContext {
    /// What stands between the opening quote and the end, inside a string; `receiver` is then x of `x["`.
    var string: String?
    /// The name being typed.
    var word = ""
    var isField = false
    /// `a.b` before the dot; nil when what stands there is no plain path.
    var receiver: String?
    /// What is called by the innermost open bracket, when it is a plain path.
    var callee: String?
    var givenKeywords: Set<String> = []

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        var brackets: [Int] = []
        var quote: (mark: Unicode.Scalar, start: Int, isTriple: Bool)?
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if let open = quote {
                if scalar == "\\", open.mark == "\"" {
                    index += 1
                } else if scalar == open.mark {
                    let isTriple =
                        index + 2 < scalars.count && scalars[index + 1] == scalar && scalars[index + 2] == scalar
                    if !open.isTriple || isTriple {
                        quote = nil
                        index += open.isTriple ? 2 : 0
                    }
                } else if scalar == "\n", !open.isTriple {
                    quote = nil
                }
            } else {
                switch scalar {
                case "\"", "'":
                    let isTriple =
                        index + 2 < scalars.count && scalars[index + 1] == scalar && scalars[index + 2] == scalar
                    index += isTriple ? 2 : 0
                    quote = (scalar, index + 1, isTriple)
                case "#": while index + 1 < scalars.count, scalars[index + 1] != "\n" { index += 1 }
                case "(", "[", "{": brackets.append(index)
                case ")", "]", "}": _ = brackets.popLast()
                default: break
                }
            }
            index += 1
        }
        if let quote {
            string = CompletionContext.text(scalars[min(quote.start, scalars.count)...])
            let bracket = quote.start - 2
            if bracket > 0, scalars[bracket] == "[" {
                let path = CompletionContext.path(endingAt: bracket, in: scalars[...])
                receiver = path.isEmpty ? nil : path
            }
            return
        }
        let path = CompletionContext.path(endingAt: scalars.count, in: scalars[...])
        if let dot = path.lastIndex(of: ".") {
            isField = true
            word = String(path[path.index(after: dot)...])
            receiver = dot == path.startIndex ? nil : String(path[..<dot])
        } else {
            word = path
        }
        guard let open = brackets.last, scalars[open] == "(" else { return }
        let name = CompletionContext.path(endingAt: open, in: scalars[...])
        callee = name.isEmpty ? nil : name
        givenKeywords = CompletionContext.keywords(scalars[(open + 1)...])
    }

    /// The names and dots that end at an index.
    private static func path(endingAt end: Int, in scalars: ArraySlice<Unicode.Scalar>) -> String {
        var start = end
        while start > scalars.startIndex {
            let scalar = scalars[start - 1]
            guard scalar == "." || scalar == "_" || scalar.properties.isXIDContinue else { break }
            start -= 1
        }
        let path = text(scalars[start..<end])
        // A number is no path, and after a bracket stands a value that would have to be computed.
        guard let first = path.unicodeScalars.first, !("0"..."9").contains(first) else { return "" }
        return path
    }

    /// The names before `=` at the top level of a call's arguments.
    private static func keywords(_ scalars: ArraySlice<Unicode.Scalar>) -> Set<String> {
        var names: Set<String> = []
        var depth = 0
        for (index, scalar) in zip(scalars.indices, scalars) {
            switch scalar {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case "=" where depth == 0: names.insert(path(endingAt: index, in: scalars))
            default: break
            }
        }
        return names
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

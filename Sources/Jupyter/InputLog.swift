import Networks

/// The cells that were run, for `history_request`; line numbers begin at 1.
package struct InputLog {
    struct Entry {
        var session: Int
        var line: Int
        var input: String
        var output: String?
    }

    private(set) var entries: [Entry]
    /// Earlier sessions are one, numbered 0.
    private static let current = 1

    package init(earlier: [String]) {
        entries = earlier.enumerated().map { Entry(session: 0, line: $0 + 1, input: $1, output: nil) }
    }

    package mutating func append(_ input: String, line: Int, output: String?) {
        entries.append(Entry(session: InputLog.current, line: line, input: input, output: output))
    }

    /// The answer to a request for the tail, a range of lines, or what matches a pattern of `*` and `?`.
    package func answer(_ content: JSONValue) -> JSONObject {
        let wantsOutput = content["output"]?.bool ?? false
        let count = content["n"]?.int
        var found: [Entry]
        switch content["hist_access_type"]?.string {
        case "range":
            let session = content["session"]?.int ?? 0
            // 0 is this session and negative ones count back from it.
            let number = session <= 0 ? InputLog.current + session : session
            let start = content["start"]?.int ?? 0
            let stop = content["stop"]?.int ?? .max
            found = entries.filter { $0.session == number && $0.line >= start && $0.line < stop }
        case "search":
            let pattern = Array((content["pattern"]?.string ?? "*").unicodeScalars)
            found = entries.filter { InputLog.matches(Array($0.input.unicodeScalars), pattern) }
            if content["unique"]?.bool ?? false {
                var seen: Set<String> = []
                found = found.reversed().filter { seen.insert($0.input).inserted }.reversed()
            }
            if let count { found = found.suffix(max(0, count)) }
        default: found = entries.suffix(max(0, count ?? 10))
        }
        return [
            "status": .string("ok"),
            "history": .array(
                found.map { entry in
                    let input = JSONValue.string(entry.input)
                    let output = entry.output.map { JSONValue.string($0) } ?? .null
                    return .array([
                        .int(entry.session), .int(entry.line), wantsOutput ? .array([input, output]) : input,
                    ])
                }),
        ]
    }

    /// Whether a whole text matches a pattern, in time that is the product of their lengths at most.
    static func matches(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var (place, next) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while place < text.count {
            if next < pattern.count, pattern[next] == "*" {
                star = (next, place)
                next += 1
            } else if next < pattern.count, pattern[next] == "?" || pattern[next] == text[place] {
                place += 1
                next += 1
            } else if let (mark, start) = star {
                star = (mark, start + 1)
                place = start + 1
                next = mark + 1
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }
}

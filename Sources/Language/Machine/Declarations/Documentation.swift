/// A doc comment taken apart: first sentence, the rest, and the code in it.
public struct Documentation: Sendable {
    public var summary = ""
    public var details = ""
    /// The code of fenced and indented blocks, one after the other.
    public var example = ""

    public init(_ text: String) {
        var prose: [String] = []
        var code: [String] = []
        var isFenced = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let bare = line.trimmedStart
            if bare.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced {
                code.append(line)
            } else if line.hasPrefix("    ") || line.hasPrefix("\t") {
                code.append(String(line.dropFirst(line.hasPrefix("\t") ? 1 : 4)))
            } else {
                prose.append(bare)
            }
        }
        let paragraphEnd = prose.firstIndex(of: "") ?? prose.endIndex
        summary = prose[..<paragraphEnd].joined(separator: " ")
        var rest = prose[paragraphEnd...].joined(separator: "\n")
        while rest.hasPrefix("\n") { rest.removeFirst() }
        while rest.hasSuffix("\n") { rest.removeLast() }
        details = rest
        example = code.joined(separator: "\n")
    }
}

extension StringProtocol {
    /// The text without white space in front.
    var trimmedStart: String { String(drop { $0 == " " || $0 == "\t" }) }

    /// The text without white space around it.
    var trimmed: String {
        var part = drop { $0.isWhitespace }
        while part.last?.isWhitespace ?? false { part = part.dropLast() }
        return String(part)
    }
}

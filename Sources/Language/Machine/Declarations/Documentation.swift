/// A doc comment taken apart: first sentence, the rest, and the code in it.
public struct Documentation: Sendable {
    public var summary = ""
    public var details = ""
    /// The indented blocks that say with `# →` what they answer, one after the other; other blocks are part of the details.
    public var example = ""

    public init(_ text: String) {
        var prose: [String] = []
        var code: [String] = []
        var block: [String] = []
        func closeBlock() {
            if block.contains(where: { $0.firstRange(of: "# →") != nil }) {
                code += block
            } else {
                prose += block.map { "    " + $0 }
            }
            block = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("    ") {
                block.append(String(line.dropFirst(4)))
            } else {
                closeBlock()
                prose.append(line.trimmedStart)
            }
        }
        closeBlock()
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

/// What a piece of code is to the eye.
public enum Highlight: String, Sendable { case keyword, string, number, comment, call }

/// The pieces of a text that stand out, in their order; they do not overlap. Any text has some, also one that is no code.
public func highlights(in source: Source) -> [(span: Span, kind: Highlight)] {
    var lexer = Lexer(source)
    let list = lexer.tokenize()
    var found: [(span: Span, kind: Highlight)] = []
    for (index, token) in list.tokens.enumerated() {
        switch token.kind {
        case .keyword: found.append((token.span, .keyword))
        case .string: found.append((token.span, .string))
        case .int, .float, .minimumMagnitude: found.append((token.span, .number))
        case .identifier(let name):
            let isWord = ["model", "test", "outer", "as"].contains(name)
            if index + 1 < list.tokens.count, list.tokens[index + 1].isSymbol(.leftParen) {
                found.append((token.span, .call))
            } else if isWord, index + 1 < list.tokens.count, case .identifier = list.tokens[index + 1].kind {
                found.append((token.span, .keyword))
            }
        default: break
        }
    }
    // Comments are what lies between tokens behind a number sign.
    var last = 0
    func addComments(upTo end: Int) {
        var place = last
        while place < end {
            guard source.bytes[place] == UInt8(ascii: "#") else {
                place += 1
                continue
            }
            let start = place
            while place < end, source.bytes[place] != 0x0A { place += 1 }
            found.append((Span(start, place), .comment))
        }
    }
    for token in list.tokens {
        if Int(token.span.start) > last { addComments(upTo: Int(token.span.start)) }
        last = max(last, Int(token.span.end))
    }
    addComments(upTo: source.bytes.count)
    return found.sorted { $0.span.start < $1.span.start }
}

/// Tokens that stand in a text as they are, such as "[SEP]" or "<mask>", and are found before anything else is done to it.
struct AddedTokens {
    struct Token: Equatable {
        let id: Int32
        let content: String
        let isSpecial: Bool
        /// Whether letters, digits and underscores beside it forbid it.
        var singleWord = false
        /// Whether white space at its left or right belongs to it.
        var takesLeft = false, takesRight = false
        /// Whether it is looked for in lowercase.
        var ignoresCase = false
    }

    let tokens: [Token]
    /// The tokens that begin with a byte, the longest first.
    private let byFirst: [[(token: Token, bytes: [UInt8])]]

    init(_ tokens: [Token]) {
        self.tokens = tokens
        var table = [[(token: Token, bytes: [UInt8])]](repeating: [], count: 256)
        for token in tokens {
            let bytes = Array((token.ignoresCase ? token.content.lowercased() : token.content).utf8)
            guard let first = bytes.first else { continue }
            table[Int(first)].append((token, bytes))
            if token.ignoresCase, first >= 0x61, first <= 0x7A { table[Int(first) - 32].append((token, bytes)) }
        }
        byFirst = table.map { $0.sorted { $0.bytes.count > $1.bytes.count } }
    }

    /// The text between tokens and the tokens, in their order.
    enum Part {
        case text(Range<Int>)
        case token(Token, Range<Int>)
    }

    /// Parts a text at the tokens in it.
    func forEachPart(of text: UnsafeBufferPointer<UInt8>, _ body: (Part) -> Void) {
        if tokens.isEmpty { return body(.text(0..<text.count)) }
        var start = 0
        var place = 0
        while place < text.count {
            let candidates = byFirst[Int(text[place])]
            if candidates.isEmpty {
                place += 1
                continue
            }
            guard let (token, bytes) = candidates.first(where: { matches($0.bytes, $0.token, text, place) }) else {
                place += 1
                continue
            }
            var (low, high) = (place, place + bytes.count)
            if token.takesLeft { while low > start, Self.isBlank(text[low - 1]) { low -= 1 } }
            if token.takesRight { while high < text.count, Self.isBlank(text[high]) { high += 1 } }
            if low > start { body(.text(start..<low)) }
            body(.token(token, low..<high))
            start = high
            place = high
        }
        if start < text.count { body(.text(start..<text.count)) }
    }

    private func matches(_ bytes: [UInt8], _ token: Token, _ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        guard place + bytes.count <= text.count else { return false }
        for (k, byte) in bytes.enumerated() {
            var found = text[place + k]
            if token.ignoresCase, found >= 0x41, found <= 0x5A { found |= 0x20 }
            if found != byte { return false }
        }
        if token.singleWord {
            if place > 0, Self.isWord(text[place - 1]) { return false }
            if place + bytes.count < text.count, Self.isWord(text[place + bytes.count]) { return false }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

    /// Every byte beyond ASCII counts as a part of a word.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A, 0x80...: true
        default: false
        }
    }
}

/// Words that cannot be names. `model`, `test`, `outer` and `as` are words only where they begin or join a statement.
package enum Keyword: String, CaseIterable, Sendable {
    case `nil`, `true`, `false`
    case and, or, not, `in`
    case `if`, `else`, `for`, `while`, `break`, `continue`, `return`
    case fn, `try`, `catch`, `assert`, `import`, with
}

/// Operators and punctuation; the ones kd does not have are here too, so that the parser can say what to write.
package enum Symbol: String, CaseIterable, Sendable {
    case leftParen = "("
    case rightParen = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case leftBrace = "{"
    case rightBrace = "}"
    case comma = ","
    case semicolon = ";"
    case colon = ":"
    case dot = "."
    case ellipsis = "..."
    case assign = "="
    case arrow = "->"
    case pipe = "|>"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case doubleSlash = "//"
    case percent = "%"
    case doubleStar = "**"
    case at = "@"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessEqual = "<="
    case greater = ">"
    case greaterEqual = ">="
    case plusAssign = "+="
    case minusAssign = "-="
    case starAssign = "*="
    case slashAssign = "/="
    case doubleSlashAssign = "//="
    case percentAssign = "%="
    case doubleStarAssign = "**="
    case atAssign = "@="
    // Not kd's.
    case andAnd = "&&"
    case orOr = "||"
    case bang = "!"
    case ampersand = "&"
    case bar = "|"
    case caret = "^"
    case tilde = "~"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case walrus = ":="
    case fatArrow = "=>"
    case tripleEqual = "==="
    case notDoubleEqual = "!=="
    case lessGreater = "<>"
    case question = "?"
    case dollar = "$"

    /// A line that ends in one of these goes on in the next.
    var continuesLine: Bool {
        switch self {
        case .leftParen, .rightParen, .leftBracket, .rightBracket, .leftBrace, .rightBrace, .semicolon, .colon,
            .ellipsis, .bang, .question, .dollar, .tilde:
            false
        default: true
        }
    }

    /// The operator of `a += b` and its kin.
    var augmented: BinaryOperator? {
        switch self {
        case .plusAssign: .add
        case .minusAssign: .subtract
        case .starAssign: .multiply
        case .slashAssign: .divide
        case .doubleSlashAssign: .floorDivide
        case .percentAssign: .modulo
        case .doubleStarAssign: .power
        case .atAssign: .matmul
        default: nil
        }
    }

    var opens: Bool { self == .leftParen || self == .leftBracket || self == .leftBrace }
    var closes: Bool { self == .rightParen || self == .rightBracket || self == .rightBrace }

    var partner: Symbol? {
        switch self {
        case .leftParen: .rightParen
        case .leftBracket: .rightBracket
        case .leftBrace: .rightBrace
        default: nil
        }
    }

    /// Symbols by their bytes, for the longest match.
    static let bySpelling: [[UInt8]: Symbol] = Dictionary(
        uniqueKeysWithValues: Symbol.allCases.map { (Array($0.rawValue.utf8), $0) })
}

struct Token: Sendable {
    enum Kind: Sendable {
        case identifier(String)
        case keyword(Keyword)
        case symbol(Symbol)
        case int(Int)
        /// 9223372036854775808, an integer only behind a minus sign.
        case minimumMagnitude
        case float(Double)
        case string([StringPart])
        case newline
        /// A thing already reported.
        case invalid
        /// The `}` or `:` after an expression inside a string.
        case interpolationEnd
        case end
    }

    var kind: Kind
    var span: Span

    func isSymbol(_ symbol: Symbol) -> Bool {
        if case .symbol(let own) = kind { own == symbol } else { false }
    }

    func isKeyword(_ keyword: Keyword) -> Bool {
        if case .keyword(let own) = kind { own == keyword } else { false }
    }

    var isNewline: Bool { if case .newline = kind { true } else { false } }
    /// The end of the text, or of an expression in a string: nothing follows in the list.
    var isEnd: Bool {
        switch kind {
        case .end, .interpolationEnd: true
        default: false
        }
    }
    var isTextEnd: Bool { if case .end = kind { true } else { false } }
    var identifier: String? { if case .identifier(let name) = kind { name } else { nil } }
    var symbol: Symbol? { if case .symbol(let symbol) = kind { symbol } else { nil } }
    var isString: Bool { if case .string = kind { true } else { false } }

    /// Whether an expression can begin here with a word or a literal (signs and brackets could also be operators).
    var beginsOperand: Bool {
        switch kind {
        case .identifier, .int, .minimumMagnitude, .float, .string: true
        case .keyword(let word): word == .nil || word == .true || word == .false
        default: false
        }
    }
}

/// A part of a string literal as the lexer finds it.
enum StringPart: Sendable {
    case text(String)
    case code(TokenList, format: String?)
}

/// Tokens in order, with the index of each opening bracket's partner.
final class TokenList: Sendable {
    let tokens: [Token]
    /// For each opening bracket the index of the one that closes it; -1 elsewhere and where none does.
    let partners: [Int32]

    init(_ tokens: [Token]) {
        self.tokens = tokens
        var partners = [Int32](repeating: -1, count: tokens.count)
        var open: [(index: Int, closer: Symbol)] = []
        for (index, token) in tokens.enumerated() {
            guard let symbol = token.symbol else { continue }
            if let closer = symbol.partner {
                open.append((index, closer))
            } else if symbol.closes, let last = open.last, last.closer == symbol {
                partners[last.index] = Int32(clamping: index)
                open.removeLast()
            }
        }
        self.partners = partners
    }
}

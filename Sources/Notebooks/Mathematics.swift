import Networks

/// A formula in the notation of TeX as MathML, which browsers show without help.
///
/// It knows what the papers of the field use: fractions, roots, indices and exponents, Greek and calligraphic letters, sums,
/// norms, cases, matrices and aligned lines. What it does not know stays readable as it was written.
package struct Mathematics {
    private let tokens: [Token]
    private var place = 0
    private let source: String
    private let isBlock: Bool
    private var depth = 0

    private enum Token: Equatable {
        case command(String)
        case character(Character)
        case open, close, superscript, `subscript`, column, row
    }

    package init(_ source: String, isBlock: Bool) {
        self.source = source
        self.isBlock = isBlock
        tokens = Mathematics.tokenize(source)
    }

    package var html: String {
        var reader = self
        var body = ""
        while reader.place < reader.tokens.count {
            body += reader.row { _ in false }
            // What closes nothing is left out.
            if reader.place < reader.tokens.count { reader.place += 1 }
        }
        let display = isBlock ? " display=\"block\"" : ""
        return
            "<math\(display)><semantics><mrow>\(body)</mrow><annotation encoding=\"application/x-tex\">\(HTMLText.escaped(source.trimmed))</annotation></semantics></math>"
    }

    private static func tokenize(_ source: String) -> [Token] {
        var tokens: [Token] = []
        var rest = Substring(source)
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                let name = rest.prefix { $0.isASCII && $0.isLetter }
                if name.isEmpty {
                    guard let next = rest.popFirst() else { continue }
                    tokens.append(next == "\\" ? .row : .command(String(next)))
                } else {
                    rest = rest[name.endIndex...]
                    tokens.append(.command(String(name)))
                    // The words in \text{…} keep their blanks.
                    if texts.contains(String(name)), let open = rest.firstIndex(where: { !$0.isWhitespace }),
                        rest[open] == "{"
                    {
                        let words = rest[rest.index(after: open)...].prefix { $0 != "}" }
                        tokens.append(.open)
                        tokens += words.map { .character($0) }
                        rest = rest[words.endIndex...]
                    }
                }
            case "{": tokens.append(.open)
            case "}": tokens.append(.close)
            case "^": tokens.append(.superscript)
            case "_": tokens.append(.subscript)
            case "&": tokens.append(.column)
            case "%":
                // A comment.
                rest = rest.drop { !$0.isNewline }
            case _ where character.isWhitespace: break
            default: tokens.append(.character(character))
            }
        }
        return tokens
    }

    // MARK: - Reading

    private var next: Token? { place < tokens.count ? tokens[place] : nil }

    /// Everything up to a token that ends it.
    private mutating func row(until isEnd: (Token) -> Bool) -> String {
        var text = ""
        while let token = next, token != .close, token != .column, token != .row, !isEnd(token) {
            if case .command("right") = token { break }
            if case .command("end") = token { break }
            text += item()
        }
        return text
    }

    /// One thing with its indices.
    private mutating func item() -> String {
        var base = atom()
        var lower: String?
        var upper: String?
        while let token = next {
            if token == .subscript, lower == nil {
                place += 1
                lower = argument()
            } else if token == .superscript, upper == nil {
                place += 1
                upper = argument()
            } else if case .character("'") = token {
                place += 1
                upper = (upper ?? "") + "<mo>′</mo>"
            } else {
                break
            }
        }
        let isWide = base.isWide
        if base.text.isEmpty { base.text = "<mrow></mrow>" }
        switch (lower, upper) {
        case (let lower?, let upper?):
            let tag = isWide ? "munderover" : "msubsup"
            return "<\(tag)>\(base.text)\(Mathematics.one(lower))\(Mathematics.one(upper))</\(tag)>"
        case (let lower?, nil):
            let tag = isWide ? "munder" : "msub"
            return "<\(tag)>\(base.text)\(Mathematics.one(lower))</\(tag)>"
        case (nil, let upper?):
            let tag = isWide ? "mover" : "msup"
            return "<\(tag)>\(base.text)\(Mathematics.one(upper))</\(tag)>"
        case (nil, nil): return base.text
        }
    }

    private static func one(_ text: String) -> String { "<mrow>\(text)</mrow>" }

    /// What stands in braces, or one thing.
    private mutating func argument() -> String {
        depth += 1
        defer { depth -= 1 }
        guard depth < 60 else {
            place = tokens.count
            return ""
        }
        guard next == .open else { return atom().text }
        place += 1
        let text = row { _ in false }
        skip(.close)
        return text
    }

    private mutating func skip(_ token: Token) { if next == token { place += 1 } }

    /// The plain text in braces.
    private mutating func words() -> String {
        guard next == .open else {
            defer { place += 1 }
            if case .character(let character) = next { return String(character) }
            return ""
        }
        place += 1
        var text = ""
        while let token = next, token != .close {
            switch token {
            case .character(let character): text.append(character)
            case .command(let name): text += name.count == 1 ? name : "\\" + name
            case .subscript: text += "_"
            case .superscript: text += "^"
            default: break
            }
            place += 1
        }
        skip(.close)
        return text
    }

    private struct Atom {
        var text: String
        /// Whether its indices stand below and above it.
        var isWide = false

        init(_ text: String, isWide: Bool = false) { (self.text, self.isWide) = (text, isWide) }
    }

    private mutating func atom() -> Atom {
        guard let token = next else { return Atom("") }
        switch token {
        case .open: return Atom(Mathematics.one(argument()))
        case .superscript, .subscript: return Atom("")
        case .close, .column, .row:
            place += 1
            return Atom("")
        case .character(let character):
            place += 1
            return Atom(number(character) ?? Mathematics.symbol(character))
        case .command(let name):
            place += 1
            return command(name)
        }
    }

    /// All digits of a number that begins with a digit.
    private mutating func number(_ first: Character) -> String? {
        guard first.isNumber else { return nil }
        var text = String(first)
        while case .character(let character) = next, character.isNumber || character == "." {
            if character == ".", place + 1 < tokens.count, case .character(let behind) = tokens[place + 1] {
                if !behind.isNumber { break }
            } else if character == "." {
                break
            }
            text.append(character)
            place += 1
        }
        return "<mn>\(text)</mn>"
    }

    private static func symbol(_ character: Character) -> String {
        switch character {
        case "-": "<mo>−</mo>"
        case "*": "<mo>∗</mo>"
        case "|": "<mo stretchy=\"false\">|</mo>"
        case "(", ")", "[", "]": "<mo stretchy=\"false\">\(character)</mo>"
        case _ where character.isLetter: "<mi>\(character)</mi>"
        case "~": "<mspace width=\"0.3em\"/>"
        default: "<mo>\(HTMLText.escaped(String(character)))</mo>"
        }
    }

    private mutating func command(_ name: String) -> Atom {
        if let letter = Mathematics.letters[name] { return Atom("<mi>\(letter)</mi>") }
        if let sign = Mathematics.signs[name] { return Atom("<mo>\(sign)</mo>") }
        if let sign = Mathematics.wideSigns[name] { return Atom("<mo>\(sign)</mo>", isWide: isBlock) }
        if Mathematics.functions.contains(name) { return Atom("<mi>\(name)</mi>") }
        if Mathematics.limits.contains(name) {
            return Atom(
                "<mo lspace=\"0\" rspace=\"0.17em\">\(name.replacing("arg", with: "arg "))</mo>", isWide: isBlock)
        }
        if let accent = Mathematics.accents[name] {
            return Atom("<mover accent=\"true\">\(Mathematics.one(argument()))<mo>\(accent)</mo></mover>")
        }
        if let space = Mathematics.spaces[name] { return Atom("<mspace width=\"\(space)\"/>") }
        if Mathematics.texts.contains(name) {
            // MathML leaves out blanks at the ends.
            return Atom("<mtext>\(HTMLText.escaped(words()).replacing(" ", with: "\u{A0}"))</mtext>")
        }
        switch name {
        case "frac", "dfrac", "tfrac":
            return Atom("<mfrac>\(Mathematics.one(argument()))\(Mathematics.one(argument()))</mfrac>")
        case "binom":
            let (above, below) = (argument(), argument())
            return Atom(
                "<mrow><mo>(</mo><mfrac linethickness=\"0\">\(Mathematics.one(above))\(Mathematics.one(below))</mfrac><mo>)</mo></mrow>"
            )
        case "sqrt":
            if case .character("[") = next {
                place += 1
                let index = row { $0 == .character("]") }
                skip(.character("]"))
                return Atom("<mroot>\(Mathematics.one(argument()))\(Mathematics.one(index))</mroot>")
            }
            return Atom("<msqrt>\(argument())</msqrt>")
        case "operatorname": return Atom("<mi>\(HTMLText.escaped(words()))</mi><mspace width=\"0.17em\"/>")
        case "mathcal", "mathscr":
            return Atom("<mi>\(Mathematics.lettered(words(), capital: 0x1D49C, small: 0x1D4B6))</mi>")
        case "mathbb": return Atom("<mi>\(Mathematics.lettered(words(), capital: 0x1D538, small: 0x1D552))</mi>")
        case "mathbf", "boldsymbol", "bm":
            if next == .open { return Atom("<mstyle style=\"font-weight:bold\">\(argument())</mstyle>") }
            return Atom("<mstyle style=\"font-weight:bold\">\(atom().text)</mstyle>")
        case "overline", "bar": return Atom("<mover>\(Mathematics.one(argument()))<mo>‾</mo></mover>")
        case "underline": return Atom("<munder>\(Mathematics.one(argument()))<mo>_</mo></munder>")
        case "underbrace": return Atom("<munder>\(Mathematics.one(argument()))<mo>⏟</mo></munder>", isWide: true)
        case "overbrace": return Atom("<mover>\(Mathematics.one(argument()))<mo>⏞</mo></mover>", isWide: true)
        case "left", "right", "middle": return Atom(fence(stretchy: true, closes: name == "left"))
        case "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr":
            return Atom(fence(stretchy: false, closes: false))
        case "begin": return Atom(environment(words()))
        case "limits", "nolimits", "displaystyle", "textstyle", "nonumber", "label", "tag": return Atom("")
        case "{", "}", "%", "$", "#", "&", "_": return Atom("<mo>\(HTMLText.escaped(name))</mo>")
        default: return Atom("<mtext>\\\(HTMLText.escaped(name))</mtext>")
        }
    }

    /// A bracket; behind `\left` with everything up to its `\right`.
    private mutating func fence(stretchy: Bool, closes: Bool) -> String {
        func bracket(_ token: Token?) -> String {
            switch token {
            case .character("."): ""
            case .character(let character): String(character)
            case .command("|"): "‖"
            case .command(let name): Mathematics.signs[name] ?? name
            case .open: "{"
            case .close: "}"
            default: ""
            }
        }
        func mark(_ text: String) -> String {
            text.isEmpty ? "" : "<mo stretchy=\"\(stretchy)\">\(HTMLText.escaped(text))</mo>"
        }
        let first = mark(bracket(next))
        place += 1
        guard closes else { return first }
        depth += 1
        defer { depth -= 1 }
        guard depth < 60 else {
            place = tokens.count
            return first
        }
        let inner = row { _ in false }
        guard case .command("right") = next else { return "<mrow>\(first)\(inner)</mrow>" }
        place += 1
        let last = mark(bracket(next))
        place += 1
        return "<mrow>\(first)\(inner)\(last)</mrow>"
    }

    /// Lines and columns up to `\end{name}`.
    private mutating func environment(_ name: String) -> String {
        depth += 1
        defer { depth -= 1 }
        guard depth < 60 else {
            place = tokens.count
            return ""
        }
        var rows = [[""]]
        while let token = next {
            if case .command("end") = token {
                place += 1
                _ = words()
                break
            }
            switch token {
            case .row:
                rows.append([""])
                place += 1
            case .column:
                rows[rows.count - 1].append("")
                place += 1
            case .close: place += 1
            default:
                let before = place
                rows[rows.count - 1][rows[rows.count - 1].count - 1] += row { _ in false }
                if place == before { place += 1 }
            }
        }
        if rows.last == [""] { rows.removeLast() }
        let isAligned = name.hasPrefix("align") || name == "split"
        let cells = rows.map { row in
            let marked = row.enumerated().map { column, cell in
                let side = isAligned ? (column % 2 == 0 ? "right" : "left") : name == "cases" ? "left" : "center"
                return "<mtd style=\"text-align:\(side)\"><mrow>\(cell)</mrow></mtd>"
            }
            return "<mtr>\(marked.joined())</mtr>"
        }
        let table = "<mtable displaystyle=\"true\">\(cells.joined())</mtable>"
        let brackets = ["pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|"), "cases": ("{", "")]
        guard let (open, close) = brackets[name] else { return table }
        let end = close.isEmpty ? "" : "<mo>\(close)</mo>"
        return "<mrow><mo>\(open)</mo>\(table)\(end)</mrow>"
    }

    // MARK: - Names

    /// Letters of a mathematical alphabet; those that were there before it have their older places.
    private static func lettered(_ text: String, capital: UInt32, small: UInt32) -> String {
        let older: [String: String] =
            capital == 0x1D538
            ? ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"]
            : [
                "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ",
                "o": "ℴ",
            ]
        return text.map { character in
            if let letter = older[String(character)] { return letter }
            guard let ascii = character.asciiValue, character.isLetter else {
                return HTMLText.escaped(String(character))
            }
            let code = ascii < 97 ? capital + UInt32(ascii - 65) : small + UInt32(ascii - 97)
            return Unicode.Scalar(code).map { String(Character($0)) } ?? String(character)
        }.joined()
    }

    private static let texts: Set<String> = [
        "text", "mathrm", "textrm", "textbf", "textit", "mbox", "mathtt", "texttt", "mathsf",
    ]

    private static let letters: [String: String] = [
        "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ",
        "eta": "η",
        "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
        "pi": "π",
        "rho": "ρ", "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ",
        "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
        "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "infty": "∞", "partial": "∂",
        "nabla": "∇", "emptyset": "∅", "hbar": "ℏ", "Re": "ℜ", "Im": "ℑ", "top": "⊤", "bot": "⊥",
    ]
    private static let signs: [String: String] = [
        "cdot": "⋅", "times": "×", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
        "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "simeq": "≃", "equiv": "≡", "propto": "∝", "ll": "≪",
        "gg": "≫",
        "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "cup": "∪", "cap": "∩",
        "setminus": "∖", "forall": "∀", "exists": "∃", "neg": "¬", "land": "∧", "lor": "∨", "to": "→",
        "rightarrow": "→",
        "leftarrow": "←", "Rightarrow": "⇒", "Leftarrow": "⇐", "leftrightarrow": "↔", "Leftrightarrow": "⇔",
        "mapsto": "↦",
        "odot": "⊙", "otimes": "⊗", "oplus": "⊕", "circ": "∘", "ast": "∗", "star": "⋆", "bullet": "∙", "ldots": "…",
        "dots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "prime": "′", "mid": "∣", "parallel": "∥", "perp": "⟂",
        "|": "‖", "Vert": "‖", "lVert": "‖", "rVert": "‖", "vert": "|", "lvert": "|", "rvert": "|", "langle": "⟨",
        "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lbrace": "{", "rbrace": "}",
        "colon": ":", "coloneqq": "≔", "triangleq": "≜", "uparrow": "↑", "downarrow": "↓",
    ]
    private static let wideSigns: [String: String] = [
        "sum": "∑", "prod": "∏", "bigcup": "⋃", "bigcap": "⋂", "bigoplus": "⨁", "int": "∫", "iint": "∬", "oint": "∮",
    ]
    private static let functions: Set<String> = [
        "log", "ln", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "det", "dim", "ker", "deg", "arg", "Pr", "gcd",
    ]
    private static let limits: Set<String> = ["max", "min", "argmax", "argmin", "sup", "inf", "lim"]
    private static let accents: [String: String] = [
        "hat": "^", "widehat": "^", "tilde": "~", "widetilde": "~", "vec": "→", "dot": "˙", "ddot": "¨", "check": "ˇ",
    ]
    private static let spaces: [String: String] = [
        ",": "0.17em", ":": "0.22em", ";": "0.28em", "!": "-0.17em", " ": "0.3em", "quad": "1em", "qquad": "2em",
    ]
}

import Testing

import Language

@Suite("How an error is shown")
struct DiagnosticTests {
    private func shown(
        _ text: String, _ marked: String, label: String? = nil, hint: String? = nil, color: Bool = false
    ) -> [Substring] {
        let source = Source(name: "f.kds", text: text)
        let bytes = Array(text.utf8)
        let wanted = Array(marked.utf8)
        let start = (0...(bytes.count - wanted.count)).first { Array(bytes[$0..<($0 + wanted.count)]) == wanted } ?? 0
        let diagnostic = Diagnostic(
            kind: "shape", message: "it failed", source: source, span: Span(start, start + wanted.count), label: label,
            hint: hint)
        return diagnostic.rendered(color: color).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The column, on a terminal, at which the mark begins and its width.
    private func mark(_ lines: [Substring]) -> (column: Int, width: Int) {
        let line = lines[4]
        let before = line.prefix { $0 != "^" }
        return (before.count, line.count { $0 == "^" })
    }

    @Test("the form is the one that the language's page shows")
    func form() {
        let text = String(repeating: "\n", count: 13) + "y = x @ w\n"
        let source = Source(name: "tutorials/02_student.kds", text: text)
        let diagnostic = Diagnostic(
            kind: "shape", message: "matmul: inner sizes differ: [32, 128] @ [64, 2]", source: source,
            span: Span(17, 22),
            label: "the left has 128 columns, the right 64 rows", hint: "x @ w.T",
            trace: [Diagnostic.Frame(function: "fit", source: source, span: Span(13, 14))])
        #expect(
            diagnostic.rendered() == """
                error: matmul: inner sizes differ: [32, 128] @ [64, 2]
                  --> tutorials/02_student.kds:14:5
                   |
                14 | y = x @ w
                   |     ^^^^^ the left has 128 columns, the right 64 rows
                hint: x @ w.T
                  in fit, called at tutorials/02_student.kds:14:1
                """)
        #expect(diagnostic.line == 14)
        #expect(diagnostic.file == "tutorials/02_student.kds")
    }

    @Test("the mark stands under its span behind tabs, wide and combining characters")
    func columns() {
        for (text, marked, column) in [
            ("abc = x", "x", 6), ("\tx", "x", 4), ("\t\ta\tx", "x", 13), ("\"漢字\" x", "x", 7), ("\"🙂\" x", "x", 5),
            ("\"👩‍👩‍👧\" x", "x", 5), ("\"e\u{301}\" x", "x", 4), ("\"ｆｕｌｌ\" x", "x", 11), ("\"❤️\" x", "x", 5),
            ("\"한글\" x", "x", 7),
            ("\"Ωж\" x", "x", 5),
        ] {
            let lines = shown(text, marked)
            #expect(mark(lines).column == 5 + column, "\(text)")
            #expect(mark(lines).width == 1)
            let before = lines[3].prefix { $0 != "x" }
            #expect(DisplayWidth.of(before) == 5 + column, "\(text)")
        }
        #expect(mark(shown("x = \"漢字\"", "\"漢字\"")).width == 6)
    }

    @Test("columns count code points from 1, without a byte-order mark")
    func positions() {
        let source = Source(name: "p", text: "\u{FEFF}é漢x\r\n🙂y\n")
        #expect(source.position(of: 3) == Position(line: 1, column: 1))
        #expect(source.position(of: 8) == Position(line: 1, column: 3))
        #expect(source.position(of: 15) == Position(line: 2, column: 2))
        #expect(source.position(of: 17) == Position(line: 3, column: 1))
        #expect(source.text(ofLine: 1) == "é漢x")
        #expect(source.lineCount == 3)
    }

    @Test("a long line is cut to a window around the span", arguments: [0, 3, 60, 500, 5_000, 99_990])
    func windows(place: Int) {
        let text = String(repeating: "-", count: place) + "MARK" + String(repeating: "+", count: 100_000 - place)
        let lines = shown(text, "MARK", label: "here")
        #expect(lines[3].count <= 5 + 102)
        let found = mark(lines)
        #expect(found.width == 4)
        #expect(lines[3].dropFirst(found.column).prefix(4) == "MARK")
        #expect(lines[4].hasSuffix("^^^^ here"))
    }

    @Test("a span longer than the window, over several lines, at the end or beyond it is marked as far as it goes")
    func oddSpans() {
        let long = shown(String(repeating: "m", count: 5_000), String(repeating: "m", count: 5_000))
        #expect(long[3].count <= 5 + 102)
        #expect(mark(long).width <= 101)
        let several = shown("a = f(\n  b)\n", "f(\n  b)")
        #expect(mark(several).width == 2)
        let source = Source(name: "s", text: "ab")
        for span in [Span(2, 2), Span(5, 9), Span(-3, 1), Span(2, 1)] {
            let lines = Diagnostic(kind: "x", message: "m", source: source, span: span).rendered().split(
                separator: "\n")
            #expect(lines.count == 5)
            #expect(lines[4].contains("^"))
        }
        let empty = Diagnostic(kind: "x", message: "m", source: Source(name: "s", text: ""), span: .zero).rendered()
        #expect(empty == "error: m\n  --> s:1:1\n   |\n 1 |\n   | ^")
    }

    @Test("an error without a place is its sentence and its hint")
    func noPlace() {
        #expect(
            Diagnostic(kind: "file", message: "no such file", hint: "try x").rendered()
                == "error: no such file\nhint: try x")
        #expect(Diagnostic(severity: .warning, kind: "x", message: "odd").rendered() == "warning: odd")
    }

    @Test("what a script says cannot write escape codes or fill the screen")
    func bounded() {
        let text = "\u{1B}[31m\u{07}" + String(repeating: "x", count: 1_000_000)
        let frames = (0..<10_000).map { Diagnostic.Frame(function: "f\($0)", source: nil, span: nil) }
        let shown = Diagnostic(
            kind: "fail", message: text, source: Source(name: "a\nb", text: text), span: Span(0, 3), label: text,
            hint: text,
            trace: frames
        ).rendered()
        #expect(shown.utf8.count < 10_000)
        #expect(!shown.contains("\u{1B}"))
        #expect(!shown.contains("\u{07}"))
        #expect(shown.split(separator: "\n").count < 40)
        #expect(shown.contains("  … 9981 more calls\n"))
    }

    @Test("the same call many times over is one line")
    func recursion() {
        let source = Source(name: "r.kds", text: "f(1)")
        let frames = Array(repeating: Diagnostic.Frame(function: "f", source: source, span: Span(0, 4)), count: 500)
        let shown = Diagnostic(kind: "x", message: "m", trace: frames).rendered()
        #expect(shown == "error: m\n  in f, called at r.kds:1:1 (500 times)")
    }

    @Test("colour adds escape codes and changes nothing else")
    func color() {
        let plain = shown("y = x", "x", label: "why", hint: "z").joined(separator: "\n")
        let colored = shown("y = x", "x", label: "why", hint: "z", color: true).joined(separator: "\n")
        #expect(!plain.contains("\u{1B}"))
        #expect(colored.contains("\u{1B}[1;31m"))
        var stripped = ""
        var inside = false
        for character in colored {
            if character == "\u{1B}" { inside = true }
            if !inside { stripped.append(character) }
            if character == "m", inside { inside = false }
        }
        #expect(stripped == plain)
    }

    @Test("the nearest name is found, and none where none is near")
    func nearestNames() {
        let names = ["softmax", "log_softmax", "cross_entropy", "linear", "relu", "mean", "max", "min", "x"]
        for (wrong, right) in [
            ("sofmax", "softmax"), ("softamx", "softmax"), ("Softmax", "softmax"), ("crossEntropy", "cross_entropy"),
            ("CrossEntropy", "cross_entropy"), ("liner", "linear"), ("mxa", "max"), ("Relu", "relu"),
        ] {
            #expect(nearest(wrong, in: names) == right, "\(wrong)")
        }
        for wrong in ["banana", "q", "", "teacher", String(repeating: "a", count: 1_000)] {
            #expect(nearest(wrong, in: names) == nil, "\(wrong)")
        }
    }
}

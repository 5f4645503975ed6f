import Language
import Networks
import Testing

import Notebooks

@Suite("Pages", .serialized)
struct PageTests {
    private func run(_ text: String) throws -> (notebook: Notebook, ending: Notebook.Ending) {
        var notebook = try Notebook(script: Source(name: "a.kds", text: text))
        let ending = notebook.run(file: "a.kds")
        return (notebook, ending)
    }

    @Test("what a cell shows is in the page, in order, and the same each time")
    func outputs() throws {
        let text = "# %%\nseed(1)\nprint(\"on\" + \"e\")\nline([1, 2])\ntable([\"a<\" + \"b\"], [[1]])\nrandn(2)\n"
        let (notebook, ending) = try run(text)
        #expect(ending == .done)
        let html = Page(notebook, file: "a.kds").html
        let places = ["one", "<svg", "a&lt;b", "f32 [2]"].map { html.range(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
        #expect(Page(try run(text).notebook, file: "a.kds").html == html)
    }

    @Test("an error stops the notebook where it is, unless the cell may fail")
    func errors() throws {
        let (notebook, ending) = try run("# %%\n\nfail(\"no\")\n\n# %%\nprint(\"never\")\n")
        #expect(ending == .failed)
        guard case .error(_, "no", let trace)? = notebook.cells[0].outputs.first else { throw FormatError("no error") }
        #expect(trace.joined().contains("a.kds:3:1"))
        #expect(notebook.cells[1].executionCount == nil)
        let html = Page(notebook, file: "a.kds").html
        #expect(html.contains("This cell failed") && html.contains("class=\"cell waits\""))
        #expect(try run("# %% tags=[\"raises-exception\"]\nfail(\"no\")\n\n# %%\n1\n").ending == .done)
        #expect(try run("# %%\nexit(3)\n").ending == .exited(3))
        #expect(try run("# %%\n#| eval: false\nfail(\"no\")\n").ending == .done)
    }

    @Test("options and tags keep code, outputs or cells off the page")
    func hidden() throws {
        let (notebook, _) = try run(
            """
            # %%
            #| echo: false
            "shown" + "1"

            # %% tags=["remove-output"]
            x2 = "hidden" + "2"
            x2

            # %% tags=["remove-cell"]
            "gone" + "3"
            """)
        let html = Page(notebook, file: "a.kds").html
        #expect(html.contains("shown1") && !html.contains("echo"))
        #expect(html.contains("x2") && !html.contains("hidden2"))
        #expect(!html.contains("gone"))
    }

    @Test("progress leaves the last line of each stage, and clear_output and identities are obeyed")
    func progress() throws {
        let (notebook, _) = try run(
            "# %%\nprogress(\"a\")\nshow(1, id=\"x\")\nshow(2, id=\"x\")\n\n# %%\nprint(\"old\")\nclear_output()\nprint(\"new\")\n"
        )
        #expect(notebook.cells[0].outputs.count == 2)
        #expect(notebook.cells[1].outputs == [.stream(name: "stdout", text: "new\n")])
    }

    @Test("prose has anchors once each, tables, and mathematics that Markdown leaves alone")
    func prose() {
        var anchors: Set<String> = []
        let prose = Prose(
            "# One `two`\n\n# One two\n\n$a_1 * b_2 * c$ costs $5 or $6\n\n`$code$`\n\n```\n$fence$\n```\n\n| a |\n|---|\n| $x_i$ |\n\n$$\\frac{1}{2}$$",
            anchors: &anchors)
        #expect(prose.headings.map(\.anchor) == ["one-two", "one-two-2"])
        #expect(prose.html.components(of: "<math").count == 3, "\(prose.html)")
        #expect(prose.html.contains("costs $5 or $6"))
        #expect(prose.html.contains("<code>$code$</code>") && prose.html.contains("$fence$"))
        #expect(!prose.html.contains("<em>"))
        #expect(prose.html.contains("<mfrac>"))
    }

    @Test(
        "formulas become MathML that is well-formed, whatever is in them",
        arguments: [
            "\\frac{a}{b}", "x^{2}_i", "\\sum_{i=1}^N p_i \\log \\frac{p_i}{q_i}", "\\left( \\frac{a}{b} \\right)",
            "\\sqrt[3]{x}",
            "\\begin{cases} 1 & x > 0 \\\\ 0 & \\text{else} \\end{cases}", "{{{", "}}}", "\\frac", "^_^_", "\\left(",
            "\\begin{align}",
            "\\unknown{x}", "a < b & c", "\\\\", "\\", "\\text{a <b>", String(repeating: "{", count: 500),
            String(repeating: "\\frac{", count: 500), String(repeating: "\\left(", count: 500),
            String(repeating: "\\begin{cases}", count: 500), "x''", "\\mathbb{R}^{B \\times C}",
            "\\hat{y} = \\operatorname{softmax}(z/T)",
        ])
    func formulas(source: String) {
        for isBlock in [false, true] {
            let html = Mathematics(source, isBlock: isBlock).html
            var open: [Substring] = []
            for match in html.matches(of: /<(\/?)([a-z]+)[^<>]*?(\/?)>/) {
                if !match.3.isEmpty { continue }
                if match.1.isEmpty { open.append(match.2) } else { #expect(open.popLast() == match.2, "\(html)") }
            }
            #expect(open.isEmpty, "\(html)")
            #expect(!html.replacing(/<[^<>]*>/, with: "").contains(/[<>]/))
        }
    }

    @Test("colours change nothing in the text of code")
    func highlighting() {
        for code in [
            "fn f(x) { x + 1 }  # \"c\"", "s = \"a {b} <c>\" & d", "\"\"\"open", "é = 'x'", "", "@@@ $$ \u{1}",
        ] {
            let plain = CodeHTML.marked(code).replacing(/<[^>]*>/, with: "")
            #expect(plain == HTMLText.escaped(code))
        }
    }
}

extension String {
    fileprivate func components(of piece: String) -> [Range<String.Index>] { ranges(of: piece) }
}

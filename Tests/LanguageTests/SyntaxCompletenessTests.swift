import Testing

import Language

@Suite("Cells and unfinished input")
struct SyntaxCompletenessTests {
    @Test(
        "the prompt knows what wants more lines",
        arguments: [
            ("", .complete), ("x = 1", .complete), ("fn f(x) { x }", .complete), ("if a { 1 }\n", .complete),
            ("fn f(x) {", .incomplete(indent: 2)),
            ("fn f(x) {\n  if x {\n    1", .incomplete(indent: 4)),
            ("fn f(x) {\n  g(1,", .incomplete(indent: 4)),
            ("fn f(x)", .incomplete(indent: 0)), ("if x > 0", .incomplete(indent: 0)),
            ("f(1,", .incomplete(indent: 2)), ("x = [1,\n 2", .incomplete(indent: 2)),
            ("m = {\"a\": 1,", .incomplete(indent: 2)), ("m = {\"a\":", .incomplete(indent: 2)),
            ("x = 1 +", .incomplete(indent: 0)), ("x =", .incomplete(indent: 0)), ("x = a and", .incomplete(indent: 0)),
            ("x |>", .incomplete(indent: 0)), ("f = x ->", .incomplete(indent: 0)),
            ("map(x -> {", .incomplete(indent: 4)),
            ("t = \"\"\"\nabc", .incomplete(indent: 0)), ("try { f() }", .incomplete(indent: 0)),
            ("if x:", .invalid), ("x = 1)", .invalid), ("x = \"abc", .invalid), ("f(a b", .invalid),
            ("fn f(x) {\n  y = 3x", .invalid), ("def f(x):", .invalid), ("f(1, 2]", .invalid),
        ] as [(String, Parser.Completeness)])
    func completeness(text: String, expected: Parser.Completeness) {
        #expect(Parser.completeness(of: text) == expected)
    }

    @Test("the percent format's cells keep kind, title, metadata, options and place")
    func percentFormat() {
        let source = Source(
            name: "notebook.kds",
            text: """
                #!/usr/bin/env kd
                x = 0
                # %% [markdown]
                # # A title
                #
                # Prose.

                # %% Train it tags="slow gpu" hide=true
                #| echo: false
                #| fig-width: 6
                y = 1
                # not a cell: # %%
                # %%
                z = y

                """)
        let found = cells(of: source)
        #expect(found.map(\.kind) == [.code, .markdown, .code, .code])
        #expect(found.map(\.title) == ["", "", "Train it", ""])
        #expect(found[1].prose(in: source) == "# A title\n\nProse.")
        #expect(found[2].metadata.map(\.key) == ["tags", "hide"])
        #expect(found[2].metadata.map(\.value) == ["slow gpu", "true"])
        #expect(found[2].options.map(\.key) == ["echo", "fig-width"])
        #expect(found[2].options.map(\.value) == ["false", "6"])
        #expect(source.text(of: found[3].body) == "z = y\n")
        #expect(found.map { source.line(at: $0.span.start) } == [1, 3, 8, 13])
        #expect(found.map(\.number) == [1, 2, 3, 4])
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.span.end == $1.span.start })
    }

    @Test("a text without markers is one cell, and blanks before the first marker are none")
    func edges() {
        #expect(cells(of: Source(name: "a", text: "x = 1\n")).count == 1)
        #expect(cells(of: Source(name: "a", text: "\n\n# %%\nx = 1\n")).count == 1)
        #expect(cells(of: Source(name: "a", text: "")).isEmpty)
        #expect(cells(of: Source(name: "a", text: "# %%\r\nx\r\n# %%")).count == 2)
    }
}

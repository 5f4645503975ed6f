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
}

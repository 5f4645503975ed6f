import Testing

import Language

/// Numbers that repeat: an xorshift generator.
private struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Suite("No text crashes the parser")
struct SyntaxRobustnessTests {
    static let scripts = [
        """
        ## Softened probabilities.
        fn soften(z, T=4.0, *rest) {  # scores
          outer count
          count += 1
          if T == 0 { fail("T is {T:.2f}, not \\"0\\"") } else if T < 0 { return nil } else { softmax(z / T, dim=-1) }
        }
        model Residual(body, n=2) {
          scale = parameter(ones(1))
          fn forward(x) { x + scale * body(x) }
        }
        """,
        """
        # %% A cell
        a, (b, *c) = x[0, ..., 1:-1:2], {"k": [1, *v], 'raw': -2 ** 3.5e-1}
        for i, (x, y) in zip(xs, ys) |> enumerate { while not i in m and a < b <= 0xff { break } }
        z = xs
          |> map(x -> { y = x @ w; y }, _)
          .sum(dim=0)
        t = \"\"\"
          text {if a { "b{c}" } else { 'd' }}
          \"\"\"
        try { import "./a.kds" as m; m.f(α, "漢字🙂") } catch e { print(e.message); }
        with no_grad { assert all(x == y), "why" }
        test "it" { assert (x -> x)(1) == 1 }
        """,
    ]

    /// Parses, renders what is wrong, and checks that every place is inside the text.
    private func survives(_ source: Source) {
        let (program, diagnostics, _) = Parser.attempt(source)
        #expect(diagnostics.count <= Parser.maximumErrors)
        for diagnostic in diagnostics {
            #expect(!diagnostic.message.isEmpty)
            let shown = diagnostic.rendered()
            #expect(shown.utf8.count < 8_000)
            if let span = diagnostic.span {
                #expect(span.start >= 0 && span.start <= span.end && span.end <= source.bytes.count, "\(shown)")
            }
        }
        if diagnostics.isEmpty { #expect(program.description.isEmpty == program.body.statements.isEmpty) }
    }

    @Test("the scripts that are cut and changed below are right as they stand", arguments: scripts)
    func whole(script: String) throws {
        _ = try Parser.parse(Source(name: "whole", text: script))
    }

    @Test("every prefix of a script parses or is an error with a place", arguments: scripts)
    func prefixes(script: String) throws {
        let bytes = Array(script.utf8)
        for count in 0...bytes.count {
            guard let source = try? Source(name: "prefix", bytes: Array(bytes[..<count])) else { continue }
            survives(source)
        }
    }

    @Test("2,000 changed scripts parse or are an error with a place")
    func mutations() {
        var random = Repeatable(state: 0x9E37_79B9_7F4A_7C15)
        let pieces =
            Symbol.allCases.map(\.rawValue) + Keyword.allCases.map(\.rawValue)
            + [
                "\n", "\"", "'", "\"\"\"", "{", "}", "(", ")", "#", "\\", "_", "$", "é", "🙂", "“", "1e", "0x",
                "9999999999999999999", "\t", " ",
            ]
        for _ in 0..<2_000 {
            var characters = Array(Self.scripts[Int.random(in: 0..<Self.scripts.count, using: &random)])
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<characters.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: characters.remove(at: place)
                case 1: characters.insert(contentsOf: pieces.randomElement(using: &random) ?? "", at: place)
                case 2:
                    let end = min(characters.count, place + Int.random(in: 1...30, using: &random))
                    characters.removeSubrange(place..<end)
                default:
                    let end = min(characters.count, place + Int.random(in: 1...30, using: &random))
                    characters.insert(
                        contentsOf: characters[place..<end], at: Int.random(in: 0...place, using: &random))
                }
                if characters.isEmpty { characters = ["x"] }
            }
            survives(Source(name: "changed", text: String(characters)))
        }
    }

    @Test("bytes that are no text are refused with the offset and the line")
    func notUTF8() throws {
        let bad: [([UInt8], String)] = [
            ([0x78, 0x0A, 0xFF], "byte 2 on line 2 is 0xFF"),
            ([0xC0, 0x80], "byte 0 on line 1 is 0xC0"),
            ([0xE2, 0x82], "byte 0 on line 1 is 0xE2"),
            ([0xED, 0xA0, 0x80], "byte 0 on line 1 is 0xED"),
            ([0xF4, 0x90, 0x80, 0x80], "byte 0 on line 1 is 0xF4"),
        ]
        for (bytes, expected) in bad {
            do {
                _ = try Source(name: "bad.kds", bytes: bytes)
                Issue.record("accepted \(bytes)")
            } catch {
                #expect(error.message == "bad.kds is not UTF-8 text: \(expected)")
            }
        }
        #expect(try Source(name: "good", bytes: Array("aé漢🙂".utf8)).text == "aé漢🙂")
    }

    @Test(
        "characters that cannot be seen are errors, in strings too",
        arguments: ["a\0b", "a\u{1B}[31m", "a\u{202E}b", "a\rb", "\u{85}"])
    func invisible(text: String) {
        let (_, diagnostics, _) = Parser.attempt(Source(name: "t", text: "x = \"\(text)\""))
        #expect(diagnostics.count == 1)
        #expect(diagnostics[0].message.hasPrefix("the text holds a character that cannot be seen: U+"))
        #expect(!diagnostics[0].rendered().unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test(
        "100,000 brackets, blocks or prefixes are one error",
        arguments: [
            "(", "[", "{", "f(", "x[", "{\"a\": ", "- ", "not ", "x -> ", "if x { ", "fn f() { ", "if x {\n", "2 ** ",
            "\"{",
            "x |> f(", "try { ", "model M { ", "(x, y=", "{ ",
        ])
    func deepNesting(piece: String) {
        let text = String(repeating: piece, count: 100_000)
        let (_, diagnostics, _) = Parser.attempt(Source(name: "deep", text: text))
        #expect(diagnostics.count == 1)
        for diagnostic in diagnostics { #expect(diagnostic.rendered().utf8.count < 3_000) }
    }

    @Test(
        "a chain of 100,000 is one error, one of 5,000 is a tree",
        arguments: [" + a", ".f", "[0]", "(1)", " |> f", " and a", " @ a", " - 1"])
    func longChains(piece: String) throws {
        let (_, diagnostics, _) = Parser.attempt(
            Source(name: "long", text: "a" + String(repeating: piece, count: 100_000)))
        #expect(diagnostics.count == 1)
        #expect(diagnostics.first?.message == "this expression has more than 10000 parts in a chain")
        let program = try Parser.parse(Source(name: "long", text: "a" + String(repeating: piece, count: 5_000)))
        #expect(program.body.statements.count == 1)
    }

    @Test("chains inside of brackets add up")
    func chainsInBrackets() {
        let chain = String(repeating: " + a", count: 3_000)
        let text = String(repeating: "(", count: 6) + "a" + String(repeating: chain + ")", count: 6)
        let (_, diagnostics, _) = Parser.attempt(Source(name: "long", text: text))
        #expect(diagnostics.count == 1)
    }

    @Test("a long flat script is no problem")
    func longFlat() throws {
        let lines = (0..<20_000).map { "x\($0) = [\($0), \($0)] |> f(_, k=\($0))" }
        let program = try Parser.parse(Source(name: "flat", text: lines.joined(separator: "\n")))
        #expect(program.body.statements.count == 20_000)
        let list = "x = [" + (0..<100_000).map(String.init).joined(separator: ", ") + "]"
        _ = try Parser.parse(Source(name: "list", text: list))
        let branches = "if a { 0 }" + String(repeating: " else if b { 1 }", count: 20_000)
        _ = try Parser.parse(Source(name: "branches", text: branches))
    }
}

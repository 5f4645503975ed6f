import Language
import Networks
import Testing

import Notebooks

@Suite("Scripts in the percent format")
struct PercentFormatTests {
    static func read(_ text: String) throws -> Notebook { try Notebook(script: Source(name: "a.kds", text: text)) }

    @Test("kind, title, metadata, options, text and place of cells")
    func cells() throws {
        let notebook = try Self.read(
            """
            #!/usr/bin/env kd
            # ---
            # title: A title
            # ---

            x = 0
            # %% [markdown]
            # # A heading
            #
            # Prose.

            # %% Train it tags=["slow", "gpu"] hide=true
            #| echo: false
            #| fig-cap: "A figure"
            y = 1
            # not a cell: # %%

            # %%
            z = y

            """)
        #expect(notebook.executable == "/usr/bin/env kd")
        #expect(notebook.about["title"] == .string("A title"))
        #expect(notebook.cells.map(\.kind) == [.code, .markdown, .code, .code])
        #expect(notebook.cells.map(\.title) == ["", "", "Train it", ""])
        #expect(notebook.cells[1].source == "# A heading\n\nProse.")
        #expect(notebook.cells[2].tags == ["slow", "gpu"])
        #expect(notebook.cells[2].metadata["hide"] == .bool(true))
        #expect(notebook.cells[2].options == ["echo": "false", "fig-cap": "A figure"])
        #expect(notebook.cells[3].source == "z = y")
        #expect(notebook.cells.map(\.line) == [5, 8, 13, 19])
    }

    @Test("what stands before the first marker is a cell when it is more than blanks")
    func edges() throws {
        #expect(try Self.read("x = 1\n").cells.count == 1)
        #expect(try Self.read("\n\n# %%\nx = 1\n").cells.count == 1)
        #expect(try Self.read("").cells.isEmpty)
        #expect(try Self.read("# %%\r\nx\r\n# %%").cells.count == 2)
    }

    @Test("a marker in a string, and a line that looks like one, divide nothing and come back as they were")
    func escapes() throws {
        var notebook = Notebook()
        for source in ["s = \"\"\"\n# %%\n\"\"\"\n", "# %% a", "# # %%", "#%%", "x = \"# %%\"", "'\"\"\"'\n# %%"] {
            notebook.cells.append(Notebook.Cell(.code, source))
        }
        for source in ["%% a", "# %% a", "#%%", "##%% b", "text"] {
            notebook.cells.append(Notebook.Cell(.markdown, source))
        }
        let back = try Self.read(notebook.script)
        #expect(back.cells.map(\.source) == notebook.cells.map(\.source))
        #expect(back.cells.map(\.kind) == notebook.cells.map(\.kind))
    }

    @Test("a header that is no YAML is an error with its place; a bomb of aliases is refused")
    func headers() {
        #expect(throws: Diagnostic.self) { try Self.read("# ---\n# title: [\n# ---\n") }
        let bomb = (1...9).map { level in
            let items = [String](repeating: level == 1 ? "x" : "*a\(level - 1)", count: 9).joined(separator: ", ")
            return "# a\(level): &a\(level) [\(items)]"
        }
        #expect(throws: Diagnostic.self) { try Self.read("# ---\n\(bomb.joined(separator: "\n"))\n# ---\n") }
        #expect(throws: Never.self) { try Self.read("# ---\n# no end\nx = 1\n") }
    }

    @Test("ids depend on the cell alone and stay when others come and go")
    func identities() throws {
        var before = try Self.read("# %%\na\n\n# %%\nb\n\n# %%\na\n")
        before.completeIdentities()
        var after = try Self.read("# %%\nnew\n\n# %%\na\n\n# %%\nb\n\n# %%\na\n")
        after.completeIdentities()
        #expect(after.cells.dropFirst().map(\.id) == before.cells.map(\.id))
        #expect(Set(after.cells.compactMap(\.id)).count == 4)
        #expect(after.cells.allSatisfy { ($0.id ?? "").wholeMatch(of: /[a-zA-Z0-9_-]{1,64}/) != nil })
    }

    @Test("any text is read, and what was read once is read the same again")
    func anything() throws {
        var numbers = Numbers(state: 1)
        let pieces = [
            "# %%", "#%%", "%%", " [markdown]", "\n", "\n\n", "\"\"\"", "'", "# ", "x = 1", "é", "{", "=",
            "tags=[\"a\"]", "#|", "---", "\t", "\\",
        ]
        for _ in 0..<40_000 {
            let text = (0..<Int.random(in: 0...14, using: &numbers)).map { _ in pieces.randomElement(using: &numbers)! }
                .joined()
            guard let once = try? Self.read(text) else { continue }
            let twice = try Self.read(once.script)
            #expect(twice.cells.map(\.source) == once.cells.map(\.source), "\(text.debugDescription)")
            #expect(twice.cells.map(\.kind) == once.cells.map(\.kind), "\(text.debugDescription)")
            #expect(twice.cells.map(\.title) == once.cells.map(\.title), "\(text.debugDescription)")
            #expect(twice.cells.map(\.metadata) == once.cells.map(\.metadata), "\(text.debugDescription)")
            #expect(twice.script == once.script, "\(text.debugDescription)")
        }
    }
}

/// The same numbers each time: an xorshift generator.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

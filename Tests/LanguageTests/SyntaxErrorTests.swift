import Foundation
import Testing

import Language

/// Rendered errors as text files: for each case its claim, the script, and what a person is shown.
///
///     === a claim
///     the script
///     ---
///     the errors
///
/// `KD_RECORD=1` writes what is shown now into the files; read the difference before committing it.
@Suite("Errors in scripts")
struct SyntaxErrorTests {
    struct Case {
        var title: String
        var script: String
        var expected: String
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots")

    static func cases(in text: String) -> [Case] {
        ("\n" + text).components(separatedBy: "\n=== ").dropFirst().map { part in
            let title = part.prefix { $0 != "\n" }
            let rest = part.dropFirst(title.count + 1)
            let halves = String(rest).components(separatedBy: "\n---\n")
            let expected = halves.dropFirst().joined(separator: "\n---\n")
            return Case(
                title: String(title), script: halves[0],
                expected: expected.trimmingCharacters(in: CharacterSet(charactersIn: "\n")))
        }
    }

    static func shown(_ script: String) -> String {
        do {
            return "no error: " + (try Parser.parse(Source(name: "script.kds", text: script)).description)
        } catch {
            return error.diagnostics.map { $0.rendered() }.joined(separator: "\n\n")
        }
    }

    @Test(
        "each mistake is answered as the snapshot says",
        arguments: ["python", "other-languages", "brackets-and-blocks", "expressions", "characters-and-literals"])
    func snapshots(file: String) throws {
        let url = Self.folder.appendingPathComponent(file + ".txt")
        let cases = Self.cases(in: try String(contentsOf: url, encoding: .utf8))
        #expect(cases.count >= 10)
        if ProcessInfo.processInfo.environment["KD_RECORD"] == "1" {
            let text = cases.map { "=== \($0.title)\n\($0.script)\n---\n\(Self.shown($0.script))\n" }
            try text.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
            return
        }
        for item in cases {
            let shown = Self.shown(item.script)
            #expect(shown == item.expected, "\(item.title): shown now:\n\(shown)")
            #expect(shown.hasPrefix("error: "), "\(item.title)")
        }
    }

    @Test("no more than five errors are reported, in the order of the text")
    func bounded() {
        let source = Source(name: "many.kds", text: (1...20).map { "f(a\($0) b)" }.joined(separator: "\n"))
        do {
            _ = try Parser.parse(source)
            Issue.record("no error")
        } catch {
            #expect(error.diagnostics.map(\.line) == [1, 2, 3, 4, 5])
        }
    }
}

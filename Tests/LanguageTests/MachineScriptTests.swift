import Foundation
import Testing

import Language

/// Scripts that say themselves what they print: `# expect: …` for each line of output, `# error: …` for the error that ends them.
@Suite("Scripts")
struct MachineScriptTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scripts")

    static let scripts: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".kds") }
        .sorted()

    @Test("there are scripts")
    func present() { #expect(Self.scripts.count >= 15) }

    @Test("a script prints what it says", arguments: scripts)
    func script(name: String) throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
        let result = run(text)
        let expected = text.components(separatedBy: "\n").compactMap { line in
            line.range(of: "# expect: ").map { String(line[$0.upperBound...]) }
        }
        #expect(result.output.components(separatedBy: "\n").dropLast() == expected[...], "\(result.rendered)")
        let error = text.components(separatedBy: "\n").enumerated().compactMap { index, line in
            line.range(of: "# error: ").map { (index + 1, String(line[$0.upperBound...])) }
        }.first
        if let (line, message) = error {
            #expect(result.error?.message == message)
            #expect(result.error?.line == line)
        } else {
            #expect(result.error == nil, "\(result.rendered)")
            #expect(!expected.isEmpty || text.contains("assert"))
        }
    }
}

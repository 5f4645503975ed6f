import Foundation
import Testing

import Language

/// Errors of running scripts as they are shown, in the same form of file as the errors of syntax.
@Suite("Errors while scripts run")
struct MachineErrorTests {
    @Test(
        "each mistake is answered as the snapshot says",
        arguments: ["run-names", "run-calls", "run-operators", "run-containers", "run-control", "run-models"])
    func snapshots(file: String) throws {
        let url = SyntaxErrorTests.folder.appendingPathComponent(file + ".txt")
        let cases = SyntaxErrorTests.cases(in: try String(contentsOf: url, encoding: .utf8))
        #expect(cases.count >= 5)
        if ProcessInfo.processInfo.environment["KD_RECORD"] == "1" {
            let text = cases.map { "=== \($0.title)\n\($0.script)\n---\n\(run($0.script).rendered)\n" }
            try text.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
            return
        }
        for item in cases {
            let shown = run(item.script).rendered
            #expect(shown == item.expected, "\(item.title): shown now:\n\(shown)")
            #expect(shown.hasPrefix("error: ") || shown.hasPrefix("error[KD"), "\(item.title)")
        }
    }
}

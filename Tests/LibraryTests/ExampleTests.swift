import Language
import Library
import Testing

/// The example in the help of every builtin is code that runs and answers what it says.
@Suite("Examples of the help")
struct ExampleTests {
    @Test("each builtin has an example, and it holds")
    func builtins() throws {
        let output = OutputBuffer()
        let session = Session(output: output)
        var checked = 0
        for name in session.machine.builtinNames {
            // A constant, such as pi, has none.
            guard let signature = session.machine.builtin(name)?.object?.signature else { continue }
            #expect(!signature.example.isEmpty, "\(name) has no example")
            do {
                try Example(name: name, code: signature.example).check(in: session, output)
                checked += 1
            } catch {
                let shown = Session.outcome(of: error).diagnostics.map { $0.rendered() }
                Issue.record("\(name): \(shown.joined(separator: "\n"))")
            }
        }
        #expect(checked > 200)
    }
}

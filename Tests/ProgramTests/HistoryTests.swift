import Glibc
import Testing

@Suite("History")
struct HistoryTests {
    @Test("a block is on the disk as soon as it runs, one line each, and survives kill -9")
    func survivesKill() {
        let scratch = Scratch()
        let state = ["XDG_STATE_HOME": scratch.path]
        let first = PseudoTerminal([], environment: state)
        first.waitForPrompt()
        first.enter("before = 31")
        first.type("fn g(x) {\rx + 1\r")
        first.enter("}")
        kill(first.process, SIGKILL)
        #expect(first.end() == 128 + SIGKILL)
        let lines = scratch.text("kd/history").split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(lines.first == "before = 31")
        #expect(lines.last?.contains("\\n") == true)

        let second = PseudoTerminal([], environment: state)
        second.waitForPrompt()
        second.type("\u{1B}[A\u{1B}[A")
        second.enter("")
        #expect(second.enter("before").contains("31"))
    }

    @Test("two sessions append to the same file")
    func twoSessions() {
        let scratch = Scratch()
        let state = ["XDG_STATE_HOME": scratch.path]
        let first = PseudoTerminal([], environment: state)
        let second = PseudoTerminal([], environment: state)
        first.waitForPrompt()
        second.waitForPrompt()
        first.enter("1 + 11")
        second.enter("2 + 22")
        first.enter("3 + 33")
        #expect(scratch.text("kd/history") == "1 + 11\n2 + 22\n3 + 33\n")
    }

    @Test("two sessions that write at once lose nothing and mix nothing")
    func atOnce() {
        let scratch = Scratch()
        let state = ["XDG_STATE_HOME": scratch.path]
        let terminals = [PseudoTerminal([], environment: state), PseudoTerminal([], environment: state)]
        for terminal in terminals { terminal.waitForPrompt() }
        let rounds = 40
        for round in 0..<rounds {
            for (number, terminal) in terminals.enumerated() { terminal.type("v\(number) = \(round)\r") }
        }
        for (number, terminal) in terminals.enumerated() {
            for _ in 0..<rounds { terminal.waitForPrompt() }
            #expect(terminal.enter("v\(number)") == "\(rounds - 1)\n")
        }
        let lines = scratch.text("kd/history").split(separator: "\n").map(String.init)
        for number in 0..<2 {
            #expect(lines.filter { $0.hasPrefix("v\(number) = ") } == (0..<rounds).map { "v\(number) = \($0)" })
        }
        #expect(lines.count == 2 * rounds + 2)
    }

    @Test("--no-history leaves the file alone, and a folder that cannot be written is no error")
    func without() {
        let scratch = Scratch()
        let none = PseudoTerminal(["--no-history"], environment: ["XDG_STATE_HOME": scratch.path])
        none.waitForPrompt()
        none.enter("1 + 1")
        #expect(scratch.text("kd/history") == "")
        let unwritable = PseudoTerminal([], environment: ["XDG_STATE_HOME": "/proc"])
        unwritable.waitForPrompt()
        #expect(unwritable.enter("6 * 7").contains("42"))
    }

    @Test("a repeated block is kept once, a backslash stays a backslash")
    func repeats() {
        let scratch = Scratch()
        let terminal = PseudoTerminal([], environment: ["XDG_STATE_HOME": scratch.path])
        terminal.waitForPrompt()
        terminal.enter("'a\\n'")
        terminal.enter("'a\\n'")
        #expect(scratch.text("kd/history") == "'a\\\\n'\n")
    }
}

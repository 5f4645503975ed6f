import Glibc
import Testing

@Suite("The prompt")
struct PromptTests {
    @Test("it greets in two lines, shows values, and leaves with Ctrl-D and 0")
    func session() {
        let terminal = PseudoTerminal(["--no-history"])
        let greeting = terminal.waitForPrompt() ?? ""
        #expect(greeting.split(separator: "\r\n").filter { !$0.hasPrefix("\u{1B}") }.count == 2)
        #expect(terminal.enter("x = 20").contains("20\r\n\u{1B}[?2004l"))
        #expect(terminal.enter("x + 1").contains("\n21\r\n") || terminal.seen.isEmpty)
        #expect(terminal.enter("_ * 2").contains("\n42\r\n") || terminal.seen.isEmpty)
        terminal.type("\u{4}")
        #expect(terminal.end() == 0)
    }

    @Test("--quiet leaves the greeting out")
    func quiet() {
        let terminal = PseudoTerminal(["--quiet", "--no-history"])
        #expect(terminal.waitForPrompt()?.contains("kd 0") == false)
    }

    @Test("earlier results stay as _ and _N, and a line that begins with |> goes on with the last one")
    func results() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        _ = terminal.enter("5")
        _ = terminal.enter("7;")
        #expect(result(terminal.enter("_1 + _")) == "10")
        _ = terminal.enter("fn double(x) { 2 * x }")
        _ = terminal.enter("21")
        #expect(result(terminal.enter("|> double")) == "42")
    }

    @Test("a block goes on until it is complete, and is recalled as one")
    func blocks() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("fn triple(x) {\r")
        terminal.type("3 * x\r")
        _ = terminal.enter("}")
        #expect(result(terminal.enter("triple(4)")) == "12")
        // Two up: the block with all its lines; it is defined anew.
        _ = terminal.enter("triple = nil")
        terminal.type("\u{1B}[A\u{1B}[A\u{1B}[A")
        _ = terminal.enter("")
        #expect(result(terminal.enter("triple(5)")) == "15")
    }

    @Test("pasted lines are one block, also when they were copied with their prompts")
    func paste() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("\u{1B}[200~a = 1\rb = a + 1\r\u{1B}[201~")
        _ = terminal.enter("")
        #expect(result(terminal.enter("b")) == "2")
        terminal.type("\u{1B}[200~kd> c = 10\r10\rkd> c + b\r\u{1B}[201~")
        #expect(result(terminal.enter("")) == "12")
    }

    @Test("Ctrl-C at the prompt clears what was typed")
    func clearLine() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("fail(\"never run\")\u{3}")
        terminal.waitForPrompt()
        #expect(result(terminal.enter("1 + 2")) == "3")
    }

    @Test("an error shows its place and the session goes on")
    func errors() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["NO_COLOR": "1"])
        terminal.wait(for: "kd> ")
        terminal.type("x = 1\r")
        terminal.wait(for: "kd> ")
        terminal.type("x + undefined_name\r")
        let shown = terminal.wait(for: "kd> ") ?? ""
        #expect(shown.contains("<prompt 2>:1:5"))
        terminal.type("x\r")
        #expect(terminal.wait(for: "kd> ")?.contains("\n1\r\n") == true)
    }

    @Test("?name shows help, ??name the source, and an unknown name the nearest")
    func help() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        _ = terminal.enter("fn shifted(x, by=1) { x + by }")
        #expect(terminal.enter("?shifted").contains("shifted(x, by=1)"))
        #expect(terminal.enter("??shifted").contains("{ x + by }"))
        #expect(terminal.enter("shifted?").contains("shifted(x, by=1)"))
        #expect(terminal.enter("?shiftd").contains("did you mean shifted?"))
    }

    @Test("the commands: %who, %time, %history, %run, %save, and the shell")
    func commands() {
        let scratch = Scratch()
        let script = scratch.file("s.kds", "from_script = 99\n")
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        _ = terminal.enter("weight = 3")
        _ = terminal.enter("%run \(script)")
        let who = terminal.enter("%who")
        #expect(who.contains("weight") && who.contains("from_script") && who.contains("99"))
        #expect(terminal.enter("%time weight + 1").contains("\n4\r\n"))
        #expect(terminal.enter("%history 3").contains("%who"))
        #expect(terminal.enter("!echo from the shell").contains("\nfrom the shell\r\n"))
        _ = terminal.enter("%save \(scratch.path)/saved.kds")
        #expect(scratch.text("saved.kds").contains("weight = 3\n"))
        #expect(terminal.enter("%whoo").contains("did you mean %who?"))
    }

    @Test("TAB completes names, keyword arguments and paths")
    func completion() {
        let scratch = Scratch()
        scratch.file("unusual_name.txt", "")
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        _ = terminal.enter("temperature_of_all = 4")
        #expect(result(terminal.enter("temperature_o\t + 1")) == "5")
        _ = terminal.enter("fn scaled(value, factor=2) { value * factor }")
        #expect(result(terminal.enter("scaled(3, fac\t5)")) == "15")
        #expect(result(terminal.enter("\"\(scratch.path)/unus\t\"")) == "\"\(scratch.path)/unusual_name.txt\"")
    }

    @Test("text outside ASCII can be typed in the C locale")
    func cLocale() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["LANG": "C", "LC_ALL": "C"])
        terminal.waitForPrompt()
        #expect(result(terminal.enter("\"é漢😀\"")) == "\"é漢😀\"")
    }

    @Test("a dumb terminal gets prompts without escape codes, and one for lines that go on")
    func dumb() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["TERM": "dumb"])
        #expect(terminal.wait(for: "kd> ")?.contains("\u{1B}") == false)
        terminal.type("f = x -> {\r")
        #expect(terminal.wait(for: "...> ") != nil)
        terminal.type("x + 1 }\r")
        terminal.wait(for: "kd> ")
        terminal.type("f(1)\r")
        #expect(terminal.wait(for: "kd> ")?.contains("\n2\r\n") == true)
    }

    @Test("-i stays at the prompt after the script, with its names")
    func interactive() {
        let scratch = Scratch()
        let terminal = PseudoTerminal(["--no-history", "-i", scratch.file("a.kds", "from_file = 8\n")])
        terminal.waitForPrompt()
        #expect(result(terminal.enter("from_file + 1")) == "9")
    }

    @Test("exit(n) leaves with n")
    func exitCode() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("exit(4)\r")
        #expect(terminal.end() == 4)
    }

    @Test("the startup file runs before the prompt, unless --no-startup")
    func startup() {
        let scratch = Scratch()
        scratch.file("kd/startup.kds", "favourite = 17\n")
        let with = PseudoTerminal(["--no-history"], environment: ["XDG_CONFIG_HOME": scratch.path])
        with.waitForPrompt()
        #expect(result(with.enter("favourite")) == "17")
        let without = PseudoTerminal(["--no-history", "--no-startup"], environment: ["XDG_CONFIG_HOME": scratch.path])
        without.waitForPrompt()
        #expect(without.enter("favourite").contains("not defined"))
    }

    /// The line that was shown between Enter and the next prompt.
    private func result(_ shown: String) -> String {
        let lines = shown.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("\u{1B}[?2004l") }) else { return shown }
        return String(lines[start].dropFirst("\u{1B}[?2004l".count))
    }
}

import Glibc
import Testing

@Suite("The prompt")
struct PromptTests {
    @Test("it greets in two lines, shows values, and leaves with Ctrl-D and 0")
    func session() {
        let terminal = PseudoTerminal(["--no-history"])
        let greeting = terminal.waitForPrompt() ?? ""
        #expect(greeting.split(separator: "\n").count == 2)
        #expect(terminal.enter("x = 20") == "")
        #expect(terminal.enter("x + 1") == "21\n")
        #expect(terminal.enter("_ * 2") == "42\n")
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
        terminal.enter("5")
        terminal.enter("7;")
        #expect(terminal.enter("_1 + _") == "10\n")
        terminal.enter("fn double(x) { 2 * x }")
        terminal.enter("21")
        #expect(terminal.enter("|> double") == "42\n")
    }

    @Test("a block goes on until it is complete, and is recalled as one")
    func blocks() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("fn triple(x) {\r")
        terminal.type("3 * x\r")
        terminal.enter("}")
        #expect(terminal.enter("triple(4)") == "12\n")
        // Two up: the block with all its lines; it is defined anew.
        terminal.enter("triple = nil")
        terminal.type("\u{1B}[A\u{1B}[A\u{1B}[A")
        terminal.enter("")
        #expect(terminal.enter("triple(5)") == "15\n")
    }

    @Test("pasted lines are one block, also when they were copied with their prompts")
    func paste() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("\u{1B}[200~a = 1\rb = a + 1\r\u{1B}[201~")
        terminal.enter("")
        #expect(terminal.enter("b") == "2\n")
        terminal.type("\u{1B}[200~kd> c = 10\r10\rkd> c + b\r\u{1B}[201~")
        #expect(terminal.enter("") == "12\n")
    }

    @Test("Ctrl-C at the prompt clears what was typed")
    func clearLine() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("fail(\"never run\")\u{3}")
        #expect(terminal.waitForPrompt() != nil)
        #expect(terminal.enter("1 + 2") == "3\n")
    }

    @Test("an error shows its place and the session goes on")
    func errors() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["NO_COLOR": "1"])
        terminal.waitForPrompt()
        terminal.enter("x = 1")
        #expect(terminal.enter("x + undefined_name").contains("<prompt 2>:1:5"))
        #expect(terminal.enter("x") == "1\n")
    }

    @Test("?name shows help, ??name the source, and an unknown name the nearest")
    func help() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("fn shifted(x, by=1) { x + by }")
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
        terminal.enter("weight = 3")
        terminal.enter("%run \(script)")
        let who = terminal.enter("%who")
        #expect(who.contains("weight") && who.contains("from_script") && who.contains("99"))
        #expect(terminal.enter("%time weight + 1").hasPrefix("4\n"))
        #expect(terminal.enter("%history 3").contains("%who"))
        #expect(terminal.enter("!echo from the shell") == "from the shell\n")
        terminal.enter("%save \(scratch.path)/saved.kds")
        #expect(scratch.text("saved.kds").contains("weight = 3\n"))
        #expect(terminal.enter("%whoo").contains("did you mean %who?"))
    }

    @Test("TAB completes names, keyword arguments and paths")
    func completion() {
        let scratch = Scratch()
        scratch.file("unusual_name.txt", "")
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("temperature_of_all = 4")
        #expect(terminal.enter("temperature_o\t + 1") == "5\n")
        terminal.enter("fn scaled(value, quotient=2) { value * quotient }")
        #expect(terminal.enter("scaled(3, quot\t5)") == "15\n")
        #expect(terminal.enter("\"\(scratch.path)/unus\t\"") == "\"\(scratch.path)/unusual_name.txt\"\n")
    }

    @Test("text outside ASCII can be typed in the C locale")
    func cLocale() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["LANG": "C", "LC_ALL": "C"])
        terminal.waitForPrompt()
        #expect(terminal.enter("\"é漢😀\"") == "\"é漢😀\"\n")
        terminal.enter("影评 = \"一部好电影\"")
        #expect(terminal.enter("影评.replace(\"好\", \"坏\")") == "\"一部坏电影\"\n")
        #expect(terminal.enter("影\t") == "\"一部好电影\"\n")
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
        #expect(terminal.wait(for: "kd> ") == "f(1)\r\n2\r\nkd> ")
    }

    @Test("-i stays at the prompt after the script, with its names")
    func interactive() {
        let scratch = Scratch()
        let terminal = PseudoTerminal(["--no-history", "-i", scratch.file("a.kds", "from_file = 8\n")])
        terminal.waitForPrompt()
        #expect(terminal.enter("from_file + 1") == "9\n")
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
        #expect(with.enter("favourite") == "17\n")
        let without = PseudoTerminal(["--no-history", "--no-startup"], environment: ["XDG_CONFIG_HOME": scratch.path])
        without.waitForPrompt()
        #expect(without.enter("favourite").contains("not defined"))
    }

    @Test("TAB after f( shows its signature and goes on with the line")
    func signature() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("softmax(\t")
        #expect(terminal.wait(for: "softmax(x, dim=-1)") != nil)
        #expect(terminal.wait(for: "Probabilities from logits along an axis.") != nil)
        #expect(terminal.enter("zeros(2))").contains("[0.5 0.5]"))
    }

    @Test("the arrow goes back through the blocks that begin as what was typed")
    func recall() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        for block in ["alpha = 1", "beta = 2", "alpha = 3", "beta = 4"] { terminal.enter(block) }
        terminal.type("alp\u{1B}[A\u{1B}[A")
        terminal.enter("")
        #expect(terminal.enter("alpha") == "1\n")
        // Up twice and down once is the newer one; down again is what was typed.
        terminal.type("beta =\u{1B}[A\u{1B}[A\u{1B}[B\u{1B}[B")
        terminal.enter(" 7")
        #expect(terminal.enter("beta") == "7\n")
    }

    @Test("Ctrl-R searches the history, Alt-Enter begins a line, Ctrl-A, Ctrl-E and Ctrl-K move and cut")
    func keys() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("needle = 12")
        terminal.enter("other = 5")
        terminal.type("\u{12}need")
        #expect(terminal.wait(for: "needle = 12") != nil)
        terminal.type("\u{1B}")
        terminal.type("\u{3}")
        terminal.waitForPrompt()
        terminal.type("1 +\u{1}2 * \u{5} 3\u{2}\u{2}\u{B}")
        #expect(terminal.enter(" 4") == "6\n")
        terminal.type("first = 1\u{1B}\rfirst + 1")
        #expect(terminal.enter("") == "2\n")
    }

    @Test("Ctrl-C right behind a key is never lost, though it empties what was typed")
    func interruptedKeys() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("needle = 12")
        for _ in 1...100 {
            terminal.type("\u{12}needl")
            #expect(terminal.wait(for: "needle = 12") != nil)
            terminal.type("\u{1B}")
            terminal.type("\u{3}")
            guard terminal.wait(for: "\u{1B}[?2004h", seconds: 5) != nil else {
                Issue.record("a Ctrl-C was lost")
                return
            }
            terminal.wait(for: "kd>")
        }
        #expect(terminal.enter("needle") == "12\n")
    }

    @Test("a pasted block of 300 lines is one block and runs whole")
    func longPaste() {
        let scratch = Scratch()
        let terminal = PseudoTerminal([], environment: ["XDG_STATE_HOME": scratch.path])
        terminal.waitForPrompt()
        let lines = (1...300).map { "total = total + \($0)  # 漢字 \($0)" }
        terminal.type("\u{1B}[200~total = 0\r" + lines.joined(separator: "\r") + "\r\u{1B}[201~")
        terminal.enter("")
        #expect(terminal.enter("total") == "45150\n")
        let entries = scratch.text("kd/history").split(separator: "\n")
        #expect(entries.count == 2)
        #expect(entries.first?.hasSuffix("total = total + 300  # 漢字 300") == true)
    }

    @Test("a window of 40 columns, and one that changes its size while a line is typed")
    func sizes() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.resize(columns: 40)
        terminal.waitForPrompt()
        let guide = terminal.enter("?").split(separator: "\n")
        #expect(guide.allSatisfy { $0.count <= 40 || $0.contains("⇥") }, "\(guide)")
        terminal.type("x = \"" + String(repeating: "a", count: 60))
        terminal.resize(columns: 100)
        terminal.enter("\"")
        #expect(terminal.enter("len(x)") == "60\n")
        let wide = terminal.enter("?sum").split(separator: "\n").map(\.count).max() ?? 0
        #expect(wide > 40)
    }

    @Test("a semicolon keeps a value quiet, and it is not the last result")
    func quietly() {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("1")
        #expect(terminal.enter("2;") == "")
        #expect(terminal.enter("_") == "1\n")
    }

    @Test("%page shows a text in the pager that PAGER names")
    func pager() {
        let terminal = PseudoTerminal(["--no-history"], environment: ["PAGER": "sed s/^/paged:/"])
        terminal.waitForPrompt()
        #expect(terminal.enter("%page 6 * 7") == "paged:42\n")
        let none = PseudoTerminal(["--no-history"], environment: ["PAGER": "no-such-pager-here"])
        none.waitForPrompt()
        #expect(none.enter("%page 6 * 7").hasSuffix("42\n"))
    }

    @Test("limits are errors and the session lives: nesting, recursion, strings, lists, tensors, memory")
    func limits() {
        let terminal = PseudoTerminal(["--no-history", "--max-memory", "200M"], environment: ["NO_COLOR": "1"])
        terminal.waitForPrompt()
        terminal.enter("kept = 5")
        for (code, word) in [
            (String(repeating: "(", count: 2000) + "1" + String(repeating: ")", count: 2000), "nest"),
            ("fn f(n) { f(n + 1) }; f(0)", "deep"),
            ("\"ab\" * 2000000000", "string"),
            ("[0] * 1000000000", "list"),
            ("zeros(1099511627776)", "memory"),
            ("zeros(60000000)", "memory"),
            ("2 ** 63", "overflow"),
        ] {
            let shown = terminal.enter(code)
            #expect(shown.contains("error:") && shown.contains(word), "\(code.prefix(30)): \(shown.suffix(600))")
        }
        #expect(terminal.enter("len(ones(40000000))") == "40000000\n")
        #expect(terminal.enter("kept") == "5\n")
    }
}

import Testing

@Suite("Streams")
struct StreamTests {
    @Test("a pipe has no prompt and no banner, and shows results")
    func pipe() {
        let run = kd(input: "x = 2\nx + 1\n\"a\"\n")
        #expect(run.output == "3\n\"a\"\n")
        #expect(run.messages == "")
        #expect(run.code == 0)
    }

    @Test("a pipe stops at the first error with 1")
    func pipeStops() {
        let run = kd(input: "1\nfail(\"stop\")\n2\n")
        #expect(run.output == "1\n")
        #expect(run.messages.contains("stop"))
        #expect(run.code == 1)
    }

    @Test("- is the standard input, with arguments")
    func dash() {
        #expect(kd("-", "a", input: "args\n").output == "[\"a\"]\n")
    }

    @Test("an empty input is no error")
    func empty() {
        let run = kd(input: "")
        #expect(run.output == "")
        #expect(run.messages == "")
        #expect(run.code == 0)
    }

    @Test("a last line without a newline counts")
    func lastLine() { #expect(kd(input: "1 + 1").output == "2\n") }

    @Test("results and warnings come in the order in which they were written")
    func order() {
        let run = shell("exec $KD -e 'print(1); warn(\"two\"); print(3); fail(\"four\")' 2>&1")
        let lines = run.output.split(separator: "\n").map(String.init)
        let one = lines.firstIndex(of: "1")
        let two = lines.firstIndex { $0.contains("warning: two") }
        let three = lines.firstIndex(of: "3")
        let four = lines.firstIndex { $0.contains("error: four") }
        #expect(one != nil && two != nil && three != nil && four != nil, "\(run.output)")
        if let one, let two, let three, let four { #expect(one < two && two < three && three < four) }
    }

    @Test("everything is written before exit(n)")
    func flushedOnExit() {
        let run = kd("-e", "for i in range(5000) { print(i) }\nexit(3)")
        #expect(run.output.hasSuffix("4999\n"))
        #expect(run.output.split(separator: "\n").count == 5000)
        #expect(run.code == 3)
    }

    @Test("a reader that leaves early ends the program without a word")
    func closedPipe() {
        let run = shell("$KD -e 'i = 0\nwhile true { print(i)\n i += 1 }' | head -n 2")
        #expect(run.output == "0\n1\n")
        #expect(run.messages == "")
    }

    @Test("no escape codes go where no terminal is")
    func noColor() {
        let run = kd("-e", "print(1)\nfail(\"x\")")
        #expect(!run.messages.contains("\u{1B}"))
        #expect(!run.output.contains("\u{1B}"))
    }

    @Test("CLICOLOR_FORCE and --color=always color a stream that is no terminal; NO_COLOR and never win over the force")
    func forcedColor() {
        let code = "fail(\"x\")"
        #expect(kd("-e", code, environment: ["CLICOLOR_FORCE": "1"]).messages.contains("\u{1B}["))
        #expect(kd("--color=always", "-e", code).messages.contains("\u{1B}["))
        #expect(!kd("-e", code, environment: ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"]).messages.contains("\u{1B}"))
        #expect(!kd("--color=never", "-e", code, environment: ["CLICOLOR_FORCE": "1"]).messages.contains("\u{1B}"))
        #expect(!kd("-e", code, environment: ["CLICOLOR_FORCE": "0"]).messages.contains("\u{1B}"))
    }

    @Test("a terminal gets colors, unless NO_COLOR or TERM=dumb say otherwise")
    func terminalColor() {
        func seen(_ environment: [String: String]) -> String {
            let terminal = PseudoTerminal(["-e", "fail(\"x\")"], environment: environment)
            #expect(terminal.end() == 1)
            return terminal.seen
        }
        #expect(seen([:]).contains("\u{1B}["))
        #expect(!seen(["NO_COLOR": "1"]).contains("\u{1B}"))
        #expect(!seen(["TERM": "dumb"]).contains("\u{1B}"))
    }

    @Test("text outside ASCII passes in the C locale")
    func cLocale() {
        #expect(kd("-e", "\"é漢😀\"", environment: ["LANG": "C", "LC_ALL": "C"]).output == "\"é漢😀\"\n")
        #expect(kd(input: "print(\"é漢😀\")", environment: ["LC_ALL": "C"]).output == "é漢😀\n")
    }
}

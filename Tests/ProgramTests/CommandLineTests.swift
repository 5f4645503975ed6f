import Glibc
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test("code shows its value and ends with 0")
    func code() {
        let run = kd("-e", "1 + 1")
        #expect(run.output == "2\n")
        #expect(run.messages == "")
        #expect(run.code == 0)
    }

    @Test("nil and values before a semicolon are not shown")
    func quiet() {
        #expect(kd("-e", "nil").output == "")
        #expect(kd("-e", "3;").output == "")
        #expect(kd("-e", "x = 3").output == "")
    }

    @Test("a script shows every value, and its arguments are its own even when they look like options")
    func script() {
        let scratch = Scratch()
        let script = scratch.file("a.kds", "x = 2\nx * 3\nargs\n")
        let run = kd(script, "-v", "--color", "x y", "-e")
        #expect(run.output == "6\n[\"-v\", \"--color\", \"x y\", \"-e\"]\n")
        #expect(run.code == 0)
    }

    @Test("an error goes to the standard error with its place, ends the script and gives 1")
    func scriptError() {
        let scratch = Scratch()
        let script = scratch.file("a.kds", "print(\"before\")\n1 / 0\nprint(\"after\")\n")
        let run = kd(script)
        #expect(run.output == "before\n")
        #expect(run.messages.hasPrefix("error: "))
        #expect(run.messages.contains("a.kds:2:"))
        #expect(run.code == 1)
    }

    @Test("a script that does not parse gives 2 and runs nothing")
    func malformed() {
        let scratch = Scratch()
        let run = kd(scratch.file("a.kds", "print(\"before\")\nx = (1\n"))
        #expect(run.output == "")
        #expect(run.messages.hasPrefix("error: "))
        #expect(run.code == 2)
    }

    @Test("exit(n) decides the exit code, also through try", arguments: [0, 1, 7, 255])
    func exitCodes(code: Int32) {
        #expect(kd("-e", "exit(\(code))").code == code)
        #expect(kd("-e", "try { exit(\(code)) } catch e { print(\"caught\") }").code == code)
    }

    @Test(
        "wrong usage gives 2 and says what is possible",
        arguments: [
            ["--bogus"], ["-e"], ["--color=blue", "-e", "1"], ["--threads", "0", "-e", "1"],
            ["--max-memory", "much", "-e", "1"], ["test"], ["doc", "--write"],
        ])
    func usage(words: [String]) {
        let run = launch(kdPath, words)
        #expect(run.code == 2)
        #expect(run.output == "")
        #expect(run.messages.lowercased().contains("usage: kd"))
    }

    @Test("kd doc alone is the guide; a reference that cannot be written gives 1 and its place")
    func reference() {
        let guide = kd("doc")
        #expect(guide.code == 0)
        #expect(guide.output.contains("??softmax"))
        let refused = kd("doc", "--write", "/dev/null/pages")
        #expect(refused.code == 1)
        #expect(refused.messages.contains("/dev/null/pages"))
    }

    @Test("a file that cannot be read gives 2 and its name", arguments: ["/nonexistent/a.kds", "/tmp"])
    func unreadable(path: String) {
        let run = kd(path)
        #expect(run.code == 2)
        #expect(run.messages.contains("cannot read \(path)"))
    }

    @Test("a file that is not UTF-8 gives 2 and the place of the byte")
    func notText() {
        let scratch = Scratch()
        let run = shell("printf 'x = 1\\ny = \"\\377\"\\n' > \(scratch.path)/a.kds; exec $KD \(scratch.path)/a.kds")
        #expect(run.code == 2)
        #expect(run.messages.contains("not UTF-8"))
        #expect(run.messages.contains("line 2"))
    }

    @Test("--version and --help answer on the standard output")
    func versionAndHelp() {
        let version = kd("--version")
        #expect(version.output.hasPrefix("kd "))
        #expect(version.code == 0)
        for words in [["--help"], ["-h"], ["test", "--help"], ["doc", "--help"]] {
            let help = launch(kdPath, words)
            #expect(help.output.contains("USAGE: kd"))
            #expect(help.code == 0)
        }
    }

    @Test("a shebang line works, through a symbolic link too")
    func shebang() {
        let scratch = Scratch()
        symlink(kdPath, scratch.path + "/kd")
        let script = scratch.file("run", "#!/usr/bin/env kd\nprint(\"from\", args)\n", mode: 0o755)
        let run = launch(script, ["-x", "y"], environment: ["PATH": scratch.path + ":/usr/bin:/bin"])
        #expect(run.output == "from [\"-x\", \"y\"]\n")
        #expect(run.code == 0)
    }

    @Test("an instruction set that does not exist is an error before anything runs")
    func unknownInstructionSet() {
        let run = kd("-e", "1", environment: ["KD_ISA": "sse9"])
        #expect(run.code == 2)
        #expect(run.output == "")
        #expect(run.messages.contains("KD_ISA=sse9"))
    }

    @Test("imports are found beside the script, wherever it is called from")
    func imports() {
        let scratch = Scratch()
        scratch.file("inner/helper.kds", "fn double(x) { 2 * x }\n")
        let script = scratch.file("main.kds", "import \"./inner/helper.kds\" as h\nh.double(21)\n")
        #expect(kd(script).output == "42\n")
        #expect(shell("cd \(scratch.path)/inner && $KD ../main.kds").output == "42\n")
    }

    @Test("an import that is not there is an error with its path")
    func missingImport() {
        let scratch = Scratch()
        let run = kd(scratch.file("main.kds", "import \"./none.kds\" as n\n"))
        #expect(run.code == 1)
        #expect(run.messages.contains("none.kds"))
    }

    @Test("the first result is there within 40 ms")
    func startsQuickly() {
        var best = Double.infinity
        for _ in 0..<10 {
            let start = now()
            #expect(kd("-e", "1 + 1").code == 0)
            best = min(best, now() - start)
        }
        #expect(best < 0.04, "it took \(best * 1000) ms")
    }

    @Test("kd doc shows a page, or the nearest names and 1")
    func doc() {
        let page = kd("doc", "print")
        #expect(page.output.hasPrefix("print("))
        #expect(page.code == 0)
        let none = kd("doc", "prnt")
        #expect(none.output == "")
        #expect(none.messages.contains("print"))
        #expect(none.code == 1)
    }

    @Test("no bytes of a script crash the program", arguments: 0..<40)
    func hostileBytes(seed: UInt64) {
        let scratch = Scratch()
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        let pieces = [
            "fn f(x) {", "}", "{", "(", ")", "[", "]", "\"", "'", "\"\"\"", "{x:", "|>", "->", "_", ".", ",", "x = ",
            "1e999",
            "0x", "if", "else", "for i in", "while", "try", "catch e", "model M {", "import \"", "**", "\n", "\\", "#",
            "##", " ",
            "\u{0}", "😀", "with", "return", "test \"", "not", "in", "...", "*a, b = ",
        ]
        let text = (0..<60).map { _ in pieces[random(pieces.count)] }.joined()
        let run = kd(scratch.file("a.kds", text))
        #expect([0, 1, 2].contains(run.code), "\(run.code) for \(text)")
    }
}

import Glibc
import Testing

/// Each case is tried several times, and the best time counts: other tests share the processor.
@Suite("Ctrl-C", .serialized)
struct InterruptTests {
    static let work = [
        "while true { }",
        "x = 0\nwhile true { x += 1 }",
        "fn f(n) { if n == 0 { 0 } else { f(n - 1) } }\nwhile true { f(50) }",
        "for i in range(1000000000000) { i * 2 }",
        "a = randn(1500, 1500)\nwhile true { a @ a }",
        "a = randn(3000, 3000)\nb = a @ a @ a @ a @ a @ a @ a @ a @ a @ a @ a @ a",
        "m = linear(256, 256)\nopt = adamw(m, lr=0.001)\nx = randn(64, 256)\nwhile true { opt.step(mean(m(x) ** 2)) }",
    ]

    @Test("a script stops within 200 ms and gives 130", arguments: work)
    func script(code: String) {
        var best = Double.infinity
        for _ in 0..<2 {
            let started = start(kdPath, ["-e", "print(\"ready\")\nwarn(\"go\")\n" + code])
            started.waitForOutput("ready")
            usleep(150_000)
            let pressed = now()
            kill(started.process, SIGINT)
            let run = started.wait()
            best = min(best, now() - pressed)
            #expect(run.code == 130, "\(run.messages)")
            #expect(run.messages.contains("interrupted"))
        }
        #expect(best < 0.2, "it took \(best) s")
    }

    @Test("at the prompt the work stops within 200 ms, and every variable stays", arguments: work)
    func prompt(code: String) {
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.enter("kept = 41")
        var best = Double.infinity
        for _ in 0..<2 {
            for line in code.split(separator: "\n").dropLast() { terminal.enter(String(line)) }
            terminal.type(String(code.split(separator: "\n").last ?? "") + "\r")
            _ = terminal.waitForStart()
            usleep(150_000)
            let pressed = now()
            terminal.type("\u{3}")
            #expect(terminal.wait(for: "interrupted") != nil)
            best = min(best, now() - pressed)
            terminal.waitForPrompt()
        }
        #expect(best < 0.2, "it took \(best) s")
        #expect(terminal.enter("kept + 1") == "42\n")
        terminal.type("\u{4}")
        #expect(terminal.end() == 0)
    }

    @Test("reading from a pipe ends, whether nobody opens its other side or nothing comes", arguments: [false, true])
    func pipe(isOpen: Bool) {
        let scratch = Scratch()
        let path = scratch.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        // Both directions: this does not wait for a reader.
        let other = isOpen ? open(path, O_RDWR) : -1
        defer { if isOpen { close(other) } }
        let started = start(kdPath, ["-e", "print(\"ready\")\nread_lines(\"\(path)\")"])
        started.waitForOutput("ready")
        usleep(150_000)
        kill(started.process, SIGINT)
        let run = started.wait()
        #expect(run.code == 130 && run.messages.contains("interrupted"), "\(run.messages)")
    }

    @Test("an interrupt is not caught by try")
    func notCaught() {
        let started = start(kdPath, ["-e", "print(\"ready\")\ntry { while true { } } catch e { print(\"caught\") }"])
        usleep(300_000)
        kill(started.process, SIGINT)
        let run = started.wait()
        #expect(run.code == 130)
        #expect(!run.output.contains("caught"))
    }

    @Test("a second Ctrl-C leaves a place that does not answer the first")
    func stuck() {
        // The shell's command is waited for; it ignores the signal itself.
        let terminal = PseudoTerminal(["--no-history"])
        terminal.waitForPrompt()
        terminal.type("!trap '' INT; sleep 30\r")
        _ = terminal.waitForStart()
        usleep(300_000)
        terminal.type("\u{3}")
        usleep(700_000)
        terminal.type("\u{3}")
        #expect(terminal.end(seconds: 5) == 130)
    }
}

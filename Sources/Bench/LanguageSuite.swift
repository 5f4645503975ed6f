import Foundation

/// The start of the program, and the language beside CPython.
enum LanguageSuite: Suite {
    static let name = "language"

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        let best = try contest([
            { Child.run([Child.kd, "-e", "1 + 1"]) ?? .infinity },
            { peer.time("start") ?? .infinity },
        ])
        var line = Line(name: "kd -e '1 + 1'", value: .seconds(best[0]), limit: 0.030)
        if let python = peer.python { line.peers.append(Line.Peer(name: python, value: .seconds(best[1]))) }
        report(line)
        for (name, request, script) in [
            ("10⁷ turns of a loop, in a function", "loop_in_function", loopInFunction),
            ("10⁷ turns of a loop, at the top", "loop_at_top", loopAtTop),
            ("fib(30)", "fib", fib), ("a text of 10⁶ pieces", "text", text), ("10⁶ items of a list", "items", items),
            ("10⁶ entries of a map", "entries", entries), ("10⁶ calls of a lambda", "calls", calls),
        ] {
            let best = try contest(
                rounds: 5,
                [
                    { try ownTime(script) },
                    { peer.time(request) ?? .infinity },
                ])
            var line = Line(name: name, value: .seconds(best[0]))
            if let python = peer.python {
                line.peers.append(Line.Peer(name: python, value: .seconds(best[1]), mark: 1))
            }
            report(line)
        }
        for (name, script) in [("x + y of 8 numbers, a call", sum), ("relu(x) of 8 numbers, a call", activation)] {
            let best = try contest(rounds: 3, [{ try ownTime(script) }])
            report(Line(name: name, value: .seconds(best[0]), limit: 1e-6))
        }
    }

    /// The time of a call on small tensors, without that of the loop around it.
    private static func call(_ work: String) -> String {
        """
        x, y = randn([8]), randn([8])
        fn idle() { for i in range(300000) { y } }
        fn work() { for i in range(300000) { \(work) } }
        a = time()
        idle();
        b = time()
        work();
        print((time() - b - (b - a)) / 300000)
        """
    }
    private static let sum = call("x + y")
    private static let activation = call("relu(x)")

    private static let loopInFunction = """
        fn loop() {
          total = 0
          for i in range(10000000) { total = total + i % 7 }
          total
        }
        start = time()
        loop();
        print(time() - start)
        """
    private static let loopAtTop = """
        start = time()
        total = 0
        for i in range(10000000) { total = total + i % 7 }
        print(time() - start)
        """
    private static let fib = """
        fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
        start = time()
        fib(30);
        print(time() - start)
        """

    private static let text = """
        fn work() {
          pieces = []
          for i in range(1000000) { pieces.append("{i}:") }
          whole = join("", pieces)
          len(whole) + whole.count("7:") + len(whole.split(":"))
        }
        start = time()
        work();
        print(time() - start)
        """
    private static let items = """
        fn work() {
          xs = []
          for i in range(1000000) { xs.append((i * 7919) % 1000003) }
          ys = sorted(xs)
          total = 0
          for i in range(len(ys)) { total = total + ys[i] - xs[i] }
          total + sum(map(x -> x % 3, xs))
        }
        start = time()
        work();
        print(time() - start)
        """
    private static let entries = """
        fn work() {
          m = {}
          for i in range(1000000) {
            k = i % 1009
            m[k] = m.get(k, 0) + i
          }
          total = 0
          for k, v in m.items() { total = total + v }
          total
        }
        start = time()
        work();
        print(time() - start)
        """
    private static let calls = """
        fn work() {
          f = (x, y) -> x * 2 + y
          total = 0
          for i in range(1000000) { total = f(total % 1000, i) }
          total
        }
        start = time()
        work();
        print(time() - start)
        """

    /// The seconds that a script prints.
    private static func ownTime(_ script: String) throws -> Double {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: Child.kd)
        process.arguments = ["-e", script]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .infinity
    }
}

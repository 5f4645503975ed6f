import Language

// %time and %timeit.

extension Session {
    /// Runs the code once and says how long it took.
    func time(_ code: String) -> Outcome {
        guard !code.isEmpty else { return wrong("%time takes code to run") }
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = enter(code)
        machine.output.write(Session.text(ofSeconds: (clock.now - start) / .seconds(1)) + "\n", to: .messages)
        return outcome
    }

    /// Seven rounds of so many runs that a round takes a tenth of a second or longer; says a run's mean and deviation.
    ///
    /// The code is the body of a function: names that it binds are its own, and it is compiled once.
    func timeRepeatedly(_ code: String) -> Outcome {
        guard !code.isEmpty else { return wrong("%timeit takes code to run") }
        let rounds = 7
        do {
            let source = Source(name: "<timeit>", text: "() -> { \(code) }")
            let program = try Parser.parse(source)
            try library.load(namesIn: source)
            let body = try machine.run(program, in: machine.main)
            let clock = ContinuousClock()
            func seconds(of runs: Int) throws -> Double {
                let start = clock.now
                for _ in 0..<runs { _ = try machine.call(body, Arguments([])) }
                return (clock.now - start) / .seconds(1)
            }
            var runs = 1
            var first = try seconds(of: 1)
            while first < 0.05, runs < 10_000_000 {
                runs *= first < 0.005 ? 10 : 2
                first = try seconds(of: runs)
            }
            let times = try (0..<rounds).map { _ in try seconds(of: runs) / Double(runs) }
            let mean = times.reduce(0, +) / Double(rounds)
            let deviation = (times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rounds)).squareRoot()
            let count = runs == 1 ? "1 run" : "\(runs) runs"
            return say(
                "\(Session.text(ofSeconds: mean)) ± \(Session.text(ofSeconds: deviation)) a run "
                    + "(mean ± deviation of \(rounds) rounds of \(count))")
        } catch let errors as SyntaxErrors {
            return .malformed(errors.diagnostics)
        } catch {
            return Session.outcome(of: error)
        }
    }

    /// Three digits and a sensible unit: "16.2 ms", "1 min 12 s".
    static func text(ofSeconds seconds: Double) -> String {
        if seconds >= 60 {
            let whole = Int(seconds.rounded())
            return whole < 3600
                ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
        for (scale, unit) in [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")] where seconds >= scale {
            return threeDigits(seconds / scale) + " " + unit
        }
        return threeDigits(seconds / 1e-9) + " ns"
    }

    private static func threeDigits(_ value: Double) -> String {
        let places = value >= 100 ? 0 : value >= 10 ? 1 : 2
        let scale = places == 0 ? 1.0 : places == 1 ? 10 : 100
        let rounded = (value * scale).rounded() / scale
        return places == 0 ? "\(Int(rounded))" : "\(rounded)"
    }
}

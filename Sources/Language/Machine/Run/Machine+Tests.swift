/// What became of one `test` block or one example.
public struct TestResult: Sendable {
    public var name: String
    /// nil when it passed.
    public var failure: Diagnostic?
    public var seconds: Double

    public var passed: Bool { failure == nil }
}

extension Machine {
    func registerTest(_ name: String, _ function: Value, _ code: Code) {
        guard collectsTests else { return }
        let span = currentPlace?.span ?? .zero
        code.module.tests.append(TestCase(name: name, function: function, source: code.source, span: span))
    }

    /// Runs a file and then each of its tests; the file's own error ends the whole.
    ///
    /// An interrupt and `exit` end the run and are thrown.
    public func runTests(
        _ source: Source, matching filter: String? = nil, report: (TestResult) -> Void = { _ in }
    ) throws -> [TestResult] {
        collectsTests = true
        defer { collectsTests = false }
        main.tests = []
        _ = try run(file: source)
        var results: [TestResult] = []
        for test in main.tests where filter.map({ test.name.firstRange(of: $0) != nil }) ?? true {
            let clock = ContinuousClock()
            let start = clock.now
            var failure: Diagnostic?
            do {
                _ = try call(test.function, Arguments())
            } catch let diagnostic as Diagnostic {
                if diagnostic.kind == "interrupt" { throw diagnostic }
                failure = diagnostic
            }
            let seconds = (clock.now - start) / .seconds(1)
            let result = TestResult(name: test.name, failure: failure, seconds: seconds)
            report(result)
            results.append(result)
        }
        return results
    }
}

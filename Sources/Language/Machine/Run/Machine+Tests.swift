extension Machine {
    func registerTest(_ name: String, _ function: Value, _ code: Code) {
        guard collectsTests else { return }
        let span = currentPlace?.span ?? .zero
        code.module.tests.append(TestCase(name: name, function: function, source: code.source, span: span))
    }
}

extension Compiler {
    /// Compiles a function and emits the instruction that makes it with its captured cells.
    func function(_ node: FunctionNode, into target: Int) throws -> Int {
        let index = try compile(node, method: false)
        emit(.makeFunction, target, index, span: node.span)
        return target
    }

    /// The index of the compiled function among the functions of the one being compiled.
    private func compile(_ node: FunctionNode, method: Bool) throws -> Int {
        let outside = state
        let bindings = Bindings(parameters: node.parameters, body: node.body)
        let function = FunctionState(
            name: node.name?.text ?? "lambda", kind: .function, parent: outside, bindings: bindings)
        function.parameters = try parameters(node.parameters, name: function.name, doc: node.doc, span: node.span)
        if method {
            function.parameters.takesSelf = true
            function.parameters.isPlain = false
            function.declareLocal("self", captured: !bindings.usedByInner.isEmpty)
            function.surelyBound.insert("self")
        }
        for name in bindings.bound where !function.owns(name) {
            function.declareLocal(name, captured: bindings.usedByInner.contains(name))
        }
        for parameter in node.parameters { function.surelyBound.insert(parameter.name.text) }
        state = function
        defer { state = outside }
        beginFunction(node.parameters.count + (method ? 1 : 0))
        let result = try blockValue(node.body)
        emit(.returnValue, result, span: node.body.span)
        return try finishFunction(into: outside, span: node.span)
    }

    /// Cells for captured variables; marks for those that may be read too early are put in at the end.
    private func beginFunction(_ parameterCount: Int) {
        state.nextRegister = state.localCount
        state.registerCount = state.localCount
        for (name, register) in state.registers.sorted(by: { $0.value < $1.value }) where state.captured.contains(name)
        {
            emit(.makeCell, register, register < parameterCount ? 1 : 0, span: .zero)
        }
    }

    /// Makes the code of the function being compiled and adds it to the outer one.
    private func finishFunction(into outside: FunctionState, span: Span) throws -> Int {
        var marks: [Instruction] = []
        for name in state.checked.sorted() where !state.captured.contains(name) {
            if let register = state.registers[name], !isParameter(name) { marks.append(Instruction(.unbind, register)) }
        }
        if !marks.isEmpty { prepend(marks) }
        guard state.registerCount < Compiler.largestFunction, state.instructions.count < Compiler.largestFunction else {
            throw failure("the function \(state.name) is too large", at: span)
        }
        outside.functions.append(Code(state, source: source, module: module))
        return outside.functions.count - 1
    }

    private func isParameter(_ name: String) -> Bool {
        state.parameters.names.contains(name) || (state.parameters.takesSelf && name == "self")
    }

    private func prepend(_ first: [Instruction]) {
        let shift = Int32(first.count)
        for index in state.instructions.indices {
            switch state.instructions[index].op {
            case .jump, .loop, .jumpIfFalse, .jumpIfTrue, .jumpUnlessLess, .jumpUnlessLessEqual, .jumpUnlessGreater,
                .jumpUnlessGreaterEqual, .jumpUnlessEqual, .jumpUnlessNotEqual, .jumpUnlessLessI,
                .jumpUnlessLessEqualI, .jumpUnlessGreaterI, .jumpUnlessGreaterEqualI, .jumpUnlessEqualI,
                .jumpUnlessNotEqualI, .pushHandler:
                state.instructions[index].a += shift
            case .next: state.instructions[index].c += shift
            default: break
            }
        }
        state.instructions.insert(contentsOf: first, at: 0)
        state.spans.insert(contentsOf: Array(repeating: .zero, count: first.count), at: 0)
    }

    /// What calls need to know of the parameters, and the record that help reads; defaults are compiled in this scope.
    private func parameters(_ nodes: [ParameterNode], name: String, doc: String?, span: Span) throws -> ParameterList {
        let list = ParameterList()
        var infos: [ParameterInfo] = []
        for (index, node) in nodes.enumerated() {
            var text: String?
            var standard = ParameterList.Default.required
            if let value = node.defaultValue {
                text = source.text(of: value.span)
                if let constant = value.constantValue {
                    standard = .constant(constant)
                } else {
                    standard = .computed(index: try computed(value, name: node.name.text))
                }
                list.isPlain = false
            }
            if node.isRest {
                list.rest = index
                list.isPlain = false
            }
            list.names.append(node.name.text)
            list.defaults.append(standard)
            infos.append(
                ParameterInfo(
                    name: node.name.text, type: "", summary: node.doc ?? "", defaultText: text,
                    kind: node.isRest ? .rest : .normal))
        }
        let documentation = Documentation(doc ?? "")
        list.signature = Signature(
            name: name, parameters: infos, summary: documentation.summary, details: documentation.details,
            example: documentation.example, reference: "", location: (source, span))
        return list
    }

    /// A function of no parameters for a default that is computed at each call.
    private func computed(_ value: Expression, name: String) throws -> Int {
        let block = Block([Statement(.expression(value, quiet: false), span: value.span)], span: value.span)
        return try compile(
            FunctionNode(
                name: Name("default of \(name)", span: value.span), parameters: [], body: block, span: value.span),
            method: false)
    }

    /// A test is a function of its own that the runner calls.
    func test(_ name: String, _ body: Block, span: Span) throws {
        let mark = state.nextRegister
        let register = state.temporary()
        _ = try function(
            FunctionNode(name: Name("test \(quoted(name))", span: span), parameters: [], body: body, span: span),
            into: register)
        emit(.registerTest, constant(name), register, span: span)
        state.nextRegister = mark
    }

    // MARK: - Models

    /// A model declaration is a function that makes an instance, runs the body with its names as fields, and
    /// gives it the methods; these take the instance before their own arguments.
    func model(_ node: ModelNode, into target: Int) throws -> Int {
        let outside = state
        let bindings = Bindings(model: node)
        let function = FunctionState(name: node.name.text, kind: .model, parent: outside, bindings: bindings)
        function.parameters = try parameters(
            node.parameters, name: node.name.text, doc: node.doc, span: node.span)
        // The parameters arrive in registers without a name: inside, their names mean the fields.
        for parameter in node.parameters { function.declareLocal("parameter \(parameter.name.text)", captured: false) }
        function.declareLocal("self", captured: !bindings.usedByInner.isEmpty)
        function.surelyBound.insert("self")
        state = function
        beginFunction(node.parameters.count)
        do {
            defer { state = outside }
            let instance = state.temporary()
            emit(.makeModel, instance, constant(node.name.text), span: node.name.span)
            store("self", from: instance, span: node.name.span)
            state.nextRegister = state.localCount
            for (index, parameter) in node.parameters.enumerated() {
                store(parameter.name.text, from: index, span: parameter.name.span)
            }
            for statement in node.fields.statements { try effect(statement) }
            let first = state.nextRegister
            for method in node.methods {
                let index = try compile(method, method: true)
                emit(.makeFunction, state.temporary(), index, span: method.span)
            }
            state.nextRegister = first
            let model = load(
                "self", into: state.temporaries(node.methods.count + 1) + node.methods.count, span: node.name.span)
            emit(.finishModel, model, first, node.methods.count, span: node.name.span)
            emit(.returnValue, model, span: node.span)
            let index = try finishFunction(into: outside, span: node.span)
            state = outside
            emit(.makeFunction, target, index, span: node.span)
        }
        return target
    }
}

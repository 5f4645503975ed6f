// From tree to code. Expressions put their value into a register, statements do something.
//
//   Compiler ─ names and registers (this file)
//   + Expressions ─ + Calls ─ + Statements ─ + Assignments ─ + Functions

/// Compiles one text for one module.
final class Compiler {
    let source: Source
    let module: ModuleObject
    let builtins: (String) -> Int?
    var state: FunctionState

    /// Functions with more registers or instructions are refused.
    static let largestFunction = 1 << 24

    init(source: Source, module: ModuleObject, builtins: @escaping (String) -> Int?) {
        self.source = source
        self.module = module
        self.builtins = builtins
        let body = Block([], span: .zero)
        state = FunctionState(
            name: source.name, kind: .program, parent: nil, bindings: Bindings(parameters: [], body: body))
    }

    static func compile(_ program: Program, module: ModuleObject, builtins: @escaping (String) -> Int?) throws -> Code {
        let compiler = Compiler(source: program.source, module: module, builtins: builtins)
        let result = try compiler.blockValue(program.body)
        compiler.emit(.returnValue, result, span: program.body.span)
        return Code(compiler.state, source: program.source, module: module)
    }

    // MARK: - Emitting

    @discardableResult
    func emit(_ op: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, span: Span) -> Int {
        state.instructions.append(Instruction(op, a, b, c))
        state.spans.append(span)
        return state.instructions.count - 1
    }

    var here: Int { state.instructions.count }

    /// Points a jump that was emitted earlier to the next instruction.
    func land(_ jump: Int) {
        if state.instructions[jump].op == .next {
            state.instructions[jump].c = Int32(here)
        } else {
            state.instructions[jump].a = Int32(here)
        }
    }

    func land(_ jumps: [Int]) { for jump in jumps { land(jump) } }

    func loadConstant(_ value: Value, into target: Int, span: Span) {
        if value.isNull {
            emit(.loadNull, target, span: span)
        } else {
            emit(.loadConstant, target, state.constant(value), span: span)
        }
    }

    func constant(_ text: String) -> Int { state.constant(.string(text)) }

    func isTemporary(_ register: Int) -> Bool { register >= state.localCount }

    func failure(_ message: String, at span: Span, label: String? = nil, hint: String? = nil) -> Diagnostic {
        Diagnostic(kind: "parse", message: message, source: source, span: span, label: label, hint: hint)
    }

    // MARK: - Names

    /// Where a name lives as seen from the function being compiled.
    func place(of name: String) -> FunctionState.Place { place(of: name, in: state) }

    private func place(of name: String, in function: FunctionState) -> FunctionState.Place {
        if let register = function.registers[name] {
            return function.captured.contains(name) ? .cell(register) : .local(register)
        }
        if function.kind == .model, function.bindings.boundSet.contains(name) { return .field }
        if let found = capture(name, in: function) { return found }
        return .global(module.index(of: name), builtin: builtins(name) ?? -1)
    }

    /// A variable of an enclosing function, carried through the functions between.
    private func capture(_ name: String, in function: FunctionState) -> FunctionState.Place? {
        if let index = function.captures.firstIndex(where: { $0.name == name }) { return .capture(index) }
        guard let parent = function.parent, parent.kind != .program else { return nil }
        switch place(of: name, in: parent) {
        case .cell(let register):
            function.captures.append((name, .register(register)))
        case .capture(let index):
            function.captures.append((name, .capture(index)))
        case .field: return .field
        case .local, .global: return nil
        }
        return .capture(function.captures.count - 1)
    }

    /// A register that holds the value of a name: the variable's own, or the target or a temporary.
    func load(_ name: String, into target: Int?, span: Span) -> Int {
        switch place(of: name) {
        case .local(let register):
            if !state.surelyBound.contains(name) {
                state.checked.insert(name)
                emit(.checkBound, register, constant(name), span: span)
            }
            guard let target else { return register }
            if target != register { emit(.copy, target, register, span: span) }
            return target
        case .cell(let register):
            let result = target ?? state.temporary()
            emit(.loadCell, result, register, constant(name), span: span)
            return result
        case .capture(let index):
            let result = target ?? state.temporary()
            emit(.loadCapture, result, index, constant(name), span: span)
            return result
        case .global(let index, let builtin):
            let result = target ?? state.temporary()
            emit(.loadGlobal, result, index, builtin, span: span)
            return result
        case .field:
            let result = target ?? state.temporary()
            // Given back at once: the next argument of a call must come into the register after this one's.
            let mark = state.nextRegister
            let instance = load("self", into: nil, span: span)
            state.nextRegister = mark
            emit(.getField, result, instance, constant(name), span: span)
            return result
        }
    }

    /// Binds a name to the value in a register, which is emptied when it is temporary.
    func store(_ name: String, from register: Int, span: Span) {
        switch place(of: name) {
        case .local(let target):
            if target != register { emit(isTemporary(register) ? .move : .copy, target, register, span: span) }
            state.surelyBound.insert(name)
        case .cell(let cell): emit(.storeCell, cell, register, span: span)
        case .capture(let index): emit(.storeCapture, index, register, span: span)
        case .global(let index, _): emit(.storeGlobal, index, register, span: span)
        case .field:
            let mark = state.nextRegister
            let instance = load("self", into: nil, span: span)
            emit(.setField, instance, constant(name), register, span: span)
            state.nextRegister = mark
        }
    }

    /// The register into which the value of an assignment to the name may go directly.
    func directRegister(of name: String) -> Int? {
        if case .local(let register) = place(of: name) { return register }
        return nil
    }
}

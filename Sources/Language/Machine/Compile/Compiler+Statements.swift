extension Compiler {
    /// Compiles a block; its value is its last statement's, if that is an expression, else nil.
    func blockValue(_ block: Block, into target: Int? = nil) throws -> Int {
        for statement in block.statements.dropLast() { try effect(statement) }
        guard let last = block.statements.last else {
            let register = target ?? state.temporary()
            emit(.loadNull, register, span: block.span)
            return register
        }
        if case .expression(let expression, let quiet) = last.kind, !(quiet && state.kind == .program) {
            return try value(expression, into: target)
        }
        try effect(last)
        let register = target ?? state.temporary()
        emit(.loadNull, register, span: last.span)
        return register
    }

    /// Compiles a statement whose value nobody needs.
    func effect(_ statement: Statement) throws {
        let mark = state.nextRegister
        defer { state.nextRegister = mark }
        let span = statement.span
        switch statement.kind {
        case .expression(let expression, _): try effect(expression)
        case .assign(let targets, let value): try assign(targets, value)
        case .augment(let target, let op, let value): try augment(target, op, value, span: span)
        case .outer:
            if state.kind == .program {
                throw failure(
                    "outer belongs in a function", at: span, hint: "outside of functions every name is the same one")
            }
        case .function(let node):
            guard let name = node.name else { return }
            let register = try function(node, into: directRegister(of: name.text) ?? state.temporary())
            store(name.text, from: register, span: name.span)
        case .model(let node):
            let register = try model(node, into: directRegister(of: node.name.text) ?? state.temporary())
            store(node.name.text, from: register, span: node.name.span)
        case .forLoop(let target, let over, let body): try forLoop(target, over, body, span: span)
        case .whileLoop(let condition, let body): try whileLoop(condition, body, span: span)
        case .breakLoop, .continueLoop: try leaveLoop(statement)
        case .returnValue(let expression): try returnValue(expression, span: span)
        case .assert(let condition, let message): try assertion(condition, message, span: span)
        case .test(let name, let body): try test(name, body, span: span)
        case .importModule(let node):
            state.imports.append(node)
            let register = state.temporary()
            emit(.importModule, register, state.imports.count - 1, span: node.originSpan)
            store(node.name.text, from: register, span: node.name.span)
        }
    }

    /// An expression for what it does.
    private func effect(_ expression: Expression) throws {
        switch expression.kind {
        case .conditional(let node): try conditional(node, into: nil, span: expression.span)
        case .attempt(let node): try attempt(node, into: nil, span: expression.span)
        case .with(let node): try with(node, into: nil, span: expression.span)
        default:
            let register = try value(expression)
            if isTemporary(register) { emit(.clear, register, 1, span: expression.span) }
        }
    }

    /// A block for its value when there is a target, else for what it does.
    private func block(_ block: Block, into target: Int?) throws {
        if let target {
            let mark = state.nextRegister
            _ = try blockValue(block, into: target)
            state.nextRegister = mark
        } else {
            for statement in block.statements { try effect(statement) }
        }
    }

    // MARK: - Branches

    func conditional(_ node: IfNode, into target: Int?, span: Span) throws {
        var ends: [Int] = []
        var bound: Set<String>?
        func join() { bound = bound?.intersection(state.surelyBound) ?? state.surelyBound }
        for (index, branch) in node.branches.enumerated() {
            let jumps = try jumpUnless(branch.condition)
            let before = state.surelyBound
            try block(branch.body, into: target)
            join()
            state.surelyBound = before
            let isLast = index == node.branches.count - 1 && node.otherwise == nil && target == nil
            if !isLast { ends.append(emit(.jump, span: branch.body.span)) }
            land(jumps)
        }
        if let otherwise = node.otherwise {
            try block(otherwise, into: target)
        } else if let target {
            emit(.loadNull, target, span: span)
        }
        join()
        land(ends)
        if let bound { state.surelyBound = bound }
    }

    func attempt(_ node: TryNode, into target: Int?, span: Span) throws {
        let mark = state.nextRegister
        let error = state.temporary()
        let before = state.surelyBound
        let handler = emit(.pushHandler, 0, error, span: span)
        state.handlers.append(.attempt)
        try block(node.body, into: target)
        state.handlers.removeLast()
        emit(.popHandler, span: node.body.span)
        let end = emit(.jump, span: node.body.span)
        let after = state.surelyBound
        state.surelyBound = before
        land(handler)
        if let name = node.name {
            store(name.text, from: error, span: name.span)
        } else {
            emit(.clear, error, 1, span: span)
        }
        try block(node.handler, into: target)
        state.surelyBound.formIntersection(after)
        land(end)
        state.nextRegister = mark
    }

    func with(_ node: WithNode, into target: Int?, span: Span) throws {
        let mark = state.nextRegister
        let context = try value(node.context, into: state.temporary())
        let error = state.temporary()
        let before = state.surelyBound
        emit(.enterContext, context, span: node.context.span)
        let handler = emit(.pushHandler, 0, error, 1, span: span)
        state.handlers.append(.context(context))
        try block(node.body, into: target)
        state.handlers.removeLast()
        let after = state.surelyBound
        emit(.popHandler, span: node.body.span)
        emit(.exitContext, context, span: node.context.span)
        let end = emit(.jump, span: node.body.span)
        land(handler)
        state.surelyBound = before
        emit(.exitContext, context, span: node.context.span)
        emit(.rethrow, error, span: span)
        land(end)
        state.surelyBound = after
        state.nextRegister = mark
    }

    // MARK: - Loops

    private func whileLoop(_ condition: Expression, _ body: Block, span: Span) throws {
        let start = here
        state.loops.append(FunctionState.Loop(continueTarget: start, handlers: state.handlers.count))
        let exits = try jumpUnless(condition)
        let bound = state.surelyBound
        for statement in body.statements { try effect(statement) }
        emit(.loop, start, span: condition.span)
        land(exits)
        if let loop = state.loops.popLast() { land(loop.breakJumps) }
        state.surelyBound = bound
    }

    private func forLoop(_ target: Target, _ over: Expression, _ body: Block, span: Span) throws {
        let loopState = state.temporaries(3)
        let iterable = try value(over)
        emit(.iterate, loopState, iterable, span: over.span)
        state.nextRegister = loopState + 3
        let bound = state.surelyBound
        let start = here
        state.loops.append(FunctionState.Loop(continueTarget: start, handlers: state.handlers.count))
        var direct: Int?
        if case .name(let name) = target.kind { direct = directRegister(of: name) }
        let item = direct ?? state.temporary()
        let exit = emit(.next, loopState, item, span: over.span)
        try assign(target, from: item)
        for statement in body.statements { try effect(statement) }
        emit(.loop, start, span: over.span)
        land(exit)
        if let loop = state.loops.popLast() { land(loop.breakJumps) }
        emit(.clear, loopState, 3, span: span)
        state.surelyBound = bound
    }

    private func leaveLoop(_ statement: Statement) throws {
        guard let loop = state.loops.last else {
            throw failure("this belongs in a loop", at: statement.span)
        }
        leaveHandlers(downTo: loop.handlers, span: statement.span)
        if case .continueLoop = statement.kind, let target = loop.continueTarget {
            emit(.loop, target, span: statement.span)
        } else {
            let jump = emit(.jump, span: statement.span)
            state.loops[state.loops.count - 1].breakJumps.append(jump)
        }
    }

    /// Ends `try` and `with` blocks that a jump leaves, innermost first.
    private func leaveHandlers(downTo count: Int, span: Span) {
        for handler in state.handlers[count...].reversed() {
            emit(.popHandler, span: span)
            if case .context(let register) = handler { emit(.exitContext, register, span: span) }
        }
    }

    private func returnValue(_ expression: Expression?, span: Span) throws {
        guard state.kind != .program else {
            throw failure("return belongs in a function", at: span, hint: "exit() ends a script")
        }
        guard state.kind != .model else {
            throw failure("return does not belong in the body of a model", at: span)
        }
        var register: Int
        if let expression {
            register = try value(expression)
            // The contexts are left after the value is known; a variable could not change meanwhile, a temporary neither.
            if !state.handlers.isEmpty, !isTemporary(register) { register = copied(register, span: span) }
        } else {
            register = state.temporary()
            emit(.loadNull, register, span: span)
        }
        leaveHandlers(downTo: 0, span: span)
        emit(.returnValue, register, span: span)
    }

    // MARK: - Assertions

    /// `assert condition`; a comparison that does not hold shows both of its sides.
    private func assertion(_ condition: Expression, _ message: Expression?, span: Span) throws {
        if message == nil, case .binary(let op, let left, let right) = condition.kind, op.isComparison {
            let first = try value(left, into: state.temporary())
            let second = try value(right, into: state.temporary())
            let result = copied(first, span: span)
            let other = copied(second, span: span)
            emit(op.opcode, result, result, other, span: condition.span)
            let jump = emit(.jumpIfTrue, 0, result, span: condition.span)
            emit(.failComparison, first, second, constant(op.symbol), span: condition.span)
            land(jump)
            emit(.clear, first, 2, span: span)
            return
        }
        let result = try value(condition)
        let jump = emit(.jumpIfTrue, 0, result, span: condition.span)
        if let message {
            let register = try value(message)
            emit(.failAssert, register, 0, 1, span: condition.span)
        } else {
            emit(.failAssert, 0, 0, 0, span: condition.span)
        }
        land(jump)
    }
}

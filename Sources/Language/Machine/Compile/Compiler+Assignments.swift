extension Compiler {
    /// `a = b = value`.
    func assign(_ targets: [Target], _ expression: Expression) throws {
        if targets.count == 1, case .name(let name) = targets[0].kind {
            let direct = expression.writesLast ? directRegister(of: name) : nil
            let register = try value(expression, into: direct)
            store(name, from: register, span: targets[0].span)
            return
        }
        if targets.count == 1, try assignInParallel(targets[0], expression) { return }
        let register = try value(expression, into: state.temporary())
        for (index, target) in targets.enumerated() {
            let isLast = index == targets.count - 1
            try assign(target, from: isLast ? register : copied(register, span: target.span))
        }
    }

    /// `a, b = x, y` needs no list between.
    private func assignInParallel(_ target: Target, _ expression: Expression) throws -> Bool {
        guard case .unpack(let targets, rest: nil) = target.kind, case .list(let elements) = expression.kind,
            targets.count == elements.count, !elements.contains(where: \.isSpread)
        else { return false }
        var registers: [Int] = []
        for element in elements { registers.append(try value(element.value, into: state.temporary())) }
        for (part, register) in zip(targets, registers) { try assign(part, from: register) }
        return true
    }

    /// Binds a target to the value of a register, which is emptied when it is temporary.
    func assign(_ target: Target, from register: Int) throws {
        let mark = state.nextRegister
        defer { state.nextRegister = mark }
        switch target.kind {
        case .name(let name): store(name, from: register, span: target.span)
        case .unpack(let targets, let rest):
            let first = state.temporaries(targets.count)
            if let rest {
                state.unpackings.append(Code.Unpacking(source: register, count: targets.count, rest: rest))
                emit(.unpackRest, register, state.unpackings.count - 1, first, span: target.span)
            } else {
                emit(.unpack, register, first, targets.count, span: target.span)
            }
            for (index, part) in targets.enumerated() { try assign(part, from: first + index) }
        case .field(let object, let name):
            let source = try value(object)
            emit(.setField, source, constant(name.text), register, span: name.span)
        case .item(let object, let items):
            let source = try value(object)
            try setItem(source, items, register, span: target.span)
        }
    }

    private func setItem(_ source: Int, _ items: [SubscriptNode], _ register: Int, span: Span) throws {
        if items.count == 1, case .index(let index) = items[0] {
            let held = try hold(source, during: index)
            let index = try value(index)
            emit(.setItem, held, index, register, span: span)
        } else {
            let subscription = try subscripts(items, span: span)
            emit(.setSubscript, source, register, subscription, span: span)
        }
    }

    /// `target op= value`, with the object and the index evaluated once.
    func augment(_ target: Target, _ op: BinaryOperator, _ expression: Expression, span: Span) throws {
        switch target.kind {
        case .name(let name):
            let register = try binary(
                op, Expression(.name(name), span: target.span), expression, inPlace: true, span: span,
                target: directRegister(of: name))
            store(name, from: register, span: target.span)
        case .field(let object, let name):
            let source = try value(object, into: state.temporary())
            let old = copied(source, span: span)
            emit(.getField, old, old, constant(name.text), span: target.span)
            let right = try value(expression)
            emit(op.inPlaceOpcode, old, old, right, span: span)
            emit(.setField, source, constant(name.text), old, span: name.span)
        case .item(let object, let items):
            let source = try value(object, into: state.temporary())
            if items.count == 1, case .index(let index) = items[0] {
                let place = try value(index, into: state.temporary())
                let old = copied(source, span: span)
                let key = copied(place, span: span)
                emit(.getItem, old, old, key, span: target.span)
                let right = try value(expression)
                emit(op.inPlaceOpcode, old, old, right, span: span)
                emit(.setItem, source, place, old, span: target.span)
                return
            }
            // The parts of the subscript are read twice: once by each of two equal descriptions.
            let copy = copied(source, span: span)
            let first = state.nextRegister
            let reading = try subscripts(items, span: span)
            let parts = state.nextRegister - first
            let second = state.temporaries(parts)
            for part in 0..<parts { emit(.copy, second + part, first + part, span: span) }
            state.subscripts.append(state.subscripts[reading].moved(by: parts))
            let writing = state.subscripts.count - 1
            emit(.getSubscript, copy, copy, reading, span: target.span)
            let right = try value(expression)
            emit(op.inPlaceOpcode, copy, copy, right, span: span)
            emit(.setSubscript, source, copy, writing, span: target.span)
        case .unpack:
            throw failure("\(op.symbol)= takes one target", at: target.span)
        }
    }
}

extension Code.Subscript {
    /// The same with every register shifted.
    func moved(by offset: Int) -> Code.Subscript {
        var copy = self
        copy.items = items.map { item in
            switch item {
            case .index(let register): .index(register + offset)
            case .slice(let start, let stop, let step):
                .slice(start: start.map { $0 + offset }, stop: stop.map { $0 + offset }, step: step.map { $0 + offset })
            case .ellipsis: .ellipsis
            }
        }
        return copy
    }
}

extension Expression {
    /// Whether the code of the expression writes its target only as its last act, so that it may be a variable that it reads.
    var writesLast: Bool {
        switch kind {
        case .conditional, .attempt, .with, .logical, .lambda: false
        default: true
        }
    }
}

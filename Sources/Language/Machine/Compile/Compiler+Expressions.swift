extension Compiler {
    /// Compiles an expression; the register that holds its value is the target, a variable's own, or one new temporary.
    func value(_ expression: Expression, into target: Int? = nil) throws -> Int {
        let span = expression.span
        let mark = state.nextRegister
        /// The register for a result, when all temporaries made meanwhile are free again.
        func result() -> Int {
            state.nextRegister = mark
            return target ?? state.temporary()
        }
        switch expression.kind {
        case .null, .bool, .int, .float, .string:
            let register = result()
            loadConstant(expression.constantValue ?? .null, into: register, span: span)
            return register
        case .name(let name):
            return load(name, into: target, span: span)
        case .placeholder:
            guard let source = state.placeholders.last else {
                throw failure("_ stands for nothing here", at: span, hint: "x |> f(a, _) puts x there")
            }
            let register = result()
            emit(.copy, register, source, span: span)
            return register
        case .interpolation(let pieces): return try interpolation(pieces, span: span, target: target)
        case .list(let elements): return try list(elements, span: span, target: target)
        case .map(let entries):
            let first = state.nextRegister
            for entry in entries {
                _ = try value(entry.key, into: state.temporary())
                _ = try value(entry.value, into: state.temporary())
            }
            let register = result()
            emit(.makeMap, register, first, entries.count, span: span)
            return register
        case .unary(let op, let inner): return try unary(op, inner, span: span, target: target)
        case .binary(let op, let left, let right):
            return try binary(op, left, right, span: span, target: target)
        case .logical(let op, let left, let right):
            let register = try value(left, into: result())
            let jump = emit(op == .and ? .jumpIfFalse : .jumpIfTrue, 0, register, span: left.span)
            let bound = state.surelyBound
            _ = try value(right, into: register)
            state.surelyBound = bound
            land(jump)
            state.nextRegister = mark
            return result()
        case .comparison(let first, let links): return try comparison(first, links, target: target)
        case .call(let callee, let arguments):
            return try call(callee, arguments, span: span, target: target)
        case .field(let object, let name):
            let source = try value(object)
            let register = result()
            emit(.getField, register, source, constant(name.text), span: span)
            return register
        case .item(let object, let items):
            let source = try value(object)
            if items.count == 1, case .index(let index) = items[0] {
                let held = try hold(source, during: index)
                let index = try value(index)
                let register = result()
                emit(.getItem, register, held, index, span: span)
                return register
            }
            let held = source < state.localCount ? copied(source, span: span) : source
            let subscription = try subscripts(items, span: span)
            let register = result()
            emit(.getSubscript, register, held, subscription, span: span)
            return register
        case .lambda(let node):
            return try function(node, into: result())
        case .conditional(let node):
            let register = result()
            try conditional(node, into: register, span: span)
            return register
        case .attempt(let node):
            let register = result()
            try attempt(node, into: register, span: span)
            return register
        case .with(let node):
            let register = result()
            try with(node, into: register, span: span)
            return register
        case .pipe(let left, let right):
            let source = try value(left, into: state.temporary())
            state.placeholders.append(source)
            let answer = try value(right, into: state.temporary())
            state.placeholders.removeLast()
            emit(.clear, source, 1, span: span)
            let register = result()
            emit(.move, register, answer, span: span)
            return register
        }
    }

    /// A value that stays in place while `other` is evaluated: blocks in it might bind the variable anew.
    func hold(_ register: Int, during other: Expression) throws -> Int {
        if isTemporary(register) || !other.mayBind { return register }
        return copied(register, span: other.span)
    }

    func copied(_ register: Int, span: Span) -> Int {
        let copy = state.temporary()
        emit(.copy, copy, register, span: span)
        return copy
    }

    // MARK: - Operators

    private func unary(_ op: UnaryOperator, _ inner: Expression, span: Span, target: Int?) throws -> Int {
        let mark = state.nextRegister
        if let folded = inner.constantValue, op == .negate {
            switch folded {
            case .int(let value) where value != .min:
                let register = target ?? state.temporary()
                loadConstant(.int(-value), into: register, span: span)
                return register
            case .float(let value):
                let register = target ?? state.temporary()
                loadConstant(.float(-value), into: register, span: span)
                return register
            default: break
            }
        }
        let source = try value(inner)
        state.nextRegister = mark
        let register = target ?? state.temporary()
        emit(op == .negate ? .negate : op == .plus ? .plus : .not, register, source, span: span)
        return register
    }

    func binary(
        _ op: BinaryOperator, _ left: Expression, _ right: Expression, inPlace: Bool = false, span: Span, target: Int?
    ) throws -> Int {
        let mark = state.nextRegister
        let first = try hold(try value(left), during: right)
        if let small = right.smallInt, let immediate = op.immediateOpcode {
            state.nextRegister = mark
            let register = target ?? state.temporary()
            emit(immediate, register, first, small, span: span)
            return register
        }
        let second = try value(right)
        state.nextRegister = mark
        let register = target ?? state.temporary()
        emit(inPlace ? op.inPlaceOpcode : op.opcode, register, first, second, span: span)
        return register
    }

    /// `a < b <= c` as `a < b and b <= c` with b evaluated once.
    private func comparison(_ first: Expression, _ links: [ComparisonLink], target: Int?) throws -> Int {
        let mark = state.nextRegister
        let register = state.temporary()
        var left = try value(first, into: state.temporary())
        var leftSpan = first.span
        var jumps: [Int] = []
        for (index, link) in links.enumerated() {
            let right = try value(link.right, into: state.temporary())
            let span = leftSpan.joined(link.right.span)
            if index == links.count - 1 {
                emit(link.op.opcode, register, left, right, span: span)
            } else {
                let kept = copied(right, span: span)
                emit(link.op.opcode, register, left, right, span: span)
                jumps.append(emit(.jumpIfFalse, 0, register, span: span))
                left = kept
                leftSpan = link.right.span
            }
        }
        land(jumps)
        if !jumps.isEmpty { emit(.clear, register + 1, state.nextRegister - register - 1, span: leftSpan) }
        state.nextRegister = mark
        let result = target ?? state.temporary()
        if result != register { emit(.move, result, register, span: leftSpan) }
        return result
    }

    // MARK: - Conditions

    /// Emits jumps, to be landed, that are taken when the condition is false.
    func jumpUnless(_ condition: Expression) throws -> [Int] {
        let mark = state.nextRegister
        defer { state.nextRegister = mark }
        switch condition.kind {
        case .binary(let op, let left, let right):
            guard let (plain, immediate) = op.jumpOpcodes else { break }
            let first = try hold(try value(left), during: right)
            if let small = right.smallInt { return [emit(immediate, 0, first, small, span: condition.span)] }
            let second = try value(right)
            return [emit(plain, 0, first, second, span: condition.span)]
        case .logical(.and, let left, let right):
            let first = try jumpUnless(left)
            let bound = state.surelyBound
            defer { state.surelyBound = bound }
            return try first + jumpUnless(right)
        case .logical(.or, let left, let right):
            let register = try value(left)
            let jump = emit(.jumpIfTrue, 0, register, span: left.span)
            state.nextRegister = mark
            let bound = state.surelyBound
            let last = try jumpUnless(right)
            state.surelyBound = bound
            land(jump)
            return last
        default: break
        }
        let register = try value(condition)
        return [emit(.jumpIfFalse, 0, register, span: condition.span)]
    }

    // MARK: - Literals

    private func list(_ elements: [Element], span: Span, target: Int?) throws -> Int {
        let mark = state.nextRegister
        let first = mark
        var count = 0
        var list: Int?
        // Long literals and spreads go piece by piece, so that they need few registers.
        let piece = 64
        let isSimple = elements.count <= piece && !elements.contains(where: \.isSpread)
        if isSimple {
            for element in elements {
                _ = try value(element.value, into: state.temporary())
                count += 1
            }
            state.nextRegister = mark
            let register = target ?? state.temporary()
            emit(.makeList, register, first, count, span: span)
            return register
        }
        let building = state.temporary()
        emit(.makeList, building, building, 0, span: span)
        list = building
        for element in elements {
            let item = try value(element.value, into: state.temporary())
            emit(.extendList, building, item, element.isSpread ? 1 : 0, span: element.value.span)
            state.nextRegister = building + 1
        }
        state.nextRegister = mark
        let register = target ?? state.temporary()
        if let list, list != register { emit(.move, register, list, span: span) }
        return register
    }

    private func interpolation(_ pieces: [StringPiece], span: Span, target: Int?) throws -> Int {
        let mark = state.nextRegister
        for piece in pieces {
            let part = state.temporary()
            switch piece {
            case .text(let text): loadConstant(.string(text), into: part, span: span)
            case .value(let inner, let format):
                _ = try value(inner, into: part)
                emit(.format, part, part, format.map { constant($0) } ?? -1, span: inner.span)
            }
            state.nextRegister = part + 1
        }
        state.nextRegister = mark
        let register = target ?? state.temporary()
        emit(.join, register, mark, pieces.count, span: span)
        return register
    }

    /// The items of a subscript in temporaries of their own; answers the index of its description.
    func subscripts(_ items: [SubscriptNode], span: Span) throws -> Int {
        var parts: [Code.Subscript.Item] = []
        func part(_ expression: Expression?) throws -> Int? {
            guard let expression else { return nil }
            return try value(expression, into: state.temporary())
        }
        for item in items {
            switch item {
            case .index(let index): parts.append(.index(try value(index, into: state.temporary())))
            case .slice(let start, let stop, let step, _):
                parts.append(.slice(start: try part(start), stop: try part(stop), step: try part(step)))
            case .ellipsis: parts.append(.ellipsis)
            }
        }
        state.subscripts.append(Code.Subscript(items: parts, span: span))
        return state.subscripts.count - 1
    }
}

extension Expression {
    /// The value of a literal.
    var constantValue: Value? {
        switch kind {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .float(let value): .float(value)
        case .string(let value): .string(value)
        case .unary(.negate, let inner):
            switch inner.constantValue {
            case .int(let value)? where value != .min: .int(-value)
            case .float(let value)?: .float(-value)
            default: nil
            }
        default: nil
        }
    }

    /// An int literal that fits an instruction.
    var smallInt: Int? {
        if case .int(let value)? = constantValue, abs(value) < 1 << 30 { return value }
        return nil
    }

    /// Whether evaluating calls nothing, so that it matters little whether something else is looked up before it or after it.
    var isCalm: Bool {
        switch kind {
        case .null, .bool, .int, .float, .string, .name, .placeholder, .lambda: true
        case .list(let elements): elements.allSatisfy { $0.value.isCalm }
        case .unary(_, let inner), .field(let inner, _): inner.isCalm
        case .binary(_, let left, let right), .logical(_, let left, let right): left.isCalm && right.isCalm
        case .comparison(let first, let links): first.isCalm && links.allSatisfy { $0.right.isCalm }
        case .item(let object, let items):
            object.isCalm && items.allSatisfy { if case .index(let value) = $0 { value.isCalm } else { false } }
        case .map, .interpolation, .pipe, .call, .conditional, .attempt, .with: false
        }
    }

    /// Whether evaluating may bind a variable of the same function, which only blocks can.
    var mayBind: Bool {
        switch kind {
        case .conditional, .attempt, .with: true
        case .null, .bool, .int, .float, .string, .name, .placeholder, .lambda: false
        case .interpolation(let pieces):
            pieces.contains { if case .value(let value, _) = $0 { value.mayBind } else { false } }
        case .list(let elements): elements.contains { $0.value.mayBind }
        case .map(let entries): entries.contains { $0.key.mayBind || $0.value.mayBind }
        case .unary(_, let inner): inner.mayBind
        case .field(let inner, _): inner.mayBind
        case .binary(_, let left, let right), .logical(_, let left, let right), .pipe(let left, let right):
            left.mayBind || right.mayBind
        case .comparison(let first, let links): first.mayBind || links.contains { $0.right.mayBind }
        case .call(let callee, let arguments): callee.mayBind || arguments.contains { $0.value.mayBind }
        case .item(let object, let items):
            object.mayBind
                || items.contains { item in
                    switch item {
                    case .index(let value): value.mayBind
                    case .slice(let start, let stop, let step, _):
                        [start, stop, step].contains { $0?.mayBind ?? false }
                    case .ellipsis: false
                    }
                }
        }
    }
}

extension BinaryOperator {
    var opcode: Opcode {
        switch self {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .modulo: .modulo
        case .power: .power
        case .matmul: .matmul
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessEqual: .lessEqual
        case .greater: .greater
        case .greaterEqual: .greaterEqual
        case .isIn: .isIn
        case .isNotIn: .isNotIn
        }
    }

    /// The form for `op=`.
    var inPlaceOpcode: Opcode { self == .add ? .addInPlace : opcode }

    /// The form with a small int on the right.
    var immediateOpcode: Opcode? {
        switch self {
        case .add: .addI
        case .subtract: .subtractI
        case .multiply: .multiplyI
        case .floorDivide: .floorDivideI
        case .modulo: .moduloI
        default: nil
        }
    }

    var jumpOpcodes: (Opcode, Opcode)? {
        switch self {
        case .less: (.jumpUnlessLess, .jumpUnlessLessI)
        case .lessEqual: (.jumpUnlessLessEqual, .jumpUnlessLessEqualI)
        case .greater: (.jumpUnlessGreater, .jumpUnlessGreaterI)
        case .greaterEqual: (.jumpUnlessGreaterEqual, .jumpUnlessGreaterEqualI)
        case .equal: (.jumpUnlessEqual, .jumpUnlessEqualI)
        case .notEqual: (.jumpUnlessNotEqual, .jumpUnlessNotEqualI)
        default: nil
        }
    }
}

extension Opcode {
    /// The operator that an instruction computes, for its slow path.
    var binaryOperator: BinaryOperator {
        switch self {
        case .add, .addI, .addInPlace: .add
        case .subtract, .subtractI: .subtract
        case .multiply, .multiplyI: .multiply
        case .divide: .divide
        case .floorDivide, .floorDivideI: .floorDivide
        case .modulo, .moduloI: .modulo
        case .power: .power
        case .matmul: .matmul
        case .less, .jumpUnlessLess, .jumpUnlessLessI: .less
        case .lessEqual, .jumpUnlessLessEqual, .jumpUnlessLessEqualI: .lessEqual
        case .greater, .jumpUnlessGreater, .jumpUnlessGreaterI: .greater
        case .greaterEqual, .jumpUnlessGreaterEqual, .jumpUnlessGreaterEqualI: .greaterEqual
        case .notEqual, .jumpUnlessNotEqual, .jumpUnlessNotEqualI: .notEqual
        case .isIn: .isIn
        case .isNotIn: .isNotIn
        default: .equal
        }
    }
}

extension Machine {
    /// Runs the frame on top, and all that it calls, until it returns.
    func execute() throws -> Value {
        let entry = frameCount
        while true {
            do {
                return try loop(entry)
            } catch {
                let placed = place(error)
                try recover(from: placed, above: entry)
            }
        }
    }

    /// One instruction after the other. Errors leave with the place saved in the frame.
    private func loop(_ entry: Int) throws -> Value {
        var frame = frames + (frameCount - 1)
        var ip = frame.pointee.next
        var regs = stack + frame.pointee.base
        var locals = frame.pointee.header.pointee.localCount
        var constants = frame.pointee.header.pointee.constants
        let functionType = ObjectIdentifier(FunctionObject.self)
        let builtinType = ObjectIdentifier(Builtin.self)
        let listType = ObjectIdentifier(ListObject.self)
        let interruption = interruption
        let unbound = Unmanaged.passUnretained(Unbound.mark.object).toOpaque()

        /// Takes up the frame on top.
        @inline(__always)
        func resume() {
            frame = frames + (frameCount - 1)
            ip = frame.pointee.next
            regs = stack + frame.pointee.base
            locals = frame.pointee.header.pointee.localCount
            constants = frame.pointee.header.pointee.constants
        }

        /// The value of an operand; a temporary gives it away.
        @inline(__always)
        func take(_ register: Int32) -> Value {
            let place = regs + Int(register)
            if Int(register) < locals { return place.pointee }
            let value = place.move()
            place.initialize(to: .null)
            return value
        }

        /// A temporary that was an operand holds nothing any more.
        @inline(__always)
        func letGo(_ register: Int) {
            if register >= locals { set(register, .null) }
        }

        /// R[a] = value. Most registers hold a scalar, which needs no release.
        @inline(__always)
        func set(_ a: Int, _ value: Value) {
            if case .object = regs[a] { regs[a] = value } else { (regs + a).initialize(to: value) }
        }

        /// Where the function lies that a call names by a global.
        @inline(__always)
        func global(of site: Unmanaged<CallSite>) -> UnsafeMutablePointer<Value>? {
            guard let global = site._withUnsafeGuaranteedRef({ $0.global }) else { return nil }
            let place = frame.pointee.header.pointee.globals.pointee + global.index
            return global.builtin >= 0 && Machine.isUnbound(at: place, mark: unbound)
                ? builtinValues + global.builtin : place
        }

        @inline(__always)
        func jump(_ target: Int32) { ip = frame.pointee.header.pointee.instructions + Int(target) }

        do {
            while true {
                let i = ip.pointee
                ip += 1
                let a = Int(i.a)
                let b = Int(i.b)
                let c = Int(i.c)
                switch i.op {
                case .loadConstant: set(a, constants[b])
                case .loadNull: regs[a] = .null
                case .copy: set(a, regs[b])
                case .move:
                    (regs + a).moveUpdate(from: regs + b, count: 1)
                    (regs + b).initialize(to: .null)
                case .clear: for register in a..<(a + b) { regs[register] = .null }
                case .loadGlobal:
                    let place = frame.pointee.header.pointee.globals.pointee + b
                    if Machine.isUnbound(at: place, mark: unbound) {
                        guard c >= 0 else {
                            frame.pointee.next = ip
                            throw unknownName(frame.pointee.code.module.slotNames[b])
                        }
                        set(a, builtinValues[c])
                    } else {
                        set(a, place.pointee)
                    }
                case .storeGlobal:
                    let place = frame.pointee.header.pointee.globals.pointee + a
                    if case .object = place.pointee {
                        if Machine.function(at: place, type: functionType) != nil { hold(place.pointee) }
                        place.pointee = take(i.b)
                    } else {
                        place.initialize(to: take(i.b))
                    }
                case .loadCell:
                    guard let cell = regs[b].cell else { throw unboundVariable(constants[c]) }
                    if Machine.isUnbound(cell.value) { throw unboundVariable(constants[c]) }
                    regs[a] = cell.value
                case .storeCell: regs[a].cell?.value = take(i.b)
                case .loadCapture:
                    let cell = frame.pointee.captures[b]
                    if Machine.isUnbound(cell.value) { throw unboundVariable(constants[c]) }
                    regs[a] = cell.value
                case .storeCapture: frame.pointee.captures[a].value = take(i.b)
                case .makeCell: regs[a] = .object(Variable(b == 1 ? regs[a] : Unbound.mark.value))
                case .unbind: regs[a] = Unbound.mark.value
                case .checkBound:
                    if Machine.isUnbound(regs[a]) { throw unboundVariable(constants[b]) }

                // Arithmetic.
                case .add, .addInPlace:
                    if case .int(let x) = regs[b], case .int(let y) = regs[c] {
                        let (sum, overflow) = x.addingReportingOverflow(y)
                        if overflow { throw Machine.overflow("\(x) + \(y)") }
                        set(a, .int(sum))
                    } else if case .float(let x) = regs[b], case .float(let y) = regs[c] {
                        set(a, .float(x + y))
                    } else if i.op == .addInPlace {
                        regs[a] = try addInPlace(take(i.b), take(i.c))
                    } else {
                        regs[a] = try binary(.add, take(i.b), take(i.c))
                    }
                case .subtract:
                    if case .int(let x) = regs[b], case .int(let y) = regs[c] {
                        let (difference, overflow) = x.subtractingReportingOverflow(y)
                        if overflow { throw Machine.overflow("\(x) - \(y)") }
                        set(a, .int(difference))
                    } else if case .float(let x) = regs[b], case .float(let y) = regs[c] {
                        set(a, .float(x - y))
                    } else {
                        regs[a] = try binary(.subtract, take(i.b), take(i.c))
                    }
                case .multiply:
                    if case .int(let x) = regs[b], case .int(let y) = regs[c] {
                        let (product, overflow) = x.multipliedReportingOverflow(by: y)
                        if overflow { throw Machine.overflow("\(x) * \(y)") }
                        set(a, .int(product))
                    } else if case .float(let x) = regs[b], case .float(let y) = regs[c] {
                        set(a, .float(x * y))
                    } else {
                        regs[a] = try binary(.multiply, take(i.b), take(i.c))
                    }
                case .addI:
                    if case .int(let x) = regs[b] {
                        let (sum, overflow) = x.addingReportingOverflow(c)
                        if overflow { throw Machine.overflow("\(x) + \(c)") }
                        set(a, .int(sum))
                    } else if case .float(let x) = regs[b] {
                        set(a, .float(x + Double(c)))
                    } else {
                        regs[a] = try binary(.add, take(i.b), .int(c))
                    }
                case .subtractI:
                    if case .int(let x) = regs[b] {
                        let (difference, overflow) = x.subtractingReportingOverflow(c)
                        if overflow { throw Machine.overflow("\(x) - \(c)") }
                        set(a, .int(difference))
                    } else if case .float(let x) = regs[b] {
                        set(a, .float(x - Double(c)))
                    } else {
                        regs[a] = try binary(.subtract, take(i.b), .int(c))
                    }
                case .multiplyI:
                    if case .int(let x) = regs[b] {
                        let (product, overflow) = x.multipliedReportingOverflow(by: c)
                        if overflow { throw Machine.overflow("\(x) * \(c)") }
                        set(a, .int(product))
                    } else if case .float(let x) = regs[b] {
                        set(a, .float(x * Double(c)))
                    } else {
                        regs[a] = try binary(.multiply, take(i.b), .int(c))
                    }
                case .moduloI:
                    if case .int(let x) = regs[b], c > 0 {
                        let rest = x % c
                        set(a, .int(rest < 0 ? rest + c : rest))
                    } else {
                        regs[a] = try binary(.modulo, take(i.b), .int(c))
                    }
                case .floorDivideI:
                    if case .int(let x) = regs[b], c > 0 {
                        let quotient = x / c
                        set(a, .int(x < 0 && quotient * c != x ? quotient - 1 : quotient))
                    } else {
                        regs[a] = try binary(.floorDivide, take(i.b), .int(c))
                    }
                case .divide:
                    if case .float(let x) = regs[b], case .float(let y) = regs[c], y != 0 {
                        set(a, .float(x / y))
                    } else {
                        regs[a] = try binary(.divide, take(i.b), take(i.c))
                    }
                case .less, .lessEqual, .greater, .greaterEqual, .equal, .notEqual, .floorDivide, .modulo, .power,
                    .matmul, .isIn, .isNotIn:
                    regs[a] = try binary(i.op.binaryOperator, take(i.b), take(i.c))
                case .negate: regs[a] = try unary(.negate, take(i.b))
                case .plus: regs[a] = try unary(.plus, take(i.b))
                case .not: regs[a] = try unary(.not, take(i.b))

                // Jumps.
                case .jump: jump(i.a)
                case .loop:
                    if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
                    jump(i.a)
                case .jumpIfFalse:
                    if case .bool(let value) = regs[b] {
                        if !value { jump(i.a) }
                    } else if !(try truth(regs[b])) {
                        jump(i.a)
                    }
                case .jumpIfTrue:
                    if case .bool(let value) = regs[b] {
                        if value { jump(i.a) }
                    } else if try truth(regs[b]) {
                        jump(i.a)
                    }
                case .jumpUnlessLess:
                    if case .int(let x) = regs[b], case .int(let y) = regs[c] {
                        if !(x < y) { jump(i.a) }
                    } else if case .float(let x) = regs[b], case .float(let y) = regs[c] {
                        if !(x < y) { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), take(i.c))) {
                        jump(i.a)
                    }
                case .jumpUnlessLessI:
                    if case .int(let x) = regs[b] {
                        if !(x < c) { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), .int(c))) {
                        jump(i.a)
                    }
                case .jumpUnlessLessEqualI:
                    if case .int(let x) = regs[b] {
                        if !(x <= c) { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), .int(c))) {
                        jump(i.a)
                    }
                case .jumpUnlessGreaterI:
                    if case .int(let x) = regs[b] {
                        if !(x > c) { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), .int(c))) {
                        jump(i.a)
                    }
                case .jumpUnlessEqualI:
                    if case .int(let x) = regs[b] {
                        if x != c { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), .int(c))) {
                        jump(i.a)
                    }
                case .jumpUnlessGreaterEqualI, .jumpUnlessNotEqualI:
                    if !(try condition(i.op, take(i.b), .int(c))) { jump(i.a) }
                case .jumpUnlessGreater:
                    if case .int(let x) = regs[b], case .int(let y) = regs[c] {
                        if !(x > y) { jump(i.a) }
                    } else if !(try condition(i.op, take(i.b), take(i.c))) {
                        jump(i.a)
                    }
                case .jumpUnlessLessEqual, .jumpUnlessGreaterEqual, .jumpUnlessEqual, .jumpUnlessNotEqual:
                    if !(try condition(i.op, take(i.b), take(i.c))) { jump(i.a) }

                // Loops over things.
                case .iterate: try beginLoop(over: take(i.b), state: regs + a)
                case .next:
                    if case .int(let step) = regs[a + 2], case .int(let left) = regs[a + 1],
                        case .int(let value) = regs[a]
                    {
                        if left == 0 {
                            jump(i.c)
                        } else {
                            set(b, .int(value))
                            // The number after the last one is never used and may overflow.
                            (regs + a).initialize(to: .int(value &+ step))
                            (regs + a + 1).initialize(to: .int(left - 1))
                        }
                    } else if let value = try nextItem(regs + a) {
                        regs[b] = value
                    } else {
                        jump(i.c)
                    }

                // Building values.
                case .makeList:
                    var items: [Value] = []
                    items.reserveCapacity(c)
                    for register in b..<(b + c) {
                        items.append(regs[register])
                        regs[register] = .null
                    }
                    regs[a] = .list(items)
                case .extendList: try extend(regs[a], with: take(i.b), spread: c == 1)
                case .makeMap: regs[a] = try makeMap(regs + b, pairs: c)
                case .format:
                    let value = take(i.b)
                    if c >= 0 {
                        regs[a] = .string(try value.formatted(constants[c].string ?? ""))
                    } else if case .object(let object) = value, !(object is StringObject) {
                        // Now, not when the pieces are joined: a later piece may change it.
                        regs[a] = .string(value.printed)
                    } else {
                        regs[a] = value
                    }
                case .join: regs[a] = try join(regs + b, count: c)
                case .makeFunction: regs[a] = makeFunction(b, frame, regs)
                case .unpack: try unpack(take(i.a), into: regs + b, count: c)
                case .unpackRest:
                    let description = frame.pointee.code.unpackings[b]
                    try unpack(take(i.a), into: regs + c, count: description.count, rest: description.rest)

                // Parts of values.
                case .getField:
                    frame.pointee.next = ip
                    regs[a] = try field(constants[c].string ?? "", of: take(i.b))
                case .setField: try setField(constants[b].string ?? "", of: regs[a], to: take(i.c))
                case .getItem:
                    if case .object(let object) = regs[b], case .int(let index) = regs[c],
                        ObjectIdentifier(type(of: object)) == listType
                    {
                        let list = unsafeDowncast(object, to: ListObject.self)
                        let count = list.items.count
                        let place = index < 0 ? index + count : index
                        if place >= 0, place < count {
                            let item = list.items[place]
                            letGo(b)
                            set(a, item)
                        } else {
                            regs[a] = try item([.index(.int(index))], of: regs[b])
                        }
                    } else if let found = Machine.mapValue(regs[b], regs[c]) {
                        letGo(b)
                        letGo(c)
                        set(a, found)
                    } else {
                        regs[a] = try item([.index(take(i.c))], of: take(i.b))
                    }
                case .setItem:
                    if case .object(let object) = regs[a], case .int(let index) = regs[b],
                        ObjectIdentifier(type(of: object)) == listType
                    {
                        let list = unsafeDowncast(object, to: ListObject.self)
                        if index >= 0, index < list.items.count {
                            list.items[index] = take(i.c)
                        } else {
                            try setItem([.index(.int(index))], of: regs[a], to: take(i.c))
                        }
                        letGo(a)
                    } else if Machine.setMapValue(at: regs + a, regs + b, regs + c) {
                        letGo(a)
                        letGo(b)
                        letGo(c)
                    } else {
                        try setItem([.index(take(i.b))], of: take(i.a), to: take(i.c))
                    }
                case .getSubscript:
                    let items = subscriptItems(frame.pointee.code.subscripts[c], regs, locals)
                    regs[a] = try item(items, of: take(i.b))
                case .setSubscript:
                    let items = subscriptItems(frame.pointee.code.subscripts[c], regs, locals)
                    try setItem(items, of: take(i.a), to: take(i.b))

                // Calls.
                case .callPlain:
                    if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
                    frame.pointee.next = ip
                    let site = frame.pointee.header.pointee.sites[c]
                    let function = global(of: site) ?? regs + a
                    // Counting references here would cost as much as the call itself: the register or the global holds the
                    // function, or the frame does once the global lets go of it.
                    if let function = Machine.function(at: function, type: functionType), function.takes(b) {
                        try push(function, base: frame.pointee.base + a + 1)
                        resume()
                    } else if let builtin = Machine.builtin(at: function, type: builtinType),
                        let value = try quickAnswer(of: builtin, regs + (a + 1), count: b)
                    {
                        set(a, value)
                    } else {
                        // The short way may have made new globals, and moved all.
                        if let global = global(of: site) { regs[a] = global.pointee }
                        if let value = try callPlain(site, regs + a, count: b, base: frame.pointee.base + a + 1) {
                            regs[a] = value
                        } else {
                            resume()
                        }
                    }
                case .call:
                    if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
                    guard case .object(let object) = regs[a] else { throw notCallable(regs[a]) }
                    frame.pointee.next = ip
                    let site = frame.pointee.code.sites[c]
                    let arguments = try collect(site, regs + (a + 1), count: b)
                    if let value = try invoke(object, arguments, base: frame.pointee.base + a + 1) {
                        set(a, value)
                    } else {
                        resume()
                    }
                case .callMethod:
                    if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
                    frame.pointee.next = ip
                    let site = frame.pointee.header.pointee.sites[c]
                    let function = global(of: site) ?? regs + a
                    if site._withUnsafeGuaranteedRef({ $0.isPlain }),
                        let builtin = Machine.builtin(at: function, type: builtinType),
                        let value = try quickAnswer(of: builtin, regs + (a + 1), count: b)
                    {
                        set(a, value)
                    } else {
                        if let global = global(of: site) { regs[a] = global.pointee }
                        if let value = try callMethod(
                            frame.pointee.code.methodNames[c] ?? "", site.takeUnretainedValue(), regs + a, count: b,
                            base: frame.pointee.base + a + 1)
                        {
                            regs[a] = value
                        } else {
                            resume()
                        }
                    }
                case .returnValue:
                    let value = take(i.a)
                    pop(frame, regs)
                    if frameCount < entry { return value }
                    set(-1, value)
                    resume()

                // Errors and contexts.
                case .pushHandler:
                    handlers.append(Handler(frame: frameCount, target: a, register: b, isContext: c == 1))
                case .popHandler: handlers.removeLast()
                case .rethrow:
                    guard let error = take(i.a).object as? ErrorObject else { throw Fault("no error to throw") }
                    throw error.original
                case .enterContext: try enterContext(regs[a])
                case .exitContext:
                    regs[a].object?.exit(self)
                    regs[a] = .null
                case .failAssert: throw assertionFailure(c == 1 ? .some(regs[a]) : .none)
                case .failComparison: throw comparisonFailure(regs[a], regs[b], constants[c].string ?? "")

                // Declarations.
                case .registerTest: registerTest(constants[a].string ?? "", take(i.b), frame.pointee.code)
                case .importModule:
                    frame.pointee.next = ip
                    regs[a] = try load(frame.pointee.code.imports[b], from: frame.pointee.code)
                case .makeModel: regs[a] = .object(try hooks.makeModel(constants[b].string ?? "", self))
                case .finishModel:
                    try finishModel(regs[a], methods: regs + b, count: c, frame.pointee.code.parameters.signature)
                }
            }
        } catch {
            frames[frameCount - 1].next = ip
            throw error
        }
    }
}

extension Value {
    /// The cell in a register of a captured variable.
    @inline(__always)
    var cell: Variable? {
        if case .object(let object) = self { return object as? Variable }
        return nil
    }
}

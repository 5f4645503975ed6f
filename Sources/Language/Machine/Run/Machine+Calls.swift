extension Machine {
    /// Puts a frame for a function on top whose arguments are in place.
    @inline(__always)
    func push(_ function: Unmanaged<FunctionObject>, base: Int) throws {
        // Counting references here would cost as much as the call itself.
        let header = function._withUnsafeGuaranteedRef { $0.header }
        let end = base + header.pointee.registerCount
        if frameCount >= depthLimit || end >= stackCapacity {
            throw tooDeep(header.pointee.code.takeUnretainedValue().name)
        }
        if end > initialized { initialize(upTo: end) }
        (frames + frameCount).initialize(
            to: Frame(header: header, function: function, base: base, next: header.pointee.instructions))
        frameCount += 1
    }

    /// Takes the frame on top away and empties its registers.
    @inline(__always)
    func pop(_ frame: UnsafeMutablePointer<Frame>, _ regs: UnsafeMutablePointer<Value>) {
        drop(regs, count: frame.pointee.header.pointee.registerCount)
        frameCount -= 1
    }

    /// Empties registers.
    @inline(__always)
    func drop(_ registers: UnsafeMutablePointer<Value>, count: Int) {
        var register = registers
        let end = registers + count
        while register < end {
            // A scalar needs no release, and most registers hold one.
            if case .object = register.pointee { register.pointee = .null } else { register.initialize(to: .null) }
            register += 1
        }
    }

    @inline(never)
    func initialize(upTo end: Int) {
        (stack + initialized).initialize(repeating: .null, count: end - initialized)
        initialized = end
    }

    func tooDeep(_ name: String) -> Fault {
        Fault(
            "\(name) was called \(depthLimit) calls deep", hint: "does it call itself without an end?",
            kind: "recursion")
    }

    // MARK: - From Swift

    /// Runs code in a new frame above everything; `fill` puts the arguments into its first registers.
    func start(_ code: Code, function: FunctionObject?, fill: (UnsafeMutablePointer<Value>) throws -> Void) throws
        -> Value
    {
        guard StackBounds.hasRoom else {
            throw Fault(
                "calls back and forth between functions are nested too deeply",
                hint: "does a function call itself without an end?",
                kind: "recursion")
        }
        var base = 1
        if frameCount > 0 {
            let frame = frames[frameCount - 1]
            base = frame.base + frame.code.registerCount + 1
        }
        if frameCount >= depthLimit || base + code.registerCount >= stackCapacity { throw tooDeep(code.name) }
        if base + code.registerCount > initialized { initialize(upTo: base + code.registerCount) }
        stack[base - 1] = function.map { .object($0) } ?? .null
        do {
            try fill(stack + base)
        } catch {
            clear(from: base - 1, count: code.registerCount + 1)
            throw error
        }
        (frames + frameCount).initialize(
            to: Frame(
                header: code.header, function: function.map { .passUnretained($0) }, base: base,
                next: code.instructions))
        frameCount += 1
        defer { stack[base - 1] = .null }
        return try withExtendedLifetime(code) { try execute() }
    }

    func clear(from index: Int, count: Int) {
        for place in index..<min(index + count, initialized) { stack[place] = .null }
    }

    /// A script function called from Swift.
    func callFunction(_ function: FunctionObject, _ arguments: Arguments) throws -> Value {
        try start(function.code, function: function) { registers in
            try bind(arguments, to: function, registers: registers)
        }
    }

    /// A value called from Swift.
    func dispatch(_ function: Value, _ arguments: Arguments) throws -> Value {
        guard let object = function.object else { throw notCallable(function) }
        if let function = object as? FunctionObject { return try callFunction(function, arguments) }
        return try callObject(object, arguments)
    }

    /// Anything but a script function called: only the native stack limits how deep.
    func callObject(_ object: Object, _ arguments: Arguments) throws -> Value {
        guard StackBounds.hasRoom else {
            throw Fault(
                "calls are nested too deeply", hint: "does a function call itself without an end?", kind: "recursion")
        }
        guard object.isCallable else { throw notCallable(.object(object)) }
        return try object.call(arguments, self)
    }

    func notCallable(_ value: Value) -> Fault {
        Fault(
            "\(value.described) is no function and cannot be called", hint: hintForCall(of: value), kind: "type",
            argument: .callee)
    }

    /// A function called from Swift with one or two arguments by position, as loops over items do.
    func call(_ function: Value, _ first: Value, _ second: Value? = nil) throws -> Value {
        guard case .object(let object) = function, let function = object as? FunctionObject,
            function.header.pointee.plainParameters == (second == nil ? 1 : 2)
        else { return try call(function, Arguments(second.map { [first, $0] } ?? [first])) }
        return try start(function.code, function: function) { registers in
            registers[0] = first
            if let second { registers[1] = second }
        }
    }

    // MARK: - From scripts

    /// A function is about to leave its global: frames that run it, and counted no reference, hold it from now on.
    @inline(never)
    func hold(_ old: Value) {
        guard case .object(let object) = old else { return }
        let place = Unmanaged.passUnretained(object).toOpaque()
        for frame in 0..<frameCount where frames[frame].function?.toOpaque() == place {
            stack[frames[frame].base - 1] = old
        }
    }

    /// Any function, in the first register, with arguments by position in those after it: the long way.
    ///
    /// Answers nil when a frame was put on top instead.
    func callPlain(
        _ site: Unmanaged<CallSite>, _ registers: UnsafeMutablePointer<Value>, count: Int, base: Int
    ) throws -> Value? {
        if Machine.isUnbound(registers[0]) { throw unknownCallee(site) }
        guard case .object(let object) = registers[0] else { throw notCallable(registers[0]) }
        return try invoke(object, takeArguments(registers + 1, count: count), base: base)
    }

    /// Anything called from a script. Answers nil when a frame was put on top instead.
    func invoke(_ object: Object, _ arguments: Arguments, base: Int) throws -> Value? {
        guard let function = object as? FunctionObject else { return try callObject(object, arguments) }
        try enter(function, arguments, base: base)
        return nil
    }

    /// What a builtin's short way, if it has one, makes of the arguments in registers, which it empties then.
    @inline(__always)
    func quickAnswer(
        of builtin: Unmanaged<Builtin>, _ registers: UnsafeMutablePointer<Value>, count: Int
    ) throws -> Value? {
        // Called in place: a closure that is handed out of a generic call is wrapped anew each time.
        try builtin._withUnsafeGuaranteedRef { builtin in
            guard let quick = builtin.quick,
                let value = try quick(UnsafeBufferPointer(start: registers, count: count))
            else { return nil }
            drop(registers, count: count)
            return value
        }
    }

    /// Arguments by position, taken out of their registers.
    func takeArguments(_ registers: UnsafeMutablePointer<Value>, count: Int) -> Arguments {
        if count == 0 { return Arguments() }
        return Arguments(
            Array(unsafeUninitializedCapacity: count) { buffer, filled in
                if let start = buffer.baseAddress { start.moveInitialize(from: registers, count: count) }
                registers.initialize(repeating: .null, count: count)
                filled = count
            })
    }

    /// The arguments of a call instruction, taken out of their registers.
    func collect(_ site: CallSite, _ registers: UnsafeMutablePointer<Value>, count: Int, from first: Int = 0) throws
        -> Arguments
    {
        var arguments = Arguments()
        arguments.positional.reserveCapacity(count)
        for index in first..<max(first, count) {
            let value = registers[index]
            registers[index] = .null
            switch site.kinds[index] {
            case .positional: arguments.positional.append(value)
            case .keyword(let name):
                guard arguments[keyword: name] == nil else {
                    throw Fault("\(name) is given twice", kind: "type", argument: .keyword(name))
                }
                arguments.keywords.append((name, value))
            case .spread:
                if let map = value.object as? MapObject {
                    for (key, item) in map.entries {
                        guard let name = key.string else {
                            throw Fault(
                                "a map spread into a call gives keyword arguments; the key \(key.described) is no string",
                                kind: "type")
                        }
                        guard arguments[keyword: name] == nil else {
                            throw Fault("\(name) is given twice", kind: "type")
                        }
                        arguments.keywords.append((name, item))
                    }
                } else {
                    arguments.positional += try array(of: value, for: "* in a call")
                }
            }
        }
        return arguments
    }

    /// A script function with any arguments: binds them and puts its frame on top.
    func enter(_ function: FunctionObject, _ arguments: Arguments, base: Int) throws {
        let end = base + function.code.registerCount
        if end >= stackCapacity { throw tooDeep(function.name) }
        if end > initialized { initialize(upTo: end) }
        try bind(arguments, to: function, registers: stack + base)
        try push(.passUnretained(function), base: base)
    }

    /// Puts arguments into the registers of parameters, defaults where none was given.
    func bind(_ arguments: Arguments, to function: FunctionObject, registers: UnsafeMutablePointer<Value>) throws {
        let parameters = function.code.parameters
        let shift = parameters.takesSelf ? 1 : 0
        var arguments = arguments
        var instance = Value.null
        if parameters.takesSelf {
            guard !arguments.positional.isEmpty else { throw Fault("\(function.name) needs its model", kind: "type") }
            instance = arguments.positional.removeFirst()
        }
        // Last, since defaults run in frames that may lie where these registers are.
        defer { if parameters.takesSelf { registers[0] = instance } }
        if parameters.isPlain || (parameters.takesSelf && !parameters.hasExtras), arguments.keywords.isEmpty,
            arguments.positional.count == parameters.count
        {
            for (index, value) in arguments.positional.enumerated() { registers[shift + index] = value }
            return
        }
        let bound = try BoundCall(arguments, parameters.signature)
        // Defaults run in frames above: the values wait outside of the registers.
        var values: [Value] = []
        values.reserveCapacity(parameters.count)
        for index in 0..<parameters.count {
            if let value = bound.values[index] {
                values.append(value)
                continue
            }
            switch parameters.defaults[index] {
            case .required: throw bound.missing(index)
            case .constant(let value): values.append(value)
            case .computed(let place):
                guard let standard = function.defaults[place] else { throw bound.missing(index) }
                values.append(try call(.object(standard), Arguments()))
            }
        }
        for (index, value) in values.enumerated() { registers[shift + index] = value }
    }

    /// `x.name(…)`: the field of that name, else the function of that name with x first.
    ///
    /// Answers nil when a frame was put on top instead.
    func callMethod(
        _ name: String, _ site: CallSite, _ registers: UnsafeMutablePointer<Value>, count: Int, base: Int
    ) throws -> Value? {
        let receiver = registers[1]
        if case .object(let object) = receiver, let member = try object.field(name, self) {
            registers[1] = .null
            let arguments = try collect(site, registers + 1, count: count, from: 1)
            do {
                return try dispatch(member, arguments)
            } catch var fault as Fault {
                if case .positional(let index)? = fault.argument { fault.argument = .positional(index + 1) }
                throw fault
            }
        }
        let candidate = registers[0]
        if Machine.isUnbound(candidate) || !candidate.isCallable { throw noMethod(name, receiver, candidate) }
        guard let object = candidate.object else { throw noMethod(name, receiver, candidate) }
        return try invoke(object, collect(site, registers + 1, count: count), base: base)
    }

    /// A function value with the cells that it needs from here.
    func makeFunction(_ index: Int, _ frame: UnsafeMutablePointer<Frame>, _ regs: UnsafeMutablePointer<Value>) -> Value
    {
        let code = frame.pointee.code.functions[index]
        return .object(closure(code, frame, regs))
    }

    private func closure(_ code: Code, _ frame: UnsafeMutablePointer<Frame>, _ regs: UnsafeMutablePointer<Value>)
        -> FunctionObject
    {
        let cells = code.captures.map { capture in
            switch capture {
            case .register(let register): regs[register].cell ?? Variable(Unbound.mark.value)
            case .capture(let index): frame.pointee.captures[index]
            }
        }
        var defaults: [Int: FunctionObject] = [:]
        for case .computed(let place) in code.parameters.defaults {
            defaults[place] = closure(frame.pointee.code.functions[place], frame, regs)
        }
        return FunctionObject(code: code, captures: cells, defaults: defaults)
    }
}

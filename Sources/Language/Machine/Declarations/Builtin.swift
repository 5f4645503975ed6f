/// A typed parameter of a builtin: its name, one line, and its default.
///
/// A class, so that a call can reach it without looking up a type for each argument.
public final class Parameter<A: ScriptConvertible> {
    public let info: ParameterInfo
    let fallback: A?

    /// A parameter that must be given.
    public init(_ name: String, _ summary: String, unit: String? = nil) {
        info = ParameterInfo(name: name, type: A.scriptType, summary: summary, defaultText: nil, unit: unit)
        fallback = nil
    }

    /// A parameter with a default; `text` says the default in words where its value would not.
    public init(_ name: String, _ summary: String, default value: A, text: String? = nil, unit: String? = nil) {
        let shown = text ?? value.scriptValue.display(.inline)
        info = ParameterInfo(name: name, type: A.scriptType, summary: summary, defaultText: shown, unit: unit)
        fallback = value
    }

    private init(_ name: String, _ summary: String, kind: ParameterInfo.Kind) {
        info = ParameterInfo(name: name, type: A.scriptType, summary: summary, defaultText: nil, kind: kind)
        fallback = nil
    }

    /// `*name`: all further positional arguments as an array.
    public static func rest<E>(_ name: String, _ summary: String) -> Parameter where A == [E] {
        Parameter(name, summary, kind: .rest)
    }

    /// All keyword arguments that no other parameter names.
    public static func keywords(_ name: String, _ summary: String) -> Parameter where A == Keywords {
        Parameter(name, summary, kind: .keywords)
    }

    /// The argument as `A`; nil was not given.
    func convert(_ value: Value?, in call: BoundCall, at index: Int) throws -> A {
        guard let value else {
            if let fallback { return fallback }
            throw call.missing(index)
        }
        do {
            if let converted = try A.from(value) { return converted }
        } catch let fault as Fault where fault.argument == nil {
            var placed = fault
            placed.message = "\(call.signature.name): \(info.name): \(fault.message)"
            placed.argument = call.places[index]
            throw placed
        }
        if info.kind == .rest, let items = value.items {
            for (place, item) in items.enumerated() where try A.from(.list([item])) == nil {
                throw call.mismatch(index, found: item, at: place)
            }
        }
        throw call.mismatch(index, found: value)
    }
}

/// A function of the language that is written in Swift, with everything anybody needs to know of it.
public final class Builtin: Object {
    public let name: String
    private let declaration: Signature
    private var chapterTitle = ""
    let body: (CallContext, Arguments) throws -> Value
    /// Answers the commonest calls, by position, without binding their arguments; nil leaves a call to `body`, which says what
    /// is wrong with it.
    public typealias Quick = (UnsafeBufferPointer<Value>) throws -> Value?
    /// Never assigned again, so that a call need not hold on to it.
    let quick: Quick?

    /// This builtin with a short way for calls in hot loops.
    public func quickly(_ quick: @escaping Quick) -> Builtin { Builtin(declaration, quick: quick, body: body) }

    public override var typeName: String { "function" }
    public override var isCallable: Bool { true }
    public override var signature: Signature? {
        var signature = declaration
        signature.chapter = chapterTitle
        return signature
    }
    public override func display(_ style: DisplayStyle) -> String { declaration.display(style) }
    public override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        try body(CallContext(machine: machine, name: name), arguments)
    }

    func join(chapter: String) { chapterTitle = chapter }

    /// A builtin that takes its arguments as they come; for the few that are called in hot loops.
    public init(
        _ signature: Signature, quick: Quick? = nil, body: @escaping (CallContext, Arguments) throws -> Value
    ) {
        self.name = signature.name
        self.declaration = signature
        self.quick = quick
        self.body = body
    }

    /// A builtin whose arguments arrive typed and checked.
    public convenience init<each A: ScriptConvertible, R: ScriptConvertible>(
        _ name: String, _ summary: String, _ parameters: repeat Parameter<each A>, details: String = "",
        returns: String = "", example: String = "", source: String = "",
        body: @escaping (repeat each A) throws -> R
    ) {
        let signature = Builtin.describe(
            name, summary, details, returns, example, source, repeat each parameters)
        let declared = DeclaredParameters(signature, repeat each parameters)
        self.init(signature) { _, arguments in
            var reader = ArgumentReader(arguments, declared)
            func next<T: ScriptConvertible>(_: T.Type) throws -> T { try reader.next() }
            try reader.checkNone()
            return try body(repeat next((each A).self)).scriptValue
        }
    }

    /// The same for a function that answers nothing.
    public convenience init<each A: ScriptConvertible>(
        _ name: String, _ summary: String, _ parameters: repeat Parameter<each A>, details: String = "",
        returns: String = "", example: String = "", source: String = "",
        body: @escaping (repeat each A) throws -> Void
    ) {
        let signature = Builtin.describe(
            name, summary, details, returns, example, source, repeat each parameters)
        let declared = DeclaredParameters(signature, repeat each parameters)
        self.init(signature) { _, arguments in
            var reader = ArgumentReader(arguments, declared)
            func next<T: ScriptConvertible>(_: T.Type) throws -> T { try reader.next() }
            try reader.checkNone()
            try body(repeat next((each A).self))
            return .null
        }
    }

    /// The same for a function that calls back, prints, or looks at the machine.
    public convenience init<each A: ScriptConvertible, R: ScriptConvertible>(
        _ name: String, _ summary: String, _ parameters: repeat Parameter<each A>, details: String = "",
        returns: String = "", example: String = "", source: String = "",
        body: @escaping (CallContext, repeat each A) throws -> R
    ) {
        let signature = Builtin.describe(
            name, summary, details, returns, example, source, repeat each parameters)
        let declared = DeclaredParameters(signature, repeat each parameters)
        self.init(signature) { context, arguments in
            var reader = ArgumentReader(arguments, declared)
            func next<T: ScriptConvertible>(_: T.Type) throws -> T { try reader.next() }
            try reader.checkNone()
            return try body(context, repeat next((each A).self)).scriptValue
        }
    }

    /// The same for a function that looks at the machine and answers nothing.
    public convenience init<each A: ScriptConvertible>(
        _ name: String, _ summary: String, _ parameters: repeat Parameter<each A>, details: String = "",
        returns: String = "", example: String = "", source: String = "",
        body: @escaping (CallContext, repeat each A) throws -> Void
    ) {
        let signature = Builtin.describe(
            name, summary, details, returns, example, source, repeat each parameters)
        let declared = DeclaredParameters(signature, repeat each parameters)
        self.init(signature) { context, arguments in
            var reader = ArgumentReader(arguments, declared)
            func next<T: ScriptConvertible>(_: T.Type) throws -> T { try reader.next() }
            try reader.checkNone()
            try body(context, repeat next((each A).self))
            return .null
        }
    }

    private static func describe<each A: ScriptConvertible>(
        _ name: String, _ summary: String, _ details: String, _ returns: String, _ example: String,
        _ source: String, _ parameters: repeat Parameter<each A>
    ) -> Signature {
        var infos: [ParameterInfo] = []
        for parameter in repeat each parameters { infos.append(parameter.info) }
        return Signature(
            name: name, parameters: infos, summary: summary, details: details, returns: returns, example: example,
            reference: source)
    }
}

/// The parameters of a builtin as its calls read them.
private final class DeclaredParameters {
    let signature: Signature
    /// `Parameter<A>` for each A.
    let parameters: [AnyObject]
    /// Whether each takes one argument, so that a call without keywords needs no binding.
    let isPlain: Bool

    init<each A: ScriptConvertible>(_ signature: Signature, _ parameters: repeat Parameter<each A>) {
        self.signature = signature
        var all: [AnyObject] = []
        for parameter in repeat each parameters { all.append(parameter) }
        self.parameters = all
        isPlain = signature.parameters.allSatisfy { $0.kind == .normal && !$0.isKeywordOnly }
    }
}

/// Gives the arguments of one call, typed, in the order of the parameters.
private struct ArgumentReader {
    private let arguments: Arguments
    private let declared: DeclaredParameters
    private let isPlain: Bool
    private var index = 0
    private var bound: BoundCall?

    init(_ arguments: Arguments, _ declared: DeclaredParameters) {
        (self.arguments, self.declared) = (arguments, declared)
        isPlain =
            declared.isPlain && arguments.keywords.isEmpty
            && arguments.positional.count <= declared.parameters.count
    }

    /// A builtin without parameters asks for none: it still must not be given any.
    func checkNone() throws { if declared.parameters.isEmpty { _ = try BoundCall(arguments, declared.signature) } }

    mutating func next<A: ScriptConvertible>() throws -> A {
        // The parameters were put there in the order of the types.
        let parameter = unsafeDowncast(declared.parameters[index], to: Parameter<A>.self)
        defer { index += 1 }
        if isPlain {
            if index >= arguments.positional.count {
                if let fallback = parameter.fallback { return fallback }
            } else if let value = try? A.from(arguments.positional[index]) {
                return value
            }
        }
        // What goes wrong is said by the binding, which knows the place of each argument.
        let call = try bound ?? BoundCall(arguments, declared.signature)
        bound = call
        return try parameter.convert(call.values[index], in: call, at: index)
    }
}

/// Builtins that belong together, with a title for the reference.
public struct Chapter {
    public let title: String
    public let summary: String
    public let builtins: [Builtin]
    /// Values that are no functions, such as `pi`.
    public let constants: [(name: String, value: Value, summary: String)]

    public init(
        _ title: String, _ summary: String, _ builtins: [Builtin],
        constants: [(name: String, value: Value, summary: String)] = []
    ) {
        self.title = title
        self.summary = summary
        self.builtins = builtins
        self.constants = constants
        for builtin in builtins { builtin.join(chapter: title) }
    }
}

/// A typed parameter of a builtin: its name, one line, and its default.
public struct Parameter<A: ScriptConvertible> {
    public var info: ParameterInfo
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
    public init(_ signature: Signature, body: @escaping (CallContext, Arguments) throws -> Value) {
        self.name = signature.name
        self.declaration = signature
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
        let declared = (repeat each parameters)
        self.init(signature) { _, arguments in
            let call = try BoundCall(arguments, signature)
            var index = 0
            func next<T>(_ parameter: Parameter<T>) throws -> T {
                defer { index += 1 }
                return try parameter.convert(call.values[index], in: call, at: index)
            }
            return try body(repeat next(each declared)).scriptValue
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
        let declared = (repeat each parameters)
        self.init(signature) { _, arguments in
            let call = try BoundCall(arguments, signature)
            var index = 0
            func next<T>(_ parameter: Parameter<T>) throws -> T {
                defer { index += 1 }
                return try parameter.convert(call.values[index], in: call, at: index)
            }
            try body(repeat next(each declared))
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
        let declared = (repeat each parameters)
        self.init(signature) { context, arguments in
            let call = try BoundCall(arguments, signature)
            var index = 0
            func next<T>(_ parameter: Parameter<T>) throws -> T {
                defer { index += 1 }
                return try parameter.convert(call.values[index], in: call, at: index)
            }
            return try body(context, repeat next(each declared)).scriptValue
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
        let declared = (repeat each parameters)
        self.init(signature) { context, arguments in
            let call = try BoundCall(arguments, signature)
            var index = 0
            func next<T>(_ parameter: Parameter<T>) throws -> T {
                defer { index += 1 }
                return try parameter.convert(call.values[index], in: call, at: index)
            }
            try body(context, repeat next(each declared))
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

/// What a call passes: values by position and values by name.
public struct Arguments {
    public var positional: [Value]
    public var keywords: [(name: String, value: Value)]

    public init(_ positional: [Value] = [], keywords: [(name: String, value: Value)] = []) {
        self.positional = positional
        self.keywords = keywords
    }

    public var isEmpty: Bool { positional.isEmpty && keywords.isEmpty }

    /// The same call with one more value in front, as `x.f(a)` makes it.
    public func prepending(_ value: Value) -> Arguments {
        Arguments([value] + positional, keywords: keywords)
    }

    public subscript(keyword name: String) -> Value? { keywords.first { $0.name == name }?.value }
}

/// What a builtin may ask of the call it serves.
public struct CallContext {
    public let machine: Machine
    /// The name of the builtin, for messages.
    public let name: String

    public init(machine: Machine, name: String) {
        self.machine = machine
        self.name = name
    }

    /// Calls a function value, as a callback.
    public func call(_ function: Value, _ arguments: Value...) throws -> Value {
        try machine.call(function, Arguments(arguments))
    }

    /// Throws when the user pressed Ctrl-C; long loops in Swift ask now and then.
    public func checkInterrupt() throws { try machine.checkInterrupt() }

    /// Writes a line to the results.
    public func print(_ text: String) { machine.output.write(text + "\n", to: .results) }

    /// Writes a warning with the place of the call.
    public func warn(_ message: String, hint: String? = nil, code: String? = nil) {
        machine.warn(message, hint: hint, code: code)
    }
}

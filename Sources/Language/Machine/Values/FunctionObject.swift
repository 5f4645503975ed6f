/// A function written in a script together with the variables that it captured.
public final class FunctionObject: Object {
    let code: Code
    let header: UnsafeMutablePointer<Code.Header>
    let captures: [Variable]
    /// Functions that compute defaults, by parameter.
    let defaults: [Int: FunctionObject]

    init(code: Code, captures: [Variable], defaults: [Int: FunctionObject] = [:]) {
        self.code = code
        header = code.header
        self.captures = captures
        self.defaults = defaults
    }

    public var name: String { code.name }
    /// The text that declared it, with its `##` comments left out.
    public var sourceText: String? { code.parameters.signature.location.map { $0.source.text(of: $0.span) } }
    /// Where it was declared.
    public var source: Source { code.source }

    public override var typeName: String { "function" }
    public override var isCallable: Bool { true }
    public override var signature: Signature? { code.parameters.signature }
    public override func display(_ style: DisplayStyle) -> String { code.parameters.signature.display(style) }
    public override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        try machine.callFunction(self, arguments)
    }
}

extension Unmanaged<FunctionObject> {
    /// Whether so many arguments by position are all that the function wants.
    @inline(__always)
    func takes(_ count: Int) -> Bool { _withUnsafeGuaranteedRef { $0.header }.pointee.plainParameters == count }
}

/// A method of a model together with its instance.
public final class BoundMethod: Object {
    public let receiver: Value
    public let function: Value

    public init(receiver: Value, function: Value) {
        self.receiver = receiver
        self.function = function
    }

    public override var typeName: String { "function" }
    public override var isCallable: Bool { true }
    public override var signature: Signature? { function.object?.signature }
    public override func display(_ style: DisplayStyle) -> String {
        signature?.display(style, kind: "method") ?? "<method>"
    }
    public override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        try machine.call(function, arguments.prepending(receiver))
    }
}

/// A variable that outlives its frame because an inner function uses it.
final class Variable: Object {
    @exclusivity(unchecked) var value: Value

    init(_ value: Value) { self.value = value }

    deinit {
        if case .object = value {
            var last = [value]
            value = .null
            last.releaseDeep()
        }
    }
}

/// The mark in a variable that has no value yet; scripts never see it.
final class Unbound: Object {
    override var typeName: String { "unbound" }

    static let mark = Marker()

    struct Marker: @unchecked Sendable {
        // Immutable and without state: sharing it between threads is harmless.
        let object = Unbound()
        let value: Value
        init() { value = .object(object) }
    }
}

/// A loop's iterator in a register.
final class IteratorObject: Object {
    let iterator: ValueIterator
    init(_ iterator: ValueIterator) { self.iterator = iterator }
}

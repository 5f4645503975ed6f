import OrderedCollections

// Runs code: registers of all frames lie on one stack of values, frames on one stack of frames.
//
//   Machine ─ state and the way in (this file)
//   + Loop: one instruction after the other ─ + Calls ─ + Operators ─ + Parts: fields, items, loops
//   + Errors: places, traces, handlers ─ + Modules ─ + Tests

/// Runs programs: holds the modules, the builtins and the stack of frames.
public final class Machine {
    /// Where text goes.
    public var output: any OutputSink
    /// Raised by Ctrl-C.
    public let interruption: Interruption
    /// What the host and Library supply.
    public var hooks = Hooks()
    /// The module of the session or script.
    public let main: ModuleObject
    public private(set) var chapters: [Chapter] = []
    /// Whether `test` blocks are collected; in a normal run they are passed over.
    public var collectsTests = false
    /// Calls of script functions inside one another.
    public let depthLimit: Int

    var builtinIndices: OrderedDictionary<String, Int> = [:]
    var builtinSummaries: [String: String] = [:]
    let builtinValues: UnsafeMutablePointer<Value>
    static let builtinLimit = 1 << 14

    let frames: UnsafeMutablePointer<Frame>
    @exclusivity(unchecked) var frameCount = 0
    let stack: UnsafeMutablePointer<Value>
    /// Values below are valid, whatever frame they belong to.
    @exclusivity(unchecked) var initialized = 0
    let stackCapacity: Int
    @exclusivity(unchecked) var handlers: [Handler] = []
    var modules: [String: ModuleObject] = [:]
    var loading: [String] = []

    /// A call on the way.
    struct Frame {
        // Both live as long as the frame: the function lies in the place before its registers, `start` holds the code.
        var header: UnsafeMutablePointer<Code.Header>
        var function: Unmanaged<FunctionObject>?
        /// The first register on the stack; the place before it holds the function and takes the result.
        var base: Int
        var next: UnsafeMutablePointer<Instruction>

        var code: Code { header.pointee.code.takeUnretainedValue() }
        var captures: [Variable] { function?.takeUnretainedValue().captures ?? [] }
    }

    /// Where errors go while a `try` or `with` block runs.
    struct Handler {
        var frame: Int
        var target: Int
        var register: Int
        var isContext: Bool
    }

    public init(
        output: any OutputSink, interruption: Interruption = Interruption(), chapters: [Chapter] = [],
        depthLimit: Int = 10_000, name: String = "main"
    ) {
        self.output = output
        self.interruption = interruption
        self.depthLimit = depthLimit
        main = ModuleObject(name: name)
        builtinValues = .allocate(capacity: Machine.builtinLimit)
        frames = .allocate(capacity: depthLimit + 1)
        // Pages that are never touched cost nothing.
        stackCapacity = depthLimit * 64 + (1 << 20)
        stack = .allocate(capacity: stackCapacity)
        for chapter in chapters { add(chapter) }
    }

    deinit {
        builtinValues.deinitialize(count: builtinIndices.count)
        builtinValues.deallocate()
        frames.deallocate()
        stack.deinitialize(count: initialized)
        stack.deallocate()
    }

    // MARK: - Names

    /// Adds a chapter's builtins; a name that is there already is replaced.
    public func add(_ chapter: Chapter) {
        chapters.append(chapter)
        for builtin in chapter.builtins { define(builtin.name, .object(builtin)) }
        for (name, value, summary) in chapter.constants { define(name, value, summary: summary) }
    }

    /// Makes a name known to every module.
    public func define(_ name: String, _ value: Value, summary: String? = nil) {
        if let summary { builtinSummaries[name] = summary }
        if let index = builtinIndices[name] {
            hold(builtinValues[index])
            builtinValues[index] = value
            return
        }
        precondition(builtinIndices.count < Machine.builtinLimit, "too many builtins")
        (builtinValues + builtinIndices.count).initialize(to: value)
        builtinIndices[name] = builtinIndices.count
    }

    /// The names that every module knows.
    public var builtinNames: [String] { Array(builtinIndices.keys) }

    public func builtin(_ name: String) -> Value? { builtinIndices[name].map { builtinValues[$0] } }

    /// The value of a name as the prompt sees it.
    public func lookUp(_ name: String) -> Value? { main[name] ?? builtin(name) }

    /// One line on a constant among the builtins.
    public func summary(ofConstant name: String) -> String? { builtinSummaries[name] }

    // MARK: - Running

    /// Parses, compiles and runs a text in the main module; answers the value of its last statement.
    public func run(_ source: Source) throws -> Value {
        try run(Parser.parse(source), in: main)
    }

    /// Compiles and runs a parsed text.
    public func run(_ program: Program, in module: ModuleObject) throws -> Value {
        let code = try Compiler.compile(program, module: module) { self.builtinIndices[$0] }
        return try start(code, function: nil) { _ in }
    }

    /// Calls a value with arguments, also from Swift code that a script called.
    public func call(_ function: Value, _ arguments: Arguments) throws -> Value {
        do {
            return try dispatch(function, arguments)
        } catch var fault as Fault where fault.argument != nil {
            // The places of arguments, and the hint about what was called, mean this call, not the one in the script.
            if fault.argument == .callee { fault.hint = nil }
            fault.argument = nil
            throw fault
        }
    }

    /// Throws when the user asked to stop.
    public func checkInterrupt() throws {
        if interruption.isRequested { throw Fault("interrupted", kind: "interrupt") }
    }

    /// Asks the machine to stop; safe in a signal handler.
    public func interrupt() { interruption.request() }

    /// Writes a warning to the messages, with the place that is running.
    public func warn(_ message: String, hint: String? = nil, code: String? = nil) {
        var warning = Diagnostic(severity: .warning, kind: "warning", code: code, message: message, hint: hint)
        if let (source, span) = currentPlace { (warning.source, warning.span) = (source, span) }
        hooks.showWarning(warning, self)
    }

    /// The same for a value where it lies, without counting a reference; `mark` is the mark's address.
    @inline(__always)
    static func isUnbound(at place: UnsafePointer<Value>, mark: UnsafeRawPointer) -> Bool {
        if case .object(let object) = place.pointee { return Unmanaged.passUnretained(object).toOpaque() == mark }
        return false
    }

    @inline(__always)
    static func isUnbound(_ value: Value) -> Bool {
        if case .object(let object) = value { return object === Unbound.mark.object }
        return false
    }
}

/// A script's wish to end the program: no `try` catches it.
public struct ExitRequest: Error {
    public let code: Int

    public init(code: Int) { self.code = code }
}

/// What a host or a library above the language supplies.
public struct Hooks {
    /// Makes the object behind a `model` declaration's instance.
    public var makeModel: (_ name: String, _ machine: Machine) throws -> any ModelInstance = { name, _ in
        PlainModel(name)
    }
    /// Asks the person at the other end for a line, with its prompt and whether it is a secret; nil when there is none more.
    public var ask: ((_ prompt: String, _ isSecret: Bool) throws -> String?)?
    /// Finds the texts of imports.
    public var loader: (any ModuleLoader)?
    /// Puts an error of a layer below the language into words; nil when it can speak for itself.
    public var explain: (any Error) -> Diagnostic? = { _ in nil }
    /// Writes a warning in the form that the host likes.
    public var showWarning: (Diagnostic, Machine) -> Void = { warning, machine in
        machine.output.write(warning.rendered(color: false) + "\n", to: .messages)
    }

    public init() {}
}

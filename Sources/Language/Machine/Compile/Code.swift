/// The instructions of one function or one text, with everything they refer to.
final class Code {
    /// How a closure gets a captured cell when it is made.
    enum Capture {
        /// From a register of the function that makes it.
        case register(Int)
        /// From the cells that this function captured itself.
        case capture(Int)
    }

    /// What `a, *b = …` asks for.
    struct Unpacking {
        var source: Int
        var count: Int
        var rest: Int
    }

    /// The items between the brackets of a subscript and the registers that hold their parts.
    struct Subscript {
        enum Item {
            case index(Int)
            case slice(start: Int?, stop: Int?, step: Int?)
            case ellipsis
        }
        var items: [Item]
        var span: Span
    }

    /// What the loop of the machine reads of a code: plain numbers and pointers that live as long as the code.
    struct Header {
        var instructions: UnsafeMutablePointer<Instruction>
        var constants: UnsafeMutablePointer<Value>
        var localCount: Int
        var registerCount: Int
        /// How many arguments a call by position passes; negative when defaults or a rest need care.
        var plainParameters: Int
        /// The code that this is the header of.
        var code: Unmanaged<Code>
        /// The call sites, which live as long as the code.
        var sites: UnsafeMutablePointer<Unmanaged<CallSite>>
        /// Where the module keeps the pointer to its globals.
        var globals: UnsafeMutablePointer<UnsafeMutablePointer<Value>>
    }

    let header: UnsafeMutablePointer<Header>
    let name: String
    let source: Source
    let module: ModuleObject
    let instructions: UnsafeMutablePointer<Instruction>
    let instructionCount: Int
    let spans: [Span]
    let constants: UnsafeMutablePointer<Value>
    let constantCount: Int
    let registerCount: Int
    /// Registers below are variables, the others temporaries.
    let localCount: Int
    let localNames: [String]
    let parameters: ParameterList
    let captures: [Capture]
    let captureNames: [String]
    let functions: [Code]
    let sites: [CallSite]
    private let sitePlaces: UnsafeMutablePointer<Unmanaged<CallSite>>
    let methodNames: [Int: String]
    let subscripts: [Subscript]
    let unpackings: [Unpacking]
    let imports: [ImportNode]

    init(_ state: FunctionState, source: Source, module: ModuleObject) {
        name = state.name
        self.source = source
        self.module = module
        instructionCount = state.instructions.count
        instructions = .allocate(capacity: max(1, instructionCount))
        instructions.initialize(from: state.instructions, count: instructionCount)
        spans = state.spans
        constantCount = state.constants.count
        constants = .allocate(capacity: max(1, constantCount))
        constants.initialize(from: state.constants, count: constantCount)
        registerCount = state.registerCount
        localCount = state.localCount
        localNames = state.localNames
        parameters = state.parameters
        captures = state.captures.map(\.how)
        captureNames = state.captures.map(\.name)
        functions = state.functions
        sites = state.sites
        methodNames = state.methodNames
        sitePlaces = .allocate(capacity: max(1, sites.count))
        sitePlaces.initialize(from: sites.map { .passUnretained($0) }, count: sites.count)
        subscripts = state.subscripts
        unpackings = state.unpackings
        imports = state.imports
        header = .allocate(capacity: 1)
        header.initialize(
            to: Header(
                instructions: instructions, constants: constants, localCount: state.localCount,
                registerCount: state.registerCount,
                plainParameters: state.parameters.isPlain ? state.parameters.count : -1,
                code: .passUnretained(self), sites: sitePlaces, globals: module.globals))
    }

    deinit {
        header.deallocate()
        sitePlaces.deallocate()
        instructions.deinitialize(count: instructionCount)
        instructions.deallocate()
        constants.deinitialize(count: constantCount)
        constants.deallocate()
    }
}

/// The parameters of a script function as a call sees them.
///
/// A class: a call must not copy its lists.
final class ParameterList {
    enum Default {
        case required
        case constant(Value)
        /// A function of the enclosing code that computes it at each call.
        case computed(index: Int)
    }

    var names: [String] = []
    var defaults: [Default] = []
    /// Which one takes what is left over; those after it are given by name.
    var rest: Int?
    /// Methods of a model take the instance before the rest.
    var takesSelf = false
    /// Nothing but required parameters.
    var isPlain = true
    var signature = Signature(name: "", parameters: [])

    var count: Int { names.count }

    /// Whether there are defaults or a rest parameter.
    var hasExtras: Bool { rest != nil || defaults.contains { if case .required = $0 { false } else { true } } }
}

/// A function while it is being compiled.
final class FunctionState {
    enum Kind {
        /// A whole text: its names are globals.
        case program
        case function
        /// The constructor of a model: the names it binds are fields of the instance.
        case model
    }

    /// Where a name lives, as seen from one function.
    enum Place {
        case local(Int)
        /// A local in a cell, since an inner function uses it.
        case cell(Int)
        case capture(Int)
        case global(Int, builtin: Int)
        /// A field of the model instance that the name `self` holds.
        case field
    }

    struct Loop {
        var continueTarget: Int?
        var breakJumps: [Int] = []
        /// Handlers open when the loop began.
        var handlers: Int
    }

    enum Handler {
        case attempt
        /// A context in a register that must be left.
        case context(Int)
    }

    let name: String
    let kind: Kind
    let parent: FunctionState?
    let bindings: Bindings

    var instructions: [Instruction] = []
    var spans: [Span] = []
    var constants: [Value] = []
    var constantIndices: [ConstantKey: Int] = [:]
    var localNames: [String] = []
    var registers: [String: Int] = [:]
    var captured: Set<String> = []
    var localCount = 0
    var nextRegister = 0
    var registerCount = 0
    var parameters = ParameterList()
    var captures: [(name: String, how: Code.Capture)] = []
    var functions: [Code] = []
    var sites: [CallSite] = []
    var methodNames: [Int: String] = [:]
    var subscripts: [Code.Subscript] = []
    var unpackings: [Code.Unpacking] = []
    var imports: [ImportNode] = []
    var loops: [Loop] = []
    var handlers: [Handler] = []
    /// Locals that surely have a value at this point of the text.
    var surelyBound: Set<String> = []
    /// Locals that some instruction checks, which therefore begin with the unbound mark.
    var checked: Set<String> = []
    /// The registers of pipes' left sides, innermost last.
    var placeholders: [Int] = []

    enum ConstantKey: Hashable {
        case int(Int)
        case float(UInt64)
        case string(String)
        case bool(Bool)
        case null
    }

    init(name: String, kind: Kind, parent: FunctionState?, bindings: Bindings) {
        self.name = name
        self.kind = kind
        self.parent = parent
        self.bindings = bindings
    }

    /// Whether a name is this function's own variable.
    func owns(_ name: String) -> Bool { registers[name] != nil }

    func declareLocal(_ name: String, captured isCaptured: Bool) {
        registers[name] = localCount
        localNames.append(name)
        localCount += 1
        if isCaptured { captured.insert(name) }
    }

    /// A temporary register; given back by setting `nextRegister` back.
    func temporary() -> Int {
        let register = nextRegister
        nextRegister += 1
        registerCount = max(registerCount, nextRegister)
        return register
    }

    func temporaries(_ count: Int) -> Int {
        let first = nextRegister
        nextRegister += count
        registerCount = max(registerCount, nextRegister)
        return first
    }

    func constant(_ value: Value) -> Int {
        let key: ConstantKey? =
            switch value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .int(value)
            case .float(let value): .float(value.bitPattern)
            case .text(let text): .string(text.text)
            case .object(let object): (object as? StringObject).map { .string($0.text) }
            }
        if let key, let index = constantIndices[key] { return index }
        constants.append(value)
        if let key { constantIndices[key] = constants.count - 1 }
        return constants.count - 1
    }
}

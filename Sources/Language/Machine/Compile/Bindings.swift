/// The names that a function binds itself, and those that it needs from outside, found before it is compiled.
///
/// Blocks make no scopes: whatever is bound anywhere in a function belongs to the whole function. Inner functions are
/// looked into for the names that they need from here.
struct Bindings {
    /// Bound here, in the order of their first binding.
    private(set) var bound: [String] = []
    private(set) var boundSet: Set<String> = []
    /// Named by `outer`.
    private(set) var outer: Set<String> = []
    /// Read or written here or in inner functions.
    private(set) var used: Set<String> = []
    /// Needed by inner functions and not bound by them.
    private(set) var usedByInner: Set<String> = []

    init(parameters: [ParameterNode], body: Block) {
        for parameter in parameters { bind(parameter.name.text) }
        visit(body)
        bound.removeAll { outer.contains($0) && !parameters.map(\.name.text).contains($0) }
        boundSet = Set(bound)
    }

    init(model: ModelNode) {
        for parameter in model.parameters { bind(parameter.name.text) }
        visit(model.fields)
        for method in model.methods {
            if let name = method.name { bind(name.text) }
            inner(method.parameters, method.body)
        }
    }

    /// What an inner function needs from the functions around it.
    var free: Set<String> { used.union(usedByInner).subtracting(boundSet) }

    private mutating func bind(_ name: String) {
        used.insert(name)
        if boundSet.insert(name).inserted { bound.append(name) }
    }

    private mutating func inner(_ parameters: [ParameterNode], _ body: Block) {
        // Defaults are computed by small functions of their own in this scope.
        for parameter in parameters {
            if let value = parameter.defaultValue {
                usedByInner.formUnion(Bindings(parameters: [], body: Block([], span: value.span), value: value).free)
            }
        }
        usedByInner.formUnion(Bindings(parameters: parameters, body: body).free)
    }

    private init(parameters: [ParameterNode], body: Block, value: Expression) {
        self.init(parameters: parameters, body: body)
        visit(value)
    }

    private mutating func visit(_ block: Block) {
        for statement in block.statements { visit(statement) }
    }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .expression(let value, _): visit(value)
        case .assign(let targets, let value):
            visit(value)
            for target in targets { visit(target) }
        case .augment(let target, _, let value):
            visit(target)
            visit(value)
        case .outer(let names):
            for name in names {
                outer.insert(name.text)
                used.insert(name.text)
            }
        case .function(let node):
            if let name = node.name { bind(name.text) }
            inner(node.parameters, node.body)
        case .model(let node):
            bind(node.name.text)
            usedByInner.formUnion(Bindings(model: node).free)
            for parameter in node.parameters {
                if let value = parameter.defaultValue {
                    usedByInner.formUnion(
                        Bindings(parameters: [], body: Block([], span: value.span), value: value).free)
                }
            }
        case .forLoop(let target, let over, let body):
            visit(over)
            visit(target)
            visit(body)
        case .whileLoop(let condition, let body):
            visit(condition)
            visit(body)
        case .returnValue(let value): if let value { visit(value) }
        case .assert(let condition, let message):
            visit(condition)
            if let message { visit(message) }
        case .test(_, let body): inner([], body)
        case .importModule(let node): bind(node.name.text)
        case .breakLoop, .continueLoop: break
        }
    }

    private mutating func visit(_ target: Target) {
        switch target.kind {
        case .name(let name): bind(name)
        case .unpack(let targets, _): for target in targets { visit(target) }
        case .field(let object, _): visit(object)
        case .item(let object, let items):
            visit(object)
            visit(items)
        }
    }

    private mutating func visit(_ items: [SubscriptNode]) {
        for item in items {
            switch item {
            case .index(let value): visit(value)
            case .slice(let start, let stop, let step, _):
                for part in [start, stop, step] { if let part { visit(part) } }
            case .ellipsis: break
            }
        }
    }

    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .null, .bool, .int, .float, .string, .placeholder: break
        case .interpolation(let pieces):
            for piece in pieces { if case .value(let value, _) = piece { visit(value) } }
        case .name(let name): used.insert(name)
        case .list(let elements): for element in elements { visit(element.value) }
        case .map(let entries):
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
        case .unary(_, let value): visit(value)
        case .binary(_, let left, let right), .logical(_, let left, let right), .pipe(let left, let right):
            visit(left)
            visit(right)
        case .comparison(let first, let links):
            visit(first)
            for link in links { visit(link.right) }
        case .call(let callee, let arguments):
            // `x.f(a)` may mean the function f.
            if case .field(_, let name) = callee.kind { used.insert(name.text) }
            visit(callee)
            for argument in arguments { visit(argument.value) }
        case .field(let object, _): visit(object)
        case .item(let object, let items):
            visit(object)
            visit(items)
        case .lambda(let node): inner(node.parameters, node.body)
        case .conditional(let node):
            for branch in node.branches {
                visit(branch.condition)
                visit(branch.body)
            }
            if let otherwise = node.otherwise { visit(otherwise) }
        case .attempt(let node):
            visit(node.body)
            if let name = node.name { bind(name.text) }
            visit(node.handler)
        case .with(let node):
            visit(node.context)
            visit(node.body)
        }
    }
}

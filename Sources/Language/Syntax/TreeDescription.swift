// The tree as s-expressions: what the tests of the parser read.
//
//     y = x |> f(a)[0]        (= y (|> x (item (call f _ a) 0)))

private func group(_ head: String, _ parts: [String]) -> String {
    parts.isEmpty ? "(\(head))" : "(\(head) \(parts.joined(separator: " ")))"
}

extension Program: CustomStringConvertible {
    public var description: String { body.statements.map(\.description).joined(separator: "\n") }
}

extension Block: CustomStringConvertible {
    public var description: String { "{\(statements.map(\.description).joined(separator: "; "))}" }
}

extension Statement: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .expression(let value, let quiet): quiet ? group("quiet", [value.description]) : value.description
        case .assign(let targets, let value): group("=", targets.map(\.description) + [value.description])
        case .augment(let target, let op, let value): group("\(op.symbol)=", [target.description, value.description])
        case .outer(let names): group("outer", names.map(\.text))
        case .function(let node): node.description
        case .model(let node): node.description
        case .forLoop(let target, let values, let body):
            group("for", [target.description, values.description, body.description])
        case .whileLoop(let condition, let body): group("while", [condition.description, body.description])
        case .breakLoop: "break"
        case .continueLoop: "continue"
        case .returnValue(let value): group("return", value.map { [$0.description] } ?? [])
        case .assert(let condition, let message):
            group("assert", [condition.description] + (message.map { [$0.description] } ?? []))
        case .test(let name, let body): group("test", [literal(name), body.description])
        case .importModule(let node): node.description
        }
    }
}

extension Target: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .name(let name): name
        case .unpack(let targets, let rest):
            group("unpack", targets.enumerated().map { $0.offset == rest ? "*\($0.element)" : "\($0.element)" })
        case .field(let base, let name): group(".", [base.description, name.text])
        case .item(let base, let items): group("item", [base.description] + items.map(\.description))
        }
    }
}

extension Expression: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .null: "nil"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .float(let value): "\(value)"
        case .string(let text): literal(text)
        case .interpolation(let pieces): group("string", pieces.map(\.description))
        case .name(let name): name
        case .list(let elements): group("list", elements.map { $0.isSpread ? "*\($0.value)" : "\($0.value)" })
        case .map(let entries): group("map", entries.map { "\($0.key): \($0.value)" })
        case .unary(let op, let operand): group(op.symbol, [operand.description])
        case .binary(let op, let left, let right): group(op.symbol, [left.description, right.description])
        case .logical(let op, let left, let right): group(op.rawValue, [left.description, right.description])
        case .comparison(let first, let links):
            group("chain", [first.description] + links.flatMap { [$0.op.symbol, $0.right.description] })
        case .call(let callee, let arguments): group("call", [callee.description] + arguments.map(\.description))
        case .field(let base, let name): group(".", [base.description, name.text])
        case .item(let base, let items): group("item", [base.description] + items.map(\.description))
        case .lambda(let node): node.description
        case .conditional(let node): node.description
        case .attempt(let node):
            group("try", [node.body.description, "catch"] + (node.name.map { [$0.text] } ?? []) + ["\(node.handler)"])
        case .with(let node): group("with", [node.context.description, node.body.description])
        case .pipe(let left, let right): group("|>", [left.description, right.description])
        case .placeholder: "_"
        }
    }
}

extension StringPiece: CustomStringConvertible {
    public var description: String {
        switch self {
        case .text(let text): literal(text)
        case .value(let value, let format): format.map { "{\(value) :\($0)}" } ?? "{\(value)}"
        }
    }
}

extension Argument: CustomStringConvertible {
    public var description: String {
        switch kind {
        case .positional: value.description
        case .keyword(let name): "\(name.text)=\(value)"
        case .spread: "*\(value)"
        }
    }
}

extension SubscriptNode: CustomStringConvertible {
    public var description: String {
        switch self {
        case .index(let value): value.description
        case .slice(let start, let stop, let step, _):
            group("slice", [start, stop, step].map { $0?.description ?? "-" })
        case .ellipsis: "..."
        }
    }
}

extension ParameterNode: CustomStringConvertible {
    public var description: String {
        let text = (isRest ? "*" : "") + name.text + (defaultValue.map { "=\($0)" } ?? "")
        return doc.map { "\(text) #\(literal($0))" } ?? text
    }
}

extension FunctionNode: CustomStringConvertible {
    public var description: String {
        let header = "[\(parameters.map(\.description).joined(separator: ", "))]"
        guard let name else { return group("->", [header, body.description]) }
        return group("fn", [name.text, header] + (doc.map { [literal($0)] } ?? []) + [body.description])
    }
}

extension ModelNode: CustomStringConvertible {
    public var description: String {
        let header = "[\(parameters.map(\.description).joined(separator: ", "))]"
        let help = doc.map { [literal($0)] } ?? []
        return group("model", [name.text, header] + help + ["\(fields)"] + methods.map(\.description))
    }
}

extension IfNode: CustomStringConvertible {
    public var description: String {
        group(
            "if",
            branches.flatMap { [$0.condition.description, $0.body.description] }
                + (otherwise.map { ["else", $0.description] } ?? []))
    }
}

extension ImportNode: CustomStringConvertible {
    public var description: String {
        switch origin {
        case .library(let module): group("import", [module, name.text])
        case .path(let path): group("import", [literal(path), name.text])
        }
    }
}

private func literal(_ text: String) -> String {
    var result = "\""
    for character in text {
        switch character {
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case "\r": result += "\\r"
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        default: result.append(character)
        }
    }
    return result + "\""
}

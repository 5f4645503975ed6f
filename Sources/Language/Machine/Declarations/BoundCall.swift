/// The arguments of a call, each put in the place of its parameter.
public struct BoundCall {
    public let signature: Signature
    /// One for each parameter; nil was not given.
    public private(set) var values: [Value?]
    /// Where each value came from.
    public private(set) var places: [ArgumentPlace?]

    /// Puts positional and keyword arguments in their places; throws for too many, unknown and doubled ones.
    public init(_ arguments: Arguments, _ signature: Signature) throws {
        self.signature = signature
        let parameters = signature.parameters
        values = Array(repeating: nil, count: parameters.count)
        places = Array(repeating: nil, count: parameters.count)
        var position = 0
        var rest: [Value]?
        for (index, value) in arguments.positional.enumerated() {
            if rest != nil {
                rest?.append(value)
                continue
            }
            guard position < parameters.count, parameters[position].kind != .keywords,
                !parameters[position].isKeywordOnly
            else { throw BoundCall.tooMany(arguments.positional.count, signature, at: index) }
            if parameters[position].kind == .rest {
                rest = [value]
            } else {
                values[position] = value
            }
            places[position] = .positional(index)
            position += 1
        }
        if let index = parameters.firstIndex(where: { $0.kind == .rest }) { values[index] = .list(rest ?? []) }
        let free = parameters.firstIndex { $0.kind == .keywords }
        var extra: [(String, Value)] = []
        for (name, value) in arguments.keywords {
            if let index = parameters.firstIndex(where: { $0.name == name && $0.kind == .normal }) {
                guard values[index] == nil else {
                    throw Fault(
                        "\(signature.name): \(name) is given twice", kind: "type", argument: .keyword(name))
                }
                values[index] = value
                places[index] = .keyword(name)
            } else if free != nil {
                extra.append((name, value))
            } else {
                throw BoundCall.unknown(name, signature)
            }
        }
        if let free { values[free] = .map(extra) }
    }

    static func tooMany(_ count: Int, _ signature: Signature, at index: Int) -> Fault {
        let takes = signature.parameters.filter { $0.kind == .normal && !$0.isKeywordOnly }
        let required = takes.filter(\.isRequired).count
        let number = required == takes.count ? "\(takes.count)" : "\(required) to \(takes.count)"
        return Fault(
            "\(signature.name) takes \(takes.isEmpty ? "no" : number) positional argument"
                + "\(takes.count == 1 ? "" : "s"), \(count) \(count == 1 ? "is" : "are") given",
            hint: signature.line, kind: "type", argument: .positional(max(index, takes.count)))
    }

    static func unknown(_ name: String, _ signature: Signature) -> Fault {
        let accepted = signature.parameters.filter { $0.kind == .normal }.map(\.name)
        let near = nearest(name, in: accepted).map { "did you mean \($0)? " } ?? ""
        if let habit = Habits.keyword(name, among: accepted) {
            return Fault(
                "\(signature.name) has no parameter \(name)", hint: habit, kind: "type", argument: .keyword(name),
                code: "KD023")
        }
        return Fault(
            "\(signature.name) has no parameter \(name)",
            hint: accepted.isEmpty
                ? "it takes no keyword arguments"
                : near + "it takes \(accepted.count == 1 ? only(signature, accepted[0]) : listed(accepted))",
            kind: "type", argument: .keyword(name), code: "KD023")
    }

    /// The name of a single parameter and what it is, since the name that was written may be near to that.
    private static func only(_ signature: Signature, _ name: String) -> String {
        let summary = signature.parameters.first { $0.name == name }?.summary ?? ""
        return summary.isEmpty ? name : "\(name): \(summary)"
    }

    func missing(_ index: Int) -> Fault {
        let missing = signature.parameters.indices.filter { signature.parameters[$0].isRequired && values[$0] == nil }
        let names = missing.map { signature.parameters[$0].name }
        let info = signature.parameters[index]
        let isHandedOver = names.count == 1 && info.type.contains("tensor") && values.allSatisfy { $0 == nil }
        let handOver = "\(signature.line), or without parentheses to hand the function itself over: \(signature.name)"
        return Fault(
            "\(signature.name) needs \(listed(names.isEmpty ? [info.name] : names))",
            hint: (isHandedOver ? handOver : signature.line)
                + (info.summary.isEmpty ? "" : "; \(info.name): \(info.summary)"),
            kind: "type")
    }

    /// - Parameter item: which of the arguments that a parameter collects was found to be wrong.
    func mismatch(_ index: Int, found value: Value, at item: Int = 0) -> Fault {
        let info = signature.parameters[index]
        let isRest = info.kind == .rest
        let type = isRest && info.type.hasPrefix("list of ") ? String(info.type.dropFirst(8)) : info.type
        var place = places[index]
        if isRest, case .positional(let first)? = place { place = .positional(first + item) }
        return Fault(
            "\(signature.name): \(isRest ? "each of " : "")\(info.name) must be \(article(type)), not \(value.described)",
            hint: info.summary.isEmpty || info.summary == article(info.type) ? nil : "\(info.name): \(info.summary)",
            kind: "type", argument: place)
    }
}

/// "an int", "a string"; a list of choices stands without an article.
func article(_ type: String) -> String {
    guard let first = type.first, first != "\"" else { return type }
    if type.hasPrefix("any ") { return type }
    return ("aeiou".contains(first) ? "an " : "a ") + type
}

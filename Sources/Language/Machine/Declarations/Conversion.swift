/// A Swift type that arguments convert to and results come from.
public protocol ScriptConvertible {
    /// How errors and help name it: `int`, `string`, `list of tensor`.
    static var scriptType: String { get }

    /// The Swift value, nil when the script's value is of another type.
    ///
    /// Throws when the type fits and the value does not.
    static func from(_ value: Value) throws -> Self?

    var scriptValue: Value { get }
}

extension Int: ScriptConvertible {
    public static var scriptType: String { "int" }
    public static func from(_ value: Value) -> Int? { value.int }
    public var scriptValue: Value { .int(self) }
}

extension Double: ScriptConvertible {
    public static var scriptType: String { "float" }
    public static func from(_ value: Value) -> Double? { value.number }
    public var scriptValue: Value { .float(self) }
}

extension Float: ScriptConvertible {
    public static var scriptType: String { "float" }
    public static func from(_ value: Value) -> Float? { value.number.map { Float($0) } }
    public var scriptValue: Value { .float(Double(self)) }
}

extension Bool: ScriptConvertible {
    public static var scriptType: String { "bool" }
    public static func from(_ value: Value) -> Bool? { value.bool }
    public var scriptValue: Value { .bool(self) }
}

extension String: ScriptConvertible {
    public static var scriptType: String { "string" }
    public static func from(_ value: Value) -> String? { value.string }
    public var scriptValue: Value { .string(self) }
}

extension Value: ScriptConvertible {
    public static var scriptType: String { "any value" }
    public static func from(_ value: Value) -> Value? { value }
    public var scriptValue: Value { self }
}

extension Array: ScriptConvertible where Element: ScriptConvertible {
    public static var scriptType: String {
        Element.self == Value.self ? "list" : "list of \(Element.scriptType)"
    }
    public static func from(_ value: Value) throws -> [Element]? {
        guard let values = value.items ?? (value.object as? RangeObject)?.values else { return nil }
        if let same = values as? [Element] { return same }
        var result: [Element] = []
        result.reserveCapacity(values.count)
        for item in values {
            guard let element = try Element.from(item) else { return nil }
            result.append(element)
        }
        return result
    }
    public var scriptValue: Value {
        if let values = (self as Any) as? [Value] { return .list(values) }
        return .list(map { $0.scriptValue })
    }
}

extension Optional: ScriptConvertible where Wrapped: ScriptConvertible {
    public static var scriptType: String { "\(Wrapped.scriptType) or nil" }
    public static func from(_ value: Value) throws -> Wrapped?? {
        if value.isNull { return .some(nil) }
        guard let wrapped = try Wrapped.from(value) else { return nil }
        return .some(wrapped)
    }
    public var scriptValue: Value { self?.scriptValue ?? .null }
}

/// A function argument: anything that can be called.
public struct Callable: ScriptConvertible {
    public let value: Value

    public init(_ value: Value) { self.value = value }

    public static var scriptType: String { "function" }
    public static func from(_ value: Value) -> Callable? { value.isCallable ? Callable(value) : nil }
    public var scriptValue: Value { value }

    public func callAsFunction(_ machine: Machine, _ arguments: Value...) throws -> Value {
        try machine.call(value, Arguments(arguments))
    }

    /// The same for one argument, as loops over items call it: without a list.
    public func callAsFunction(_ machine: Machine, _ argument: Value) throws -> Value {
        try machine.call(value, argument)
    }

    /// The same for two.
    public func callAsFunction(_ machine: Machine, _ first: Value, _ second: Value) throws -> Value {
        try machine.call(value, first, second)
    }
}

/// The keyword arguments that no parameter named, for functions that take free-form ones.
public struct Keywords: ScriptConvertible {
    public var entries: [(name: String, value: Value)]

    public init(_ entries: [(name: String, value: Value)] = []) { self.entries = entries }

    public static var scriptType: String { "keyword arguments" }
    public static func from(_ value: Value) -> Keywords? {
        guard let map = value.object as? MapObject else { return nil }
        var entries: [(name: String, value: Value)] = []
        for (key, value) in map.entries {
            guard let name = key.string else { return nil }
            entries.append((name, value))
        }
        return Keywords(entries)
    }
    public var scriptValue: Value { .map(entries.map { ($0.name, $0.value) }) }

    public subscript(name: String) -> Value? { entries.first { $0.name == name }?.value }
}

/// An enumeration whose cases a script writes as strings, such as `variant="paper"`.
public protocol ScriptChoice: ScriptConvertible, CaseIterable, RawRepresentable where RawValue == String {}

extension ScriptChoice {
    public static var scriptType: String {
        let names = allCases.map { quoted($0.rawValue) }
        guard names.count > 1, let last = names.last else { return names.first ?? "string" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
    public static func from(_ value: Value) throws -> Self? {
        guard let name = value.string else { return nil }
        if let choice = Self(rawValue: name) { return choice }
        let names = allCases.map(\.rawValue)
        let near = nearest(name, in: names).map { "did you mean \(quoted($0))? " } ?? ""
        throw Fault(
            "\(quoted(name)) is none of the choices", hint: near + "it can be \(Self.scriptType)", kind: "value")
    }
    public var scriptValue: Value { .string(rawValue) }
}

/// A class of `Object` as a parameter type: conform with `typeName` and nothing else.
public protocol ScriptObject: Object, ScriptConvertible {}

extension ScriptObject {
    public static func from(_ value: Value) -> Self? { value.object as? Self }
    public var scriptValue: Value { .object(self) }
}

/// Anything a script can name: a scalar in place, or a reference to an `Object`; 16 bytes.
public enum Value {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    /// A string of few bytes; longer ones are objects.
    case text(ShortText)
    case object(Object)
}

extension Value {
    /// A new string value.
    @inlinable
    public static func string(_ text: String) -> Value {
        ShortText(text).map { .text($0) } ?? .object(StringObject(text))
    }

    /// A new list value.
    @inlinable
    public static func list(_ items: [Value]) -> Value { .object(ListObject(items)) }

    /// A new map value with string keys, in the order given.
    public static func map(_ entries: [(String, Value)]) -> Value {
        let map = MapObject()
        for (key, value) in entries { map[.string(key)] = value }
        return .object(map)
    }

    /// The word that `type(x)` answers and that errors use.
    public var typeName: String {
        switch self {
        case .null: "nil"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .text: "string"
        case .object(let object): object.typeName
        }
    }

    /// The text of a string value.
    @inlinable
    public var string: String? {
        if case .text(let text) = self { return text.text }
        guard case .object(let object) = self, type(of: object) == StringObject.self else { return nil }
        return unsafeDowncast(object, to: StringObject.self).text
    }

    /// The items of a list value.
    @inlinable
    public var items: [Value]? {
        guard case .object(let object) = self, type(of: object) == ListObject.self else { return nil }
        return unsafeDowncast(object, to: ListObject.self).items
    }

    /// The object behind the value, nil for a scalar; of a short string a new one.
    @inlinable
    public var object: Object? {
        switch self {
        case .object(let object): object
        case .text(let text): StringObject(text.text)
        default: nil
        }
    }

    /// The integer, for an int and for nothing else.
    @inlinable
    public var int: Int? {
        if case .int(let value) = self { return value }
        return nil
    }

    /// The number as a float, for an int or a float.
    @inlinable
    public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// The truth value, for a bool and for nothing else.
    @inlinable
    public var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    @inlinable
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// Whether both are the same object, or the same scalar of the same type.
    public func isIdentical(to other: Value) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.float(let a), .float(let b)): a == b
        case (.text(let a), .text(let b)): a.bits == b.bits
        case (.object(let a), .object(let b)): a === b
        default: false
        }
    }

    /// Whether the value can be called.
    public var isCallable: Bool {
        if case .object(let object) = self { return object.isCallable }
        return false
    }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .float(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
}

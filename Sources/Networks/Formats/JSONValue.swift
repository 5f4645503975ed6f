import OrderedCollections

/// A value of a JSON text; integers are kept apart from floats.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var int: Int? { if case .int(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }

    /// A float, or an int as a float.
    public var double: Double? {
        switch self {
        case .float(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    /// The member of an object; nil if this is no object or has no such member.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// "an object", "a string" …, for messages.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a bool"
        case .int: "an int"
        case .float: "a float"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object in the order of the file; keys are compared byte by byte.
public struct JSONObject: Equatable, Sendable, Sequence, ExpressibleByDictionaryLiteral {
    private var members: OrderedDictionary<ExactString, JSONValue>

    public init() { members = [:] }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = [:]
        for (key, value) in elements { members[ExactString(key)] = value }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.keys.map(\.text) }

    public subscript(key: String) -> JSONValue? {
        get { members[ExactString(key)] }
        set { members[ExactString(key)] = newValue }
    }

    /// Adds a member and says whether the key was new; an old value stays.
    mutating func insert(_ value: JSONValue, for key: ExactString) -> Bool {
        if members[key] != nil { return false }
        members[key] = value
        return true
    }

    public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
        var inner = members.elements.makeIterator()
        return AnyIterator { inner.next().map { ($0.key.text, $0.value) } }
    }
}

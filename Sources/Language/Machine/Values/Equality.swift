/// Equality and hashing as Python has them: `1 == 1.0 == true`, strings by text, lists and maps by content.
extension Value: Hashable {
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a == b
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .float(let b)): return isEqual(a, b)
        case (.float(let a), .int(let b)): return isEqual(b, a)
        case (.bool(let a), .int(let b)): return (a ? 1 : 0) == b
        case (.int(let a), .bool(let b)): return a == (b ? 1 : 0)
        case (.bool(let a), .float(let b)): return (a ? 1.0 : 0.0) == b
        case (.float(let a), .bool(let b)): return a == (b ? 1.0 : 0.0)
        case (.text(let a), .text(let b)): return a.bits == b.bits
        case (.object(let a), .object(let b)): return a === b || a.isEqual(to: b)
        case (.text, .object), (.object, .text):
            guard let a = left.string, let b = right.string else { return false }
            return StringObject.areSame(a, b)
        default: return false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .bool(let value): hasher.combine(value ? 1 : 0)
        case .int(let value): hasher.combine(value)
        case .float(let value):
            if let whole = Int(exactly: value) { hasher.combine(whole) } else { hasher.combine(value) }
        case .text(let text): StringObject.hash(text.text, into: &hasher)
        case .object(let object): object.hash(into: &hasher)
        }
    }

    /// Whether the value can be a key of a map.
    public var isHashable: Bool {
        if case .object(let object) = self { return object.isHashable }
        return true
    }

    /// An int and a float as the numbers they are, without rounding the int.
    private static func isEqual(_ int: Int, _ float: Double) -> Bool {
        Int(exactly: float) == int
    }
}

/// The order of two values, nil when they have none (a NaN, or types that do not compare).
///
/// Numbers by size, strings by code points, lists item by item.
public func order(_ left: Value, _ right: Value) throws -> Order? {
    try order(left, right, depth: 0)
}

/// Less, equal, greater, or `unordered` when a NaN is involved.
public enum Order: Sendable {
    case less, equal, greater, unordered
}

private func order(_ left: Value, _ right: Value, depth: Int) throws -> Order? {
    if case .int(let a) = left, case .int(let b) = right { return a < b ? .less : a == b ? .equal : .greater }
    if let a = left.ordinal, let b = right.ordinal {
        if a.isNaN || b.isNaN { return .unordered }
        return a < b ? .less : a == b ? .equal : .greater
    }
    if let a = left.string, let b = right.string {
        return StringObject.areSame(a, b)
            ? .equal : a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) ? .less : .greater
    }
    if let a = left.items, let b = right.items {
        guard depth < 200 else { throw Fault("the lists are nested too deeply to compare") }
        for (x, y) in zip(a, b) where x != y { return try order(x, y, depth: depth + 1) }
        return a.count < b.count ? .less : a.count == b.count ? .equal : .greater
    }
    return nil
}

extension Value {
    /// The number for ordering; a bool counts as 0 or 1.
    var ordinal: Double? {
        if case .bool(let value) = self { return value ? 1 : 0 }
        return number
    }
}

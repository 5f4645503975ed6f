/// How much room a value has to show itself.
public enum DisplayStyle: Sendable, Equatable {
    /// Inside another value or in running text: one line, short.
    case inline
    /// A result of its own at the prompt, at most `width` columns wide.
    case full(width: Int)
}

/// One item between the brackets of `x[…]`.
public enum SubscriptItem {
    case index(Value)
    case slice(start: Value, stop: Value, step: Value)
    case ellipsis

    /// The item as a script writes it, for messages.
    public var text: String {
        switch self {
        case .index(let value): value.display(.inline)
        case .ellipsis: "..."
        case .slice(let start, let stop, let step):
            (start.isNull ? "" : start.display(.inline)) + ":" + (stop.isNull ? "" : stop.display(.inline))
                + (step.isNull ? "" : ":" + step.display(.inline))
        }
    }
}

/// What a `for` loop asks for the next value until there is none.
open class ValueIterator {
    public init() {}

    open func next() throws -> Value? { nil }
}

/// An iterator over values already there.
public final class ArrayIterator: ValueIterator {
    private let items: [Value]
    private var index = 0

    public init(_ items: [Value]) { self.items = items }

    public override func next() throws -> Value? {
        guard index < items.count else { return nil }
        defer { index += 1 }
        return items[index]
    }
}

/// An iterator made of a function that answers the next value.
public final class ClosureIterator: ValueIterator {
    private let body: () throws -> Value?

    public init(_ body: @escaping () throws -> Value?) { self.body = body }

    public override func next() throws -> Value? { try body() }
}

/// Every value that is no scalar; a new kind of value is a subclass that overrides what it can do.
///
/// Each default answers "not mine" (nil), upon which the machine raises the error that names the type and the operation.
open class Object {
    public init() {}

    /// The word that `type(x)` answers and that errors use, such as `tensor`.
    open var typeName: String { "object" }

    /// The value as text, bounded in size.
    open func display(_ style: DisplayStyle) -> String { "<\(typeName)>" }

    /// The value in other forms, for front ends that can show them; the text is always there too.
    open func renditions() -> [Rendition] { [] }

    /// The text in an interpolation with a format specification, nil when the type knows none.
    open func format(_ specification: String) throws -> String? { nil }

    /// The field `x.name`; nil when there is none, and then `x.name(a)` means `name(x, a)`.
    open func field(_ name: String, _ machine: Machine) throws -> Value? { nil }

    /// Assigns `x.name = value`; the default is an error.
    open func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        throw Fault(
            fieldNames.contains(name)
                ? "the field \(name) of \(article(typeName)) cannot be assigned"
                : "\(article(typeName)) has no field \(name) to assign",
            kind: "name")
    }

    /// The names after a dot, for completion and for the nearest name.
    open var fieldNames: [String] { [] }

    /// `x[items]`; nil when the type has no subscript.
    open func subscriptGet(_ items: [SubscriptItem], _ machine: Machine) throws -> Value? { nil }

    /// `x[items] = value`; false when the type has no such assignment.
    open func subscriptSet(_ items: [SubscriptItem], to value: Value, _ machine: Machine) throws -> Bool { false }

    /// Whether `x(…)` means something.
    open var isCallable: Bool { false }

    /// `x(arguments)`; the default is an error.
    open func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        throw Fault("a \(typeName) cannot be called", kind: "type")
    }

    /// What `?x` shows and call errors read, for things that can be called.
    open var signature: Signature? { nil }

    /// `left op right` where one of the two is this object: asked of the left, then of the right; nil is "not mine".
    open func binary(_ op: BinaryOperator, left: Value, right: Value, _ machine: Machine) throws -> Value? { nil }

    /// `op x`; nil is "not mine".
    open func unary(_ op: UnaryOperator, _ machine: Machine) throws -> Value? { nil }

    /// The values a `for` loop visits; nil when there are none to visit.
    open func makeIterator(_ machine: Machine) throws -> ValueIterator? { nil }

    /// `len(x)`; nil when the type has no length.
    open func count(_ machine: Machine) throws -> Int? { nil }

    /// `value in x`; nil asks the iterator instead.
    open func contains(_ value: Value, _ machine: Machine) throws -> Bool? { nil }

    /// The value as a condition; the default is an error that says what to write instead.
    open func truth() throws -> Bool {
        throw Fault("a \(typeName) is no condition", hint: conditionHint, kind: "type")
    }

    /// What to write instead of the bare value as a condition.
    open var conditionHint: String? { "compare it, for instance `x != nil`" }

    /// Whether both are equal as `==` and map keys see it.
    open func isEqual(to other: Object) -> Bool { self === other }

    /// Whether the value can be a map key: mutable containers cannot.
    open var isHashable: Bool { true }

    /// Feeds what `isEqual` compares.
    open func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    /// The same as one number, for maps.
    open var keyHash: Int {
        var hasher = Hasher()
        hash(into: &hasher)
        return hasher.finalize()
    }

    /// `with x { … }` begins.
    open func enter(_ machine: Machine) throws {
        throw Fault("a \(typeName) cannot stand after `with`", hint: "for instance `with no_grad { … }`", kind: "type")
    }

    /// `with x { … }` ends, also after an error.
    open func exit(_ machine: Machine) {}
}

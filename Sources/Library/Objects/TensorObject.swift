import Foundation
import Language
import Tensors

/// A tensor as a value of the language.
class TensorObject: Object {
    let tensor: Tensor
    /// The parameter whose value this is, when it is one; a model takes such a field as trainable.
    let parameter: Tensors.Parameter?

    init(_ tensor: Tensor) {
        self.tensor = tensor
        parameter = nil
    }

    init(parameter: Tensors.Parameter) {
        tensor = parameter.value
        self.parameter = parameter
    }

    override var typeName: String { "tensor" }

    override func display(_ style: DisplayStyle) -> String {
        switch style {
        case .inline: tensor.count <= 64 ? tensor.inlineText : "<\(tensor.summary)>"
        case .full: tensor.count > 1 || tensor.rank > 0 ? tensor.display : tensor.inlineText
        }
    }

    override func format(_ specification: String) throws -> String? {
        guard tensor.count == 1 else {
            throw Fault(
                "a tensor of shape \(tensor.shape) cannot be formatted as one number", hint: "item(x), or mean(x)",
                kind: "type")
        }
        return try tensor.scalarValue().formatted(specification)
    }

    // MARK: fields and indices

    override var fieldNames: [String] {
        ["shape", "dtype", "ndim", "T", "unit", "mask", "tracked", "logits", "hidden"]
    }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "shape": tensor.shape.scriptValue
        case "dtype": tensor.dtype.name.scriptValue
        case "ndim": tensor.rank.scriptValue
        case "T":
            try transpose(tensor, -2, -1).scriptValue
        case "unit": tensor.unit.map { $0.rawValue.scriptValue } ?? .null
        case "mask": tensor.mask.scriptValue
        case "tracked": .bool(tensor.isTracked)
        case "logits": try asLogits().scriptValue
        case "hidden":
            throw Fault(
                "this output has no hidden values", hint: "ask for them: outputs(model, batch, keep=[\"0\"])",
                kind: "name")
        case "grad":
            throw Fault(
                "a tensor does not keep its gradient", hint: "ask for it: g = grad(loss, wrt=x)", kind: "name")
        default: nil
        }
    }

    /// The tensor itself when it can be taken for logits.
    private func asLogits() throws -> Tensor {
        switch tensor.unit {
        case nil, .logits: return tensor
        case .some(let unit):
            throw Fault(
                "these are \(unit.rawValue), not logits", hint: "use the model's output itself", kind: "unit",
                code: "KD001")
        }
    }

    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        try index(tensor, by: try items.map(IndexItem.init)).scriptValue
    }

    override func subscriptSet(
        _ items: [Language.SubscriptItem], to value: Value, _ machine: Machine
    ) throws -> Bool {
        throw Fault(
            "a tensor does not change",
            hint: "make a new one: x = where(mask, value, x), or scatter(x, dim, index, value)",
            kind: "type")
    }

    override func count(_ machine: Machine) throws -> Int? {
        guard let first = tensor.shape.first else {
            throw Fault("a tensor of rank 0 has no length", hint: "item(x) is its number", kind: "type")
        }
        return first
    }

    override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        guard let rows = tensor.shape.first else {
            throw Fault("a tensor of rank 0 has nothing to go through", hint: "item(x) is its number", kind: "type")
        }
        var row = 0
        return ClosureIterator { [tensor] in
            guard row < rows else { return nil }
            defer { row += 1 }
            return try select(tensor, axis: 0, index: row).scriptValue
        }
    }

    override func contains(_ value: Value, _ machine: Machine) throws -> Bool? {
        guard let number = value.number else {
            throw Fault("`in` looks for a number in a tensor, not for \(value.described)", kind: "type")
        }
        return try any(equal(tensor, number)).item() != 0
    }

    // MARK: operators

    override func binary(_ op: BinaryOperator, left: Value, right: Value, _ machine: Machine) throws -> Value? {
        guard let a = Operand(left), let b = Operand(right) else {
            // Comparing with nil or a string asks whether they are the same thing, and they are not.
            if op == .equal { return .bool(false) }
            if op == .notEqual { return .bool(true) }
            return nil
        }
        return try apply(op, a, b)?.scriptValue
    }

    override func unary(_ op: UnaryOperator, _ machine: Machine) throws -> Value? {
        switch op {
        case .negate: try negate(tensor).scriptValue
        case .plus: scriptValue
        case .not:
            throw Fault("`not` is for bools, not for a tensor", hint: "logical_not(x) for each element", kind: "type")
        }
    }

    override var conditionHint: String? {
        tensor.dtype == .bool
            ? (tensor.count == 1 ? "item(x)" : "any(x) or all(x)")
            : (tensor.count == 1 ? "compare its number: item(x) > 0" : "compare and reduce: all(x > 0), any(x > 0)")
    }
}

extension TensorObject {
    var scriptValue: Value { .object(self) }
}

extension Tensor {
    /// The numbers on one line.
    var inlineText: String {
        if rank == 0, let value = try? scalarValue(), case .float(let number) = value {
            // As many digits as the type holds: a sum of f32 shows itself as f32.
            return dtype == .f64 ? floatText(number) : "\(Float(number))".replacingOccurrences(of: "e-0", with: "e-")
        }
        return description.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }
}

/// One side of an operator: a tensor, or a number that adapts to the other side's type.
enum Operand {
    case tensor(Tensor)
    case number(Scalar)

    init?(_ value: Value) {
        switch value {
        case .int(let value): self = .number(.int(value))
        case .float(let value): self = .number(.real(value))
        case .bool(let value): self = .number(.int(value ? 1 : 0))
        case .object(let object as TensorObject): self = .tensor(object.tensor)
        case .object(let object as ListObject):
            guard let tensor = try? Tensor.fromList(object) else { return nil }
            self = .tensor(tensor)
        default: return nil
        }
    }

    /// Both sides as tensors; a number takes the type of the tensor beside it.
    static func tensors(_ a: Operand, _ b: Operand) throws -> (Tensor, Tensor) {
        switch (a, b) {
        case (.tensor(let x), .tensor(let y)): (x, y)
        case (.tensor(let x), .number(let y)):
            (x, try Tensor(scalar: y, y.isReal && !x.dtype.isFloating ? .f32 : x.dtype))
        case (.number(let x), .tensor(let y)):
            (try Tensor(scalar: x, x.isReal && !y.dtype.isFloating ? .f32 : y.dtype), y)
        case (.number(let x), .number(let y)):
            (try Tensor(scalar: x, x.isReal ? .f32 : .i64), try Tensor(scalar: y, y.isReal ? .f32 : .i64))
        }
    }
}

extension Scalar {
    var isReal: Bool { if case .real = self { true } else { false } }
}

/// A binary operator on tensors and numbers, at least one of which is a tensor; nil when tensors have no such operator.
func apply(_ op: BinaryOperator, _ a: Operand, _ b: Operand) throws -> Tensor? {
    func arithmetic(
        _ both: (Tensor, Tensor) throws -> Tensor, _ right: (Tensor, Scalar) throws -> Tensor,
        _ left: (Scalar, Tensor) throws -> Tensor
    ) throws -> Tensor {
        func bothOf(_ pair: (Tensor, Tensor)) throws -> Tensor { try both(pair.0, pair.1) }
        return switch (a, b) {
        case (.tensor(let x), .tensor(let y)): try both(x, y)
        case (.tensor(let x), .number(let y)): try right(x, y)
        case (.number(let x), .tensor(let y)): try left(x, y)
        case (.number, .number):
            try bothOf(Operand.tensors(a, b))
        }
    }
    switch op {
    case .add: return try arithmetic(add, add, add)
    case .subtract: return try arithmetic(subtract, subtract, subtract)
    case .multiply: return try arithmetic(multiply, multiply, multiply)
    case .divide: return try arithmetic(divide, divide, divide)
    case .floorDivide: return try arithmetic(floorDivide, floorDivide, floorDivide)
    case .modulo: return try arithmetic(remainder, remainder, remainder)
    case .power: return try arithmetic(power, power, power)
    case .matmul:
        guard case .tensor(let x) = a, case .tensor(let y) = b else {
            throw Fault("@ multiplies matrices, not a number", hint: "write * for a number", kind: "type")
        }
        return try matmul(x, y)
    case .equal: return try arithmetic(equal, equal) { try equal($1, $0) }
    case .notEqual: return try arithmetic(notEqual, notEqual) { try notEqual($1, $0) }
    case .less: return try arithmetic(less, less) { try greater($1, $0) }
    case .lessEqual: return try arithmetic(lessOrEqual, lessOrEqual) { try greaterOrEqual($1, $0) }
    case .greater: return try arithmetic(greater, greater) { try less($1, $0) }
    case .greaterEqual: return try arithmetic(greaterOrEqual, greaterOrEqual) { try lessOrEqual($1, $0) }
    case .isIn, .isNotIn: return nil
    }
}

/// What a model gave for a batch: its logits, and the hidden values that were asked for.
final class OutputObject: TensorObject {
    let hidden: [String: Tensor]

    init(_ logits: Tensor, hidden: [String: Tensor]) {
        self.hidden = hidden
        super.init(logits)
    }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        if name == "hidden" { return .map(hidden.sorted { $0.key < $1.key }.map { ($0.key, $0.value.scriptValue) }) }
        return try super.field(name, machine)
    }
}

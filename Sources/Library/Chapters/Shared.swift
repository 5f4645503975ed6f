import Language
import Tensors

/// Functions with one name for numbers, lists and tensors: `sum`, `min`, `max`, `abs`, `any`, `all`, `sort`.
func sharedChapter() -> Chapter {
    Chapter(
        "For numbers, lists and tensors", "One name each, whatever is given.",
        [
            Builtin(
                "sum", "The sum of the items of a list or of the elements of a tensor.",
                Parameter<Value>("x", "a list of numbers or tensors, or a tensor"),
                Parameter<Axes>("dim", "axis or axes of a tensor; nil for all", default: .all),
                Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false), details: paddingRule,
                example: "sum([1, 2, 3])  # → 6\nsum(ones(2, 3), dim=1)  # → [3. 3.]"
            ) { (context: CallContext, x: Value, dim: Axes, keepdim: Bool) throws -> Value in
                if let tensor = (x.object as? TensorObject)?.tensor {
                    return try overRealPositions(tensor, dims: dim.list, neutral: .zero) {
                        try sum($0, dims: dim.list, keepdim: keepdim)
                    }.scriptValue
                }
                var total: Value = .int(0)
                try each(x, "sum", context) { total = try context.machine.binary(.add, total, $0) }
                return total
            },
            extremum("min", "The smallest", wantsLess: true, tensor: { try min($0, dims: $1, keepdim: $2) }),
            extremum("max", "The largest", wantsLess: false, tensor: { try max($0, dims: $1, keepdim: $2) }),
            Builtin(
                "abs", "Without its sign.", Parameter<Numeric>("x", "a number or tensor"), example: "abs(-3)  # → 3"
            ) { (x: Numeric) throws -> Numeric in
                switch x {
                case .int(let value):
                    guard value != .min else {
                        throw Fault("abs: the result does not fit an int", hint: "float(x)", kind: "overflow")
                    }
                    return .int(Swift.abs(value))
                case .float(let value): return .float(Swift.abs(value))
                case .tensor(let x): return .tensor(try abs(x))
                }
            }.quickly { arguments in
                guard arguments.count == 1 else { return nil }
                switch arguments[0] {
                case .int(let value) where value != .min: return .int(Swift.abs(value))
                case .float(let value): return .float(Swift.abs(value))
                default: return nil
                }
            },
            quantifier(
                "any", "Whether at least one item is true.", example: "any([false, true])  # → true", stopsAt: true,
                tensor: { try any($0, dims: $1, keepdim: $2) }
            ),
            quantifier(
                "all", "Whether all items are true.", example: "all([true, false])  # → false", stopsAt: false,
                tensor: { try all($0, dims: $1, keepdim: $2) }
            ),
            Builtin(
                "round", "To the nearest whole number or decimal, ties to even.",
                Parameter<Numeric>("x", "a number or tensor"),
                Parameter<Int?>("digits", "decimals; nil makes an int of a number", default: nil),
                example: "round(2.5)  # → 2\nround(3.14159, 2)  # → 3.14"
            ) { (x: Numeric, digits: Int?) throws -> Numeric in
                switch x {
                case .int: return x
                case .tensor(let tensor):
                    guard let digits, digits != 0 else {
                        return .tensor(tensor.dtype.isFloating ? try round(tensor) : tensor)
                    }
                    let scale = power10(digits)
                    return .tensor(try divide(round(multiply(tensor, scale)), scale))
                case .float(let value):
                    return try rounded(value, digits: digits)
                }
            },
            Builtin(
                "sort", "The elements of a tensor along an axis, or a list, in order; a list is sorted in place.",
                Parameter<Value>("x", "a tensor or a list"), Parameter<Int>("dim", "axis of a tensor", default: -1),
                Parameter<Bool>("descending", "largest first", default: false),
                Parameter<Callable?>("key", "what a list's items are compared by", default: nil),
                example: "sort(tensor([3, 1, 2]))  # → [1 2 3]"
            ) { (context: CallContext, x: Value, dim: Int, descending: Bool, key: Callable?) throws -> Value in
                if let tensor = (x.object as? TensorObject)?.tensor {
                    return try sort(tensor, axis: dim, descending: descending).values.scriptValue
                }
                guard let list = x.object as? ListObject else {
                    throw Fault(
                        "sort: x must be a list or a tensor, not \(x.described)", kind: "type", argument: .positional(0)
                    )
                }
                list.items = try sortedItems(context, list.items, key: key, descending: descending)
                return .null
            },
        ])
}

/// Goes through the items of anything that has some.
private func each(_ x: Value, _ name: String, _ context: CallContext, _ body: (Value) throws -> Void) throws {
    guard let iterator = try x.object?.makeIterator(context.machine) else {
        throw Fault("\(name): there are no items in \(x.described)", kind: "type", argument: .positional(0))
    }
    var seen = 0
    while let item = try iterator.next() {
        seen += 1
        if seen & 1023 == 0 { try context.checkInterrupt() }
        try body(item)
    }
}

private func extremum(
    _ name: String, _ word: String, wantsLess: Bool, tensor: @escaping (Tensor, [Int]?, Bool) throws -> Tensor
) -> Builtin {
    Builtin(
        name, "\(word) of several values, of the items of a list, or of the elements of a tensor.",
        Parameter<[Value]>.rest("values", "a list or tensor, or the values themselves"),
        Parameter<Axes>("dim", "axis or axes of a tensor; nil for all", default: .all),
        Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false),
        Parameter<Callable?>("key", "what items are compared by", default: nil),
        example: wantsLess ? "min(3, 1, 2)  # → 1" : "max([3, 1, 2])  # → 3"
    ) { (context: CallContext, values: [Value], dim: Axes, keepdim: Bool, key: Callable?) throws -> Value in
        if values.count == 1, let x = (values[0].object as? TensorObject)?.tensor {
            return try overRealPositions(x, dims: dim.list, neutral: wantsLess ? .highest : .lowest) {
                try tensor($0, dim.list, keepdim)
            }.scriptValue
        }
        if values.count == 2, values.contains(where: { $0.object is TensorObject }) {
            throw Fault(
                "\(name): for two tensors, element by element, there is \(wantsLess ? "minimum" : "maximum")",
                hint: "\(wantsLess ? "minimum" : "maximum")(x, y)", kind: "type")
        }
        let items = values.count == 1 ? values[0] : .list(values)
        var best: (item: Value, key: Value)?
        try each(items, name, context) { item in
            let itemKey = try key.map { try $0(context.machine, item) } ?? item
            guard let current = best else {
                best = (item, itemKey)
                return
            }
            let (low, high) = wantsLess ? (itemKey, current.key) : (current.key, itemKey)
            if try context.machine.binary(.less, low, high).bool ?? false { best = (item, itemKey) }
        }
        guard let best else { throw Fault("\(name): there are no items", kind: "value", argument: .positional(0)) }
        return best.item
    }.quickly { arguments in
        guard arguments.count == 2 else { return nil }
        switch (arguments[0], arguments[1]) {
        case (.int(let a), .int(let b)): return .int((b < a) == wantsLess ? b : a)
        case (.float(let a), .float(let b)) where !a.isNaN && !b.isNaN && a != b:
            return .float((b < a) == wantsLess ? b : a)
        default: return nil
        }
    }
}

private func quantifier(
    _ name: String, _ summary: String, example: String, stopsAt wanted: Bool,
    tensor: @escaping (Tensor, [Int]?, Bool) throws -> Tensor
) -> Builtin {
    Builtin(
        name, summary, Parameter<Value>("x", "a list of bools, or a tensor"),
        Parameter<Axes>("dim", "axis or axes of a tensor; nil answers one bool", default: .all),
        Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false), example: example
    ) { (context: CallContext, x: Value, dim: Axes, keepdim: Bool) throws -> Value in
        if let x = (x.object as? TensorObject)?.tensor {
            let found = try overRealPositions(x, dims: dim.list, neutral: wanted ? .zero : .one) {
                try tensor($0, dim.list, keepdim)
            }
            // Without an axis the answer is a condition, so that `if any(x > 0)` can be written.
            return dim.list == nil && !keepdim ? .bool(try found.item() != 0) : found.scriptValue
        }
        var answer = !wanted
        try each(x, name, context) { item in
            guard let truth = item.bool else {
                throw Fault(
                    "\(name): the items must be bools, one is \(item.described)", kind: "type", argument: .positional(0)
                )
            }
            if truth == wanted { answer = wanted }
        }
        return .bool(answer)
    }
}

private func power10(_ digits: Int) -> Double {
    (0..<Swift.min(Swift.abs(digits), 400)).reduce(1.0) { power, _ in digits > 0 ? power * 10 : power / 10 }
}

/// A float to a number of decimals as Python rounds: exactly, on its decimal expansion.
private func rounded(_ value: Double, digits: Int?) throws -> Numeric {
    guard let digits else {
        guard let whole = Int(exactly: value.rounded(.toNearestOrEven)) else {
            throw Fault("round: \(floatText(value)) is too large for an int, or no number", kind: "value")
        }
        return .int(whole)
    }
    guard value.isFinite, digits >= 0 else {
        let scale = power10(digits)
        return .float(value.isFinite ? (value * scale).rounded(.toNearestOrEven) / scale : value)
    }
    if digits > 17 { return .float(value) }
    return .float(Double(try Value.float(value).formatted(".\(digits)f")) ?? value)
}

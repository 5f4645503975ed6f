import Glibc

extension Machine {
    /// `left op right` for all values.
    public func binary(_ op: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        switch (left, right) {
        case (.int(let a), .int(let b)): return try Machine.integers(op, a, b)
        case (.float(let a), .float(let b)):
            if let value = try Machine.floats(op, a, b) { return value }
        case (.int(let a), .float(let b)):
            if !op.isComparison, let value = try Machine.floats(op, Double(a), b) { return value }
        case (.float(let a), .int(let b)):
            if !op.isComparison, let value = try Machine.floats(op, a, Double(b)) { return value }
        case (.bool(let a), .bool), (.bool(let a), .int), (.bool(let a), .float):
            if !op.isComparison { return try binary(op, .int(a ? 1 : 0), right) }
        case (.int, .bool(let b)), (.float, .bool(let b)):
            if !op.isComparison { return try binary(op, left, .int(b ? 1 : 0)) }
        default: break
        }
        if op == .isIn || op == .isNotIn {
            return .bool(try contains(left, in: right) == (op == .isIn))
        }
        if let object = left.object, let value = try object.binary(op, left: left, right: right, self) { return value }
        if let object = right.object, let value = try object.binary(op, left: left, right: right, self) { return value }
        switch op {
        case .equal: return .bool(left == right)
        case .notEqual: return .bool(left != right)
        case .less, .lessEqual, .greater, .greaterEqual:
            if let order = try order(left, right) { return .bool(order.satisfies(op)) }
        case .add: if let sum = try Machine.concatenated(left, right) { return sum }
        case .multiply:
            if let count = right.int, let repeated = try Machine.repeated(left, count) { return repeated }
            if let count = left.int, let repeated = try Machine.repeated(right, count) { return repeated }
        default: break
        }
        throw Machine.mismatch(op, left, right)
    }

    /// `op value`.
    public func unary(_ op: UnaryOperator, _ value: Value) throws -> Value {
        switch (op, value) {
        case (.negate, .int(let int)):
            let (result, overflow) = (0).subtractingReportingOverflow(int)
            if overflow { throw Machine.overflow("-(\(int))") }
            return .int(result)
        case (.negate, .float(let float)): return .float(-float)
        case (.plus, .int), (.plus, .float): return value
        case (.negate, .bool(let bool)): return .int(bool ? -1 : 0)
        case (.plus, .bool(let bool)): return .int(bool ? 1 : 0)
        case (.not, .bool(let bool)): return .bool(!bool)
        default: break
        }
        if let object = value.object, let result = try object.unary(op, self) { return result }
        if op == .not { return .bool(!(try truth(value))) }
        throw Fault("\(op.symbol) does not work on \(value.described)", kind: "type")
    }

    /// The value as a condition; anything but a bool is an error that says what to write.
    public func truth(_ value: Value) throws -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .object(let object): return try object.truth()
        case .text(let text): return try StringObject(text.text).truth()
        case .null: throw Fault("nil is no condition", hint: "`x != nil`", kind: "type", label: "this is nil")
        case .int, .float:
            throw Fault(
                "\(article(value.typeName)) is no condition", hint: "`x != 0`", kind: "type",
                label: "this is \(value.display(.inline))")
        }
    }

    /// `left == right` as one truth value.
    public func isEqual(_ left: Value, _ right: Value) throws -> Bool { left == right }

    /// `value in container`.
    public func contains(_ value: Value, in container: Value) throws -> Bool {
        guard let object = container.object else {
            throw Fault(
                "`in` needs a list, a map, a range or a string on its right, not \(container.described)", kind: "type")
        }
        if let answer = try object.contains(value, self) { return answer }
        guard let iterator = try object.makeIterator(self) else {
            throw Fault(
                "`in` needs a list, a map, a range or a string on its right, not \(container.described)", kind: "type")
        }
        while let next = try iterator.next() { if next == value { return true } }
        return false
    }

    // MARK: - Numbers

    static func integers(_ op: BinaryOperator, _ a: Int, _ b: Int) throws -> Value {
        switch op {
        case .add:
            let (result, overflow) = a.addingReportingOverflow(b)
            if !overflow { return .int(result) }
        case .subtract:
            let (result, overflow) = a.subtractingReportingOverflow(b)
            if !overflow { return .int(result) }
        case .multiply:
            let (result, overflow) = a.multipliedReportingOverflow(by: b)
            if !overflow { return .int(result) }
        case .divide:
            guard b != 0 else { throw divisionByZero(a, op) }
            return .float(Double(a) / Double(b))
        case .floorDivide:
            guard b != 0 else { throw divisionByZero(a, op) }
            let (result, overflow) = a.dividedReportingOverflow(by: b)
            if !overflow { return .int(a % b != 0 && (a < 0) != (b < 0) ? result - 1 : result) }
        case .modulo:
            guard b != 0 else { throw divisionByZero(a, op) }
            if b == -1 { return .int(0) }
            let rest = a % b
            return .int(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
        case .power:
            if b < 0 {
                guard a != 0 else { throw Fault("0 to a negative power: division by zero", kind: "value") }
                return .float(pow(Double(a), Double(b)))
            }
            var (result, base, exponent) = (1, a, b)
            while exponent > 0 {
                if exponent & 1 == 1 {
                    let (product, overflow) = result.multipliedReportingOverflow(by: base)
                    if overflow { throw self.overflow("\(a) ** \(b)") }
                    result = product
                }
                exponent >>= 1
                if exponent > 0 {
                    let (square, overflow) = base.multipliedReportingOverflow(by: base)
                    if overflow { throw self.overflow("\(a) ** \(b)") }
                    base = square
                }
            }
            return .int(result)
        case .equal: return .bool(a == b)
        case .notEqual: return .bool(a != b)
        case .less: return .bool(a < b)
        case .lessEqual: return .bool(a <= b)
        case .greater: return .bool(a > b)
        case .greaterEqual: return .bool(a >= b)
        case .matmul, .isIn, .isNotIn: throw mismatch(op, .int(a), .int(b))
        }
        throw overflow("\(a) \(op.symbol) \(b)")
    }

    static func floats(_ op: BinaryOperator, _ a: Double, _ b: Double) throws -> Value? {
        switch op {
        case .add: return .float(a + b)
        case .subtract: return .float(a - b)
        case .multiply: return .float(a * b)
        case .divide:
            guard b != 0 else { throw divisionByZero(a, op) }
            return .float(a / b)
        case .floorDivide:
            guard b != 0 else { throw divisionByZero(a, op) }
            return .float(((a - modulo(a, b)) / b).rounded())
        case .modulo:
            guard b != 0 else { throw divisionByZero(a, op) }
            return .float(modulo(a, b))
        case .power:
            if a == 0, b < 0 { throw Fault("0.0 to a negative power: division by zero", kind: "value") }
            if a < 0, a.isFinite, b.isFinite, b != b.rounded() {
                throw Fault("\(floatText(a)) ** \(floatText(b)) is no real number", kind: "value")
            }
            return .float(pow(a, b))
        case .equal: return .bool(a == b)
        case .notEqual: return .bool(a != b)
        case .less: return .bool(a < b)
        case .lessEqual: return .bool(a <= b)
        case .greater: return .bool(a > b)
        case .greaterEqual: return .bool(a >= b)
        case .matmul, .isIn, .isNotIn: return nil
        }
    }

    /// The rest with the sign of the divisor.
    @inline(__always)
    static func modulo(_ a: Double, _ b: Double) -> Double {
        let rest = fmod(a, b)
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }

    static func divisionByZero(_ a: some CustomStringConvertible, _ op: BinaryOperator) -> Fault {
        Fault(op == .modulo ? "modulo by zero" : "division by zero", kind: "value", label: "\(a) \(op.symbol) 0")
    }

    static func overflow(_ what: String) -> Fault {
        Fault(
            "integer overflow: \(what) does not fit 64 bits", hint: "use float or smaller numbers", kind: "value")
    }

    // MARK: - Strings and lists

    private static func concatenated(_ left: Value, _ right: Value) throws -> Value? {
        if let a = left.string, let b = right.string {
            try checkString(bytes: a.utf8.count + b.utf8.count)
            return .string(a + b)
        }
        if let a = left.items, let b = right.items {
            try ListObject.check(count: a.count + b.count)
            return .list(a + b)
        }
        return nil
    }

    private static func repeated(_ value: Value, _ count: Int) throws -> Value? {
        let count = max(0, count)
        if let text = value.string {
            let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
            try checkString(bytes: overflow ? .max : bytes)
            return .string(String(repeating: text, count: count))
        }
        if let items = value.items {
            let (total, overflow) = items.count.multipliedReportingOverflow(by: count)
            try ListObject.check(count: overflow ? .max : total)
            if items.count == 1 { return .list(Array(repeating: items[0], count: count)) }
            var result: [Value] = []
            result.reserveCapacity(total)
            for _ in 0..<count { result += items }
            return .list(result)
        }
        return nil
    }

    /// Refuses a string that would be too long, before memory is asked for.
    public static func checkString(bytes: Int) throws {
        if bytes > StringObject.maximumBytes {
            throw Fault(
                "a string of \(bytes) bytes is too long, at most \(StringObject.maximumBytes) fit", kind: "memory")
        }
    }

    /// The error of an operator between types that it does not join.
    static func mismatch(_ op: BinaryOperator, _ left: Value, _ right: Value) -> Fault {
        var hint: String?
        let isText = left.string != nil || right.string != nil
        if op == .add, isText { hint = "\"{x}\" puts a value into a string, str(x) makes one of it" }
        if op == .add, left.items != nil || right.items != nil, !isText { hint = "append(list, x) adds one item" }
        if op == .modulo, left.string != nil {
            hint = "a string between double quotes takes values in: \"loss {l:.4f}\""
        }
        if op == .multiply, left.items != nil || right.items != nil {
            hint = "tensor(xs) computes with each number of a list; xs * 2 with an int repeats it"
        }
        if left.isNull || right.isNull { hint = "one of the two is nil" }
        if op.isComparison {
            return Fault(
                "\(left.described) and \(right.described) have no order", hint: hint, kind: "type",
                label: "\(op.symbol) needs two numbers, two strings or two lists")
        }
        return Fault(
            "\(op.symbol) does not work between \(left.described) and \(right.described)", hint: hint, kind: "type")
    }
}

extension Order {
    /// Whether the order is what a comparison asks for.
    func satisfies(_ op: BinaryOperator) -> Bool {
        switch op {
        case .less: self == .less
        case .lessEqual: self == .less || self == .equal
        case .greater: self == .greater
        case .greaterEqual: self == .greater || self == .equal
        default: false
        }
    }
}

import KernelTable

// Functions of two numbers, of tensors or with a plain number on one side, each beside its gradient.

/// Brings both to the type of their result, computes bf16 in f32, and rounds back.
private func meeting(
    _ a: Tensor, _ b: Tensor, real: Bool = false, _ body: (Tensor, Tensor) throws -> Tensor
) throws -> Tensor {
    if a.dtype == b.dtype, a.dtype == .f32 || a.dtype == .f64 { return try body(a, b) }
    let result = real ? DType.result(a, b).real : DType.result(a, b)
    let working = result == .bf16 ? .f32 : result
    return try body(a.converted(to: working), b.converted(to: working)).converted(to: result)
}

/// The same for a tensor and a plain number.
private func meeting(
    _ x: Tensor, _ scalar: Scalar, real: Bool = false, _ body: (Tensor) throws -> Tensor
) throws -> Tensor {
    if x.dtype == .f32 || x.dtype == .f64 { return try body(x) }
    let result = real ? scalar.promoted(x.dtype).real : scalar.promoted(x.dtype)
    let working = result == .bf16 ? .f32 : result
    return try body(x.converted(to: working)).converted(to: result)
}

// MARK: Sum and difference

/// a + b. Of bools it is "or".
public func add(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b) { a, b in
        let (left, right) = (FlowTarget(a), FlowTarget(b))
        return try binary(
            "add", a.dtype == .bool ? .max : .add, a, b, unit: Unit.ofSum(a, b),
            pullback: .rule { g in [try flow(g, to: left), try flow(g, to: right)] })
    }
}

/// x + number.
public func add(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary("add", .add, x, scalar: number.scalar, swapped: false, pullback: .rule { g in [g] })
    }
}

/// number + x.
public func add(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor { try add(x, number) }

/// a − b.
///
/// - Throws: `type` for bools, which have no difference.
public func subtract(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    if a.dtype == .bool, b.dtype == .bool {
        throw TensorError(.type, "subtract: bools have no difference", hint: "use a != b, or convert: int(a)")
    }
    return try meeting(a, b) { a, b in
        let (left, right) = (FlowTarget(a), FlowTarget(b))
        return try binary(
            "subtract", .sub, a, b, unit: Unit.ofSum(a, b),
            pullback: .rule { g in [try flow(g, to: left), try flow(negate(g), to: right)] })
    }
}

/// x − number.
public func subtract(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary("subtract", .sub, x, scalar: number.scalar, swapped: false, pullback: .rule { g in [g] })
    }
}

/// number − x.
public func subtract(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary(
            "subtract", .sub, x, scalar: number.scalar, swapped: true, pullback: .rule { g in [try negate(g)] })
    }
}

// MARK: Product and quotient

/// a · b. Of bools it is "and".
public func multiply(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b) { a, b in
        try binary(
            "multiply", a.dtype == .bool ? .min : .mul, a, b,
            pullback: .rule { g in [try flow(multiply(g, b), to: a), try flow(multiply(g, a), to: b)] })
    }
}

/// x · number.
public func multiply(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    let scalar = number.scalar
    return try meeting(x, scalar) { x in
        try binary(
            "multiply", .mul, x, scalar: scalar, swapped: false, unit: Unit.scaled(x),
            pullback: .rule { g in [try multiply(g, scalar)] })
    }
}

/// number · x.
public func multiply(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor { try multiply(x, number) }

/// a / b; of whole numbers the true quotient in f32.
public func divide(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b, real: true) { a, b in
        try binary(
            "divide", .div, a, b,
            pullback: .outputRule { g, y in
                [try flow(divide(g, b), to: a), try flow(negate(divide(multiply(g, y), b)), to: b)]
            })
    }
}

/// x / number.
public func divide(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    let scalar = number.scalar
    return try meeting(x, scalar, real: true) { x in
        try binary(
            "divide", .div, x, scalar: scalar, swapped: false, unit: Unit.scaled(x),
            pullback: .rule { g in [try divide(g, scalar)] })
    }
}

/// number / x.
public func divide(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor {
    try meeting(x, number.scalar, real: true) { x in
        try binary(
            "divide", .div, x, scalar: number.scalar, swapped: true,
            pullback: .outputRule { g, y in [try negate(divide(multiply(g, y), x))] })
    }
}

// MARK: Powers

/// aᵇ.
///
///     d/da = b · aᵇ⁻¹, 0 where b = 0;   d/db = aᵇ · log a, 0 where a = 0 and b ≥ 0
///
/// - Throws: `value` for whole numbers with a negative exponent.
public func power(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b) { a, b in
        try binary(
            "power", .pow, a, b,
            pullback: .outputRule { g, y in
                var flows: [Tensor?] = [nil, nil]
                if a.isTracked {
                    let slope = try multiply(b, power(a, subtract(b, 1)))
                    flows[0] = try reduced(multiply(g, `where`(equal(b, 0), 0, slope)), to: a.shape)
                }
                if b.isTracked {
                    let vanishes = try logicalAnd(equal(a, 0), greaterOrEqual(b, 0))
                    let slope = try multiply(y, log(`where`(vanishes, 1, a)))
                    flows[1] = try reduced(multiply(g, `where`(vanishes, 0, slope)), to: b.shape)
                }
                return flows
            })
    }
}

/// xⁿ for a plain number n.
///
/// - Throws: `value` for whole numbers with a negative exponent.
public func power(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    let scalar = number.scalar
    let exponent = scalar.double
    if exponent == 2, x.dtype.isFloating { return try square(x) }
    if exponent == 0.5, x.dtype.isFloating { return try sqrt(x) }
    return try meeting(x, scalar) { x in
        try binary(
            "power", .pow, x, scalar: scalar, swapped: false,
            pullback: .rule { g in
                if exponent == 0 { return [try Tensor.zeros(x.shape, x.dtype)] }
                if exponent == 1 { return [g] }
                return [try multiply(g, multiply(power(x, exponent - 1), exponent))]
            })
    }
}

/// numberˣ.
public func power(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor {
    let base = number.scalar.double
    return try meeting(x, number.scalar) { x in
        try binary(
            "power", .pow, x, scalar: number.scalar, swapped: true,
            pullback: .outputRule { g, y in
                if base == 0 {
                    return [try multiply(g, `where`(greaterOrEqual(x, 0), 0, multiply(y, -Double.infinity)))]
                }
                return [try multiply(g, multiply(y, logarithm(base)))]
            })
    }
}

// MARK: Division with remainder

/// The remainder of a / b with the sign of b, as Python's `%`.
///
/// - Throws: `value` for whole numbers divided by zero.
public func remainder(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(wholeIfBool(a), wholeIfBool(b)) { a, b in
        try binary(
            "remainder", .mod, a, b,
            pullback: .rule { g in
                [try flow(g, to: a), try flow(negate(multiply(g, floorDivide(a.detached(), b.detached()))), to: b)]
            })
    }
}

/// The remainder of x / number.
public func remainder(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary("remainder", .mod, x, scalar: number.scalar, swapped: false, pullback: .rule { g in [g] })
    }
}

/// The remainder of number / x.
public func remainder(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary(
            "remainder", .mod, x, scalar: number.scalar, swapped: true,
            pullback: .rule { g in [try negate(multiply(g, floorDivide(number, x.detached())))] })
    }
}

private var constantBetweenJumps: Pullback { .none(because: "the quotient's whole part is constant between its jumps") }

/// ⌊a / b⌋, as Python's `//`.
///
/// - Throws: `value` for whole numbers divided by zero.
public func floorDivide(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(wholeIfBool(a), wholeIfBool(b)) { a, b in
        try binary("floor_divide", .floorDiv, a, b, pullback: constantBetweenJumps)
    }
}

/// ⌊x / number⌋.
public func floorDivide(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary("floor_divide", .floorDiv, x, scalar: number.scalar, swapped: false, pullback: constantBetweenJumps)
    }
}

/// ⌊number / x⌋.
public func floorDivide(_ number: some ScalarNumber, _ x: Tensor) throws -> Tensor {
    try meeting(x, number.scalar) { x in
        try binary("floor_divide", .floorDiv, x, scalar: number.scalar, swapped: true, pullback: constantBetweenJumps)
    }
}

private func wholeIfBool(_ x: Tensor) throws -> Tensor { x.dtype == .bool ? try x.converted(to: .i64) : x }

// MARK: Larger, smaller, angle

/// The larger of each pair, NaN if either is NaN; equal elements share the gradient half and half.
public func maximum(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b) { a, b in
        try binary(
            "maximum", .max, a, b, unit: Unit.common([a, b]),
            pullback: .rule { g in
                [try flow(multiply(g, preference(a, b)), to: a), try flow(multiply(g, preference(b, a)), to: b)]
            })
    }
}

/// The smaller of each pair, NaN if either is NaN; equal elements share the gradient half and half.
public func minimum(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try meeting(a, b) { a, b in
        try binary(
            "minimum", .min, a, b, unit: Unit.common([a, b]),
            pullback: .rule { g in
                [try flow(multiply(g, preference(b, a)), to: a), try flow(multiply(g, preference(a, b)), to: b)]
            })
    }
}

/// max(x, number).
public func maximum(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try maximum(x, Tensor(scalar: number.scalar, number.scalar.promoted(x.dtype)))
}

/// min(x, number).
public func minimum(_ x: Tensor, _ number: some ScalarNumber) throws -> Tensor {
    try minimum(x, Tensor(scalar: number.scalar, number.scalar.promoted(x.dtype)))
}

/// 1 where a > b, ½ where they are equal, 0 elsewhere: how a choice divides its gradient.
private func preference(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let more = try greater(a, b).converted(to: a.dtype)
    return try multiply(add(more, greaterOrEqual(a, b).converted(to: a.dtype)), 0.5)
}

/// The angle of the point (x, y), from −π to π.
public func atan2(_ y: Tensor, _ x: Tensor) throws -> Tensor {
    try meeting(y, x, real: true) { y, x in
        try binary(
            "atan2", .atan2, y, x,
            pullback: .rule { g in
                let scaled = try divide(g, add(square(x), square(y)))
                return [try flow(multiply(scaled, x), to: y), try flow(negate(multiply(scaled, y)), to: x)]
            })
    }
}

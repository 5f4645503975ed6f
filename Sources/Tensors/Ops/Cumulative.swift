/// Running sums along one axis: `out[i] = Σ over j ≤ i of x[j]`, or j ≥ i when `reversed`.
///
/// Whole numbers and bools give i64.
///
/// - Throws: `index` when there is no such axis.
public func cumsum(_ x: Tensor, axis: Int = -1, reversed: Bool = false) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "cumsum")
    if !x.dtype.isFloating { return try wholeCumsum(x.converted(to: .i64), axis: axis, reversed: reversed) }
    return try computing("cumsum", x) { x in
        if x.rank == 0 { return x }
        let last = x.rank - 1
        let rows = try axis == last ? x : transpose(x, axis, last)
        let sums = try cumsumRows(rows, reversed: reversed)
        return try axis == last ? sums : transpose(sums, axis, last)
    }
}

/// Running products along one axis, `out[i] = Π over j ≤ i of x[j]`; its gradient is right at zeros too.
///
/// Whole numbers and bools give i64. Built of one multiplication for each element of the axis.
///
/// - Throws: `index` when there is no such axis.
public func cumprod(_ x: Tensor, axis: Int = -1) throws -> Tensor {
    let axis = try Shape.axis(axis, rank: x.rank, for: "cumprod")
    let x = x.dtype.isFloating ? x : try x.converted(to: .i64)
    if x.rank == 0 || x.shape[axis] == 0 { return x }
    var products = [try select(x, axis: axis, index: 0)]
    for i in 1..<max(x.shape[axis], 1) {
        products.append(try multiply(products[i - 1], select(x, axis: axis, index: i)))
    }
    return try stack(products, axis)
}

private func cumsumRows(_ x: Tensor, reversed: Bool) throws -> Tensor {
    try Tensor.operation(
        "cumsum", [x], shape: x.shape, dtype: x.dtype,
        pullback: .rule { gradient in [try cumsumRows(gradient, reversed: !reversed)] }
    ) { output in
        if x.count == 0 { return }
        let source = try x.packed()
        defer { withExtendedLifetime(source) {} }
        let n = x.shape[x.rank - 1]
        func run<S: Real>(_: S.Type) throws {
            let (from, to) = (source.pointer(S.self), output.pointer(S.self))
            try ThreadPool.parallel(x.count / n, grain: rowGrain(n)) { rows in
                let start = rows.lowerBound * n
                S.loops.cumulativeSumRows(from + start, to + start, rows: rows.count, count: n, reversed: reversed)
            }
        }
        if x.dtype == .f64 { try run(Double.self) } else { try run(Float.self) }
    }
}

private func wholeCumsum(_ x: Tensor, axis: Int, reversed: Bool) throws -> Tensor {
    if x.rank == 0 { return x }
    let rows = try transpose(x, axis, x.rank - 1)
    let result = try Tensor.operation(
        "cumsum", [rows], shape: rows.shape, dtype: .i64, pullback: .none(because: "sums of whole numbers")
    ) { output in
        let source = try rows.packed()
        defer { withExtendedLifetime(source) {} }
        let n = max(rows.shape[rows.rank - 1], 1)
        let (from, to) = (source.pointer(Int64.self), output.pointer(Int64.self))
        for start in stride(from: 0, to: source.count, by: n) {
            var total: Int64 = 0
            for step in 0..<n {
                let i = start + (reversed ? n - 1 - step : step)
                total &+= from[i]
                to[i] = total
            }
        }
    }
    return try transpose(result, axis, x.rank - 1)
}

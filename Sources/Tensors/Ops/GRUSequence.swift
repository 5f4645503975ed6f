import KernelTable

/// The steps of one direction of a GRU as one operation.
///
/// - Parameters:
///   - projected: W x + b for every step, [T, B, 3H].
///   - weight: U, [3H, H].
///   - bias: b′, [3H].
///   - hidden: the first h, [B, H].
///   - mask: bools [T, B]; where false a row keeps its state and the output is 0.
/// - Returns: [T + 1, B, H]: h after each step by time, then the last h.
func gruSequence(
    _ projected: Tensor, _ weight: Tensor, _ bias: Tensor, _ hidden: Tensor, mask: Tensor?, reversed: Bool
) throws -> Tensor {
    let order = StepOrder(
        time: projected.shape[0], batch: hidden.shape[0], hidden: hidden.shape[1], reversed: reversed, mask: mask)
    return try projected.dtype == .f64
        ? GRUSequence<Double>(order).apply([projected, weight, bias, hidden])
        : GRUSequence<Float>(order).apply([projected, weight, bias, hidden])
}

/// The same from elementary operations: the oracle of the fused form, and its second gradient.
func composedGRUSequence(
    _ projected: Tensor, _ weight: Tensor, _ bias: Tensor, _ hidden: Tensor, mask: Tensor?, reversed: Bool
) throws -> Tensor {
    let (time, n) = (projected.shape[0], hidden.shape[1])
    let zeros = try Tensor.zeros(hidden.shape, hidden.dtype)
    var h = hidden
    var outputs = [Tensor](repeating: zeros, count: time)
    for step in 0..<time {
        let t = reversed ? time - 1 - step : step
        let ownInput = try select(projected, axis: 0, index: t)
        let ownHidden = try add(matmul(h, transpose(weight)), bias)
        func gate(_ x: Tensor, _ number: Int) throws -> Tensor {
            try slice(x, axis: 1, start: number * n, stop: (number + 1) * n)
        }
        let reset = try sigmoid(add(gate(ownInput, 0), gate(ownHidden, 0)))
        let update = try sigmoid(add(gate(ownInput, 1), gate(ownHidden, 1)))
        let new = try tanh(add(gate(ownInput, 2), multiply(reset, gate(ownHidden, 2))))
        var next = try add(multiply(subtract(1, update), new), multiply(update, h))
        outputs[t] = next
        if let mask {
            let isReal = try unsqueeze(select(mask, axis: 0, index: t), 1)
            outputs[t] = try `where`(isReal, next, zeros)
            next = try `where`(isReal, next, h)
        }
        h = next
    }
    return try stack(outputs + [h], 0)
}

private struct GRUSequence<S: Real> {
    let order: StepOrder

    init(_ order: StepOrder) { self.order = order }

    func apply(_ inputs: [Tensor]) throws -> Tensor {
        let (projected, weight, bias, hidden) = (inputs[0], inputs[1], inputs[2], inputs[3])
        let (time, n, size) = (order.time, order.hidden, order.size)
        let activated = try Tensor(uninitialized: projected.shape, projected.dtype)
        let hiddenGates = try Tensor(uninitialized: projected.shape, projected.dtype)
        let states = try Tensor(uninitialized: [time + 1] + hidden.shape, hidden.dtype)
        return try Tensor.operation(
            "gru", inputs, shape: [time + 1] + hidden.shape, dtype: projected.dtype,
            pullback: .fused(
                fast: { [order] gradient in
                    try GRUSequence(order).backward(gradient, weight, activated, hiddenGates, states)
                },
                composed: { [order] gradient in
                    try composedGradients(inputs, gradient) {
                        try composedGRUSequence($0[0], $0[1], $0[2], $0[3], mask: order.mask, reversed: order.reversed)
                    }
                })
        ) { output in
            if order.isEmpty { return }
            let (source, factors, shift, first) = try (
                projected.packed(), weight.packed(), bias.packed(), hidden.packed()
            )
            defer { withExtendedLifetime((source, factors, shift, first)) {} }
            let (inputGates, gates, own, h, out) = (
                source.pointer(S.self), activated.pointer(S.self), hiddenGates.pointer(S.self),
                states.pointer(S.self), output.pointer(S.self)
            )
            for row in 0..<time * order.batch {
                (own + row * 3 * n).update(from: shift.pointer(S.self), count: 3 * n)
            }
            (h + order.firstState * size).update(from: first.pointer(S.self), count: size)
            let products = try PartProducts<S>(order.parts, factors, transposed: true, beta: 1)
            try order.forEachPart { _, part, rows, steps in
                let start = rows.lowerBound * n
                for step in steps {
                    if Interruption.isRequested { return }
                    let t = order.time(of: step)
                    let (oldH, newH) = (h + order.before(t) * size, h + order.after(t) * size)
                    let wide = 3 * (t * size + start)
                    products.run(part, oldH + start, into: own + wide)
                    S.loops.gruCellRows(
                        inputGates: inputGates + wide, hiddenGates: own + wide, previousHidden: oldH + start,
                        activated: gates + wide, hiddenState: newH + start, rows: rows.count, hidden: n)
                    for row in rows {
                        let target = out + t * size + row * n
                        if order.isPadding(t, row) {
                            newH.copyRow(row, of: oldH, width: n)
                            S.loops.fill(target, with: 0, count: n)
                        } else {
                            target.update(from: newH + row * n, count: n)
                        }
                    }
                }
            }
            (out + time * size).update(from: h + order.lastState * size, count: size)
        }
    }

    private func backward(
        _ gradient: Tensor, _ weight: Tensor, _ activated: Tensor, _ hiddenGates: Tensor, _ states: Tensor
    ) throws -> [Tensor?] {
        let (time, n, size) = (order.time, order.hidden, order.size)
        let towardsInput = try Tensor(uninitialized: activated.shape, activated.dtype)
        let towardsHidden = try Tensor(uninitialized: activated.shape, activated.dtype)
        let shape = [order.batch, n]
        // After all steps the first holds the result.
        let flows = try (Tensor(uninitialized: shape, S.dtype), Tensor(uninitialized: shape, S.dtype))
        if order.isEmpty {
            return [
                towardsInput, try Tensor.zeros(weight.shape, weight.dtype), try Tensor.zeros([3 * n], weight.dtype),
                flows.0,
            ]
        }
        let (flow, factors) = try (gradient.packed(), weight.packed())
        defer { withExtendedLifetime((flow, factors, activated, hiddenGates, states, flows)) {} }
        let (g, gates, own, h) = (
            flow.pointer(S.self), activated.pointer(S.self), hiddenGates.pointer(S.self), states.pointer(S.self)
        )
        let (dInput, dHidden) = (towardsInput.pointer(S.self), towardsHidden.pointer(S.self))
        let (dh, spare) = (flows.0.pointer(S.self), flows.1.pointer(S.self))
        (time.isMultiple(of: 2) ? dh : spare).update(from: g + time * size, count: size)
        let products = try PartProducts<S>(order.parts, factors, transposed: false, beta: 1)
        try order.forEachPart { _, part, rows, steps in
            let start = rows.lowerBound * n
            for step in steps {
                if Interruption.isRequested { return }
                let t = order.time(of: time - 1 - step)
                let (upper, lower) = (time - step).isMultiple(of: 2) ? (dh, spare) : (spare, dh)
                let wide = 3 * (t * size + start)
                for row in rows where !order.isPadding(t, row) {
                    S.loops.addInPlace(g + t * size + row * n, upper + row * n, count: n)
                }
                S.loops.gruCellBackwardRows(
                    activated: gates + wide, hiddenGates: own + wide,
                    previousHidden: h + order.before(t) * size + start, hiddenGradient: upper + start,
                    dInputGates: dInput + wide, dHiddenGates: dHidden + wide, dPreviousHidden: lower + start,
                    rows: rows.count, hidden: n)
                for row in rows where order.isPadding(t, row) {
                    S.loops.fill(dInput + 3 * (t * size + row * n), with: 0, count: 3 * n)
                    S.loops.fill(dHidden + 3 * (t * size + row * n), with: 0, count: 3 * n)
                    lower.copyRow(row, of: upper, width: n)
                }
                // The direct part z · g is there already; the product is added to it.
                products.run(part, dHidden + wide, into: lower + start)
            }
        }
        let rows = try reshape(towardsHidden, [time * order.batch, 3 * n])
        let towardsWeight = try matmul(transpose(rows), order.previous(states))
        let towardsBias = try sum(rows, dims: [0], keepdim: false)
        return [towardsInput, towardsWeight, towardsBias, flows.0]
    }
}

import KernelTable

/// The steps of one direction of an LSTM as one operation.
///
/// - Parameters:
///   - projected: W x + b for every step, [T, B, 4H].
///   - weight: U, [4H, H].
///   - hidden: the first h, [B, H], as is the first c.
///   - mask: bools [T, B]; where false a row keeps its state and the output is 0.
/// - Returns: [T + 2, B, H]: h after each step by time, then the last h and the last c.
func lstmSequence(
    _ projected: Tensor, _ weight: Tensor, _ hidden: Tensor, _ cell: Tensor, mask: Tensor?, reversed: Bool
) throws -> Tensor {
    let order = StepOrder(
        time: projected.shape[0], batch: hidden.shape[0], hidden: hidden.shape[1], reversed: reversed, mask: mask)
    return try projected.dtype == .f64
        ? LSTMSequence<Double>(order).apply([projected, weight, hidden, cell])
        : LSTMSequence<Float>(order).apply([projected, weight, hidden, cell])
}

/// The same from elementary operations: the oracle of the fused form, and its second gradient.
func composedLSTMSequence(
    _ projected: Tensor, _ weight: Tensor, _ hidden: Tensor, _ cell: Tensor, mask: Tensor?, reversed: Bool
) throws -> Tensor {
    let (time, n) = (projected.shape[0], hidden.shape[1])
    let zeros = try Tensor.zeros(hidden.shape, hidden.dtype)
    var (h, c) = (hidden, cell)
    var outputs = [Tensor](repeating: zeros, count: time)
    for step in 0..<time {
        let t = reversed ? time - 1 - step : step
        let gates = try add(select(projected, axis: 0, index: t), matmul(h, transpose(weight)))
        func gate(_ number: Int) throws -> Tensor {
            try slice(gates, axis: 1, start: number * n, stop: (number + 1) * n)
        }
        let kept = try multiply(sigmoid(gate(1)), c)
        var nextCell = try add(kept, multiply(sigmoid(gate(0)), tanh(gate(2))))
        var next = try multiply(sigmoid(gate(3)), tanh(nextCell))
        outputs[t] = next
        if let mask {
            let isReal = try unsqueeze(select(mask, axis: 0, index: t), 1)
            outputs[t] = try `where`(isReal, next, zeros)
            next = try `where`(isReal, next, h)
            nextCell = try `where`(isReal, nextCell, c)
        }
        (h, c) = (next, nextCell)
    }
    return try stack(outputs + [h, c], 0)
}

private struct LSTMSequence<S: Real> {
    let order: StepOrder

    init(_ order: StepOrder) { self.order = order }

    func apply(_ inputs: [Tensor]) throws -> Tensor {
        let (projected, weight, hidden, cell) = (inputs[0], inputs[1], inputs[2], inputs[3])
        let (time, n, size) = (order.time, order.hidden, order.size)
        let activated = try Tensor(uninitialized: projected.shape, projected.dtype)
        let states = try Tensor(uninitialized: [time + 1] + hidden.shape, hidden.dtype)
        let cells = try Tensor(uninitialized: [time + 1] + hidden.shape, hidden.dtype)
        return try Tensor.operation(
            "lstm", inputs, shape: [time + 2] + hidden.shape, dtype: projected.dtype,
            pullback: .fused(
                fast: { [order] gradient, _ in
                    try LSTMSequence(order).backward(gradient, weight, activated, states, cells)
                },
                composed: { [order] gradient, _ in
                    try composedGradients(inputs, gradient) {
                        try composedLSTMSequence($0[0], $0[1], $0[2], $0[3], mask: order.mask, reversed: order.reversed)
                    }
                })
        ) { output in
            if order.isEmpty { return }
            let (source, factors) = try (projected.packed(), weight.packed())
            let (firstHidden, firstCell) = try (hidden.packed(), cell.packed())
            defer { withExtendedLifetime((source, factors, firstHidden, firstCell)) {} }
            let (gates, h, c, out) = (
                activated.pointer(S.self), states.pointer(S.self), cells.pointer(S.self), output.pointer(S.self)
            )
            gates.update(from: source.pointer(S.self), count: projected.count)
            (h + order.firstState * size).update(from: firstHidden.pointer(S.self), count: size)
            (c + order.firstState * size).update(from: firstCell.pointer(S.self), count: size)
            var product = try StepProduct<S>(
                m: order.batch, n: 4 * n, k: n, right: factors.pointer(S.self), transposed: true, beta: 1)
            for step in 0..<time {
                let t = order.time(of: step)
                let (oldH, newH) = (h + order.before(t) * size, h + order.after(t) * size)
                let (oldC, newC) = (c + order.before(t) * size, c + order.after(t) * size)
                let own = gates + t * 4 * size
                try product.run(oldH, into: own)
                try ThreadPool.parallel(order.batch, grain: order.grain) { rows in
                    let (start, wide) = (rows.lowerBound * n, rows.lowerBound * 4 * n)
                    S.loops.lstmCellRows(
                        gates: own + wide, previousCell: oldC + start, activated: own + wide, cell: newC + start,
                        hiddenState: newH + start, rows: rows.count, hidden: n)
                }
                (out + t * size).update(from: newH, count: size)
                order.forEachPadded(t) { row in
                    newH.copyRow(row, of: oldH, width: n)
                    newC.copyRow(row, of: oldC, width: n)
                    S.loops.fill(out + t * size + row * n, with: 0, count: n)
                }
            }
            (out + time * size).update(from: h + order.lastState * size, count: size)
            (out + (time + 1) * size).update(from: c + order.lastState * size, count: size)
        }
    }

    /// Back through time: each step's gates by the kernel, the weight's gradient as one product at the end.
    private func backward(
        _ gradient: Tensor, _ weight: Tensor, _ activated: Tensor, _ states: Tensor, _ cells: Tensor
    ) throws -> [Tensor?] {
        let (time, n, size) = (order.time, order.hidden, order.size)
        let towardsGates = try Tensor(uninitialized: activated.shape, activated.dtype)
        let shape = [order.batch, n]
        var (dh, nextDh) = try (Tensor(uninitialized: shape, S.dtype), Tensor(uninitialized: shape, S.dtype))
        var (dc, nextDc) = try (Tensor(uninitialized: shape, S.dtype), Tensor(uninitialized: shape, S.dtype))
        if order.isEmpty {
            return [towardsGates, try Tensor.zeros(weight.shape, weight.dtype), dh, dc]
        }
        let (flow, factors) = try (gradient.packed(), weight.packed())
        defer { withExtendedLifetime((flow, factors, activated, states, cells)) {} }
        let (g, gates, c, dGates) = (
            flow.pointer(S.self), activated.pointer(S.self), cells.pointer(S.self), towardsGates.pointer(S.self)
        )
        dh.pointer(S.self).update(from: g + time * size, count: size)
        dc.pointer(S.self).update(from: g + (time + 1) * size, count: size)
        var product = try StepProduct<S>(
            m: order.batch, n: n, k: 4 * n, right: factors.pointer(S.self), transposed: false, beta: 0)
        for step in stride(from: time - 1, through: 0, by: -1) {
            let t = order.time(of: step)
            let (upper, cellFlow) = (dh.pointer(S.self), dc.pointer(S.self))
            let (lower, lowerCell) = (nextDh.pointer(S.self), nextDc.pointer(S.self))
            let own = dGates + t * 4 * size
            try ThreadPool.parallel(order.batch, grain: order.grain) { rows in
                let (start, wide) = (rows.lowerBound * n, rows.lowerBound * 4 * n)
                // Padding gave zeros to the output, whatever the state was: its gradient stops there.
                order.addOutputGradient(g + t * size, to: upper, time: t, rows)
                S.loops.lstmCellBackwardRows(
                    activated: gates + t * 4 * size + wide, previousCell: c + order.before(t) * size + start,
                    cell: c + order.after(t) * size + start, hiddenGradient: upper + start,
                    cellGradient: cellFlow + start, dGates: own + wide, dPreviousCell: lowerCell + start,
                    rows: rows.count, hidden: n)
            }
            order.forEachPadded(t) { row in
                S.loops.fill(own + row * 4 * n, with: 0, count: 4 * n)
                lowerCell.copyRow(row, of: cellFlow, width: n)
            }
            try product.run(own, into: lower)
            order.forEachPadded(t) { row in lower.copyRow(row, of: upper, width: n) }
            swap(&dh, &nextDh)
            swap(&dc, &nextDc)
        }
        let rows = try reshape(towardsGates, [time * order.batch, 4 * n])
        let towardsWeight = try matmul(transpose(rows), order.previous(states))
        return [towardsGates, towardsWeight, dh, dc]
    }
}

extension StepOrder {
    /// Adds the gradient of a step's output to that of its state, for the rows that are real.
    func addOutputGradient<S: Real>(
        _ gradient: UnsafePointer<S>, to state: UnsafeMutablePointer<S>, time: Int, _ rows: Range<Int>
    ) {
        let flags = mask.map { $0.pointer(UInt8.self) + time * batch }
        guard let flags else {
            let start = rows.lowerBound * hidden
            return S.loops.addInPlace(gradient + start, state + start, count: rows.count * hidden)
        }
        for row in rows where flags[row] != 0 {
            S.loops.addInPlace(gradient + row * hidden, state + row * hidden, count: hidden)
        }
    }
}

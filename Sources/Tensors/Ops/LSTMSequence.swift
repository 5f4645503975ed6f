import KernelTable

/// One direction of an LSTM layer.
struct LSTMDirection {
    /// W x + b for every step, [T, B, 4H].
    let projected: Tensor
    /// U, [4H, H].
    let weight: Tensor
    /// The first h and the first c, [B, H].
    let hidden: Tensor
    let cell: Tensor
    let reversed: Bool

    var tensors: [Tensor] { [projected, weight, hidden, cell] }
}

/// The steps of an LSTM layer as one operation, all directions and parts of the batch side by side.
///
/// - Parameter mask: bools [T, B]; where false a row keeps its state and the output is 0.
/// - Returns: [T + 2, B, D·H]: h after each step by time, then the last h and the last c; the directions beside each other.
func lstmSequence(_ directions: [LSTMDirection], mask: Tensor?) throws -> Tensor {
    directions[0].projected.dtype == .f64
        ? try LSTMSequence<Double>(directions, mask).apply() : try LSTMSequence<Float>(directions, mask).apply()
}

/// The same from elementary operations: the oracle of the fused form, and its second gradient.
func composedLSTMSequence(_ directions: [LSTMDirection], mask: Tensor?) throws -> Tensor {
    try concatenate(directions.map { try composed($0, mask: mask) }, -1)
}

private func composed(_ direction: LSTMDirection, mask: Tensor?) throws -> Tensor {
    let (time, n) = (direction.projected.shape[0], direction.hidden.shape[1])
    let zeros = try Tensor.zeros(direction.hidden.shape, direction.hidden.dtype)
    var (h, c) = (direction.hidden, direction.cell)
    var outputs = [Tensor](repeating: zeros, count: time)
    for step in 0..<time {
        let t = direction.reversed ? time - 1 - step : step
        let gates = try add(
            select(direction.projected, axis: 0, index: t), matmul(h, transpose(direction.weight)))
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
    let directions: [LSTMDirection]
    let orders: [StepOrder]
    let mask: Tensor?
    let time: Int
    let batch: Int
    let hidden: Int

    /// What a direction keeps for the way back.
    private struct Kept {
        /// [T, B, 4H]
        let gates: Tensor
        /// [T + 1, B, H], in the order of time.
        let states: Tensor
        let cells: Tensor
    }

    init(_ directions: [LSTMDirection], _ mask: Tensor?) {
        self.directions = directions
        self.mask = mask
        let first = directions[0]
        (time, batch, hidden) = (first.projected.shape[0], first.hidden.shape[0], first.hidden.shape[1])
        orders = directions.map {
            StepOrder(
                time: $0.projected.shape[0], batch: $0.hidden.shape[0], hidden: $0.hidden.shape[1],
                reversed: $0.reversed, mask: mask)
        }
    }

    private var size: Int { batch * hidden }
    /// Elements of a row of the output.
    private var width: Int { directions.count * hidden }

    /// Rows of the batch that go through all steps by themselves: their number depends on the sizes alone.
    private var partRows: Int { directions.count == 1 ? 16 : 32 }
    private var parts: Int { max(1, batch / partRows) }

    /// Calls `body` for each direction and part of the batch, on all threads: nobody waits for another's step.
    private func forEachPart(_ body: (_ direction: Int, _ rows: Range<Int>) -> Void) throws {
        try ThreadPool.parallel(chunks: directions.count * parts) { chunk in
            let part = chunk / directions.count
            body(chunk % directions.count, part * batch / parts..<(part + 1) * batch / parts)
        }
        try Interruption.check()
    }

    func apply() throws -> Tensor {
        let kept = try directions.map { direction in
            Kept(
                gates: try Tensor(uninitialized: direction.projected.shape, direction.projected.dtype),
                states: try Tensor(uninitialized: [time + 1, batch, hidden], direction.projected.dtype),
                cells: try Tensor(uninitialized: [time + 1, batch, hidden], direction.projected.dtype))
        }
        return try Tensor.operation(
            "lstm", directions.flatMap(\.tensors), shape: [time + 2, batch, width],
            dtype: directions[0].projected.dtype,
            pullback: .fused(
                fast: { gradient in try backward(gradient, kept) },
                composed: { gradient in
                    try composedGradients(directions.flatMap(\.tensors), gradient) { inputs in
                        let copies = directions.enumerated().map { d, direction in
                            LSTMDirection(
                                projected: inputs[4 * d], weight: inputs[4 * d + 1], hidden: inputs[4 * d + 2],
                                cell: inputs[4 * d + 3], reversed: direction.reversed)
                        }
                        return try composedLSTMSequence(copies, mask: mask)
                    }
                })
        ) { output in
            if size == 0 { return }
            let sources = try directions.map { try $0.tensors.map { try $0.packed() } }
            let products = try directions.indices.map { d in
                try PartProducts<S>(
                    parts: parts, rows: batch, n: 4 * hidden, k: hidden, right: sources[d][1].pointer(S.self),
                    transposed: true, beta: 1)
            }
            defer { withExtendedLifetime((sources, kept, products)) {} }
            let out = output.pointer(S.self)
            try forEachPart { d, rows in
                forward(
                    orders[d], sources[d].map { $0.pointer(S.self) }, kept[d], products[d], out + d * hidden, rows)
            }
        }
    }

    /// All steps of some rows of one direction.
    private func forward(
        _ order: StepOrder, _ sources: [UnsafeMutablePointer<S>], _ kept: Kept, _ products: PartProducts<S>,
        _ out: UnsafeMutablePointer<S>, _ rows: Range<Int>
    ) {
        let n = hidden
        let (gates, h, c) = (kept.gates.pointer(S.self), kept.states.pointer(S.self), kept.cells.pointer(S.self))
        let (first, count) = (rows.lowerBound * n, rows.count * n)
        (h + order.firstState * size + first).update(from: sources[2] + first, count: count)
        (c + order.firstState * size + first).update(from: sources[3] + first, count: count)
        for step in 0..<time {
            if Interruption.isRequested { return }
            let t = order.time(of: step)
            let (oldH, newH) = (h + order.before(t) * size, h + order.after(t) * size)
            let (oldC, newC) = (c + order.before(t) * size, c + order.after(t) * size)
            let own = gates + t * 4 * size + 4 * first
            own.update(from: sources[0] + t * 4 * size + 4 * first, count: 4 * count)
            products.run(rows, oldH + first, into: own)
            S.loops.lstmCellRows(
                gates: own, previousCell: oldC + first, activated: own, cell: newC + first, hiddenState: newH + first,
                rows: rows.count, hidden: n)
            for row in rows {
                let target = out + (t * batch + row) * width
                if order.isPadding(t, row) {
                    newH.copyRow(row, of: oldH, width: n)
                    newC.copyRow(row, of: oldC, width: n)
                    S.loops.fill(target, with: 0, count: n)
                } else {
                    target.update(from: newH + row * n, count: n)
                }
            }
        }
        for (place, states) in [(time, h), (time + 1, c)] {
            for row in rows {
                (out + (place * batch + row) * width).update(
                    from: states + order.lastState * size + row * n, count: n)
            }
        }
    }

    /// Back through time: each step's gates by the kernel, the weights' gradients as one product each at the end.
    private func backward(_ gradient: Tensor, _ kept: [Kept]) throws -> [Tensor?] {
        let dtype = S.dtype
        let towardsGates = try directions.map { try Tensor(uninitialized: $0.projected.shape, dtype) }
        let towardsStates = try directions.map { _ in try Tensor(uninitialized: [batch, hidden], dtype) }
        let towardsCells = try directions.map { _ in try Tensor(uninitialized: [batch, hidden], dtype) }
        if size == 0 {
            return try directions.indices.flatMap { d -> [Tensor?] in
                let weight = directions[d].weight
                return [
                    towardsGates[d], try Tensor.zeros(weight.shape, weight.dtype), towardsStates[d], towardsCells[d],
                ]
            }
        }
        let flow = try gradient.packed()
        let weights = try directions.map { try $0.weight.packed() }
        let spare = try directions.map { _ in try Tensor(uninitialized: [2, batch, hidden], dtype) }
        let products = try directions.indices.map { d in
            try PartProducts<S>(
                parts: parts, rows: batch, n: hidden, k: 4 * hidden, right: weights[d].pointer(S.self),
                transposed: false, beta: 0)
        }
        defer { withExtendedLifetime((flow, weights, kept, spare, products)) {} }
        try forEachPart { d, rows in
            back(
                orders[d], kept[d], flow.pointer(S.self) + d * hidden, products[d], towardsGates[d].pointer(S.self),
                (towardsStates[d].pointer(S.self), spare[d].pointer(S.self)),
                (towardsCells[d].pointer(S.self), spare[d].pointer(S.self) + size), rows)
        }
        return try directions.indices.flatMap { d -> [Tensor?] in
            let rows = try reshape(towardsGates[d], [time * batch, 4 * hidden])
            let towardsWeight = try matmul(transpose(rows), orders[d].previous(kept[d].states))
            return [towardsGates[d], towardsWeight, towardsStates[d], towardsCells[d]]
        }
    }

    /// All steps of some rows of one direction, the last first. Of each pair of buffers the first holds the result.
    private func back(
        _ order: StepOrder, _ kept: Kept, _ g: UnsafePointer<S>, _ products: PartProducts<S>,
        _ dGates: UnsafeMutablePointer<S>, _ hiddenFlows: (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>),
        _ cellFlows: (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>), _ rows: Range<Int>
    ) {
        let n = hidden
        let (gates, c) = (kept.gates.pointer(S.self), kept.cells.pointer(S.self))
        let first = rows.lowerBound * n
        // After an even number of exchanges the first buffer is the last one written.
        var (dh, nextDh) = time.isMultiple(of: 2) ? hiddenFlows : (hiddenFlows.1, hiddenFlows.0)
        var (dc, nextDc) = time.isMultiple(of: 2) ? cellFlows : (cellFlows.1, cellFlows.0)
        for row in rows {
            (dh + row * n).update(from: g + (time * batch + row) * width, count: n)
            (dc + row * n).update(from: g + ((time + 1) * batch + row) * width, count: n)
        }
        for step in stride(from: time - 1, through: 0, by: -1) {
            if Interruption.isRequested { return }
            let t = order.time(of: step)
            let own = dGates + t * 4 * size
            for row in rows where !order.isPadding(t, row) {
                // Padding gave zeros to the output, whatever the state was: its gradient stops there.
                S.loops.addInPlace(g + (t * batch + row) * width, dh + row * n, count: n)
            }
            S.loops.lstmCellBackwardRows(
                activated: gates + t * 4 * size + 4 * first, previousCell: c + order.before(t) * size + first,
                cell: c + order.after(t) * size + first, hiddenGradient: dh + first, cellGradient: dc + first,
                dGates: own + 4 * first, dPreviousCell: nextDc + first, rows: rows.count, hidden: n)
            for row in rows where order.isPadding(t, row) {
                S.loops.fill(own + row * 4 * n, with: 0, count: 4 * n)
                nextDc.copyRow(row, of: dc, width: n)
            }
            products.run(rows, own + 4 * first, into: nextDh + first)
            for row in rows where order.isPadding(t, row) { nextDh.copyRow(row, of: dh, width: n) }
            swap(&dh, &nextDh)
            swap(&dc, &nextDc)
        }
    }
}

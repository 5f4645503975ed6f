import KernelTable

/// One direction of an LSTM layer.
struct LSTMDirection {
    /// W, [4H, I].
    let input: Tensor
    /// b, [4H].
    let bias: Tensor
    /// U, [4H, H].
    let weight: Tensor
    /// The first h and the first c, [B, H].
    let hidden: Tensor
    let cell: Tensor
    let reversed: Bool

    static let tensorCount = 5
    var tensors: [Tensor] { [input, bias, weight, hidden, cell] }

    /// The same with other tensors.
    func with(_ tensors: ArraySlice<Tensor>) -> LSTMDirection {
        let t = Array(tensors)
        return LSTMDirection(input: t[0], bias: t[1], weight: t[2], hidden: t[3], cell: t[4], reversed: reversed)
    }
}

/// What an LSTM layer reads: a tensor [T, B, I], or rows that occur at several places.
enum SequenceInput {
    case steps(Tensor)
    case shared(SharedRows)

    /// What gets a gradient.
    var tensor: Tensor {
        switch self {
        case .steps(let x): x
        case .shared(let shared): shared.rows
        }
    }

    var shape: [Int] {
        switch self {
        case .steps(let x): x.shape
        case .shared(let shared): [shared.time, shared.batch, shared.rows.shape[1]]
        }
    }

    /// The same with another tensor.
    func with(_ tensor: Tensor) -> SequenceInput {
        switch self {
        case .steps: .steps(tensor)
        case .shared(let shared): .shared(shared.with(rows: tensor))
        }
    }

    /// [T, B, I].
    func steps() throws -> Tensor {
        switch self {
        case .steps(let x): x
        case .shared(let shared): try reshape(takeRows(shared.rows, shared.places, name: "embedding"), shape)
        }
    }

    /// As rows, [T · B, I] or [U, I], without a graph.
    func rows() throws -> Tensor {
        try Graph.recording(false) {
            let x = try tensor.detached().packed()
            return x.rank == 2 ? x : try reshape(x, [x.shape[0] * x.shape[1], x.shape[2]])
        }
    }
}

/// An LSTM layer as one operation: the inputs' part of all gates as one product for each direction, then the steps, all
/// directions and parts of the batch side by side.
///
/// - Parameters:
///   - x: [T, B, I], or the rows of a table that make it.
///   - mask: bools [T, B]; where false a row keeps its state and the output is 0.
/// - Returns: [T + 2, B, D·H]: h after each step by time, then the last h and the last c; the directions beside each other.
func lstmSequence(_ x: SequenceInput, _ directions: [LSTMDirection], mask: Tensor?) throws -> Tensor {
    x.tensor.dtype == .f64
        ? try LSTMSequence<Double>(x, directions, mask).apply() : try LSTMSequence<Float>(x, directions, mask).apply()
}

/// The same from elementary operations: the oracle of the fused form, and its second gradient.
func composedLSTMSequence(_ x: Tensor, _ directions: [LSTMDirection], mask: Tensor?) throws -> Tensor {
    try concatenate(directions.map { try composed(x, $0, mask: mask) }, -1)
}

private func composed(_ x: Tensor, _ direction: LSTMDirection, mask: Tensor?) throws -> Tensor {
    let (time, n) = (x.shape[0], direction.hidden.shape[1])
    let projected = try linear(x, weight: direction.input, bias: direction.bias)
    let zeros = try Tensor.zeros(direction.hidden.shape, direction.hidden.dtype)
    var (h, c) = (direction.hidden, direction.cell)
    var outputs = [Tensor](repeating: zeros, count: time)
    for step in 0..<time {
        let t = direction.reversed ? time - 1 - step : step
        let gates = try add(
            select(projected, axis: 0, index: t), matmul(h, transpose(direction.weight)))
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
    let x: SequenceInput
    let directions: [LSTMDirection]
    let orders: [StepOrder]
    let mask: Tensor?
    let time: Int
    let batch: Int
    let hidden: Int

    /// What a direction keeps for the way back.
    private struct Kept {
        /// [T · B, 4H]
        let gates: Tensor
        /// [T + 1, B, H], in the order of time.
        let states: Tensor
        let cells: Tensor
    }

    init(_ x: SequenceInput, _ directions: [LSTMDirection], _ mask: Tensor?) {
        (self.x, self.directions, self.mask) = (x, directions, mask)
        let (time, batch, hidden) = (x.shape[0], x.shape[1], directions[0].hidden.shape[1])
        (self.time, self.batch, self.hidden) = (time, batch, hidden)
        orders = directions.map {
            StepOrder(time: time, batch: batch, hidden: hidden, reversed: $0.reversed, mask: mask)
        }
    }

    private var inputs: [Tensor] { [x.tensor] + directions.flatMap(\.tensors) }

    private var size: Int { batch * hidden }
    /// Elements of a row of the output.
    private var width: Int { directions.count * hidden }

    func apply() throws -> Tensor {
        let kept = try directions.map { direction in
            Kept(
                gates: try Tensor(uninitialized: [time * batch, 4 * hidden], S.dtype),
                states: try Tensor(uninitialized: [time + 1, batch, hidden], S.dtype),
                cells: try Tensor(uninitialized: [time + 1, batch, hidden], S.dtype))
        }
        return try Tensor.operation(
            "lstm", inputs, shape: [time + 2, batch, width], dtype: S.dtype,
            pullback: .fused(
                fast: { gradient in try backward(gradient, kept) },
                composed: { gradient in
                    try composedGradients(inputs, gradient) { inputs in
                        let copies = directions.enumerated().map { d, direction in
                            let first = 1 + d * LSTMDirection.tensorCount
                            return direction.with(inputs[first..<first + LSTMDirection.tensorCount])
                        }
                        return try composedLSTMSequence(x.with(inputs[0]).steps(), copies, mask: mask)
                    }
                })
        ) { output in
            if size == 0 { return }
            let rows = try x.rows()
            let states = try directions.map { (h: try $0.hidden.packed(), c: try $0.cell.packed()) }
            let weights = try directions.map { try $0.weight.packed() }
            let products = try directions.indices.map { d in
                try PartProducts<S>(orders[d].parts, weights[d], transposed: true, beta: 1)
            }
            // The inputs' part of the gates: of each step in its place, or of each row, for the steps to take.
            let projected = try directions.indices.map { d in
                let (weight, bias) = (
                    try transpose(directions[d].input.detached()), try directions[d].bias.contiguous()
                )
                let own =
                    if case .shared = x { try Tensor(uninitialized: [rows.shape[0], 4 * hidden], S.dtype) } else {
                        kept[d].gates
                    }
                try writeProduct(rows, weight, bias, to: own)
                return own
            }
            defer { withExtendedLifetime((states, weights, kept, products, projected)) {} }
            let out = output.pointer(S.self)
            try orders[0].forEachPart(directions: directions.count) { d, part, rows, steps in
                forward(
                    orders[d], (states[d].h.pointer(S.self), states[d].c.pointer(S.self)), kept[d], projected[d],
                    { products[d].run(part, $0, into: $1) }, out + d * hidden, rows, steps)
            }
        }
    }

    /// Some steps of some rows of one direction.
    private func forward(
        _ order: StepOrder, _ starts: (h: UnsafeMutablePointer<S>, c: UnsafeMutablePointer<S>), _ kept: Kept,
        _ projected: Tensor, _ multiply: (UnsafePointer<S>, UnsafeMutablePointer<S>) -> Void,
        _ out: UnsafeMutablePointer<S>, _ rows: Range<Int>, _ steps: Range<Int>
    ) {
        let n = hidden
        var shared: (rows: UnsafePointer<S>, places: UnsafePointer<Int64>)?
        if case .shared(let input) = x {
            shared = (UnsafePointer(projected.pointer(S.self)), UnsafePointer(input.places.pointer(Int64.self)))
        }
        let (gates, h, c) = (kept.gates.pointer(S.self), kept.states.pointer(S.self), kept.cells.pointer(S.self))
        let (first, count) = (rows.lowerBound * n, rows.count * n)
        if steps.lowerBound == 0 {
            (h + order.firstState * size + first).update(from: starts.h + first, count: count)
            (c + order.firstState * size + first).update(from: starts.c + first, count: count)
        }
        for step in steps {
            if Interruption.isRequested { return }
            let t = order.time(of: step)
            let (oldH, newH) = (h + order.before(t) * size, h + order.after(t) * size)
            let (oldC, newC) = (c + order.before(t) * size, c + order.after(t) * size)
            let own = gates + t * 4 * size + 4 * first
            if let shared {
                for row in rows {
                    (gates + (t * batch + row) * 4 * n).update(
                        from: shared.rows + Int(shared.places[t * batch + row]) * 4 * n, count: 4 * n)
                }
            }
            multiply(oldH + first, own)
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
        if steps.upperBound < time { return }
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
        let towardsGates = try directions.map { _ in try Tensor(uninitialized: [time * batch, 4 * hidden], dtype) }
        let towardsStates = try directions.map { _ in try Tensor(uninitialized: [batch, hidden], dtype) }
        let towardsCells = try directions.map { _ in try Tensor(uninitialized: [batch, hidden], dtype) }
        if size == 0 { return try inputs.map { try Tensor.zeros($0.shape, dtype) } }
        let flow = try gradient.packed()
        let weights = try directions.map { try $0.weight.packed() }
        let spare = try directions.map { _ in try Tensor(uninitialized: [2, batch, hidden], dtype) }
        let products = try directions.indices.map { d in
            try PartProducts<S>(orders[d].parts, weights[d], transposed: false, beta: 0)
        }
        defer { withExtendedLifetime((flow, weights, kept, spare, products)) {} }
        try orders[0].forEachPart(directions: directions.count) { d, part, rows, steps in
            back(
                orders[d], kept[d], flow.pointer(S.self) + d * hidden, { products[d].run(part, $0, into: $1) },
                towardsGates[d].pointer(S.self), (towardsStates[d].pointer(S.self), spare[d].pointer(S.self)),
                (towardsCells[d].pointer(S.self), spare[d].pointer(S.self) + size), rows, steps)
        }
        let rows = try x.rows()
        let towardsInput = x.tensor.isTracked ? try Tensor(uninitialized: rows.shape, dtype) : nil
        var flows: [Tensor?] = [try towardsInput.map { try reshape($0, x.tensor.shape) }]
        for (d, direction) in directions.enumerated() {
            let turned = try transpose(towardsGates[d])
            var own = towardsGates[d]
            if case .shared(let shared) = x { own = try shared.sums(own) }
            if let towardsInput {
                try writeProduct(own, direction.input.detached(), to: towardsInput, adding: d > 0)
            }
            flows += [
                direction.input.isTracked ? try matmul(transpose(own), rows) : nil,
                direction.bias.isTracked ? try sum(own, dims: [0]) : nil,
                direction.weight.isTracked ? try matmul(turned, orders[d].previous(kept[d].states)) : nil,
                towardsStates[d], towardsCells[d],
            ]
        }
        return flows
    }

    /// Some steps of some rows of one direction, counted from the last. Of each pair of buffers the first holds the result.
    private func back(
        _ order: StepOrder, _ kept: Kept, _ g: UnsafePointer<S>,
        _ multiply: (UnsafePointer<S>, UnsafeMutablePointer<S>) -> Void, _ dGates: UnsafeMutablePointer<S>,
        _ hiddenFlows: (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>),
        _ cellFlows: (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>), _ rows: Range<Int>, _ steps: Range<Int>
    ) {
        let n = hidden
        let (gates, c) = (kept.gates.pointer(S.self), kept.cells.pointer(S.self))
        let first = rows.lowerBound * n
        // After an even number of exchanges the first buffer is the last one written.
        let isEven = (time - steps.lowerBound).isMultiple(of: 2)
        var (dh, nextDh) = isEven ? hiddenFlows : (hiddenFlows.1, hiddenFlows.0)
        var (dc, nextDc) = isEven ? cellFlows : (cellFlows.1, cellFlows.0)
        if steps.lowerBound == 0 {
            for row in rows {
                (dh + row * n).update(from: g + (time * batch + row) * width, count: n)
                (dc + row * n).update(from: g + ((time + 1) * batch + row) * width, count: n)
            }
        }
        for step in steps {
            if Interruption.isRequested { return }
            let t = order.time(of: time - 1 - step)
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
            multiply(own + 4 * first, nextDh + first)
            for row in rows where order.isPadding(t, row) { nextDh.copyRow(row, of: dh, width: n) }
            swap(&dh, &nextDh)
            swap(&dc, &nextDc)
        }
    }
}

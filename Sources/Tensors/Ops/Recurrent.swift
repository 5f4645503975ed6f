// B batch, T time, I inputs, H hidden units, L layers, D directions (1, or 2 with the reverse one), G gates (LSTM 4, GRU 3).
//
//   lstm, gru ──► layers ──► for each layer: all input projections of a direction in one product, then the steps;
//                            of an LSTM as one operation (LSTMSequence), of a GRU the steps alone (GRUSequence)

/// The weights of one direction of one layer, laid out and ordered as in PyTorch.
///
/// LSTM gates stand in the order input, forget, cell, output; GRU gates in the order reset, update, new.
public struct RecurrentWeights {
    /// [G·H, I]
    public let input: Tensor
    /// [G·H, H]
    public let hidden: Tensor
    /// [G·H]
    public let inputBias: Tensor?
    /// [G·H]
    public let hiddenBias: Tensor?

    public init(input: Tensor, hidden: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil) {
        (self.input, self.hidden, self.inputBias, self.hiddenBias) = (input, hidden, inputBias, hiddenBias)
    }
}

/// What a recurrent network gives.
public struct RecurrentResult {
    /// [B, T, D·H]: the last layer's hidden state after each step; zeros at padding.
    public let output: Tensor
    /// [L·D, B, H]: each layer's and direction's state after its last real step.
    public let hidden: Tensor
    /// [L·D, B, H]; nil for a GRU.
    public let cell: Tensor?
}

/// A long short-term memory over sequences.
///
///     i, f, o = σ(W x + U h + b),  g = tanh(W x + U h + b);   c′ = f · c + i · g,   h′ = o · tanh(c′)
///
/// Hochreiter, Schmidhuber 1997. At padding a row keeps its state, so the final state is that after its last real step,
/// and the reverse direction starts there.
///
/// - Parameters:
///   - x: [B, T, I].
///   - weights: for each layer one or two directions, the second being the reverse one.
///   - initialHidden: [L·D, B, H], as is `initialCell`; zeros when left out.
///   - mask: bools [B, T], false for padding; the tensor's own mask when left out.
///   - lengths: [B], how many steps of each row are real, instead of a mask.
///   - between: applied to the values [T, B, D·H] that go from one layer to the next: dropout.
/// - Throws: `shape`, naming the shapes; `value` for a length outside 0...T.
public func lstm(
    _ x: Tensor, weights: [[RecurrentWeights]], initialHidden: Tensor? = nil, initialCell: Tensor? = nil,
    mask: Tensor? = nil, lengths: Tensor? = nil, between: ((Tensor) throws -> Tensor)? = nil
) throws -> RecurrentResult {
    let stack = try RecurrentStack(
        "lstm", gates: 4, x.shape, x.dtype, weights, mask: mask ?? x.mask, lengths: lengths)
    return try lstm(
        stack, .steps(stack.byTime(x)), initialHidden: initialHidden, initialCell: initialCell, between: between)
}

/// The same over sequences whose steps are rows of a table; what comes of each row is computed once.
public func lstm(
    _ x: SharedRows, weights: [[RecurrentWeights]], between: ((Tensor) throws -> Tensor)? = nil
) throws -> RecurrentResult {
    let shape = [x.batch, x.time, x.rows.shape[1]]
    let stack = try RecurrentStack("lstm", gates: 4, shape, x.rows.dtype, weights, mask: x.mask, lengths: nil)
    return try lstm(
        stack, .shared(x.with(rows: x.rows.converted(to: stack.computed))), initialHidden: nil, initialCell: nil,
        between: between)
}

private func lstm(
    _ stack: RecurrentStack, _ x: SequenceInput, initialHidden: Tensor?, initialCell: Tensor?,
    between: ((Tensor) throws -> Tensor)?
) throws -> RecurrentResult {
    let (hidden, cell) = try (stack.initial(initialHidden, "hidden"), stack.initial(initialCell, "cell"))
    var cells: [Tensor] = []
    let (output, states) = try stack.run(between: between) { input, layer, own in
        let sequence = try lstmSequence(
            input.map { .steps($0) } ?? x,
            own.enumerated().map { direction, weights in
                let biases = [weights.inputBias, weights.hiddenBias].compactMap { $0 }
                let bias = try biases.count == 2 ? add(biases[0], biases[1]) : biases.first
                let number = layer * own.count + direction
                return LSTMDirection(
                    input: weights.input,
                    bias: try bias ?? Tensor.zeros([weights.input.shape[0]], weights.input.dtype),
                    weight: weights.hidden, hidden: try select(hidden, axis: 0, index: number),
                    cell: try select(cell, axis: 0, index: number), reversed: direction == 1)
            }, mask: stack.mask)
        cells += try stack.parts(of: sequence, at: stack.time + 1)
        return sequence
    }
    return RecurrentResult(output: output, hidden: try stack.joined(states), cell: try stack.joined(cells))
}

/// A gated recurrent unit over sequences.
///
///     r, z = σ(W x + b + U h + b′),  n = tanh(W x + b + r · (U h + b′));   h′ = (1 − z) · n + z · h
///
/// Cho and others 2014, arXiv:1406.1078, with the reset gate behind the product as in PyTorch. Parameters, padding and
/// errors as `lstm`.
public func gru(
    _ x: Tensor, weights: [[RecurrentWeights]], initialHidden: Tensor? = nil, mask: Tensor? = nil,
    lengths: Tensor? = nil, between: ((Tensor) throws -> Tensor)? = nil
) throws -> RecurrentResult {
    let stack = try RecurrentStack(
        "gru", gates: 3, x.shape, x.dtype, weights, mask: mask ?? x.mask, lengths: lengths)
    let first = try stack.byTime(x)
    let hidden = try stack.initial(initialHidden, "hidden")
    let (output, states) = try stack.run(between: between) { input, layer, own in
        let sequences = try own.enumerated().map { direction, weights in
            let projected = try linear(input ?? first, weight: weights.input, bias: weights.inputBias)
            let zeros = try weights.hiddenBias ?? Tensor.zeros([weights.hidden.shape[0]], weights.hidden.dtype)
            return try gruSequence(
                projected, weights.hidden, zeros, select(hidden, axis: 0, index: layer * own.count + direction),
                mask: stack.mask, reversed: direction == 1)
        }
        return sequences.count == 1 ? sequences[0] : try concatenate(sequences, -1)
    }
    return RecurrentResult(output: output, hidden: try stack.joined(states), cell: nil)
}

/// Layers and directions of a recurrent network: checked shapes, and the way of the values through them.
private struct RecurrentStack {
    let name: String
    let batch: Int
    let time: Int
    let hidden: Int
    let directions: Int
    let dtype: DType
    /// The type that the steps are computed in.
    let computed: DType
    let weights: [[RecurrentWeights]]
    /// Bools [T, B]; nil when every step is real.
    let mask: Tensor?
    private let outputMask: Tensor?

    init(
        _ name: String, gates: Int, _ shape: [Int], _ type: DType, _ weights: [[RecurrentWeights]], mask: Tensor?,
        lengths: Tensor?
    ) throws {
        guard shape.count == 3 else {
            throw TensorError(.shape, "\(name): the input has shape \(shape), expected [B, T, I]")
        }
        guard let first = weights.first, (1...2).contains(first.count), first[0].hidden.rank == 2 else {
            throw TensorError(
                .shape,
                "\(name): found \(weights.first?.count ?? 0) directions in \(weights.count) layers, expected 1 or 2 "
                    + "in at least one layer, with hidden weights [\(gates)·H, H]")
        }
        (self.name, batch, time) = (name, shape[0], shape[1])
        (hidden, directions) = (first[0].hidden.shape[1], first.count)
        dtype = type.isFloating ? type : .f32
        let computed: DType = dtype == .bf16 ? .f32 : dtype
        self.computed = computed
        var width = shape[2]
        for (number, layer) in weights.enumerated() {
            guard layer.count == directions else {
                throw TensorError(
                    .shape, "\(name): layer \(number) has \(layer.count) directions, the first has \(directions)")
            }
            let rows = gates * hidden
            for own in layer {
                let parts: [(String, Tensor?, [Int])] = [
                    ("input weight", own.input, [rows, width]), ("hidden weight", own.hidden, [rows, hidden]),
                    ("input bias", own.inputBias, [rows]), ("hidden bias", own.hiddenBias, [rows]),
                ]
                for (word, tensor, shape) in parts {
                    if let tensor, tensor.shape != shape {
                        throw TensorError(
                            .shape,
                            "\(name): the \(word) of layer \(number) has shape \(tensor.shape), expected \(shape)")
                    }
                }
            }
            width = directions * hidden
        }
        self.weights = try weights.map { layer in
            try layer.map { own in
                RecurrentWeights(
                    input: try own.input.converted(to: computed), hidden: try own.hidden.converted(to: computed),
                    inputBias: try own.inputBias?.converted(to: computed),
                    hiddenBias: try own.hiddenBias?.converted(to: computed))
            }
        }
        let given = try lengths.map { try RecurrentStack.mask(lengths: $0, shape, name) } ?? mask
        if let given {
            try checkMask(given, name)
            guard given.shape == [batch, time] else {
                throw TensorError(
                    .shape, "\(name): the mask has shape \(given.shape), expected [\(batch), \(time)], that of [B, T]")
            }
        }
        outputMask = given
        self.mask = try given.map { try transpose($0.detached(), 0, 1).packed() }
    }

    private static func mask(lengths: Tensor, _ shape: [Int], _ name: String) throws -> Tensor {
        guard lengths.shape == [shape[0]], lengths.dtype.isInteger else {
            throw TensorError(
                .shape,
                "\(name): the lengths are \(lengths.dtype.name) of shape \(lengths.shape), expected whole numbers "
                    + "of shape [\(shape[0])]")
        }
        let values = try lengths.elements(as: Int64.self)
        let result = try Tensor(uninitialized: [shape[0], shape[1]], .bool)
        let out = result.pointer(UInt8.self)
        for (row, length) in values.enumerated() {
            guard length >= 0, length <= Int64(shape[1]) else {
                throw TensorError(
                    .value, "\(name): the length \(length) of row \(row) is outside 0...\(shape[1])")
            }
            for step in 0..<shape[1] { out[row * shape[1] + step] = step < Int(length) ? 1 : 0 }
        }
        return result
    }

    func initial(_ state: Tensor?, _ word: String) throws -> Tensor {
        let shape = [weights.count * directions, batch, hidden]
        guard let state else { return try Tensor.zeros(shape, computed) }
        guard state.shape == shape else {
            throw TensorError(
                .shape, "\(name): the initial \(word) state has shape \(state.shape), expected \(shape)")
        }
        return try state.converted(to: computed)
    }

    /// [B, T, I] as [T, B, I] in the type that is computed in.
    func byTime(_ x: Tensor) throws -> Tensor { try transpose(x.converted(to: computed), 0, 1).contiguous() }

    /// Runs every layer; `steps` gives [T + 1 or more, B, D·H], the states by time and then the last one. Its input is nil
    /// for the first layer.
    func run(
        between: ((Tensor) throws -> Tensor)?,
        _ steps: (_ input: Tensor?, _ layer: Int, _ own: [RecurrentWeights]) throws -> Tensor
    ) throws -> (output: Tensor, states: [Tensor]) {
        var last: Tensor?
        var states: [Tensor] = []
        for (layer, own) in weights.enumerated() {
            if let input = last, let between { last = try between(input) }
            let sequence = try steps(last, layer, own)
            last = try slice(sequence, axis: 0, start: 0, stop: time)
            states += try parts(of: sequence, at: time)
        }
        let current = try last ?? Tensor.zeros([time, batch, directions * hidden], computed)
        let output = try rounded(transpose(current, 0, 1))
        output.mask = outputMask
        return (output, states)
    }

    /// What each direction has at a place of [T + 1 or more, B, D·H].
    func parts(of sequence: Tensor, at place: Int) throws -> [Tensor] {
        let all = try rounded(select(sequence, axis: 0, index: place))
        return try (0..<directions).map { try slice(all, axis: 1, start: $0 * hidden, stop: ($0 + 1) * hidden) }
    }

    func rounded(_ x: Tensor) throws -> Tensor { try x.converted(to: dtype) }

    func joined(_ states: [Tensor]) throws -> Tensor { try stack(states, 0) }
}

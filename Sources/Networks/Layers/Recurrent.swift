import Tensors

/// An LSTM or GRU over sequences: [B, T, in] → [B, T, directions · hidden].
///
/// Weights are named and laid out as PyTorch's: `weight_ih_l0` [G·H, in], `weight_hh_l0` [G·H, H], two biases [G·H], and
/// `_reverse` for the second direction; gates i, f, g, o or r, z, n. Padded steps keep the state.
public final class Recurrent: Layer {
    public enum Cell: String, CaseIterable, Sendable {
        case lstm, gru

        var gates: Int { self == .lstm ? 4 : 3 }
    }

    public let cell: Cell
    public let inputs: Int
    public let hidden: Int
    public let layers: Int
    public let isBidirectional: Bool
    public let dropout: Double
    private let own: [(name: String, parameter: Parameter)]

    /// All parameters are drawn from U(±1/√hidden).
    public init(
        _ cell: Cell, _ inputs: Int, _ hidden: Int, layers: Int = 1, bidirectional: Bool = false, dropout: Double = 0
    ) throws {
        try checkSize(cell.rawValue, "inputs", inputs)
        try checkSize(cell.rawValue, "hidden", hidden)
        try checkSize(cell.rawValue, "layers", layers)
        guard dropout >= 0, dropout < 1 else {
            throw ModelError(.value, "\(cell.rawValue): dropout is \(dropout); it must be from 0 up to, and without, 1")
        }
        (self.cell, self.inputs, self.hidden, self.layers) = (cell, inputs, hidden, layers)
        (isBidirectional, self.dropout) = (bidirectional, dropout)
        let directions = bidirectional ? 2 : 1
        var own: [(String, Parameter)] = []
        for layer in 0..<layers {
            let width = layer == 0 ? inputs : hidden * directions
            for suffix in bidirectional ? ["", "_reverse"] : [""] {
                let rows = cell.gates * hidden
                for (name, shape) in [
                    ("weight_ih", [rows, width]), ("weight_hh", [rows, hidden]), ("bias_ih", [rows]),
                    ("bias_hh", [rows]),
                ] {
                    own.append(("\(name)_l\(layer)\(suffix)", try Parameter(Initialisation.fan(shape, in: hidden))))
                }
            }
        }
        self.own = own
    }

    private init(_ other: Recurrent, _ copier: Copier) throws {
        (cell, inputs, hidden, layers) = (other.cell, other.inputs, other.hidden, other.layers)
        (isBidirectional, dropout) = (other.isBidirectional, other.dropout)
        own = try other.own.map { ($0.name, try copier.copy($0.parameter)) }
    }

    public override var kind: String { cell.rawValue }
    public override var details: String {
        "\(inputs) → \(hidden)" + (layers == 1 ? "" : ", \(layers) layers")
            + (isBidirectional ? ", both directions" : "")
    }
    public override var fields: [(name: String, field: Field)] { own.map { ($0.name, .parameter($0.parameter)) } }

    public override func shape(after input: [String]?) -> [String]? {
        Array((input ?? ["B", "T", ""]).dropLast()) + ["\(hidden * (isBidirectional ? 2 : 1))"]
    }

    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 3 else {
            throw noSequence(x, inputs)
        }
        try checkWidth(
            of: x, inputs, hint: hintForSequence(x, inputs) ?? "\(kind)(\(x.shape[2]), \(hidden)) takes this input")
        let result =
            try cell == .lstm
            ? lstm(x, weights: weights, mask: x.mask, between: between)
            : gru(x, weights: weights, mask: x.mask, between: between)
        return result.output
    }

    /// The same for the vectors of a table at ids [B, T], what comes of each vector computed once; nil where the vectors
    /// themselves are needed, or few occur twice.
    func forward(ids: Tensor, of table: Embedding) throws -> Tensor? {
        guard cell == .lstm, table.width == inputs else { return nil }
        var shared: SharedRows?
        _ = try table.calling(with: nil) {
            shared = try SharedRows(ids, table: table.weight.value, paddingIndex: table.padding)
            return ids
        }
        guard let shared else { return nil }
        return try calling(with: ids.mask) { try lstm(shared, weights: weights, between: between).output }
    }

    private var weights: [[RecurrentWeights]] {
        var weights: [[RecurrentWeights]] = []
        let directions = isBidirectional ? 2 : 1
        for layer in 0..<layers {
            weights.append(
                (0..<directions).map { direction in
                    let first = (layer * directions + direction) * 4
                    return RecurrentWeights(
                        input: own[first].parameter.value, hidden: own[first + 1].parameter.value,
                        inputBias: own[first + 2].parameter.value, hiddenBias: own[first + 3].parameter.value)
                })
        }
        return weights
    }

    /// Dropout between layers, in training.
    private var between: ((Tensor) throws -> Tensor)? {
        let p = isTraining ? dropout : 0
        if p == 0 { return nil }
        return { x in
            let (key, counter) = RandomStream.global.take(x.count)
            return try Tensors.dropout(x, p: p, key: key, counter: counter)
        }
    }

    public override func initialise() throws {
        for (_, parameter) in own { try parameter.assign(Initialisation.fan(parameter.shape, in: hidden)) }
    }

    public override func copied(_ copier: Copier) throws -> Layer { try Recurrent(self, copier) }
}

import Tensors

/// A vector for each id: [B, T] ids → [B, T, width].
public final class Embedding: Layer {
    public let count: Int
    public let width: Int
    public let padding: Int?
    /// Standard deviation of the vectors at the start.
    public let deviation: Double
    public let weight: Parameter

    /// Vectors are drawn from N(0, deviation²); that of the padding id is zero and stays so.
    public init(_ count: Int, _ width: Int, padding: Int? = 0, deviation: Double = 1) throws {
        try checkSize("embedding", "count", count)
        try checkSize("embedding", "width", width)
        if let padding, !(0..<count).contains(padding) {
            throw ModelError(.value, "embedding: padding is \(padding), the ids go from 0 to \(count - 1)")
        }
        (self.count, self.width, self.padding, self.deviation) = (count, width, padding, deviation)
        weight = try Parameter(Embedding.draw(count, width, padding, deviation))
    }

    private init(_ count: Int, _ width: Int, padding: Int?, deviation: Double, weight: Parameter) {
        (self.count, self.width, self.padding, self.deviation, self.weight) = (count, width, padding, deviation, weight)
    }

    private static func draw(_ count: Int, _ width: Int, _ padding: Int?, _ deviation: Double) throws -> Tensor {
        let drawn = try normal([count, width], mean: 0, std: deviation)
        guard let padding else { return drawn }
        let row = try Tensor([Int64(padding)])
        return try indexedZero(drawn, row)
    }

    private static func indexedZero(_ table: Tensor, _ rows: Tensor) throws -> Tensor {
        let mask = try equal(arange(table.shape[0]), rows)
        return try maskedFill(table, mask: expand(unsqueeze(mask, -1), to: table.shape), value: 0)
    }

    public override var kind: String { "embedding" }
    public override var details: String { "\(count) × \(width)" }
    public override var fields: [(name: String, field: Field)] { [("weight", .parameter(weight))] }

    public override func shape(after input: [String]?) -> [String]? { (input ?? ["B", "T"]) + ["\(width)"] }
    /// What a recurrent layer makes of a word's vector is the same wherever the word stands.
    public override func forward(_ x: Tensor, then next: Layer) throws -> Tensor? {
        try (next as? Recurrent)?.forward(ids: x, of: self)
    }

    public override func forward(_ x: Tensor) throws -> Tensor {
        let output = try embedding(x, table: weight.value, paddingIndex: padding)
        output.mask = x.mask
        return output
    }

    public override func initialise() throws { try weight.assign(Embedding.draw(count, width, padding, deviation)) }

    public override func copied(_ copier: Copier) throws -> Layer {
        Embedding(count, width, padding: padding, deviation: deviation, weight: try copier.copy(weight))
    }
}

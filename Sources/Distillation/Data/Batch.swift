import Networks
import Tensors

/// Some rows of a dataset, to be computed on at once.
public final class Batch {
    public let dataset: Dataset
    /// The places of the rows in the dataset.
    public let rows: [Int]
    private var encodings: [ObjectIdentifier: (tokenizer: any Tokenizer, batch: TokenBatch)] = [:]
    private var knownLabels: Tensor?

    public init(_ dataset: Dataset, rows: [Int]) {
        self.dataset = dataset
        self.rows = rows
    }

    public var count: Int { rows.count }

    /// The rows' ids: the same for a row in every order and every epoch.
    public var ids: [Int] { rows.map { dataset.ids[$0] } }

    public func texts() throws -> [String] {
        let texts = try dataset.texts()
        return rows.map { texts[$0] }
    }

    /// The class numbers [B] of i64, with `Dataset.missingLabel` where there is none, or real targets [B] of f32.
    public func labels() throws -> Tensor {
        if let knownLabels { return knownLabels }
        guard let name = dataset.labelColumn else {
            _ = try dataset.labels()
            throw DataError("the dataset has no label column", kind: "name")
        }
        let labels = try dataset.isTagging ? tagLabels() : column(name)
        if labels.dtype.isInteger { labels.unit = .labels }
        knownLabels = labels
        return labels
    }

    /// The rows' values of a column of numbers or tensors, as one tensor [B, …].
    ///
    /// - Throws: `type` for columns that are no numbers.
    public func column(_ name: String) throws -> Tensor {
        switch try dataset.column(name) {
        case .integers(let values): return try .integers(rows.map { values[$0] })
        case .floats(let values): return try .floats(rows.map { values[$0] })
        case .tensor(let tensor): return try tensor.rows(rows)
        case let other:
            throw DataError("the column \"\(name)\" holds \(other.typeName), which makes no tensor", kind: "type")
        }
    }

    /// The texts for a model that reads with this tokenizer; teacher and student with the same one share the result.
    public func encoded(by tokenizer: any Tokenizer) throws -> TokenBatch {
        let key = ObjectIdentifier(tokenizer)
        if let known = encodings[key] { return known.batch }
        let batch = try dataset.encoded(by: tokenizer).batch(rows)
        encodings[key] = (tokenizer, batch)
        return batch
    }
}

/// The batches of one pass over a dataset.
public struct Batches: Sequence {
    public let dataset: Dataset
    public let size: Int
    private let order: [Int]
    /// How many batches there are.
    public let count: Int

    init(_ dataset: Dataset, size: Int, order: [Int], dropsLast: Bool) {
        self.dataset = dataset
        self.size = size
        self.order = order
        count = order.count / size + (dropsLast || order.count % size == 0 ? 0 : 1)
    }

    /// The batch at a place in the pass: a pass that was left can be taken up where it stopped.
    public subscript(index: Int) -> Batch {
        let start = index * size
        return Batch(dataset, rows: Array(order[start..<start + Swift.min(size, order.count - start)]))
    }

    public func makeIterator() -> AnyIterator<Batch> {
        var next = 0
        return AnyIterator {
            guard next < count else { return nil }
            defer { next += 1 }
            return self[next]
        }
    }
}

extension Batches {
    /// The share of positions that only fill texts up to the longest of their batch, as a tokenizer numbers them.
    public func padding(by tokenizer: any Tokenizer) throws -> Double {
        let texts = try dataset.encoded(by: tokenizer)
        var (real, all) = (0, 0)
        for start in stride(from: 0, to: order.count, by: size) {
            let lengths = order[start..<Swift.min(start + size, order.count)].map(texts.length)
            real += lengths.reduce(0, +)
            all += (lengths.max() ?? 0) * lengths.count
        }
        return all == 0 ? 0 : 1 - Double(real) / Double(all)
    }
}

extension Dataset {
    /// The rows in batches of `size`; with `shuffle` in a random order that depends on the seed and the epoch alone.
    ///
    /// - Parameter tokenizer: where there is one, texts of like length share a batch, so that little is filled up: the rows
    ///   are shuffled, each fifty batches' worth of them is sorted by length, and the batches are shuffled again.
    public func batches(
        of size: Int, shuffle: Bool = false, seed: Int = 0, epoch: Int = 0, dropsLast: Bool = false,
        byLength tokenizer: (any Tokenizer)? = nil
    ) throws -> Batches {
        guard size >= 1 else { throw DataError("a batch has \(size) rows; it must have at least 1") }
        var order = shuffle ? Order.shuffled(count, seed: seed, stream: epoch) : Array(0..<count)
        if let tokenizer, shuffle {
            let texts = try encoded(by: tokenizer)
            order = Order.byLength(order, size: size, pool: 50, seed: seed, stream: epoch, texts.length)
        }
        return Batches(self, size: size, order: order, dropsLast: dropsLast)
    }
}

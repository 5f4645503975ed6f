import Tensors

/// From a sequence to one vector: [B, T, C] → [B, C], over the real positions only.
public final class TimePool: Layer {
    public enum Kind: String, CaseIterable, Sendable {
        case mean, max, first
    }

    public let pooling: Kind

    public init(_ pooling: Kind) { self.pooling = pooling }

    public override var kind: String { "\(pooling.rawValue)_pool" }
    public override func shape(after input: [String]?) -> [String]? {
        input.flatMap { $0.count == 3 ? [$0[0], $0[2]] : nil }
    }
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 3 else {
            throw TensorError(
                .shape, "\(kind): expected a sequence [B, T, C], found \(x.shape)",
                hint: "it stands after a layer that gives sequences, such as embedding, conv1d or lstm")
        }
        switch pooling {
        case .mean: return try meanPoolOverTime(x, mask: x.mask)
        case .max: return try maxPoolOverTime(x, mask: x.mask)
        case .first: return try select(x, axis: 1, index: 0)
        }
    }
    public override func copied(_ copier: Copier) throws -> Layer { TimePool(pooling) }
}

/// Windows of a sequence reduced to their largest or mean value: [B, T, C] → [B, T', C].
public final class WindowPool: Layer {
    public let isMax: Bool
    public let width: Int
    public let stride: Int

    public init(max isMax: Bool, width: Int, stride: Int?) throws {
        try checkSize(isMax ? "max_pool1d" : "avg_pool1d", "kernel", width)
        if let stride { try checkSize(isMax ? "max_pool1d" : "avg_pool1d", "stride", stride) }
        (self.isMax, self.width, self.stride) = (isMax, width, stride ?? width)
    }

    public override var kind: String { isMax ? "max_pool1d" : "avg_pool1d" }
    public override var details: String { "\(width)" + (stride == width ? "" : ", stride \(stride)") }
    public override func shape(after input: [String]?) -> [String]? {
        input.flatMap { $0.count == 3 ? [$0[0], stride == 1 && width == 1 ? $0[1] : "T'", $0[2]] : nil }
    }
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 3 else { throw TensorError(.shape, "\(kind): expected a sequence [B, T, C], found \(x.shape)") }
        let channels = try transpose(x, 1, 2)
        let pooled =
            try isMax
            ? maxPool1d(channels, kernel: width, stride: stride) : avgPool1d(channels, kernel: width, stride: stride)
        return try transpose(pooled, 1, 2)
    }
    public override func copied(_ copier: Copier) throws -> Layer {
        try WindowPool(max: isMax, width: width, stride: stride)
    }
}

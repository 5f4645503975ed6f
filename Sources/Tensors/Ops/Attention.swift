/// Where dropout's decisions come from: element i of the probabilities is decided by position `counter + i` of a stream.
public struct DropoutDraw: Sendable {
    public let p: Double
    public let key: UInt64
    public let counter: UInt64

    public init(p: Double, key: UInt64, counter: UInt64) { (self.p, self.key, self.counter) = (p, key, counter) }
}

/// Scaled dot-product attention of several heads: softmax(Q Kᵀ / √d) V, d = C / heads.
///
/// Queries are [B, T, C], keys [B, S, C], values [B, S, D], and the result [B, T, D]; head h takes the h-th part of each
/// vector. `mask` is [B, S], false where a key must not be looked at. The matrix of the scores is never whole in memory:
/// a few rows of it are made, used, and made again on the way back.
/// Vaswani and others 2017, arXiv:1706.03762; Dao and others 2022, arXiv:2205.14135.
///
/// - Parameter dropout: of the probabilities, in training.
/// - Throws: `shape` where sizes do not fit, `value` unless the heads divide the widths.
public func attention(
    _ queries: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, mask: Tensor? = nil, dropout: DropoutDraw? = nil
) throws -> Tensor {
    try checkAttention(queries, keys, values, heads)
    try checkAttentionMask(mask, keys)
    let dtype = queries.dtype
    if dtype == keys.dtype, dtype == values.dtype, dtype == .f32 || dtype == .f64, (dropout?.p ?? 0) < 1 {
        return try dtype == .f64
            ? FusedAttention<Double>(queries, keys, values, heads, mask, dropout).apply()
            : FusedAttention<Float>(queries, keys, values, heads, mask, dropout).apply()
    }
    return try composedAttention(queries, keys, values, heads: heads, mask: mask, dropout: dropout)
}

func composedAttention(
    _ queries: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, mask: Tensor?, dropout draw: DropoutDraw?
) throws -> Tensor {
    try composedAttention(queries, keys, values, heads: heads, mask: mask) { probabilities in
        guard let draw else { return probabilities }
        return try dropout(probabilities, p: draw.p, key: draw.key, counter: draw.counter)
    }
}

/// The same from elementary operations: the oracle of the fused form, its second gradient, and the way to see inside.
///
/// - Parameters:
///   - dropout: what becomes of the probabilities [B, heads, T, S] in training.
///   - see: is shown the scores before the softmax and the probabilities after it, by name.
public func composedAttention(
    _ queries: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, mask: Tensor? = nil,
    dropout: (Tensor) throws -> Tensor = { $0 }, see: (String, Tensor) throws -> Void = { _, _ in }
) throws -> Tensor {
    try checkAttention(queries, keys, values, heads)
    try checkAttentionMask(mask, keys)
    let width = queries.shape[2] / heads
    let (q, k, v) = (try parted(queries, heads), try parted(keys, heads), try parted(values, heads))
    var scores = try multiply(matmul(q, transpose(k)), 1 / Double(width).squareRoot())
    if let mask {
        let hidden = try `where`(mask.converted(to: .bool), Tensor.zeros([]), Tensor.filled(-1e30, shape: [], .f32))
        scores = try add(scores, reshape(hidden.converted(to: scores.dtype), [mask.shape[0], 1, 1, mask.shape[1]]))
    }
    scores.unit = nil
    try see("scores", scores)
    let probabilities = try softmax(scores)
    try see("probabilities", probabilities)
    let mixed = try transpose(matmul(dropout(probabilities), v), 1, 2)
    return try reshape(mixed, [queries.shape[0], queries.shape[1], values.shape[2]])
}

/// [B, T, C] as [B, heads, T, C / heads].
private func parted(_ x: Tensor, _ heads: Int) throws -> Tensor {
    try transpose(reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads]), 1, 2)
}

private func checkAttentionMask(_ mask: Tensor?, _ keys: Tensor) throws {
    guard let mask, mask.shape != [keys.shape[0], keys.shape[1]] else { return }
    throw TensorError(
        .shape, "attention: the mask is \(mask.shape), the keys are \(keys.shape)",
        label: "a mask says for each key of each row, [B, S], whether it counts")
}

private func checkAttention(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ heads: Int) throws {
    for (name, x) in [("queries", queries), ("keys", keys), ("values", values)] {
        guard x.rank == 3 else {
            throw TensorError(
                .shape, "attention: the \(name) are \(x.shape); they must be a batch of sequences, [B, T, C]")
        }
        guard heads >= 1, x.shape[2] % heads == 0 else {
            throw TensorError(
                .value, "attention: \(heads) heads do not divide the width \(x.shape[2]) of the \(name)",
                hint: "choose heads that divide it")
        }
    }
    guard queries.shape[2] == keys.shape[2], queries.shape[0] == keys.shape[0] else {
        throw TensorError(
            .shape, "attention: the queries are \(queries.shape), the keys \(keys.shape)",
            label: "both must be as many rows and as wide")
    }
    guard keys.shape.prefix(2) == values.shape.prefix(2) else {
        throw TensorError(
            .shape, "attention: the keys are \(keys.shape), the values \(values.shape)",
            label: "a value for each key is due")
    }
}

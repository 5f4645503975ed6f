import Foundation
import Testing

import Tensors

@Suite(.serialized) struct ComposedOpsTests {
    private static let references = (try? Reference.load("composed_ops.json")) ?? []

    @Test(
        "an operation, its gradient and its second gradient agree with PyTorch, however its inputs lie in memory",
        arguments: references.map(\.name))
    func agreesWithPyTorch(name: String) throws {
        let reference = try #require(Self.references.first { $0.name == name })
        let function = try #require(Self.functions[name], "no operation for this reference")
        for layout in Reference.Layout.allCases { try reference.check(layout, .f64, function) }
        try reference.check(.contiguous, .f32, function)
    }

    @Test("every operation of the table has a reference")
    func tableIsComplete() {
        let names = Set(Self.references.map(\.name))
        #expect(names.count > 100)
        #expect(Set(Self.functions.keys).subtracting(names).isEmpty)
    }

    typealias Function = @Sendable ([Tensor]) throws -> Tensor

    private static let functions: [String: Function] = indexing.merging(order) { $1 }.merging(norms) { $1 }
        .merging(losses) { $1 }.merging(windows) { $1 }.merging(products) { $1 }.merging(recurrent) { $1 }

    private static var whole: IndexItem { .slice(start: nil, stop: nil) }

    private static let indexing: [String: Function] = [
        "select": { try select($0[0], axis: 1, index: 1) },
        "select_negative": { try index($0[0], by: [.ellipsis, .at(-1)]) },
        "index_basic": {
            try index($0[0], by: [.at(1), .newAxis, .slice(start: 0, stop: 3, step: 2), .slice(start: 1, stop: nil)])
        },
        "index_list": { try index($0[0], by: [whole, .list([2, 0, -1])]) },
        "index_pair": { try index($0[0], by: [.tensor($0[1]), .tensor($0[2])]) },
        "index_apart": { try index($0[0], by: [.tensor($0[1]), whole, .tensor($0[2])]) },
        "index_middle": { try index($0[0], by: [whole, .tensor($0[1]), .tensor($0[2])]) },
        "index_mask": { try index($0[0], by: [.tensor($0[1])]) },
        "index_row_mask": { try index($0[0], by: [.tensor($0[1]), .slice(start: 1, stop: nil)]) },
        "index_last_mask": { try index($0[0], by: [.ellipsis, .tensor($0[1])]) },
        "index_select_0": { try indexSelect($0[0], axis: 0, indices: $0[1]) },
        "index_select_1": { try indexSelect($0[0], axis: -2, indices: $0[1]) },
        "take_2d": { try indexSelect($0[0], axis: 1, indices: $0[1]) },
        "gather_0": { try gather($0[0], axis: 0, index: $0[1]) },
        "gather_1": { try gather($0[0], axis: 1, index: $0[1]) },
        "gather_small": { try gather($0[0], axis: -1, index: $0[1]) },
        "scatter": { try scatter($0[0], axis: 1, index: $0[1], source: $0[2]) },
        "scatter_add": { try scatterAdd($0[0], axis: 1, index: $0[1], source: $0[2]) },
        "index_add_0": { try indexAdd($0[0], axis: 0, indices: $0[1], source: $0[2]) },
        "index_add_1": { try indexAdd($0[0], axis: 1, indices: $0[1], source: $0[2]) },
        "masked_select": { try maskedSelect($0[0], mask: $0[1]) },
        "masked_fill": { try maskedFill($0[0], mask: $0[1], value: -2.5) },
        "nonzero": { try nonzero($0[0]) },
        "one_hot": { try oneHot($0[0], classes: 6) },
        "bincount": { try bincount($0[0], minimumLength: 6) },
        "unique_values": { try unique($0[0]).values },
        "unique_inverse": { try unique($0[0]).inverse },
        "embedding": { try embedding($0[0], table: $0[1]) },
        "embedding_padding": { try embedding($0[0], table: $0[1], paddingIndex: 1) },
        "embedding_bag_mean": { try embeddingBag($0[0], table: $0[1]) },
        "embedding_bag_sum": { try embeddingBag($0[0], table: $0[1], mode: .sum) },
        "embedding_bag_max": { try embeddingBag($0[0], table: $0[1], mode: .max) },
        "embedding_bag_padding": { try embeddingBag($0[0], table: $0[1], paddingIndex: -4) },
        "embedding_bag_mask": { try embeddingBag($0[0], table: $0[1], mask: $0[2]) },
    ]

    private static let order: [String: Function] = [
        "sort": { try sort($0[0]).values },
        "sort_descending_0": { try sort($0[0], axis: 0, descending: true).values },
        "argsort": { try argsort($0[0], axis: 1) },
        "topk": { try topk($0[0], k: 2).values },
        "topk_smallest": { try topk($0[0], k: 3, largest: false).values },
        "topk_indices": { try topk($0[0], k: 2).indices },
        "median": { try median($0[0]).values },
        "quantile": { try quantile($0[0], q: 0.3, axis: 1) },
        "quantile_all": { try quantile($0[0], q: 0.85) },
        "cumsum_0": { try cumsum($0[0], axis: 0) },
        "cumsum_1": { try cumsum($0[0], axis: 1) },
        "cumprod": { try cumprod($0[0]) },
        "cumprod_zero": { try cumprod($0[0], axis: 1) },
    ]

    private static let norms: [String: Function] = [
        "softmax": { try softmax($0[0]) },
        "softmax_0": { try softmax($0[0], axis: 0) },
        "softmax_middle": { try softmax($0[0], axis: 1) },
        "softmax_scalar": { try softmax($0[0]) },
        "log_softmax": { try logSoftmax($0[0]) },
        "log_softmax_0": { try logSoftmax($0[0], axis: 0) },
        "layer_norm": { try layerNorm($0[0], normalizedShape: [4], weight: $0[1], bias: $0[2]) },
        "layer_norm_plain": { try layerNorm($0[0], normalizedShape: [4], eps: 1e-3) },
        "layer_norm_weight": { try layerNorm($0[0], normalizedShape: [4], weight: $0[1]) },
        "layer_norm_two_axes": { try layerNorm($0[0], normalizedShape: [3, 4], weight: $0[1], bias: $0[2]) },
        "rms_norm": { try rmsNorm($0[0], normalizedShape: [4], weight: $0[1]) },
        "rms_norm_plain": { try rmsNorm($0[0], normalizedShape: [4]) },
        "group_norm": { try groupNorm($0[0], groups: 3, weight: $0[1], bias: $0[2]) },
        "batch_norm_train": { try batchNorm($0[0], weight: $0[1], bias: $0[2], training: true).output },
        "batch_norm_2d": { try batchNorm($0[0], training: true).output },
        "batch_norm_eval": {
            let (mean, variance) = try running($0[0].dtype)
            return try batchNorm(
                $0[0], runningMean: mean, runningVariance: variance, weight: $0[1], bias: $0[2], training: false
            ).output
        },
        "batch_norm_running_mean": { try #require(trained($0[0]).runningMean) },
        "batch_norm_running_variance": { try #require(trained($0[0]).runningVariance) },
        "normalize": { try normalize($0[0]) },
        "normalize_1": { try normalize($0[0], p: 1, axis: 0) },
        "normalize_3": { try normalize($0[0], p: 3) },
        "normalize_infinity": { try normalize($0[0], p: .infinity) },
        "cosine_similarity": { try cosineSimilarity($0[0], $0[1]) },
        "cosine_similarity_0": { try cosineSimilarity($0[0], $0[1], axis: 0) },
        "cdist": { try cdist($0[0], $0[1]) },
        "cdist_batch": { try cdist($0[0], $0[1]) },
    ]

    /// The running statistics of the fixtures.
    private static func running(_ type: DType) throws -> (Tensor, Tensor) {
        let mean = (0..<3).map { sin(1.7 * Double($0) + 0.2) }
        let variance = (0..<3).map { sin(2.3 * Double($0) + 0.2) + 2 }
        return (try Tensor(mean).converted(to: type), try Tensor(variance).converted(to: type))
    }

    private static func trained(_ x: Tensor) throws -> BatchNormResult {
        let (mean, variance) = try running(x.dtype)
        return try batchNorm(x, runningMean: mean, runningVariance: variance, training: true, momentum: 0.3)
    }

    private static func classWeights() throws -> Tensor { try Tensor((0..<5).map { sin(1.1 * Double($0) + 0.2) + 2 }) }

    private static let losses: [String: Function] = [
        "cross_entropy": { try crossEntropy($0[0], targets: $0[1]) },
        "cross_entropy_none": { try crossEntropy($0[0], targets: $0[1], reduction: .none) },
        "cross_entropy_sum": { try crossEntropy($0[0], targets: $0[1], reduction: .sum) },
        "cross_entropy_ignored": { try crossEntropy($0[0], targets: $0[1]) },
        "cross_entropy_weight": { try crossEntropy($0[0], targets: $0[1], weight: classWeights()) },
        "cross_entropy_smooth": { try crossEntropy($0[0], targets: $0[1], labelSmoothing: 0.1) },
        "cross_entropy_smooth_weight": {
            try crossEntropy($0[0], targets: $0[1], weight: classWeights(), labelSmoothing: 0.1)
        },
        "cross_entropy_probabilities": { try crossEntropy($0[0], targets: $0[1]) },
        "cross_entropy_probabilities_smooth": {
            try crossEntropy($0[0], targets: $0[1], weight: classWeights(), labelSmoothing: 0.2)
        },
        "cross_entropy_time": { try crossEntropy($0[0], targets: $0[1]) },
        "nll": { try nllLoss($0[0], targets: $0[1]) },
        "nll_weight": { try nllLoss($0[0], targets: $0[1], weight: classWeights()) },
        "nll_none": { try nllLoss($0[0], targets: $0[1], reduction: .none) },
        "bce": { try binaryCrossEntropyWithLogits($0[0], targets: $0[1]) },
        "bce_weights": {
            try binaryCrossEntropyWithLogits(
                $0[0], targets: $0[1], weight: classWeights(), positiveWeight: add(classWeights(), 1))
        },
        "mse": { try mseLoss($0[0], $0[1]) },
        "mse_sum": { try mseLoss($0[0], $0[1], reduction: .sum) },
        "l1": { try l1Loss($0[0], $0[1]) },
        "smooth_l1": { try smoothL1Loss($0[0], $0[1]) },
        "smooth_l1_beta": { try smoothL1Loss($0[0], $0[1], beta: 2.5, reduction: .none) },
        "huber": { try huberLoss($0[0], $0[1], delta: 1.5) },
        "kl_div": { try klDiv($0[0], $0[1]) },
        "kl_div_batch": { try klDiv($0[0], $0[1], reduction: .batchMean) },
        "kl_div_logarithm": { try klDiv($0[0], $0[1], reduction: .sum, targetIsLogarithm: true) },
        "kl_1": { try klDivergence(student: $0[0], teacher: $0[1]) },
        "kl_4": { try klDivergence(student: $0[0], teacher: $0[1], temperature: 4) },
        "entropy": { try entropy($0[0]) },
        "cosine_embedding": { try cosineEmbeddingLoss($0[0], $0[1], labels: $0[2], margin: -0.3) },
    ]

    private static let windows: [String: Function] = [
        "conv1d": { try conv1d($0[0], weight: $0[1], bias: $0[2]) },
        "conv1d_padding": { try conv1d($0[0], weight: $0[1], padding: 2) },
        "conv1d_stride": { try conv1d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 1) },
        "conv1d_dilation": { try conv1d($0[0], weight: $0[1], padding: 1, dilation: 2) },
        "conv1d_groups": { try conv1d($0[0], weight: $0[1], bias: $0[2], padding: 1, groups: 2) },
        "conv1d_depthwise": { try conv1d($0[0], weight: $0[1], stride: 2, padding: 1, groups: 4) },
        "conv2d": { try conv2d($0[0], weight: $0[1], bias: $0[2]) },
        "conv2d_all": { try conv2d($0[0], weight: $0[1], stride: 2, padding: 2, dilation: 2, groups: 2) },
        "max_pool1d": { try maxPool1d($0[0], kernel: 3) },
        "max_pool1d_all": { try maxPool1d($0[0], kernel: 3, stride: 2, padding: 1, dilation: 2) },
        "avg_pool1d": { try avgPool1d($0[0], kernel: 3, stride: 2, padding: 1) },
        "adaptive_avg_pool1d": { try adaptiveAvgPool1d($0[0], output: 3) },
        "adaptive_max_pool1d": { try adaptiveMaxPool1d($0[0], output: 3) },
        "max_pool2d": { try maxPool2d($0[0], kernel: 2) },
        "max_pool2d_all": { try maxPool2d($0[0], kernel: 3, stride: 2, padding: 1) },
        "avg_pool2d": { try avgPool2d($0[0], kernel: 2, stride: 1) },
        "adaptive_avg_pool2d": { try adaptiveAvgPool2d($0[0], output: 3) },
        "max_over_time": { try maxPoolOverTime($0[0], mask: $0[1]) },
        "mean_over_time": { try meanPoolOverTime($0[0], mask: $0[1]) },
    ]

    private static let products: [String: Function] = [
        "einsum_matmul": { try einsum("ij,jk->ik", $0) },
        "einsum_batch": { try einsum("bij, bjk", $0) },
        "einsum_turned": { try einsum("bij,bkj->kbi", $0) },
        "einsum_trace": { try einsum("ii", $0) },
        "einsum_diagonal": { try einsum("ii->i", $0) },
        "einsum_sum": { try einsum("ijk->j", $0) },
        "einsum_outer": { try einsum("i,j->ji", $0) },
        "einsum_three": { try einsum("ij,jk,kl->il", $0) },
        "einsum_bilinear": { try einsum("bi,oij,bj->bo", $0) },
        "einsum_ellipsis": { try einsum("...ij,jk->...ik", $0) },
        "einsum_stretch": { try einsum("...d,...d->...", $0) },
        "bmm": { try bmm($0[0], $0[1]) },
        "diagonal": { try diagonal($0[0], offset: 1, axis1: 1, axis2: 2) },
        "diagonal_below": { try diagonal($0[0], offset: -1) },
        "trace": { try trace($0[0]) },
    ]

    private static let recurrent: [String: Function] = [
        "lstm": { try network($0, isLSTM: true, layers: 1, directions: 1) },
        "lstm_stacked": { try network($0, isLSTM: true, layers: 2, directions: 1) },
        "lstm_two_directions": { try network($0, isLSTM: true, layers: 2, directions: 2) },
        "lstm_padded": { try network($0, isLSTM: true, layers: 2, directions: 2, lengths: [4, 2, 1]) },
        "gru": { try network($0, isLSTM: false, layers: 1, directions: 1) },
        "gru_stacked": { try network($0, isLSTM: false, layers: 2, directions: 1) },
        "gru_two_directions": { try network($0, isLSTM: false, layers: 2, directions: 2) },
        "gru_padded": { try network($0, isLSTM: false, layers: 2, directions: 2, lengths: [4, 2, 1]) },
    ]

    /// Output, last hidden state and last cell, one after the other.
    private static func network(
        _ inputs: [Tensor], isLSTM: Bool, layers: Int, directions: Int, lengths: [Int64]? = nil
    ) throws -> Tensor {
        var weights: [[RecurrentWeights]] = []
        var next = 1
        for _ in 0..<layers {
            weights.append(
                (0..<directions).map { direction in
                    let at = next + direction * 4
                    return RecurrentWeights(
                        input: inputs[at], hidden: inputs[at + 1], inputBias: inputs[at + 2], hiddenBias: inputs[at + 3]
                    )
                })
            next += 4 * directions
        }
        let (hidden, cell) = (
            next < inputs.count ? inputs[next] : nil, next + 1 < inputs.count ? inputs[next + 1] : nil
        )
        let steps = try lengths.map { try Tensor($0) }
        let result =
            isLSTM
            ? try lstm(inputs[0], weights: weights, initialHidden: hidden, initialCell: cell, lengths: steps)
            : try gru(inputs[0], weights: weights, initialHidden: hidden, lengths: steps)
        let parts = [result.output, result.hidden] + [result.cell].compactMap { $0 }
        return try concatenate(parts.map { try reshape($0, [$0.count]) })
    }
}

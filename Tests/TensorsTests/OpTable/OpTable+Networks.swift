import Tensors

extension OpTable {
    static let softmaxes: [OpLine] = [
        OpLine(
            "attention", [.real(2, 3, 4), .real(2, 2, 4), .real(2, 2, 6)],
            empty: .gives([0, 3, 6], for: [[0, 3, 4], [0, 2, 4], [0, 2, 6]])
        ) {
            try attention($0[0], $0[1], $0[2], heads: 2)
        },
        OpLine("attention, masked", [.real(2, 3, 4), .real(2, 2, 4), .real(2, 2, 6)], empty: .asBefore) {
            try attention($0[0], $0[1], $0[2], heads: 2, mask: bools(1, 1, 1, 0, shape: [2, 2]))
        },
        OpLine("attention, with dropout", [.real(2, 3, 4), .real(2, 2, 4), .real(2, 2, 6)], empty: .asBefore) {
            try attention($0[0], $0[1], $0[2], heads: 2, dropout: DropoutDraw(p: 0.25, key: 5, counter: 0))
        },
        OpLine("attention, composed", [.real(2, 3, 4), .real(2, 2, 4), .real(2, 2, 6)], empty: .asBefore) {
            try composedAttention($0[0], $0[1], $0[2], heads: 2)
        },
        OpLine("softmax", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try softmax($0[0]) },
        OpLine("softmax of columns", [.real(3, 4)], empty: .gives([3, 0], for: [[3, 0]])) {
            try softmax($0[0], axis: 0)
        },
        OpLine("log_softmax", [.real(3, 4)], empty: .gives([3, 0], for: [[3, 0]])) { try logSoftmax($0[0]) },
        OpLine("log_softmax of columns", [.real(2, 3, 2)], empty: .gives([2, 0, 2], for: [[2, 0, 2]])) {
            try logSoftmax($0[0], axis: 1)
        },
    ]

    static let norms: [OpLine] = [
        OpLine("layer_norm", [.real(3, 4), .real(4), .real(4)], empty: .gives([0, 4], for: [[0, 4], [4], [4]])) {
            try layerNorm($0[0], normalizedShape: [4], weight: $0[1], bias: $0[2], eps: 0.1)
        },
        OpLine("layer_norm plain", [.real(2, 2, 3)], empty: .gives([0, 2, 3], for: [[0, 2, 3]])) {
            try layerNorm($0[0], normalizedShape: [2, 3], eps: 0.1)
        },
        OpLine("rms_norm", [.real(3, 4), .real(4)], empty: .gives([0, 4], for: [[0, 4], [4]])) {
            try rmsNorm($0[0], normalizedShape: [4], weight: $0[1])
        },
        OpLine(
            "group_norm", [.real(2, 4, 3), .real(4), .real(4)], empty: .gives([0, 4, 3], for: [[0, 4, 3], [4], [4]])
        ) {
            try groupNorm($0[0], groups: 2, weight: $0[1], bias: $0[2], eps: 0.1)
        },
        OpLine("batch_norm", [.real(3, 2, 4), .real(2), .real(2)], empty: .refuses([[0, 2, 4], [2], [2]])) {
            try batchNorm($0[0], weight: $0[1], bias: $0[2], training: true, eps: 0.1).output
        },
        OpLine("batch_norm of running statistics", [.real(3, 2)], empty: .gives([0, 2], for: [[0, 2]])) {
            try batchNorm(
                $0[0], runningMean: Tensor([0.3, -0.2]), runningVariance: Tensor([1.5, 0.4]), training: false
            ).output
        },
        OpLine("normalize", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try normalize($0[0]) },
        OpLine("normalize 3", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try normalize($0[0], p: 3) },
    ]

    static let losses: [OpLine] = [
        OpLine("cross_entropy", [.real(3, 4)], empty: .refuses([[3, 0]])) {
            try crossEntropy($0[0], targets: longs(1, 3, -100), weight: Tensor([0.5, 1, 2, 3.0]), labelSmoothing: 0.1)
        },
        OpLine("cross_entropy of no rows", [.real(3, 4)], empty: .gives([0], for: [[0, 4]])) {
            let rows = try slice(longs(1, 3, 0), axis: 0, stop: $0[0].shape[0])
            return try crossEntropy($0[0], targets: rows, reduction: .none)
        },
        OpLine(
            "cross_entropy of probabilities", [.real(2, 3), .real(2, 3, in: 0.1...0.9)],
            empty: .gives([0], for: [[0, 3], [0, 3]])
        ) {
            try crossEntropy($0[0], targets: $0[1], reduction: .none)
        },
        OpLine("nll", [.real(3, 4)], empty: .refuses([[3, 0]])) {
            try nllLoss(logSoftmax($0[0]), targets: longs(1, 3, 0), reduction: .sum)
        },
        OpLine(
            "binary_cross_entropy_with_logits", [.real(3, 2), .real(3, 2, in: 0...1)],
            empty: .gives([0, 2], for: [[0, 2], [0, 2]])
        ) {
            try binaryCrossEntropyWithLogits(
                $0[0], targets: $0[1], weight: Tensor([0.5, 2.0]), positiveWeight: Tensor([3.0, 0.5]),
                reduction: .none)
        },
        OpLine("mse", [.real(3, 2), .real(3, 2)], empty: .gives([], for: [[0, 2], [0, 2]])) {
            try mseLoss($0[0], $0[1])
        },
        OpLine("l1", [.real(3, 2), .real(3, 2)], empty: .gives([], for: [[0, 2], [0, 2]])) { try l1Loss($0[0], $0[1]) },
        OpLine("smooth_l1", [.real(3, 2), .real(3, 2)], empty: .gives([], for: [[0, 2], [0, 2]])) {
            try smoothL1Loss($0[0], $0[1], beta: 0.8, reduction: .sum)
        },
        OpLine("huber", [.real(3, 2), .real(3, 2)], empty: .gives([0, 2], for: [[0, 2], [0, 2]])) {
            try huberLoss($0[0], $0[1], delta: 0.7, reduction: .none)
        },
        OpLine("cosine_embedding", [.real(3, 4), .real(3, 4)], empty: .refuses([[0, 4], [0, 4]])) {
            try cosineEmbeddingLoss($0[0], $0[1], labels: longs(1, -1, 1), margin: -0.9)
        },
        OpLine("kl_div", [.real(3, 2), .real(3, 2, in: 0.1...0.9)], empty: .gives([0, 2], for: [[0, 2], [0, 2]])) {
            try klDiv(logSoftmax($0[0]), $0[1], reduction: .none)
        },
        OpLine("kl_div of logarithms", [.real(3, 2), .real(3, 2)], empty: .asBefore) {
            try klDiv(logSoftmax($0[0]), logSoftmax($0[1]), reduction: .batchMean, targetIsLogarithm: true)
        },
        OpLine("kl of logits", [.real(3, 4), .real(3, 4)], empty: .gives([0], for: [[0, 4], [0, 4]])) {
            try klDivergence(student: $0[0], teacher: $0[1], temperature: 2, reduction: .none)
        },
        OpLine("kl of logits, masked", [.real(3, 4), .real(3, 4)], empty: .asBefore) {
            try klDivergence(student: $0[0], teacher: $0[1], temperature: 3, mask: bools(1, 0, 1))
        },
        OpLine("entropy", [.real(3, 4)], empty: .gives([0], for: [[0, 4]])) { try entropy($0[0]) },
    ]

    static let windows: [OpLine] = [
        OpLine(
            "conv1d", [.real(2, 2, 5), .real(3, 2, 2), .real(3)],
            empty: .gives([0, 3, 3], for: [[0, 2, 5], [3, 2, 2], [3]])
        ) {
            try conv1d($0[0], weight: $0[1], bias: $0[2], stride: 2, padding: 1)
        },
        OpLine(
            "conv1d in groups", [.real(2, 4, 5), .real(2, 2, 2)],
            empty: .gives([0, 2, 3], for: [[0, 4, 5], [2, 2, 2]])
        ) {
            try conv1d($0[0], weight: $0[1], dilation: 2, groups: 2)
        },
        OpLine(
            "conv1d of sequences", [.real(2, 5, 3), .real(2, 3, 4), .real(2)],
            empty: .gives([0, 4, 2], for: [[0, 5, 3], [2, 3, 4], [2]])
        ) {
            try conv1dOfSequences($0[0], weight: $0[1], bias: $0[2], padding: 1)
        },
        // The largest over time leaves few numbers of the gradient, which go back one by one.
        OpLine(
            "conv1d of sequences, and the largest", [.real(2, 40, 3), .real(2, 3, 5), .real(2)],
            empty: .gives([0, 2], for: [[0, 40, 3], [2, 3, 5], [2]])
        ) {
            try max(conv1dOfSequences($0[0], weight: $0[1], bias: $0[2], padding: 3), dims: [1])
        },
        OpLine("conv1d too short", [.real(1, 2, 3), .real(3, 2, 2)], empty: .refuses([[1, 2, 0], [3, 2, 2]])) {
            try conv1d($0[0], weight: $0[1])
        },
        OpLine(
            "conv2d", [.real(1, 2, 3, 4), .real(2, 2, 2, 2), .real(2)],
            empty: .gives([0, 2, 2, 3], for: [[0, 2, 3, 4], [2, 2, 2, 2], [2]])
        ) {
            try conv2d($0[0], weight: $0[1], bias: $0[2])
        },
        OpLine("conv2d in strides", [.real(1, 2, 4, 4), .real(2, 1, 2, 2)], empty: .asBefore) {
            try conv2d($0[0], weight: $0[1], stride: 2, padding: 1, groups: 2)
        },
    ]

    static let pools: [OpLine] = [
        OpLine("max_pool1d", [.real(2, 2, 6)], empty: .gives([0, 2, 3], for: [[0, 2, 6]])) {
            try maxPool1d($0[0], kernel: 3, stride: 2, padding: 1)
        },
        OpLine("avg_pool1d", [.real(2, 2, 6)], empty: .gives([0, 2, 3], for: [[0, 2, 6]])) {
            try avgPool1d($0[0], kernel: 2)
        },
        OpLine("adaptive_avg_pool1d", [.real(2, 2, 5)], empty: .gives([0, 2, 3], for: [[0, 2, 5]])) {
            try adaptiveAvgPool1d($0[0], output: 3)
        },
        OpLine("adaptive_max_pool1d", [.real(2, 2, 5)], empty: .gives([0, 2, 3], for: [[0, 2, 5]])) {
            try adaptiveMaxPool1d($0[0], output: 3)
        },
        OpLine("max_pool2d", [.real(1, 2, 4, 4)], empty: .gives([0, 2, 2, 2], for: [[0, 2, 4, 4]])) {
            try maxPool2d($0[0], kernel: 2)
        },
        OpLine("avg_pool2d", [.real(1, 2, 3, 4)], empty: .gives([0, 2, 2, 3], for: [[0, 2, 3, 4]])) {
            try avgPool2d($0[0], kernel: 2, stride: 1)
        },
        OpLine("adaptive_avg_pool2d", [.real(1, 2, 3, 5)], empty: .gives([0, 2, 2, 2], for: [[0, 2, 3, 5]])) {
            try adaptiveAvgPool2d($0[0], output: 2)
        },
        OpLine("max over time", [.real(2, 3, 4)], empty: .gives([0, 4], for: [[0, 3, 4]])) {
            try maxPoolOverTime($0[0], mask: $0[0].shape[0] == 0 ? nil : bools(1, 1, 0, 1, 0, 0, shape: [2, 3]))
        },
        OpLine("mean over time", [.real(2, 3, 4)], empty: .gives([0, 4], for: [[0, 3, 4]])) {
            try meanPoolOverTime($0[0], mask: $0[0].shape[0] == 0 ? nil : bools(1, 1, 0, 1, 0, 0, shape: [2, 3]))
        },
    ]

    private static func weights(_ inputs: [Tensor], from first: Int) -> RecurrentWeights {
        RecurrentWeights(
            input: inputs[first], hidden: inputs[first + 1], inputBias: inputs[first + 2], hiddenBias: inputs[first + 3]
        )
    }

    static let recurrences: [OpLine] = [
        OpLine(
            "lstm", [.real(2, 3, 2), .real(8, 2), .real(8, 2), .real(8), .real(8), .real(1, 2, 2), .real(1, 2, 2)],
            empty: .gives([0, 3, 2], for: [[0, 3, 2], [8, 2], [8, 2], [8], [8], [1, 0, 2], [1, 0, 2]])
        ) {
            try lstm($0[0], weights: [[weights($0, from: 1)]], initialHidden: $0[5], initialCell: $0[6]).output
        },
        OpLine(
            "lstm's last cell, masked", [.real(2, 3, 2), .real(4, 2), .real(4, 1), .real(4), .real(4)], empty: .asBefore
        ) {
            let mask = try bools(1, 1, 0, 1, 1, 1, shape: [2, 3])
            let result = try lstm($0[0], weights: [[weights($0, from: 1)]], mask: mask)
            return try add(result.hidden, result.cell ?? result.hidden)
        },
        OpLine(
            "lstm in both directions, of rows that occur more than once",
            [
                .real(4, 2), .real(8, 2), .real(8, 2), .real(8), .real(8), .real(8, 2), .real(8, 2), .real(8), .real(8),
            ], empty: .asBefore
        ) {
            let ids = try Tensor([2, 0, 2, 3, 3, 2] as [Int64], shape: [2, 3])
            ids.mask = try bools(1, 1, 1, 1, 1, 0, shape: [2, 3])
            guard let shared = try SharedRows(ids, table: $0[0]) else { throw TensorError(.value, "no row twice") }
            let result = try lstm(shared, weights: [[weights($0, from: 1), weights($0, from: 5)]])
            return try add(sum(result.output, dims: [1]), reshape(result.hidden, [2, 4]))
        },
        OpLine(
            "gru", [.real(2, 3, 2), .real(6, 2), .real(6, 2), .real(6), .real(6), .real(1, 2, 2)],
            empty: .gives([0, 3, 2], for: [[0, 3, 2], [6, 2], [6, 2], [6], [6], [1, 0, 2]])
        ) {
            try gru($0[0], weights: [[weights($0, from: 1)]], initialHidden: $0[5]).output
        },
        OpLine(
            "gru in both directions, of no steps",
            [
                .real(2, 3, 2), .real(3, 2), .real(3, 1), .real(3), .real(3), .real(3, 2), .real(3, 1), .real(3),
                .real(3),
            ],
            empty: .gives([2, 0, 2], for: [[2, 0, 2], [3, 2], [3, 1], [3], [3], [3, 2], [3, 1], [3], [3]])
        ) {
            try gru(
                $0[0], weights: [[weights($0, from: 1), weights($0, from: 5)]],
                lengths: $0[0].shape[1] == 0 ? nil : longs(3, 2)
            ).output
        },
    ]
}

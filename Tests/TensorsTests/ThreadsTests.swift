import Testing

import Tensors

/// Work is cut into chunks by its size alone: one thread and many must give the same bits.
@Suite(.serialized) struct ThreadsTests {
    private typealias Work = @Sendable () throws -> [Tensor]

    private static func wave(_ shape: [Int], _ dtype: DType = .f32, by step: Double = 0.37) throws -> Tensor {
        try sin(multiply(reshape(arange(0, shape.reduce(1, *), step: 1.0, .f64), shape), step)).converted(to: dtype)
    }

    /// The result of a function and the gradient of each input.
    private static func withGradients(_ inputs: [Tensor], _ function: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
        let leaves = try inputs.map { try $0.tracked() }
        let result = try function(leaves)
        let seed = try wave(result.shape, result.dtype, by: 0.11)
        return [result] + (try gradients(of: result, wrt: leaves, seed: seed).compactMap { $0 })
    }

    private static let works: [(name: String, work: Work)] = [
        ("elementwise", { try withGradients([wave([300_001])]) { try tanh(multiply($0[0], exp($0[0]))) } }),
        ("broadcast", { try withGradients([wave([700, 301]), wave([301])]) { try divide($0[0], add($0[1], 3)) } }),
        ("sum of everything", { try withGradients([wave([1_000_003])]) { try sum($0[0]) } }),
        ("sums of columns", { try withGradients([wave([9001, 37])]) { try mean($0[0], dims: [0]) } }),
        ("sums of rows", { try withGradients([wave([37, 90_001])]) { try logSumExp($0[0], dims: [1]) } }),
        ("sums of f64", { try withGradients([wave([1_000_003], .f64)]) { try norm($0[0]) } }),
        ("variance", { try withGradients([wave([50, 40, 60])]) { try variance($0[0], dims: [0, 2]) } }),
        ("transpose", { try withGradients([wave([701, 503])]) { try transpose($0[0]).contiguous() } }),
        ("matmul", { try withGradients([wave([257, 300]), wave([300, 401])]) { try matmul($0[0], $0[1]) } }),
        ("matmul, tall", { try withGradients([wave([5000, 64]), wave([64, 8])]) { try matmul($0[0], $0[1]) } }),
        ("matmul, deep", { try withGradients([wave([8, 20_000]), wave([20_000, 8])]) { try matmul($0[0], $0[1]) } }),
        (
            "matmul of batches",
            { try withGradients([wave([20, 33, 65]), wave([20, 65, 40])]) { try matmul($0[0], $0[1]) } }
        ),
        ("softmax", { try withGradients([wave([900, 201])]) { try softmax($0[0]) } }),
        ("softmax of columns", { try withGradients([wave([201, 900])]) { try logSoftmax($0[0], axis: 0) } }),
        (
            "layer_norm",
            {
                try withGradients([wave([2000, 96]), wave([96]), wave([96])]) {
                    try layerNorm($0[0], normalizedShape: [96], weight: $0[1], bias: $0[2])
                }
            }
        ),
        (
            "batch_norm",
            { try withGradients([wave([300, 20, 30])]) { try batchNorm($0[0], training: true).output } }
        ),
        (
            "cross_entropy",
            {
                let targets = try remainder(arange(5000), 40)
                return try withGradients([wave([5000, 40])]) { try crossEntropy($0[0], targets: targets) }
            }
        ),
        (
            "embedding",
            {
                let ids = try remainder(multiply(arange(30_000), 7919), 501)
                return try withGradients([wave([501, 32])]) { try embedding(ids, table: $0[0]) }
            }
        ),
        (
            "the length of a gradient of few rows",
            {
                let ids = try remainder(multiply(arange(3000), 7919), 20_011)
                let table = try wave([20_011, 32]).tracked()
                let rows = try sum(square(embedding(ids, table: table)))
                let gradient = try gradients(of: rows, wrt: [table])[0]!
                return [try Tensor([gradient.gradientLength()]), gradient]
            }
        ),
        (
            "scatter_add",
            {
                let ids = try reshape(remainder(multiply(arange(120_000), 7919), 50), [3000, 40])
                return try withGradients([wave([3000, 50]), wave([3000, 40])]) {
                    try scatterAdd($0[0], axis: 1, index: ids, source: $0[1])
                }
            }
        ),
        (
            "conv1d",
            {
                try withGradients([wave([16, 12, 300]), wave([20, 12, 5]), wave([20])]) {
                    try conv1d($0[0], weight: $0[1], bias: $0[2], padding: 2)
                }
            }
        ),
        (
            "conv1d of sequences, and the largest",
            {
                try withGradients([wave([16, 300, 12]), wave([20, 12, 5]), wave([20])]) {
                    try max(conv1dOfSequences($0[0], weight: $0[1], bias: $0[2], padding: 2), dims: [1])
                }
            }
        ),
        ("max_pool1d", { try withGradients([wave([60, 30, 200])]) { try maxPool1d($0[0], kernel: 3) } }),
        ("cumsum", { try withGradients([wave([300, 500])]) { try cumsum($0[0], axis: 0) } }),
        ("sort", { try withGradients([wave([400, 700])]) { try sort($0[0]).values } }),
        (
            "gru",
            {
                try withGradients([wave([40, 30, 24]), wave([96, 24]), wave([96, 32])]) {
                    try gru($0[0], weights: [[RecurrentWeights(input: $0[1], hidden: $0[2])]]).output
                }
            }
        ),
        (
            "lstm",
            {
                try withGradients([wave([40, 30, 24]), wave([128, 24]), wave([128, 32])]) {
                    try lstm($0[0], weights: [[RecurrentWeights(input: $0[1], hidden: $0[2])]]).output
                }
            }
        ),
        (
            "lstm of rows that occur more than once",
            {
                try withGradients([wave([57, 24]), wave([128, 24]), wave([128, 32])]) {
                    let ids = try remainder(multiply(reshape(arange(1200), [40, 30]), 7919), 57)
                    let shared = try SharedRows(ids, table: $0[0])!
                    return try lstm(shared, weights: [[RecurrentWeights(input: $0[1], hidden: $0[2])]]).output
                }
            }
        ),
        (
            "adam",
            {
                let parameter = try Parameter(wave([100_003]))
                let (m, v) = (try Parameter(wave([100_003])), try Parameter(square(wave([100_003]))))
                try parameter.adamStep(
                    gradient: wave([100_003], by: 0.2), firstMoment: m, secondMoment: v, step: 3, lr: 0.01, beta1: 0.9,
                    beta2: 0.999, eps: 1e-8, weightDecay: 0.1, decoupled: true)
                return [parameter.value, m.value, v.value]
            }
        ),
        (
            "random numbers",
            {
                seed(11)
                return try [
                    rand([200_003]), rand([100_003], .f64), randn([200_003]), randn([100_003], .f64),
                    randint(-5, 1000, [100_003]), randperm(50_001), bernoulli(full([100_003], 0.3)),
                    uniform([70_001], low: -1, high: 2), normal([70_001], mean: 1, std: 3),
                    dropout(Tensor.ones([200_003]), p: 0.3, key: 5, counter: 12),
                ]
            }
        ),
    ]

    @Test(
        "one thread and several give the same bits",
        .enabled(if: ThreadPool.size > 1, "this machine works with one thread"), arguments: works.map(\.name))
    func sameBits(name: String) throws {
        let work = try #require(Self.works.first { $0.name == name }).work
        let before = ThreadPool.limit
        defer { ThreadPool.limit = before }
        ThreadPool.limit = 1
        let alone = try work()
        ThreadPool.limit = ThreadPool.size
        for _ in 0..<3 {
            let together = try work()
            #expect(together.count == alone.count)
            for (number, (one, many)) in zip(alone, together).enumerated() {
                #expect(try Self.bytes(one) == Self.bytes(many), "tensor \(number)")
            }
        }
    }

    private static func bytes(_ x: Tensor) throws -> [UInt8] { try x.withBytes { Array($0) } }
}

import Tensors

extension OpTable {
    /// Over everything, over one axis, over two that are not neighbours, and with the axes kept.
    private static func reduction(
        _ name: String, in range: ClosedRange<Double> = -2...2, ofNothing: Bool = true,
        _ function: @escaping @Sendable (Tensor, [Int]?, Bool) throws -> Tensor
    ) -> [OpLine] {
        func line(_ form: String, _ dims: [Int]?, _ keepdim: Bool, _ empty: OpLine.Empty) -> OpLine {
            OpLine("\(name), \(form)", [.real(2, 3, 4, in: range)], empty: empty, allowsEqualRows: dims != [0]) {
                try function($0[0], dims, keepdim)
            }
        }
        return [
            line("everything", nil, false, ofNothing ? .gives([], for: [[2, 0, 4]]) : .refuses([[2, 0, 4]])),
            line("the first axis", [0], false, .gives([0, 4], for: [[2, 0, 4]])),
            line("the last axis, kept", [-1], true, .gives([2, 0, 1], for: [[2, 0, 4]])),
            line("two axes", [0, 2], false, .gives([0], for: [[2, 0, 4]])),
            line(
                "the middle axis, kept", [1], true,
                ofNothing ? .gives([2, 1, 4], for: [[2, 0, 4]]) : .refuses([[2, 0, 4]])),
        ]
    }

    static let reductions: [OpLine] =
        reduction("sum") { try sum($0, dims: $1, keepdim: $2) }
        + reduction("mean") { try mean($0, dims: $1, keepdim: $2) }
        + reduction("max", ofNothing: false) { try max($0, dims: $1, keepdim: $2) }
        + reduction("min", ofNothing: false) { try min($0, dims: $1, keepdim: $2) }
        + reduction("prod") { try prod($0, dims: $1, keepdim: $2) }
        + reduction("variance") { try variance($0, dims: $1, keepdim: $2) }
        + reduction("std") { try std($0, dims: $1, correction: 0, keepdim: $2) }
        + reduction("logsumexp") { try logSumExp($0, dims: $1, keepdim: $2) }
        + reduction("norm") { try norm($0, dims: $1, keepdim: $2) }
        + reduction("norm 1") { try norm($0, p: 1, dims: $1, keepdim: $2) }
        + reduction("norm 3") { try norm($0, p: 3, dims: $1, keepdim: $2) }
        + reduction("norm ∞", ofNothing: false) { try norm($0, p: .infinity, dims: $1, keepdim: $2) }

    /// Reductions that leave padding out, along the batch, along time and beside them.
    static let realPositions: [OpLine] = [
        OpLine("sum over real positions", [.real(2, 3, 4)], empty: .asBefore) {
            try overRealPositions(padded($0[0]), dims: [1], neutral: .zero) { try sum($0, dims: [1]) }
        },
        OpLine("highest over real positions", [.real(2, 3, 4)], empty: .asBefore, allowsEqualRows: false) {
            try overRealPositions(padded($0[0]), dims: [0, 1], neutral: .lowest) { try max($0, dims: [0, 1]) }
        },
        OpLine("mean over real positions", [.real(2, 3, 4)], empty: .asBefore) {
            try realMean(padded($0[0]), dims: [0, 1])
        },
        OpLine("mean beside them", [.real(2, 3, 4)], empty: .asBefore) { try realMean(padded($0[0]), dims: [2]) },
        OpLine("variance over real positions", [.real(2, 3, 4)], empty: .asBefore) {
            try realVariance(padded($0[0]), correction: 0, keepdim: true)
        },
        OpLine("softmax over real positions", [.real(2, 3, 4)], empty: .asBefore) {
            try realSoftmax(padded($0[0]), axis: 1)
        },
        OpLine("log_softmax over real positions", [.real(2, 3, 4)], empty: .asBefore) {
            try slice(realSoftmax(padded($0[0]), axis: 1, logarithm: true), axis: 0, stop: 1)
        },
    ]

    /// `x` of two sequences with three positions, of which the second sequence has only the first.
    private static func padded(_ x: Tensor) throws -> Tensor {
        let x = try add(x, 0)
        x.mask = try bools(1, 1, 1, 1, 0, 0, shape: [2, 3])
        return x
    }

    static let order: [OpLine] = [
        OpLine("sort", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try sort($0[0]).values },
        OpLine("sort descending", [.real(4, 3)], empty: .gives([0, 3], for: [[0, 3]])) {
            try sort($0[0], axis: 0, descending: true).values
        },
        OpLine("topk", [.real(3, 4)], empty: .gives([0, 2], for: [[0, 4]])) { try topk($0[0], k: 2).values },
        OpLine("topk of nothing", [.real(3, 4)], empty: .refuses([[3, 0]])) {
            try topk($0[0], k: 2, largest: false).values
        },
        OpLine("median", [.real(3, 5)], empty: .gives([0], for: [[0, 5]])) { try median($0[0]).values },
        OpLine("median of nothing", [.real(3, 4)], empty: .refuses([[0, 4]])) {
            try median($0[0], axis: 0, keepdim: true).values
        },
        OpLine("quantile", [.real(3, 5)], empty: .refuses([[0, 5]])) { try quantile($0[0], q: 0.3) },
        OpLine("quantile of rows", [.real(3, 5)], empty: .gives([0], for: [[0, 5]])) {
            try quantile($0[0], q: 0.6, axis: 1)
        },
        OpLine("cumsum", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try cumsum($0[0], axis: 0) },
        OpLine("cumsum reversed", [.real(3, 4)], empty: .gives([3, 0], for: [[3, 0]])) {
            try cumsum($0[0], reversed: true)
        },
        OpLine("cumprod", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try cumprod($0[0]) },
    ]

    static let products: [OpLine] = [
        OpLine("matmul", [.real(3, 4), .real(4, 2)], empty: .gives([3, 2], for: [[3, 0], [0, 2]])) {
            try matmul($0[0], $0[1])
        },
        OpLine(
            "matmul of batches", [.real(2, 1, 3, 4), .real(3, 4, 2)],
            empty: .gives([0, 3, 3, 2], for: [[0, 1, 3, 4], [3, 4, 2]])
        ) {
            try matmul($0[0], $0[1])
        },
        OpLine("matmul of a matrix and a vector", [.real(3, 4), .real(4)], empty: .gives([0], for: [[0, 4], [4]])) {
            try matmul($0[0], $0[1])
        },
        OpLine(
            "matmul of a vector and a batch", [.real(3), .real(2, 3, 4)],
            empty: .gives([2, 4], for: [[0], [2, 0, 4]])
        ) {
            try matmul($0[0], $0[1])
        },
        OpLine("matmul of two vectors", [.real(3), .real(3)], empty: .gives([], for: [[0], [0]])) {
            try matmul($0[0], $0[1])
        },
        OpLine(
            "linear", [.real(3, 4), .real(2, 4), .real(2)], empty: .gives([0, 2], for: [[0, 4], [2, 4], [2]])
        ) {
            try linear($0[0], weight: $0[1], bias: $0[2])
        },
        OpLine(
            "linear on a batch", [.real(2, 3, 4), .real(5, 4), .real(5)],
            empty: .gives([2, 3, 5], for: [[2, 3, 0], [5, 0], [5]])
        ) {
            try linear($0[0], weight: $0[1], bias: $0[2])
        },
        OpLine(
            "linear and gelu", [.real(3, 4), .real(2, 4), .real(2)],
            empty: .gives([0, 2], for: [[0, 4], [2, 4], [2]])
        ) {
            try linear($0[0], weight: $0[1], bias: $0[2], then: .gelu)
        },
        OpLine(
            "linear and tanh without a bias", [.real(2, 3, 4), .real(5, 4)],
            empty: .gives([2, 3, 5], for: [[2, 3, 0], [5, 0]])
        ) {
            try linear($0[0], weight: $0[1], bias: nil, then: .tanh)
        },
        OpLine("dot", [.real(5), .real(5)], empty: .gives([], for: [[0], [0]])) { try dot($0[0], $0[1]) },
        OpLine("outer", [.real(3), .real(2)], empty: .gives([0, 2], for: [[0], [2]])) { try outer($0[0], $0[1]) },
        OpLine("bmm", [.real(2, 3, 2), .real(2, 2, 4)], empty: .gives([0, 3, 4], for: [[0, 3, 2], [0, 2, 4]])) {
            try bmm($0[0], $0[1])
        },
        OpLine("einsum", [.real(2, 3), .real(3, 4)], empty: .gives([4, 2], for: [[2, 0], [0, 4]])) {
            try einsum("ij,jk->ki", $0)
        },
        OpLine("einsum of a diagonal", [.real(3, 3, 2)], empty: .gives([0], for: [[3, 3, 0]])) {
            try einsum("iij->j", $0)
        },
        OpLine("cdist", [.real(3, 2), .real(4, 2, in: 3...5)], empty: .gives([0, 4], for: [[0, 2], [4, 2]])) {
            try cdist($0[0], $0[1])
        },
        OpLine("cosine_similarity", [.real(3, 4), .real(3, 4)], empty: .gives([0], for: [[0, 4], [0, 4]])) {
            try cosineSimilarity($0[0], $0[1])
        },
    ]
}

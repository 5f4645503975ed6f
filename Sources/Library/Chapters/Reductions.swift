import Language
import Tensors

/// What the help of every reduction says of padded sequences.
let paddingRule = "Over the positions of padded sequences only the real ones count: x.mask says which."

/// Sums, means and other ways from many numbers to few.
func reductionChapter() -> Chapter {
    func reduction(
        _ name: String, _ summary: String, example: String,
        _ body: @escaping (Tensor, [Int]?, Bool) throws -> Tensor
    ) -> Builtin {
        Builtin(
            name, summary, Parameter<Tensor>("x", "a tensor"),
            Parameter<Axes>("dim", "axis or axes to reduce; nil for all", default: .all),
            Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false), details: paddingRule,
            example: example
        ) { (x: Tensor, dim: Axes, keepdim: Bool) throws in try body(x, dim.list, keepdim) }
    }
    func spread(
        _ name: String, _ summary: String, example: String,
        _ body: @escaping (Tensor, [Int]?, Int, Bool) throws -> Tensor
    ) -> Builtin {
        Builtin(
            name, summary, Parameter<Tensor>("x", "a tensor"),
            Parameter<Axes>("dim", "axis or axes to reduce; nil for all", default: .all),
            Parameter<Int>("correction", "divides by count − correction", default: 1),
            Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false), details: paddingRule,
            example: example
        ) { (x: Tensor, dim: Axes, correction: Int, keepdim: Bool) throws in try body(x, dim.list, correction, keepdim)
        }
    }
    func place(
        _ name: String, _ summary: String, example: String, _ body: @escaping (Tensor, Int?, Bool) throws -> Tensor
    ) -> Builtin {
        Builtin(
            name, summary, Parameter<Tensor>("x", "a tensor"),
            Parameter<Int?>("dim", "axis to reduce; nil for the flattened tensor", default: nil),
            Parameter<Bool>("keepdim", "keep the reduced axis with size 1", default: false), details: paddingRule,
            example: example
        ) { (x: Tensor, dim: Int?, keepdim: Bool) throws in try body(x, dim, keepdim) }
    }
    return Chapter(
        "Reductions", "From many numbers to few.",
        [
            reduction("mean", "Mean of the elements.", example: "mean(tensor([1.0, 2.0, 6.0]))  # → 3.0") {
                try realMean($0, dims: $1, keepdim: $2)
            },
            reduction("prod", "Product of the elements.", example: "prod(tensor([2.0, 3.0]))  # → 6.0") {
                x, dims, keepdim in
                try overRealPositions(x, dims: dims, neutral: .one) { try prod($0, dims: dims, keepdim: keepdim) }
            },
            spread(
                "variance", "Variance of the elements, unbiased by default.",
                example: "variance(tensor([1.0, 3.0]))  # → 2.0"
            ) {
                try realVariance($0, dims: $1, correction: $2, keepdim: $3)
            },
            spread(
                "std", "Standard deviation of the elements, unbiased by default.",
                example: "std(tensor([1.0, 3.0]))  # → 1.4142"
            ) {
                try sqrt(realVariance($0, dims: $1, correction: $2, keepdim: $3))
            },
            reduction(
                "logsumexp", "log of the sum of exponentials, without overflow.",
                example: "logsumexp(tensor([0.0, 0.0]))  # → 0.6931"
            ) { x, dims, keepdim in
                try overRealPositions(x, dims: dims, neutral: .lowest) {
                    try logSumExp($0, dims: dims, keepdim: keepdim)
                }
            },
            Builtin(
                "norm", "The p-norm: (Σ |x|^p)^(1/p).", Parameter<Tensor>("x", "a tensor"),
                Parameter<Double>("p", "order", default: 2),
                Parameter<Axes>("dim", "axis or axes to reduce; nil for all", default: .all),
                Parameter<Bool>("keepdim", "keep reduced axes with size 1", default: false), details: paddingRule,
                example: "norm(tensor([3.0, 4.0]))  # → 5.0"
            ) { (x: Tensor, p: Double, dim: Axes, keepdim: Bool) throws in
                try overRealPositions(x, dims: dim.list, neutral: .zero) {
                    try norm($0, p: p, dims: dim.list, keepdim: keepdim)
                }
            },
            place("argmax", "Where the largest element is.", example: "argmax(tensor([1.0, 5.0, 2.0]))  # → 1") {
                x, dim, keepdim in
                try overRealPositions(x, dims: dim.map { [$0] }, neutral: .lowest) {
                    try argmax($0, dim: dim, keepdim: keepdim)
                }
            },
            place("argmin", "Where the smallest element is.", example: "argmin(tensor([1.0, 5.0, 2.0]))  # → 0") {
                x, dim, keepdim in
                try overRealPositions(x, dims: dim.map { [$0] }, neutral: .highest) {
                    try argmin($0, dim: dim, keepdim: keepdim)
                }
            },
            Builtin(
                "cumsum", "Running sums along an axis.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis", default: -1),
                example: "cumsum(tensor([1, 2, 3]))  # → [1 3 6]"
            ) { (x: Tensor, dim: Int) throws in try cumsum(x, axis: dim) },
            Builtin(
                "cumprod", "Running products along an axis.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis", default: -1),
                example: "cumprod(tensor([1.0, 2.0, 3.0]))  # → [1. 2. 6.]"
            ) { (x: Tensor, dim: Int) throws in try cumprod(x, axis: dim) },
        ])
}

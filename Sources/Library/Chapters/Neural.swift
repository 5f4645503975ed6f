import Language
import Networks
import OrderedCollections
import Tensors

/// How a loss over many samples becomes one number.
enum ReductionChoice: String, ScriptChoice {
    case none, mean, sum

    var reduction: Reduction {
        switch self {
        case .none: .none
        case .mean: .mean
        case .sum: .sum
        }
    }
}

/// The functions that networks and losses are made of.
func neuralChapter() -> Chapter {
    Chapter(
        "Network functions", "What layers and losses are made of.",
        [
            Builtin(
                "softmax", "Probabilities from logits along an axis.", Parameter<Tensor>("x", "logits", unit: "logits"),
                Parameter<Int>("dim", "the class axis", default: -1),
                details:
                    "exp(x) / Σ exp(x), computed without overflow. Probabilities given where logits are due are an error. "
                    + "Over the positions of padded sequences, padding is given the probability 0.",
                example: "softmax(tensor([0.0, 0.0]))  # → [0.5 0.5]"
            ) { (x: Tensor, dim: Int) throws in try realSoftmax(x, axis: dim) },
            Builtin(
                "log_softmax", "Log-probabilities from logits along an axis.",
                Parameter<Tensor>("x", "logits", unit: "logits"),
                Parameter<Int>("dim", "the class axis", default: -1),
                example: "log_softmax(tensor([0.0, 0.0]))  # → [-0.6931 -0.6931]"
            ) { (x: Tensor, dim: Int) throws in try realSoftmax(x, axis: dim, logarithm: true) },
            Builtin(
                "softmax_cross_entropy", "Cross-entropy of logits with class numbers or probabilities.",
                Parameter<Tensor>("logits", "[B, C]", unit: "logits"),
                Parameter<Tensor>("target", "[B] class numbers, -100 for none; or [B, C] probabilities"),
                Parameter<Tensor?>("weight", "[C] weights of the classes", default: nil),
                Parameter<Double>("label_smoothing", "share spread evenly over all classes", default: 0),
                Parameter<ReductionChoice>("reduction", "how samples are combined", default: .mean),
                details: "The mean is over the samples that have a label; with none it is 0.",
                example: "softmax_cross_entropy(tensor([[0.0, 0.0]]), tensor([0]))  # → 0.6931"
            ) {
                (logits: Tensor, target: Tensor, weight: Tensor?, smoothing: Double, reduction: ReductionChoice) throws
                in
                try crossEntropy(
                    logits, targets: target, weight: weight, reduction: reduction.reduction, labelSmoothing: smoothing)
            },
            Builtin(
                "binary_cross_entropy", "Cross-entropy of logits with targets between 0 and 1, each on its own.",
                Parameter<Tensor>("logits", "any shape"), Parameter<Tensor>("target", "the same shape, 0 to 1"),
                Parameter<ReductionChoice>("reduction", "how elements are combined", default: .mean),
                example: "binary_cross_entropy(tensor([0.0]), tensor([1.0]))  # → 0.6931"
            ) { (logits: Tensor, target: Tensor, reduction: ReductionChoice) throws in
                try binaryCrossEntropyWithLogits(logits, targets: target, reduction: reduction.reduction)
            },
            Builtin(
                "mse_loss", "Mean squared difference.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Tensor>("y", "the same shape"),
                example: "mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))  # → 2.0"
            ) { (x: Tensor, y: Tensor) throws in try mseLoss(x, y) },
            Builtin(
                "l1_loss", "Mean absolute difference.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Tensor>("y", "the same shape"),
                example: "l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))  # → 1.0"
            ) { (x: Tensor, y: Tensor) throws in try l1Loss(x, y) },
            Builtin(
                "smooth_l1_loss", "Squared difference below beta, absolute above; mean.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Tensor>("y", "the same shape"),
                Parameter<Double>("beta", "where one becomes the other", default: 1),
                example: "smooth_l1_loss(tensor([0.0]), tensor([3.0]))  # → 2.5"
            ) { (x: Tensor, y: Tensor, beta: Double) throws in try smoothL1Loss(x, y, beta: beta) },
            Builtin(
                "huber_loss", "Half the squared difference up to delta, then delta · (|d| − delta / 2); mean.",
                Parameter<Tensor>("x", "a tensor"), Parameter<Tensor>("y", "the same shape"),
                Parameter<Double>("delta", "where one becomes the other", default: 1),
                example: "huber_loss(tensor([0.0]), tensor([3.0]), delta=2)  # → 4.0"
            ) { (x: Tensor, y: Tensor, delta: Double) throws in try huberLoss(x, y, delta: delta) },
            Builtin(
                "nll_loss", "The mean of the negated log-probabilities of the true classes.",
                Parameter<Tensor>("input", "[B, C] log-probabilities", unit: "log-probabilities"),
                Parameter<Tensor>("target", "[B] class numbers, -100 for none"),
                Parameter<Tensor?>("weight", "[C] weights of the classes", default: nil),
                example: "nll_loss(log_softmax(tensor([[0.0, 0.0]])), tensor([1]))  # → 0.6931"
            ) { (input: Tensor, target: Tensor, weight: Tensor?) throws in
                try nllLoss(input, targets: target, weight: weight)
            },
            Builtin(
                "cosine_embedding_loss", "Draws rows together where the target is 1, apart where it is −1; mean.",
                Parameter<Tensor>("x", "[B, D]"), Parameter<Tensor>("y", "[B, D]"),
                Parameter<Tensor>("target", "[B] of 1 and −1"),
                Parameter<Double>("margin", "a cosine that is far enough apart", default: 0),
                details: "1 − cos for 1, max(0, cos − margin) for −1",
                example: "cosine_embedding_loss(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1]))  # → 1.0"
            ) { (x: Tensor, y: Tensor, target: Tensor, margin: Double) throws in
                try cosineEmbeddingLoss(x, y, labels: target, margin: margin)
            },
            Builtin(
                "kl_div", "PyTorch's pointwise KL: mean over the batch of Σ target · (log target − input).",
                Parameter<Tensor>("input", "[B, C] log-probabilities", unit: "log-probabilities"),
                Parameter<Tensor>("target", "[B, C] probabilities", unit: "probabilities"),
                details: "For distillation use kl_loss, which takes logits and a temperature.",
                example: "kl_div(log_softmax(tensor([[0.0, 0.0]])), softmax(tensor([[0.0, 0.0]])))  # → 0.0"
            ) { (input: Tensor, target: Tensor) throws -> Tensor in
                if input.unit == .logits {
                    throw Fault(
                        "kl_div: input must be log-probabilities, these are logits",
                        hint: "log_softmax(input), or kl_loss(zs, zt, T=4)", kind: "unit", argument: .positional(0),
                        code: "KD001")
                }
                if input.unit == .probabilities {
                    throw Fault(
                        "kl_div: input must be log-probabilities, these are probabilities", hint: "log(input)",
                        kind: "unit", argument: .positional(0), code: "KD001")
                }
                if target.unit == .logits || target.unit == .labels || target.unit == .logProbabilities {
                    throw Fault(
                        "kl_div: target must be probabilities, these are \(target.unit!.rawValue)",
                        hint: "softmax(target)", kind: "unit", argument: .positional(1), code: "KD001")
                }
                return try klDiv(input, target, reduction: .batchMean)
            },
            Builtin(
                "normalize", "Vectors of length 1: x / max(‖x‖, eps).", Parameter<Tensor>("x", "a tensor"),
                Parameter<Double>("p", "order of the norm", default: 2),
                Parameter<Int>("dim", "axis", default: -1), Parameter<Double>("eps", "smallest length", default: 1e-12),
                example: "normalize(tensor([3.0, 4.0]))  # → [0.6 0.8]"
            ) { (x: Tensor, p: Double, dim: Int, eps: Double) throws in try normalize(x, p: p, axis: dim, eps: eps) },
            Builtin(
                "cosine_similarity", "The cosine of the angle between vectors.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Tensor>("y", "the same shape"),
                Parameter<Int>("dim", "axis", default: -1),
                Parameter<Double>("eps", "smallest product of lengths", default: 1e-8),
                example: "cosine_similarity(tensor([1.0, 0.0]), tensor([0.0, 2.0]))  # → 0.0"
            ) { (x: Tensor, y: Tensor, dim: Int, eps: Double) throws in try cosineSimilarity(x, y, axis: dim, eps: eps)
            },
            Builtin(
                "attention", "What each query finds among the keys: softmax(Q Kᵀ / √d) V, in several heads.",
                Parameter<Tensor>("queries", "[B, T, C]"), Parameter<Tensor>("keys", "[B, S, C]"),
                Parameter<Tensor>("values", "[B, S, D]"), Parameter<Int>("heads", "C and D are divided among them"),
                Parameter<Tensor?>("mask", "[B, S], false for keys that do not count; nil for none", default: nil),
                Parameter<Layer?>("dropout", "a layer for the probabilities; nil for none", default: nil),
                details:
                    "Answers [B, T, D]; d is C / heads. Inside a model the scores before the softmax and the probabilities, both [B, heads, T, S], can be kept under the part's path: outputs(model, x, keep=[\"encoder.layer.0.attention.probabilities\"]).",
                example: "attention(ones(1, 2, 4), ones(1, 3, 4), ones(1, 3, 4), heads=2).shape  # → [1, 2, 4]",
                source: "Vaswani et al. 2017, arXiv:1706.03762"
            ) {
                (queries: Tensor, keys: Tensor, values: Tensor, heads: Int, mask: Tensor?, dropout: Layer?) throws
                    -> Tensor in
                let isPlain = dropout == nil || dropout is Dropout
                if isPlain, !(Layer.running?.wantsNotes ?? false) {
                    let draw = (dropout as? Dropout)?.draw(
                        queries.shape.dropLast().reduce(heads, *) * (keys.rank == 3 ? keys.shape[1] : 0))
                    return try attention(queries, keys, values, heads: heads, mask: mask, dropout: draw)
                }
                return try composedAttention(
                    queries, keys, values, heads: heads, mask: mask, dropout: { try dropout?($0) ?? $0 },
                    see: { try Layer.running?.note($0, $1) })
            },
            Builtin(
                "cdist", "All distances between the rows of x and of y.", Parameter<Tensor>("x", "[N, D]"),
                Parameter<Tensor>("y", "[M, D]"),
                example: "cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0]]))  # → [[5.]]"
            ) { (x: Tensor, y: Tensor) throws in try cdist(x, y) },
        ])
}

/// Gradients.
func gradientChapter() -> Chapter {
    Chapter(
        "Gradients", "Derivatives of a number by tensors.",
        [
            Builtin(
                "grad",
                "The gradient of y with respect to one tensor, or to each of a list or map; it can be differentiated again.",
                Parameter<Tensor>("y", "a single number"),
                Parameter<Value>("wrt", "a tracked tensor, or a list or map of them: parameters(model)"),
                Parameter<Bool>(
                    "allow_unused", "nil instead of an error where y does not depend on it", default: false),
                example:
                    "x = track(tensor([2.0]))\ng = grad(sum(x ** 3), wrt=x)\ng  # → [12.]\ngrad(sum(g), wrt=x)  # → [12.]"
            ) { (y: Tensor, wrt: Value, allowUnused: Bool) throws -> Value in
                func of(_ inputs: [Value]) throws -> [Value] {
                    let tensors = try inputs.map { item in
                        guard let object = item.object as? TensorObject else {
                            throw Fault(
                                "grad: wrt must be a tensor, or a list or map of tensors, not \(item.described)",
                                hint: item.object is LayerObject ? "wrt=parameters(model)" : nil, kind: "type",
                                argument: .keyword("wrt"))
                        }
                        return object.tensor
                    }
                    return try gradients(of: y, wrt: tensors, createGraph: true, allowUnused: allowUnused)
                        .map(\.scriptValue)
                }
                switch wrt.object {
                case let list as ListObject: return .list(try of(list.items))
                case let map as MapObject:
                    let found = try of(map.values)
                    return .object(MapObject(zip(map.keys, found).map { (key: $0, value: $1) }))
                default: return try of([wrt])[0]
                }
            }
        ],
        constants: [
            (
                "no_grad", .object(RecordingScope(recording: false)),
                "A scope whose computations are not recorded: `with no_grad { … }`."
            )
        ])
}

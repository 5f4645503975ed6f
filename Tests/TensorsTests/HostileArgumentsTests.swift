import Testing

import Tensors

/// Any shape, type and number must give a result or a `TensorError`; a trap would end the whole test run.
@Suite(.serialized) struct HostileArgumentsTests {
    /// A small generator whose sequence is the same in every run.
    private final class Dice {
        private var state: UInt64

        init(_ seed: UInt64) { state = seed }

        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }

        func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

        func number() -> Int {
            below(12) == 0 ? pick([Int.min, Int.max, Int.min + 1, 1 << 40, -(1 << 40)]) : below(9) - 4
        }

        func small() -> Int { below(12) == 0 ? number() : below(4) }

        func shape() -> [Int] { (0..<below(5)).map { _ in below(5) == 0 ? 0 : 1 + below(3) } }

        func real(_ shape: [Int]) throws -> Tensor {
            let count = shape.reduce(1, *)
            let values = (0..<count).map { _ in
                below(20) == 0 ? pick([0, .infinity, -.infinity, .nan]) : Double(below(200)) / 40 - 2.5
            }
            let x = try Tensor(values, shape: shape).converted(to: pick([.f64, .f32, .f64, .f32, .bf16]))
            let own = below(2) == 0 ? x : try x.tracked()
            return below(3) == 0 && shape.count > 1 ? try transpose(own, 0, -1) : own
        }

        func whole(_ shape: [Int]) throws -> Tensor {
            let count = shape.reduce(1, *)
            let values = (0..<count).map { _ in Int64(below(25) == 0 ? number() : below(4) - (below(4) == 0 ? 2 : 0)) }
            return try Tensor(values, shape: shape).converted(to: pick([.i64, .i64, .i32, .u8]))
        }

        func mask(_ shape: [Int]) throws -> Tensor {
            let count = shape.reduce(1, *)
            return try Tensor((0..<count).map { _ in UInt8(below(2)) }, shape: shape).converted(to: .bool)
        }

        /// A tensor of any type, sometimes of another shape than asked for.
        func any(_ wanted: [Int]) throws -> Tensor {
            let own = below(6) == 0 ? shape() : wanted
            switch below(8) {
            case 0: return try whole(own)
            case 1: return try mask(own)
            default: return try real(own)
            }
        }

        func near(_ shape: [Int]) -> [Int] { below(6) == 0 ? self.shape() : shape }

        func perhaps<T>(_ value: T) -> T? { below(2) == 0 ? value : nil }

        func items(_ shape: [Int]) throws -> [IndexItem] {
            try (0..<below(shape.count + 2)).map { axis in
                let size = axis < shape.count ? shape[axis] : 2
                switch below(8) {
                case 0: return .at(number())
                case 1, 2: return .slice(start: perhaps(number()), stop: perhaps(number()), step: perhaps(number()))
                case 3: return .ellipsis
                case 4: return .newAxis
                case 5: return .list((0..<below(3)).map { _ in below(Swift.max(size, 1)) - below(2) * size })
                case 6: return .tensor(try whole(self.shape()))
                default: return .tensor(try mask(near([size])))
                }
            }
        }
    }

    private typealias Attempt = @Sendable (Dice, [Int]) throws -> Tensor

    private static let attempts = makeAttempts()

    private static func makeAttempts() -> [String: Attempt] {
        var all: [String: Attempt] = [:]
        all["select"] = { try select($0.any($1), axis: $0.number(), index: $0.number()) }
        all["index"] = { try index($0.any($1), by: $0.items($1)) }
        all["index_select"] = { try indexSelect($0.any($1), axis: $0.number(), indices: $0.whole($0.shape())) }
        all["gather"] = { try gather($0.any($1), axis: $0.number(), index: $0.whole($0.near($1))) }
        all["scatter"] = { try scatter($0.any($1), axis: $0.small(), index: $0.whole($0.near($1)), source: $0.any($1)) }
        all["scatter_add"] = {
            try scatterAdd($0.any($1), axis: $0.small(), index: $0.whole($0.near($1)), source: $0.any($1))
        }
        all["index_add"] = {
            try indexAdd($0.any($1), axis: $0.small(), indices: $0.whole([$0.small() & 3]), source: $0.any($1))
        }
        all["masked_select"] = { try maskedSelect($0.any($1), mask: $0.mask($0.near($1))) }
        all["masked_fill"] = { try maskedFill($0.any($1), mask: $0.mask($0.near($1)), value: -.infinity) }
        all["nonzero"] = { try nonzero($0.any($1)) }
        all["one_hot"] = { try oneHot($0.whole($1), classes: $0.small()) }
        all["bincount"] = { try bincount($0.whole($1), minimumLength: $0.small() & 0xFF) }
        all["unique"] = { try unique($0.any($1)).inverse }
        all["sort"] = { try sort($0.any($1), axis: $0.number(), descending: $0.below(2) == 0).values }
        all["topk"] = { try topk($0.any($1), k: $0.small(), axis: $0.number()).values }
        all["median"] = { try median($0.any($1), axis: $0.number()).values }
        all["quantile"] = { try quantile($0.any($1), q: Double($0.below(5)) / 4, axis: $0.perhaps($0.number())) }
        all["cumsum"] = { try cumsum($0.any($1), axis: $0.number(), reversed: $0.below(2) == 0) }
        all["cumprod"] = { try cumprod($0.any($1), axis: $0.number()) }
        all["softmax"] = { try softmax($0.any($1), axis: $0.number()) }
        all["log_softmax"] = { try logSoftmax($0.any($1), axis: $0.number()) }
        all["layer_norm"] = { dice, shape in
            let own = Array(shape.suffix(dice.below(3)))
            return try layerNorm(
                dice.any(shape), normalizedShape: dice.near(own), weight: dice.perhaps(dice.real(own)),
                bias: dice.perhaps(dice.real(own)))
        }
        all["rms_norm"] = { try rmsNorm($0.any($1), normalizedShape: $0.near(Array($1.suffix(1)))) }
        all["group_norm"] = { try groupNorm($0.any($1), groups: $0.small()) }
        all["batch_norm"] = { try batchNorm($0.any($1), training: $0.below(4) > 0).output }
        all["normalize"] = { try normalize($0.any($1), p: $0.pick([1, 2, 3, .infinity, 0]), axis: $0.number()) }
        all["cosine_similarity"] = { try cosineSimilarity($0.any($1), $0.any($1), axis: $0.number()) }
        all["cdist"] = { try cdist($0.any($1), $0.any($1)) }
        all["embedding"] = {
            try embedding($0.whole($1), table: $0.real([4, 2]), paddingIndex: $0.perhaps($0.small()))
        }
        all["embedding_bag"] = {
            try embeddingBag(
                $0.whole($1), table: $0.real([4, $0.below(3)]), mode: $0.pick(BagMode.allCases),
                mask: $0.perhaps($0.mask($0.near($1))), paddingIndex: $0.perhaps($0.small()))
        }
        all["dropout"] = {
            try dropout($0.any($1), p: $0.pick([0, 0.5, 1, 2, .nan]), key: $0.next(), counter: $0.next())
        }
        all["cross_entropy"] = {
            try crossEntropy(
                $0.any($1), targets: $0.below(3) == 0 ? $0.any($1) : $0.whole($1.dropLast()),
                reduction: $0.pick(Reduction.allCases), labelSmoothing: $0.pick([0, 0, 0.1, 3]))
        }
        all["nll"] = {
            try nllLoss($0.any($1), targets: $0.whole($1.dropLast()), reduction: $0.pick(Reduction.allCases))
        }
        all["bce"] = { try binaryCrossEntropyWithLogits($0.any($1), targets: $0.any($1)) }
        all["mse"] = { try mseLoss($0.any($1), $0.any($1), reduction: $0.pick(Reduction.allCases)) }
        all["smooth_l1"] = { try smoothL1Loss($0.any($1), $0.any($1), beta: $0.pick([0, 1, -1])) }
        all["huber"] = { try huberLoss($0.any($1), $0.any($1)) }
        all["kl_div"] = { try klDiv($0.any($1), $0.any($1), reduction: $0.pick(Reduction.allCases)) }
        all["kl"] = {
            try klDivergence(
                student: $0.any($1), teacher: $0.any($1), temperature: $0.pick([1, 4, 0, .nan]),
                mask: $0.perhaps($0.mask($0.near($1.dropLast()))), reduction: $0.pick(Reduction.allCases))
        }
        all["entropy"] = { try entropy($0.any($1)) }
        all["cosine_embedding"] = { try cosineEmbeddingLoss($0.any($1), $0.any($1), labels: $0.any($1.dropLast())) }
        all["conv1d"] = { dice, _ in
            let x = try dice.any([dice.below(3), 2, dice.below(6)])
            return try conv1d(
                x, weight: dice.any([2, dice.pick([1, 2]), dice.below(4)]), stride: dice.small(),
                padding: dice.small(), dilation: dice.small(), groups: dice.pick([1, 2, 0]))
        }
        all["conv2d"] = { dice, _ in
            let x = try dice.any([dice.below(3), 2, 3, dice.below(6)])
            return try conv2d(
                x, weight: dice.any([2, 2, 2, dice.below(3)]),
                stride: dice.small(), padding: dice.small(), dilation: dice.small())
        }
        all["max_pool1d"] = {
            try maxPool1d(
                $0.any($1), kernel: $0.small(), stride: $0.perhaps($0.small()), padding: $0.small(),
                dilation: $0.small())
        }
        all["avg_pool1d"] = {
            try avgPool1d($0.any($1), kernel: $0.below(5), stride: $0.perhaps($0.small()), padding: $0.small())
        }
        all["adaptive_avg"] = { try adaptiveAvgPool1d($0.any($1), output: $0.below(5)) }
        all["adaptive_max"] = { try adaptiveMaxPool1d($0.any($1), output: $0.below(5)) }
        all["max_pool2d"] = { try maxPool2d($0.any($1), kernel: $0.small(), padding: $0.small()) }
        all["max_over_time"] = {
            try maxPoolOverTime($0.any($1), mask: $0.perhaps($0.mask($0.near(Array($1.prefix(2))))))
        }
        all["mean_over_time"] = {
            try meanPoolOverTime($0.any($1), mask: $0.perhaps($0.mask($0.near(Array($1.prefix(2))))))
        }
        all["einsum"] = {
            try einsum(
                $0.pick(["ij,jk->ik", "i,i", "ii->i", "...i->...", "ab,a->b", "i->j", "->", "..,i", "a b,b a"]),
                [$0.any($1), $0.any($1)])
        }
        all["einsum_one"] = { try einsum($0.pick(["ij->ji", "ii", "...->...", "iij->j", "abc"]), [$0.any($1)]) }
        all["bmm"] = { try bmm($0.any($1), $0.any($1)) }
        all["diagonal"] = { try diagonal($0.any($1), offset: $0.number(), axis1: $0.number(), axis2: $0.number()) }
        all["trace"] = { try trace($0.any($1)) }
        all["recurrent"] = recurrent
        return all
    }

    private static func recurrent(_ dice: Dice, _ shape: [Int]) throws -> Tensor {
        let (batch, time, width, hidden) = (dice.below(4), dice.below(4), dice.below(3), dice.below(4))
        let isLSTM = dice.below(2) == 0
        let gates = isLSTM ? 4 : 3
        let weights = try (0..<1 + dice.below(2)).map { _ in
            RecurrentWeights(
                input: try dice.any([gates * hidden, width]), hidden: try dice.any([gates * hidden, hidden]),
                inputBias: try dice.perhaps(dice.any([gates * hidden])))
        }
        let x = try dice.any([batch, time, width])
        let mask = dice.perhaps(try dice.mask(dice.near([batch, time])))
        let lengths = dice.perhaps(try dice.whole([batch]))
        return isLSTM
            ? try lstm(x, weights: [weights], mask: mask, lengths: lengths).output
            : try gru(x, weights: [weights], mask: mask, lengths: lengths).output
    }

    @Test(
        "any shape, type and number gives a result or an error, and so does the gradient",
        arguments: attempts.keys.sorted())
    func neverTraps(name: String) throws {
        let attempt = try #require(Self.attempts[name])
        let dice = Dice(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var successes = 0
        for _ in 0..<600 {
            do {
                let result = try attempt(dice, dice.shape())
                #expect(try result.elements().count == result.count)
                successes += 1
                guard result.isTracked else { continue }
                let total = try sum(result)
                let leaves = try leafGradients(of: total)
                for (leaf, gradient) in leaves { #expect(leaf.shape == gradient.shape && leaf.dtype == gradient.dtype) }
                let leaf = leaves[0].leaf
                let first = try gradients(of: total, wrt: [leaf], createGraph: true)[0]
                if let first, first.isTracked {
                    _ = try gradients(of: sum(multiply(first, first)), wrt: [leaf], allowUnused: true)
                }
            } catch let error as TensorError {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(successes > 0, "no arguments were ever good")
    }
}

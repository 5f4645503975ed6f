import Testing

import Tensors

/// Long graphs and tensors that do not fit.
@Suite(.serialized) struct LimitsTests {
    @Test("a gradient through ten thousand steps is right, and its graph is freed without a deep stack")
    func longRecurrence() throws {
        let weight = try Tensor([0.999]).tracked()
        var gradient: Tensor?
        do {
            var state = try Tensor([1.0])
            for _ in 0..<10_000 { state = try multiply(state, weight) }
            gradient = try gradients(of: state, wrt: [weight])[0]
        }
        // d/dw w¹⁰⁰⁰⁰ = 10000 w⁹⁹⁹⁹.
        var wanted = 10_000.0
        for _ in 0..<9_999 { wanted *= 0.999 }
        let found = try #require(gradient).item()
        #expect(Swift.abs(found - wanted) < 1e-9 * wanted)
    }

    @Test("a second gradient through ten thousand steps is freed as well")
    func longSecondGradient() throws {
        let weight = try Tensor([0.5]).tracked()
        var second: Double?
        do {
            var state = try Tensor([1.0])
            for _ in 0..<10_000 { state = try add(multiply(state, weight), 1) }
            let first = try #require(gradients(of: state, wrt: [weight], createGraph: true)[0])
            second = try gradients(of: first, wrt: [weight])[0]?.item()
        }
        // The state tends to 1 / (1 − w), whose second derivative is 2 / (1 − w)³.
        #expect(Swift.abs(try #require(second) - 16) < 1e-9)
    }

    @Test("a graph that branches and meets again ten thousand times is walked once for each step")
    func diamonds() throws {
        let x = try Tensor([1.0]).tracked()
        var state = x
        for _ in 0..<10_000 { state = try multiply(add(state, state), 0.5) }
        #expect(try gradients(of: state, wrt: [x])[0]?.item() == 1)
    }

    @Test("recurrences over ten thousand steps have gradients")
    func longSequences() throws {
        let x = try Tensor.ones([1, 10_000, 1]).tracked()
        let weights = RecurrentWeights(input: try Tensor.ones([4, 1]), hidden: try Tensor.ones([4, 1]))
        let gates = RecurrentWeights(input: try Tensor.ones([3, 1]), hidden: try Tensor.ones([3, 1]))
        for result in [try lstm(x, weights: [[weights]]), try gru(x, weights: [[gates]])] {
            let gradient = try #require(gradients(of: sum(result.output), wrt: [x])[0])
            #expect(try gradient.shape == x.shape && all(isfinite(gradient)).integer() == 1)
        }
    }

    private static let side = 1 << 20
    private static let attempts: [(name: String, attempt: @Sendable () throws -> Tensor)] = [
        ("zeros", { try .zeros([1 << 40]) }), ("zeros of a matrix", { try .zeros([side, side], .u8) }),
        ("ones beyond counting", { try .ones([1 << 40, 1 << 40]) }), ("arange", { try arange(1 << 40) }),
        ("arange of real numbers", { try arange(0, 1e12, step: 1.0, .f32) }),
        ("linspace", { try linspace(0, 1, 1 << 40) }), ("eye", { try eye(side) }),
        ("rand", { try rand([side, side]) }),
        ("randn", { try randn([1 << 40], .f64) }), ("randint", { try randint(0, 5, [1 << 40]) }),
        ("randperm", { try randperm(1 << 40) }),
        ("broadcast", { try add(Tensor.ones([side, 1]), Tensor.ones([side])) }),
        ("comparison", { try less(Tensor.ones([side, 1]), Tensor.ones([side])) }),
        ("where", { try `where`(Tensor([true]), Tensor.ones([side, 1]), Tensor.ones([side])) }),
        ("copy of an expanded number", { try expand(Tensor(scalar: 1), to: [1 << 40]).copied() }),
        ("conversion of an expanded number", { try expand(Tensor(scalar: 1), to: [1 << 40]).converted(to: .i64) }),
        ("exp of an expanded number", { try exp(expand(Tensor(scalar: 1), to: [1 << 40])) }),
        ("outer", { try outer(Tensor.ones([side]), Tensor.ones([side])) }),
        ("matmul", { try matmul(Tensor.ones([side, 1]), Tensor.ones([1, side])) }),
        ("einsum", { try einsum("i,j->ij", [Tensor.ones([side]), Tensor.ones([side])]) }),
        ("cdist", { try cdist(Tensor.ones([side, 1]), Tensor.ones([side, 1])) }),
        ("one_hot", { try oneHot(Tensor.zeros([side], .i64), classes: side) }),
        ("pad", { try pad(Tensor.ones([1]), [(0, 1 << 40)]) }),
        ("tile", { try tile(Tensor.ones([2]), [1 << 40]).copied() }),
        ("repeat_interleave", { try repeatInterleave(Tensor.ones([2]), 1 << 40, axis: 0).copied() }),
        ("bincount", { try bincount(Tensor([Int64(0)]), minimumLength: 1 << 40) }),
        ("bincount of a large number", { try bincount(Tensor([Int64(1) << 40])) }),
        (
            "concatenation",
            {
                let wide = try expand(Tensor(scalar: 1), to: [1 << 39])
                return try concatenate([wide, wide])
            }
        ),
    ]

    @Test("a tensor of 2⁴⁰ elements is an error of memory", arguments: attempts.map(\.name))
    func tooLarge(name: String) throws {
        let attempt = try #require(Self.attempts.first { $0.name == name }).attempt
        let error = #expect(throws: TensorError.self) { try attempt() }
        #expect(error?.kind == .memory && error?.message.isEmpty == false, "\(String(describing: error))")
    }

    @Test("an expanded number of 2⁴⁰ elements takes no room and can be looked at")
    func viewsAreFree() throws {
        let wide = try expand(Tensor(scalar: 2.5), to: [side(40)])
        #expect(wide.count == 1 << 40)
        #expect(wide.description == "[2.5 2.5 2.5 ... 2.5 2.5 2.5]")
        #expect(try select(wide, axis: 0, index: -1).item() == 2.5)
    }

    private func side(_ bits: Int) -> Int { 1 << bits }
}

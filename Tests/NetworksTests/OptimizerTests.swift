import Foundation
import Tensors
import Testing

import Networks

@Suite(.serialized) struct OptimizerTests {
    private static let references = Fixture.all?.optimizers ?? []

    private static func rule(_ name: String, _ settings: [String: Double]) -> Optimizer.Rule {
        func setting(_ key: String, _ missing: Double) -> Double { settings[key] ?? missing }
        if name == "sgd" {
            return .sgd(
                momentum: setting("momentum", 0), dampening: setting("dampening", 0),
                nesterov: setting("nesterov", 0) == 1)
        }
        return .adam(
            beta1: setting("beta1", 0.9), beta2: setting("beta2", 0.999), eps: setting("eps", 1e-8),
            decoupled: name == "adamw")
    }

    @Test("five steps go where PyTorch's go", arguments: references.indices, [DType.f64, .f32])
    func agreesWithPyTorch(index: Int, dtype: DType) throws {
        let wanted = Self.references[index]
        let parameter = try Parameter(wanted.start.tensor(dtype))
        let optimizer = try Optimizer(
            Self.rule(wanted.name, wanted.settings), parameters: [("p", parameter)],
            lr: #require(wanted.settings["lr"]),
            weightDecay: wanted.settings["decay"] ?? 0, isLazy: wanted.settings["lazy"] == 1)
        for (step, (gradient, value)) in zip(wanted.gradients, wanted.values).enumerated() {
            try optimizer.apply([("p", parameter, gradient.tensor(dtype))])
            let tolerance = dtype == .f64 ? 1e-11 : 2e-6
            #expect(try value.mismatch(parameter.value, tolerance: tolerance) == nil, "\(wanted.name), step \(step)")
        }
        #expect(optimizer.steps == 5)
    }

    @Test("there are optimizers to compare") func enoughOptimizers() { #expect(Self.references.count == 10) }

    @Test("gradients are clipped by their norm over all parameters, as in PyTorch", arguments: 0..<3)
    func clipping(index: Int) throws {
        let wanted = try #require(Fixture.all?.clips[index])
        let parameters = try wanted.before.map { try Parameter(.zeros($0.shape, .f64)) }
        let named = parameters.enumerated().map { ("\($0)", $1) }
        let optimizer = try Optimizer(
            .sgd(momentum: 0, dampening: 0, nesterov: false), parameters: named, lr: 1, clip: wanted.limit)
        try optimizer.apply(zip(named, wanted.before).map { ($0.0, $0.1, try $1.tensor(.f64)) })
        #expect(Swift.abs(try #require(optimizer.lastNorm) - wanted.norm) < 1e-9)
        for (parameter, after) in zip(parameters, wanted.after) {
            #expect(try after.mismatch(negate(parameter.value), tolerance: 1e-11) == nil)
        }
    }

    @Test("a loss or a gradient that is not finite is an error and changes nothing")
    func notFinite() throws {
        let (good, bad) = (try Parameter(Tensor([1.0, 2])), try Parameter(Tensor([3.0])))
        let optimizer = try Optimizer(
            .adam(beta1: 0.9, beta2: 0.999, eps: 1e-8, decoupled: false), parameters: [("good", good), ("bad", bad)],
            lr: 0.1)
        let infinite = #expect(throws: ModelError.self) { try optimizer.step(sum(divide(good.value, 0.0))) }
        #expect(infinite?.kind == .training && infinite?.message.contains("infinite") == true)
        // The loss is finite, the slope of √ at 0 is not.
        try bad.assign(Tensor([0.0]))
        let steep = #expect(throws: ModelError.self) { try optimizer.step(add(sum(good.value), sum(sqrt(bad.value)))) }
        #expect(steep?.message.contains("gradient of bad") == true)
        #expect(try good.value.elements() == [1, 2] && bad.value.elements() == [0])
        #expect(optimizer.steps == 0)
        let wide = #expect(throws: TensorError.self) { try optimizer.step(multiply(good.value, 2)) }
        #expect(wide?.kind == .shape)
        let unrelated = #expect(throws: ModelError.self) { try optimizer.step(sum(Tensor([1.0]).tracked())) }
        #expect(unrelated?.kind == .training)
    }

    @Test("frozen parameters stay, and settings that make no sense are errors")
    func settings() throws {
        let (trained, frozen) = (try Parameter(Tensor([1.0])), try Parameter(Tensor([1.0])))
        frozen.isFrozen = true
        let plain = Optimizer.Rule.sgd(momentum: 0, dampening: 0, nesterov: false)
        let optimizer = try Optimizer(plain, parameters: [("a", trained), ("b", frozen)], lr: 0.5)
        try optimizer.step(sum(multiply(trained.value, frozen.value)))
        #expect(try trained.value.item() == 0.5 && frozen.value.item() == 1)
        let bad: [() throws -> Optimizer] = [
            { try Optimizer(plain, parameters: [], lr: 0.1) },
            { try Optimizer(plain, parameters: [("b", frozen)], lr: 0.1) },
            { try Optimizer(plain, parameters: [("a", trained)], lr: -1) },
            { try Optimizer(plain, parameters: [("a", trained)], lr: .nan) },
            { try Optimizer(plain, parameters: [("a", trained)], lr: 0.1, weightDecay: -1) },
            { try Optimizer(plain, parameters: [("a", trained)], lr: 0.1, clip: 0) },
            { try Optimizer(plain, parameters: [("a", trained)], lr: 0.1, schedule: .cosine) },
            {
                try Optimizer(
                    .sgd(momentum: 0, dampening: 0, nesterov: true), parameters: [("a", trained)], lr: 0.1)
            },
            {
                try Optimizer(
                    .adam(beta1: 1, beta2: 0.9, eps: 1e-8, decoupled: false), parameters: [("a", trained)], lr: 0.1)
            },
        ]
        for (number, attempt) in bad.enumerated() {
            #expect(throws: ModelError.self, "settings \(number)") { _ = try attempt() }
        }
    }

    @Test("schedules rise over the warmup and fall to zero")
    func schedules() throws {
        func factors(_ schedule: Schedule, warmup: Int = 0, total: Int?, steps: Int) -> [Double] {
            (0..<steps).map { schedule.factor(step: $0, of: total, warmup: warmup) }
        }
        #expect(factors(.constant, total: nil, steps: 3) == [1, 1, 1])
        #expect(factors(.constant, warmup: 4, total: nil, steps: 6) == [0.25, 0.5, 0.75, 1, 1, 1])
        #expect(factors(.linear, total: 4, steps: 6) == [1, 0.75, 0.5, 0.25, 0, 0])
        #expect(factors(.linear, warmup: 2, total: 6, steps: 8) == [0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0])
        // PyTorch's CosineAnnealingLR down to 0: (1 + cos(π t / T)) / 2.
        let cosine = factors(.cosine, total: 8, steps: 10)
        for (step, factor) in cosine.enumerated() {
            let wanted = step >= 8 ? 0 : (1 + cos(Double.pi * Double(step) / 8)) / 2
            #expect(Swift.abs(factor - wanted) < 1e-15, "step \(step)")
        }
        let parameter = try Parameter(Tensor([0.0]))
        let optimizer = try Optimizer(
            .sgd(momentum: 0, dampening: 0, nesterov: false), parameters: [("p", parameter)], lr: 8, schedule: .linear,
            warmupSteps: 2, totalSteps: 6)
        var rates: [Double] = []
        for _ in 0..<6 {
            rates.append(optimizer.learningRate)
            try optimizer.apply([("p", parameter, Tensor([1.0]))])
        }
        #expect(rates == [4, 8, 8, 6, 4, 2])
        #expect(try parameter.value.item() == -32)
    }
}

import Tensors

/// Changes parameters so that a loss gets smaller.
///
/// `step(loss)` computes the gradients of its parameters, clips them if asked, and makes one update. A loss or gradient
/// that is not a number is an error and changes nothing, so the weights stay those of the last good step.
public final class Optimizer {
    /// The rule of the update, with PyTorch's formulas and defaults.
    public enum Rule {
        case sgd(momentum: Double, dampening: Double, nesterov: Bool)
        case adam(beta1: Double, beta2: Double, eps: Double, decoupled: Bool)

        public var name: String {
            switch self {
            case .sgd: "sgd"
            case .adam(_, _, _, let decoupled): decoupled ? "adamw" : "adam"
            }
        }
    }

    public let rule: Rule
    public private(set) var parameters: [(path: String, parameter: Parameter)]
    /// The rate that the schedule's factor is applied to.
    public var baseRate: Double
    public let weightDecay: Double
    /// Whether Adam leaves rows of matrices without a gradient as they are, as those of an embedding mostly are.
    public let isLazy: Bool
    public let schedule: Schedule
    public let warmupSteps: Int
    public let totalSteps: Int?
    /// The longest gradient, as a norm over all parameters.
    public let clip: Double?
    public private(set) var steps = 0
    /// The norm of the last gradient, before clipping.
    public private(set) var lastNorm: Double?

    private struct Moments {
        let first: Parameter
        let second: Parameter?
        var steps = 0
    }

    private var moments: [ObjectIdentifier: Moments] = [:]

    /// - Throws: `training` without any trainable parameter, `value` for rates that make no sense.
    public init(
        _ rule: Rule, parameters: [(path: String, parameter: Parameter)], lr: Double, weightDecay: Double = 0,
        schedule: Schedule = .constant, warmupSteps: Int = 0, totalSteps: Int? = nil, clip: Double? = nil,
        isLazy: Bool = false
    ) throws {
        let name = rule.name
        guard !parameters.isEmpty else {
            throw ModelError(.training, "\(name): there are no parameters to train")
        }
        guard parameters.contains(where: { !$0.parameter.isFrozen }) else {
            throw ModelError(.training, "\(name): all parameters are frozen", hint: "unfreeze(model)")
        }
        guard lr >= 0, lr.isFinite else { throw ModelError(.value, "\(name): lr is \(lr); it must be 0 or more") }
        guard weightDecay >= 0, weightDecay.isFinite else {
            throw ModelError(.value, "\(name): weight_decay is \(weightDecay); it must be 0 or more")
        }
        if let clip, !(clip > 0) { throw ModelError(.value, "\(name): clip is \(clip); it must be above 0") }
        if case .adam(let beta1, let beta2, let eps, _) = rule {
            guard (0..<1).contains(beta1), (0..<1).contains(beta2), eps >= 0 else {
                throw ModelError(
                    .value,
                    "\(name): betas are \(beta1) and \(beta2), eps is \(eps); betas go from 0 up to, and without, 1")
            }
        }
        if case .sgd(let momentum, let dampening, true) = rule, momentum <= 0 || dampening != 0 {
            throw ModelError(.value, "sgd: nesterov needs a momentum above 0 and no dampening")
        }
        if schedule != .constant, totalSteps == nil {
            throw ModelError(.value, "\(name): a \(schedule.rawValue) schedule must know its length", hint: "steps=…")
        }
        (self.rule, self.parameters, self.baseRate) = (rule, parameters, lr)
        (self.weightDecay, self.schedule, self.clip, self.isLazy) = (weightDecay, schedule, clip, isLazy)
        (self.warmupSteps, self.totalSteps) = (warmupSteps, totalSteps)
    }

    /// The learning rate of the next step.
    public var learningRate: Double {
        baseRate * schedule.factor(step: steps, of: totalSteps, warmup: warmupSteps)
    }

    /// Takes further parameters on; those that it has already are left as they are.
    public func adopt(_ more: [(path: String, parameter: Parameter)]) {
        let known = Set(parameters.map { ObjectIdentifier($0.parameter) })
        parameters += more.filter { !known.contains(ObjectIdentifier($0.parameter)) }
    }

    /// One step down the gradient of a loss.
    ///
    /// - Throws: `shape` unless the loss is a single number; `training` when it or a gradient is not finite, or no gradient
    ///   reaches any of the parameters.
    public func step(_ loss: Tensor) throws {
        guard loss.count == 1 else {
            throw TensorError(
                .shape, "step: the loss must be a single number, this one has shape \(loss.shape)", hint: "mean(loss)")
        }
        let number = try loss.item()
        guard number.isFinite else {
            throw ModelError(
                .training, "step \(steps + 1): the loss is \(number.isNaN ? "not a number" : "infinite")",
                hint: "the weights are those of the last good step; a smaller lr or clip=1.0 may help")
        }
        let unreached = ModelError(
            .training, "step: the loss reaches none of the optimizer's \(parameters.count) parameters",
            hint: "is it computed from the model that the optimizer trains, and outside `with no_grad`?", code: "KD011")
        guard loss.isTracked else { throw unreached }
        var found: [ObjectIdentifier: Tensor] = [:]
        for (leaf, gradient) in try leafGradients(of: loss) { found[ObjectIdentifier(leaf)] = gradient }
        let updates = parameters.compactMap { path, parameter in
            found[ObjectIdentifier(parameter.value)].map { (path: path, parameter: parameter, gradient: $0) }
        }
        guard !updates.isEmpty else { throw unreached }
        try apply(updates)
    }

    /// One step with gradients that are there already.
    public func apply(_ updates: [(path: String, parameter: Parameter, gradient: Tensor)]) throws {
        let scale = try clippingFactor(updates)
        for (_, parameter, gradient) in updates where !parameter.isFrozen {
            try update(parameter, scale == 1 ? gradient : gradient.scaledGradient(by: scale))
        }
        steps += 1
    }

    /// What gradients are multiplied by so that together they are no longer than `clip`.
    ///
    /// - Throws: `training` for a gradient that is not finite, naming the parameter.
    private func clippingFactor(_ updates: [(path: String, parameter: Parameter, gradient: Tensor)]) throws -> Double {
        var squares = 0.0
        for (path, _, gradient) in updates {
            let length = try gradient.gradientLength()
            guard length.isFinite else {
                throw ModelError(
                    .training, "step \(steps + 1): the gradient of \(path) is not finite",
                    hint: "the weights are those of the last good step; a smaller lr or clip=1.0 may help")
            }
            squares += length * length
        }
        let total = squares.squareRoot()
        lastNorm = total
        guard let clip else { return 1 }
        return min(clip / (total + 1e-6), 1)
    }

    private func update(_ parameter: Parameter, _ gradient: Tensor) throws {
        let identity = ObjectIdentifier(parameter)
        let rate = learningRate
        switch rule {
        case .sgd(let momentum, let dampening, let nesterov):
            if momentum != 0, moments[identity] == nil {
                moments[identity] = Moments(first: try zeros(parameter), second: nil)
            }
            let state = moments[identity]
            try parameter.sgdStep(
                gradient: gradient, buffer: state?.first, lr: rate, momentum: momentum, dampening: dampening,
                nesterov: nesterov, weightDecay: weightDecay, isFirstStep: state?.steps == 0)
            moments[identity]?.steps += 1
        case .adam(let beta1, let beta2, let eps, let decoupled):
            if moments[identity] == nil {
                moments[identity] = Moments(first: try zeros(parameter), second: try zeros(parameter))
            }
            guard let state = moments[identity], let second = state.second else { return }
            try parameter.adamStep(
                gradient: gradient, firstMoment: state.first, secondMoment: second, step: state.steps + 1, lr: rate,
                beta1: beta1, beta2: beta2, eps: eps, weightDecay: weightDecay, decoupled: decoupled, isLazy: isLazy)
            moments[identity]?.steps += 1
        }
    }

    /// The moments by name, how many steps were made, and how many each parameter with moments has taken part in.
    public func state() -> (moments: [(name: String, tensor: Tensor)], steps: Int, parameterSteps: [Int]) {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, entry) in parameters.enumerated() {
            guard let moments = moments[ObjectIdentifier(entry.parameter)] else { continue }
            tensors.append(("\(index).first", moments.first.value))
            if let second = moments.second { tensors.append(("\(index).second", second.value)) }
        }
        return (tensors, steps, parameters.map { moments[ObjectIdentifier($0.parameter)]?.steps ?? 0 })
    }

    /// Takes over what `state` gave, for the same parameters in the same order.
    ///
    /// - Throws: `training` for another number of parameters; what `tensor` and shapes throw.
    public func restore(steps: Int, parameterSteps: [Int], _ tensor: (String) throws -> Tensor?) throws {
        guard parameterSteps.count == parameters.count else {
            throw ModelError(
                .training,
                "the state is of an optimizer with \(parameterSteps.count) parameters, this one has \(parameters.count)"
            )
        }
        moments = [:]
        for (index, entry) in parameters.enumerated() {
            guard let first = try tensor("\(index).first") else { continue }
            let own = Moments(
                first: try zeros(entry.parameter),
                second: try tensor("\(index).second") == nil ? nil : zeros(entry.parameter),
                steps: parameterSteps[index])
            try own.first.assign(first)
            if let second = try tensor("\(index).second") { try own.second?.assign(second) }
            moments[ObjectIdentifier(entry.parameter)] = own
        }
        self.steps = steps
    }

    private func zeros(_ parameter: Parameter) throws -> Parameter {
        let zero = try Parameter(.zeros(parameter.shape, parameter.value.dtype))
        zero.isFrozen = true
        return zero
    }
}

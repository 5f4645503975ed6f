import Networks
import Tensors

/// What a model gave for a batch: its logits, and the hidden values that were asked for.
public struct ModelOutput {
    public let logits: Tensor
    /// By path in the model.
    public internal(set) var hidden: [String: Tensor]

    public init(logits: Tensor, hidden: [String: Tensor] = [:]) {
        self.logits = logits
        self.hidden = hidden
    }
}

/// A loss as a value: weighted terms with names, which can be scaled and added.
///
///     0.7 * kl(T=4) + 0.3 * cross_entropy()
///
/// Training reports each term by its name and has the hidden values captured that the terms need.
public struct Loss {
    /// What a term computes from student, teacher (if there is one) and batch: a single number.
    public typealias Formula = (_ student: ModelOutput, _ teacher: ModelOutput?, _ batch: Batch) throws -> Tensor

    /// One summand.
    public struct Term {
        public var weight: Double
        /// What the weight is multiplied by as training goes on.
        public var schedules: [ScheduledNumber] = []
        public let name: String
        public let formula: Formula
        /// Paths of the hidden values under the names by which the formula reads them; they may be patterns with a `*`.
        public let studentNames: [String]
        public let teacherNames: [String]
        /// How layers are paired where the names are patterns, and the pairs that were found.
        public let choice: LayerChoice
        public internal(set) var pairs: [(student: String, teacher: String)] = []
        public let usesTeacher: Bool
        public let usesLabels: Bool
        /// Whether the formula differentiates what the teacher computes, so that stored outputs will not do.
        public let needsGradients: Bool
        /// How many samples a batch must have at least for the formula to mean something.
        public let leastBatch: Int
        /// Trained along with the student and dropped when training ends.
        public let projection: Projection?
        /// What the formula keeps from batch to batch.
        public let own: OwnState?
        /// The function of the library that made it, for explain().
        public let maker: String?

        public init(
            _ name: String, weight: Double = 1, studentPaths: [String] = [], teacherPaths: [String] = [],
            choice: LayerChoice = .evenly, usesTeacher: Bool = false, usesLabels: Bool = false,
            needsGradients: Bool = false, leastBatch: Int = 1, projection: Projection? = nil, own: OwnState? = nil,
            maker: String? = nil, formula: @escaping Formula
        ) {
            self.name = name
            self.weight = weight
            self.formula = formula
            (studentNames, teacherNames, self.choice) = (studentPaths, teacherPaths, choice)
            self.usesTeacher = usesTeacher
            self.usesLabels = usesLabels
            self.needsGradients = needsGradients
            self.leastBatch = leastBatch
            self.projection = projection
            self.own = own
            self.maker = maker
        }

        public var studentPaths: [String] { pairs.isEmpty ? studentNames : pairs.map(\.student) }
        public var teacherPaths: [String] { pairs.isEmpty ? teacherNames : pairs.map(\.teacher) }

        /// The weight as training stands.
        func weightNow() throws -> Double { try schedules.reduce(weight) { try $0 * $1.now() } }

        /// The value for a batch; for several pairs of layers their mean.
        func evaluate(_ student: ModelOutput, _ teacher: ModelOutput?, _ batch: Batch) throws -> Tensor {
            guard !pairs.isEmpty, let teacher else { return try single(student, teacher, batch) }
            let values = try pairs.map { mine, other in
                var (s, t) = (student, teacher)
                s.hidden[studentNames[0]] = student.hidden[mine]
                t.hidden[teacherNames[0]] = teacher.hidden[other]
                return try single(s, t, batch, from: mine)
            }
            return try divide(values.dropFirst().reduce(values[0], add), Double(values.count))
        }

        private func single(
            _ student: ModelOutput, _ teacher: ModelOutput?, _ batch: Batch, from layer: String? = nil
        ) throws -> Tensor {
            let bridged = try projection?.bridge(student, to: teacher, self, from: layer) ?? student
            let value = try formula(bridged, teacher, batch)
            guard value.count == 1 else {
                throw ModelError(
                    .training, "\(name) must give a single number, it gave a tensor of shape \(value.shape)",
                    hint: "mean(…)")
            }
            return try reshape(value, [])
        }

        /// Which layers follow which, and which widths are bridged: what the term chose by itself.
        public var choices: [String] {
            let layers = pairs.map { "\($0.student) follows \($0.teacher)" }
            let maps = projection?.descriptions ?? []
            let said = (layers.isEmpty ? [] : [layers.joined(separator: ", ")]) + maps + (own?.notes() ?? [])
            return said.isEmpty ? [] : ["\(name): " + said.joined(separator: "; ")]
        }
    }

    public internal(set) var terms: [Term]

    public init(_ term: Term) { terms = [term] }

    public static func + (a: Loss, b: Loss) -> Loss {
        var sum = a
        sum.terms += b.terms
        return sum
    }

    public static func * (factor: Double, loss: Loss) -> Loss {
        var scaled = loss
        for index in scaled.terms.indices { scaled.terms[index].weight *= factor }
        return scaled
    }

    public static func * (factor: ScheduledNumber, loss: Loss) -> Loss {
        var scaled = loss
        for index in scaled.terms.indices { scaled.terms[index].schedules.append(factor) }
        return scaled
    }

    /// The loss as a formula: `0.7 * kl(T=4) + 0.3 * cross_entropy()`.
    public var formula: String {
        var text = ""
        for (index, term) in terms.enumerated() {
            let weight =
                (term.weight.magnitude == 1 ? "" : "\(Loss.number(term.weight.magnitude)) * ")
                + term.schedules.map { "\($0.text) * " }.joined()
            let sign = index == 0 ? (term.weight < 0 ? "-" : "") : term.weight < 0 ? " - " : " + "
            text += sign + weight + term.name
        }
        return text
    }

    static func number(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    public var studentPaths: [String] { unique(terms.flatMap(\.studentPaths)) }
    public var teacherPaths: [String] { unique(terms.flatMap(\.teacherPaths)) }
    public var usesTeacher: Bool { terms.contains(where: \.usesTeacher) }
    public var usesLabels: Bool { terms.contains(where: \.usesLabels) }
    /// What the terms train for themselves; complete after the first evaluation.
    public var parameters: [Parameter] {
        terms.flatMap { ($0.projection?.parameters ?? []) + ($0.own?.parameters() ?? []) }
    }

    /// Forgets what the terms made and learned in an earlier training.
    public func begin() {
        for term in terms {
            term.projection?.forget()
            term.own?.forget()
        }
    }

    /// What the terms keep beside parameters, by name, and how it is put back.
    var ownTensors: [(name: String, tensor: Tensor)] {
        terms.enumerated().flatMap { index, term in
            (term.own?.tensors() ?? []).map { ("\(index).\($0.name)", $0.tensor) }
        }
    }

    func restoreOwn(_ tensor: (String) throws -> Tensor) throws {
        for (index, term) in terms.enumerated() {
            for (name, _) in term.own?.tensors() ?? [] { term.own?.replace(name, try tensor("\(index).\(name)")) }
        }
    }
    public var needsGradients: Bool { terms.contains(where: \.needsGradients) }
    public var leastBatch: Int { terms.map(\.leastBatch).max() ?? 1 }
    /// What the terms chose by themselves; complete after the first evaluation.
    public var choices: [String] { terms.flatMap(\.choices) }

    private func unique(_ paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    /// The weighted sum of the terms, and what each came to.
    ///
    /// - Parameter moment: where training stands, for schedules and for the error that names the step.
    /// - Throws: `training` when a term is not a single number, is NaN or infinite (naming the term), or needs a teacher
    ///   that is not there.
    public func evaluate(
        student: ModelOutput, teacher: ModelOutput?, batch: Batch, at moment: Moment? = nil
    ) throws -> LossValue {
        try Moment.during(moment) {
            var total: Tensor?
            var values: [LossValue.Term] = []
            for term in terms {
                if term.usesTeacher, teacher == nil {
                    throw ModelError(
                        .training, "\(term.name) needs a teacher, and there is none",
                        hint: "distill(teacher, student, on=…)", code: "KD002")
                }
                let value = try term.evaluate(student, teacher, batch)
                let number = try value.item()
                guard number.isFinite else {
                    let place = moment.map { " in step \($0.step)" } ?? ""
                    throw ModelError(
                        .training, "\(term.name) is \(number.isNaN ? "not a number" : "infinite")\(place)",
                        hint: moment == nil
                            ? nil
                            : "the weights are those of the step before; a smaller lr or clip=1.0 may keep it finite",
                        code: "KD028")
                }
                let weight = try term.weightNow()
                values.append(LossValue.Term(name: term.name, value: number, weight: weight, tensor: value))
                let scaled = try multiply(value, weight)
                total = try total.map { try add($0, scaled) } ?? scaled
            }
            guard let total else { throw ModelError(.training, "the loss has no terms") }
            return LossValue(total: total, terms: values)
        }
    }
}

/// What a loss's formula keeps from batch to batch: models and parameters that train along, and tensors such as a memory of
/// earlier batches. It is made with the first batch and forgotten when another training begins.
public struct OwnState {
    public let parameters: () -> [Parameter]
    /// What is no parameter.
    public let tensors: () -> [(name: String, tensor: Tensor)]
    public let replace: (_ name: String, _ tensor: Tensor) -> Void
    /// What the formula says of its choices.
    public let notes: () -> [String]
    public let forget: () -> Void

    public init(
        parameters: @escaping () -> [Parameter], tensors: @escaping () -> [(name: String, tensor: Tensor)],
        replace: @escaping (String, Tensor) -> Void, notes: @escaping () -> [String], forget: @escaping () -> Void
    ) {
        (self.parameters, self.tensors, self.replace, self.forget) = (parameters, tensors, replace, forget)
        self.notes = notes
    }
}

/// What a loss came to on a batch.
public struct LossValue {
    /// One summand before its weight.
    public struct Term {
        public let name: String
        public let value: Double
        public let weight: Double
        /// The value with its graph.
        public let tensor: Tensor
    }

    /// The weighted sum, a single number with its graph.
    public let total: Tensor
    public let terms: [Term]
}

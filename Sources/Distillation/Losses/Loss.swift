import Networks
import Tensors

/// What a model gave for a batch: its logits, and the hidden values that were asked for.
public struct ModelOutput {
    public let logits: Tensor
    /// By path in the model.
    public let hidden: [String: Tensor]

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
        public let name: String
        public let formula: Formula
        /// Paths of the hidden values that the formula reads.
        public let studentPaths: [String]
        public let teacherPaths: [String]
        public let usesTeacher: Bool
        public let usesLabels: Bool
        /// Trained along with the student and dropped when training ends.
        public let projection: Projection?

        public init(
            _ name: String, weight: Double = 1, studentPaths: [String] = [], teacherPaths: [String] = [],
            usesTeacher: Bool = false, usesLabels: Bool = false, projection: Projection? = nil,
            formula: @escaping Formula
        ) {
            self.name = name
            self.weight = weight
            self.formula = formula
            self.studentPaths = studentPaths
            self.teacherPaths = teacherPaths
            self.usesTeacher = usesTeacher
            self.usesLabels = usesLabels
            self.projection = projection
        }
    }

    public private(set) var terms: [Term]

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

    /// The loss as a formula: `0.7 * kl(T=4) + 0.3 * cross_entropy()`.
    public var formula: String {
        var text = ""
        for (index, term) in terms.enumerated() {
            let weight = term.weight.magnitude == 1 ? "" : "\(Loss.number(term.weight.magnitude)) * "
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
    public var parameters: [Parameter] { terms.flatMap { $0.projection?.parameters ?? [] } }

    private func unique(_ paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    /// The weighted sum of the terms, and what each came to.
    ///
    /// - Parameter step: the step that the loss is for, counted from 1, for the error that names it.
    /// - Throws: `training` when a term is not a single number, is NaN or infinite (naming the term), or needs a teacher
    ///   that is not there.
    public func evaluate(
        student: ModelOutput, teacher: ModelOutput?, batch: Batch, step: Int? = nil
    ) throws -> LossValue {
        var total: Tensor?
        var values: [(name: String, value: Double)] = []
        for term in terms {
            if term.usesTeacher, teacher == nil {
                throw ModelError(
                    .training, "\(term.name) needs a teacher, and there is none",
                    hint: "distill(teacher, student, on=…)")
            }
            let bridged = try term.projection?.bridge(student, to: teacher, term) ?? student
            let value = try term.formula(bridged, teacher, batch)
            guard value.count == 1 else {
                throw ModelError(
                    .training, "\(term.name) must give a single number, it gave a tensor of shape \(value.shape)",
                    hint: "mean(…)")
            }
            let number = try value.item()
            guard number.isFinite else {
                let place = step.map { " in step \($0)" } ?? ""
                throw ModelError(
                    .training, "\(term.name) is \(number.isNaN ? "not a number" : "infinite")\(place)",
                    hint: step == nil
                        ? nil : "the weights are those of the step before; a smaller lr or clip=1.0 may keep it finite")
            }
            values.append((term.name, number))
            let scaled = try multiply(reshape(value, []), term.weight)
            total = try total.map { try add($0, scaled) } ?? scaled
        }
        guard let total else { throw ModelError(.training, "the loss has no terms") }
        return LossValue(total: total, terms: values)
    }
}

/// What a loss came to on a batch.
public struct LossValue {
    /// The weighted sum, a single number with its graph.
    public let total: Tensor
    /// Each term before its weight.
    public let terms: [(name: String, value: Double)]
}

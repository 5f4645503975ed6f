import Distillation
import Language
import Networks
import Tensors

/// A loss as a value of the language: it can be scaled, added and called.
final class LossObject: Object {
    let loss: Loss

    init(_ loss: Loss) { self.loss = loss }

    override var typeName: String { "loss" }
    override func display(_ style: DisplayStyle) -> String { loss.formula }
    override var fieldNames: [String] {
        [
            "terms", "student_paths", "teacher_paths", "uses_teacher", "uses_labels", "needs_gradients",
            "choices", "makers", "least",
        ]
    }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "terms": .list(loss.terms.map { .list([.float($0.weight), .string($0.name)]) })
        case "student_paths": loss.studentPaths.scriptValue
        case "teacher_paths": loss.teacherPaths.scriptValue
        case "uses_teacher": .bool(loss.usesTeacher)
        case "uses_labels": .bool(loss.usesLabels)
        case "needs_gradients": .bool(loss.needsGradients)
        case "least": .int(loss.leastBatch)
        case "choices": loss.choices.scriptValue
        case "makers": loss.terms.map { $0.maker ?? "" }.scriptValue
        default: nil
        }
    }

    override func binary(_ op: BinaryOperator, left: Value, right: Value, _ machine: Machine) throws -> Value? {
        let (a, b) = ((left.object as? LossObject)?.loss, (right.object as? LossObject)?.loss)
        if op == .multiply, let loss = a ?? b,
            let factor = left.object as? ScheduleObject ?? right.object as? ScheduleObject
        {
            return (factor.number * loss).scriptValue
        }
        switch (op, a, b) {
        case (.add, .some(let a), .some(let b)): return (a + b).scriptValue
        case (.subtract, .some(let a), .some(let b)): return (a + -1 * b).scriptValue
        case (.multiply, .some(let a), nil): return try right.number.map { (try LossObject.weight($0) * a).scriptValue }
        case (.multiply, nil, .some(let b)): return try left.number.map { (try LossObject.weight($0) * b).scriptValue }
        case (.divide, .some(let a), nil):
            return try right.number.map { (try LossObject.weight(1 / $0) * a).scriptValue }
        case (.add, .some, nil), (.add, nil, .some):
            throw Fault(
                "a loss is added to a loss, not to \((a == nil ? left : right).described)",
                hint: "0.7 * kl(T=4) + 0.3 * cross_entropy()",
                kind: "type")
        case (.multiply, .some, .some):
            throw Fault("a loss is scaled by a number, not by a loss", hint: "0.5 * loss", kind: "type")
        default: return nil
        }
    }

    override func unary(_ op: UnaryOperator, _ machine: Machine) throws -> Value? {
        switch op {
        case .negate: (-1 * loss).scriptValue
        case .plus: .object(self)
        case .not: nil
        }
    }

    private static func weight(_ number: Double) throws -> Double {
        guard number.isFinite else {
            throw Fault("a loss's weight must be finite, not \(floatText(number))", kind: "value")
        }
        return number
    }

    override var isCallable: Bool { true }

    /// `loss(student(batch), teacher(batch), batch)`: the weighted sum, with the value of each term beside it; `at=moment(…)`
    /// is where training stands.
    override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        guard arguments.positional.count == 3, arguments.keywords.allSatisfy({ $0.name == "at" }) else {
            throw Fault(
                "a loss takes the student's output, the teacher's (or nil) and the batch",
                hint: "loss(student(batch), teacher(batch), batch)", kind: "type")
        }
        func output(_ value: Value, _ role: String) throws -> ModelOutput? {
            switch value.object {
            case let object as OutputObject: return ModelOutput(logits: object.tensor, hidden: object.hidden)
            case let object as TensorObject: return ModelOutput(logits: object.tensor)
            case nil where value.isNull: return nil
            default: throw Fault("the \(role) output must be a tensor, not \(value.described)", kind: "type")
            }
        }
        guard let student = try output(arguments.positional[0], "student's") else {
            throw Fault("a loss needs the student's output", kind: "type")
        }
        guard let batch = (arguments.positional[2].object as? BatchObject)?.batch else {
            throw Fault(
                "the third argument of a loss is the batch, not \(arguments.positional[2].described)", kind: "type")
        }
        let teacher = try output(arguments.positional[1], "teacher's")
        let value = try loss.evaluate(
            student: student, teacher: teacher, batch: batch,
            at: (arguments.keywords.first?.value.object as? MomentObject)?.moment)
        return .object(LossValueObject(value, count: batch.count, teacher: teacher?.logits))
    }
}

extension Loss: ScriptConvertible {
    public static var scriptType: String { "loss" }
    public static func from(_ value: Value) throws -> Loss? { (value.object as? LossObject)?.loss }
    public var scriptValue: Value { .object(LossObject(self)) }
}

/// What a loss came to: a tensor of one number that also knows its terms.
final class LossValueObject: TensorObject {
    let value: LossValue
    let count: Int
    /// What the teacher gave: no optimizer may take a step on it.
    private let teacher: Tensor?

    init(_ value: LossValue, count: Int, teacher: Tensor?) {
        self.value = value
        self.count = count
        self.teacher = teacher
        super.init(value.total)
    }

    /// - Throws: KD008 when the optimizer trains parameters that the teacher's output came from.
    func checkTeacher(against optimizer: Optimizer) throws {
        guard let teacher, teacher.isTracked else { return }
        let leaves = Set(trackedLeaves(of: teacher).map { ObjectIdentifier($0) })
        let taught = optimizer.parameters.filter { leaves.contains(ObjectIdentifier($0.parameter.value)) }
        guard let first = taught.first else { return }
        throw Fault(
            "step: the optimizer has \(counted(taught.count, "parameter")) of the teacher, \(first.path) among them: the teacher would follow the student",
            hint:
                "give the optimizer the student alone: adamw(student); a teacher that learns on purpose: strategy=dynamic()",
            kind: "training", code: "KD008")
    }

    override var fieldNames: [String] { super.fieldNames + ["terms", "parts"] }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        if name == "terms" { return .map(value.terms.map { ($0.name, .float($0.value)) }) }
        if name == "parts" {
            return .list(
                value.terms.map {
                    .map([("name", .string($0.name)), ("weight", .float($0.weight)), ("value", $0.tensor.scriptValue)])
                })
        }
        return try super.field(name, machine)
    }
}

/// A number that changes as a training goes on: it stands where a loss takes a number, and before a loss as its weight.
final class ScheduleObject: Object {
    let number: ScheduledNumber

    init(_ number: ScheduledNumber) { self.number = number }

    override var typeName: String { "schedule" }
    override func display(_ style: DisplayStyle) -> String { number.text }
}

/// Where a training stands, as schedules are told.
final class MomentObject: Object {
    let moment: Moment

    init(_ moment: Moment) { self.moment = moment }

    override var typeName: String { "moment" }
    override func display(_ style: DisplayStyle) -> String { "<step \(moment.step) of \(moment.steps)>" }
    override var fieldNames: [String] { ["step", "steps", "epoch", "progress"] }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "step": .int(moment.step)
        case "steps": .int(moment.steps)
        case "epoch": .float(moment.epoch)
        case "progress": .float(moment.progress)
        default: nil
        }
    }
}

/// An optimizer as a value of the language.
final class OptimizerObject: Object {
    let optimizer: Optimizer

    init(_ optimizer: Optimizer) { self.optimizer = optimizer }

    override var typeName: String { "optimizer" }
    override func display(_ style: DisplayStyle) -> String {
        "<\(optimizer.rule.name): lr \(floatText(optimizer.learningRate)), \(counted(optimizer.steps, "step")), \(counted(optimizer.parameters.count, "parameter"))>"
    }
    override var fieldNames: [String] { ["lr", "steps", "norm"] }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "lr": .float(optimizer.learningRate)
        case "steps": .int(optimizer.steps)
        case "norm": optimizer.lastNorm.scriptValue
        default: nil
        }
    }
    override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        guard name == "lr", let rate = value.number, rate >= 0, rate.isFinite else {
            throw Fault("an optimizer's lr can be set, to a number of 0 or more", kind: name == "lr" ? "value" : "name")
        }
        optimizer.baseRate = rate
    }
}

extension Optimizer: ScriptConvertible {
    public static var scriptType: String { "optimizer" }
    public static func from(_ value: Value) throws -> Optimizer? { (value.object as? OptimizerObject)?.optimizer }
    public var scriptValue: Value { .object(OptimizerObject(self)) }
}

/// The record of a training as a value of the language.
final class RunObject: Object {
    let record: RunRecord
    var baseline: LayerObject?
    /// What a recorded run says of the script and the machine it ran on.
    private let about: JSONObject
    private let readFrom: String?

    init(_ record: RunRecord, about: JSONObject = [:], folder: String? = nil) {
        (self.record, self.about, readFrom) = (record, about, folder)
    }

    override var typeName: String { "run" }
    override func display(_ style: DisplayStyle) -> String {
        style == .inline ? "<run \(record.epochLine)>" : record.table
    }
    override var fieldNames: [String] {
        [
            "name", "formula", "steps", "total_steps", "epochs", "loss", "history", "curve", "seconds", "baseline",
            "folder", "about",
        ]
    }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "name": .string(record.name)
        case "formula": .string(record.formula)
        case "steps": .int(record.steps)
        case "total_steps": .int(record.totalSteps)
        case "epochs": .int(record.rows.count)
        case "folder": (record.log?.folder ?? readFrom).map { .string($0) } ?? .null
        case "about": JSONValue.object(about).scriptValue
        case "curve":
            .list(
                record.curve.map { stretch in
                    .map(
                        [
                            ("step", .int(stretch.step)),
                            ("epoch", .float(Double(stretch.step) / Double(Swift.max(record.stepsPerEpoch, 1)))),
                            ("loss", .float(stretch.loss)),
                        ] + stretch.terms.map { ($0.name, .float($0.value)) }
                            + [("lr", .float(stretch.learningRate)), ("seconds", .float(stretch.seconds))])
                })
        case "loss": record.rows.last.map { .float($0.loss) } ?? .null
        case "seconds": .float(record.seconds)
        case "history":
            .list(
                record.rows.map { row in
                    .map(
                        [("epoch", .int(row.epoch)), ("step", .int(row.steps)), ("loss", .float(row.loss))]
                            + row.terms.map { ($0.name, .float($0.value)) }
                            + row.metrics.map { ($0.name, .float($0.value)) }
                            + [("lr", .float(row.learningRate)), ("seconds", .float(row.seconds))])
                })
        case "baseline": baseline.map { .object($0) } ?? .null
        default: nil
        }
    }
    override func setField(_ name: String, to value: Value, _ machine: Machine) throws {
        guard name == "baseline", let model = value.object as? LayerObject else {
            throw Fault("of a run only baseline can be set, to a model", kind: "name")
        }
        baseline = model
    }
}

/// What a teacher gave for the rows of a dataset, as a function of a batch.
final class KnowledgeObject: Object {
    let knowledge: Knowledge

    init(_ knowledge: Knowledge) { self.knowledge = knowledge }

    override var typeName: String { "knowledge" }
    override func display(_ style: DisplayStyle) -> String {
        let kept = ["logits"] + knowledge.paths
        let size = Memory.format(knowledge.byteCount)
        let line = "knowledge of \(knowledge.teacher): \(counted(knowledge.count, "row")), \(size)"
        if style == .inline { return "<\(line)>" }
        return
            "\(line)\nkept: \(kept.joined(separator: ", "))\ncomputed in \(floatText((knowledge.seconds * 10).rounded() / 10)) s"
    }
    override var fieldNames: [String] { ["teacher", "fingerprint", "paths", "seconds", "bytes"] }
    override func count(_ machine: Machine) throws -> Int? { knowledge.count }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "teacher": .string(knowledge.teacher)
        case "fingerprint": .string(knowledge.fingerprint)
        case "paths": knowledge.paths.scriptValue
        case "seconds": .float(knowledge.seconds)
        case "bytes": .int(knowledge.byteCount)
        default: nil
        }
    }
    override var isCallable: Bool { true }
    override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        guard arguments.positional.count == 1, let batch = (arguments.positional[0].object as? BatchObject)?.batch
        else { throw Fault("knowledge is asked for a batch: k(batch)", kind: "type") }
        let output = try knowledge(batch)
        return .object(OutputObject(output.logits, hidden: output.hidden))
    }
}

extension Knowledge: ScriptConvertible {
    public static var scriptType: String { "knowledge" }
    public static func from(_ value: Value) throws -> Knowledge? { (value.object as? KnowledgeObject)?.knowledge }
    public var scriptValue: Value { .object(KnowledgeObject(self)) }
}

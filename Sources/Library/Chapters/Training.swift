import Distillation
import Language
import Networks
import Tensors

/// Optimizers, losses as values, and the pieces of a training loop.
func trainingChapter() -> Chapter {
    let target = Parameter<TrainableArgument>("parameters", "a model, or a list of parameters")
    let lr = Parameter<Double>("lr", "learning rate")
    let schedule = Parameter<ScheduleChoice>("schedule", "how the rate goes", default: .constant)
    let steps = Parameter<Int?>("steps", "how many there will be, for the schedule", default: nil)
    let warmup = Parameter<Double>("warmup", "share of the steps in which the rate rises from 0", default: 0)
    let clip = Parameter<Double?>("clip", "longest gradient, as a norm over all parameters", default: nil)
    func make(
        _ rule: Optimizer.Rule, _ target: TrainableArgument, _ lr: Double, _ decay: Double, _ schedule: ScheduleChoice,
        _ steps: Int?, _ warmup: Double, _ clip: Double?, isLazy: Bool = false
    ) throws -> Optimizer {
        guard (0...1).contains(warmup) else {
            throw Fault("\(rule.name): warmup is \(floatText(warmup)); it is a share from 0 to 1", kind: "value")
        }
        return try Optimizer(
            rule, parameters: target.parameters, lr: lr, weightDecay: decay,
            schedule: Schedule(rawValue: schedule.rawValue) ?? .constant,
            warmupSteps: Int((warmup * Double(steps ?? 0)).rounded()), totalSteps: steps, clip: clip, isLazy: isLazy)
    }
    func adam(_ decoupled: Bool) -> Builtin {
        Builtin(
            decoupled ? "adamw" : "adam",
            decoupled
                ? "Adam with weight decay apart from the gradient."
                : "Adam: steps scaled by running moments of the gradient.", target,
            Parameter<Double>("lr", "learning rate", default: 1e-3),
            Parameter<[Double]>("betas", "decay of the two moments", default: [0.9, 0.999]),
            Parameter<Double>("eps", "added to the root of the second moment", default: 1e-8),
            Parameter<Double>(
                "weight_decay",
                decoupled
                    ? "share of each parameter taken away, times lr" : "added to the gradient, times the parameter",
                default: decoupled ? 0.01 : 0), schedule, steps, warmup, clip,
            Parameter<Bool>(
                "lazy", "leave rows of matrices without a gradient as they are, moments and decay too", default: false),
            details:
                "lazy=true suits large embeddings of which a batch reads a few rows; where none is skipped, it changes nothing.",
            example:
                "m = linear(2, 1)\nopt = \(decoupled ? "adamw" : "adam")(m, lr=0.1)\nopt.step(mean(m(ones(4, 2)) ** 2))\nopt.steps  # → 1",
            source: decoupled ? "Loshchilov, Hutter 2017, arXiv:1711.05101" : "Kingma, Ba 2014, arXiv:1412.6980"
        ) {
            (
                target: TrainableArgument, lr: Double, betas: [Double], eps: Double, decay: Double,
                schedule: ScheduleChoice, steps: Int?, warmup: Double, clip: Double?, lazy: Bool
            ) throws -> Optimizer in
            guard betas.count == 2 else {
                throw Fault(
                    "\(decoupled ? "adamw" : "adam"): betas are two numbers, \(betas.count) are given", kind: "value")
            }
            return try make(
                .adam(beta1: betas[0], beta2: betas[1], eps: eps, decoupled: decoupled), target, lr, decay, schedule,
                steps, warmup, clip, isLazy: lazy)
        }
    }
    return Chapter(
        "Training", "Optimizers, losses as values, and the pieces of a training loop.",
        [
            adam(true), adam(false),
            Builtin(
                "sgd", "Stochastic gradient descent, with momentum if asked.", target, lr,
                Parameter<Double>("momentum", "share of the last step that is kept", default: 0),
                Parameter<Double>("dampening", "of the momentum", default: 0),
                Parameter<Bool>("nesterov", "look ahead along the momentum", default: false),
                Parameter<Double>("weight_decay", "added to the gradient, times the parameter", default: 0), schedule,
                steps, warmup, clip,
                example: "m = linear(2, 1)\nopt = sgd(m, lr=0.1)\nopt.step(mean(m(ones(4, 2)) ** 2))\nopt.steps  # → 1"
            ) {
                (
                    target: TrainableArgument, lr: Double, momentum: Double, dampening: Double, nesterov: Bool,
                    decay: Double, schedule: ScheduleChoice, steps: Int?, warmup: Double, clip: Double?
                ) throws -> Optimizer in
                try make(
                    .sgd(momentum: momentum, dampening: dampening, nesterov: nesterov), target, lr, decay, schedule,
                    steps, warmup, clip)
            },
            Builtin(
                "step", "One update: of an optimizer by a loss, opt.step(loss); of a run by what a loss came to.",
                Parameter<Value>("target", "an optimizer or a run"), Parameter<Value>("loss", "a single number"),
                Parameter<Double>("lr", "for a run, the learning rate of the step", default: 0),
                example: "m = linear(2, 1)\nopt = sgd(m, lr=0.1)\nopt.step(mean(m(ones(4, 2)) ** 2))"
            ) { (context: CallContext, target: Value, loss: Value, rate: Double) throws -> Void in
                guard let value = loss.object as? TensorObject else {
                    throw Fault(
                        "step: the loss must be a tensor, not \(loss.described)", kind: "type", argument: .positional(1)
                    )
                }
                switch target.object {
                case let object as OptimizerObject:
                    try (value as? LossValueObject)?.checkTeacher(against: object.optimizer)
                    try object.optimizer.step(value.tensor)
                case let run as RunObject:
                    let terms = (value as? LossValueObject)?.value.terms.map { ($0.name, $0.value) } ?? []
                    run.record.step(
                        loss: try value.tensor.item(), terms: terms, count: (value as? LossValueObject)?.count ?? 1,
                        learningRate: rate)
                    if let line = run.record.progressLine() { context.machine.output.write(line, to: .progress) }
                default:
                    throw Fault(
                        "step: the target must be an optimizer or a run, not \(target.described)", kind: "type",
                        argument: .positional(0))
                }
            },
            Builtin(
                "adopt", "Takes the parameters that a loss made for itself into an optimizer.",
                Parameter<Optimizer>("optimizer", "an optimizer"), Parameter<Loss>("loss", "a loss"),
                example: "m = linear(2, 1)\nadamw(m).adopt(cross_entropy())"
            ) { (optimizer: Optimizer, loss: Loss) throws -> Void in
                optimizer.adopt(loss.parameters.enumerated().map { ("projection.\($0.offset)", $0.element) })
            },
            Builtin(
                "loss_fn", "A loss value from a function of the student's output, the teacher's, and the batch.",
                Parameter<String>("name", "how it is shown and reported"),
                Parameter<Callable>("f", "(s, t, batch) -> a single number"),
                Parameter<[String]>("student", "paths of the student's hidden values it reads", default: []),
                Parameter<[String]>("teacher", "paths of the teacher's", default: []),
                Parameter<ProjectChoice>(
                    "project", "bridge different widths by trained maps: true, or \"shared\" for one map of all pairs",
                    default: .no),
                Parameter<Bool?>("uses_teacher", "whether t is read; nil finds out when it is called", default: nil),
                Parameter<Bool>("uses_labels", "whether batch.labels are read", default: false),
                Parameter<LayerChoice>(
                    "layers", "with a * in both paths, which of the teacher's layers the student's follow",
                    default: .evenly),
                Parameter<Bool>(
                    "gradients", "whether f differentiates what the teacher computes; \"input\" is a path then",
                    default: false),
                Parameter<Int>(
                    "least", "samples that a batch must have; distill() leaves out a last batch with fewer", default: 1),
                Parameter<MapArgument?>(
                    "own",
                    "an empty map that f fills at the first batch: its models and parameters train along, its texts are said",
                    default: nil),
                Parameter<String?>("maker", "the function whose help explain() shows", default: nil),
                details:
                    "s.logits and t.logits are the outputs; s.hidden[path] a hidden value that was asked for. Over several pairs of layers the value is the mean.",
                example:
                    "agree = loss_fn(\"agree\", (s, t, batch) -> mean((s.logits - t.logits) ** 2))\n2 * agree  # → 2 * agree"
            ) {
                (
                    context: CallContext, name: String, f: Callable, student: [String], teacher: [String],
                    project: ProjectChoice, usesTeacher: Bool?, usesLabels: Bool, layers: LayerChoice, gradients: Bool,
                    least: Int, own: MapArgument?, maker: String?
                ) throws -> Loss in
                let machine = context.machine
                return Loss(
                    Loss.Term(
                        name, studentPaths: student, teacherPaths: teacher, choice: layers,
                        usesTeacher: usesTeacher ?? !teacher.isEmpty, usesLabels: usesLabels,
                        needsGradients: gradients, leastBatch: least,
                        projection: project == .no ? nil : Projection(shared: project == .shared),
                        own: own.map { OwnState($0.map) }, maker: maker
                    ) { s, t, batch in
                        let answer = try f(
                            machine, .object(OutputObject(s.logits, hidden: s.hidden)),
                            t.map { .object(OutputObject($0.logits, hidden: $0.hidden)) } ?? .null,
                            .object(BatchObject(batch)))
                        guard let tensor = (answer.object as? TensorObject)?.tensor else {
                            throw Fault(
                                "the loss \(name) must answer a tensor, it answered \(answer.described)", kind: "type")
                        }
                        return tensor
                    })
            },
            Builtin(
                "matched", "A loss whose patterns of layers are replaced by the layers they stand for.",
                Parameter<Loss>("loss", "a loss"), Parameter<[String]>("student", "the paths of the student"),
                Parameter<[String]>("teacher", "the paths of the teacher, or those that are known of it"),
                example:
                    "s, t = chain(linear(2, 2), linear(2, 2)), chain(linear(2, 2), linear(2, 2), linear(2, 2), linear(2, 2))\nmatched(hint(teacher=\"*\", student=\"*\"), paths(s), paths(t)).teacher_paths  # → [\"1\", \"3\"]"
            ) { (loss: Loss, student: [String], teacher: [String]) throws in
                try loss.matched(student: student, teacher: teacher)
            },
            Builtin(
                "begin", "Forgets what a loss made and learned for itself in an earlier training.",
                Parameter<Loss>("loss", "a loss"), example: "begin(hint(teacher=\"0\", student=\"0\"))"
            ) { (loss: Loss) throws -> Void in loss.begin() },
            Builtin(
                "schedule", "A number that changes as training goes on, from a function of the moment.",
                Parameter<String>("name", "how it is shown"),
                Parameter<Callable>("f", "at → a number; at has step, steps, epoch and progress from 0 to 1"),
                example: "kl(T=schedule(\"falling\", at -> 8 - 6 * at.progress))  # → kl(T=falling)"
            ) { (context: CallContext, name: String, f: Callable) throws -> Value in
                let machine = context.machine
                return .object(
                    ScheduleObject(
                        ScheduledNumber(name) { moment in
                            let answer = try f(machine, .object(MomentObject(moment)))
                            guard let number = answer.number, number.isFinite else {
                                throw Fault(
                                    "the schedule \(name) must answer a number, it answered \(answer.described)",
                                    kind: "type")
                            }
                            return number
                        }))
            },
            Builtin(
                "now", "What a schedule is at the moment, inside a loss; a plain number is itself.",
                Parameter<Value>("x", "a number or a schedule"),
                Parameter<Value>("at", "a moment; nil for that of the loss", default: .null),
                example: "now(4.0)  # → 4.0"
            ) { (x: Value, at: Value) throws -> Value in
                if let scheduled = (x.object as? ScheduleObject)?.number {
                    return .float(try scheduled.now((at.object as? MomentObject)?.moment))
                }
                guard x.number != nil else {
                    throw Fault(
                        "a number or a schedule is due here, not \(x.described)", hint: "4.0, or cosine(8, 2)",
                        kind: "type", argument: .positional(0))
                }
                return x
            },
            Builtin(
                "moment", "Where a training stands, for loss(…, at=moment(…)).",
                Parameter<Int>("step", "counted from 1"), Parameter<Int>("steps", "how many there will be"),
                Parameter<Int>("per_epoch", "how many in an epoch", default: 1),
                example: "moment(6, 10, per_epoch=5).epoch  # → 1.0"
            ) { (step: Int, steps: Int, perEpoch: Int) throws -> Value in
                .object(MomentObject(Moment(step: step, steps: steps, stepsPerEpoch: perEpoch)))
            },
            Builtin(
                "knowledge",
                "What a frozen teacher gives for every row of a dataset, as a value: it takes the teacher's place in distill().",
                Parameter<Layer>("teacher", "a model"), Parameter<Dataset>("data", "a dataset"),
                Parameter<[String]>("keep", "paths of hidden values; the logits are always kept", default: []),
                Parameter<HalfOrFull>("dtype", "\"f32\", or \"f16\" for half the room", default: .f32),
                Parameter<Int?>("topk", "keep only the so many likeliest classes; nil for all", default: nil),
                Parameter<Int>("batch", "rows at a time", default: 256),
                Parameter<String?>("file", "where it is kept: read if it is there, else written", default: nil),
                details:
                    "Rows are found by what the teacher read, so that shuffled, divided or relabelled data is served. Within a session it is computed once for each teacher and dataset. With topk the other classes share evenly what is left, and logits come back as log-probabilities. k(batch) is the output for a batch; a row that was not asked about is an error, and so is a file that another teacher made.",
                example:
                    "d = dataset({\"x\": ones(3, 2)})\nk = knowledge(linear(2, 4), d)\nfor b in d |> batches(2) { print(k(b).logits.shape) }"
            ) {
                (
                    context: CallContext, teacher: Layer, data: Dataset, keep: [String], dtype: HalfOrFull, topk: Int?,
                    batch: Int, file: String?
                ) throws -> Knowledge in
                let paths = keep.filter { $0 != "logits" }
                if let topk, topk < 1 {
                    throw Fault(
                        "knowledge: topk must be at least 1, it is \(topk)", kind: "value", argument: .keyword("topk"))
                }
                let form = topk.map { StoredForm.largest($0) } ?? (dtype == .f16 ? .half : .exact)
                if let file, File.exists(file) {
                    let known = try Knowledge(file: file)
                    let isCurrent =
                        try known.fingerprint == Knowledge.fingerprint(of: teacher, paths: paths, form: form)
                    let missing = try known.missing(in: data)
                    guard isCurrent, missing == 0 else {
                        throw Fault(
                            "knowledge: \(file) is stale: "
                                + (isCurrent
                                    ? "\(counted(missing, "row")) of the data are not in it"
                                    : "another teacher made it, or for other values"),
                            hint: "delete the file, or name another", kind: "value", argument: .keyword("file"),
                            code: "KD015")
                    }
                    return known
                }
                let (known, wasKnown) = try data.knowledge(of: teacher, paths: paths, form: form, batch: batch) {
                    done in
                    context.machine.output.write("teacher  \(done)/\(data.count) rows", to: .progress)
                }
                if wasKnown, known.seconds >= 1, RunRecord.showsTimes {
                    let saved = floatText((known.seconds * 10).rounded() / 10)
                    context.machine.output.write(
                        "teacher  its answers are known already, \(saved) s saved\n", to: .progress)
                }
                if let file { try known.save(file) }
                return known
            },
            Builtin(
                "load_knowledge", "Knowledge from a file that save(k, file) wrote.",
                Parameter<String>("path", "the file"),
                example:
                    "k = knowledge(linear(2, 4), dataset({\"x\": ones(3, 2)}))\nsave(k, \"/tmp/kd-example-knowledge.safetensors\")\nlen(load_knowledge(\"/tmp/kd-example-knowledge.safetensors\"))  # → 3"
            ) { (context: CallContext, path: String) throws in try Knowledge(file: context.located(path)) },
            Builtin(
                "save_training", "Writes how a training stands, so that it can go on from there.",
                Parameter<String>("path", "the file"), Parameter<RunArgument>("run", "its run"),
                Parameter<LearnersArgument>("learners", "a list of [model, optimizer or nil]"),
                Parameter<[Loss]>("losses", "its losses"),
                Parameter<String>("fingerprint", "stands for what the training is of"),
                Parameter<MapArgument>("notes", "plain values that the loop needs"),
                example:
                    "m = linear(2, 1)\nrun = start_run(\"train\", m, cross_entropy(), steps=4, per_epoch=2)\nsave_training(\"/tmp/kd-example-run.safetensors\", run, [[m, adamw(m)]], [cross_entropy()], \"mine\", {\"step\": 0})"
            ) {
                (
                    context: CallContext, path: String, run: RunArgument, learners: LearnersArgument, losses: [Loss],
                    fingerprint: String, notes: MapArgument
                ) throws -> Void in
                guard let notes = JSONValue(.object(notes.map), depth: 0) else {
                    throw Fault("save_training: the notes must be plain values", kind: "type")
                }
                try TrainingState(learners.learners, losses: losses, run: run.run.record).save(
                    to: context.located(path), fingerprint: fingerprint, notes: notes)
            },
            Builtin(
                "training_notes", "The notes in a file of save_training.", Parameter<String>("path", "the file"),
                Parameter<String>("fingerprint", "stands for what the training is of"),
                example:
                    "m = linear(2, 1)\nrun = start_run(\"train\", m, cross_entropy(), steps=4, per_epoch=2)\nsave_training(\"/tmp/kd-example-run.safetensors\", run, [[m, nil]], [cross_entropy()], \"mine\", {\"step\": 0})\ntraining_notes(\"/tmp/kd-example-run.safetensors\", \"mine\")[\"step\"]  # → 0"
            ) { (context: CallContext, path: String, fingerprint: String) throws -> Value in
                try TrainingState.notes(of: context.located(path), fingerprint: fingerprint).scriptValue
            },
            Builtin(
                "restore_training",
                "Takes models, optimizers, loss, run and random stream over from a file of save_training.",
                Parameter<String>("path", "the file"), Parameter<RunArgument>("run", "a run that begins"),
                Parameter<LearnersArgument>("learners", "a list of [model, optimizer or nil]"),
                Parameter<[Loss]>("losses", "its losses"),
                example:
                    "m = linear(2, 1)\nrun = start_run(\"train\", m, cross_entropy(), steps=4, per_epoch=2)\nsave_training(\"/tmp/kd-example-run.safetensors\", run, [[m, nil]], [cross_entropy()], \"mine\", {})\nrestore_training(\"/tmp/kd-example-run.safetensors\", run, [[m, nil]], [cross_entropy()])"
            ) {
                (context: CallContext, path: String, run: RunArgument, learners: LearnersArgument, losses: [Loss])
                    throws
                    -> Void in
                try TrainingState(learners.learners, losses: losses, run: run.run.record).restore(
                    from: context.located(path))
            },
            Builtin(
                "random_state", "Where the random stream stands, as a text for restore_random_state.",
                example:
                    "here = random_state()\na = rand(2)\nrestore_random_state(here)\nallclose(rand(2), a)  # → true"
            ) { () throws -> String in RandomStream.global.description },
            Builtin(
                "restore_random_state", "Puts the random stream where it stood.",
                Parameter<String>("state", "what random_state gave"),
                example: "restore_random_state(random_state())"
            ) { (state: String) throws -> Void in
                guard let stream = RandomStream(state) else {
                    throw Fault("restore_random_state: this is no state of the random stream", kind: "value")
                }
                RandomStream.global = stream
            },
            Builtin(
                "fingerprint", "A text that stands for a model's weights, a dataset's rows, or knowledge.",
                Parameter<Value>("x", "a model, dataset or knowledge"),
                example: "m = linear(2, 1)\nfingerprint(m) == fingerprint(copy(m))  # → true"
            ) { (x: Value) throws -> String in
                switch x.object {
                case let model as LayerObject:
                    return try Knowledge.fingerprint(of: model.layer, paths: [], form: .exact)
                case let data as DatasetObject: return String(try data.dataset.fingerprint(), radix: 16)
                case let known as KnowledgeObject: return known.knowledge.fingerprint
                default:
                    throw Fault(
                        "fingerprint: a model, dataset or knowledge is due, not \(x.described)", kind: "type",
                        argument: .positional(0))
                }
            },
        ])
}

/// What an optimizer trains: a model's parameters, or those in a list or map.
struct TrainableArgument: ScriptConvertible {
    let parameters: [(path: String, parameter: Tensors.Parameter)]
    static var scriptType: String { "model or list of parameters" }
    static func from(_ value: Value) throws -> TrainableArgument? {
        if let model = (value.object as? LayerObject)?.layer {
            return TrainableArgument(parameters: model.parameters())
        }
        if let map = value.object as? MapObject { return try from(.list(map.values)) }
        guard let items = value.items ?? (value.object is TensorObject ? [value] : nil) else { return nil }
        return TrainableArgument(
            parameters: try items.enumerated().flatMap {
                index, item -> [(path: String, parameter: Tensors.Parameter)] in
                if let model = (item.object as? LayerObject)?.layer {
                    return model.parameters().map { ("\(index).\($0.path)", $0.parameter) }
                }
                guard let parameter = (item.object as? TensorObject)?.parameter else {
                    throw Fault(
                        "item \(index) is no parameter but \(item.described)", hint: "parameter(x) makes one",
                        kind: "type")
                }
                return [("\(index)", parameter)]
            })
    }
    var scriptValue: Value { .list(parameters.map { .object(TensorObject(parameter: $0.parameter)) }) }
}

/// Whether a loss's hidden values are bridged by trained maps: false, true or "shared".
enum ProjectChoice: ScriptConvertible {
    case no, each, shared
    static var scriptType: String { "true, false or \"shared\"" }
    static func from(_ value: Value) throws -> ProjectChoice? {
        switch value {
        case .bool(let flag): flag ? .each : .no
        case _ where value.string == "shared": .shared
        default: nil
        }
    }
    var scriptValue: Value { self == .shared ? .string("shared") : .bool(self == .each) }
}

extension OwnState {
    /// The values of a map that a script's formula fills.
    init(_ map: MapObject) {
        self.init(
            parameters: {
                map.values.flatMap { value -> [Tensors.Parameter] in
                    if let model = (value.object as? LayerObject)?.layer { return model.parameters().map(\.parameter) }
                    return (value.object as? TensorObject)?.parameter.map { [$0] } ?? []
                }
            },
            tensors: {
                map.entries.compactMap { key, value in
                    guard let name = key.string, let object = value.object as? TensorObject, object.parameter == nil
                    else { return nil }
                    return (name, object.tensor)
                }
            },
            replace: { name, tensor in map[.string(name)] = tensor.scriptValue },
            notes: { map.values.compactMap(\.string) },
            forget: { map.removeAll() })
    }
}

/// Models with their optimizers, as [[model, optimizer], [model, nil]].
struct LearnersArgument: ScriptConvertible {
    let learners: [TrainingState.Learner]
    static var scriptType: String { "list of [model, optimizer or nil]" }
    static func from(_ value: Value) throws -> LearnersArgument? {
        guard let items = value.items else { return nil }
        var learners: [TrainingState.Learner] = []
        for item in items {
            guard let pair = item.items, pair.count == 2, let model = (pair[0].object as? LayerObject)?.layer
            else { return nil }
            learners.append((model, (pair[1].object as? OptimizerObject)?.optimizer))
        }
        return LearnersArgument(learners: learners)
    }
    var scriptValue: Value {
        .list(
            learners.map {
                .list([$0.model.scriptValue, $0.optimizer.map { .object(OptimizerObject($0)) } ?? .null])
            })
    }
}

/// How precisely numbers are kept.
enum HalfOrFull: String, ScriptChoice { case f32, f16 }

extension LayerChoice: ScriptChoice {}

/// How the learning rate goes.
enum ScheduleChoice: String, ScriptChoice { case constant, linear, cosine }

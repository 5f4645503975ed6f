import Networks
import Tensors

/// Everything that decides how a training goes on, in one safetensors file: models, moments of the optimizers, what a loss
/// trains for itself, the record of the run, the random stream, and notes of the loop.
///
/// A training that was stopped and goes on from such a file ends in the same bits as one that was not.
public struct TrainingState {
    /// A model with the optimizer that trains it, if one does.
    public typealias Learner = (model: Layer, optimizer: Optimizer?)

    private static let key = "kd.training"

    let learners: [Learner]
    let losses: [Loss]
    let run: RunRecord

    public init(_ learners: [Learner], losses: [Loss], run: RunRecord) {
        (self.learners, self.losses, self.run) = (learners, losses, run)
    }

    /// Writes the file whole or not at all.
    ///
    /// - Parameters:
    ///   - fingerprint: stands for the arguments of the training; `notes` refuses a file with another.
    ///   - notes: what the loop remembers of itself.
    public func save(to path: String, fingerprint: String, notes: JSONValue) throws {
        var tensors: [(String, Tensor)] = []
        var optimizers: [JSONValue] = []
        for (index, learner) in learners.enumerated() {
            tensors += values(of: learner.model).map { ("model.\(index).\($0.name)", $0.tensor) }
            guard let optimizer = learner.optimizer else {
                optimizers.append(.null)
                continue
            }
            let state = optimizer.state()
            tensors += state.moments.map { ("optimizer.\(index).\($0.name)", $0.tensor) }
            optimizers.append(
                .object([
                    "steps": .int(state.steps), "rate": .float(optimizer.baseRate),
                    "parameters": .array(state.parameterSteps.map { .int($0) }),
                ]))
        }
        for (index, loss) in losses.enumerated() {
            tensors += loss.parameters.enumerated().map { ("loss.\(index).\($0.offset)", $0.element.value) }
            tensors += loss.ownTensors.map { ("loss.\(index).own.\($0.name)", $0.tensor) }
        }
        let about = JSONValue.object([
            "version": .int(1), "fingerprint": .string(fingerprint), "optimizers": .array(optimizers),
            "run": run.json, "random": .string(RandomStream.global.description), "notes": notes,
        ])
        try SafetensorsFile.write(tensors, metadata: [Self.key: try about.text()], to: path)
    }

    /// The notes of a file, before anything is taken over from it.
    ///
    /// - Throws: `FormatError` for a file that is no saved training; `training` for one with another fingerprint.
    public static func notes(of path: String, fingerprint: String) throws -> JSONValue {
        let about = try self.about(SafetensorsFile(path))
        guard about["fingerprint"]?.string == fingerprint else {
            throw ModelError(
                .training, "\(path) holds another training: its data, teacher, loss or settings were not these",
                hint: "delete the file, or name another", code: "KD015")
        }
        return about["notes"] ?? .null
    }

    /// Takes everything over from a file.
    public func restore(from path: String) throws {
        let file = try SafetensorsFile(path)
        do {
            let about = try Self.about(file)
            let optimizers = about["optimizers"]?.array ?? []
            guard optimizers.count == learners.count else {
                throw FormatError("it holds \(optimizers.count) models, and \(learners.count) are trained here")
            }
            for (index, learner) in learners.enumerated() {
                for (path, parameter) in learner.model.parameters() {
                    try parameter.assign(file.tensor("model.\(index).\(path)"))
                }
                for (path, owner, name, _) in learner.model.buffers() {
                    try owner.setBuffer(name, to: file.tensor("model.\(index).\(path)"))
                }
                guard let optimizer = learner.optimizer else { continue }
                let state = optimizers[index]
                guard let steps = state["steps"]?.int, let rate = state["rate"]?.double, steps >= 0,
                    let parameterSteps = state["parameters"]?.array?.compactMap(\.int)
                else { throw FormatError("the state of optimizer \(index) is not there") }
                optimizer.baseRate = rate
                try optimizer.restore(steps: steps, parameterSteps: parameterSteps) { name in
                    let name = "optimizer.\(index).\(name)"
                    return file[name] == nil ? nil : try file.tensor(name)
                }
            }
            for (index, loss) in losses.enumerated() {
                for (number, parameter) in loss.parameters.enumerated() {
                    try parameter.assign(file.tensor("loss.\(index).\(number)"))
                }
                try loss.restoreOwn { try file.tensor("loss.\(index).own.\($0)") }
            }
            guard let text = about["random"]?.string, let stream = RandomStream(text) else {
                throw FormatError("the random stream is not there")
            }
            RandomStream.global = stream
            try run.restore(about["run"] ?? .null)
        } catch var error as FormatError {
            error.file = error.file ?? path
            throw error
        }
    }

    private func values(of model: Layer) -> [(name: String, tensor: Tensor)] {
        model.parameters().map { ($0.path, $0.parameter.value) } + model.buffers().map { ($0.path, $0.value) }
    }

    private static func about(_ file: SafetensorsFile) throws -> JSONValue {
        guard let text = file.metadata[key] else {
            var error = FormatError("these are tensors, but no saved training", hint: "name another file")
            error.file = file.path
            throw error
        }
        let about = try JSONValue.parse(text)
        guard about["version"]?.int == 1 else {
            throw FormatError("this training was saved by a later version; this one reads version 1")
        }
        return about
    }
}

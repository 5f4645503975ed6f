import Language
import Networks
import Tensors

/// `with no_grad { … }`: computations inside are not recorded.
final class RecordingScope: Object {
    private let recording: Bool
    private var before: [Bool] = []

    init(recording: Bool) { self.recording = recording }

    override var typeName: String { "scope" }
    override func display(_ style: DisplayStyle) -> String { "<no_grad: write `with no_grad { … }`>" }
    override func enter(_ machine: Machine) throws { before.append(Graph.setRecording(recording)) }
    override func exit(_ machine: Machine) { if let was = before.popLast() { _ = Graph.setRecording(was) } }
}

/// `with training(model) { … }`: the model is in training mode inside, and back in its own afterwards.
final class TrainingScope: Object {
    private let model: Layer
    private let training: Bool
    private var before: [[(layer: Layer, mode: Bool)]] = []

    init(_ model: Layer, training: Bool) {
        self.model = model
        self.training = training
    }

    override var typeName: String { "scope" }
    override func display(_ style: DisplayStyle) -> String {
        training
            ? "<training: write `with training(model) { … }`>" : "<evaluation: write `with evaluation(model) { … }`>"
    }
    override func enter(_ machine: Machine) throws { before.append(model.setTraining(training)) }
    override func exit(_ machine: Machine) { if let modes = before.popLast() { Layer.restoreTraining(modes) } }
}

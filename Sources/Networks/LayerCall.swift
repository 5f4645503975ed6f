import Tensors

extension Layer {
    /// The layers being called now, the model first.
    nonisolated(unsafe) private static var stack: [Layer] = []

    /// Computes this layer's output, carries the mask along and hands the output to a capture that wants it.
    ///
    /// - Throws: what the computation throws; a `TensorError` gets the path of the layer it came from.
    public final func callAsFunction(_ x: Tensor) throws -> Tensor {
        let x = try Capture.current?.input(of: self, x) ?? x
        return try calling(with: x.mask) { try forward(x) }
    }

    /// The frame of every call, for layers whose computation takes other arguments than one tensor.
    ///
    /// - Parameter mask: of the input; the output gets it when its leading axes are still [B, T].
    public final func calling(with mask: Tensor?, _ body: () throws -> Tensor) throws -> Tensor {
        Layer.stack.append(self)
        defer { Layer.stack.removeLast() }
        var output: Tensor
        do {
            output = try body()
        } catch var error as TensorError where error.layer == nil && error.kind != .interrupt {
            error.layer = describedInModel
            throw error
        }
        // Rank 2 would be taken for [B, T] although it may be [B, C] with as many classes as positions.
        if let mask, output.mask == nil, output.rank >= 3, output.shape.starts(with: mask.shape) { output.mask = mask }
        if let capture = Capture.current { output = try capture.record(self, output) }
        CallObserver.current?.observe(self, output)
        return output
    }

    /// `part "encoder.layer.3" of the chain: linear 64 → 128`, seen from the model that was called.
    private var describedInModel: String {
        guard let model = Layer.stack.first, model !== self, let path = model.path(of: self) else { return title }
        return "part \"\(path)\" of the \(model.kind): \(title)"
    }

    /// The layer whose computation is running.
    public static var running: Layer? { stack.last }

    /// Whether somebody wants to see what this layer notes.
    public final var wantsNotes: Bool { Capture.current?.wantsNotes(of: self) ?? false }

    /// Whether the run under way is watched for what this layer or a part of it makes. If not, values that reach no
    /// answer may be left out.
    public final var isObserved: Bool {
        CallObserver.current != nil || Capture.current?.wantsValues(of: tree().map(\.layer)) ?? false
    }

    /// Gives a value inside a computation a name under this layer's path, so that a capture can ask for it; the
    /// computation goes on with what it returns.
    ///
    /// The attention probabilities of a layer at "encoder.0.attention" may be noted as "weights" and are then found
    /// at "encoder.0.attention.weights".
    @discardableResult
    public final func note(_ name: String, _ value: Tensor) throws -> Tensor {
        try Capture.current?.record(self, value, note: name) ?? value
    }
}

/// Sees every layer's output while a run is under way.
final class CallObserver {
    nonisolated(unsafe) fileprivate(set) static var current: CallObserver?

    fileprivate let observe: (Layer, Tensor) -> Void

    init(_ observe: @escaping (Layer, Tensor) -> Void) { self.observe = observe }

    func during<R>(_ run: () throws -> R) rethrows -> R {
        let before = CallObserver.current
        CallObserver.current = self
        defer { CallObserver.current = before }
        return try run()
    }
}

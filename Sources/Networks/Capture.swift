import Tensors

/// Hidden values of a model's run, by path: no hooks, nothing to remove afterwards.
public final class Capture {
    /// The captures under way, the innermost last.
    nonisolated(unsafe) private(set) static var current: Capture?

    private let outer: Capture?
    private var pathsOfLayers: [ObjectIdentifier: [String]] = [:]
    private var pathsOfNotes: [ObjectIdentifier: [String: [String]]] = [:]
    private var found: [String: Tensor] = [:]

    private init(_ model: Layer, _ paths: [String], inside outer: Capture?) throws {
        self.outer = outer
        for path in paths {
            if let layer = try? model.layer(at: path) {
                pathsOfLayers[ObjectIdentifier(layer), default: []].append(path)
                continue
            }
            // What is no layer may be a value that a layer will note.
            let cut = path.lastIndex(of: ".")
            let owner = cut.map { String(path[..<$0]) } ?? ""
            let name = cut.map { String(path[path.index(after: $0)...]) } ?? path
            guard let layer = try? model.layer(at: owner) else { throw model.unknownPath(path) }
            pathsOfNotes[ObjectIdentifier(layer), default: [:]][name, default: []].append(path)
        }
    }

    /// Runs the model and keeps the outputs of the layers at some paths.
    ///
    /// - Throws: `name` for a path that is not there, or whose layer the run did not reach.
    public static func run(
        _ model: Layer, on x: Tensor, keeping paths: [String]
    ) throws -> (output: Tensor, hidden: [String: Tensor]) {
        try run(model, keeping: paths) { try model(x) }
    }

    /// Runs `body`, which calls the model, and keeps the outputs of the model's layers at some paths.
    public static func run<R>(
        _ model: Layer, keeping paths: [String], _ body: () throws -> R
    ) throws -> (output: R, hidden: [String: Tensor]) {
        if paths.isEmpty { return (try body(), [:]) }
        let capture = try Capture(model, paths, inside: current)
        current = capture
        defer { current = capture.outer }
        let output = try body()
        for path in paths where capture.found[path] == nil { throw capture.missing(path, model) }
        return (output, capture.found)
    }

    private func missing(_ path: String, _ model: Layer) -> ModelError {
        if (try? model.layer(at: path)) != nil {
            return ModelError(.name, "the layer at \"\(path)\" was not used in this run, so it has no output")
        }
        return model.unknownPath(path)
    }

    func record(_ layer: Layer, _ output: Tensor) {
        outer?.record(layer, output)
        for path in pathsOfLayers[ObjectIdentifier(layer)] ?? [] { found[path] = output }
    }

    func record(_ layer: Layer, _ value: Tensor, note name: String) {
        outer?.record(layer, value, note: name)
        for path in pathsOfNotes[ObjectIdentifier(layer)]?[name] ?? [] { found[path] = value }
    }
}

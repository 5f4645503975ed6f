import Tensors

/// Hidden values of a model's run, by path: no hooks, nothing to remove afterwards.
public final class Capture {
    /// The captures under way, the innermost last.
    nonisolated(unsafe) private(set) static var current: Capture?

    /// The path of what the model itself reads.
    public static let inputPath = "input"

    private let outer: Capture?
    private let model: Layer
    private let wantsInput: Bool
    /// Whether what is found can be differentiated by, even where no parameter before it is trained.
    private let tracks: Bool
    private let shifts: [String: Tensor]
    private var pathsOfLayers: [ObjectIdentifier: [String]] = [:]
    private var pathsOfNotes: [ObjectIdentifier: [String: [String]]] = [:]
    private var found: [String: Tensor] = [:]

    private init(
        _ model: Layer, _ paths: [String], tracks: Bool, shifts: [String: Tensor], inside outer: Capture?
    ) throws {
        (self.outer, self.model, self.tracks, self.shifts) = (outer, model, tracks, shifts)
        wantsInput = paths.contains(Capture.inputPath) && (try? model.layer(at: Capture.inputPath)) == nil
        for path in paths {
            if let layer = try? model.layer(at: path) {
                pathsOfLayers[ObjectIdentifier(layer), default: []].append(path)
                continue
            }
            if path == Capture.inputPath { continue }
            // What is no layer may be a value that a layer will note.
            let cut = path.lastIndex(of: ".")
            let owner = cut.map { String(path[..<$0]) } ?? ""
            let name = cut.map { String(path[path.index(after: $0)...]) } ?? path
            guard let layer = try? model.layer(at: owner) else { throw model.unknownPath(path) }
            pathsOfNotes[ObjectIdentifier(layer), default: [:]][name, default: []].append(path)
        }
    }

    /// Whether this capture or one around it keeps or shifts values of some layers.
    func wantsValues(of layers: [Layer]) -> Bool {
        layers.contains { pathsOfLayers[ObjectIdentifier($0)] != nil || pathsOfNotes[ObjectIdentifier($0)] != nil }
            || outer?.wantsValues(of: layers) ?? false
    }

    func wantsNotes(of layer: Layer) -> Bool {
        pathsOfNotes[ObjectIdentifier(layer)] != nil || outer?.wantsNotes(of: layer) ?? false
    }

    /// Runs `body`, which calls the model, and keeps the outputs of the model's layers at some paths; "input" is what the
    /// model reads.
    ///
    /// - Parameters:
    ///   - tracks: whether gradients by these values may be asked for, even where nothing before them is trained.
    ///   - shifts: what is added to the values at some paths before the model goes on with them.
    /// - Throws: `name` for a path that is not there, or whose layer the run did not reach.
    public static func run<R>(
        _ model: Layer, keeping asked: [String], tracks: Bool = false, shifts: [String: Tensor] = [:],
        _ body: () throws -> R
    ) throws -> (output: R, hidden: [String: Tensor]) {
        let paths = asked + shifts.keys.filter { !asked.contains($0) }.sorted()
        if paths.isEmpty { return (try body(), [:]) }
        let capture = try Capture(model, paths, tracks: tracks, shifts: shifts, inside: current)
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

    /// What a layer is called with: the same, or a tensor that gradients may be asked by.
    func input(of layer: Layer, _ x: Tensor) throws -> Tensor {
        let x = try outer?.input(of: layer, x) ?? x
        guard wantsInput, layer === model, found[Capture.inputPath] == nil else { return x }
        let seen = try differentiable(x, at: Capture.inputPath)
        found[Capture.inputPath] = seen
        return seen
    }

    /// Keeps a layer's output if it was asked for, and returns what the model shall go on with.
    func record(_ layer: Layer, _ output: Tensor) throws -> Tensor {
        let output = try outer?.record(layer, output) ?? output
        return try keep(output, at: pathsOfLayers[ObjectIdentifier(layer)] ?? [])
    }

    func record(_ layer: Layer, _ value: Tensor, note name: String) throws -> Tensor {
        let value = try outer?.record(layer, value, note: name) ?? value
        return try keep(value, at: pathsOfNotes[ObjectIdentifier(layer)]?[name] ?? [])
    }

    private func keep(_ value: Tensor, at paths: [String]) throws -> Tensor {
        guard let first = paths.first else { return value }
        let value = try differentiable(value, at: first)
        for path in paths { found[path] = value }
        return value
    }

    private func differentiable(_ value: Tensor, at path: String) throws -> Tensor {
        let value =
            try shifts[path].map { shift in
                let moved = try add(value, shift)
                moved.mask = value.mask
                return moved
            } ?? value
        guard tracks, !value.isTracked else { return value }
        guard value.dtype.isFloating else {
            throw ModelError(
                .input, "there is no gradient by the \(value.dtype.name) numbers at \"\(path)\"",
                hint: "name the layer that makes vectors of them: an embedding's path")
        }
        return try value.tracked()
    }
}

import Tensors

extension Layer {
    /// A layer and how it is reached from the model; the model's own path is "".
    public typealias Place = (path: String, layer: Layer)

    /// This layer and all parts of parts, each once, in the order of the computation.
    public func tree() -> [Place] {
        var seen: Set<ObjectIdentifier> = []
        var places: [Place] = []
        collect("", &seen, &places)
        return places
    }

    private func collect(_ path: String, _ seen: inout Set<ObjectIdentifier>, _ places: inout [Place]) {
        guard seen.insert(ObjectIdentifier(self)).inserted else { return }
        places.append((path, self))
        for (name, layer) in children { layer.collect(path.joined(name), &seen, &places) }
    }

    /// The parts directly inside this layer, by name; members of a list have names like "layer.3".
    public var children: [(name: String, layer: Layer)] {
        var result: [(String, Layer)] = []
        for (name, field) in fields {
            switch field {
            case .layer(let layer): result.append((name, layer))
            case .layers(let layers):
                for (index, layer) in layers.enumerated() { result.append(("\(name).\(index)", layer)) }
            case .parameter, .buffer: break
            }
        }
        return result
    }

    /// The paths of all parts: "encoder", "encoder.layer.0" … A part that stands in two places has the first one's.
    public func paths() -> [String] { tree().dropFirst().map(\.path) }

    /// The path of a part, or nil when it is none.
    public func path(of part: Layer) -> String? { tree().first { $0.layer === part }?.path }

    /// The part at a path; "" is the model itself.
    ///
    /// - Throws: `name`, with the nearest path.
    public func layer(at path: String) throws -> Layer {
        if path.isEmpty { return self }
        var current = self
        var rest = Substring(path)
        while !rest.isEmpty {
            let next = current.children.first { rest == $0.name || rest.hasPrefix($0.name + ".") }
            guard let next else { throw unknownPath(path) }
            current = next.layer
            rest = rest.dropFirst(next.name.count + 1)
        }
        return current
    }

    func unknownPath(_ path: String) -> ModelError {
        let all = paths()
        if all.isEmpty {
            return ModelError(.name, "\(title) has no parts, so none at the path \"\(path)\"", code: "KD021")
        }
        let hint =
            File.nearest(path, among: all).map { "did you mean \"\($0)\"?" }
            ?? "its paths: " + all.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")
            + (all.count > 12 ? ", …" : "")
        return ModelError(.name, "\(title) has no part at the path \"\(path)\"", hint: hint, code: "KD021")
    }

    /// All parameters with their paths; one that is shared appears once, under its first path.
    public func parameters() -> [(path: String, parameter: Parameter)] {
        var seen: Set<ObjectIdentifier> = []
        return allParameters().filter { seen.insert(ObjectIdentifier($0.parameter)).inserted }
    }

    /// All parameters under every path that leads to them.
    public func allParameters() -> [(path: String, parameter: Parameter)] {
        var result: [(String, Parameter)] = []
        func visit(_ layer: Layer, _ path: String) {
            for (name, field) in layer.fields {
                switch field {
                case .parameter(let parameter): result.append((path.joined(name), parameter))
                case .layer(let part): visit(part, path.joined(name))
                case .layers(let parts):
                    for (index, part) in parts.enumerated() { visit(part, path.joined("\(name).\(index)")) }
                case .buffer: break
                }
            }
        }
        visit(self, "")
        return result
    }

    /// All buffers with their paths and the layers they belong to.
    public func buffers() -> [(path: String, owner: Layer, name: String, value: Tensor)] {
        tree().flatMap { place in
            place.layer.fields.compactMap { name, field in
                guard case .buffer(let value) = field else { return nil }
                return (place.path.joined(name), place.layer, name, value)
            }
        }
    }

    /// Makes constants of all parameters: no gradient, no update.
    public func freeze() { for (_, parameter) in parameters() { parameter.isFrozen = true } }

    /// Makes all parameters trainable.
    public func unfreeze() { for (_, parameter) in parameters() { parameter.isFrozen = false } }

    /// How many numbers the parameters hold; with `trainable` only those that are trained, or only those that are not.
    public func parameterCount(trainable: Bool? = nil) -> Int {
        parameters().reduce(0) { sum, entry in
            trainable == nil || entry.parameter.isFrozen != trainable ? sum + entry.parameter.count : sum
        }
    }

    /// Bytes of parameters and buffers.
    public var byteCount: Int {
        parameters().reduce(0) { $0 + $1.parameter.count * $1.parameter.value.dtype.size }
            + buffers().reduce(0) { $0 + $1.value.count * $1.value.dtype.size }
    }

    /// Runs `body` with this model and all its parts in training or evaluation mode, and puts back what was.
    public func withTraining<R>(_ training: Bool, _ body: () throws -> R) rethrows -> R {
        let before = setTraining(training)
        defer { for (layer, mode) in before { layer.isTraining = mode } }
        return try body()
    }

    /// Switches the mode and returns what it was, for a scope that is opened and closed in two steps.
    public func setTraining(_ training: Bool) -> [(layer: Layer, mode: Bool)] {
        tree().map { _, layer in
            defer { layer.isTraining = training }
            return (layer, layer.isTraining)
        }
    }

    /// Ends a scope that `setTraining` began.
    public static func restoreTraining(_ modes: [(layer: Layer, mode: Bool)]) {
        for (layer, mode) in modes { layer.isTraining = mode }
    }

    /// Runs `body` with all parameters frozen and in evaluation mode, and puts back what was: the teacher's part.
    public func asTeacher<R>(_ body: () throws -> R) rethrows -> R {
        let frozen = parameters().map { ($0.parameter, $0.parameter.isFrozen) }
        freeze()
        defer { for (parameter, was) in frozen { parameter.isFrozen = was } }
        return try withTraining(false, body)
    }

    /// Takes over the numbers of a model of the same form.
    ///
    /// - Throws: `weights` naming the first path or shape that differs; nothing is changed then.
    public func takeWeights(of other: Layer) throws {
        let (mine, theirs) = (parameters(), other.parameters())
        let (myBuffers, theirBuffers) = (buffers(), other.buffers())
        for (a, b) in zip(
            mine.map { ($0.path, $0.parameter.shape) } + myBuffers.map { ($0.path, $0.value.shape) },
            theirs.map { ($0.path, $0.parameter.shape) } + theirBuffers.map { ($0.path, $0.value.shape) })
        where a != b {
            throw ModelError(.weights, "the models differ: \(a.0) of shape \(a.1) meets \(b.0) of shape \(b.1)")
        }
        guard mine.count == theirs.count, myBuffers.count == theirBuffers.count else {
            throw ModelError(
                .weights, "the models differ: one has \(mine.count) parameters, the other \(theirs.count)")
        }
        for (a, b) in zip(mine, theirs) { try a.parameter.assign(b.parameter.value) }
        for (a, b) in zip(myBuffers, theirBuffers) { try a.owner.setBuffer(a.name, to: b.value) }
    }

    /// Draws all parameters anew, from the stream that `seed` starts, or from the default one.
    public func initialiseAll(seed: Int? = nil) throws {
        let before = RandomStream.global
        if let seed { RandomStream.global = RandomStream(seed: seed) }
        defer { if seed != nil { RandomStream.global = before } }
        for (_, layer) in tree() { try layer.initialise() }
    }

    /// A copy with the same structure whose parameters are drawn anew.
    public func reinitialised(seed: Int? = nil) throws -> Layer {
        let fresh = try copy()
        try fresh.initialiseAll(seed: seed)
        return fresh
    }
}

extension String {
    /// This path with one more name.
    func joined(_ name: String) -> String { isEmpty ? name : "\(self).\(name)" }
}

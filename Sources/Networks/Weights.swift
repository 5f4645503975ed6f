import Tensors

/// A model's numbers as a safetensors file, by path: "encoder.layer.0.weight".
///
/// Beside them stands the tokenizer of a model that reads text, so that the file is all that a student needs.
public enum Weights {
    private static let tokenizerKey = "kd.tokenizer"

    /// Writes parameters and buffers; a parameter that stands in two places is written under its first path.
    public static func save(_ model: Layer, to path: String) throws {
        var metadata = ["format": "pt", "kd.model": model.title]
        if let tokenizer = model.tokenizer { metadata[tokenizerKey] = try tokenizer.json.text() }
        try SafetensorsFile.write(
            model.parameters().map { ($0.path, $0.parameter.value) } + model.buffers().map { ($0.path, $0.value) },
            metadata: metadata, to: path)
    }

    /// Reads weights into a model, all of them or, when something does not fit, none.
    ///
    /// A model without a tokenizer gets the one in the file.
    /// - Parameter strict: false leaves out what does not fit.
    /// - Throws: `FormatError` that lists by name what is missing, unexpected or of another shape.
    public static func load(into model: Layer, from path: String, strict: Bool = true) throws {
        let file = try SafetensorsFile(path)
        let parameters = model.parameters()
        let buffers = model.buffers()
        let wanted = parameters.map { ($0.path, $0.parameter.shape) } + buffers.map { ($0.path, $0.value.shape) }
        let missing = wanted.filter { file[$0.0] == nil }.map(\.0)
        let misshapen = wanted.filter { name, shape in file[name].map { $0.shape != shape } ?? false }
        let known = Set(model.allParameters().map(\.path) + buffers.map(\.path))
        let unexpected = file.entries.map(\.name).filter { !known.contains($0) }
        let tokenizer = try file.metadata[tokenizerKey].map {
            try SavedTokenizer.read(JSONValue.parse($0, file: path), file: path)
        }
        if strict {
            var problems: [String] = []
            if !missing.isEmpty { problems.append("missing: \(list(missing))") }
            if !unexpected.isEmpty { problems.append("unexpected: \(list(unexpected))") }
            for (name, shape) in misshapen.prefix(4) {
                problems.append("\(name) is \(file[name]?.shape ?? []) in the file and \(shape) in the model")
            }
            guard problems.isEmpty else {
                throw FormatError(
                    "the weights do not fit the model: \(problems.joined(separator: "; "))", file: path,
                    hint: "strict=false takes over what fits")
            }
            if let mine = model.tokenizer, let tokenizer, mine.fingerprint != tokenizer.fingerprint {
                throw FormatError(
                    "the weights were trained with another vocabulary than the model's tokenizer has", file: path,
                    hint: "leave the tokenizer out and take the file's: model.tokenizer = nil")
            }
        }
        // Everything is read before anything is changed: a file that ends too early leaves the model as it was.
        let skipped = Set(missing + misshapen.map(\.0))
        let newParameters = try parameters.filter { !skipped.contains($0.path) }.map {
            ($0.parameter, try file.tensor($0.path))
        }
        let newBuffers = try buffers.filter { !skipped.contains($0.path) }.map { ($0, try file.tensor($0.path)) }
        for (parameter, tensor) in newParameters { try parameter.assign(tensor) }
        for (buffer, tensor) in newBuffers { try buffer.owner.setBuffer(buffer.name, to: tensor) }
        if model.tokenizer == nil { model.tokenizer = tokenizer }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " … (\(names.count))" : "")
    }
}

import Tensors

/// The weights of a model folder as Hugging Face's libraries write them: `model.safetensors`, or several such files with
/// `model.safetensors.index.json`, which says which of them holds which tensor.
public final class Checkpoint {
    /// The names of all tensors, sorted.
    public let names: [String]
    /// The files, in the order of their names.
    public let files: [String]
    private let places: [ExactString: SafetensorsFile]

    static let single = "model.safetensors"
    static let index = "model.safetensors.index.json"

    /// Opens the files of a folder and reads their headers.
    ///
    /// - Throws: `FormatError` for a folder without such files, for an index that names anything but a plain file of this
    ///   folder, a file that is missing or does not hold what the index says, and for what `SafetensorsFile` refuses.
    public init(folder: String) throws {
        func path(_ name: String) -> String { folder + "/" + name }
        guard File.isFolder(folder) else {
            if File.exists(folder) { throw FormatError("this is a file, not a model's folder", file: folder) }
            throw File.missing(folder)
        }
        var places: [ExactString: SafetensorsFile] = [:]
        if File.exists(path(Self.single)) {
            let file = try SafetensorsFile(path(Self.single))
            for (name, _) in file.entries { places[ExactString(name)] = file }
            files = [file.path]
        } else if File.exists(path(Self.index)) {
            let index = path(Self.index)
            let json = try JSONValue.read(index)
            guard let map = json["weight_map"]?.object, !map.isEmpty else {
                throw FormatError("it has no weight_map that says which file holds which tensor", file: index)
            }
            var opened: [ExactString: SafetensorsFile] = [:]
            for (name, value) in map {
                guard let fileName = value.string else {
                    throw FormatError(
                        "weight_map[\"\(name.prefix(80))\"] is \(value.kindName), not a file's name", file: index)
                }
                guard Self.isPlain(fileName) else {
                    throw FormatError(
                        "weight_map names \"\(fileName.prefix(80))\", which is no plain name of a .safetensors file",
                        file: index, hint: "weights are read from the model's own folder alone")
                }
                let key = ExactString(fileName)
                let file = try opened[key] ?? SafetensorsFile(path(fileName))
                opened[key] = file
                guard file[name] != nil else {
                    throw FormatError(
                        "the index says that \(fileName) holds \"\(name.prefix(80))\", and it does not", file: index)
                }
                places[ExactString(name)] = file
            }
            files = opened.values.map(\.path).sorted()
        } else {
            throw try Self.nothing(in: folder)
        }
        self.places = places
        names = places.keys.sorted().map(\.text)
    }

    /// A name without folders, that ends as the files do which are read here.
    private static func isPlain(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && !name.hasPrefix(".") && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
    }

    /// The error for a folder without safetensors, which may hold pickles.
    private static func nothing(in folder: String) throws -> FormatError {
        let pickles = try File.names(in: folder).filter { name in
            [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { name.hasSuffix($0) }
        }
        if let first = pickles.first {
            return FormatError(
                "the weights are pickled, and reading a pickle may run any program that is hidden in it",
                file: "\(folder)/\(first)",
                hint: "write them as safetensors once, where they are trusted: Transformers' "
                    + "model.save_pretrained(\"FOLDER\") does")
        }
        return FormatError("the folder has neither \(single) nor \(index)", file: folder)
    }

    public func entry(_ name: String) -> SafetensorsFile.Entry? { places[ExactString(name)]?[name] }

    /// - Throws: `FormatError` when there is no such tensor, or its file cannot be read.
    public func tensor(_ name: String) throws -> Tensor {
        guard let file = places[ExactString(name)] else {
            throw FormatError("there is no tensor \"\(name)\"", file: files.first)
        }
        return try file.tensor(name)
    }

    /// What reading into a model came to, by the names of the files for what is there and of the model for what is not.
    public struct Outcome {
        /// Paths of the model for which there is nothing.
        public var missing: [String] = []
        /// Tensors that the model has no place for.
        public var unexpected: [String] = []
        public var misshapen: [(path: String, found: [Int], expected: [Int])] = []
    }

    /// Reads what fits into a model's parameters and buffers, one tensor at a time.
    ///
    /// - Parameter names: under which names a path of the model may be in the files, the first that is there counts.
    public func read(into model: Layer, names: (String) throws -> [String]) throws -> Outcome {
        var outcome = Outcome()
        var used: Set<ExactString> = []
        func find(_ path: String, _ shape: [Int]) throws -> String? {
            guard let name = try names(path).first(where: { places[ExactString($0)] != nil }) else {
                outcome.missing.append(path)
                return nil
            }
            used.insert(ExactString(name))
            let found = entry(name)?.shape ?? []
            guard found == shape else {
                outcome.misshapen.append((path, found, shape))
                return nil
            }
            return name
        }
        for (path, parameter) in model.parameters() {
            if let name = try find(path, parameter.shape) { try parameter.assign(tensor(name)) }
        }
        for (path, owner, field, value) in model.buffers() {
            if let name = try find(path, value.shape) { try owner.setBuffer(field, to: tensor(name)) }
        }
        outcome.unexpected = self.names.filter { !used.contains(ExactString($0)) }
        return outcome
    }
}

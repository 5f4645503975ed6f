import Dispatch
import Networks
import Tensors

/// What a frozen teacher gives for the rows of a dataset: computed once, then given batch by batch, kept in a file, and
/// used where the teacher itself is not there.
///
/// A row is found by what the teacher read of it, so that order, labels and further columns do not matter: a dataset that
/// was shuffled, divided or relabelled is served, and one whose texts have changed is not.
public final class Knowledge {
    /// "Bert", "chain of 3 parts": what the teacher was.
    public let teacher: String
    /// Stands for the teacher's weights, its tokenizer and what was kept.
    public let fingerprint: String
    /// The paths of the hidden values that are kept beside the logits.
    public let paths: [String]
    /// How many rows there are.
    public let count: Int
    /// What computing took.
    public let seconds: Double
    private let places: [UInt64: Int]
    private let prints: [UInt64]
    private let logits: RowValues
    private let hidden: [String: RowValues]

    /// Runs the teacher over the whole dataset, in evaluation mode and without recording.
    ///
    /// - Parameters:
    ///   - form: how logits are kept; hidden values are kept exactly, or in half where logits are.
    ///   - batch: rows at a time.
    ///   - progress: hears how many rows are done.
    /// - Throws: what the teacher throws; `training` for outputs that are not one value a row; `interrupt`.
    public init(
        of model: Layer, on dataset: Dataset, paths: [String] = [], form: StoredForm = .exact, batch: Int = 256,
        progress: (Int) -> Void = { _ in }
    ) throws {
        let start = DispatchTime.now().uptimeNanoseconds
        self.paths = paths
        teacher = model.title
        count = dataset.count
        fingerprint = try Knowledge.fingerprint(of: model, paths: paths, form: form)
        prints = try dataset.inputFingerprints()
        places = Knowledge.places(prints)
        var logits = RowValues("the teacher's logits", count: dataset.count, form: form)
        var hidden: [String: RowValues] = [:]
        for path in paths {
            hidden[path] = RowValues(
                "the teacher's values at \"\(path)\"", count: dataset.count, form: form == .half ? .half : .exact)
        }
        var done = 0
        try Graph.recording(false) {
            try model.asTeacher {
                for batch in try dataset.batchesByLength(for: model, size: batch) {
                    try Interruption.check()
                    let output = try ModelOutput(of: model, on: batch, keeping: paths)
                    try logits.store(output.logits, for: batch.rows)
                    for (path, value) in output.hidden { try hidden[path]?.store(value, for: batch.rows) }
                    done += batch.count
                    progress(done)
                }
            }
        }
        self.logits = logits
        self.hidden = hidden
        seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }

    private init(
        teacher: String, fingerprint: String, seconds: Double, paths: [String], prints: [UInt64], logits: RowValues,
        hidden: [String: RowValues]
    ) {
        (self.teacher, self.fingerprint, self.seconds, self.paths) = (teacher, fingerprint, seconds, paths)
        (self.prints, self.logits, self.hidden, count) = (prints, logits, hidden, prints.count)
        places = Knowledge.places(prints)
    }

    private static func places(_ prints: [UInt64]) -> [UInt64: Int] {
        Dictionary(prints.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    /// Stands for everything that decides what a model's knowledge of a row is.
    public static func fingerprint(of model: Layer, paths: [String], form: StoredForm) throws -> String {
        var print = Fingerprint()
        print.combine(model.tokenizer?.fingerprint ?? "")
        print.combine(form.name)
        for path in paths { print.combine(path) }
        for (path, value) in model.parameters().map({ ($0.path, $0.parameter.value) })
            + model.buffers().map({ ($0.path, $0.value) })
        {
            print.combine(path)
            try value.withBytes { print.combine($0) }
        }
        return print.hex
    }

    /// The teacher's output for a batch.
    ///
    /// - Throws: `training` for a batch with a row that the teacher was not asked about.
    public func callAsFunction(_ batch: Batch) throws -> ModelOutput {
        let prints = try batch.dataset.inputFingerprints()
        let rows = try batch.rows.map { row in
            guard let place = places[prints[row]] else {
                throw ModelError(
                    .training,
                    "the knowledge of \(teacher) does not go with the dataset \"\(batch.dataset.name)\": nothing is known of its row \(row)",
                    hint: "make it anew: knowledge(teacher, data)", code: "KD013")
            }
            return place
        }
        return ModelOutput(logits: try logits(rows), hidden: try hidden.mapValues { try $0(rows) })
    }

    /// How many rows of a dataset nothing is known of.
    public func missing(in dataset: Dataset) throws -> Int {
        try dataset.inputFingerprints().count { places[$0] == nil }
    }

    /// Bytes that are kept.
    public var byteCount: Int { hidden.values.reduce(logits.byteCount) { $0 + $1.byteCount } }
}

extension Knowledge {
    private static let key = "kd.knowledge"

    /// Writes a safetensors file; what each tensor in it is stands in the file's metadata.
    public func save(_ path: String) throws {
        var descriptions = JSONObject()
        descriptions["logits"] = logits.description
        for path in paths { descriptions["hidden.\(path)"] = hidden[path]?.description }
        let about = JSONValue.object([
            "version": .int(1), "teacher": .string(teacher), "fingerprint": .string(fingerprint),
            "paths": .array(paths.map { .string($0) }), "seconds": .float(seconds), "values": .object(descriptions),
        ])
        let rows = try Tensor.integers(prints.map { Int(bitPattern: UInt($0)) }, [count])
        var tensors = [("rows", rows)] + (try logits.stored(as: "logits"))
        for path in paths { tensors += try hidden[path]?.stored(as: "hidden.\(path)") ?? [] }
        try SafetensorsFile.write(tensors, metadata: [Self.key: try about.text()], to: path)
    }

    /// Reads a file that `save` wrote.
    ///
    /// - Throws: `FormatError` for a file that is no such file, or that was changed.
    public convenience init(file path: String) throws {
        let file = try SafetensorsFile(path)
        do {
            guard let text = file.metadata[Self.key] else {
                throw FormatError(
                    "these are tensors, but no saved knowledge", hint: "save(knowledge(teacher, data), \"file\")")
            }
            let about = try JSONValue.parse(text)
            guard about["version"]?.int == 1 else {
                throw FormatError("this knowledge was saved by a later version; this one reads version 1")
            }
            guard let teacher = about["teacher"]?.string, let fingerprint = about["fingerprint"]?.string,
                let seconds = about["seconds"]?.double, let paths = about["paths"]?.array?.map(\.string),
                !paths.contains(nil), let descriptions = about["values"], file["rows"] != nil
            else { throw FormatError("what the file says of itself is not what kd writes") }
            let rows = try file.tensor("rows")
            guard rows.dtype == .i64, rows.rank == 1 else {
                throw FormatError("rows are not numbers, one for each row")
            }
            func values(_ name: String, _ title: String) throws -> RowValues {
                guard let description = descriptions[name], file[name] != nil else {
                    throw FormatError("\(title) are not there")
                }
                let lengths = "\(name).lengths"
                return try RowValues(
                    title, count: rows.count, description, values: file.tensor(name),
                    lengths: file[lengths] == nil ? nil : file.tensor(lengths))
            }
            var hidden: [String: RowValues] = [:]
            for path in paths.compactMap({ $0 }) {
                hidden[path] = try values("hidden.\(path)", "the teacher's values at \"\(path)\"")
            }
            try self.init(
                teacher: teacher, fingerprint: fingerprint, seconds: seconds, paths: paths.compactMap { $0 },
                prints: rows.elements(as: Int64.self).map { UInt64(bitPattern: $0) },
                logits: values("logits", "the teacher's logits"), hidden: hidden)
        } catch var error as FormatError {
            error.file = error.file ?? path
            throw error
        }
    }
}

/// A teacher's knowledge and the state of the teacher that it is of.
struct KnownTeacher {
    weak var teacher: Layer?
    let fingerprint: String
    let knowledge: Knowledge
}

extension Dataset {
    /// A teacher's knowledge of these rows, which is computed when it was not yet in this session, or the teacher has
    /// changed since, or more is wanted.
    ///
    /// - Returns: the knowledge, and whether it was there already.
    public func knowledge(
        of model: Layer, paths: [String] = [], form: StoredForm = .exact, batch: Int = 256,
        progress: (Int) -> Void = { _ in }
    ) throws -> (knowledge: Knowledge, isKnown: Bool) {
        let print = try Knowledge.fingerprint(of: model, paths: paths, form: form)
        if let known = knowledge[ObjectIdentifier(model)], known.teacher === model, known.fingerprint == print {
            return (known.knowledge, true)
        }
        let new = try Knowledge(of: model, on: self, paths: paths, form: form, batch: batch, progress: progress)
        knowledge = knowledge.filter { $0.value.teacher != nil }
        knowledge[ObjectIdentifier(model)] = KnownTeacher(teacher: model, fingerprint: print, knowledge: new)
        return (new, false)
    }
}

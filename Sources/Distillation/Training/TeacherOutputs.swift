import Networks
import Tensors

/// What a frozen teacher says about every row of a dataset, computed once and then given batch by batch.
///
/// A teacher that does not change and a dataset that does not change need one pass instead of one in every epoch. The
/// rows of a batch may be in any order, since the values are kept row by row.
public final class TeacherOutputs {
    public let dataset: Dataset
    /// The paths of the hidden values that are kept beside the logits.
    public let paths: [String]
    private let logits: RowValues
    private let hidden: [String: RowValues]

    /// Runs the teacher over the whole dataset, in evaluation mode and without recording.
    ///
    /// - Parameters:
    ///   - batch: rows at a time.
    ///   - progress: hears how many rows are done.
    /// - Throws: what the teacher throws; `training` for outputs that are not one value a row; `interrupt`.
    public init(
        model: Layer, dataset: Dataset, paths: [String] = [], batch: Int = 256, progress: (Int) -> Void = { _ in }
    ) throws {
        self.dataset = dataset
        self.paths = paths
        var logits = RowValues("the teacher's logits", count: dataset.count)
        var hidden: [String: RowValues] = [:]
        for path in paths { hidden[path] = RowValues("the teacher's values at \"\(path)\"", count: dataset.count) }
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
    }

    /// The teacher's output for a batch of the dataset.
    ///
    /// - Throws: `training` for a batch of another dataset.
    public func callAsFunction(_ batch: Batch) throws -> ModelOutput {
        guard batch.dataset === dataset else {
            throw ModelError(
                .training,
                "the teacher's outputs are those for the dataset \"\(dataset.name)\", and this batch is of another")
        }
        return ModelOutput(logits: try logits(batch.rows), hidden: try hidden.mapValues { try $0(batch.rows) })
    }

    /// Bytes that are kept.
    public var byteCount: Int { hidden.values.reduce(logits.byteCount) { $0 + $1.byteCount } }
}

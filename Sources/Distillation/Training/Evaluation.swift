import Dispatch
import Networks
import Tensors

/// What a model does when it is not trained: its answers to a whole dataset, and how long one takes.
public enum Evaluation {
    /// The logits for every row, [N, C], in the order of the rows.
    ///
    /// Texts of like length are computed on together, in evaluation mode and without recording.
    /// - Throws: what the model throws; `training` for outputs that are not of one shape for every row; `interrupt`.
    public static func logits(of model: Layer, on dataset: Dataset, batch: Int = 256) throws -> Tensor {
        guard dataset.count > 0 else { throw DataError("the dataset \"\(dataset.name)\" has no rows") }
        var values = RowValues("the logits", count: dataset.count)
        try Graph.recording(false) {
            try model.withTraining(false) {
                for batch in try dataset.batchesByLength(for: model, size: batch) {
                    try Interruption.check()
                    try values.store(model(batch).markedAsLogits(), for: batch.rows)
                }
            }
        }
        return try values(Array(0..<dataset.count))
    }

    /// A quantile, the median if no other is asked for, of the times in seconds that the model takes for one row alone, over
    /// rows from all parts of the dataset.
    public static func latency(
        of model: Layer, on dataset: Dataset, samples: Int = 50, quantile: Double = 0.5
    ) throws -> Double {
        guard dataset.count > 0, samples > 0 else { throw DataError("the dataset \"\(dataset.name)\" has no rows") }
        let count = min(samples, dataset.count)
        let inputs = try (0..<count).map { place in
            try Batch(dataset, rows: [place * dataset.count / count]).input(for: model)
        }
        return try Graph.recording(false) {
            try model.withTraining(false) {
                // The first runs find cold caches and an empty pool of memory.
                for input in inputs.prefix(5) { _ = try model(input) }
                let times = try inputs.map { input in
                    try Interruption.check()
                    let start = DispatchTime.now().uptimeNanoseconds
                    _ = try model(input)
                    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
                }.sorted()
                // Between the two nearest times, as NumPy's quantile does.
                let place = quantile * Double(times.count - 1)
                let (low, high) = (times[Int(place)], times[min(Int(place) + 1, times.count - 1)])
                return low + (high - low) * (place - place.rounded(.down))
            }
        }
    }
}

import Networks
import Tensors

extension Batch {
    /// What a model reads of this batch: the ids [B, T] of its text with their mask, or its tensor column [B, …].
    ///
    /// - Throws: `input` when the dataset has neither text for the model's tokenizer nor a column that the model could read.
    public func input(for model: Layer) throws -> Tensor {
        if let tokenizer = model.tokenizer {
            let tokens = try encoded(by: tokenizer)
            tokens.ids.mask = tokens.mask
            tokens.ids.tokenTypes = tokens.types
            return tokens.ids
        }
        if let column = dataset.inputColumn() { return try self.column(column) }
        guard dataset.textColumns.isEmpty else {
            throw ModelError(
                .input, "the dataset \"\(dataset.name)\" holds text and the model has no tokenizer",
                hint: "chain(…, tokenizer=word_tokenizer(data))")
        }
        throw ModelError(
            .input, "the dataset \"\(dataset.name)\" has no column of tensors that the model could read",
            hint: "its columns are \(dataset.columnNames.joined(separator: ", ")); name the one to read x")
    }
}

extension Layer {
    /// What this model says of a batch: of texts that are cut into words, something of each word.
    public func callAsFunction(_ batch: Batch) throws -> Tensor {
        try batch.atWords(self(batch.input(for: self)), of: self)
    }
}

extension Dataset {
    private static let usualInputNames = ["x", "input", "features", "image"]

    /// The column that a model without a tokenizer reads: the only one of tensors, or `x`, `input`, `features`, `image`.
    public func inputColumn() -> String? {
        let candidates = columns.compactMap { name, column in
            if case .tensor = column, name != labelColumn { name } else { nil }
        }
        let only = candidates.count == 1 ? candidates[0] : nil
        return Dataset.usualInputNames.first { candidates.contains($0) } ?? only
    }

    /// The rows in batches for computing on all of them once: texts of like length together, so that little is filled up.
    func batchesByLength(for model: Layer, size: Int) throws -> [Batch] {
        guard size >= 1 else { throw DataError("a batch has \(size) rows; it must have at least 1") }
        var order = Array(0..<count)
        if let tokenizer = model.tokenizer {
            let texts = try encoded(by: tokenizer)
            let lengths = order.map(texts.length)
            // The longest first: memory is taken once and then used again.
            order.sort { lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1 }
        }
        return stride(from: 0, to: count, by: size).map { start in
            Batch(self, rows: Array(order[start..<start + min(size, count - start)]))
        }
    }
}

extension ModelOutput {
    /// Runs a model on a batch and keeps the hidden values at some paths.
    public init(of model: Layer, on batch: Batch, keeping paths: [String] = []) throws {
        let input = try batch.input(for: model)
        let (output, hidden) = try Capture.run(model, keeping: paths) { try model(input) }
        self.init(logits: try batch.atWords(output, of: model).markedAsLogits(), hidden: hidden)
    }
}

extension Tensor {
    /// This output of a model as logits, unless it is known to be something else.
    @discardableResult
    public func markedAsLogits() -> Tensor {
        if unit == nil, dtype.isFloating, rank >= 1 { unit = .logits }
        return self
    }
}

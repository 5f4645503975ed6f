import Networks

extension RunRecord {
    /// What is needed to go on with this record.
    var json: JSONValue {
        .object([
            "steps": .int(steps), "seconds": .float(seconds), "loss": .number(lossSum), "samples": .int(samples),
            "sums": .pairs(sums), "rows": .array(rows.map(\.json)), "curve": .array(curve.map(\.json)),
        ])
    }

    func restore(_ json: JSONValue) throws {
        guard let rows = json["rows"]?.array?.compactMap({ Row($0) }), let steps = json["steps"]?.int,
            let seconds = json["seconds"]?.double, let loss = json["loss"]?.number,
            let samples = json["samples"]?.int, let sums = json["sums"]?.pairs
        else { throw FormatError("the record of the run is damaged") }
        goOn(
            after: seconds, rows: rows, curve: json["curve"]?.array?.compactMap { Stretch($0) } ?? [], steps: steps,
            lossSum: loss, sums: sums, samples: samples)
    }
}

extension RunRecord.Row {
    var json: JSONValue {
        .object([
            "epoch": .int(epoch), "steps": .int(steps), "loss": .number(loss), "terms": .pairs(terms),
            "rate": .number(learningRate), "metrics": .pairs(metrics), "seconds": .float(seconds),
        ])
    }

    init?(_ json: JSONValue) {
        guard let epoch = json["epoch"]?.int, let steps = json["steps"]?.int, let loss = json["loss"]?.number,
            let terms = json["terms"]?.pairs, let rate = json["rate"]?.number, let metrics = json["metrics"]?.pairs,
            let seconds = json["seconds"]?.double
        else { return nil }
        self.init(
            epoch: epoch, steps: steps, loss: loss, terms: terms, learningRate: rate, metrics: metrics, seconds: seconds
        )
    }
}

extension RunRecord.Stretch {
    var json: JSONValue {
        .object([
            "step": .int(step), "loss": .number(loss), "terms": .pairs(terms), "rate": .number(learningRate),
            "seconds": .float(seconds),
        ])
    }

    init?(_ json: JSONValue) {
        guard let step = json["step"]?.int, let loss = json["loss"]?.number, let terms = json["terms"]?.pairs,
            let rate = json["rate"]?.number, let seconds = json["seconds"]?.double
        else { return nil }
        self.init(step: step, loss: loss, terms: terms, learningRate: rate, seconds: seconds)
    }
}

extension JSONValue {
    /// A number; one that JSON does not have is a text: "nan", "inf", "-inf".
    fileprivate static func number(_ value: Double) -> JSONValue {
        value.isFinite ? .float(value) : .string("\(value)")
    }
    fileprivate var number: Double? { double ?? string.flatMap(Double.init) }

    /// Numbers with their names, in their order.
    fileprivate static func pairs(_ values: [(name: String, value: Double)]) -> JSONValue {
        .array(values.map { .array([.string($0.name), number($0.value)]) })
    }
    fileprivate var pairs: [(name: String, value: Double)]? {
        array?.compactMap { pair in
            guard let name = pair.array?.first?.string, let number = pair.array?.last?.number else { return nil }
            return (name, number)
        }
    }
}

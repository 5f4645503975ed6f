import Tensors

/// The table of a model: its layers, their outputs' shapes, and how much they hold.
public struct Summary {
    public struct Row {
        public let path: String
        public let title: String
        /// nil when the probe's run did not reach it, or there was no probe.
        public let outputShape: [Int]?
        /// Numbers in parameters of this layer's own that are trained, and that are frozen.
        public let trainable: Int
        public let frozen: Int
    }

    public let rows: [Row]
    public let trainable: Int
    public let frozen: Int
    public let byteCount: Int

    public var total: Int { trainable + frozen }

    /// - Parameter probe: runs once through the model, in evaluation mode and without recording, to see the shapes.
    public init(of model: Layer, probe: Tensor? = nil) throws {
        try self.init(of: model, run: probe.map { probe in { _ = try model(probe) } })
    }

    /// - Parameter run: calls the model once.
    public init(of model: Layer, run: (() throws -> Void)?) throws {
        let places = model.tree()
        var shapes: [ObjectIdentifier: [Int]] = [:]
        if let run {
            let observer = CallObserver { layer, output in shapes[ObjectIdentifier(layer)] = output.shape }
            try Graph.recording(false) { try model.withTraining(false) { try observer.during(run) } }
        }
        var seen: Set<ObjectIdentifier> = []
        rows = places.map { path, layer in
            var trainable = 0
            var frozen = 0
            for case (_, .parameter(let parameter)) in layer.fields
            where seen.insert(ObjectIdentifier(parameter)).inserted {
                if parameter.isFrozen { frozen += parameter.count } else { trainable += parameter.count }
            }
            return Row(
                path: path, title: layer.title, outputShape: shapes[ObjectIdentifier(layer)], trainable: trainable,
                frozen: frozen)
        }
        trainable = rows.reduce(0) { $0 + $1.trainable }
        frozen = rows.reduce(0) { $0 + $1.frozen }
        byteCount = model.byteCount
    }

    /// The table as text; "?" stands for a size that no probe told.
    public var text: String {
        let hasShapes = rows.contains { $0.outputShape != nil }
        var table = TextTable(
            columns: ["path", "layer"] + (hasShapes ? ["output"] : []) + ["parameters"],
            rightAligned: [hasShapes ? 3 : 2])
        for row in rows where rows.count == 1 || !row.path.isEmpty {
            let count = row.trainable + row.frozen
            var cells = [row.path.isEmpty ? "·" : row.path, row.title]
            if hasShapes { cells.append(row.outputShape.map { "\($0)" } ?? "?") }
            cells.append(count == 0 ? "" : count.grouped + (row.frozen == count ? " frozen" : ""))
            table.add(cells)
        }
        var last = "\(total.grouped) parameters"
        if frozen > 0 { last += ", \(trainable.grouped) trained" }
        return table.text + "\n" + last + ", \(Memory.format(byteCount))"
    }
}

extension Int {
    /// With a thin gap between thousands: 66 955 010.
    public var grouped: String {
        let digits = String(magnitude)
        var result = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(" ") }
            result.append(digit)
        }
        return result
    }
}

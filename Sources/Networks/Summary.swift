import Tensors

/// The table of a model: its layers, their outputs' shapes, and how much they hold.
public struct Summary {
    public struct Row {
        public let path: String
        public let title: String
        /// Sizes as a run showed them, else as the layers know them beforehand; nil where nothing is known.
        public let outputShape: [String]?
        /// Numbers in parameters of this layer's own that are trained, and that are frozen.
        public let trainable: Int
        public let frozen: Int
    }

    public let rows: [Row]
    public let trainable: Int
    public let frozen: Int
    public let byteCount: Int

    public var total: Int { trainable + frozen }

    /// The table without a run: shapes as far as the layers know them, with letters for the input's sizes.
    public init(of model: Layer) {
        var shapes: [ObjectIdentifier: [String]] = [:]
        Summary.plan(model, after: nil, into: &shapes)
        self.init(of: model, shapes: shapes)
    }

    /// The table with the shapes of one run, which happens in evaluation mode and without recording.
    ///
    /// - Parameter run: calls the model once.
    public init(of model: Layer, run: () throws -> Void) throws {
        var shapes: [ObjectIdentifier: [String]] = [:]
        let observer = CallObserver { layer, output in shapes[ObjectIdentifier(layer)] = output.shape.map { "\($0)" } }
        try Graph.recording(false) { try model.withTraining(false) { try observer.during(run) } }
        self.init(of: model, shapes: shapes)
    }

    /// Notes the outputs' shapes of a layer and its parts. A part whose input is not known says what it knows itself.
    private static func plan(
        _ layer: Layer, after input: [String]?, into shapes: inout [ObjectIdentifier: [String]]
    ) {
        shapes[ObjectIdentifier(layer)] = layer.shape(after: input)
        var next: [String]?
        if layer is Chain || layer is Parallel || layer is Residual { next = input }
        for (_, part) in layer.children {
            plan(part, after: next, into: &shapes)
            next = layer is Chain ? part.shape(after: next) : layer is Parallel ? input : nil
        }
    }

    private init(of model: Layer, shapes: [ObjectIdentifier: [String]]) {
        let places = model.tree()
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

    /// The table as text: a row for each part, and one for the model itself where it holds parameters of its own.
    public var text: String {
        let hasShapes = rows.contains { $0.outputShape != nil }
        var table = TextTable(
            columns: ["path", "layer"] + (hasShapes ? ["output"] : []) + ["parameters"],
            rightAligned: [hasShapes ? 3 : 2])
        for row in rows {
            let count = row.trainable + row.frozen
            if row.path.isEmpty, rows.count > 1, count == 0 { continue }
            var cells = [row.path.isEmpty ? "·" : row.path, row.title]
            if hasShapes { cells.append(row.outputShape.map { "[\($0.joined(separator: ", "))]" } ?? "") }
            cells.append(count == 0 ? "" : count.grouped + (row.frozen == count ? " frozen" : ""))
            table.add(cells)
        }
        var last = "\(total.grouped) parameters"
        if frozen > 0 { last += ": \(trainable.grouped) trained, \(frozen.grouped) frozen" }
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

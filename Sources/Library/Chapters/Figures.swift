import Figures
import Foundation
import Language
import Tensors

/// Figures: dots at a terminal, SVG in notebooks and on pages, PNG in files.
func figureChapter() -> Chapter {
    let title = Parameter<String>("title", "above the figure", default: "")
    let xLabel = Parameter<String>("x_label", "below the figure", default: "")
    let yLabel = Parameter<String>("y_label", "beside the figure", default: "")
    let log = Parameter<LogAxes>("log", "which axes are logarithmic: \"x\", \"y\" or \"xy\"", default: LogAxes(""))
    let several = "A map draws a series for each name: of its values, or of a pair [xs, ys]. `a + b` draws b over a."
    return Chapter(
        "Figures", "What numbers look like: at a terminal, in a notebook, in a file.",
        [
            Builtin(
                "line", "Lines through numbers.",
                Parameter<Value>("x", "the heights; or the places, with y; or a map of names to series"),
                Parameter<Value>("y", "the heights at x, or a map of names to heights", default: .null),
                title, xLabel, yLabel, log,
                Parameter<Bool>("dots", "mark each place", default: false),
                Parameter<Bool>("guide", "a dashed grey line to compare with", default: false), details: several,
                example: "line({\"train\": [0.9, 0.5, 0.3], \"test\": [0.9, 0.6, 0.5]}, title=\"loss\")"
            ) {
                (
                    x: Value, y: Value, title: String, xLabel: String, yLabel: String, log: LogAxes, dots: Bool,
                    guide: Bool
                ) throws -> Value in
                let series = try places("line", x, y).map { name, points in
                    Chart.Series(name: name, mark: guide ? .guide(points) : .line(points, hasDots: dots))
                }
                return .object(try chart(series, title, xLabel, yLabel, log))
            },
            Builtin(
                "scatter", "A dot for each pair of numbers.",
                Parameter<Value>("x", "the places; or a map of names to pairs [xs, ys]"),
                Parameter<Value>("y", "the heights at x", default: .null), title, xLabel, yLabel, log,
                details: several, example: "scatter([1, 2, 3], [2.0, 4.1, 5.9])"
            ) {
                (x: Value, y: Value, title: String, xLabel: String, yLabel: String, log: LogAxes) throws -> Value in
                if y.isNull, x.object as? MapObject == nil {
                    throw Fault(
                        "scatter: there are places and no heights", hint: "scatter(xs, ys)", kind: "type",
                        argument: .positional(0))
                }
                let series = try places("scatter", x, y).map { Chart.Series(name: $0, mark: .dots($1)) }
                return .object(try chart(series, title, xLabel, yLabel, log))
            },
            Builtin(
                "hist", "How often numbers fall into equally wide bins.",
                Parameter<Value>("values", "numbers, or a map of names to numbers"),
                Parameter<Int?>("bins", "how many; nil chooses by the spread of the numbers", default: nil),
                title, xLabel, yLabel, log,
                details:
                    "Without a number of bins they are 2·IQR/∛n wide (Freedman and Diaconis 1981), at most 60 of them.",
                example: "hist([1.0, 2.0, 2.5, 2.6, 4.0], bins=3)"
            ) {
                (values: Value, bins: Int?, title: String, xLabel: String, yLabel: String, log: LogAxes) throws -> Value
                in
                let groups: [(String, [Double])]
                if let map = values.object as? MapObject {
                    groups = try map.entries.map {
                        ($0.key.printed, try numbers("hist", $0.value, "values[\($0.key.display(.inline))]"))
                    }
                } else {
                    groups = [("", try numbers("hist", values, "values", flat: true))]
                }
                if let bins, !(1...10_000).contains(bins) {
                    throw Fault("hist: bins is \(bins); it goes from 1 to 10000", kind: "value")
                }
                let edges = binEdges(groups.flatMap(\.1), bins: bins)
                let series = groups.map { name, values in
                    Chart.Series(name: name, mark: .bins(edges: edges, counts: binCounts(values, edges)))
                }
                return .object(try chart(series, title, xLabel, yLabel.isEmpty ? "count" : yLabel, log))
            },
            Builtin(
                "bar", "A bar for each name, from zero.",
                Parameter<Value>(
                    "values",
                    "a map of names to numbers, or to maps of names to numbers; or a list of numbers with names="),
                Parameter<[String]?>("names", "of the numbers of a list", default: nil),
                Parameter<Value>("errors", "how far each may be off, in the form of values", default: .null),
                title, Parameter<String>("label", "what the numbers are", default: ""),
                details: "Each name of an inner map is a series: {\"teacher\": {\"accuracy\": 0.9, \"f1\": 0.8}, …}.",
                example: "bar({\"teacher\": 0.93, \"student\": 0.91}, label=\"accuracy\")"
            ) {
                (values: Value, names: [String]?, errors: Value, title: String, label: String) throws -> Value in
                .object(FigureObject(.bars(try bars(values, names, errors, title, label))))
            },
            Builtin(
                "heatmap", "A table of numbers as colours: light to dark; red below zero and blue above it.",
                Parameter<Tensor>("x", "[rows, columns]"),
                Parameter<[String]?>("rows", "names of the rows", default: nil),
                Parameter<[String]?>("columns", "names of the columns", default: nil),
                Parameter<Bool>("values", "write each number into its cell", default: false),
                title, xLabel, yLabel, example: "heatmap([[0.1, 0.9], [0.8, 0.2]], rows=[\"a\", \"b\"], values=true)"
            ) {
                (
                    x: Tensor, rows: [String]?, columns: [String]?, values: Bool, title: String, xLabel: String,
                    yLabel: String
                ) throws -> Value in
                guard x.rank == 2, !x.shape.contains(0) else {
                    throw Fault(
                        "heatmap: x must have rows and columns, not the shape \(x.shape)", kind: "shape",
                        argument: .positional(0))
                }
                for (names, axis, word) in [(rows, 0, "rows"), (columns, 1, "columns")] {
                    guard let names, names.count != x.shape[axis] else { continue }
                    throw Fault(
                        "heatmap: \(counted(names.count, "name")) for \(counted(x.shape[axis], String(word.dropLast())))",
                        kind: "shape", argument: .keyword(word))
                }
                guard x.shape[0] * x.shape[1] <= 4_000_000 else {
                    throw Fault(
                        "heatmap: \(x.shape[0]) × \(x.shape[1]) numbers are more than can be seen; at most 4 million",
                        hint: "heatmap(x[:1000, :1000])", kind: "value", argument: .positional(0))
                }
                let elements = try x.elements(as: Double.self)
                let lines = stride(from: 0, to: elements.count, by: x.shape[1]).map {
                    Array(elements[$0..<($0 + x.shape[1])])
                }
                return Figure.heatmap(
                    Heatmap(
                        values: lines, rows: rows ?? [], columns: columns ?? [], showsValues: values, title: title,
                        rowLabel: yLabel, columnLabel: xLabel)
                ).scriptValue
            },
            Builtin(
                "images", "Pictures in rows.",
                Parameter<Tensor>("x", "[N, H, W] grey, or [N, 1 or 3, H, W]; a single one without N"),
                Parameter<[Value]?>("captions", "one for each", default: nil),
                Parameter<Int>("columns", "how many in a row", default: 8), title,
                details: "Numbers from 0 to 1, or whole ones to 255; others are stretched between their extremes.",
                example: "images(rand(2, 8, 8), captions=[\"a\", \"b\"])"
            ) { (x: Tensor, captions: [Value]?, columns: Int, title: String) throws -> Value in
                let images = try pictures(x)
                if let captions, captions.count != images.count {
                    throw Fault(
                        "images: \(counted(captions.count, "caption")) for \(counted(images.count, "picture"))",
                        kind: "shape", argument: .keyword("captions"))
                }
                guard columns > 0 else {
                    throw Fault("images: columns is \(columns); it must be at least 1", kind: "value")
                }
                return Figure.pictures(
                    Pictures(images: images, captions: captions?.map(\.printed) ?? [], columns: columns, title: title)
                ).scriptValue
            },
            Builtin(
                "panels", "Figures side by side.", Parameter<[Figure]>("figures", "at least one"),
                Parameter<Int>("columns", "how many in a row", default: 2),
                example: "panels([line([1, 2, 3]), bar({\"a\": 1})])"
            ) { (figures: [Figure], columns: Int) throws -> Value in
                guard !figures.isEmpty, columns > 0 else {
                    throw Fault(
                        "panels: there must be a figure and a column at least", kind: "value", argument: .positional(0))
                }
                return Figure.panels(figures, columns: columns).scriptValue
            },
        ])
}

/// Which axes are logarithmic.
struct LogAxes: ScriptConvertible {
    let text: String

    init(_ text: String) { self.text = text }

    var x: Scale { text.contains("x") ? .log : .linear }
    var y: Scale { text.contains("y") ? .log : .linear }

    static var scriptType: String { "string" }
    static func from(_ value: Value) throws -> LogAxes? {
        guard let text = value.string else { return nil }
        guard ["", "x", "y", "xy", "yx"].contains(text) else {
            throw Fault("\"x\", \"y\" or \"xy\", not \(value.display(.inline))", kind: "value")
        }
        return LogAxes(text)
    }
    var scriptValue: Value { .string(text) }
}

private func chart(_ series: [Chart.Series], _ title: String, _ xLabel: String, _ yLabel: String, _ log: LogAxes) throws
    -> FigureObject
{
    try .chart(
        Chart(series: series, title: title, xLabel: xLabel, yLabel: yLabel, xScale: log.x, yScale: log.y))
}

/// Numbers from a list or a tensor; with `flat` the tensor may have any shape.
private func numbers(_ function: String, _ value: Value, _ name: String, flat: Bool = false) throws -> [Double] {
    if let items = value.items, !items.isEmpty, items.allSatisfy({ $0.number != nil || $0.isNull }) {
        // nil is what was not measured.
        return items.map { $0.number ?? .nan }
    }
    guard let tensor = try Tensor.from(value) else {
        throw Fault("\(function): \(name) must be numbers, not \(value.described)", kind: "type")
    }
    guard tensor.rank == 1 || flat else {
        throw Fault(
            "\(function): \(name) has the shape \(tensor.shape); a series has one axis",
            hint: "give each series a name: \(function)({\"a\": x[0], \"b\": x[1]})", kind: "shape")
    }
    return try tensor.elements(as: Double.self)
}

/// The series that the first two arguments of a chart mean.
private func places(_ function: String, _ x: Value, _ y: Value) throws -> [(name: String, points: [Point])] {
    func joined(_ xs: [Double], _ ys: [Double], _ name: String) throws -> [Point] {
        guard xs.count == ys.count else {
            throw Fault(
                "\(function): \(counted(xs.count, "place")) for \(counted(ys.count, "height"))"
                    + (name.isEmpty ? "" : " in \(name)"),
                kind: "shape")
        }
        return zip(xs, ys).map { Point($0, $1) }
    }
    func counting(_ ys: [Double]) -> [Double] { ys.indices.map(Double.init) }
    if !y.isNull {
        let xs = try numbers(function, x, "x")
        guard let map = y.object as? MapObject else { return [("", try joined(xs, numbers(function, y, "y"), ""))] }
        return try map.entries.map { key, value in
            (key.printed, try joined(xs, numbers(function, value, "y[\(key.display(.inline))]"), key.printed))
        }
    }
    guard let map = x.object as? MapObject else {
        let ys = try numbers(function, x, "x")
        return [("", try joined(counting(ys), ys, ""))]
    }
    return try map.entries.map { key, value in
        let name = "x[\(key.display(.inline))]"
        if let pair = value.items, pair.count == 2, pair.allSatisfy({ $0.number == nil && !$0.isNull }) {
            let (xs, ys) = (try numbers(function, pair[0], name + "[0]"), try numbers(function, pair[1], name + "[1]"))
            return (key.printed, try joined(xs, ys, key.printed))
        }
        let ys = try numbers(function, value, name)
        return (key.printed, try joined(counting(ys), ys, key.printed))
    }
}

private func binEdges(_ values: [Double], bins: Int?) -> [Double] {
    let sorted = values.filter(\.isFinite).sorted()
    guard let low = sorted.first, let high = sorted.last else { return [0, 1] }
    guard low < high else {
        let half = low == 0 ? 0.5 : Swift.abs(low) * 0.05
        return [low - half, low + half]
    }
    var count = bins ?? 0
    if bins == nil {
        let spread = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
        let width = 2 * spread / Double(sorted.count).cubeRoot
        count = width > 0 ? Int(Swift.min(60, ((high - low) / width).rounded(.up))) : 10
        // Whole numbers in a small range get a bin each.
        if sorted.allSatisfy({ $0 == $0.rounded() }), high - low < 60 {
            return Array(stride(from: low - 0.5, through: high + 0.5, by: 1))
        }
    }
    return (0...Swift.max(1, count)).map { low + (high - low) * Double($0) / Double(Swift.max(1, count)) }
}

private func binCounts(_ values: [Double], _ edges: [Double]) -> [Double] {
    var counts = [Double](repeating: 0, count: edges.count - 1)
    let (low, width) = (edges[0], (edges[edges.count - 1] - edges[0]) / Double(counts.count))
    for value in values where value.isFinite {
        counts[Swift.max(0, Swift.min(counts.count - 1, Int((value - low) / width)))] += 1
    }
    return counts
}

extension Double {
    fileprivate var cubeRoot: Double { Foundation.cbrt(self) }
}

private func bars(_ values: Value, _ names: [String]?, _ errors: Value, _ title: String, _ label: String) throws -> Bars
{
    func number(_ value: Value, _ place: String) throws -> Double {
        if value.isNull { return .nan }
        if let number = value.number { return number }
        if let tensor = (value.object as? TensorObject)?.tensor, tensor.count == 1 { return Double(try tensor.item()) }
        throw Fault("bar: \(place) must be a number, not \(value.described)", kind: "type")
    }
    guard let map = values.object as? MapObject else {
        let list = try numbers("bar", values, "values")
        let names = names ?? list.indices.map { "\($0)" }
        guard names.count == list.count else {
            throw Fault(
                "bar: \(counted(names.count, "name")) for \(counted(list.count, "number"))", kind: "shape",
                argument: .keyword("names"))
        }
        let errors = errors.isNull ? [] : try numbers("bar", errors, "errors")
        guard errors.isEmpty || errors.count == list.count else {
            throw Fault(
                "bar: \(counted(errors.count, "error")) for \(counted(list.count, "number"))", kind: "shape",
                argument: .keyword("errors"))
        }
        return Bars(
            names: names, series: [.init(name: "", values: list, errors: errors)], title: title, valueLabel: label)
    }
    let errorMap = errors.object as? MapObject
    if !errors.isNull, errorMap == nil {
        throw Fault("bar: errors must be a map, as values is", kind: "type", argument: .keyword("errors"))
    }
    let entries = map.entries
    let heads = entries.map(\.key.printed)
    guard entries.contains(where: { $0.value.object is MapObject }) else {
        return Bars(
            names: heads,
            series: [
                .init(
                    name: "", values: try entries.map { try number($0.value, "values[\($0.key.display(.inline))]") },
                    errors: try errorMap.map { map in
                        try entries.map { try number(map[$0.key] ?? .null, "errors[\($0.key.display(.inline))]") }
                    } ?? [])
            ], title: title, valueLabel: label)
    }
    // The series are the inner names, in the order in which they come.
    var seriesNames: [Value] = []
    for (key, inner) in entries {
        guard let inner = inner.object as? MapObject else {
            throw Fault("bar: values[\(key.display(.inline))] must be a map, as the others are", kind: "type")
        }
        for (name, _) in inner.entries where !seriesNames.contains(where: { $0.printed == name.printed }) {
            seriesNames.append(name)
        }
    }
    let series = try seriesNames.map { name in
        Bars.Series(
            name: name.printed,
            values: try entries.map {
                try number(($0.value.object as? MapObject)?[name] ?? .null, "values[\($0.key.display(.inline))]")
            },
            errors: try errorMap.map { map in
                try entries.map {
                    try number(
                        (map[$0.key]?.object as? MapObject)?[name] ?? .null, "errors[\($0.key.display(.inline))]")
                }
            } ?? [])
    }
    return Bars(names: heads, series: series, title: title, valueLabel: label)
}

private func pictures(_ x: Tensor) throws -> [Image] {
    var shape = x.shape
    if shape.count == 2 { shape = [1] + shape }
    if shape.count == 3, shape[0] == 3, x.rank == 3, shape[1] > 4, shape[2] > 4 { shape = [1] + shape }
    if shape.count == 3 { shape = [shape[0], 1, shape[1], shape[2]] }
    guard shape.count == 4, shape[1] == 1 || shape[1] == 3, !shape.contains(0) else {
        throw Fault(
            "images: x has the shape \(x.shape); pictures are [N, H, W], [N, 1, H, W] or [N, 3, H, W]", kind: "shape",
            argument: .positional(0))
    }
    guard shape[0] <= 400, shape[2] <= 2048, shape[3] <= 2048 else {
        throw Fault(
            "images: \(shape[0]) pictures of \(shape[2]) × \(shape[3]) are more than can be seen",
            hint: "images(x[:40]) shows the first ones", kind: "value", argument: .positional(0))
    }
    let values = try x.elements(as: Double.self)
    let finite = values.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    let (from, to) =
        low >= 0 && high <= 1 ? (0.0, 1.0) : low >= 0 && high <= 255 && x.dtype.isInteger ? (0.0, 255.0) : (low, high)
    func byte(_ value: Double) -> UInt8 {
        guard value.isFinite else { return 0 }
        return UInt8(Swift.min(255, Swift.max(0, ((value - from) / Swift.max(to - from, 1e-300) * 255).rounded())))
    }
    let area = shape[2] * shape[3]
    return (0..<shape[0]).map { index in
        let start = index * shape[1] * area
        let pixels = (0..<area).map { place -> Color in
            let red = byte(values[start + place])
            if shape[1] == 1 { return Color(red, red, red) }
            return Color(red, byte(values[start + area + place]), byte(values[start + 2 * area + place]))
        }
        return Image(width: shape[3], height: shape[2], pixels: pixels)
    }
}

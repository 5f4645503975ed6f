import Distillation
import Language
import Networks
import Tensors

/// A dataset as a value of the language.
final class DatasetObject: Object {
    let dataset: Dataset

    init(_ dataset: Dataset) { self.dataset = dataset }

    override var typeName: String { "dataset" }

    override func display(_ style: DisplayStyle) -> String {
        switch style {
        case .inline: "<dataset \(dataset.name): \(counted(dataset.count, "row"))>"
        case .full(let width): dataset.table(width: width)
        }
    }

    override var fieldNames: [String] { ["name", "columns", "label_names"] }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "name": dataset.name.scriptValue
        case "columns": dataset.columnNames.scriptValue
        case "label_names": dataset.labelNames.scriptValue
        default: nil
        }
    }

    override func count(_ machine: Machine) throws -> Int? { dataset.count }

    override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var row = 0
        return ClosureIterator { [dataset] in
            guard row < dataset.count else { return nil }
            defer { row += 1 }
            return try dataset.rowValue(row)
        }
    }

    /// A row, some rows, or a column: `data[0]`, `data[:10]`, `data["text"]`, `data[mask]`.
    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        guard items.count == 1 else {
            throw Fault("a dataset takes one index: a row, a slice, a list of rows or a column's name", kind: "index")
        }
        switch items[0] {
        case .index(let key):
            if let name = key.string { return try dataset.columnValue(name) }
            if let row = key.int {
                guard let place = normalized(row, count: dataset.count) else {
                    throw Fault(
                        "row \(row) is out of range: the dataset has \(counted(dataset.count, "row"))", kind: "index")
                }
                return try dataset.rowValue(place)
            }
            guard let rows = try key.rows(in: dataset) else {
                throw Fault("a dataset is indexed by rows and column names, not by \(key.described)", kind: "type")
            }
            return .object(DatasetObject(try dataset.selecting(rows)))
        case .slice(let start, let stop, let step):
            let slice = try ResolvedSlice(start: start, stop: stop, step: step, length: dataset.count)
            return .object(DatasetObject(try dataset.selecting(Array(slice.indices))))
        case .ellipsis: throw Fault("... indexes tensors, not a dataset", kind: "type")
        }
    }
}

/// A file of rows in parts as a value of the language: `parts[0]`, `for data in parts`.
final class PartsObject: Object {
    let parts: FileParts

    init(_ parts: FileParts) { self.parts = parts }

    override var typeName: String { "parts" }

    override func display(_ style: DisplayStyle) -> String {
        "<parts of \(parts.name): \(parts.count) of up to \(counted(parts.partRows, "row")), \(parts.rows) in all>"
    }

    override var fieldNames: [String] { ["name", "rows", "sizes"] }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "name": parts.name.scriptValue
        case "rows": parts.rows.scriptValue
        case "sizes": (0..<parts.count).map { parts.rows(of: $0) }.scriptValue
        default: nil
        }
    }

    override func count(_ machine: Machine) throws -> Int? { parts.count }

    override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var next = 0
        return ClosureIterator { [parts] in
            guard next < parts.count else { return nil }
            defer { next += 1 }
            return try parts.part(next).scriptValue
        }
    }

    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        guard items.count == 1, case .index(let key) = items[0], let index = key.int,
            let place = normalized(index, count: parts.count)
        else {
            throw Fault("there are \(counted(parts.count, "part")), named by a number from 0", kind: "index")
        }
        return try parts.part(place).scriptValue
    }
}

extension Value {
    /// Row numbers from a list, a tensor of whole numbers, or a mask of bools.
    fileprivate func rows(in dataset: Dataset) throws -> [Int]? {
        guard object is ListObject || object is TensorObject, let tensor = try Tensor.from(self), tensor.rank == 1
        else { return nil }
        if tensor.dtype == .bool {
            guard tensor.count == dataset.count else {
                throw Fault("the mask has \(tensor.count) bools for \(counted(dataset.count, "row"))", kind: "shape")
            }
            return try tensor.elements(as: Double.self).enumerated().filter { $0.element != 0 }.map(\.offset)
        }
        guard tensor.dtype.isInteger || tensor.count == 0 else { return nil }
        return try tensor.elements(as: Int64.self).map { row in
            guard let place = normalized(Int(row), count: dataset.count) else {
                throw Fault(
                    "row \(row) is out of range: the dataset has \(counted(dataset.count, "row"))", kind: "index")
            }
            return place
        }
    }
}

extension Dataset {
    /// One row as a map.
    func rowValue(_ row: Int) throws -> Value {
        .map(try self.row(row).map { ($0.name, $0.cell.scriptValue) })
    }

    /// One column as a list, or as a tensor where its cells are tensors.
    func columnValue(_ name: String) throws -> Value {
        let column = try column(name)
        if case .tensor(let tensor) = column { return tensor.scriptValue }
        return .list(try (0..<count).map { try cell($0, name).scriptValue })
    }
}

/// A value of the language as a dataset keeps it.
struct ScriptCell: CellValue {
    let value: Value
    var description: String { value.display(.inline) }
}

extension Distillation.Cell {
    var scriptValue: Value {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .int(number)
        case .float(let number): .float(number)
        case .tensor(let tensor): tensor.scriptValue
        case .truth(let flag): .bool(flag)
        case .json(let value): value.scriptValue
        case .value(let value): (value as? ScriptCell)?.value ?? .null
        case .missing: .null
        }
    }
}

extension Dataset: ScriptConvertible {
    public static var scriptType: String { "dataset" }
    public static func from(_ value: Value) throws -> Dataset? { (value.object as? DatasetObject)?.dataset }
    public var scriptValue: Value { .object(DatasetObject(self)) }
}

/// Some rows of a dataset, as the loop over batches gives them.
final class BatchObject: Object {
    let batch: Batch

    init(_ batch: Batch) { self.batch = batch }

    override var typeName: String { "batch" }
    override func display(_ style: DisplayStyle) -> String { "<batch of \(counted(batch.count, "row"))>" }
    override var fieldNames: [String] { ["labels", "texts", "rows", "ids", "data"] }
    override func count(_ machine: Machine) throws -> Int? { batch.count }

    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "labels": return try batch.labels().scriptValue
        case "texts": return try batch.texts().scriptValue
        case "rows": return batch.rows.scriptValue
        case "ids": return batch.ids.scriptValue
        case "data": return .object(DatasetObject(batch.dataset))
        default: return batch.dataset.columnNames.contains(name) ? try columnValue(name) : nil
        }
    }

    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        guard items.count == 1, case .index(let key) = items[0], let name = key.string else {
            throw Fault("a batch is asked for a column", hint: "batch[\"text\"]", kind: "index")
        }
        return try columnValue(name)
    }

    private func columnValue(_ name: String) throws -> Value {
        switch try batch.dataset.column(name) {
        case .integers, .floats, .tensor: try batch.column(name).scriptValue
        case .text, .values, .words, .tags: .list(try batch.rows.map { try batch.dataset.cell($0, name).scriptValue })
        }
    }
}

/// Rows of text under headings.
final class TableObject: Object {
    let text: String
    private let rows: [[Value]]
    private let values: MapObject?
    /// The same for pages.
    private let html: String?

    init(_ text: String, rows: [[Value]] = [], values: MapObject? = nil, html: String? = nil) {
        (self.text, self.rows, self.values, self.html) = (text, rows, values, html)
    }

    override var fieldNames: [String] { ["rows"] + (values?.keys.compactMap(\.string) ?? []) }
    override func field(_ name: String, _ machine: Machine) throws -> Value? {
        name == "rows" ? .list(rows.map { .list($0) }) : values?[.string(name)]
    }

    override var typeName: String { "table" }
    override func display(_ style: DisplayStyle) -> String { style == .inline ? "<table>" : text }
    override func renditions() -> [Rendition] {
        html.map { [Rendition(type: "text/html", content: .text($0))] } ?? []
    }
}

/// A ready text that shows itself as it is, such as a classification report.
final class ReportObject: Object {
    let text: String

    init(_ text: String) { self.text = text }

    override var typeName: String { "report" }
    override func display(_ style: DisplayStyle) -> String { style == .inline ? "<report>" : text }
}

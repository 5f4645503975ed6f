import Networks
import Tensors

/// Turns JSON objects with the same keys into columns.
///
/// Strings make text, whole numbers ints, numbers floats, equally shaped lists of numbers a tensor, and bools, other lists and
/// objects values. Strings beside numbers, or any other mixture, are an error. `null` is a gap: allowed for labels and floats
/// where `types` says so, and among bools, lists and objects.
struct JSONRecords {
    let records: [(object: JSONObject, line: Int?)]
    let file: String
    let options: TableOptions

    init(_ records: [(JSONObject, line: Int?)], file: String, _ options: TableOptions) {
        self.records = records
        self.file = file
        self.options = options
    }

    private func fault(_ row: Int, _ problem: String, hint: String? = nil) -> FormatError {
        let place = records[row].line == nil ? "record \(row): " : ""
        return FormatError(place + problem, file: file, line: records[row].line, hint: hint)
    }

    func dataset(name: String) throws -> Dataset {
        guard let first = records.first?.object else { throw FormatError("the file is empty", file: file) }
        let names = first.keys
        if names.isEmpty { throw fault(0, "the object is empty where columns should be") }
        for (row, record) in records.enumerated() {
            if let missing = names.first(where: { record.object[$0] == nil }) {
                throw fault(row, "the object has no \"\(missing)\", which the first one has")
            }
            if record.object.count > names.count, let extra = record.object.keys.first(where: { first[$0] == nil }) {
                throw fault(row, "the object has \"\(extra)\", which the first one has not")
            }
        }
        try options.checkTypes(for: names, file: file)
        let label = options.labelColumn(in: names)
        var columns: [(String, Column)] = []
        for key in names where options.types[key] != "skip" {
            let values = records.map { $0.object[key] ?? .null }
            columns.append((key, key == label ? try labels(values, key) : try column(values, key)))
        }
        do {
            return try Dataset(
                name: name, columns: columns, text: options.text, label: options.label,
                labelNames: label == nil ? nil : options.labelNames)
        } catch let error as DataError {
            guard let row = error.row else {
                throw FormatError(error.message, file: file, hint: error.hint, kind: error.kind)
            }
            throw fault(row, error.problem, hint: error.hint)
        }
    }

    private func column(_ values: [JSONValue], _ key: String) throws -> Column {
        let type = options.types[key]
        let present = values.filter { !$0.isNull }
        if type == "text" || type == "text?"
            || type == nil && !present.isEmpty && present.allSatisfy({ $0.string != nil })
        {
            return .text(
                try values.enumerated().map { row, value in
                    if value.isNull && type == "text?" { return "" }
                    guard let text = value.string else {
                        throw fault(row, "\"\(key)\" is \(value.kindName), not a string")
                    }
                    return text
                })
        }
        if type == "int" || type == "int?" || type == nil && !present.isEmpty && present.allSatisfy({ $0.int != nil }) {
            return .integers(
                try values.enumerated().map { row, value in
                    guard let int = value.int else { throw fault(row, "\"\(key)\" is \(value.kindName), not an int") }
                    return int
                })
        }
        if type == "float" || type == "float?"
            || type == nil && !present.isEmpty && present.allSatisfy({ $0.double != nil })
        {
            return .floats(
                try values.enumerated().map { row, value in
                    if value.isNull && type == "float?" { return .nan }
                    guard let double = value.double else {
                        throw fault(
                            row, "\"\(key)\" is \(value.kindName), not a number",
                            hint: value.isNull ? "types={\"\(key)\": \"float?\"} turns null into NaN" : nil)
                    }
                    return double
                })
        }
        let kinds = values.map { $0.double == nil ? $0.kindName : "a number" }
        if let first = values.firstIndex(where: { !$0.isNull }),
            let other = values.indices.first(where: { !values[$0].isNull && kinds[$0] != kinds[first] })
        {
            let place = records[first].line.map { "on line \($0)" } ?? "in record \(first)"
            throw fault(
                other, "\"\(key)\" is \(kinds[other]), \(place) it is \(kinds[first])",
                hint: "types={\"\(key)\": \"skip\"} leaves the column out")
        }
        if let tensor = try tensor(values) { return .tensor(tensor) }
        return .values(values.map { Cell($0) })
    }

    /// The values as one tensor [N, …] if all are lists of numbers of one shape: i64 for whole numbers, f32 otherwise.
    private func tensor(_ values: [JSONValue]) throws -> Tensor? {
        guard case .array? = values.first else { return nil }
        var shape: [Int] = []
        var probe = values[0]
        while let items = probe.array {
            shape.append(items.count)
            guard let next = items.first else { return nil }
            probe = next
        }
        var numbers: [JSONValue] = []
        func collect(_ value: JSONValue, _ axis: Int) -> Bool {
            if axis == shape.count {
                numbers.append(value)
                return value.double != nil
            }
            guard let items = value.array, items.count == shape[axis] else { return false }
            return items.allSatisfy { collect($0, axis + 1) }
        }
        guard values.allSatisfy({ collect($0, 0) }) else { return nil }
        let whole = [values.count] + shape
        let ints = numbers.compactMap(\.int)
        if ints.count == numbers.count { return try .integers(ints, whole) }
        let floats = numbers.map { Float($0.double ?? 0) }
        return try Tensor.filled(whole, .f32) { target in floats.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    private func labels(_ values: [JSONValue], _ key: String) throws -> Column {
        let type = options.types[key]
        let allowsGaps = type == "int?" || type == "text?" || type == "float?"
        if let gap = values.firstIndex(where: \.isNull), !allowsGaps {
            throw fault(
                gap, "the label \"\(key)\" is null",
                hint: "types={\"\(key)\": \"int?\"} (or \"text?\") reads null as a label that is not known")
        }
        if let tensor = try tensor(values) { return .tensor(tensor) }
        return .values(values.map { Cell($0) })
    }
}

import Networks
import Tensors

/// Turns JSON objects with the same keys into columns.
///
/// Strings make text, whole numbers ints, numbers floats, equally shaped lists of numbers a tensor, and anything else values.
/// `null` is a gap: allowed for labels and floats where `types` says so.
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
        for (row, record) in records.enumerated() {
            if let missing = names.first(where: { record.object[$0] == nil }) {
                throw fault(row, "the object has no \"\(missing)\", which the first one has")
            }
            if record.object.count > names.count, let extra = record.object.keys.first(where: { first[$0] == nil }) {
                throw fault(row, "the object has \"\(extra)\", which the first one has not")
            }
        }
        let label = options.labelColumn(in: names)
        var columns: [(String, Column)] = []
        var labelNames = options.labelNames
        for key in names where options.types[key] != "skip" {
            let values = records.map { $0.object[key] ?? .null }
            if key == label {
                let (column, found) = try labels(values, key)
                columns.append((key, column))
                labelNames = found
            } else {
                columns.append((key, try column(values, key)))
            }
        }
        do {
            return try Dataset(
                name: name, columns: columns, text: options.text, label: options.label,
                labelNames: label == nil ? nil : labelNames)
        } catch let error as DataError {
            throw FormatError(error.message, file: file, hint: error.hint, kind: error.kind)
        }
    }

    private func column(_ values: [JSONValue], _ key: String) throws -> Column {
        let type = options.types[key]
        if let type, !TableOptions.knownTypes.contains(type) {
            throw FormatError(
                "there is no type \"\(type)\" for the column \"\(key)\"", file: file,
                hint: "the types are \(TableOptions.knownTypes.joined(separator: ", "))", kind: "value")
        }
        let present = values.filter { !$0.isNull }
        if type == "text" || type == nil && !present.isEmpty && present.allSatisfy({ $0.string != nil }) {
            return .text(
                try values.enumerated().map { row, value in
                    guard let text = value.string else {
                        throw fault(row, "\"\(key)\" is \(value.kindName), not a string")
                    }
                    return text
                })
        }
        if type == "int" || type == nil && !present.isEmpty && present.allSatisfy({ $0.int != nil }) {
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
        if let tensor = try tensor(values) { return .tensor(tensor) }
        return .values(values)
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

    private func labels(_ values: [JSONValue], _ key: String) throws -> (Column, [String]?) {
        let type = options.types[key]
        let allowsGaps = type == "int?" || type == "text?"
        if let gap = values.firstIndex(where: \.isNull), !allowsGaps {
            throw fault(
                gap, "the label \"\(key)\" is null",
                hint: "types={\"\(key)\": \"int?\"} (or \"text?\") reads null as a label that is not known")
        }
        let present = values.filter { !$0.isNull }
        if present.allSatisfy({ $0.int != nil }) {
            return (.integers(values.map { $0.int ?? Dataset.missingLabel }), options.labelNames)
        }
        if present.allSatisfy({ $0.bool != nil }) {
            let labels = values.map { $0.bool.map { $0 ? 1 : 0 } ?? Dataset.missingLabel }
            return (.integers(labels), options.labelNames ?? ["false", "true"])
        }
        if present.allSatisfy({ $0.string != nil }) {
            let (column, names) = try Dataset.numbered(
                .text(present.compactMap(\.string)), key, names: options.labelNames)
            guard case .integers(let numbers) = column else { return (column, names) }
            var next = 0
            return (
                .integers(
                    values.map { value in
                        if value.isNull { return Dataset.missingLabel }
                        defer { next += 1 }
                        return numbers[next]
                    }), names
            )
        }
        return (try self.column(values, key), options.labelNames)
    }
}

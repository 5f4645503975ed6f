import Networks
import OrderedCollections
import Tensors

// Datasets made from datasets. Roles, label names and row ids go with the rows.
extension Dataset {
    private func with(
        name: String? = nil, count: Int? = nil, columns: OrderedDictionary<String, Column>? = nil, ids: [Int]? = nil,
        text: [String]? = nil, label: String?? = nil, labelNames: [String]?? = nil
    ) -> Dataset {
        let made = Dataset(
            name: name ?? self.name, count: count ?? self.count, columns: columns ?? self.columns,
            text: text ?? textColumns, label: label ?? labelColumn, labelNames: labelNames ?? self.labelNames,
            ids: ids ?? self.ids)
        made.limits = limits
        return made
    }

    /// The same rows, whose texts a tokenizer cuts at another length than its own limit.
    ///
    /// - Throws: `value` for a limit of no token.
    public func limited(to length: Int?, for tokenizer: any Tokenizer) throws -> Dataset {
        _ = try tokenizer.limited(to: length)
        let made = with()
        made.limits.removeAll { $0.tokenizer == nil || $0.tokenizer === tokenizer }
        made.limits.append(LengthLimit(tokenizer: tokenizer, length: length))
        return made
    }

    /// The rows at the given places, in that order.
    ///
    /// - Throws: `index` for a place that is not there.
    public func selecting(_ rows: [Int], name: String? = nil) throws -> Dataset {
        for row in rows { try checkRow(row) }
        return with(
            name: name, count: rows.count, columns: try columns.mapValues { try $0.selecting(rows) },
            ids: rows.map { ids[$0] })
    }

    /// The first rows; all where there are fewer.
    public func take(_ rows: Int) throws -> Dataset {
        guard rows >= 0 else { throw DataError("\(rows) rows cannot be taken") }
        return try selecting(Array(0..<min(rows, count)))
    }

    /// All but the first rows.
    public func drop(_ rows: Int) throws -> Dataset {
        guard rows >= 0 else { throw DataError("\(rows) rows cannot be dropped") }
        return try selecting(Array(min(rows, count)..<count))
    }

    /// The rows in a random order that depends on the seed alone.
    public func shuffled(seed: Int) throws -> Dataset { try selecting(Order.shuffled(count, seed: seed)) }

    /// Random parts whose sizes lie nearest to the fractions, which must add up to 1.
    ///
    /// - Parameters:
    ///   - stratified: each class is divided by the fractions, so that all parts have its share.
    ///   - together: rows with the same value in this column go to the same part, so that no text is in two parts.
    public func split(
        _ fractions: [Double], seed: Int, stratified: Bool = false, together: String? = nil
    ) throws -> [Dataset] {
        guard !fractions.isEmpty else { throw DataError("split needs fractions", hint: "split(data, 0.8, 0.2)") }
        if let bad = fractions.first(where: { !($0 > 0 && $0 <= 1) }) {
            throw DataError("a fraction is \(bad); it must be above 0 and at most 1")
        }
        let sum = fractions.reduce(0, +)
        guard abs(sum - 1) < 1e-6 else {
            let rest = ((1 - sum) * 1e6).rounded() / 1e6
            throw DataError(
                "the fractions add up to \((sum * 1e6).rounded() / 1e6), not 1",
                hint: rest > 0 ? "name the rest too: …, \(rest)" : nil)
        }
        let parts: [[Int]]
        if let together {
            if stratified { throw DataError("a split is either stratified or keeps rows together") }
            parts = try groupedParts(fractions, seed: seed, by: together)
        } else if stratified {
            parts = try stratifiedParts(fractions, seed: seed)
        } else {
            parts = cut(Order.shuffled(count, seed: seed), Order.sizes(count, fractions))
        }
        for (part, rows) in parts.enumerated() where rows.isEmpty {
            throw DataError("part \(part + 1) of the split gets no row: \(count) rows are too few for \(fractions)")
        }
        return try parts.map { try selecting($0) }
    }

    private func cut(_ order: [Int], _ sizes: [Int]) -> [[Int]] {
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return Array(order[start..<start + size])
        }
    }

    private func stratifiedParts(_ fractions: [Double], seed: Int) throws -> [[Int]] {
        let labels = try labels()
        var classes: [Int: [Int]] = [:]
        for row in Order.shuffled(count, seed: seed) { classes[labels[row], default: []].append(row) }
        var parts = [[Int]](repeating: [], count: fractions.count)
        for label in classes.keys.sorted() {
            let rows = classes[label] ?? []
            for (part, piece) in cut(rows, Order.sizes(rows.count, fractions)).enumerated() { parts[part] += piece }
        }
        // The parts would otherwise be sorted by class.
        return parts.enumerated().map { part, rows in
            Order.shuffled(rows.count, seed: seed, stream: part + 1).map { rows[$0] }
        }
    }

    private func groupedParts(_ fractions: [Double], seed: Int, by column: String) throws -> [[Int]] {
        var places: [UInt64: Int] = [:]
        var groups: [[Int]] = []
        var prints = [UInt64](repeating: 0, count: count)
        try self.column(column).combine(into: &prints)
        for row in 0..<count {
            if let place = places[prints[row]] {
                groups[place].append(row)
            } else {
                places[prints[row]] = groups.count
                groups.append([row])
            }
        }
        let sizes = Order.sizes(count, fractions)
        var parts = [[Int]](repeating: [], count: fractions.count)
        var part = 0
        for group in Order.shuffled(groups.count, seed: seed) {
            while part < parts.count - 1, parts[part].count >= sizes[part] { part += 1 }
            parts[part] += groups[group]
        }
        return parts
    }

    /// The rows of both, first these. They have the same columns and the same classes.
    public func concatenated(_ other: Dataset) throws -> Dataset {
        guard Set(columns.keys) == Set(other.columns.keys) else {
            throw DataError(
                "the datasets have different columns: \(columnNames.joined(separator: ", ")) and \(other.columnNames.joined(separator: ", "))"
            )
        }
        guard labelNames == other.labelNames || labelNames == nil || other.labelNames == nil else {
            throw DataError(
                "the datasets have different classes: \(Dataset.shortList(labelNames ?? [])) and \(Dataset.shortList(other.labelNames ?? []))",
                hint: "read both with the same labels=[…]")
        }
        var joined = columns
        for (name, column) in columns {
            joined[name] = try column.appending(try other.column(name), name: name)
        }
        let all = ids + other.ids
        return with(
            count: count + other.count, columns: joined, ids: Set(all).count == all.count ? all : Array(all.indices),
            labelNames: .some(labelNames ?? other.labelNames))
    }

    /// The same rows without their labels.
    public func unlabelled() -> Dataset { labelColumn == nil ? self : keepingLabels { _ in false } }

    /// The same rows, of which only `wanted`, chosen at random, keep their label.
    ///
    /// - Throws: `name` where there are no labels.
    public func keepingLabels(of wanted: Int, seed: Int) throws -> Dataset {
        _ = try isLabelled()
        let chosen = Set(Order.shuffled(count, seed: seed).prefix(wanted))
        return keepingLabels { chosen.contains($0) }
    }

    private func keepingLabels(_ isKept: (Int) -> Bool) -> Dataset {
        guard let labelColumn, let column = columns[labelColumn] else { return self }
        var table = columns
        switch column {
        case .floats(let values):
            table[labelColumn] = .floats(values.enumerated().map { isKept($0.offset) ? $0.element : .nan })
        case .tags(let tags):
            table[labelColumn] = .tags(
                tags.enumerated().map { row, words in
                    isKept(row) ? words : [Int](repeating: Dataset.missingLabel, count: words.count)
                })
        default:
            let labels = (try? labels()) ?? []
            table[labelColumn] = .integers(
                (0..<count).map { isKept($0) && labels.indices.contains($0) ? labels[$0] : Dataset.missingLabel })
        }
        return with(columns: table)
    }

    /// For each row whether its label is known; of tags, whether that of any word is.
    ///
    /// - Throws: `name` where there are no labels.
    public func isLabelled() throws -> [Bool] {
        guard let labelColumn, let column = columns[labelColumn] else {
            return try labels().map { $0 != Dataset.missingLabel }
        }
        switch column {
        case .floats(let values): return values.map { !$0.isNaN }
        case .tags(let tags): return tags.map { $0.contains { $0 != Dataset.missingLabel } }
        case .tensor(let tensor) where tensor.rank > 1: return [Bool](repeating: true, count: count)
        default: return try labels().map { $0 != Dataset.missingLabel }
        }
    }

    /// With a column added, or replaced where there is one of the name.
    public func with(column name: String, _ column: Column) throws -> Dataset {
        guard column.count == count || columns.isEmpty else {
            throw DataError("the column \"\(name)\" has \(column.count) values for \(count) rows", kind: "shape")
        }
        var table = columns
        var names = labelNames
        var label = labelColumn
        if label == nil, Dataset.usualLabelNames.contains(name) { label = name }
        if name == label {
            (table[name], names) = try Dataset.numbered(column, name, names: labelNames, words: sentences)
        } else {
            table[name] = column
        }
        var text = textColumns
        if text.isEmpty, case .text = column, name != label { text = [name] }
        return with(
            count: column.count, columns: table, ids: columns.isEmpty ? Array(0..<column.count) : ids, text: text,
            label: .some(label), labelNames: .some(names))
    }

    public func renaming(column old: String, to new: String) throws -> Dataset {
        _ = try column(old)
        if old == new { return self }
        if columns[new] != nil { throw DataError("there is a column \"\(new)\" already") }
        var table: OrderedDictionary<String, Column> = [:]
        for (name, column) in columns { table[name == old ? new : name] = column }
        return with(
            columns: table, text: textColumns.map { $0 == old ? new : $0 },
            label: .some(labelColumn == old ? new : labelColumn))
    }

    /// Only the named columns, in that order.
    public func keeping(columns names: [String]) throws -> Dataset {
        var table: OrderedDictionary<String, Column> = [:]
        for name in names {
            if table.updateValue(try column(name), forKey: name) != nil {
                throw DataError("the column \"\(name)\" is named twice")
            }
        }
        let keepsLabel = labelColumn.map(names.contains) ?? false
        return with(
            columns: table, text: textColumns.filter(names.contains), label: .some(keepsLabel ? labelColumn : nil),
            labelNames: .some(keepsLabel ? labelNames : nil))
    }

    /// The same data with other roles.
    public func assigning(text: Role? = nil, label: Role? = nil, labelNames: [String]? = nil) throws -> Dataset {
        let textRole = text ?? (textColumns.isEmpty ? .nobody : .named(textColumns))
        let labelRole = label ?? (labelColumn.map { .named($0) } ?? .nobody)
        let made = try Dataset(
            name: name, columns: columns.map { ($0.key, $0.value) }, text: textRole, label: labelRole,
            labelNames: labelNames ?? (label == nil ? self.labelNames : nil))
        return made.with(ids: ids)
    }

    public func named(_ name: String) -> Dataset { with(name: name) }

    /// A dataset of rows that a script made; every row has the same columns.
    ///
    /// - Parameters:
    ///   - model: the dataset that the rows came from; its roles and classes stay where the columns do.
    ///   - ids: the rows' ids in it.
    public static func rows(
        _ rows: [[(name: String, cell: Cell)]], name: String, like model: Dataset? = nil, ids: [Int]? = nil
    ) throws -> Dataset {
        let names = rows.first?.map(\.name) ?? model?.columnNames ?? []
        var cells = [[Cell]](repeating: [], count: names.count)
        for (number, row) in rows.enumerated() {
            let sameOrder = row.count == names.count && zip(row, names).allSatisfy { $0.name == $1 }
            for (k, name) in names.enumerated() {
                guard row.count == names.count,
                    let cell = sameOrder ? row[k].cell : row.first(where: { $0.name == name })?.cell
                else {
                    throw DataError(
                        "the columns are \(row.map(\.name).joined(separator: ", ")), in row 0 they are \(names.joined(separator: ", "))",
                        row: number)
                }
                cells[k].append(cell)
            }
        }
        var columns: [(String, Column)] = []
        for (k, name) in names.enumerated() {
            columns.append(
                (name, rows.isEmpty ? try model?.column(name).selecting([]) ?? .values([]) : try Column(cells[k])))
        }
        let text = (model?.textColumns ?? []).filter(names.contains)
        let label = model?.labelColumn.flatMap { names.contains($0) ? $0 : nil }
        let made = try Dataset(
            name: name, columns: columns, text: text.isEmpty ? .automatic : .named(text),
            label: label.map { .named($0) } ?? .automatic, labelNames: label == nil ? nil : model?.labelNames)
        guard let ids, ids.count == made.count else { return made }
        return made.with(ids: ids)
    }
}

import Networks
import OrderedCollections
import Tensors

/// Rows of named columns: texts, labels, numbers, tensors. A dataset never changes; what looks like a change makes another.
///
/// Two roles matter to training: which columns hold the text that models read, and which holds the label.
public final class Dataset {
    /// Stands in a label column where no label is known: PyTorch's `ignore_index`.
    public static let missingLabel = -100

    public let name: String
    public let count: Int
    let columns: OrderedDictionary<String, Column>
    /// The columns that models read: none, one, or two for pairs of texts.
    public let textColumns: [String]
    public let labelColumn: String?
    /// The classes by their number, where the labels have names.
    public let labelNames: [String]?
    /// For each row its number in the data that it came from; shuffling and splitting keep it.
    public let ids: [Int]

    var encodings: [ObjectIdentifier: CachedEncoding] = [:]
    /// For some tokenizers another limit than their own.
    var limits: [LengthLimit] = []
    private var knownFingerprint: UInt64?
    private var knownInputs: [UInt64]?
    /// What teachers gave for these rows in this session, by teacher.
    var knowledge: [ObjectIdentifier: KnownTeacher] = [:]

    /// Who plays a role: the column with a usual name, a named one, or nobody.
    public enum Role: Equatable, Sendable {
        case automatic
        case named([String])
        case nobody

        public static func named(_ column: String) -> Role { .named([column]) }
    }

    static let usualTextNames = [
        "text", "words", "tokens", "sentence", "sentence1", "premise", "question", "content", "review",
    ]
    static let usualLabelNames = ["label", "labels", "tags", "target", "class"]

    /// A dataset of the columns, which must be equally long.
    ///
    /// Labels that are texts become numbers: by their place in `labelNames`, or else in the order of their bytes.
    /// - Throws: for columns of different lengths, two of one name, roles that name no column, a label that is not among the names.
    public convenience init(
        name: String, columns: [(String, Column)], text: Role = .automatic, label: Role = .automatic,
        labelNames: [String]? = nil
    ) throws {
        var table: OrderedDictionary<String, Column> = [:]
        for (columnName, column) in columns {
            if table.updateValue(column, forKey: columnName) != nil {
                throw DataError("two columns have the name \"\(columnName)\"")
            }
            if let first = columns.first, column.count != first.1.count {
                throw DataError(
                    "the columns are not equally long: \"\(first.0)\" has \(first.1.count) row\(first.1.count == 1 ? "" : "s"), \"\(columnName)\" has \(column.count)",
                    kind: "shape")
            }
        }
        let labelColumn = try Dataset.labelColumn(label, in: table)
        let textColumns = try Dataset.textColumns(text, in: table, label: labelColumn)
        var names = labelNames
        if let labelColumn, let column = table[labelColumn] {
            (table[labelColumn], names) = try Dataset.numbered(
                column, labelColumn, names: labelNames, words: textColumns.first.flatMap { table[$0]?.sentences })
        }
        let count = columns.first?.1.count ?? 0
        self.init(
            name: name, count: count, columns: table, text: textColumns, label: labelColumn, labelNames: names,
            ids: Array(0..<count))
    }

    init(
        name: String, count: Int, columns: OrderedDictionary<String, Column>, text: [String], label: String?,
        labelNames: [String]?, ids: [Int]
    ) {
        self.name = name
        self.count = count
        self.columns = columns
        self.textColumns = text
        self.labelColumn = label
        self.labelNames = labelNames
        self.ids = ids
    }

    public var columnNames: [String] { Array(columns.keys) }

    /// - Throws: `name` when there is no such column, with the nearest name.
    public func column(_ name: String) throws -> Column {
        guard let column = columns[name] else { throw Dataset.missing(name, in: Array(columns.keys)) }
        return column
    }

    static func missing(_ name: String, in names: [String]) -> DataError {
        let known =
            names.isEmpty
            ? "the dataset has no columns"
            : "the column\(names.count == 1 ? " is" : "s are") \(names.joined(separator: ", "))"
        let near = nearestName(name, among: names).map { "did you mean \"\($0)\"? " } ?? ""
        return DataError("there is no column \"\(name)\"", hint: near + known, kind: "name")
    }

    /// The texts of the first text column.
    ///
    /// - Throws: when no column plays the role.
    public func texts() throws -> [String] { try texts(of: 0) }

    func texts(of role: Int) throws -> [String] {
        guard textColumns.indices.contains(role) else {
            throw DataError(
                "the dataset \"\(name)\" has no text column",
                hint: "its columns are \(columnNames.joined(separator: ", ")); name one with text=", kind: "name")
        }
        if let sentences = try column(textColumns[role]).sentences {
            return sentences.map { $0.joined(separator: " ") }
        }
        guard case .text(let texts) = try column(textColumns[role]) else {
            throw DataError("the text column \"\(textColumns[role])\" holds no text", kind: "type")
        }
        return texts
    }

    /// The class numbers; `missingLabel` where there is none.
    ///
    /// - Throws: when no column plays the role, or its values are no whole numbers.
    public func labels() throws -> [Int] {
        guard let labelColumn else {
            throw DataError(
                "the dataset \"\(name)\" has no label column",
                hint: "its columns are \(columnNames.joined(separator: ", ")); name one with label=", kind: "name")
        }
        switch try column(labelColumn) {
        case .integers(let labels): return labels
        case .tensor(let tensor) where tensor.rank == 1 && tensor.dtype == .i64:
            return try tensor.withBytes { Array($0.assumingMemoryBound(to: Int.self)) }
        case let other:
            throw DataError(
                "the label column \"\(labelColumn)\" holds \(other.typeName), not classes",
                hint: "class labels are whole numbers or texts", kind: "type")
        }
    }

    /// How many classes there are: as many as names, or the largest label and one; nil where labels are no classes.
    public var classCount: Int? {
        if let labelNames { return labelNames.count }
        guard let labels = try? labels(), let largest = labels.max(), largest >= 0 else { return nil }
        return largest + 1
    }

    /// The value of one row in one column; a label that is not known is `.missing`.
    public func cell(_ row: Int, _ name: String) throws -> Cell {
        try checkRow(row)
        let cell = try column(name).cell(row)
        if name == labelColumn {
            if case .integer(Dataset.missingLabel) = cell { return .missing }
            if case .tags(let tags) = try column(name), labelNames != nil {
                return .json(.array(tags[row].map { .string(tagName($0)) }))
            }
        }
        return cell
    }

    /// One row, column by column.
    public func row(_ row: Int) throws -> [(name: String, cell: Cell)] {
        try columns.keys.map { ($0, try cell(row, $0)) }
    }

    func checkRow(_ row: Int) throws {
        guard row >= 0, row < count else {
            throw DataError(
                "there is no row \(row) in a dataset of \(count) rows", hint: "rows are counted from 0", kind: "index")
        }
    }

    /// Stands for the rows and their columns in whatever order the rows are: shuffling keeps it, any other change changes it.
    public func fingerprint() throws -> UInt64 {
        if let knownFingerprint { return knownFingerprint }
        var print = Fingerprint()
        for (name, column) in columns {
            print.combine(name)
            print.combine(column.typeName)
        }
        for name in labelNames ?? [] { print.combine(name) }
        // A sum does not depend on the order.
        print.combine(try rowFingerprints().reduce(0, &+))
        print.combine(count)
        knownFingerprint = print.value
        return print.value
    }

    /// For each row a number that stands for what models read of it: its texts, or its tensor.
    ///
    /// - Throws: `input` where there is nothing that a model could read.
    func inputFingerprints() throws -> [UInt64] {
        if let knownInputs { return knownInputs }
        var prints = [UInt64](repeating: 0, count: count)
        let names = textColumns.isEmpty ? inputColumn().map { [$0] } ?? [] : textColumns
        guard !names.isEmpty else {
            throw ModelError(
                .input, "the dataset \"\(name)\" has neither text nor a column of tensors that a model could read",
                hint: "its columns are \(columnNames.joined(separator: ", "))")
        }
        for name in names { try column(name).combine(into: &prints) }
        knownInputs = prints
        return prints
    }

    /// How many rows of another dataset models could have read here already.
    public func sharedRows(with other: Dataset) throws -> Int {
        let mine = Set(try inputFingerprints())
        return try other.inputFingerprints().count { mine.contains($0) }
    }

    /// For each row a number that stands for its content.
    public func rowFingerprints() throws -> [UInt64] {
        var prints = [UInt64](repeating: 0, count: count)
        for column in columns.values { try column.combine(into: &prints) }
        return prints
    }
}

// MARK: roles

extension Dataset {
    fileprivate static func labelColumn(_ role: Role, in table: OrderedDictionary<String, Column>) throws -> String? {
        switch role {
        case .nobody: return nil
        case .automatic: return usualLabelNames.first { table[$0] != nil }
        case .named(let names):
            guard names.count == 1, let name = names.first else {
                throw DataError("one column is the label; \(names.count) are named")
            }
            if table[name] == nil { throw missing(name, in: Array(table.keys)) }
            return name
        }
    }

    fileprivate static func textColumns(
        _ role: Role, in table: OrderedDictionary<String, Column>, label: String?
    ) throws -> [String] {
        func isText(_ name: String) -> Bool {
            switch table[name] {
            case .text, .words: name != label
            default: false
            }
        }
        switch role {
        case .nobody: return []
        case .automatic:
            return (usualTextNames.first(where: isText) ?? table.keys.first(where: isText)).map { [$0] } ?? []
        case .named(let names):
            guard (1...2).contains(names.count) else {
                throw DataError("a model reads one text or a pair of texts; \(names.count) columns are named")
            }
            for name in names {
                if table[name] == nil { throw missing(name, in: Array(table.keys)) }
                guard isText(name) else {
                    throw DataError(
                        "the column \"\(name)\" holds \(table[name]?.typeName ?? "nothing"), not text", kind: "type")
                }
            }
            return names
        }
    }

    /// The label column with texts turned into numbers, and the names of the classes.
    ///
    /// - Parameter words: the words of each row, to each of which a tag belongs; without them a list of texts names several
    ///   classes of one row.
    static func numbered(
        _ column: Column, _ columnName: String, names: [String]?, words: [[String]]? = nil
    ) throws -> (Column, [String]?) {
        switch column {
        case .words(let lists):
            return try words.map { try tags(lists, of: $0, names: names) } ?? several(lists, names: names)
        case .tags: return (column, names)
        case .text(let texts): return try numbered(texts, columnName, names: names)
        case .integers(let labels):
            guard let names else { return (column, nil) }
            for (row, label) in labels.enumerated() where label != missingLabel && !names.indices.contains(label) {
                throw DataError(
                    "the label is \(label), but there are \(names.count) names: \(shortList(names))", row: row)
            }
            return (column, names)
        case .floats, .tensor: return (column, names)
        case .values(let cells):
            let present = cells.enumerated().filter { $0.element.kind != .missing }
            switch Set(present.map(\.element.kind)) {
            case [], [.integer]:
                return try numbered(.integers(cells.map { $0.integer ?? missingLabel }), columnName, names: names)
            case [.float], [.integer, .float]: return (.floats(cells.map { $0.number ?? .nan }), names)
            case [.truth]:
                let labels = cells.map { cell in cell.truth.map { $0 ? 1 : 0 } ?? missingLabel }
                return try numbered(.integers(labels), columnName, names: names ?? ["false", "true"])
            case [.text]: return try numbered(cells.map(\.text), columnName, names: names)
            default:
                let first = present[0]
                if let other = present.first(where: { $0.element.kind != first.element.kind }) {
                    throw DataError(
                        "the label is \(other.element.kindName), in row \(first.offset) it is \(first.element.kindName)",
                        row: other.offset, hint: "labels are all ints, all texts or all bools", kind: "type")
                }
                throw DataError(
                    "the label is \(first.element.kindName)", row: first.offset,
                    hint:
                        "labels are all ints, all texts or all bools; if it is none, name the label: label=\"…\", or label=false",
                    kind: "type")
            }
        }
    }

    /// Texts as class numbers; nil is no label.
    private static func numbered(_ texts: [String?], _ columnName: String, names: [String]?) throws -> (
        Column, [String]?
    ) {
        let distinct = names ?? Set(texts.compactMap { $0.map { ExactString($0) } }).sorted().map(\.text)
        if names == nil, distinct.count > 10_000 {
            throw DataError(
                "the label column \"\(columnName)\" holds \(distinct.count) different texts",
                hint: "if it is no label, say which column is: label=\"…\"")
        }
        var numbers: [ExactString: Int] = [:]
        for (number, name) in distinct.enumerated() {
            if numbers.updateValue(number, forKey: ExactString(name)) != nil {
                throw DataError("the class \"\(name)\" is named twice")
            }
        }
        let labels = try texts.enumerated().map { row, text in
            guard let text else { return missingLabel }
            guard let number = numbers[ExactString(text)] else {
                throw DataError(
                    "the label \"\(text.prefix(60))\" is none of \(shortList(distinct))", row: row,
                    hint: nearestName(text, among: distinct).map { "did you mean \"\($0)\"?" })
            }
            return number
        }
        return (.integers(labels), distinct)
    }

    static func shortList(_ names: [String]) -> String {
        let shown = names.prefix(8).map { "\"\($0.prefix(30))\"" }.joined(separator: ", ")
        return names.count > 8 ? shown + " … (\(names.count))" : shown
    }

    /// The known name that is nearest, if it is near enough to be meant.
    static func nearestName(_ name: String, among names: [String]) -> String? { File.nearest(name, among: names) }
}

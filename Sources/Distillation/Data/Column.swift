import Networks
import Tensors

/// The values of one column, one a row.
public enum Column {
    case text([String])
    /// Whole numbers; in the label column `Dataset.missingLabel` stands for no label.
    case integers([Int])
    case floats([Double])
    /// One slice along the first axis a row: [N, …].
    case tensor(Tensor)
    /// Texts that are cut into words, as for tagging.
    case words([[String]])
    /// A class for each word, by number.
    case tags([[Int]])
    /// Truth values, lists, maps, and cells of several kinds.
    case values([Cell])

    public var count: Int {
        switch self {
        case .text(let values): values.count
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .tensor(let tensor): tensor.shape.first ?? 0
        case .words(let values): values.count
        case .tags(let values): values.count
        case .values(let values): values.count
        }
    }

    /// "text", "int", "float", "f32 [3, 32, 32]", "values".
    public var typeName: String {
        switch self {
        case .text: "text"
        case .integers: "int"
        case .floats: "float"
        case .tensor(let tensor):
            tensor.rank == 1 ? tensor.dtype.name : "\(tensor.dtype.name) \(Array(tensor.shape.dropFirst()))"
        case .words: "words"
        case .tags: "tags"
        case .values: "values"
        }
    }

    /// The value in one row.
    public func cell(_ row: Int) throws -> Cell {
        switch self {
        case .text(let values): .text(values[row])
        case .integers(let values): .integer(values[row])
        case .floats(let values): .float(values[row])
        case .tensor(let tensor): .tensor(try tensor.row(row))
        case .words(let values): .json(.array(values[row].map { .string($0) }))
        case .tags(let values): .json(.array(values[row].map { .int($0) }))
        case .values(let values): values[row]
        }
    }

    /// The column of the rows at the given places; a place may be named twice.
    public func selecting(_ rows: [Int]) throws -> Column {
        switch self {
        case .text(let values): .text(rows.map { values[$0] })
        case .integers(let values): .integers(rows.map { values[$0] })
        case .floats(let values): .floats(rows.map { values[$0] })
        case .tensor(let tensor): .tensor(try tensor.rows(rows))
        case .words(let values): .words(rows.map { values[$0] })
        case .tags(let values): .tags(rows.map { values[$0] })
        case .values(let values): .values(rows.map { values[$0] })
        }
    }

    /// This column and then the other; both are of one type, or ints and floats, which make floats.
    func appending(_ other: Column, name: String) throws -> Column {
        switch (self, other) {
        case (.text(let a), .text(let b)): return .text(a + b)
        case (.integers(let a), .integers(let b)): return .integers(a + b)
        case (.floats(let a), .floats(let b)): return .floats(a + b)
        case (.integers(let a), .floats(let b)): return .floats(a.map(Double.init) + b)
        case (.floats(let a), .integers(let b)): return .floats(a + b.map(Double.init))
        case (.words(let a), .words(let b)): return .words(a + b)
        case (.tags(let a), .tags(let b)): return .tags(a + b)
        case (.values(let a), .values(let b)): return .values(a + b)
        case (.tensor(let a), .tensor(let b)) where a.dtype == b.dtype && a.shape.dropFirst() == b.shape.dropFirst():
            return .tensor(try a.appendingRows(b))
        default:
            throw DataError(
                "the column \"\(name)\" is \(typeName) in one dataset and \(other.typeName) in the other", kind: "type")
        }
    }

    /// The column that holds the cells: of one type if all are, floats for ints and floats, values otherwise.
    public init(_ cells: [Cell]) throws {
        switch Set(cells.map(\.kind)) {
        case [.text]: self = .text(cells.compactMap(\.text))
        case [.integer]: self = .integers(cells.compactMap(\.integer))
        case [.float], [.integer, .float]: self = .floats(cells.compactMap(\.number))
        case [.tensor]:
            let tensors = cells.compactMap(\.tensor)
            if let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape && $0.dtype == first.dtype }) {
                self = .tensor(try Tensor.stackingRows(tensors))
            } else {
                self = .values(cells)
            }
        case [.json]:
            let lists = cells.compactMap(\.words)
            self = lists.count == cells.count && lists.contains { !$0.isEmpty } ? .words(lists) : .values(cells)
        default: self = .values(cells)
        }
    }

    func combine(into prints: inout [UInt64]) throws {
        for row in 0..<count {
            var print = Fingerprint()
            switch self {
            case .text(let values): print.combine(values[row])
            case .integers(let values): print.combine(values[row])
            case .floats(let values): print.combine(values[row])
            case .tensor(let tensor): try tensor.row(row).withBytes { print.combine($0) }
            case .words(let values): for word in values[row] { print.combine(word) }
            case .tags(let values): for tag in values[row] { print.combine(tag) }
            case .values(let values): try values[row].combine(into: &print)
            }
            prints[row] = Fingerprint.mix(prints[row] &+ print.value)
        }
    }
}

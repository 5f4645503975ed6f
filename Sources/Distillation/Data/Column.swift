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
    /// Anything else, as the script made it.
    case values([Any])

    public var count: Int {
        switch self {
        case .text(let values): values.count
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .tensor(let tensor): tensor.shape.first ?? 0
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
        case .values(let values): .value(values[row])
        }
    }

    /// The column of the rows at the given places; a place may be named twice.
    public func selecting(_ rows: [Int]) throws -> Column {
        switch self {
        case .text(let values): .text(rows.map { values[$0] })
        case .integers(let values): .integers(rows.map { values[$0] })
        case .floats(let values): .floats(rows.map { values[$0] })
        case .tensor(let tensor): .tensor(try tensor.rows(rows))
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
        var kinds: Set<Int> = []
        for cell in cells { kinds.insert(cell.kind) }
        switch kinds {
        case [0]: self = .text(cells.compactMap { if case .text(let value) = $0 { value } else { nil } })
        case [1], [1, 5], [5]:
            self = .integers(
                cells.map { if case .integer(let value) = $0 { value } else { Dataset.missingLabel } })
        case [2], [1, 2]:
            self = .floats(
                cells.map {
                    switch $0 {
                    case .float(let value): value
                    case .integer(let value): Double(value)
                    default: .nan
                    }
                })
        case [3]:
            let tensors = cells.compactMap { if case .tensor(let value) = $0 { value } else { nil } }
            if let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape && $0.dtype == first.dtype }) {
                self = .tensor(try Tensor.stackingRows(tensors))
            } else {
                self = .values(tensors)
            }
        default:
            self = .values(
                cells.map {
                    switch $0 {
                    case .text(let value): value
                    case .integer(let value): value
                    case .float(let value): value
                    case .tensor(let value): value
                    case .value(let value): value
                    case .missing: Cell.missing
                    }
                })
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
            case .values(let values): print.combine("\(values[row])")
            }
            prints[row] = Fingerprint.mix(prints[row] &+ print.value)
        }
    }
}

/// The value of one row in one column.
public enum Cell {
    case text(String)
    case integer(Int)
    case float(Double)
    case tensor(Tensor)
    case value(Any)
    /// A label that is not known.
    case missing

    fileprivate var kind: Int {
        switch self {
        case .text: 0
        case .integer: 1
        case .float: 2
        case .tensor: 3
        case .value: 4
        case .missing: 5
        }
    }
}

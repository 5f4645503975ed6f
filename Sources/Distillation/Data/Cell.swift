import Networks
import Tensors

/// The value of one row in one column.
public enum Cell {
    case text(String)
    case integer(Int)
    case float(Double)
    case truth(Bool)
    case tensor(Tensor)
    /// A list or a map of plain values.
    case json(JSONValue)
    /// Anything else, as the script made it.
    case value(any CellValue)
    /// Nothing: a gap, or a label that is not known.
    case missing

    enum Kind { case text, integer, float, truth, tensor, json, value, missing }

    var kind: Kind {
        switch self {
        case .text: .text
        case .integer: .integer
        case .float: .float
        case .truth: .truth
        case .tensor: .tensor
        case .json: .json
        case .value: .value
        case .missing: .missing
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    var truth: Bool? { if case .truth(let flag) = self { flag } else { nil } }
    var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }
    /// A list of texts.
    var words: [String]? {
        guard case .json(let value) = self, let items = value.array else { return nil }
        let words = items.compactMap(\.string)
        return words.count == items.count ? words : nil
    }
    /// A float, or an int as a float.
    var number: Double? {
        switch self {
        case .float(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    /// "a text", "an int" …, for messages.
    var kindName: String {
        switch self {
        case .text: "a text"
        case .integer: "an int"
        case .float: "a float"
        case .truth: "a bool"
        case .tensor: "a tensor"
        case .json(let value): value.array == nil ? "a map" : "a list"
        case .value: "a value"
        case .missing: "nothing"
        }
    }

    /// The cell as a table shows it.
    var shown: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .float(let number): Dataset.short(number)
        case .truth(let flag): flag ? "true" : "false"
        case .tensor(let tensor): "\(tensor.dtype.name) \(tensor.shape)"
        case .json(let value): (try? value.text()) ?? "\(value.kindName)"
        case .value(let value): value.description
        case .missing: "–"
        }
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .missing
        case .bool(let flag): self = .truth(flag)
        case .int(let number): self = .integer(number)
        case .float(let number): self = .float(number)
        case .string(let text): self = .text(text)
        case .array, .object: self = .json(value)
        }
    }

    func combine(into print: inout Fingerprint) throws {
        switch self {
        case .text(let text): print.combine(text)
        case .integer(let number): print.combine(number)
        case .float(let number): print.combine(number)
        case .truth(let flag): print.combine(flag ? 1 : 0)
        case .tensor(let tensor): try tensor.withBytes { print.combine($0) }
        case .json(let value): print.combine(try value.text())
        case .value(let value): print.combine(value.description)
        case .missing: break
        }
        print.combine(kindName)
    }
}

/// What a script keeps in a dataset that is no number, text, tensor, list or map; it describes itself as the script shows it.
public protocol CellValue: CustomStringConvertible {}

import Language
import Tensors

extension Tensor: ScriptConvertible {
    public static var scriptType: String { "tensor" }

    /// A tensor, a number, or a list of numbers as one.
    public static func from(_ value: Value) throws -> Tensor? {
        switch value {
        case .object(let object as TensorObject): object.tensor
        case .object(let list as ListObject): try fromList(list)
        case .int(let value): try Tensor([Int64(value)], shape: [])
        case .float(let value): try Tensor(scalar: value, .f32)
        case .bool(let value): try Tensor([value], shape: [])
        default: nil
        }
    }

    public var scriptValue: Value { .object(TensorObject(self)) }

    /// The element of a tensor that has just one, as a number of the language.
    ///
    /// - Throws: `shape` for any other count.
    func scalarValue() throws -> Value {
        let number = try item()
        switch dtype {
        case .bool: return .bool(number != 0)
        case .u8, .i32, .i64: return .int(Int(try integer()))
        case .bf16, .f32, .f64: return .float(number)
        }
    }

    /// Nested lists of the elements, as `tolist` gives them.
    func nestedList() throws -> Value {
        if rank == 0 { return try scalarValue() }
        let flat: [Value]
        switch dtype {
        case .bool: flat = try elements(as: Double.self).map { .bool($0 != 0) }
        case .u8, .i32, .i64: flat = try elements(as: Int64.self).map { .int(Int($0)) }
        case .bf16, .f32, .f64: flat = try elements(as: Double.self).map { .float($0) }
        }
        var level = flat
        for size in shape.dropFirst().reversed() {
            let rows = size == 0 ? 0 : level.count / size
            level = (0..<rows).map { .list(Array(level[$0 * size..<($0 + 1) * size])) }
        }
        // Without elements the sizes before an empty axis are not in the data.
        if flat.isEmpty, let rows = shape.first, shape.count > 1 { level = Array(repeating: .list([]), count: rows) }
        return .list(level)
    }

    /// A tensor from nested lists of numbers, bools or tensors; all rows must be of one length.
    ///
    /// - Parameter dtype: nil chooses: bool for bools, i64 for whole numbers, f32 otherwise.
    static func fromList(_ list: ListObject, dtype: DType? = nil) throws -> Tensor {
        if let first = list.items.first, first.object is TensorObject {
            let parts = try list.items.map { item in
                guard let tensor = try Tensor.from(item) else { throw ragged(item) }
                return tensor
            }
            let joined = try stack(parts, 0)
            return try dtype.map { try joined.converted(to: $0) } ?? joined
        }
        var shape: [Int] = []
        var level: Value = .object(list)
        while let inner = level.object as? ListObject {
            shape.append(inner.items.count)
            guard shape.count <= 64 else { throw Fault("a tensor has at most 64 axes", kind: "shape") }
            guard let first = inner.items.first else { break }
            level = first
        }
        var numbers: [Double] = []
        var wholes: [Int64] = []
        var isWhole = true
        var isBool = true
        func collect(_ value: Value, _ depth: Int) throws {
            if depth < shape.count {
                guard let inner = value.object as? ListObject else { throw ragged(value) }
                guard inner.items.count == shape[depth] else {
                    throw Fault(
                        "rows of different lengths make no tensor: one has \(shape[depth]) items, another \(inner.items.count)",
                        hint: "pad the shorter ones", kind: "shape")
                }
                for item in inner.items { try collect(item, depth + 1) }
                return
            }
            switch value {
            case .int(let value):
                isBool = false
                wholes.append(Int64(value))
                numbers.append(Double(value))
            case .float(let value):
                (isBool, isWhole) = (false, false)
                numbers.append(value)
            case .bool(let value):
                wholes.append(value ? 1 : 0)
                numbers.append(value ? 1 : 0)
            case .object(let object as TensorObject) where object.tensor.count == 1:
                (isBool, isWhole) = (false, false)
                numbers.append(try object.tensor.item())
            default: throw ragged(value)
            }
        }
        try collect(.object(list), 0)
        let made: Tensor
        if numbers.isEmpty {
            made = try Tensor.zeros(shape, .f32)
        } else if isBool {
            made = try Tensor(wholes.map { $0 != 0 }, shape: shape)
        } else if isWhole {
            made = try Tensor(wholes, shape: shape)
        } else if dtype == .f64 {
            return try Tensor(numbers, shape: shape)
        } else {
            made = try Tensor(numbers.map { Float($0) }, shape: shape)
        }
        return try dtype.map { try made.converted(to: $0) } ?? made
    }

    private static func ragged(_ value: Value) -> Fault {
        Fault("a tensor is made of numbers; one item is \(value.described)", kind: "type")
    }
}

extension DType: ScriptConvertible {
    public static var scriptType: String { "dtype" }

    /// A type by its name; PyTorch's longer names are understood too.
    public static func from(_ value: Value) throws -> DType? {
        if let function = (value.object as? Builtin)?.name,
            let dtype = ["float": "f32", "int": "i64", "bool": "bool"][function]
        {
            throw Fault(
                "a type is named by a string, not by the function \(function)", hint: "dtype=\"\(dtype)\"", kind: "type"
            )
        }
        guard let name = value.string else { return nil }
        let long: [String: DType] = [
            "float32": .f32, "float": .f32, "float64": .f64, "double": .f64, "bfloat16": .bf16, "int64": .i64,
            "long": .i64, "int": .i64, "int32": .i32, "uint8": .u8,
        ]
        if let dtype = DType(name: name) ?? long[name] { return dtype }
        if ["cuda", "cpu", "gpu", "mps"].contains(name.prefix { $0 != ":" }) {
            throw Fault(
                "\"\(name)\" is a device, not a type of tensor elements",
                hint: "leave it out: kd computes on the processor", kind: "value")
        }
        throw Fault(
            "\"\(name)\" is no type of tensor elements",
            hint: "it can be " + DType.allCases.map { "\"\($0.name)\"" }.joined(separator: ", "), kind: "value")
    }

    public var scriptValue: Value { .string(name) }
}

/// A shape as a script gives it: a list, or a single number.
struct ShapeArgument: ScriptConvertible {
    let sizes: [Int]

    static var scriptType: String { "list of int" }

    static func from(_ value: Value) throws -> ShapeArgument? {
        if let size = value.int { return ShapeArgument(sizes: [size]) }
        return try [Int].from(value).map { ShapeArgument(sizes: $0) }
    }

    var scriptValue: Value { sizes.scriptValue }

    /// Sizes given one by one, `zeros(2, 3)`, or as one list, `zeros([2, 3])`.
    init(_ values: [Value]) throws {
        if values.count == 1, let list = try [Int].from(values[0]) {
            sizes = list
            return
        }
        sizes = try values.map { value in
            guard let size = value.int else {
                throw Fault("a size must be an int, not \(value.described)", kind: "type")
            }
            return size
        }
    }

    init(sizes: [Int]) { self.sizes = sizes }
}

/// Axes as a script gives them: one, several, or nil for all.
struct Axes: ScriptConvertible {
    let list: [Int]?

    static let all = Axes(list: nil)
    static var scriptType: String { "int or list of int" }

    static func from(_ value: Value) throws -> Axes? {
        if value.isNull { return .all }
        if let axis = value.int { return Axes(list: [axis]) }
        return try [Int].from(value).map { Axes(list: $0) }
    }

    var scriptValue: Value { list.map { $0.count == 1 ? $0[0].scriptValue : $0.scriptValue } ?? .null }
}

extension IndexItem {
    /// A subscript as tensors know it.
    init(_ item: Language.SubscriptItem) throws {
        switch item {
        case .ellipsis: self = .ellipsis
        case .slice(let start, let stop, let step):
            func whole(_ value: Value, _ name: String) throws -> Int? {
                if value.isNull { return nil }
                guard let number = value.int else {
                    throw Fault("the \(name) of a slice must be an int, not \(value.described)", kind: "type")
                }
                return number
            }
            self = .slice(
                start: try whole(start, "start"), stop: try whole(stop, "stop"), step: try whole(step, "step"))
        case .index(.int(let index)): self = .at(index)
        case .index(.null): self = .newAxis
        case .index(let value):
            guard value.object is TensorObject || value.object is ListObject, let tensor = try Tensor.from(value) else {
                throw Fault(
                    "a tensor is indexed by ints, slices, lists, tensors, nil and ..., not by \(value.described)",
                    hint: value.number == nil ? nil : "int(x), or // for whole division", kind: "type")
            }
            switch tensor.dtype {
            case .bool: self = .tensor(tensor)
            case .u8, .i32, .i64: self = .tensor(try tensor.converted(to: .i64))
            case .bf16, .f32, .f64:
                guard tensor.count == 0 else {
                    throw Fault(
                        "an index must be whole numbers or bools, not \(tensor.dtype.name)", hint: "int(x)",
                        kind: "type")
                }
                self = .tensor(try tensor.converted(to: .i64))
            }
        }
    }
}

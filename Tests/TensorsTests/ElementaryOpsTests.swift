import Foundation
import Testing

import Tensors

/// Values and types beside PyTorch's and NumPy's, made by scripts/fixtures/elementary_ops.py.
@Suite(.serialized) struct ElementaryOpsTests {
    struct Case: Decodable {
        /// A whole number as it is, or a real one, which may be written as "nan" or "inf".
        struct Number: Decodable {
            let whole: Int64?
            let real: Double

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                real = try container.decode(Double.self)
                whole = try? container.decode(Int64.self)
            }
        }

        struct Numbers: Decodable {
            let shape: [Int]
            let dtype: String
            let values: [Number]

            func tensor() throws -> Tensor {
                let type = try #require(DType(name: dtype))
                if type.isFloating { return try Tensor(values.map(\.real), shape: shape).converted(to: type) }
                return try Tensor(values.map { try #require($0.whole) }, shape: shape).converted(to: type)
            }
        }

        let name: String
        let op: String
        let inputs: [Numbers]
        let output: Numbers
        let number: Double?
        let whole: Int?
        let dims: [Int]?
        let keepdim: Bool?
        let low: Double?
        let high: Double?
        let to: String?
        let k: Int?
        let descending: Bool?
        let range: [Double]?

        var scalar: Scalar { whole.map { .int($0) } ?? .real(number ?? 0) }
        var keeps: Bool { keepdim ?? false }
        var axis: Int { dims?[0] ?? 0 }
        var whence: [Double] { range ?? [] }
        var bounds: [Int] { whence.map { Int($0) } }
    }

    private struct File: Decodable { let cases: [Case] }

    private static let cases: [Case] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/elementary_ops.json")
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? decoder.decode(File.self, from: Data(contentsOf: path)).cases) ?? []
    }()

    @Test("an operation gives PyTorch's values and type", arguments: cases.map(\.name))
    func agreesWithPyTorch(name: String) throws {
        let wanted = try #require(Self.cases.first { $0.name == name })
        let function = try #require(Self.functions[wanted.op], "no operation for this case")
        let inputs = try wanted.inputs.map { try $0.tensor() }
        for layout in Reference.Layout.allCases {
            let found = try function(inputs.map { try layout.apply($0) }, wanted)
            #expect(found.dtype.name == wanted.output.dtype, "\(layout)")
            try #require(found.shape == wanted.output.shape, "\(layout)")
            let tolerance: Double =
                switch found.dtype {
                case .f64: 1e-13
                case .f32: 2e-6
                default: 0.004
                }
            if !found.dtype.isFloating {
                #expect(try found.elements(as: Int64.self) == wanted.output.values.map(\.whole), "\(layout)")
                continue
            }
            for (index, (value, number)) in zip(try found.elements(), wanted.output.values).enumerated() {
                let expected = number.real
                let isClose =
                    value == expected || value.isNaN && expected.isNaN
                    || Swift.abs(value - expected) <= tolerance * Swift.max(Swift.abs(expected), 1)
                        && expected.isFinite
                #expect(isClose, "\(layout), element \(index): \(value), expected \(expected)")
            }
        }
    }

    @Test("every operation of the table has a case, and there are hundreds")
    func tableIsComplete() {
        #expect(Set(Self.functions.keys) == Set(Self.cases.map(\.op)))
        #expect(Self.cases.count > 500)
        #expect(Set(Self.cases.map(\.name)).count == Self.cases.count)
    }

    private typealias Function = @Sendable ([Tensor], Case) throws -> Tensor

    private static let functions: [String: Function] = unary.merging(binary) { $1 }.merging(numbers) { $1 }
        .merging(reductions) { $1 }.merging(others) { $1 }

    private static let unary: [String: Function] = [
        "negate": { x, _ in try negate(x[0]) }, "abs": { x, _ in try abs(x[0]) },
        "sign": { x, _ in try sign(x[0]) }, "exp": { x, _ in try exp(x[0]) },
        "expm1": { x, _ in try expm1(x[0]) }, "log": { x, _ in try log(x[0]) },
        "log1p": { x, _ in try log1p(x[0]) }, "log2": { x, _ in try log2(x[0]) },
        "sqrt": { x, _ in try sqrt(x[0]) }, "rsqrt": { x, _ in try rsqrt(x[0]) },
        "reciprocal": { x, _ in try reciprocal(x[0]) }, "square": { x, _ in try square(x[0]) },
        "sin": { x, _ in try sin(x[0]) }, "cos": { x, _ in try cos(x[0]) },
        "tan": { x, _ in try tan(x[0]) }, "asin": { x, _ in try asin(x[0]) },
        "acos": { x, _ in try acos(x[0]) }, "atan": { x, _ in try atan(x[0]) },
        "sinh": { x, _ in try sinh(x[0]) }, "cosh": { x, _ in try cosh(x[0]) },
        "tanh": { x, _ in try tanh(x[0]) }, "sigmoid": { x, _ in try sigmoid(x[0]) },
        "log_sigmoid": { x, _ in try logSigmoid(x[0]) }, "relu": { x, _ in try relu(x[0]) },
        "silu": { x, _ in try silu(x[0]) }, "softplus": { x, _ in try softplus(x[0]) },
        "gelu": { x, _ in try gelu(x[0]) }, "erf": { x, _ in try erf(x[0]) },
        "floor": { x, _ in try floor(x[0]) }, "ceil": { x, _ in try ceil(x[0]) },
        "trunc": { x, _ in try trunc(x[0]) }, "round": { x, _ in try round(x[0]) },
        "isnan": { x, _ in try isnan(x[0]) }, "isinf": { x, _ in try isinf(x[0]) },
        "isfinite": { x, _ in try isfinite(x[0]) }, "not": { x, _ in try logicalNot(x[0]) },
    ]

    private static let binary: [String: Function] = [
        "add": { x, _ in try add(x[0], x[1]) }, "subtract": { x, _ in try subtract(x[0], x[1]) },
        "multiply": { x, _ in try multiply(x[0], x[1]) }, "divide": { x, _ in try divide(x[0], x[1]) },
        "power": { x, _ in try power(x[0], x[1]) }, "remainder": { x, _ in try remainder(x[0], x[1]) },
        "floor_divide": { x, _ in try floorDivide(x[0], x[1]) },
        "maximum": { x, _ in try maximum(x[0], x[1]) }, "minimum": { x, _ in try minimum(x[0], x[1]) },
        "atan2": { x, _ in try atan2(x[0], x[1]) },
        "equal": { x, _ in try equal(x[0], x[1]) }, "not_equal": { x, _ in try notEqual(x[0], x[1]) },
        "less": { x, _ in try less(x[0], x[1]) }, "less_or_equal": { x, _ in try lessOrEqual(x[0], x[1]) },
        "greater": { x, _ in try greater(x[0], x[1]) },
        "greater_or_equal": { x, _ in try greaterOrEqual(x[0], x[1]) },
        "and": { x, _ in try logicalAnd(x[0], x[1]) }, "or": { x, _ in try logicalOr(x[0], x[1]) },
        "xor": { x, _ in try logicalXor(x[0], x[1]) }, "matmul": { x, _ in try matmul(x[0], x[1]) },
        "where": { x, _ in try `where`(x[0], x[1], x[2]) },
    ]

    private static let numbers: [String: Function] = [
        "add_number": { try add($0[0], $1.scalar) }, "multiply_number": { try multiply($0[0], $1.scalar) },
        "divide_number": { try divide($0[0], $1.scalar) }, "power_number": { try power($0[0], $1.scalar) },
        "remainder_number": { try remainder($0[0], $1.scalar) },
        "floor_divide_number": { try floorDivide($0[0], $1.scalar) },
        "number_subtract": { try subtract($1.scalar, $0[0]) },
        "number_remainder": { try remainder($1.scalar, $0[0]) },
        "equal_number": { try equal($0[0], $1.scalar) }, "not_equal_number": { try notEqual($0[0], $1.scalar) },
        "less_number": { try less($0[0], $1.scalar) },
        "less_or_equal_number": { try lessOrEqual($0[0], $1.scalar) },
        "greater_number": { try greater($0[0], $1.scalar) },
        "greater_or_equal_number": { try greaterOrEqual($0[0], $1.scalar) },
        "clamp": { try clamp($0[0], min: $1.low, max: $1.high) },
        "convert": { try $0[0].converted(to: #require($1.to.flatMap { DType(name: $0) })) },
    ]

    private static let reductions: [String: Function] = [
        "sum": { try sum($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "mean": { try mean($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "max": { try max($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "min": { try min($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "prod": { try prod($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "variance": { try variance($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "std": { try std($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "logsumexp": { try logSumExp($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "norm": { try norm($0[0], dims: $1.dims, keepdim: $1.keeps) },
        "argmax": { try argmax($0[0], dim: $1.dims?[0], keepdim: $1.keeps) },
        "argmin": { try argmin($0[0], dim: $1.dims?[0], keepdim: $1.keeps) },
        "any": { try any($0[0], dims: $1.dims) }, "all": { try all($0[0], dims: $1.dims) },
    ]

    private static let others: [String: Function] = [
        "sort": { try sort($0[0], descending: $1.descending ?? false).values },
        "argsort": { try argsort($0[0], descending: $1.descending ?? false) },
        "topk": { try topk($0[0], k: $1.k ?? 0, axis: $1.axis, largest: $1.descending ?? true).values },
        "median": { x, _ in try median(x[0]).values },
        "quantile": { try quantile($0[0], q: $1.number ?? 0) },
        "cumsum": { try cumsum($0[0], axis: $1.axis) }, "cumprod": { try cumprod($0[0], axis: $1.axis) },
        "softmax": { x, _ in try softmax(x[0]) }, "log_softmax": { x, _ in try logSoftmax(x[0]) },
        "arange": { try arange($1.bounds[0], $1.bounds[1], step: $1.bounds[2], .i64) },
        "arange_real": { try arange($1.whence[0], $1.whence[1], step: $1.whence[2], .f64) },
        "linspace": { try linspace($1.whence[0], $1.whence[1], $1.bounds[2], .f64) },
        "eye": { try eye($1.bounds[0], $1.bounds[1]) },
    ]
}

import Foundation
import Language
import Tensors

/// A number or a tensor: what functions such as `exp` take.
enum Numeric: ScriptConvertible {
    case int(Int)
    case float(Double)
    case tensor(Tensor)

    static var scriptType: String { "number or tensor" }

    static func from(_ value: Value) throws -> Numeric? {
        switch value {
        case .int(let value): .int(value)
        case .float(let value): .float(value)
        case .bool(let value): .int(value ? 1 : 0)
        default: try Tensor.from(value).map { .tensor($0) }
        }
    }

    var scriptValue: Value {
        switch self {
        case .int(let value): .int(value)
        case .float(let value): .float(value)
        case .tensor(let tensor): tensor.scriptValue
        }
    }

    var operand: Operand {
        switch self {
        case .int(let value): .number(.int(value))
        case .float(let value): .number(.real(value))
        case .tensor(let tensor): .tensor(tensor)
        }
    }
}

/// A function of one number that also works on each element of a tensor.
private func function(
    _ name: String, _ summary: String, example: String, details: String = "", scalar: @escaping (Double) -> Double,
    tensor: @escaping (Tensor) throws -> Tensor
) -> Builtin {
    Builtin(
        name, summary, Parameter<Numeric>("x", "a number, or a tensor for each of its elements"), details: details,
        example: example
    ) { (x: Numeric) throws -> Numeric in
        switch x {
        case .int(let value): .float(scalar(Double(value)))
        case .float(let value): .float(scalar(value))
        case .tensor(let x): .tensor(try tensor(x))
        }
    }
}

/// Functions of each element: they take a number or a tensor and answer the same.
func elementwiseChapter() -> Chapter {
    Chapter(
        "Mathematics", "Functions of a number, or of each element of a tensor.",
        [
            function(
                "exp", "e to the power of x.", example: "exp(0)  # → 1.0", scalar: { Foundation.exp($0) }, tensor: exp),
            function(
                "expm1", "exp(x) − 1, exact for small x.", example: "expm1(0)  # → 0.0",
                scalar: { Foundation.expm1($0) }, tensor: expm1
            ),
            function(
                "log", "Natural logarithm.", example: "log(1)  # → 0.0", scalar: { Foundation.log($0) }, tensor: log),
            function(
                "log2", "Logarithm to base 2.", example: "log2(8)  # → 3.0", scalar: { Foundation.log2($0) },
                tensor: log2),
            function(
                "log1p", "log(1 + x), exact for small x.", example: "log1p(0)  # → 0.0",
                scalar: { Foundation.log1p($0) }, tensor: log1p),
            function(
                "sqrt", "Square root.", example: "sqrt(16)  # → 4.0", scalar: { Foundation.sqrt($0) }, tensor: sqrt),
            function(
                "rsqrt", "1 / sqrt(x).", example: "rsqrt(4)  # → 0.5", scalar: { 1 / Foundation.sqrt($0) },
                tensor: rsqrt),
            function("square", "x · x.", example: "square(3)  # → 9.0", scalar: { $0 * $0 }, tensor: square),
            function(
                "reciprocal", "1 / x.", example: "reciprocal(4)  # → 0.25", scalar: { 1 / $0 }, tensor: reciprocal),
            function(
                "sin", "Sine; x in radians.", example: "sin(0)  # → 0.0", scalar: { Foundation.sin($0) }, tensor: sin),
            function(
                "cos", "Cosine; x in radians.", example: "cos(0)  # → 1.0", scalar: { Foundation.cos($0) }, tensor: cos),
            function(
                "tan", "Tangent; x in radians.", example: "tan(0)  # → 0.0", scalar: { Foundation.tan($0) }, tensor: tan
            ),
            function(
                "asin", "Inverse sine, in radians.", example: "asin(0)  # → 0.0", scalar: { Foundation.asin($0) },
                tensor: asin),
            function(
                "acos", "Inverse cosine, in radians.", example: "acos(1)  # → 0.0", scalar: { Foundation.acos($0) },
                tensor: acos),
            function(
                "atan", "Inverse tangent, in radians.", example: "atan(0)  # → 0.0", scalar: { Foundation.atan($0) },
                tensor: atan),
            function(
                "sinh", "Hyperbolic sine.", example: "sinh(0)  # → 0.0", scalar: { Foundation.sinh($0) }, tensor: sinh),
            function(
                "cosh", "Hyperbolic cosine.", example: "cosh(0)  # → 1.0", scalar: { Foundation.cosh($0) }, tensor: cosh
            ),
            function(
                "tanh", "Hyperbolic tangent.", example: "tanh(0)  # → 0.0", scalar: { Foundation.tanh($0) },
                tensor: tanh),
            function("erf", "Error function.", example: "erf(0)  # → 0.0", scalar: { Foundation.erf($0) }, tensor: erf),
            function(
                "sigmoid", "1 / (1 + exp(−x)).", example: "sigmoid(0)  # → 0.5",
                scalar: { 1 / (1 + Foundation.exp(-$0)) }, tensor: sigmoid),
            function(
                "log_sigmoid", "log(sigmoid(x)), without overflow.", example: "log_sigmoid(0)  # → -0.6931471805599453",
                scalar: { min($0, 0) - Foundation.log1p(Foundation.exp(-Swift.abs($0))) }, tensor: logSigmoid),
            function(
                "relu", "x where it is positive, else 0.", example: "relu(tensor([-1.0, 2.0]))  # → [0. 2.]",
                scalar: { Swift.max($0, 0) }, tensor: relu),
            function(
                "gelu", "x · Φ(x), Φ the normal distribution function.", example: "gelu(0)  # → 0.0",
                details: "The exact form with the error function. Hendrycks, Gimpel 2016, arXiv:1606.08415.",
                scalar: { 0.5 * $0 * (1 + Foundation.erf($0 * 0.5.squareRoot())) }, tensor: gelu),
            function(
                "silu", "x · sigmoid(x), also called swish.", example: "silu(0)  # → 0.0",
                scalar: { $0 / (1 + Foundation.exp(-$0)) }, tensor: silu),
            function(
                "softplus", "log(1 + exp(x)), without overflow.", example: "softplus(0)  # → 0.6931471805599453",
                scalar: { Swift.max($0, 0) + Foundation.log1p(Foundation.exp(-Swift.abs($0))) }, tensor: softplus),
        ])
}

/// Functions that keep whole numbers whole, and functions of two.
func roundingChapter() -> Chapter {
    /// A function that leaves an int as it is.
    func rounding(
        _ name: String, _ summary: String, example: String, _ scalar: @escaping (Double) -> Double,
        _ tensor: @escaping (Tensor) throws -> Tensor
    ) -> Builtin {
        Builtin(
            name, summary, Parameter<Numeric>("x", "a number, or a tensor for each of its elements"),
            details: "A number becomes an int, a tensor keeps its type.", example: example
        ) { (x: Numeric) throws -> Numeric in
            switch x {
            case .int: return x
            case .float(let value):
                let rounded = scalar(value)
                guard let whole = Int(exactly: rounded) else {
                    throw Fault("\(name): \(floatText(value)) is too large for an int, or no number", kind: "value")
                }
                return .int(whole)
            case .tensor(let x): return .tensor(x.dtype.isFloating ? try tensor(x) : x)
            }
        }
    }
    func pair(
        _ name: String, _ summary: String, example: String, _ op: @escaping (Operand, Operand) throws -> Tensor,
        _ scalar: @escaping (Double, Double) -> Double
    ) -> Builtin {
        Builtin(
            name, summary, Parameter<Numeric>("x", "a number or tensor"), Parameter<Numeric>("y", "a number or tensor"),
            example: example
        ) { (x: Numeric, y: Numeric) throws -> Numeric in
            if let a = x.scriptValue.number, let b = y.scriptValue.number {
                let result = scalar(a, b)
                if case .int = x, case .int = y, let whole = Int(exactly: result), name != "atan2" {
                    return .int(whole)
                }
                return .float(result)
            }
            return .tensor(try op(x.operand, y.operand))
        }
    }
    func both(_ f: @escaping (Tensor, Tensor) throws -> Tensor) -> (Operand, Operand) throws -> Tensor {
        { a, b in
            let (x, y) = try Operand.tensors(a, b)
            return try f(x, y)
        }
    }
    func nan(_ a: Double, _ b: Double, _ f: (Double, Double) -> Double) -> Double {
        a.isNaN || b.isNaN ? .nan : f(a, b)
    }
    return Chapter(
        "Rounding and pairs", "Rounding, and functions of two numbers or tensors.",
        [
            rounding(
                "floor", "The largest whole number not above x.", example: "floor(2.7)  # → 2", { $0.rounded(.down) },
                floor),
            rounding(
                "ceil", "The smallest whole number not below x.", example: "ceil(2.1)  # → 3", { $0.rounded(.up) }, ceil
            ),
            rounding(
                "trunc", "x without its fraction.", example: "trunc(-2.7)  # → -2", { $0.rounded(.towardZero) }, trunc),
            pair(
                "maximum", "The larger of two, element by element.",
                example: "maximum(tensor([1.0, 5.0]), 3)  # → [3. 5.]", both(maximum)
            ) {
                nan($0, $1, Swift.max)
            },
            pair(
                "minimum", "The smaller of two, element by element.",
                example: "minimum(tensor([1.0, 5.0]), 3)  # → [1. 3.]", both(minimum)
            ) {
                nan($0, $1, Swift.min)
            },
            pair("atan2", "The angle of the point (y, x), in radians.", example: "atan2(0, 1)  # → 0.0", both(atan2)) {
                Foundation.atan2($0, $1)
            },
            Builtin(
                "sign", "−1, 0 or 1 as x is negative, zero or positive.", Parameter<Numeric>("x", "a number or tensor"),
                example: "sign(-3)  # → -1"
            ) { (x: Numeric) throws -> Numeric in
                switch x {
                case .int(let value): .int(value.signum())
                case .float(let value): .float(value.isNaN ? .nan : value > 0 ? 1 : value < 0 ? -1 : 0)
                case .tensor(let x): .tensor(try sign(x))
                }
            },
            Builtin(
                "clamp", "x brought between two bounds.", Parameter<Numeric>("x", "a number or tensor"),
                Parameter<Double?>("min", "lower bound", default: nil),
                Parameter<Double?>("max", "upper bound", default: nil),
                example: "clamp(tensor([-1.0, 0.5, 2.0]), min=0, max=1)  # → [0.  0.5 1. ]"
            ) { (x: Numeric, low: Double?, high: Double?) throws -> Numeric in
                if let low, let high, low > high {
                    throw Fault("clamp: min is \(floatText(low)), above max, \(floatText(high))", kind: "value")
                }
                switch x {
                case .int(let value):
                    let number = Swift.min(Swift.max(Double(value), low ?? -.infinity), high ?? .infinity)
                    return Int(exactly: number).map { .int($0) } ?? .float(number)
                case .float(let value): return .float(Swift.min(Swift.max(value, low ?? -.infinity), high ?? .infinity))
                case .tensor(let x): return .tensor(try clamp(x, min: low, max: high))
                }
            },
            Builtin(
                "isnan", "Whether x is not a number.", Parameter<Numeric>("x", "a number or tensor"),
                example: "isnan(nan)  # → true"
            ) { (x: Numeric) throws -> Value in
                switch x {
                case .int: .bool(false)
                case .float(let value): .bool(value.isNaN)
                case .tensor(let x): try isnan(x).scriptValue
                }
            },
            Builtin(
                "isinf", "Whether x is infinite.", Parameter<Numeric>("x", "a number or tensor"),
                example: "isinf(inf)  # → true"
            ) { (x: Numeric) throws -> Value in
                switch x {
                case .int: .bool(false)
                case .float(let value): .bool(value.isInfinite)
                case .tensor(let x): try isinf(x).scriptValue
                }
            },
            Builtin(
                "isfinite", "Whether x is neither infinite nor nan.", Parameter<Numeric>("x", "a number or tensor"),
                example: "isfinite(1.0)  # → true"
            ) { (x: Numeric) throws -> Value in
                switch x {
                case .int: .bool(true)
                case .float(let value): .bool(value.isFinite)
                case .tensor(let x): try isfinite(x).scriptValue
                }
            },
            Builtin(
                "logical_not", "The opposite of each bool.", Parameter<Tensor>("x", "a tensor of bools"),
                example: "logical_not(tensor([true, false]))  # → [false  true]"
            ) { (x: Tensor) throws in try logicalNot(x) },
            Builtin(
                "logical_and", "Where both are true.", Parameter<Tensor>("x", "a tensor of bools"),
                Parameter<Tensor>("y", "a tensor of bools"),
                example: "logical_and(tensor([true, false]), tensor([true, true]))  # → [ true false]"
            ) { (x: Tensor, y: Tensor) throws in try logicalAnd(x, y) },
            Builtin(
                "logical_or", "Where at least one is true.", Parameter<Tensor>("x", "a tensor of bools"),
                Parameter<Tensor>("y", "a tensor of bools"),
                example: "logical_or(tensor([true, false]), tensor([true, true]))  # → [ true  true]"
            ) { (x: Tensor, y: Tensor) throws in try logicalOr(x, y) },
            Builtin(
                "logical_xor", "Where exactly one is true.", Parameter<Tensor>("x", "a tensor of bools"),
                Parameter<Tensor>("y", "a tensor of bools"),
                example: "logical_xor(tensor([true, false]), tensor([true, true]))  # → [false  true]"
            ) { (x: Tensor, y: Tensor) throws in try logicalXor(x, y) },
            Builtin(
                "where", "Elements of x where the condition holds, of y elsewhere.",
                Parameter<Tensor>("condition", "a tensor of bools"), Parameter<Numeric>("x", "taken where true"),
                Parameter<Numeric>("y", "taken where false"),
                example: "where(tensor([true, false]), 1, 0)  # → [1 0]"
            ) { (condition: Tensor, x: Numeric, y: Numeric) throws -> Tensor in
                let (a, b) = try Operand.tensors(x.operand, y.operand)
                return try `where`(condition, a, b)
            },
            Builtin(
                "allclose", "Whether two tensors agree: |x − y| ≤ atol + rtol · |y| everywhere.",
                Parameter<Tensor>("x", "a tensor or number"), Parameter<Tensor>("y", "a tensor or number"),
                Parameter<Double>("rtol", "relative tolerance", default: 1e-5),
                Parameter<Double>("atol", "absolute tolerance", default: 1e-8),
                details: "nan agrees with nothing.",
                example: "allclose(tensor([1.0]), tensor([1.000001]))  # → true"
            ) { (x: Tensor, y: Tensor, rtol: Double, atol: Double) throws -> Bool in
                let shape = try Shape.broadcast(x.shape, y.shape, for: "allclose")
                let a = try expand(x, to: shape).elements(as: Double.self)
                let b = try expand(y, to: shape).elements(as: Double.self)
                return zip(a, b).allSatisfy { $0 == $1 || Swift.abs($0 - $1) <= atol + rtol * Swift.abs($1) }
            },
        ])
}

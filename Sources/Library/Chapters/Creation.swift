import Language
import Tensors

/// Tensors from numbers, patterns and chance.
func creationChapter() -> Chapter {
    func filled(_ name: String, _ summary: String, _ value: Double, example: String) -> Builtin {
        Builtin(
            name, summary, Parameter<[Value]>.rest("shape", "sizes, one by one or as a list"),
            Parameter<DType>("dtype", "type of the elements", default: .f32), example: example
        ) { (shape: [Value], dtype: DType) throws in
            try Tensor.filled(value, shape: try ShapeArgument(shape).sizes, dtype)
        }
    }
    func like(_ name: String, _ summary: String, _ value: Double, example: String) -> Builtin {
        Builtin(
            name, summary, Parameter<Tensor>("x", "the tensor whose shape and type are taken"), example: example
        ) { (x: Tensor) throws in try Tensor.filled(value, shape: x.shape, x.dtype) }
    }
    return Chapter(
        "Making tensors", "Tensors from numbers and patterns.",
        [
            Builtin(
                "tensor", "A tensor of the numbers in a list.",
                Parameter<Value>("data", "a number, nested lists of numbers, or a tensor"),
                Parameter<DType?>(
                    "dtype", "type of the elements; by default bool, i64 or f32 as the numbers are", default: nil),
                example: "tensor([[1, 2], [3, 4]]).shape  # → [2, 2]"
            ) { (data: Value, dtype: DType?) throws -> Tensor in
                if let list = data.object as? ListObject { return try Tensor.fromList(list, dtype: dtype) }
                if let range = data.object as? RangeObject {
                    return try Tensor.fromList(ListObject(range.values), dtype: dtype)
                }
                if let number = data.number, dtype == .f64 { return try Tensor(scalar: number, .f64) }
                guard let tensor = try Tensor.from(data) else {
                    throw Fault("tensor: data must be numbers or lists of numbers, not \(data.described)", kind: "type")
                }
                return try dtype.map { try tensor.converted(to: $0) } ?? tensor
            },
            filled("zeros", "A tensor of zeros.", 0, example: "zeros(2, 2)  # → [[0. 0.]\n# → [0. 0.]]"),
            filled("ones", "A tensor of ones.", 1, example: "ones(3)  # → [1. 1. 1.]"),
            like(
                "zeros_like", "Zeros of the shape and type of another tensor.", 0,
                example: "zeros_like(tensor([1, 2]))  # → [0 0]"),
            like(
                "ones_like", "Ones of the shape and type of another tensor.", 1,
                example: "ones_like(tensor([1, 2]))  # → [1 1]"),
            Builtin(
                "full", "A tensor with the same number everywhere.", Parameter<ShapeArgument>("shape", "sizes"),
                Parameter<Value>("value", "the number"),
                Parameter<DType?>("dtype", "type of the elements; by default the number's", default: nil),
                example: "full([2], 7)  # → [7 7]"
            ) { (shape: ShapeArgument, value: Value, dtype: DType?) throws -> Tensor in
                guard let number = value.number ?? value.bool.map({ $0 ? 1 : 0 }) else {
                    throw Fault("full: value must be a number, not \(value.described)", kind: "type")
                }
                let natural: DType = value.int != nil ? .i64 : value.bool != nil ? .bool : .f32
                return try Tensor.filled(number, shape: shape.sizes, dtype ?? natural)
            },
            Builtin(
                "arange", "Numbers from start up to, and without, stop.",
                Parameter<Value>("start", "the first number; alone, the stop of a sequence from 0"),
                Parameter<Value>("stop", "where it ends", default: .null),
                Parameter<Value>("step", "distance", default: .int(1)),
                Parameter<DType?>("dtype", "type of the elements; by default i64 for ints, else f32", default: nil),
                example: "arange(4)  # → [0 1 2 3]"
            ) { (start: Value, stop: Value, step: Value, dtype: DType?) throws -> Tensor in
                let (first, last) = stop.isNull ? (Value.int(0), start) : (start, stop)
                func scalar(_ value: Value, _ name: String) throws -> Scalar {
                    if let whole = value.int { return .int(whole) }
                    guard let number = value.number else {
                        throw Fault("arange: \(name) must be a number, not \(value.described)", kind: "type")
                    }
                    return .real(number)
                }
                let whole = first.int != nil && last.int != nil && step.int != nil
                return try arange(
                    try scalar(first, "start"), try scalar(last, "stop"), step: try scalar(step, "step"),
                    dtype ?? (whole ? .i64 : .f32))
            },
            Builtin(
                "linspace", "Evenly spaced numbers from start to stop, both included.",
                Parameter<Double>("start", "the first"),
                Parameter<Double>("stop", "the last"), Parameter<Int>("count", "how many"),
                Parameter<DType>("dtype", "type of the elements", default: .f32),
                example: "linspace(0, 1, 5)  # → [0.   0.25 0.5  0.75 1.  ]"
            ) { (start: Double, stop: Double, count: Int, dtype: DType) throws in
                try linspace(start, stop, count, dtype)
            },
            Builtin(
                "eye", "A matrix with ones on its diagonal.", Parameter<Int>("n", "rows"),
                Parameter<Int?>("m", "columns; as many as rows when left out", default: nil),
                Parameter<DType>("dtype", "type of the elements", default: .f32),
                example: "eye(2)  # → [[1. 0.]\n# → [0. 1.]]"
            ) { (n: Int, m: Int?, dtype: DType) throws in try eye(n, m ?? n, dtype) },
            Builtin(
                "one_hot", "For each class number a row with a one in its place.",
                Parameter<Tensor>("labels", "[B] class numbers"),
                Parameter<Int>("classes", "number of classes"),
                example: "one_hot(tensor([1]), 3)  # → [[0. 1. 0.]]"
            ) { (labels: Tensor, classes: Int) throws in try oneHot(labels, classes: classes) },
            Builtin(
                "track", "A tensor with the same values whose gradient may be asked for.",
                Parameter<Tensor>("x", "real numbers"),
                example: "x = track(tensor([3.0]))\ngrad(sum(x ** 2), wrt=x)  # → [6.]"
            ) { (x: Tensor) throws in try x.tracked() },
            Builtin(
                "detach", "The same values without the memory of how they came about: no gradient passes.",
                Parameter<Tensor>("x", "a tensor"), example: "x = track(ones(2))\ndetach(x * 2)  # → [2. 2.]"
            ) { (x: Tensor) throws in x.detached() },
            Builtin(
                "with_mask", "The same values with a mask that says which positions are real and not padding.",
                Parameter<Tensor>("x", "[B, T, …]"),
                Parameter<Tensor>("mask", "[B, T], not 0 where positions are real"),
                Parameter<Tensor?>("types", "[B, T], for ids of pairs: which of two texts each is from", default: nil),
                details: "Ids made from texts have theirs by themselves; x.mask answers it, token_types(x) the types.",
                example: "mean(with_mask(tensor([[1.0, 3.0, 9.0]]), tensor([[1, 1, 0]])), dim=1)  # → [2.]"
            ) { (x: Tensor, mask: Tensor, types: Tensor?) throws -> Tensor in
                for (name, part) in [("mask", mask), ("types", types ?? mask)]
                where part.shape != Array(x.shape.prefix(2)) || x.rank < 2 {
                    throw Fault(
                        "with_mask: the \(name) must be [B, T], it is \(part.shape) and x is \(x.shape)", kind: "shape",
                        argument: .keyword(name))
                }
                let same = renewed(x)
                same.unit = x.unit
                same.mask = try notEqual(mask, 0)
                same.tokenTypes = try types?.converted(to: .i64)
                return same
            },
            Builtin(
                "token_types",
                "For ids of pairs of texts, which of the two each is from: 0 or 1; zeros for single texts.",
                Parameter<Tensor>("ids", "[B, T]"), example: "token_types(tensor([[2, 5, 3]]))  # → [[0 0 0]]"
            ) { (ids: Tensor) throws in try ids.tokenTypes ?? .zeros(ids.shape, .i64) },
            Builtin(
                "parameter", "A value that training changes, for a field of a model.",
                Parameter<Tensor>("value", "what it is at the start"),
                example: "scale = parameter(ones(1))\nscale  # → [1.]"
            ) { (value: Tensor) throws -> Value in .object(TensorObject(parameter: try Tensors.Parameter(value))) },
            Builtin(
                "cast", "The same values as another type; also `x.to(\"f64\")`.", Parameter<Tensor>("x", "a tensor"),
                Parameter<DType>("dtype", "\"f32\", \"f64\", \"bf16\", \"i64\", \"i32\", \"u8\" or \"bool\""),
                details: "Whole numbers are cut off towards zero; what does not fit becomes the nearest that does.",
                example: "cast(tensor([1.7, -1.7]), \"i64\")  # → [ 1 -1]"
            ) { (x: Tensor, dtype: DType) throws in try x.converted(to: dtype) },
            Builtin(
                "to", "The same values as another type.",
                Parameter<Tensor>("x", "a tensor; neither tensors nor models have a device"),
                Parameter<DType>("dtype", "type of the elements"), example: "tensor([1, 2]).to(\"f32\")  # → [1. 2.]"
            ) { (x: Tensor, dtype: DType) throws in try x.converted(to: dtype) },
            Builtin(
                "item", "The number of a tensor that has one element.",
                Parameter<Tensor>("x", "a tensor of one element"),
                example: "item(tensor([2.5]))  # → 2.5"
            ) { (x: Tensor) throws in try x.scalarValue() },
            Builtin(
                "tolist", "The elements as nested lists.", Parameter<Tensor>("x", "a tensor"),
                example: "tolist(tensor([[1, 2], [3, 4]]))  # → [[1, 2], [3, 4]]"
            ) { (x: Tensor) throws in try x.nestedList() },
            Builtin(
                "unit",
                "What the numbers mean: \"logits\", \"probabilities\", \"log-probabilities\", \"labels\" or nil.",
                Parameter<Tensor>("x", "a tensor"), example: "unit(softmax(tensor([1.0, 2.0])))  # → \"probabilities\""
            ) { (x: Tensor) throws -> String? in x.unit?.rawValue },
            Builtin(
                "with_unit", "The same numbers with another meaning, for values that come from elsewhere.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<UnitArgument>("unit", "what they mean; nil for nothing special"),
                example: "unit(with_unit(tensor([0.5, 0.5]), \"probabilities\"))  # → \"probabilities\""
            ) { (x: Tensor, unit: UnitArgument) throws in try x.meaning(unit.unit) },
        ])
}

extension Tensor {
    /// The same numbers with another meaning.
    func meaning(_ unit: Unit?) throws -> Tensor {
        let renamed = renewed(self)
        renamed.unit = unit
        return renamed
    }
}

/// A unit by its name, or nil.
struct UnitArgument: ScriptConvertible {
    let unit: Unit?
    static var scriptType: String { "\"logits\", \"probabilities\", \"log-probabilities\", \"labels\" or nil" }
    static func from(_ value: Value) throws -> UnitArgument? {
        if value.isNull { return UnitArgument(unit: nil) }
        return value.string.flatMap(Unit.init(rawValue:)).map { UnitArgument(unit: $0) }
    }
    var scriptValue: Value { unit.map { .string($0.rawValue) } ?? .null }
}

/// Random tensors: a counter-based stream that gives the same numbers for any number of threads.
func randomChapter() -> Chapter {
    func shaped(
        _ name: String, _ summary: String, details: String = "", example: String,
        _ body: @escaping ([Int], DType) throws -> Tensor
    )
        -> Builtin
    {
        Builtin(
            name, summary, Parameter<[Value]>.rest("shape", "sizes, one by one or as a list"),
            Parameter<DType>("dtype", "type of the elements", default: .f32), details: details, example: example
        ) { (shape: [Value], dtype: DType) throws in try body(try ShapeArgument(shape).sizes, dtype) }
    }
    return Chapter(
        "Chance", "Random numbers; seed(n) makes everything that follows repeat bit for bit.",
        [
            Builtin(
                "seed", "Starts the stream of random numbers anew: what follows repeats bit for bit.",
                Parameter<Int>("n", "any whole number"),
                details: "Philox4x32-10: the n-th number depends on seed and n alone. Salmon et al. 2011.",
                example: "seed(7)\na = rand(2)\nseed(7)\nall(a == rand(2))  # → true"
            ) { (n: Int) throws -> Void in seed(n) },
            shaped("rand", "Random numbers from 0 up to 1.", example: "rand(2, 3).shape  # → [2, 3]") {
                try rand($0, $1)
            },
            shaped(
                "randn", "Random numbers of the standard normal distribution.", example: "randn(2, 3).shape  # → [2, 3]"
            ) {
                try randn($0, $1)
            },
            Builtin(
                "randint", "Random whole numbers from low up to, and without, high.",
                Parameter<Int>("low", "the smallest"),
                Parameter<Int>("high", "one more than the largest"), Parameter<ShapeArgument>("shape", "sizes"),
                example: "all(randint(0, 10, [5]) < 10)  # → true"
            ) { (low: Int, high: Int, shape: ShapeArgument) throws in try randint(low, high, shape.sizes) },
            Builtin(
                "randperm", "The numbers 0 to n − 1 in random order.", Parameter<Int>("n", "how many"),
                example: "sort(randperm(4))  # → [0 1 2 3]"
            ) { (n: Int) throws in try randperm(n) },
            Builtin(
                "bernoulli", "Ones with probability p, zeros otherwise.",
                Parameter<Double>("p", "probability of a one"),
                Parameter<ShapeArgument>("shape", "sizes"), example: "bernoulli(1.0, [3])  # → [1. 1. 1.]"
            ) { (p: Double, shape: ShapeArgument) throws in try bernoulli(Tensor.filled(p, shape: shape.sizes, .f32)) },
            Builtin(
                "uniform", "Random numbers between two bounds.", Parameter<Double>("low", "lower bound"),
                Parameter<Double>("high", "upper bound"), Parameter<ShapeArgument>("shape", "sizes"),
                Parameter<DType>("dtype", "type of the elements", default: .f32),
                example: "uniform(-1, 1, [2]).shape  # → [2]"
            ) { (low: Double, high: Double, shape: ShapeArgument, dtype: DType) throws in
                try uniform(shape.sizes, low: low, high: high, dtype)
            },
            Builtin(
                "normal", "Random numbers of a normal distribution.", Parameter<Double>("mean", "its mean"),
                Parameter<Double>("std", "its standard deviation"), Parameter<ShapeArgument>("shape", "sizes"),
                Parameter<DType>("dtype", "type of the elements", default: .f32),
                example: "normal(0, 1, [2]).shape  # → [2]"
            ) { (mean: Double, std: Double, shape: ShapeArgument, dtype: DType) throws in
                try normal(shape.sizes, mean: mean, std: std, dtype)
            },
        ])
}

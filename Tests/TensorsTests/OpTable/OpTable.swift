import Tensors

// One line for every operation that has a gradient. A line says what goes in, what happens to empty tensors, and how the
// operation is called; OpTableTests checks each line in every layout, to the first and the second order.
//
//   OpTable+Elementwise.swift   functions of one number and of two
//   OpTable+Shapes.swift        movement, joining, indexing
//   OpTable+Reductions.swift    sums and their kin, order, running sums, products of matrices
//   OpTable+Networks.swift      softmax, norms, losses, windows, recurrences

/// An operation under test.
struct OpLine: Sendable {
    typealias Function = @Sendable ([Tensor]) throws -> Tensor

    /// A real input: its shape, and where its numbers lie. They are all different.
    struct Input: Sendable {
        let shape: [Int]
        let low: Double, high: Double

        static func real(_ shape: Int..., in range: ClosedRange<Double> = -2...2) -> Input {
            Input(shape: shape, low: range.lowerBound, high: range.upperBound)
        }

        static func positive(_ shape: Int...) -> Input { Input(shape: shape, low: 0.3, high: 2.5) }

        static func large(_ shape: Int...) -> Input { Input(shape: shape, low: 2, high: 6) }

        /// Numbers that leap about by the golden ratio, `salt` apart for the inputs of one line.
        func values(salt: Int) -> [Double] {
            (0..<shape.reduce(1, *)).map { index in
                let place = (Double(index) * 0.618_033_988_749_895 + 0.37 + 0.211 * Double(salt))
                    .truncatingRemainder(dividingBy: 1)
                return low + (high - low) * place
            }
        }
    }

    /// What the operation does when an input has no elements.
    enum Empty: Sendable {
        case gives([Int], for: [[Int]])
        case refuses([[Int]])
        /// The line shows another call of an operation whose empty inputs a line before this one has tried.
        case asBefore
    }

    let name: String
    let inputs: [Input]
    let empty: Empty
    /// Whether the gradient still exists where all rows of an input are the same.
    let allowsEqualRows: Bool
    let function: Function

    init(
        _ name: String, _ inputs: [Input], empty: Empty, allowsEqualRows: Bool = true, _ function: @escaping Function
    ) {
        (self.name, self.inputs, self.empty, self.function) = (name, inputs, empty, function)
        self.allowsEqualRows = allowsEqualRows
    }
}

enum OpTable {
    static let lines: [OpLine] =
        unary + binary + numbers + choice + movement + joining + indexing + reductions + realPositions + order
        + products + softmaxes + norms + losses + windows + pools + recurrences

    /// Operations whose result has no gradient, each called on a tracked tensor.
    static let withoutGradient: [(name: String, function: OpLine.Function)] = [
        ("floor_divide", { try floorDivide($0[0], $0[1]) }),
        ("floor_divide number", { try floorDivide($0[0], 2) }),
        ("number floor_divide", { try floorDivide(2, $0[0]) }),
        ("equal", { try equal($0[0], $0[1]) }), ("equal number", { try equal($0[0], 1) }),
        ("not_equal", { try notEqual($0[0], $0[1]) }), ("not_equal number", { try notEqual($0[0], 1) }),
        ("less", { try less($0[0], $0[1]) }), ("less number", { try less($0[0], 1) }),
        ("less_or_equal", { try lessOrEqual($0[0], $0[1]) }),
        ("less_or_equal number", { try lessOrEqual($0[0], 1) }),
        ("greater", { try greater($0[0], $0[1]) }), ("greater number", { try greater($0[0], 1) }),
        ("greater_or_equal", { try greaterOrEqual($0[0], $0[1]) }),
        ("greater_or_equal number", { try greaterOrEqual($0[0], 1) }),
        ("and", { try logicalAnd($0[0], $0[1]) }), ("or", { try logicalOr($0[0], $0[1]) }),
        ("xor", { try logicalXor($0[0], $0[1]) }), ("not", { try logicalNot($0[0]) }),
        ("isnan", { try isnan($0[0]) }), ("isinf", { try isinf($0[0]) }), ("isfinite", { try isfinite($0[0]) }),
        ("any", { try any($0[0]) }), ("all", { try all($0[0]) }),
        ("argmax", { try argmax($0[0]) }), ("argmin", { try argmin($0[0], dim: 0) }),
        ("argsort", { try argsort($0[0]) }), ("nonzero", { try nonzero($0[0]) }),
        ("unique", { try unique($0[0]).values }), ("detach", { detach($0[0]) }),
        ("bernoulli", { try bernoulli(sigmoid($0[0])) }),
        ("one_hot", { try oneHot($0[0].converted(to: .u8), classes: 256) }),
        ("bincount", { try bincount(flatten($0[0]).converted(to: .u8)) }),
    ]

    /// Functions that compute no tensor from another one; and linear, which has lines here, but whose forms for weights of
    /// fewer bits say that they have no gradient.
    static let notOperations: Set<String> = [
        "gradients", "leafGradients", "trackedLeaves", "full", "arange", "linspace", "eye", "seed", "rand", "randn",
        "uniform", "normal", "randint", "randperm",
        "linear",
    ]

    static func longs(_ values: Int64..., shape: [Int]? = nil) throws -> Tensor {
        try Tensor(values, shape: shape ?? [values.count])
    }

    static func bools(_ values: Int..., shape: [Int]? = nil) throws -> Tensor {
        try Tensor(values.map { $0 != 0 }, shape: shape ?? [values.count])
    }
}

import Tensors

extension OpTable {
    private static func one(
        _ name: String, in range: ClosedRange<Double> = -2...2,
        _ function: @escaping @Sendable (Tensor) throws -> Tensor
    ) -> OpLine {
        OpLine(name, [.real(3, 4, in: range)], empty: .gives([0, 4], for: [[0, 4]])) { try function($0[0]) }
    }

    static let unary: [OpLine] = [
        one("negate") { try negate($0) }, one("abs") { try abs($0) }, one("sign") { try sign($0) },
        one("exp") { try exp($0) }, one("expm1") { try expm1($0) },
        one("log", in: 0.2...3) { try log($0) }, one("log1p", in: -0.8...2) { try log1p($0) },
        one("log2", in: 0.2...3) { try log2($0) }, one("sqrt", in: 0.2...3) { try sqrt($0) },
        one("rsqrt", in: 0.3...3) { try rsqrt($0) }, one("reciprocal", in: 0.3...3) { try reciprocal($0) },
        one("square") { try square($0) }, one("sin") { try sin($0) }, one("cos") { try cos($0) },
        one("tan", in: -1.2...1.2) { try tan($0) }, one("asin", in: -0.9...0.9) { try asin($0) },
        one("acos", in: -0.9...0.9) { try acos($0) }, one("atan") { try atan($0) }, one("sinh") { try sinh($0) },
        one("cosh") { try cosh($0) }, one("tanh") { try tanh($0) }, one("sigmoid") { try sigmoid($0) },
        one("log_sigmoid") { try logSigmoid($0) }, one("relu") { try relu($0) }, one("silu") { try silu($0) },
        one("softplus") { try softplus($0) }, one("gelu") { try gelu($0) }, one("gelu_tanh") { try geluTanh($0) },
        one("erf") { try erf($0) }, one("floor") { try floor($0) }, one("ceil") { try ceil($0) },
        one("trunc") { try trunc($0) }, one("round") { try round($0) },
    ]

    /// Two tensors of equal shape, along rows, along columns, as single numbers, and stretched on both sides.
    private static func two(
        _ name: String, _ left: ClosedRange<Double> = -2...2, _ right: ClosedRange<Double> = -2...2,
        _ function: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
    ) -> [OpLine] {
        func line(_ form: String, _ a: OpLine.Input, _ b: OpLine.Input, _ empty: OpLine.Empty) -> OpLine {
            OpLine("\(name), \(form)", [a, b], empty: empty) { try function($0[0], $0[1]) }
        }
        return [
            line(
                "equal shapes", .real(3, 4, in: left), .real(3, 4, in: right), .gives([0, 4], for: [[0, 4], [0, 4]])),
            line("a row", .real(3, 4, in: left), .real(4, in: right), .gives([0, 4], for: [[0, 4], [4]])),
            line("a column", .real(3, 1, in: left), .real(3, 4, in: right), .gives([3, 0], for: [[3, 1], [3, 0]])),
            line("a single number", .real(in: left), .real(2, 3, in: right), .gives([0], for: [[], [0]])),
            line(
                "stretched both ways", .real(2, 1, 3, in: left), .real(4, 1, in: right),
                .gives([2, 0, 3], for: [[2, 1, 3], [0, 1]])),
        ]
    }

    static let binary: [OpLine] =
        two("add") { try add($0, $1) } + two("subtract") { try subtract($0, $1) }
        + two("multiply") { try multiply($0, $1) } + two("divide", -2...2, 0.4...2) { try divide($0, $1) }
        + two("power", 0.3...2) { try power($0, $1) } + two("remainder", -5...5, 1.1...2) { try remainder($0, $1) }
        + two("maximum") { try maximum($0, $1) } + two("minimum") { try minimum($0, $1) }
        + two("atan2", 0.3...2) { try atan2($0, $1) }

    static let numbers: [OpLine] = [
        one("add number") { try add($0, 1.5) }, one("number add") { try add(2, $0) },
        one("subtract number") { try subtract($0, 1.5) }, one("number subtract") { try subtract(2, $0) },
        one("multiply number") { try multiply($0, -1.5) }, one("number multiply") { try multiply(3, $0) },
        one("divide number") { try divide($0, -1.5) }, one("number divide", in: 0.3...2) { try divide(3, $0) },
        one("power 0") { try power($0, 0) }, one("power 1") { try power($0, 1) }, one("power 2") { try power($0, 2) },
        one("power 3") { try power($0, 3) }, one("power 1/2", in: 0.3...2) { try power($0, 0.5) },
        one("power -1.5", in: 0.4...2) { try power($0, -1.5) }, one("number power") { try power(1.7, $0) },
        one("remainder number") { try remainder($0, 0.7) },
        one("number remainder", in: 0.9...3.3) { try remainder(5.0, $0) },
        one("maximum number") { try maximum($0, 0.1) }, one("minimum number") { try minimum($0, 0.1) },
        one("clamp") { try clamp($0, min: -1, max: 0.7) }, one("clamp below") { try clamp($0, min: 0.2) },
        one("clamp above") { try clamp($0, max: 0.2) },
    ]

    static let choice: [OpLine] = [
        OpLine("where", [.real(2, 3), .real(3)], empty: .gives([0, 2, 3], for: [[0, 2, 3], [3]])) {
            try `where`(bools(1, 0, 0, 1, 0, 1, shape: [2, 3]), $0[0], $0[1])
        },
        OpLine("where, single numbers", [.real(1), .real()], empty: .asBefore) {
            try `where`(bools(1, 0, 1), $0[0], $0[1])
        },
        OpLine("where, number first", [.real(2, 3)], empty: .gives([0, 3], for: [[0, 3]])) {
            try `where`(bools(1, 0, 1), 2, $0[0])
        },
        OpLine("where, number last", [.real(2, 3)], empty: .gives([0, 3], for: [[0, 3]])) {
            try `where`(bools(1, 0, 1), $0[0], -1.5)
        },
        OpLine("masked_fill", [.real(2, 3)], empty: .gives([0, 3], for: [[0, 3]])) {
            try maskedFill($0[0], mask: bools(1, 0, 1), value: 3)
        },
        OpLine("dropout", [.real(4, 5)], empty: .gives([0, 5], for: [[0, 5]])) {
            try dropout($0[0], p: 0.4, key: 5, counter: 8)
        },
    ]
}

import Foundation
import KernelTable
import Testing

@Suite("Elementwise loops")
struct ElementwiseTests {
    static func reference(_ op: UnaryOp, _ x: Double) -> Double {
        switch op {
        case .neg: -x
        case .abs: abs(x)
        case .sign: x > 0 ? 1 : (x < 0 ? -1 : x)
        case .exp: exp(x)
        case .expm1: expm1(x)
        case .log: log(x)
        case .log1p: log1p(x)
        case .log2: log2(x)
        case .sqrt: sqrt(x)
        case .rsqrt: 1 / sqrt(x)
        case .reciprocal: 1 / x
        case .square: x * x
        case .sin: sin(x)
        case .cos: cos(x)
        case .tan: tan(x)
        case .asin: asin(x)
        case .acos: acos(x)
        case .atan: atan(x)
        case .sinh: sinh(x)
        case .cosh: cosh(x)
        case .tanh: tanh(x)
        case .sigmoid: 1 / (1 + exp(-x))
        case .logSigmoid: x.isNaN ? x : min(x, 0) - log1p(exp(-abs(x)))
        case .relu: x.isNaN ? x : max(x, 0)
        case .silu: x / (1 + exp(-x))
        case .softplus: x.isNaN ? x : max(x, 0) + log1p(exp(-abs(x)))
        case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .erf: erf(x)
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .trunc: x.rounded(.towardZero)
        case .round: x.rounded(.toNearestOrEven)
        }
    }

    /// The arguments a function is tried on.
    static func domain(_ op: UnaryOp) -> ClosedRange<Double> {
        switch op {
        case .log, .log2, .sqrt, .rsqrt: 1e-6...100
        case .log1p: -0.999...50
        case .asin, .acos: -1...1
        case .exp, .expm1, .sinh, .cosh: -20...20
        default: -8...8
        }
    }

    func unary<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for op in UnaryOp.allCases {
            for n in sizes {
                var numbers = Numbers(UInt64(n) + 5)
                let x: [T] = numbers.array(n, Self.domain(op))
                let found: [T] = output(n) { k.unary(op, x, $0, count: n) }
                let wanted = x.map { Self.reference(op, Double($0)) }
                // 1 + erf(x) and 1 + tanh(x) cancel for negative x.
                let scale: Double = op == .gelu || op == .geluTanh ? 2 : 0
                #expect(mismatch(found, wanted, scale: scale) == nil, "\(op) of \(n)")
            }
        }
    }

    @Test("every function of one number agrees with Double", arguments: Table.all)
    func unary(table: Table) {
        unary(Float.self, table)
        unary(Double.self, table)
    }

    func specialValues<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        let x: [T] = [
            0, -0.0, 1, -1, 0.5, -0.5, 2.5, -2.5, 1e-30, -1e-30, 1e-10, -1e-10, 1e30, -1e30, 88, -88, 103, -103, 1000,
            -1000, .infinity, -.infinity, .nan, .leastNormalMagnitude, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        ]
        let skipped: Set<UnaryOp> = [.sin, .cos, .tan]
        for op in UnaryOp.allCases where !skipped.contains(op) {
            let found: [T] = output(x.count) { k.unary(op, x, $0, count: x.count) }
            for (i, value) in x.enumerated() {
                var wanted = Self.reference(op, Double(value))
                if op == .geluTanh, value.magnitude > 1e9 { continue }
                if op == .gelu || op == .silu, value == -.infinity { wanted = .nan }
                // These are small differences of large terms, or quotients by an overflow, far below zero.
                let scale: Double =
                    switch op {
                    case .gelu, .geluTanh: abs(Double(value))
                    case .silu: Double(T.leastNormalMagnitude) / T.precision
                    default: 0
                    }
                #expect(
                    agree(found[i], wanted, scale: scale), "\(op)(\(value)) = \(found[i]), expected \(wanted)")
            }
        }
    }

    @Test("special values come out as IEEE says", arguments: Table.all)
    func specialValues(table: Table) {
        specialValues(Float.self, table)
        specialValues(Double.self, table)
    }

    @Test("float exp, log, tanh, erf stay within two units over their whole range", arguments: Table.all)
    func accuracy(table: Table) {
        let k = table.loops.float
        let cases: [(UnaryOp, ClosedRange<Double>, Double)] = [
            (.exp, -87...88.7, 2), (.exp, -103...(-87), 2), (.log, 1e-38...1e38, 2), (.log, 0.5...2, 2),
            (.log1p, -0.9...1, 2.5), (.expm1, -5...5, 2.5), (.tanh, -4...4, 3), (.tanh, -0.01...0.01, 3),
            (.sigmoid, -80...80, 3), (.erf, -4...4, 2),
        ]
        for (op, range, units) in cases {
            var numbers = Numbers(9)
            let n = 20000
            let x: [Float] = numbers.array(n, range)
            let y: [Float] = output(n) { k.unary(op, x, $0, count: n) }
            var worst = 0.0
            var at: Float = 0
            for i in 0..<n {
                let wanted = Self.reference(op, Double(x[i]))
                let error = abs(Double(y[i]) - wanted) / Double(Float(wanted).ulp)
                if error > worst { (worst, at) = (error, x[i]) }
            }
            #expect(worst <= units, "\(op) is \(worst) units off at \(at)")
        }
    }

    @Test("sigmoids go on where exp has overflowed or is less than the least normal number", arguments: Table.all)
    func farSigmoids(table: Table) {
        let k = table.loops.float
        let x = (-12000...12000).map { Float($0) / 100 }
        for op in [UnaryOp.sigmoid, .silu, .softplus, .logSigmoid, .gelu] {
            let found: [Float] = output(x.count) { k.unary(op, x, $0, count: x.count) }
            for (x, found) in zip(x, found) {
                let wanted = Self.reference(op, Double(x))
                let tolerance = op == .gelu ? 1e-6 : 0
                let bound = 4 * Double(Float(wanted).ulp) + Double(Float.leastNormalMagnitude) * 100 + tolerance
                #expect(abs(Double(found) - wanted) <= bound, "\(op)(\(x)) = \(found), expected \(wanted)")
            }
        }
    }

    static func reference(_ op: BinaryOp, _ x: Double, _ y: Double) -> Double {
        switch op {
        case .add: return x + y
        case .sub: return x - y
        case .mul: return x * y
        case .div: return x / y
        case .pow: return pow(x, y)
        case .max: return x.isNaN || y.isNaN ? .nan : max(x, y)
        case .min: return x.isNaN || y.isNaN ? .nan : min(x, y)
        case .atan2: return atan2(x, y)
        case .mod:
            let r = fmod(x, y)
            return r != 0 && (r < 0) != (y < 0) ? r + y : r
        case .floorDiv: return y == 0 ? x / y : ((x - reference(.mod, x, y)) / y).rounded()
        }
    }

    func binary<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for op in BinaryOp.allCases {
            for n in sizes {
                var numbers = Numbers(UInt64(n) + 3)
                let x: [T] = numbers.array(n, op == .pow ? 0.1...4 : -9...9)
                let y: [T] = numbers.array(n, -3...3)
                let s: T = 1.75
                let scale: Double = [.add, .sub, .mod].contains(op) ? 9 : 0
                func check(_ form: String, _ found: [T], _ wanted: [Double]) {
                    #expect(mismatch(found, wanted, scale: scale) == nil, "\(op) \(form) \(n)")
                }
                check(
                    "vectors", output(n) { k.binary(op, x, y, $0, count: n) },
                    (0..<n).map { Self.reference(op, Double(x[$0]), Double(y[$0])) })
                check(
                    "scalar right", output(n) { k.binary(op, x, scalar: s, $0, count: n) },
                    x.map { Self.reference(op, Double($0), Double(s)) })
                check(
                    "scalar left", output(n) { k.binary(op, scalar: s, y, $0, count: n) },
                    y.map { Self.reference(op, Double(s), Double($0)) })
            }
            let (rows, n) = (3, 19)
            var numbers = Numbers(2)
            let x: [T] = numbers.array(rows * n, 0.5...4)
            let row: [T] = numbers.array(n, 0.5...3)
            let column: [T] = numbers.array(rows, 0.5...3)
            for swapped in [false, true] {
                func wanted(_ other: (Int) -> T) -> [Double] {
                    (0..<(rows * n)).map {
                        let (a, b) = (Double(x[$0]), Double(other($0)))
                        return swapped ? Self.reference(op, b, a) : Self.reference(op, a, b)
                    }
                }
                let alongRow: [T] = output(rows * n) {
                    k.binaryRowVector(op, x, vector: row, $0, rows: rows, count: n, swapped: swapped)
                }
                let alongColumn: [T] = output(rows * n) {
                    k.binaryColumnVector(op, x, vector: column, $0, rows: rows, count: n, swapped: swapped)
                }
                #expect(mismatch(alongRow, wanted { row[$0 % n] }, scale: 4) == nil, "\(op) row \(swapped)")
                #expect(mismatch(alongColumn, wanted { column[$0 / n] }, scale: 4) == nil, "\(op) column \(swapped)")
            }
        }
    }

    @Test("every function of two numbers agrees in every form", arguments: Table.all)
    func binary(table: Table) {
        binary(Float.self, table)
        binary(Double.self, table)
    }

    @Test("maximum and minimum pass NaN on from either side", arguments: Table.all)
    func nanPropagates(table: Table) {
        let k = table.loops.float
        let (x, y): ([Float], [Float]) = ([.nan, 1, .nan, 2], [1, .nan, .nan, 3])
        let largest: [Float] = output(4) { k.binary(.max, x, y, $0, count: 4) }
        let smallest: [Float] = output(4) { k.binary(.min, x, y, $0, count: 4) }
        #expect(largest.map(\.isNaN) == [true, true, true, false] && largest[3] == 3)
        #expect(smallest.map(\.isNaN) == [true, true, true, false] && smallest[3] == 2)
    }

    @Test("the remainder is Python's", arguments: Table.all)
    func pythonRemainder(table: Table) {
        let (x, y): ([Double], [Double]) = ([7, -7, 7, -7, 6, -6, 0.3], [3, 3, -3, -3, 3, 3, 0.1])
        let n = x.count
        let r: [Double] = output(n) { table.loops.double.binary(.mod, x, y, $0, count: n) }
        let q: [Double] = output(n) { table.loops.double.binary(.floorDiv, x, y, $0, count: n) }
        #expect(Array(r[..<6]) == [1, 2, -2, -1, 0, 0])
        #expect(q == [2, -3, -3, 2, 2, -2, 2])
        let finite: [Double] = [5, -5, 5, -5, 0, -0.5]
        let ends: [Double] = [.infinity, .infinity, -.infinity, -.infinity, .infinity, .infinity]
        let whole: [Double] = output(6) { table.loops.double.binary(.floorDiv, finite, ends, $0, count: 6) }
        #expect(whole == [0, -1, -1, 0, 0, -1])
    }

    func comparisons<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for n in sizes {
            var numbers = Numbers(UInt64(n))
            var x: [T] = (0..<n).map { _ in T(Int(numbers.next() % 5)) }
            let y: [T] = (0..<n).map { _ in T(Int(numbers.next() % 5)) }
            if n > 3 { x[2] = .nan }
            let truth: [(CompareOp, (T, T) -> Bool)] = [
                (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { $0 < $1 }), (.lessOrEqual, { $0 <= $1 }),
                (.greater, { $0 > $1 }), (.greaterOrEqual, { $0 >= $1 }),
            ]
            for (op, f) in truth {
                var found = [UInt8](repeating: 9, count: n + 1)
                k.compare(op, x, y, &found, count: n)
                #expect(found == (0..<n).map { f(x[$0], y[$0]) ? 1 : 0 } + [9], "\(op) \(n)")
                k.compare(op, x, scalar: 2, &found, count: n)
                #expect(found == x.map { f($0, 2) ? 1 : 0 } + [9], "\(op) scalar \(n)")
            }
            let condition = (0..<n).map { UInt8($0 % 3) }
            let chosen: [T] = output(n) { k.select(condition, y, x, $0, count: n) }
            #expect(mismatch(chosen, (0..<n).map { Double(condition[$0] != 0 ? y[$0] : x[$0]) }) == nil)
            let masked: [T] = output(n) { k.maskScale(condition, y, scale: 2, $0, count: n) }
            #expect(mismatch(masked, (0..<n).map { condition[$0] != 0 ? 2 * Double(y[$0]) : 0 }) == nil)
        }
    }

    @Test("comparisons and selections", arguments: Table.all)
    func comparisons(table: Table) {
        comparisons(Float.self, table)
        comparisons(Double.self, table)
    }

    func fused<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for n in sizes {
            var numbers = Numbers(UInt64(n))
            let x: [T] = numbers.array(n)
            let y: [T] = numbers.array(n)
            func changed(_ body: (UnsafeMutablePointer<T>) -> Void) -> [T] {
                output(n) { p in
                    p.update(from: y, count: n)
                    body(p)
                }
            }
            func check(_ name: String, _ found: [T], _ f: (Double, Double) -> Double) {
                let wanted = (0..<n).map { f(Double(x[$0]), Double(y[$0])) }
                #expect(mismatch(found, wanted, scale: 1) == nil, "\(name) \(n)")
            }
            check("axpy", changed { k.axpy(0.5, x, $0, count: n) }) { $1 + 0.5 * $0 }
            check("addInPlace", changed { k.addInPlace(x, $0, count: n) }) { $1 + $0 }
            check("scale", changed { k.scale(0.5, $0, count: n) }) { 0.5 * $1 }
            check("blend", changed { k.blend(0.75, $0, 0.25, x, count: n) }) { 0.75 * $1 + 0.25 * $0 }
            check("fill", changed { k.fill($0, with: 3, count: n) }) { _, _ in 3 }
            let ramp: [T] = output(n) { k.arange($0, start: 1, step: 0.5, first: 4, count: n) }
            #expect(mismatch(ramp, (0..<n).map { 1 + 0.5 * Double($0 + 4) }) == nil)
        }
    }

    @Test("fused updates in place", arguments: Table.all)
    func fused(table: Table) {
        fused(Float.self, table)
        fused(Double.self, table)
    }

    @Test("pullbacks of functions of one number match finite differences", arguments: Table.all)
    func pullbacks(table: Table) {
        let k = table.loops.double
        let n = 50
        var numbers = Numbers(4)
        let g: [Double] = numbers.array(n)
        var known = 0
        for op in UnaryOp.allCases {
            let x: [Double] = numbers.array(n, [.log, .sqrt].contains(op) ? 0.1...3 : -3...3)
            var supported = false
            let found: [Double] = output(n) { supported = k.unaryBackward(op, x, gradient: g, $0, count: n) }
            guard supported else { continue }
            known += 1
            let h = 1e-6
            let wanted = (0..<n).map {
                g[$0] * (Self.reference(op, x[$0] + h) - Self.reference(op, x[$0] - h)) / (2 * h)
            }
            #expect(mismatch(found, wanted, scale: 1, tolerance: 1e-7) == nil, "\(op)")
            let (xf, gf) = (x.map { Float($0) }, g.map { Float($0) })
            let narrow: [Float] = output(n) { _ = table.loops.float.unaryBackward(op, xf, gradient: gf, $0, count: n) }
            #expect(mismatch(narrow, wanted, scale: 1, tolerance: 2e-5) == nil, "\(op) in Float")
        }
        #expect(known == 16)
    }
}

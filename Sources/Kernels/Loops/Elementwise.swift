import KernelTable

extension RealLoops {
    static func unary(_ op: UnaryOp, _ x: Input, _ y: Output, count n: Int) {
        switch op {
        case .neg: map(x, y, n) { -$0 }
        case .abs: map(x, y, n) { $0.magnitude }
        case .sign: map(x, y, n) { $0.sign }
        case .exp: map(x, y, n) { $0.exp }
        case .expm1: map(x, y, n) { $0.expm1 }
        case .log: map(x, y, n) { $0.log }
        case .log1p: map(x, y, n) { $0.log1p }
        case .log2: map(x, y, n) { $0.log2 }
        case .sqrt: map(x, y, n) { $0.squareRoot }
        case .rsqrt: map(x, y, n) { .one / $0.squareRoot }
        case .reciprocal: map(x, y, n) { .one / $0 }
        case .square: map(x, y, n) { $0 * $0 }
        case .sin: map(x, y, n) { $0.sin }
        case .cos: map(x, y, n) { $0.cos }
        case .tan: map(x, y, n) { $0.tan }
        case .asin: map(x, y, n) { $0.asin }
        case .acos: map(x, y, n) { $0.acos }
        case .atan: map(x, y, n) { $0.atan }
        case .sinh: map(x, y, n) { $0.sinh }
        case .cosh: map(x, y, n) { $0.cosh }
        case .tanh: map(x, y, n) { $0.tanh }
        case .sigmoid: map(x, y, n) { $0.sigmoid }
        case .logSigmoid: map(x, y, n) { $0.logSigmoid }
        case .relu: map(x, y, n) { $0.relu }
        case .silu: map(x, y, n) { $0.silu }
        case .softplus: map(x, y, n) { $0.softplus }
        case .gelu: map(x, y, n) { $0.gelu }
        case .geluTanh: map(x, y, n) { $0.geluTanh }
        case .erf: map(x, y, n) { $0.erf }
        case .floor: map(x, y, n) { $0.floored }
        case .ceil: map(x, y, n) { $0.ceiled }
        case .trunc: map(x, y, n) { $0.truncated }
        case .round: map(x, y, n) { $0.rounded }
        }
    }

    static func unaryBackward(_ op: UnaryOp, _ x: Input, gradient g: Input, _ dx: Output, count n: Int) -> Bool {
        switch op {
        case .exp: zip(x, g, dx, n) { x, g in g * x.exp }
        case .log: zip(x, g, dx, n) { x, g in g / x }
        case .sqrt: zip(x, g, dx, n) { x, g in g * Vector(0.5) / x.squareRoot }
        case .square: zip(x, g, dx, n) { x, g in g * (x + x) }
        case .sin: zip(x, g, dx, n) { x, g in g * x.cos }
        case .cos: zip(x, g, dx, n) { x, g in -g * x.sin }
        case .abs: zip(x, g, dx, n) { x, g in g * x.sign }
        case .relu: zip(x, g, dx, n) { x, g in Vector.less(.zero, x, g, .zero) }
        case .sigmoid:
            zip(x, g, dx, n) { x, g in
                let s = x.sigmoid
                return g * s * (.one - s)
            }
        case .tanh:
            zip(x, g, dx, n) { x, g in
                let t = x.tanh
                return g * (.one - t * t)
            }
        case .silu:
            zip(x, g, dx, n) { x, g in
                let s = x.sigmoid
                return g * s * (.one + x * (.one - s))
            }
        case .softplus: zip(x, g, dx, n) { x, g in g * x.sigmoid }
        case .logSigmoid: zip(x, g, dx, n) { x, g in g * (-x).sigmoid }
        case .erf:
            zip(x, g, dx, n) { x, g in g * Vector(1.128_379_167_095_512_573_9) * (-(x * x)).exp }
        case .gelu:
            // Φ(x) + x φ(x).
            zip(x, g, dx, n) { x, g in
                let density = Vector(0.398_942_280_401_432_677_9) * (Vector(-0.5) * x * x).exp
                return g * (x.normalDistribution + x * density)
            }
        case .geluTanh:
            zip(x, g, dx, n) { x, g in
                let t = x.geluInner.tanh
                let slope =
                    Vector(0.797_884_560_802_865_355_9) * Vector.multiplyAdd(Vector(0.134145) * x, x, .one)
                return g * Vector(0.5) * (.one + t + x * (.one - t * t) * slope)
            }
        default: return false
        }
        return true
    }

    static func axpy(_ a: Scalar, _ x: Input, _ y: Output, count n: Int) {
        let a = Vector(a)
        zip(x, y, y, n) { x, y in Vector.multiplyAdd(a, x, y) }
    }

    static func addInPlace(_ x: Input, _ y: Output, count n: Int) {
        zip(x, y, y, n) { x, y in y + x }
    }

    static func scale(_ a: Scalar, _ y: Output, count n: Int) {
        let a = Vector(a)
        map(y, y, n) { a * $0 }
    }

    static func blend(_ a: Scalar, _ y: Output, _ b: Scalar, _ x: Input, count n: Int) {
        let (a, b) = (Vector(a), Vector(b))
        zip(x, y, y, n) { x, y in Vector.multiplyAdd(a, y, b * x) }
    }

    static func fill(_ y: Output, with value: Scalar, count n: Int) {
        let v = Vector(value)
        forEachStart(n) { i, rest in store(v, y + i, rest) }
    }

    static func arange(_ y: Output, start: Scalar, step: Scalar, first: Int, count n: Int) {
        for i in 0..<n { y[i] = start + Scalar(first &+ i) * step }
    }

    static func select(_ condition: UnsafePointer<UInt8>, _ x: Input, _ y: Input, _ out: Output, count n: Int) {
        forEachStart(n) { i, rest in
            store(Vector.select(condition + i, first: rest, load(x + i, rest), load(y + i, rest)), out + i, rest)
        }
    }

    static func maskScale(_ mask: UnsafePointer<UInt8>, _ x: Input, scale: Scalar, _ out: Output, count n: Int) {
        let s = Vector(scale)
        forEachStart(n) { i, rest in
            store(Vector.select(mask + i, first: rest, load(x + i, rest) * s, .zero), out + i, rest)
        }
    }

    static func compare(_ op: CompareOp, _ x: Input, _ y: Input, _ out: UnsafeMutablePointer<UInt8>, count n: Int) {
        switch op {
        case .equal: forEachStart(n) { i, r in Vector.storeEqual(load(x + i, r), load(y + i, r), out + i, first: r) }
        case .notEqual:
            forEachStart(n) { i, r in Vector.storeNotEqual(load(x + i, r), load(y + i, r), out + i, first: r) }
        case .less: forEachStart(n) { i, r in Vector.storeLess(load(x + i, r), load(y + i, r), out + i, first: r) }
        case .lessOrEqual:
            forEachStart(n) { i, r in Vector.storeLessOrEqual(load(x + i, r), load(y + i, r), out + i, first: r) }
        case .greater: forEachStart(n) { i, r in Vector.storeLess(load(y + i, r), load(x + i, r), out + i, first: r) }
        case .greaterOrEqual:
            forEachStart(n) { i, r in Vector.storeLessOrEqual(load(y + i, r), load(x + i, r), out + i, first: r) }
        }
    }

    static func compare(
        _ op: CompareOp, _ x: Input, scalar y: Scalar, _ out: UnsafeMutablePointer<UInt8>, count n: Int
    ) {
        let y = Vector(y)
        switch op {
        case .equal: forEachStart(n) { i, r in Vector.storeEqual(load(x + i, r), y, out + i, first: r) }
        case .notEqual: forEachStart(n) { i, r in Vector.storeNotEqual(load(x + i, r), y, out + i, first: r) }
        case .less: forEachStart(n) { i, r in Vector.storeLess(load(x + i, r), y, out + i, first: r) }
        case .lessOrEqual: forEachStart(n) { i, r in Vector.storeLessOrEqual(load(x + i, r), y, out + i, first: r) }
        case .greater: forEachStart(n) { i, r in Vector.storeLess(y, load(x + i, r), out + i, first: r) }
        case .greaterOrEqual: forEachStart(n) { i, r in Vector.storeLessOrEqual(y, load(x + i, r), out + i, first: r) }
        }
    }
}

import KernelTable

extension RealLoops {
    static func unary(_ op: UnaryOp, _ x: Input, _ y: Output, count n: Int) {
        @inline(__always) func at(_ i: Place) -> Vector { load(x, i) }
        @inline(__always) func put(_ v: Vector, _ i: Place) { store(v, y, i) }
        switch op {
        case .neg: for i in registers(n) { put(-at(i), i) }
        case .abs: for i in registers(n) { put(at(i).magnitude, i) }
        case .sign: for i in registers(n) { put(at(i).sign, i) }
        case .exp: for i in registers(n) { put(at(i).exp, i) }
        case .expm1: for i in registers(n) { put(at(i).expm1, i) }
        case .log: for i in registers(n) { put(at(i).log, i) }
        case .log1p: for i in registers(n) { put(at(i).log1p, i) }
        case .log2: for i in registers(n) { put(at(i).log2, i) }
        case .sqrt: for i in registers(n) { put(at(i).squareRoot, i) }
        case .rsqrt: for i in registers(n) { put(.one / at(i).squareRoot, i) }
        case .reciprocal: for i in registers(n) { put(.one / at(i), i) }
        case .square: for i in registers(n) { put(at(i) * at(i), i) }
        case .sin: for i in registers(n) { put(at(i).sin, i) }
        case .cos: for i in registers(n) { put(at(i).cos, i) }
        case .tan: for i in registers(n) { put(at(i).tan, i) }
        case .asin: for i in registers(n) { put(at(i).asin, i) }
        case .acos: for i in registers(n) { put(at(i).acos, i) }
        case .atan: for i in registers(n) { put(at(i).atan, i) }
        case .sinh: for i in registers(n) { put(at(i).sinh, i) }
        case .cosh: for i in registers(n) { put(at(i).cosh, i) }
        case .tanh: for i in registers(n) { put(at(i).tanh, i) }
        case .sigmoid: for i in registers(n) { put(at(i).sigmoid, i) }
        case .logSigmoid: for i in registers(n) { put(at(i).logSigmoid, i) }
        case .relu: for i in registers(n) { put(at(i).relu, i) }
        case .silu: for i in registers(n) { put(at(i).silu, i) }
        case .softplus: for i in registers(n) { put(at(i).softplus, i) }
        case .gelu: for i in registers(n) { put(at(i).gelu, i) }
        case .geluTanh: for i in registers(n) { put(at(i).geluTanh, i) }
        case .erf: for i in registers(n) { put(at(i).erf, i) }
        case .floor: for i in registers(n) { put(at(i).floored, i) }
        case .ceil: for i in registers(n) { put(at(i).ceiled, i) }
        case .trunc: for i in registers(n) { put(at(i).truncated, i) }
        case .round: for i in registers(n) { put(at(i).rounded, i) }
        }
    }

    static func unaryBackward(_ op: UnaryOp, _ x: Input, gradient g: Input, _ dx: Output, count n: Int) -> Bool {
        @inline(__always) func at(_ i: Place) -> Vector { load(x, i) }
        @inline(__always) func flow(_ i: Place) -> Vector { load(g, i) }
        @inline(__always) func put(_ v: Vector, _ i: Place) { store(v, dx, i) }
        switch op {
        case .exp: for i in registers(n) { put(flow(i) * at(i).exp, i) }
        case .log: for i in registers(n) { put(flow(i) / at(i), i) }
        case .sqrt: for i in registers(n) { put(flow(i) * Vector(0.5) / at(i).squareRoot, i) }
        case .square: for i in registers(n) { put(flow(i) * (at(i) + at(i)), i) }
        case .sin: for i in registers(n) { put(flow(i) * at(i).cos, i) }
        case .cos: for i in registers(n) { put(-flow(i) * at(i).sin, i) }
        case .abs: for i in registers(n) { put(flow(i) * at(i).sign, i) }
        case .relu: for i in registers(n) { put(Vector.less(.zero, at(i), flow(i), .zero), i) }
        case .sigmoid:
            for i in registers(n) {
                let s = at(i).sigmoid
                put(flow(i) * s * (.one - s), i)
            }
        case .tanh:
            for i in registers(n) {
                let t = at(i).tanh
                put(flow(i) * (.one - t * t), i)
            }
        case .silu:
            for i in registers(n) {
                let s = at(i).sigmoid
                put(flow(i) * s * (.one + at(i) * (.one - s)), i)
            }
        case .softplus: for i in registers(n) { put(flow(i) * at(i).sigmoid, i) }
        case .logSigmoid: for i in registers(n) { put(flow(i) * (-at(i)).sigmoid, i) }
        case .erf:
            for i in registers(n) {
                put(flow(i) * Vector(1.128_379_167_095_512_573_9) * (-(at(i) * at(i))).nonPositiveExp, i)
            }
        case .gelu:
            // Φ(x) + x φ(x).
            for i in registers(n) {
                let x = at(i)
                let density = Vector(0.398_942_280_401_432_677_9) * (Vector(-0.5) * x * x).nonPositiveExp
                put(flow(i) * (x.normalDistribution + x * density), i)
            }
        case .geluTanh:
            for i in registers(n) {
                let x = at(i)
                let t = x.geluInner.tanh
                let slope =
                    Vector(0.797_884_560_802_865_355_9) * Vector.multiplyAdd(Vector(0.134145) * x, x, .one)
                put(flow(i) * Vector(0.5) * (.one + t + x * (.one - t * t) * slope), i)
            }
        default: return false
        }
        return true
    }

    static func axpy(_ a: Scalar, _ x: Input, _ y: Output, count n: Int) {
        let a = Vector(a)
        for i in registers(n) { store(Vector.multiplyAdd(a, load(x, i), load(y, i)), y, i) }
    }

    static func addInPlace(_ x: Input, _ y: Output, count n: Int) {
        for i in registers(n) { store(load(y, i) + load(x, i), y, i) }
    }

    static func scale(_ a: Scalar, _ y: Output, count n: Int) {
        let a = Vector(a)
        for i in registers(n) { store(a * load(y, i), y, i) }
    }

    static func blend(_ a: Scalar, _ y: Output, _ b: Scalar, _ x: Input, count n: Int) {
        let (a, b) = (Vector(a), Vector(b))
        for i in registers(n) { store(Vector.multiplyAdd(a, load(y, i), b * load(x, i)), y, i) }
    }

    static func fill(_ y: Output, with value: Scalar, count n: Int) {
        let v = Vector(value)
        for i in registers(n) { store(v, y, i) }
    }

    static func arange(_ y: Output, start: Scalar, step: Scalar, first: Int, count n: Int) {
        for i in 0..<n { y[i] = start + Scalar(first &+ i) * step }
    }

    static func select(_ condition: UnsafePointer<UInt8>, _ x: Input, _ y: Input, _ out: Output, count n: Int) {
        for i in registers(n) {
            store(Vector.select(condition + i.start, first: i.rest, load(x, i), load(y, i)), out, i)
        }
    }

    static func maskScale(_ mask: UnsafePointer<UInt8>, _ x: Input, scale: Scalar, _ out: Output, count n: Int) {
        let s = Vector(scale)
        for i in registers(n) {
            store(Vector.select(mask + i.start, first: i.rest, load(x, i) * s, .zero), out, i)
        }
    }

    static func compare(_ op: CompareOp, _ x: Input, _ y: Input, _ out: UnsafeMutablePointer<UInt8>, count n: Int) {
        switch op {
        case .equal: for i in registers(n) { Vector.storeEqual(load(x, i), load(y, i), out + i.start, first: i.rest) }
        case .notEqual:
            for i in registers(n) { Vector.storeNotEqual(load(x, i), load(y, i), out + i.start, first: i.rest) }
        case .less: for i in registers(n) { Vector.storeLess(load(x, i), load(y, i), out + i.start, first: i.rest) }
        case .lessOrEqual:
            for i in registers(n) { Vector.storeLessOrEqual(load(x, i), load(y, i), out + i.start, first: i.rest) }
        case .greater: for i in registers(n) { Vector.storeLess(load(y, i), load(x, i), out + i.start, first: i.rest) }
        case .greaterOrEqual:
            for i in registers(n) { Vector.storeLessOrEqual(load(y, i), load(x, i), out + i.start, first: i.rest) }
        }
    }

    static func compare(
        _ op: CompareOp, _ x: Input, scalar y: Scalar, _ out: UnsafeMutablePointer<UInt8>, count n: Int
    ) {
        let y = Vector(y)
        switch op {
        case .equal: for i in registers(n) { Vector.storeEqual(load(x, i), y, out + i.start, first: i.rest) }
        case .notEqual: for i in registers(n) { Vector.storeNotEqual(load(x, i), y, out + i.start, first: i.rest) }
        case .less: for i in registers(n) { Vector.storeLess(load(x, i), y, out + i.start, first: i.rest) }
        case .lessOrEqual:
            for i in registers(n) { Vector.storeLessOrEqual(load(x, i), y, out + i.start, first: i.rest) }
        case .greater: for i in registers(n) { Vector.storeLess(y, load(x, i), out + i.start, first: i.rest) }
        case .greaterOrEqual:
            for i in registers(n) { Vector.storeLessOrEqual(y, load(x, i), out + i.start, first: i.rest) }
        }
    }
}

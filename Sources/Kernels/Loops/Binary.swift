import KernelTable

extension RealLoops {
    /// Calls `loop` with the function of `op`, so that each kind of loop is written once and compiled once for each op.
    @inline(__always) private static func withFunction(_ op: BinaryOp, _ loop: ((Vector, Vector) -> Vector) -> Void) {
        switch op {
        case .add: loop { $0 + $1 }
        case .sub: loop { $0 - $1 }
        case .mul: loop { $0 * $1 }
        case .div: loop { $0 / $1 }
        case .pow: loop { Vector.pow($0, $1) }
        case .max: loop { Vector.max($0, $1) }
        case .min: loop { Vector.min($0, $1) }
        case .atan2: loop { Vector.atan2($0, $1) }
        case .mod: loop { Vector.floorMod($0, $1) }
        case .floorDiv: loop { Vector.floorDiv($0, $1) }
        }
    }

    static func binary(_ op: BinaryOp, _ x: Input, _ y: Input, _ out: Output, count n: Int) {
        withFunction(op) { f in for i in registers(n) { store(f(load(x, i), load(y, i)), out, i) } }
    }

    static func binary(_ op: BinaryOp, _ x: Input, scalar y: Scalar, _ out: Output, count n: Int) {
        if op == .pow, power(x, y, out, n) { return }
        let right = Vector(y)
        withFunction(op) { f in for i in registers(n) { store(f(load(x, i), right), out, i) } }
    }

    static func binary(_ op: BinaryOp, scalar x: Scalar, _ y: Input, _ out: Output, count n: Int) {
        let left = Vector(x)
        withFunction(op) { f in for i in registers(n) { store(f(left, load(y, i)), out, i) } }
    }

    static func binaryRowVector(
        _ op: BinaryOp, _ x: Input, vector y: Input, _ out: Output, rows: Int, count n: Int, swapped: Bool
    ) {
        withFunction(op) { f in
            for r in 0..<rows {
                let (row, target) = (x + r &* n, out + r &* n)
                for i in registers(n) {
                    store(swapped ? f(load(y, i), load(row, i)) : f(load(row, i), load(y, i)), target, i)
                }
            }
        }
    }

    static func binaryColumnVector(
        _ op: BinaryOp, _ x: Input, vector y: Input, _ out: Output, rows: Int, count n: Int, swapped: Bool
    ) {
        withFunction(op) { f in
            for r in 0..<rows {
                let (row, target, value) = (x + r &* n, out + r &* n, Vector(y[r]))
                for i in registers(n) {
                    store(swapped ? f(value, load(row, i)) : f(load(row, i), value), target, i)
                }
            }
        }
    }

    /// The powers that are products and roots; false for the others.
    private static func power(_ x: Input, _ exponent: Scalar, _ out: Output, _ n: Int) -> Bool {
        @inline(__always) func at(_ i: Place) -> Vector { load(x, i) }
        @inline(__always) func put(_ v: Vector, _ i: Place) { store(v, out, i) }
        switch exponent {
        case 1: for i in registers(n) { put(at(i), i) }
        case 2: for i in registers(n) { put(at(i) * at(i), i) }
        case 3: for i in registers(n) { put(at(i) * at(i) * at(i), i) }
        case -1: for i in registers(n) { put(.one / at(i), i) }
        case 0.5: for i in registers(n) { put(at(i).squareRoot, i) }
        default: return false
        }
        return true
    }
}

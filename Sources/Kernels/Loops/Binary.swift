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
        withFunction(op) { f in zip(x, y, out, n, f) }
    }

    static func binary(_ op: BinaryOp, _ x: Input, scalar y: Scalar, _ out: Output, count n: Int) {
        if op == .pow, power(x, y, out, n) { return }
        let right = Vector(y)
        withFunction(op) { f in map(x, out, n) { f($0, right) } }
    }

    static func binary(_ op: BinaryOp, scalar x: Scalar, _ y: Input, _ out: Output, count n: Int) {
        let left = Vector(x)
        withFunction(op) { f in map(y, out, n) { f(left, $0) } }
    }

    static func binaryRowVector(
        _ op: BinaryOp, _ x: Input, vector y: Input, _ out: Output, rows: Int, count n: Int, swapped: Bool
    ) {
        if swapped {
            withFunction(op) { f in for r in 0..<rows { zip(y, x + r &* n, out + r &* n, n, f) } }
        } else {
            withFunction(op) { f in for r in 0..<rows { zip(x + r &* n, y, out + r &* n, n, f) } }
        }
    }

    static func binaryColumnVector(
        _ op: BinaryOp, _ x: Input, vector y: Input, _ out: Output, rows: Int, count n: Int, swapped: Bool
    ) {
        if swapped {
            withFunction(op) { f in
                for r in 0..<rows {
                    let left = Vector(y[r])
                    map(x + r &* n, out + r &* n, n) { f(left, $0) }
                }
            }
        } else {
            withFunction(op) { f in
                for r in 0..<rows {
                    let right = Vector(y[r])
                    map(x + r &* n, out + r &* n, n) { f($0, right) }
                }
            }
        }
    }

    /// The powers that are products and roots; false for the others.
    private static func power(_ x: Input, _ exponent: Scalar, _ out: Output, _ n: Int) -> Bool {
        switch exponent {
        case 1: map(x, out, n) { $0 }
        case 2: map(x, out, n) { $0 * $0 }
        case 3: map(x, out, n) { $0 * $0 * $0 }
        case -1: map(x, out, n) { .one / $0 }
        case 0.5: map(x, out, n) { $0.squareRoot }
        default: return false
        }
        return true
    }
}

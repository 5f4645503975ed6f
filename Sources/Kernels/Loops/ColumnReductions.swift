import KernelTable

extension RealLoops {
    static func reduceColumns(
        _ op: ReduceOp, _ x: Input, stride: Int, _ out: Output, rows: Int, count n: Int
    ) {
        switch op {
        case .sum: columnSums(x, stride, out, rows, n, scale: 1) { $0 }
        case .mean: columnSums(x, stride, out, rows, n, scale: rows == 0 ? 0 : 1 / Scalar(rows)) { $0 }
        case .sumSquares: columnSums(x, stride, out, rows, n, scale: 1) { $0 * $0 }
        case .max: columnFold(x, stride, out, rows, n, -.infinity) { Vector.max($0, $1) }
        case .min: columnFold(x, stride, out, rows, n, .infinity) { Vector.min($0, $1) }
        case .prod: columnFold(x, stride, out, rows, n, 1) { $0 * $1 }
        case .logSumExp: columnLogSumExp(x, stride, out, rows, n)
        }
    }

    /// One register of columns at a time, rows in order.
    @inline(__always) private static func columnFold(
        _ x: Input, _ stride: Int, _ out: Output, _ rows: Int, _ n: Int, _ initial: Scalar,
        _ f: (Vector, Vector) -> Vector
    ) {
        for i in registers(n) {
            var a = Vector(initial)
            for r in 0..<rows { a = f(a, load(x + r &* stride, i)) }
            store(a, out, i)
        }
    }

    /// Σ f over a register of each of `rows` rows: blocks of 128 rows, block sums added with the rounding error kept.
    @inline(__always) private static func compensatedSum(
        _ x: Input, _ i: Place, _ stride: Int, _ rows: Int, _ f: (Vector) -> Vector
    ) -> Vector {
        var (total, lost) = (Vector.zero, Vector.zero)
        var r = 0
        while r < rows {
            let end = Swift.min(r &+ 128, rows)
            var part = Vector.zero
            while r < end {
                part = part + f(load(x + r &* stride, i))
                r &+= 1
            }
            let next = total + part
            let back = next - total
            lost = lost + ((total - (next - back)) + (part - back))
            total = next
        }
        // An infinite total has a NaN for its error.
        return Vector.equal(total - total, .zero, total + lost, total)
    }

    @inline(__always) private static func columnSums(
        _ x: Input, _ stride: Int, _ out: Output, _ rows: Int, _ n: Int, scale: Scalar, _ f: (Vector) -> Vector
    ) {
        let s = Vector(scale)
        for i in registers(n) {
            store(compensatedSum(x, i, stride, rows, f) * s, out, i)
        }
    }

    private static func columnLogSumExp(_ x: Input, _ stride: Int, _ out: Output, _ rows: Int, _ n: Int) {
        for i in registers(n) {
            var largest = Vector(-.infinity)
            for r in 0..<rows { largest = Vector.max(largest, load(x + r &* stride, i)) }
            @inline(__always) func shiftedExp(_ v: Vector) -> Vector { (v - largest).nonPositiveExp }
            let total = compensatedSum(x, i, stride, rows, shiftedExp)
            let finite = Vector.equal(largest - largest, .zero, largest + total.log, largest)
            store(finite, out, i)
        }
    }
}

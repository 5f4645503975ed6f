import KernelTable

extension RealLoops {
    /// Σ f over registers: blocks of 32 registers in each of four accumulators, block sums added with the rounding
    /// error kept (Neumaier 1974), so the error does not grow with n.
    @inline(__always) private static func blockedSum(_ n: Int, _ f: (Place) -> Vector) -> Scalar {
        let width = Vector.width
        let block = 128 &* width
        var total: Scalar = 0
        var lost: Scalar = 0
        var start = 0
        while start < n {
            let end = Swift.min(start &+ block, n)
            var (a, b, c, d) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
            var i = start
            while i &+ 4 &* width <= end {
                a = a + f(Place(start: i, rest: width))
                b = b + f(Place(start: i &+ width, rest: width))
                c = c + f(Place(start: i &+ 2 &* width, rest: width))
                d = d + f(Place(start: i &+ 3 &* width, rest: width))
                i &+= 4 &* width
            }
            while i < end {
                a = a + f(Place(start: i, rest: end &- i))
                i &+= width
            }
            let part = ((a + b) + (c + d)).sum
            let next = total + part
            lost += total.magnitude >= part.magnitude ? (total - next) + part : (part - next) + total
            total = next
            start = end
        }
        return total.isFinite ? total + lost : total
    }

    static func sum(_ x: Input, count n: Int) -> Scalar {
        blockedSum(n) { i in load(x, i) }
    }

    static func sumSquares(_ x: Input, count n: Int) -> Scalar {
        blockedSum(n) { i in
            let v = load(x, i)
            return v * v
        }
    }

    static func dot(_ x: Input, _ y: Input, count n: Int) -> Scalar {
        blockedSum(n) { i in load(x, i) * load(y, i) }
    }

    /// Folds whole registers, then the lanes, then what is left.
    @inline(__always) static func fold(
        _ x: Input, _ n: Int, _ initial: Scalar, lanes: (Vector) -> Scalar, _ f: (Vector, Vector) -> Vector
    ) -> Scalar {
        let width = Vector.width
        var (a, b) = (Vector(initial), Vector(initial))
        var i = 0
        while i &+ 2 &* width <= n {
            a = f(a, Vector(x + i))
            b = f(b, Vector(x + i + width))
            i &+= 2 &* width
        }
        if i &+ width <= n {
            a = f(a, Vector(x + i))
            i &+= width
        }
        var result = lanes(f(a, b))
        while i < n {
            result = f(Vector(result), Vector(x[i]))[0]
            i &+= 1
        }
        return result
    }

    static func maxValue(_ x: Input, count n: Int) -> Scalar {
        fold(x, n, -.infinity, lanes: { $0.largest }) { Vector.max($0, $1) }
    }

    static func minValue(_ x: Input, count n: Int) -> Scalar {
        fold(x, n, .infinity, lanes: { -(-$0).largest }) { Vector.min($0, $1) }
    }

    static func argmax(_ x: Input, count n: Int) -> Int { firstIndex(of: maxValue(x, count: n), in: x, n) }
    static func argmin(_ x: Input, count n: Int) -> Int { firstIndex(of: minValue(x, count: n), in: x, n) }

    @inline(__always) private static func firstIndex(of value: Scalar, in x: Input, _ n: Int) -> Int {
        if value.isNaN {
            for i in 0..<n where x[i].isNaN { return i }
        } else {
            for i in 0..<n where x[i] == value { return i }
        }
        return 0
    }

    /// log Σ exp(x − max) + max; the maximum itself when it is infinite or NaN.
    @inline(__always) static func logSumExp(_ x: Input, _ n: Int) -> Scalar {
        let largest = maxValue(x, count: n)
        guard largest.isFinite else { return largest }
        return largest + logarithm(shiftedExpSum(x, n, largest))
    }

    /// Σ exp(x − shift).
    @inline(__always) static func shiftedExpSum(_ x: Input, _ n: Int, _ shift: Scalar) -> Scalar {
        let s = Vector(shift)
        return blockedSum(n) { i in
            let e = (load(x, i) - s).nonPositiveExp
            // The lanes beyond the end hold exp(−shift) and must not count.
            return firstLanes(e, i)
        }
    }

    /// The lanes that are filled there, the others zero.
    @inline(__always) static func firstLanes(_ v: Vector, _ i: Place) -> Vector {
        if i.rest >= Vector.width { return v }
        return withUnsafePointer(to: v) { p in
            p.withMemoryRebound(to: Scalar.self, capacity: Vector.width) { Vector($0, first: i.rest) }
        }
    }

    @inline(__always) static func logarithm(_ x: Scalar) -> Scalar { Vector(x).log[0] }

    static func reduceRows(_ op: ReduceOp, _ x: Input, _ out: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let row = x + r &* n
            switch op {
            case .sum: out[r] = sum(row, count: n)
            case .mean: out[r] = n == 0 ? 0 : sum(row, count: n) / Scalar(n)
            case .max: out[r] = maxValue(row, count: n)
            case .min: out[r] = minValue(row, count: n)
            case .prod: out[r] = fold(row, n, 1, lanes: { $0.product }) { $0 * $1 }
            case .sumSquares: out[r] = sumSquares(row, count: n)
            case .logSumExp: out[r] = logSumExp(row, n)
            }
        }
    }

    static func argmaxRows(_ x: Input, _ out: UnsafeMutablePointer<Int64>, rows: Int, count n: Int) {
        for r in 0..<rows { out[r] = Int64(argmax(x + r &* n, count: n)) }
    }

    static func argminRows(_ x: Input, _ out: UnsafeMutablePointer<Int64>, rows: Int, count n: Int) {
        for r in 0..<rows { out[r] = Int64(argmin(x + r &* n, count: n)) }
    }

    static func cumulativeSumRows(_ x: Input, _ out: Output, rows: Int, count n: Int, reversed: Bool) {
        for r in 0..<rows {
            let (source, target) = (x + r &* n, out + r &* n)
            var total: Scalar = 0
            if reversed {
                var i = n &- 1
                while i >= 0 {
                    total += source[i]
                    target[i] = total
                    i &-= 1
                }
            } else {
                for i in 0..<n {
                    total += source[i]
                    target[i] = total
                }
            }
        }
    }

    static func scatterAddRows(
        _ source: Input, indices: UnsafePointer<Int64>, _ table: Output, count: Int, width: Int
    ) {
        for i in 0..<count {
            addInPlace(source + i &* width, table + Int(indices[i]) &* width, count: width)
        }
    }
}

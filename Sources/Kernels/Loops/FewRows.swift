import KernelTable

// Products of vectors, and of matrices of so few rows that tiles do not pay.
extension RealLoops {
    /// One number of C, alpha · a product, takes its place, with the bias if it can be added here.
    @inline(__always) static func put(
        _ value: Scalar, _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, row: Int, column: Int
    ) {
        let target = o.c + (row &* o.cRow &+ column &* o.cColumn)
        var sum = problem.beta == 0 ? value : problem.beta * target.pointee + value
        if let bias = o.bias { sum += bias[column] }
        target.pointee = sum
    }

    /// Dot products of a few rows with rows of Bᵀ.
    static func dots(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int
    ) {
        let first = task &* plan.columnsPerTask
        let end = Swift.min(first &+ plan.columnsPerTask, o.n)
        for i in 0..<o.m {
            let row = o.a + i &* o.aRow
            for j in first..<end {
                put(problem.alpha * dot(row, o.b + j &* o.bColumn, count: o.k), o, problem, row: i, column: j)
            }
        }
    }

    /// Sums of rows of B, for a few rows of A.
    static func rowSums(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int,
        _ tile: Output
    ) {
        let first = task &* plan.columnsPerTask
        let end = Swift.min(first &+ plan.columnsPerTask, o.n)
        let width = Vector.width
        for i in 0..<o.m {
            let row = o.a + i &* o.aRow
            var j = first
            while j < end {
                let count = Swift.min(end &- j, 4 &* width)
                let b = o.b + j
                var (s, t, u, v) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
                if count == 4 &* width {
                    for k in 0..<o.k {
                        let (a, p) = (Vector(row[k &* o.aColumn]), b + k &* o.bRow)
                        s = Vector.multiplyAdd(a, Vector(p), s)
                        t = Vector.multiplyAdd(a, Vector(p + width), t)
                        u = Vector.multiplyAdd(a, Vector(p + 2 &* width), u)
                        v = Vector.multiplyAdd(a, Vector(p + 3 &* width), v)
                    }
                } else {
                    @inline(__always) func part(_ p: Input, _ number: Int) -> Vector {
                        let place = Place(start: number &* width, rest: count &- number &* width)
                        return place.rest > 0 ? load(p, place) : .zero
                    }
                    for k in 0..<o.k {
                        let (a, p) = (Vector(row[k &* o.aColumn]), b + k &* o.bRow)
                        s = Vector.multiplyAdd(a, part(p, 0), s)
                        t = Vector.multiplyAdd(a, part(p, 1), t)
                        u = Vector.multiplyAdd(a, part(p, 2), u)
                        v = Vector.multiplyAdd(a, part(p, 3), v)
                    }
                }
                let isContiguous = o.cColumn == 1
                let target = o.c + (i &* o.cRow &+ j &* o.cColumn)
                let place = isContiguous ? target : tile
                let beta = isContiguous ? problem.beta : 0
                TileWriter<Vector>(
                    c: place, rowStride: 0, columns: Swift.min(count, 2 &* width), alpha: problem.alpha, beta: beta,
                    bias: o.bias.map { $0 + j }
                ).write(OneRow(s, t))
                if count > 2 &* width {
                    TileWriter<Vector>(
                        c: place + 2 &* width, rowStride: 0, columns: count &- 2 &* width, alpha: problem.alpha,
                        beta: beta, bias: o.bias.map { $0 + (j &+ 2 &* width) }
                    ).write(OneRow(u, v))
                }
                if !isContiguous { spread(tile, 0, height: 1, columns: count, problem.beta, target, 0, o.cColumn) }
                j &+= count
            }
        }
    }
}

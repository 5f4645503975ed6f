internal import CIntrinsics

/// Some rows of a tile of C, two registers wide, that stay in registers while k runs.
protocol TileRows {
    associatedtype V: Lanes
    init()
    /// Adds the outer product of the rows' entries of A, `stride` apart from `a` on, and one row (x, y) of B.
    mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V)
    func write(_ writer: TileWriter<V>, firstRow: Int)
}

/// Puts finished rows where they belong: C ← alpha · row + beta · C.
struct TileWriter<V: Lanes> {
    typealias Scalar = V.Scalar
    let c: UnsafeMutablePointer<Scalar>
    let rowStride: Int, columnStride: Int
    let columns: Int
    let alpha: Scalar, beta: Scalar

    @inline(__always) func write(_ row: Int, _ x: V, _ y: V) {
        guard columnStride == 1, columns == 2 &* V.width else { return writePart(row, x, y) }
        let target = c + row &* rowStride
        let a = V(alpha)
        if beta == 0 {
            (a * x).store(target)
            (a * y).store(target + V.width)
        } else {
            let b = V(beta)
            V.multiplyAdd(b, V(target), a * x).store(target)
            V.multiplyAdd(b, V(target + V.width), a * y).store(target + V.width)
        }
    }

    /// At an edge of C, or down its columns.
    @inline(never) private func writePart(_ row: Int, _ x: V, _ y: V) {
        let a = V(alpha)
        let target = c + row &* rowStride
        if columnStride == 1 {
            put(a * x, target, columns)
            if columns > V.width { put(a * y, target + V.width, columns &- V.width) }
        } else {
            let (u, v) = (a * x, a * y)
            for j in 0..<Swift.min(columns, V.width) { put(u[j], target + j &* columnStride) }
            var j = V.width
            while j < columns {
                put(v[j &- V.width], target + j &* columnStride)
                j &+= 1
            }
        }
    }

    @inline(__always) private func put(_ v: V, _ p: UnsafeMutablePointer<Scalar>, _ count: Int) {
        if count >= V.width {
            (beta == 0 ? v : V.multiplyAdd(V(beta), V(p), v)).store(p)
        } else {
            (beta == 0 ? v : V.multiplyAdd(V(beta), V(p, first: count), v)).store(p, first: count)
        }
    }

    @inline(__always) private func put(_ s: Scalar, _ p: UnsafeMutablePointer<Scalar>) {
        p.pointee = beta == 0 ? s : beta * p.pointee + s
    }
}

struct OneRow<V: Lanes>: TileRows {
    var x0 = V.zero, y0 = V.zero

    @inline(__always) init() {}

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V) {
        let s = V(a[0])
        x0 = V.multiplyAdd(s, x, x0)
        y0 = V.multiplyAdd(s, y, y0)
    }

    @inline(__always) func write(_ writer: TileWriter<V>, firstRow: Int) { writer.write(firstRow, x0, y0) }
}

/// Two groups of rows, the second below the first.
struct Stack<Upper: TileRows, Lower: TileRows>: TileRows where Upper.V == Lower.V {
    typealias V = Upper.V
    var upper = Upper()
    var lower = Lower()

    @inline(__always) init() {}

    @inline(__always) static var upperRows: Int {
        MemoryLayout<Upper>.size / (2 &* MemoryLayout<V>.size)
    }

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V) {
        upper.step(a, stride, x, y)
        lower.step(a + Self.upperRows &* stride, stride, x, y)
    }

    @inline(__always) func write(_ writer: TileWriter<V>, firstRow: Int) {
        upper.write(writer, firstRow: firstRow)
        lower.write(writer, firstRow: firstRow &+ Self.upperRows)
    }
}

typealias TwoRows<V: Lanes> = Stack<OneRow<V>, OneRow<V>>
typealias FourRows<V: Lanes> = Stack<TwoRows<V>, TwoRows<V>>
typealias SixRows<V: Lanes> = Stack<FourRows<V>, TwoRows<V>>
typealias EightRows<V: Lanes> = Stack<FourRows<V>, FourRows<V>>
typealias TwelveRows<V: Lanes> = Stack<EightRows<V>, FourRows<V>>

/// One tile: k steps over A (entries `rowStride` apart down, `step` apart along k) and a panel of B, rows `bStep` apart.
///
/// Meanwhile the tile's place in C comes near, and from `ahead` on a line every four steps of what is read next: a few at
/// a time, for many at once would hold up the reads of the loop itself.
@inline(__always) func runTile<Rows: TileRows>(
    _: Rows.Type, _ a: UnsafePointer<Rows.V.Scalar>, rowStride: Int, step: Int, panel b: UnsafePointer<Rows.V.Scalar>,
    bStep: Int, depth: Int, ahead: UnsafePointer<Rows.V.Scalar>, _ writer: TileWriter<Rows.V>
) {
    var rows = Rows()
    var (p, q) = (a, b)
    let height = MemoryLayout<Rows>.size / (2 &* MemoryLayout<Rows.V>.size)
    let line = 64 / MemoryLayout<Rows.V.Scalar>.stride
    for turn in 0..<(depth / 4) {
        kd_prefetch_far(ahead + turn &* line)
        if turn < height {
            let target = writer.c + turn &* writer.rowStride
            kd_prefetch(target)
            kd_prefetch(target + Rows.V.width)
        }
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
    }
    for _ in 0..<(depth % 4) { advance(&rows, &p, &q, rowStride, step, bStep) }
    rows.write(writer, firstRow: 0)
}

/// One step along k. Nothing is captured: rows that a closure changes would live in memory, each access checked.
@inline(__always) private func advance<Rows: TileRows>(
    _ rows: inout Rows, _ p: inout UnsafePointer<Rows.V.Scalar>, _ q: inout UnsafePointer<Rows.V.Scalar>,
    _ rowStride: Int, _ step: Int, _ bStep: Int
) {
    rows.step(p, rowStride, Rows.V(q), Rows.V(q + Rows.V.width))
    p += step
    q += bStep
}

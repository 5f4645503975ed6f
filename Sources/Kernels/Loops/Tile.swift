internal import CIntrinsics

/// Some rows of a tile of C, two registers wide, that stay in registers while k runs.
protocol TileRows {
    associatedtype V: Lanes
    static var height: Int { get }
    init()
    /// Adds the outer product of the rows' entries of A, `stride` apart from `a` on, and one row (x, y) of B.
    mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V)
    func write(_ writer: TileWriter<V>, firstRow: Int)
}

/// Puts finished rows where they belong: C ← alpha · row + beta · C, plus a bias if there is one; C's rows are contiguous.
struct TileWriter<V: Lanes> {
    typealias Scalar = V.Scalar
    let c: UnsafeMutablePointer<Scalar>
    let rowStride: Int
    let columns: Int
    let alpha: Scalar, beta: Scalar
    /// That of the first column.
    var bias: UnsafePointer<Scalar>?

    @inline(__always) func write(_ row: Int, _ x: V, _ y: V) {
        guard columns == 2 &* V.width else { return writePart(row, x, y) }
        let target = c + row &* rowStride
        put(x, target, bias, V.width)
        put(y, target + V.width, bias.map { $0 + V.width }, V.width)
    }

    /// The left half of a row; there are no more columns.
    @inline(__always) func writeLeft(_ row: Int, _ x: V) { put(x, c + row &* rowStride, bias, columns) }

    /// At an edge of C.
    @inline(never) private func writePart(_ row: Int, _ x: V, _ y: V) {
        let target = c + row &* rowStride
        put(x, target, bias, columns)
        if columns > V.width { put(y, target + V.width, bias.map { $0 + V.width }, columns &- V.width) }
    }

    /// The first `count` columns of a register, or all.
    @inline(__always) private func put(
        _ x: V, _ p: UnsafeMutablePointer<Scalar>, _ bias: UnsafePointer<Scalar>?, _ count: Int
    ) {
        @inline(__always) func load(_ p: UnsafePointer<Scalar>) -> V {
            count >= V.width ? V(p) : V(p, first: count)
        }
        var sum = V(alpha) * x
        if beta != 0 { sum = V.multiplyAdd(V(beta), load(p), sum) }
        if let bias { sum = sum + load(bias) }
        if count >= V.width { sum.store(p) } else { sum.store(p, first: count) }
    }
}

struct OneRow<V: Lanes>: TileRows {
    var x0 = V.zero, y0 = V.zero

    @inline(__always) static var height: Int { 1 }
    @inline(__always) init() {}

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V) {
        let s = V(a[0])
        x0 = V.multiplyAdd(s, x, x0)
        y0 = V.multiplyAdd(s, y, y0)
    }

    @inline(__always) func write(_ writer: TileWriter<V>, firstRow: Int) { writer.write(firstRow, x0, y0) }
}

/// The left half of a row, where C has no more columns.
struct HalfRow<V: Lanes>: TileRows {
    var x0 = V.zero

    @inline(__always) static var height: Int { 1 }
    @inline(__always) init() {}

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _: Int, _ x: V, _: V) {
        x0 = V.multiplyAdd(V(a[0]), x, x0)
    }

    @inline(__always) func write(_ writer: TileWriter<V>, firstRow: Int) { writer.writeLeft(firstRow, x0) }
}

/// Two groups of rows, the second below the first.
struct Stack<Upper: TileRows, Lower: TileRows>: TileRows where Upper.V == Lower.V {
    typealias V = Upper.V
    var upper = Upper()
    var lower = Lower()

    @inline(__always) init() {}

    @inline(__always) static var height: Int { Upper.height &+ Lower.height }

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V) {
        upper.step(a, stride, x, y)
        lower.step(a + Upper.height &* stride, stride, x, y)
    }

    @inline(__always) func write(_ writer: TileWriter<V>, firstRow: Int) {
        upper.write(writer, firstRow: firstRow)
        lower.write(writer, firstRow: firstRow &+ Upper.height)
    }
}

typealias TwoRows<Row: TileRows> = Stack<Row, Row>
typealias FourRows<Row: TileRows> = Stack<TwoRows<Row>, TwoRows<Row>>
typealias SixRows<Row: TileRows> = Stack<FourRows<Row>, TwoRows<Row>>
typealias EightRows<Row: TileRows> = Stack<FourRows<Row>, FourRows<Row>>
typealias TwelveRows<Row: TileRows> = Stack<EightRows<Row>, FourRows<Row>>

/// What is read after a tile, and comes near while it is worked on: a few lines at a time, for many at once would hold up
/// the tile's own reads.
struct Ahead<Scalar> {
    let start: UnsafePointer<Scalar>
    /// The distance of twelve rows of which each gives a line every sixteen steps; nil for a line every four steps, one
    /// behind the other.
    var rowStride: Int?
}

/// One tile: k steps over A (entries `rowStride` apart down, `step` apart along k) and a panel of B, rows `bStep` apart.
/// The tile's place in C comes near meanwhile.
@inline(__always) func runTile<Rows: TileRows>(
    _: Rows.Type, _ a: UnsafePointer<Rows.V.Scalar>, rowStride: Int, step: Int, panel b: UnsafePointer<Rows.V.Scalar>,
    bStep: Int, depth: Int, ahead: Ahead<Rows.V.Scalar>, _ writer: TileWriter<Rows.V>
) {
    var rows = Rows()
    var (p, q) = (a, b)
    // One step at a time: the compiler would read A ahead for several, and keep sums in memory for want of registers.
    for k in 0..<depth {
        if k & 3 == 0 { fetch(Rows.self, ahead, writer, k &>> 2) }
        advance(&rows, &p, &q, rowStride, step, bStep)
    }
    rows.write(writer, firstRow: 0)
}

/// What comes near every four steps.
@inline(__always) private func fetch<Rows: TileRows>(
    _: Rows.Type, _ ahead: Ahead<Rows.V.Scalar>, _ writer: TileWriter<Rows.V>, _ turn: Int
) {
    let line = 64 / MemoryLayout<Rows.V.Scalar>.stride
    if let stride = ahead.rowStride {
        let next = ahead.start + ((turn & 3) &* 3 &* stride &+ (turn &>> 2) &* line)
        kd_prefetch_far(next)
        kd_prefetch_far(next + stride)
        kd_prefetch_far(next + 2 &* stride)
    } else {
        kd_prefetch_far(ahead.start + turn &* line)
    }
    if turn < Rows.height {
        let target = writer.c + turn &* writer.rowStride
        kd_prefetch(target)
        kd_prefetch(target + Rows.V.width)
    }
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

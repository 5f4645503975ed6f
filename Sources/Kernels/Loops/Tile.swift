internal import CIntrinsics

/// Some rows of a tile of C, two registers wide, that stay in registers while k runs.
protocol TileRows {
    associatedtype V: Lanes
    static var height: Int { get }
    init()
    /// Adds the outer product of the rows' entries of A, `stride` apart from `a` on, and one row (x, y) of B.
    mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V)
    func write<E: Ending>(_ ending: E.Type, _ writer: TileWriter<V>, firstRow: Int)
}

/// Where finished rows belong, and what becomes of them: C ← alpha · row + beta · C, plus a bias if there is one; C's rows
/// are contiguous.
struct TileWriter<V: Lanes> {
    typealias Scalar = V.Scalar
    let c: UnsafeMutablePointer<Scalar>
    let rowStride: Int
    let columns: Int
    let alpha: Scalar, beta: Scalar
    /// That of the first column.
    var bias: UnsafePointer<Scalar>?

    /// Writes all rows of a tile, the whole ones by what is needed of the formula.
    @inline(__always) func write<Rows: TileRows>(_ rows: Rows) where Rows.V == V {
        if columns < 2 &* V.width {
            rows.write(AtEdge.self, self, firstRow: 0)
        } else if bias != nil {
            rows.write(WithBias.self, self, firstRow: 0)
        } else if beta != 0 {
            rows.write(Added.self, self, firstRow: 0)
        } else {
            rows.write(Alone.self, self, firstRow: 0)
        }
    }

    /// The whole formula, for the first `columns` columns from `column` on, or a register of them.
    @inline(__always) func put(_ x: V, row: Int, column: Int, columns: Int) {
        let place = Place(start: column, rest: columns)
        let target = c + row &* rowStride
        var sum = V(alpha) * x
        if beta != 0 { sum = V.multiplyAdd(V(beta), V(target, place), sum) }
        if let bias { sum = sum + V(bias, place) }
        sum.store(target, place)
    }
}

/// One case of a writer's formula; each is worth its own code.
protocol Ending {
    static func put<V: Lanes>(_ x: V, _ y: V, row: Int, _ writer: TileWriter<V>)
}

private enum Alone: Ending {
    @inline(__always) static func put<V: Lanes>(_ x: V, _ y: V, row: Int, _ w: TileWriter<V>) {
        let (target, a) = (w.c + row &* w.rowStride, V(w.alpha))
        (a * x).store(target)
        (a * y).store(target + V.width)
    }
}

private enum Added: Ending {
    @inline(__always) static func put<V: Lanes>(_ x: V, _ y: V, row: Int, _ w: TileWriter<V>) {
        let (target, a, b) = (w.c + row &* w.rowStride, V(w.alpha), V(w.beta))
        V.multiplyAdd(b, V(target), a * x).store(target)
        V.multiplyAdd(b, V(target + V.width), a * y).store(target + V.width)
    }
}

private enum WithBias: Ending {
    @inline(__always) static func put<V: Lanes>(_ x: V, _ y: V, row: Int, _ w: TileWriter<V>) {
        w.put(x, row: row, column: 0, columns: V.width)
        w.put(y, row: row, column: V.width, columns: V.width)
    }
}

/// There are fewer columns than two registers hold.
private enum AtEdge: Ending {
    @inline(never) static func put<V: Lanes>(_ x: V, _ y: V, row: Int, _ w: TileWriter<V>) {
        w.put(x, row: row, column: 0, columns: w.columns)
        if w.columns > V.width { w.put(y, row: row, column: V.width, columns: w.columns &- V.width) }
    }
}

struct OneRow<V: Lanes>: TileRows {
    var x0 = V.zero, y0 = V.zero

    @inline(__always) static var height: Int { 1 }
    @inline(__always) init() {}
    @inline(__always) init(_ x: V, _ y: V) { (x0, y0) = (x, y) }

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _ stride: Int, _ x: V, _ y: V) {
        let s = V(a[0])
        x0 = V.multiplyAddInTurn(s, x, x0)
        y0 = V.multiplyAddInTurn(s, y, y0)
    }

    @inline(__always) func write<E: Ending>(_: E.Type, _ writer: TileWriter<V>, firstRow: Int) {
        E.put(x0, y0, row: firstRow, writer)
    }
}

/// The left half of a row, where C has no more columns.
struct HalfRow<V: Lanes>: TileRows {
    var x0 = V.zero

    @inline(__always) static var height: Int { 1 }
    @inline(__always) init() {}

    @inline(__always) mutating func step(_ a: UnsafePointer<V.Scalar>, _: Int, _ x: V, _: V) {
        x0 = V.multiplyAddInTurn(V(a[0]), x, x0)
    }

    @inline(__always) func write<E: Ending>(_: E.Type, _ writer: TileWriter<V>, firstRow: Int) {
        writer.put(x0, row: firstRow, column: 0, columns: writer.columns)
    }
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

    @inline(__always) func write<E: Ending>(_ ending: E.Type, _ writer: TileWriter<V>, firstRow: Int) {
        upper.write(ending, writer, firstRow: firstRow)
        lower.write(ending, writer, firstRow: firstRow &+ Upper.height)
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
    /// The distance of twelve rows of which each gives a line every sixteen steps; nil for lines one behind the other.
    var rowStride: Int?
    /// Of lines one behind the other: whether every four steps three come near, or one.
    var isDense = false
}

/// One tile: k steps over A (entries `rowStride` apart down, `step` apart along k) and a panel of B, rows `bStep` apart.
/// The tile's place in C comes near meanwhile.
@inline(__always) func runTile<Rows: TileRows>(
    _: Rows.Type, _ a: UnsafePointer<Rows.V.Scalar>, rowStride: Int, step: Int, panel b: UnsafePointer<Rows.V.Scalar>,
    bStep: Int, depth: Int, ahead: Ahead<Rows.V.Scalar>, _ writer: TileWriter<Rows.V>
) {
    var rows = Rows()
    var (p, q) = (a, b)
    // Four steps in a turn share addresses and the turn's own costs. Each sum is made in its turn: else the compiler reads A
    // ahead for several steps, and keeps sums in memory for want of registers.
    var k = 0
    while k &+ 4 <= depth {
        fetch(Rows.self, ahead, writer, k &>> 2)
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
        advance(&rows, &p, &q, rowStride, step, bStep)
        k &+= 4
    }
    while k < depth {
        advance(&rows, &p, &q, rowStride, step, bStep)
        k &+= 1
    }
    writer.write(rows)
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
    } else if ahead.isDense {
        let next = ahead.start + turn &* 3 &* line
        kd_prefetch_far(next)
        kd_prefetch_far(next + line)
        kd_prefetch_far(next + 2 &* line)
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

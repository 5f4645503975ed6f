internal import CIntrinsics
import KernelTable

/// A problem as its plan sees it: perhaps transposed.
struct Operands<Scalar: Real> {
    let m: Int, n: Int, k: Int
    let a: UnsafePointer<Scalar>, aRow: Int, aColumn: Int
    let b: UnsafePointer<Scalar>, bRow: Int, bColumn: Int
    let c: UnsafeMutablePointer<Scalar>, cRow: Int, cColumn: Int
    /// The bias, where C's rows lie in one piece: added as they are written. Elsewhere it is added when all is done.
    let bias: UnsafePointer<Scalar>?

    @inline(__always) init(_ p: MatmulProblem<Scalar>, transposed: Bool) {
        k = p.k
        c = p.c
        if transposed {
            (m, n) = (p.n, p.m)
            (a, aRow, aColumn) = (p.b, p.bColumnStride, p.bRowStride)
            (b, bRow, bColumn) = (p.a, p.aColumnStride, p.aRowStride)
            (cRow, cColumn) = (p.cColumnStride, p.cRowStride)
        } else {
            (m, n) = (p.m, p.n)
            (a, aRow, aColumn) = (p.a, p.aRowStride, p.aColumnStride)
            (b, bRow, bColumn) = (p.b, p.bRowStride, p.bColumnStride)
            (cRow, cColumn) = (p.cRowStride, p.cColumnStride)
        }
        bias = transposed || cColumn != 1 ? nil : p.bias
    }
}

/// Some rows and columns of A: tiles one behind the other, or rows where they lie.
struct LeftBlock<Scalar> {
    let start: UnsafePointer<Scalar>
    /// The distance of rows that lie in A; nil when packed.
    var rowStride: Int?
}

/// How a product is cut into pieces, and how its operands are laid out for them.
extension RealLoops {
    /// Rows of the tallest tile that fits the registers.
    @inline(__always) static var tileRows: Int {
        #if KD_AVX512
            12
        #elseif KD_AVX2
            6
        #else
            4
        #endif
    }

    @inline(__always) static var panelWidth: Int { 2 &* Vector.width }

    /// Rows of a block of A, which stays in the second cache while B passes by.
    @inline(__always) static var tallBlock: Int { 144 }

    /// Whether tiles of A read it better from a copy: where it is walked across its rows, where all rows begin at one place of
    /// their pages, and so fight for one set of the first cache, and where many panels of B pass by its blocks.
    @inline(__always) static func packsLeft(_ o: Operands<Scalar>) -> Bool {
        o.aColumn != 1 || o.aRow &* MemoryLayout<Scalar>.stride % 4096 == 0 || o.m > tallBlock && o.n >= 1024
    }

    /// Panels that are packed together, so that rows of B are read in longer pieces.
    @inline(__always) static var panelsPerPack: Int { 4 }

    /// The distance of panels: a little more than they are long where all would begin at one place of the second cache, whose
    /// ways have 64 or 128 KiB.
    @inline(__always) static func panelStride(_ k: Int) -> Int {
        let length = k &* panelWidth
        return length &* MemoryLayout<Scalar>.stride % 65_536 == 0 ? length &+ 64 &* panelWidth : length
    }

    /// Panels whose columns of C are finished at a time.
    @inline(__always) static var finishedTogether: Int { 4 }

    /// The height of the next tile when `rest` rows remain.
    @inline(__always) static func nextHeight(_ rest: Int) -> Int {
        #if KD_AVX512
            // Sixteen are better as eight and eight than as twelve and four.
            if rest >= 12, rest != 16 { return 12 }
            if rest >= 8 { return 8 }
        #elseif KD_AVX2
            // Eight are better as four and four than as six and two: two rows cannot keep both units busy.
            if rest >= 6, rest != 8 { return 6 }
        #endif
        return rest >= 4 ? 4 : (rest >= 2 ? 2 : 1)
    }

    /// A piece of a panel of B: [k][column], zero beyond the last column.
    @inline(__always) static func packPanel(
        _ o: Operands<Scalar>, row: Int, column: Int, _ target: Output, depth: Int, columns: Int
    ) {
        let source = o.b + (row &* o.bRow &+ column &* o.bColumn)
        if o.bColumn == 1 {
            packRows(source, o.bRow, target, depth, columns)
        } else {
            packColumns(source, o.bRow, o.bColumn, target, depth, columns)
        }
    }

    @inline(__always) static func packRows(
        _ source: Input, _ stride: Int, _ target: Output, _ depth: Int, _ columns: Int
    ) {
        let width = Vector.width
        if columns == 2 &* width {
            for k in 0..<depth {
                let (from, to) = (source + k &* stride, target + 2 &* k &* width)
                Vector(from).store(to)
                Vector(from + width).store(to + width)
            }
            return
        }
        let (left, right) = (Place(start: 0, rest: columns), Place(start: width, rest: columns &- width))
        for k in 0..<depth {
            let (from, to) = (source + k &* stride, target + 2 &* k &* width)
            load(from, left).store(to)
            (right.rest > 0 ? load(from, right) : .zero).store(to + width)
        }
    }

    @inline(__always) static func packColumns(
        _ source: Input, _ rowStride: Int, _ columnStride: Int, _ target: Output, _ depth: Int, _ columns: Int
    ) {
        let width = panelWidth
        var j = 0
        while j < columns {
            let count = columns &- j >= 4 ? 4 : 1
            pack(count, source + j &* columnStride, columnStride, rowStride, target + j, width, depth)
            j &+= count
        }
        while j < width {
            for k in 0..<depth { target[k &* width &+ j] = 0 }
            j &+= 1
        }
    }

    /// A block of A: tiles below each other, each [k][row].
    @inline(__always) static func packBlock(
        _ source: Input, _ rowStride: Int, _ columnStride: Int, _ target: Output, _ rows: Int, _ depth: Int
    ) {
        var row = 0
        if rowStride == 1 {
            while nextHeight(rows &- row) == tileRows { row &+= tileRows }
            copyTall(source, columnStride, target, tiles: row / tileRows, depth)
        }
        while row < rows {
            let height = nextHeight(rows &- row)
            let (from, tile) = (source + row &* rowStride, target + row &* depth)
            var i = 0
            while i < height {
                let count = height &- i >= 4 ? 4 : Swift.min(height &- i, 2)
                pack(count, from + i &* rowStride, rowStride, columnStride, tile + i, height, depth)
                i &+= count
            }
            row &+= height
        }
    }

    /// Tiles of full height from columns that lie in one piece, column by column.
    @inline(__always) private static func copyTall(
        _ source: Input, _ columnStride: Int, _ target: Output, tiles: Int, _ depth: Int
    ) {
        for k in 0..<depth {
            var (from, to) = (source + k &* columnStride, target + k &* tileRows)
            for _ in 0..<tiles {
                // Columns far apart are not foreseen by the processor.
                kd_prefetch(from + 8 &* columnStride)
                var i = 0
                while i &+ 4 <= tileRows {
                    Vector.copy4(from + i, to + i)
                    i &+= 4
                }
                if i < tileRows { Vector.copy2(from + i, to + i) }
                from += tileRows
                to += depth &* tileRows
            }
        }
    }

    /// `target[k * step + i] = source[i * stride + k * along]` for `count` values of i, which is 1, 2 or 4.
    @inline(__always) static func pack(
        _ count: Int, _ source: Input, _ stride: Int, _ along: Int, _ target: Output, _ step: Int, _ depth: Int
    ) {
        var k = 0
        if count == 4, along == 1 {
            while k &+ 4 <= depth {
                Vector.transpose4(source + k, stride, target + k &* step, step)
                k &+= 4
            }
        } else if count == 2, along == 1 {
            while k &+ 4 <= depth {
                Vector.transpose2(source + k, stride, target + k &* step, step)
                k &+= 4
            }
        } else if count == 4, stride == 1 {
            while k < depth {
                Vector.copy4(source + k &* along, target + k &* step)
                k &+= 1
            }
        } else if count == 2, stride == 1 {
            while k < depth {
                Vector.copy2(source + k &* along, target + k &* step)
                k &+= 1
            }
        }
        while k < depth {
            for i in 0..<count { target[k &* step &+ i] = source[i &* stride &+ k &* along] }
            k &+= 1
        }
    }
}

import KernelTable

/// Moves of elements that only have a size.
extension Loops {
    public static func select(
        elementSize: Int, _ condition: UnsafePointer<UInt8>, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer, count n: Int
    ) {
        switch elementSize {
        case 1: select(UInt8.self, condition, x, y, out, n)
        case 2: select(UInt16.self, condition, x, y, out, n)
        case 4: select(UInt32.self, condition, x, y, out, n)
        default: select(UInt64.self, condition, x, y, out, n)
        }
    }

    @inline(__always) private static func select<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ condition: UnsafePointer<UInt8>, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer, _ n: Int
    ) {
        let (a, b) = (x.assumingMemoryBound(to: T.self), y.assumingMemoryBound(to: T.self))
        let target = out.assumingMemoryBound(to: T.self)
        for i in 0..<n { target[i] = condition[i] != 0 ? a[i] : b[i] }
    }

    public static func fill(
        elementSize: Int, _ out: UnsafeMutableRawPointer, with value: UnsafeRawPointer, count n: Int
    ) {
        switch elementSize {
        case 1: fill(UInt8.self, out, value, n)
        case 2: fill(UInt16.self, out, value, n)
        case 4: fill(UInt32.self, out, value, n)
        default: fill(UInt64.self, out, value, n)
        }
    }

    @inline(__always) private static func fill<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ out: UnsafeMutableRawPointer, _ value: UnsafeRawPointer, _ n: Int
    ) {
        let target = out.assumingMemoryBound(to: T.self)
        let element = value.loadUnaligned(as: T.self)
        for i in 0..<n { target[i] = element }
    }

    public static func transpose2D(
        elementSize: Int, _ x: UnsafeRawPointer, xStride: Int, _ out: UnsafeMutableRawPointer, outStride: Int,
        rows: Int, columns: Int
    ) {
        switch elementSize {
        case 1: transpose(UInt8.self, x, xStride, out, outStride, rows, columns)
        case 2: transpose(UInt16.self, x, xStride, out, outStride, rows, columns)
        case 4: transpose(UInt32.self, x, xStride, out, outStride, rows, columns)
        default: transpose(UInt64.self, x, xStride, out, outStride, rows, columns)
        }
    }

    /// Squares of 32 by 32, whose lines of both sides stay in the first cache.
    @inline(__always) private static func transpose<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ x: UnsafeRawPointer, _ xStride: Int, _ out: UnsafeMutableRawPointer, _ outStride: Int,
        _ rows: Int, _ columns: Int
    ) {
        let source = x.assumingMemoryBound(to: T.self)
        let target = out.assumingMemoryBound(to: T.self)
        let side = 32
        var r = 0
        while r < rows {
            let rowEnd = min(r &+ side, rows)
            var c = 0
            while c < columns {
                let columnEnd = min(c &+ side, columns)
                var j = c
                while j < columnEnd {
                    let line = target + j &* outStride
                    var i = r
                    while i < rowEnd {
                        line[i] = source[i &* xStride &+ j]
                        i &+= 1
                    }
                    j &+= 1
                }
                c = columnEnd
            }
            r = rowEnd
        }
    }

    public static func copyStrided(
        elementSize: Int, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, shape: UnsafePointer<Int>,
        strides: UnsafePointer<Int>, rank: Int
    ) {
        switch elementSize {
        case 1: gather(UInt8.self, x, out, shape, strides, rank)
        case 2: gather(UInt16.self, x, out, shape, strides, rank)
        case 4: gather(UInt32.self, x, out, shape, strides, rank)
        default: gather(UInt64.self, x, out, shape, strides, rank)
        }
    }

    public static func scatterStrided(
        elementSize: Int, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, shape: UnsafePointer<Int>,
        strides: UnsafePointer<Int>, rank: Int
    ) {
        switch elementSize {
        case 1: scatter(UInt8.self, x, out, shape, strides, rank)
        case 2: scatter(UInt16.self, x, out, shape, strides, rank)
        case 4: scatter(UInt32.self, x, out, shape, strides, rank)
        default: scatter(UInt64.self, x, out, shape, strides, rank)
        }
    }

    /// The dimensions of [first, rank) as one count.
    @inline(__always) private static func elements(_ shape: UnsafePointer<Int>, _ first: Int, _ rank: Int) -> Int {
        var n = 1
        var d = first
        while d < rank {
            n &*= shape[d]
            d &+= 1
        }
        return n
    }

    /// Where the element of a row-major number `index` over the first `dimensions` dimensions lies.
    @inline(__always) private static func offset(
        _ index: Int, _ shape: UnsafePointer<Int>, _ strides: UnsafePointer<Int>, _ dimensions: Int
    ) -> Int {
        var rest = index
        var sum = 0
        var d = dimensions &- 1
        while d >= 0 {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: shape[d])
            sum &+= remainder &* strides[d]
            rest = quotient
            d &-= 1
        }
        return sum
    }

    @inline(__always) private static func gather<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ shape: UnsafePointer<Int>,
        _ strides: UnsafePointer<Int>, _ rank: Int
    ) {
        let source = x.assumingMemoryBound(to: T.self)
        let target = out.assumingMemoryBound(to: T.self)
        guard elements(shape, 0, rank) > 0 else { return }
        guard rank > 0 else {
            target[0] = source[0]
            return
        }
        let (inner, step) = (shape[rank &- 1], strides[rank &- 1])
        // A transposed pair at the end goes square by square.
        if rank >= 2, step != 1, strides[rank &- 2] == 1, inner > 1, shape[rank &- 2] > 1 {
            let (rows, size) = (shape[rank &- 2], shape[rank &- 2] &* inner)
            for outer in 0..<elements(shape, 0, rank &- 2) {
                let from = source + offset(outer, shape, strides, rank &- 2)
                transpose(T.self, from, step, target + outer &* size, inner, inner, rows)
            }
            return
        }
        for outer in 0..<elements(shape, 0, rank &- 1) {
            let from = source + offset(outer, shape, strides, rank &- 1)
            let to = target + outer &* inner
            if step == 1 {
                to.update(from: from, count: inner)
            } else {
                for i in 0..<inner { to[i] = from[i &* step] }
            }
        }
    }

    @inline(__always) private static func scatter<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ shape: UnsafePointer<Int>,
        _ strides: UnsafePointer<Int>, _ rank: Int
    ) {
        let source = x.assumingMemoryBound(to: T.self)
        let target = out.assumingMemoryBound(to: T.self)
        guard elements(shape, 0, rank) > 0 else { return }
        guard rank > 0 else {
            target[0] = source[0]
            return
        }
        let (inner, step) = (shape[rank &- 1], strides[rank &- 1])
        for outer in 0..<elements(shape, 0, rank &- 1) {
            let to = target + offset(outer, shape, strides, rank &- 1)
            let from = source + outer &* inner
            if step == 1 {
                to.update(from: from, count: inner)
            } else {
                for i in 0..<inner { to[i &* step] = from[i] }
            }
        }
    }

    public static func gatherRows(
        _ table: UnsafeRawPointer, indices: UnsafePointer<Int64>, _ out: UnsafeMutableRawPointer, count: Int,
        rowBytes: Int
    ) {
        guard rowBytes > 0 else { return }
        for i in 0..<count {
            (out + i &* rowBytes).copyMemory(from: table + Int(indices[i]) &* rowBytes, byteCount: rowBytes)
        }
    }
}

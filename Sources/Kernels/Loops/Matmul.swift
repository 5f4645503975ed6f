import KernelTable

/// A problem as its plan sees it: perhaps transposed.
private struct Operands<Scalar: Real> {
    let m: Int, n: Int, k: Int
    let a: UnsafePointer<Scalar>, aRow: Int, aColumn: Int
    let b: UnsafePointer<Scalar>, bRow: Int, bColumn: Int
    let c: UnsafeMutablePointer<Scalar>, cRow: Int, cColumn: Int

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
    }
}

/// The paths a plan can take.
private enum Strategy {
    /// B in panels ahead of time, A in small blocks by each task (Goto, van de Geijn 2008).
    static var packed: UInt8 { 0 }
    /// B in panels, A read where it lies: for so few columns that packing A would cost more than it saves.
    static var direct: UInt8 { 1 }
    /// A few rows against rows of Bᵀ: dot products.
    static var dots: UInt8 { 2 }
    /// A few rows against rows of B: sums of rows.
    static var rowSums: UInt8 { 3 }
    /// k = 0: C ← beta · C.
    static var empty: UInt8 { 4 }
}

extension RealLoops {
    /// Rows of the tallest tile that fits the registers.
    @inline(__always) private static var tileRows: Int {
        #if KD_AVX512
            12
        #elseif KD_AVX2
            6
        #else
            4
        #endif
    }

    @inline(__always) private static var panelWidth: Int { 2 &* Vector.width }

    /// The height of the next tile when `rest` rows remain.
    @inline(__always) private static func nextHeight(_ rest: Int) -> Int {
        if rest >= tileRows { return tileRows }
        #if KD_AVX512
            if rest >= 8 { return 8 }
        #endif
        return rest >= 4 ? 4 : (rest >= 2 ? 2 : 1)
    }

    static func matmulPlan(_ p: MatmulProblem<Scalar>) -> MatmulPlan {
        func plan(
            _ strategy: UInt8, tasks: Int, transposed: Bool = false, packTasks: Int = 0, packed: Int = 0,
            scratch: Int = 0, rows: Int = 0, columns: Int = 0, depth: Int = 0
        ) -> MatmulPlan {
            MatmulPlan(
                packTasks: packTasks, tasks: tasks, packedCount: packed, scratchCount: scratch,
                isTransposed: transposed, strategy: strategy, rowsPerTask: rows, columnsPerTask: columns,
                depth: depth)
        }
        if p.m == 0 || p.n == 0 { return plan(Strategy.empty, tasks: 0) }
        if p.k == 0 { return plan(Strategy.empty, tasks: 1) }
        // Vectors and nearly vectors: of the two ways around, the one with fewer rows.
        let flipped = p.n < p.m
        let few = Operands(p, transposed: flipped)
        if few.m <= 4, few.aColumn == 1 || few.m == 1 {
            // About 2¹⁷ products in a task.
            let columns = Swift.max(panelWidth &* 2, ((1 &<< 17) / (few.k &* few.m)) / panelWidth &* panelWidth)
            let tasks = (few.n &+ columns &- 1) / columns
            if few.bRow == 1, few.aColumn == 1 {
                return plan(Strategy.dots, tasks: tasks, transposed: flipped, columns: columns)
            }
            if few.bColumn == 1 {
                return plan(Strategy.rowSums, tasks: tasks, transposed: flipped, columns: columns)
            }
        }
        // The smaller side is packed ahead when it is small enough to stay in the cache while the other passes by.
        let transposed = p.m <= 64 && p.m < p.n
        let o = Operands(p, transposed: transposed)
        let panels = (o.n &+ panelWidth &- 1) / panelWidth
        let isDirect = panels <= 2
        let maxDepth = 256
        let blocks = (o.k &+ maxDepth &- 1) / maxDepth
        let depth = (o.k &+ blocks &- 1) / blocks
        var rows = isDirect ? 4 &* tileRows : (48 / tileRows) &* tileRows
        // A task of a direct product should be worth waking a thread: about 2¹⁹ products.
        if isDirect {
            let wanted = ((1 &<< 19) / (o.k &* panels &* panelWidth)) / tileRows &* tileRows
            rows = Swift.max(tileRows, wanted)
        }
        let rowTasks = (o.m &+ rows &- 1) / rows
        var columnTasks = 1
        if !isDirect, rowTasks < 8 {
            columnTasks = Swift.min(panels, (8 &+ rowTasks &- 1) / rowTasks)
        }
        let columnsPerTask = (panels &+ columnTasks &- 1) / columnTasks &* panelWidth
        columnTasks = (o.n &+ columnsPerTask &- 1) / columnsPerTask
        return plan(
            isDirect ? Strategy.direct : Strategy.packed, tasks: rowTasks &* columnTasks, transposed: transposed,
            packTasks: panels, packed: panels &* panelWidth &* o.k, scratch: isDirect ? 0 : rows &* depth, rows: rows,
            columns: columnsPerTask, depth: depth)
    }

    /// Panel `task` of B, for each block of k: [block][panel][k in block][column], zero beyond the last column.
    static func matmulPack(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>
    ) {
        let o = Operands(problem, transposed: plan.isTransposed)
        let width = panelWidth
        let panels = plan.packTasks
        let column = task &* width
        let columns = Swift.min(width, o.n &- column)
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            let target = packed + (panels &* start &+ task &* depth) &* width
            let source = o.b + (start &* o.bRow &+ column &* o.bColumn)
            if o.bColumn == 1 {
                packRows(source, o.bRow, target, depth, columns)
            } else {
                packColumns(source, o.bRow, o.bColumn, target, depth, columns)
            }
            start &+= depth
        }
    }

    @inline(__always) private static func packRows(
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
        let (left, right) = (Swift.min(columns, width), Swift.max(columns &- width, 0))
        for k in 0..<depth {
            let (from, to) = (source + k &* stride, target + 2 &* k &* width)
            load(from, left).store(to)
            (right > 0 ? load(from + width, right) : .zero).store(to + width)
        }
    }

    @inline(__always) private static func packColumns(
        _ source: Input, _ rowStride: Int, _ columnStride: Int, _ target: Output, _ depth: Int, _ columns: Int
    ) {
        let width = panelWidth
        // Sixteen steps of k at a time: a cache line of each column in, sixteen rows of the panel out.
        var start = 0
        while start < depth {
            let end = Swift.min(start &+ 16, depth)
            for j in 0..<columns {
                let from = source + j &* columnStride
                var k = start
                while k < end {
                    target[k &* width &+ j] = from[k &* rowStride]
                    k &+= 1
                }
            }
            if columns < width {
                for k in start..<end {
                    var j = columns
                    while j < width {
                        target[k &* width &+ j] = 0
                        j &+= 1
                    }
                }
            }
            start = end
        }
    }

    /// A block of A: tiles below each other, each [k][row].
    @inline(__always) private static func packBlock(
        _ source: Input, _ rowStride: Int, _ columnStride: Int, _ target: Output, _ rows: Int, _ depth: Int
    ) {
        var row = 0
        while row < rows {
            let height = nextHeight(rows &- row)
            let tile = target + row &* depth
            for i in 0..<height {
                let from = source + (row &+ i) &* rowStride
                var to = tile + i
                if columnStride == 1 {
                    for k in 0..<depth {
                        to.pointee = from[k]
                        to += height
                    }
                } else {
                    for k in 0..<depth {
                        to.pointee = from[k &* columnStride]
                        to += height
                    }
                }
            }
            row &+= height
        }
    }

    /// One tile of `height` rows; strides of A as in `runTile`.
    @inline(__always) private static func tile(
        _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, depth: Int, _ writer: TileWriter<Vector>
    ) {
        switch height {
        #if KD_AVX512
            case 12:
                runTile(
                    TwelveRows<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
            case 8:
                runTile(
                    EightRows<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        #elseif KD_AVX2
            case 6:
                runTile(
                    SixRows<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        #endif
        case 4:
            runTile(FourRows<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        case 2:
            runTile(TwoRows<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        default:
            runTile(OneRow<Vector>.self, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        }
    }

    @inline(never) private static func packedTile(
        _ height: Int, _ a: Input, panel: Input, depth: Int, _ writer: TileWriter<Vector>
    ) {
        switch height {
        #if KD_AVX512
            case 12: tile(12, a, rowStride: 1, step: 12, panel: panel, depth: depth, writer)
            case 8: tile(8, a, rowStride: 1, step: 8, panel: panel, depth: depth, writer)
        #elseif KD_AVX2
            case 6: tile(6, a, rowStride: 1, step: 6, panel: panel, depth: depth, writer)
        #endif
        case 4: tile(4, a, rowStride: 1, step: 4, panel: panel, depth: depth, writer)
        case 2: tile(2, a, rowStride: 1, step: 2, panel: panel, depth: depth, writer)
        default: tile(1, a, rowStride: 1, step: 1, panel: panel, depth: depth, writer)
        }
    }

    @inline(never) private static func directTile(
        _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, depth: Int, _ writer: TileWriter<Vector>
    ) {
        // A stride of 1, one way or the other, is worth its own code.
        if step == 1 {
            tile(height, a, rowStride: rowStride, step: 1, panel: panel, depth: depth, writer)
        } else if rowStride == 1 {
            tile(height, a, rowStride: 1, step: step, panel: panel, depth: depth, writer)
        } else {
            tile(height, a, rowStride: rowStride, step: step, panel: panel, depth: depth, writer)
        }
    }

    static func matmulCompute(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>,
        _ scratch: UnsafeMutablePointer<Scalar>
    ) {
        let o = Operands(problem, transposed: plan.isTransposed)
        switch plan.strategy {
        case Strategy.packed, Strategy.direct: panels(o, problem, plan, task, packed, scratch)
        case Strategy.dots: dots(o, problem, plan, task)
        case Strategy.rowSums: rowSums(o, problem, plan, task)
        default:
            for i in 0..<o.m {
                for j in 0..<o.n {
                    let target = o.c + (i &* o.cRow &+ j &* o.cColumn)
                    target.pointee = problem.beta == 0 ? 0 : problem.beta * target.pointee
                }
            }
        }
    }

    private static func panels(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int, _ packed: Output,
        _ scratch: Output
    ) {
        let width = panelWidth
        let columnTasks = (o.n &+ plan.columnsPerTask &- 1) / plan.columnsPerTask
        let firstRow = task / columnTasks &* plan.rowsPerTask
        let rows = Swift.min(plan.rowsPerTask, o.m &- firstRow)
        let firstPanel = task % columnTasks &* plan.columnsPerTask / width
        let allPanels = plan.packTasks
        let endPanel = Swift.min(firstPanel &+ plan.columnsPerTask / width, allPanels)
        let isPacked = plan.strategy == Strategy.packed
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            let beta = start == 0 ? problem.beta : 1
            let block = o.a + (firstRow &* o.aRow &+ start &* o.aColumn)
            if isPacked { packBlock(block, o.aRow, o.aColumn, scratch, rows, depth) }
            var panel = firstPanel
            while panel < endPanel {
                let b = packed + (allPanels &* start &+ panel &* depth) &* width
                let column = panel &* width
                let columns = Swift.min(width, o.n &- column)
                var row = 0
                while row < rows {
                    let height = nextHeight(rows &- row)
                    let writer = TileWriter<Vector>(
                        c: o.c + ((firstRow &+ row) &* o.cRow &+ column &* o.cColumn), rowStride: o.cRow,
                        columnStride: o.cColumn, columns: columns, alpha: problem.alpha, beta: beta)
                    if isPacked {
                        packedTile(height, scratch + row &* depth, panel: b, depth: depth, writer)
                    } else {
                        directTile(
                            height, block + row &* o.aRow, rowStride: o.aRow, step: o.aColumn, panel: b, depth: depth,
                            writer)
                    }
                    row &+= height
                }
                panel &+= 1
            }
            start &+= depth
        }
    }

    private static func dots(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int
    ) {
        let first = task &* plan.columnsPerTask
        let end = Swift.min(first &+ plan.columnsPerTask, o.n)
        for i in 0..<o.m {
            let row = o.a + i &* o.aRow
            for j in first..<end {
                let value = problem.alpha * dot(row, o.b + j &* o.bColumn, count: o.k)
                let target = o.c + (i &* o.cRow &+ j &* o.cColumn)
                target.pointee = problem.beta == 0 ? value : problem.beta * target.pointee + value
            }
        }
    }

    private static func rowSums(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int
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
                    for k in 0..<o.k {
                        let (a, p) = (Vector(row[k &* o.aColumn]), b + k &* o.bRow)
                        s = Vector.multiplyAdd(a, load(p, count), s)
                        if count > width { t = Vector.multiplyAdd(a, load(p + width, count &- width), t) }
                        if count > 2 &* width {
                            u = Vector.multiplyAdd(a, load(p + 2 &* width, count &- 2 &* width), u)
                        }
                        if count > 3 &* width {
                            v = Vector.multiplyAdd(a, load(p + 3 &* width, count &- 3 &* width), v)
                        }
                    }
                }
                let target = o.c + (i &* o.cRow &+ j &* o.cColumn)
                let near = TileWriter<Vector>(
                    c: target, rowStride: 0, columnStride: o.cColumn, columns: Swift.min(count, 2 &* width),
                    alpha: problem.alpha,
                    beta: problem.beta)
                near.write(0, s, t)
                if count > 2 &* width {
                    let far = TileWriter<Vector>(
                        c: target + 2 &* width &* o.cColumn, rowStride: 0, columnStride: o.cColumn,
                        columns: count &- 2 &* width, alpha: problem.alpha, beta: problem.beta)
                    far.write(0, u, v)
                }
                j &+= count
            }
        }
    }

    static func matmul(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ scratch: UnsafeMutablePointer<Scalar>
    ) {
        let own = scratch + plan.packedCount
        for task in 0..<plan.packTasks { matmulPack(problem, plan, task: task, scratch) }
        for task in 0..<plan.tasks { matmulCompute(problem, plan, task: task, scratch, own) }
    }
}

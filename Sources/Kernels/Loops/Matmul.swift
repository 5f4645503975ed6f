import KernelTable

/// How a plan is carried out.
extension RealLoops {
    /// The rows of a task of the packed strategy: whole tiles, about as many in each.
    @inline(__always) private static func taskRows(_ m: Int, _ number: Int, of count: Int) -> Range<Int> {
        let tiles = (m &+ tileRows &- 1) / tileRows
        let (first, end) = (tiles &* number / count &* tileRows, tiles &* (number &+ 1) / count &* tileRows)
        return first..<Swift.min(end, m)
    }

    /// A block of the only rows of A, or some panels of B: [panel][k][column], zero beyond the last column. Behind all panels
    /// that are made here are the rows of A, if several tasks need them: [task][block][tile].
    static func matmulPack(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>
    ) {
        let o = Operands(problem, transposed: plan.isTransposed)
        if plan.strategy == Strategy.oneBlock {
            let start = task &* plan.depth
            return packBlock(
                o.a + start &* o.aColumn, o.aRow, o.aColumn, packed + o.m &* start, o.m,
                Swift.min(plan.depth, o.k &- start))
        }
        if task < plan.panelTasks {
            packPanels(task, o, packed)
        } else {
            packTaskRows(task &- plan.panelTasks, o, plan, packed)
        }
    }

    static func matmulPanels(_ problem: MatmulProblem<Scalar>) -> (tasks: Int, count: Int) {
        let panels = (problem.n &+ panelWidth &- 1) / panelWidth
        return ((panels &+ panelsPerPack &- 1) / panelsPerPack, panels &* panelStride(problem.k))
    }

    static func matmulPackPanels(
        _ problem: MatmulProblem<Scalar>, task: Int, _ panels: UnsafeMutablePointer<Scalar>
    ) {
        packPanels(task, Operands(problem, transposed: false), panels)
    }

    /// A few panels of B.
    private static func packPanels(_ task: Int, _ o: Operands<Scalar>, _ packed: Output) {
        let width = panelWidth
        let first = task &* panelsPerPack
        let end = Swift.min(first &+ panelsPerPack, (o.n &+ width &- 1) / width)
        // Sixteen rows of all panels, then the next sixteen.
        let strip = 16
        var row = 0
        while row < o.k {
            for panel in first..<end {
                let column = panel &* width
                packPanel(
                    o, row: row, column: column, packed + (panel &* panelStride(o.k) &+ row &* width),
                    depth: Swift.min(strip, o.k &- row), columns: Swift.min(width, o.n &- column))
            }
            row &+= strip
        }
    }

    /// The rows of A that some tasks of the packed strategy need.
    private static func packTaskRows(_ number: Int, _ o: Operands<Scalar>, _ plan: MatmulPlan, _ packed: Output) {
        let rows = taskRows(o.m, number, of: plan.packTasks &- plan.panelTasks)
        let place = packedRows(rows, o, plan, packed)
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            packBlock(
                o.a + (rows.lowerBound &* o.aRow &+ start &* o.aColumn), o.aRow, o.aColumn, place + rows.count &* start,
                rows.count, depth)
            start &+= depth
        }
    }

    /// Where some rows of A are that were packed ahead of time.
    @inline(__always) private static func packedRows(
        _ rows: Range<Int>, _ o: Operands<Scalar>, _ plan: MatmulPlan, _ packed: Output
    ) -> Output {
        packed + (plan.packedCount &- (o.m &- rows.lowerBound) &* o.k)
    }

    /// One tile of `height` rows, whole or half; strides of A as in `runTile`.
    @inline(__always) private static func tile<Row: TileRows>(
        of _: Row.Type, _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, bStep: Int, depth: Int,
        ahead: Ahead<Scalar>, _ writer: TileWriter<Vector>
    ) where Row.V == Vector {
        @inline(__always) func run<Rows: TileRows>(_: Rows.Type) where Rows.V == Vector {
            runTile(
                Rows.self, a, rowStride: rowStride, step: step, panel: panel, bStep: bStep, depth: depth, ahead: ahead,
                writer)
        }
        switch height {
        #if KD_AVX512
            case 12: run(TwelveRows<Row>.self)
            case 8: run(EightRows<Row>.self)
        #elseif KD_AVX2
            case 6: run(SixRows<Row>.self)
        #endif
        case 4: run(FourRows<Row>.self)
        case 2: run(TwoRows<Row>.self)
        default: run(Row.self)
        }
    }

    @inline(__always) private static func tile(
        _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, bStep: Int, depth: Int,
        ahead: Ahead<Scalar>, _ writer: TileWriter<Vector>
    ) {
        tile(
            of: OneRow<Vector>.self, height, a, rowStride: rowStride, step: step, panel: panel, bStep: bStep,
            depth: depth, ahead: ahead, writer)
    }

    /// The same where C has no more columns than fill the left register of a row.
    @inline(never) private static func halfTile(
        _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, bStep: Int, depth: Int,
        ahead: Ahead<Scalar>, _ writer: TileWriter<Vector>
    ) {
        tile(
            of: HalfRow<Vector>.self, height, a, rowStride: rowStride, step: step, panel: panel, bStep: bStep,
            depth: depth, ahead: ahead, writer)
    }

    @inline(never) private static func packedTile(
        _ height: Int, _ a: Input, panel: Input, bStep: Int, depth: Int, ahead: Ahead<Scalar>,
        _ writer: TileWriter<Vector>
    ) {
        @inline(__always) func run(_ rows: Int) {
            tile(
                rows, a, rowStride: 1, step: rows, panel: panel, bStep: bStep, depth: depth, ahead: ahead, writer)
        }
        // Each height is worth its own code.
        switch height {
        #if KD_AVX512
            case 12: run(12)
            case 8: run(8)
        #elseif KD_AVX2
            case 6: run(6)
        #endif
        case 4: run(4)
        case 2: run(2)
        default: run(1)
        }
    }

    @inline(never) private static func directTile(
        _ height: Int, _ a: Input, rowStride: Int, step: Int, panel: Input, bStep: Int, depth: Int,
        ahead: Ahead<Scalar>, _ writer: TileWriter<Vector>
    ) {
        // A stride of 1, one way or the other, is worth its own code.
        if step == 1 {
            tile(
                height, a, rowStride: rowStride, step: 1, panel: panel, bStep: bStep, depth: depth, ahead: ahead,
                writer)
        } else if rowStride == 1 {
            tile(height, a, rowStride: 1, step: step, panel: panel, bStep: bStep, depth: depth, ahead: ahead, writer)
        } else {
            tile(
                height, a, rowStride: rowStride, step: step, panel: panel, bStep: bStep, depth: depth, ahead: ahead,
                writer)
        }
    }

    static func matmulCompute(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>,
        _ scratch: UnsafeMutablePointer<Scalar>
    ) {
        let o = Operands(problem, transposed: plan.isTransposed)
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: tileRows &* panelWidth) { space in
            guard let tile = space.baseAddress else { return }
            compute(o, problem, plan, task, packed, scratch, tile)
        }
        if plan.strategy != Strategy.packed { finish(o, problem, plan, task) }
    }

    /// - Parameter tile: room for the numbers of a tile.
    @inline(__always) private static func compute(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int, _ packed: Output,
        _ scratch: Output, _ tile: Output
    ) {
        switch plan.strategy {
        case Strategy.packed: packedPanels(o, problem, plan, task, packed, scratch, tile)
        case Strategy.direct: directPanels(o, problem, plan, task, packed, tile)
        case Strategy.oneBlock: ownPanels(o, problem, plan, task, packed, scratch, tile)
        case Strategy.dots: dots(o, problem, plan, task)
        case Strategy.rowSums: rowSums(o, problem, plan, task, tile)
        default:
            for i in 0..<o.m {
                for j in 0..<o.n {
                    put(0, o, problem, row: i, column: j)
                }
            }
        }
    }

    /// The tile of C at a row and a column gets its numbers: `body` makes them, at once in their place if C's rows are
    /// contiguous. They are added to what blocks of k before made; with the last one comes the bias.
    @inline(__always) private static func fill(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ row: Int, _ column: Int, height: Int,
        block: Range<Int>, _ tile: Output, _ body: (TileWriter<Vector>) -> Void
    ) {
        let target = o.c + (row &* o.cRow &+ column &* o.cColumn)
        let columns = Swift.min(panelWidth, o.n &- column)
        let beta = block.lowerBound == 0 ? problem.beta : 1
        if o.cColumn == 1 {
            return body(
                TileWriter(
                    c: target, rowStride: o.cRow, columns: columns, alpha: problem.alpha, beta: beta,
                    bias: block.upperBound == o.k ? o.bias.map { $0 + column } : nil))
        }
        body(TileWriter(c: tile, rowStride: panelWidth, columns: panelWidth, alpha: problem.alpha, beta: 0))
        spread(tile, panelWidth, height: height, columns: columns, beta, target, o.cRow, o.cColumn)
    }

    /// C ← tile + beta · C for a C whose rows are not contiguous.
    @inline(never) static func spread(
        _ tile: Input, _ tileStride: Int, height: Int, columns: Int, _ beta: Scalar, _ target: Output, _ rowStride: Int,
        _ columnStride: Int
    ) {
        var i = 0
        while i < height {
            var j = 0
            if rowStride == 1, height &- i >= 4 {
                while j &+ 4 <= columns {
                    let (from, to) = (tile + i &* tileStride + j, target + i + j &* columnStride)
                    if beta == 0 {
                        Vector.transpose4(from, tileStride, to, columnStride)
                    } else {
                        Vector.addTransposed4(from, tileStride, to, columnStride, beta)
                    }
                    j &+= 4
                }
            }
            let rows = Swift.min(4, height &- i)
            while j < columns {
                for r in 0..<rows {
                    let place = target + ((i &+ r) &* rowStride &+ j &* columnStride)
                    let value = tile[(i &+ r) &* tileStride &+ j]
                    place.pointee = beta == 0 ? value : beta * place.pointee + value
                }
                j &+= 1
            }
            i &+= rows
        }
    }

    /// Finishes the part of C that a task has just made.
    private static func finish(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int
    ) {
        var (rows, columns) = (0..<o.m, 0..<o.n)
        func part(_ index: Int, of count: Int, _ length: Int) -> Range<Int> {
            index &* length..<Swift.min((index &+ 1) &* length, count)
        }
        switch plan.strategy {
        case Strategy.direct: rows = part(task, of: o.m, plan.rowsPerTask)
        case Strategy.oneBlock, Strategy.dots, Strategy.rowSums: columns = part(task, of: o.n, plan.columnsPerTask)
        default: break
        }
        if plan.isTransposed { swap(&rows, &columns) }
        finish(o, problem, rows, columns)
    }

    /// Adds a bias that could not be added on the way to a part of C, whose sums are complete and still near, and computes
    /// the function of it.
    private static func finish(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ rows: Range<Int>, _ columns: Range<Int>
    ) {
        let bias = o.bias == nil ? problem.bias : nil
        guard bias != nil || problem.activation != nil else { return }
        for row in rows {
            let place = row &* problem.cRowStride &+ columns.lowerBound
            let target = problem.c + place
            if let bias { addInPlace(bias + columns.lowerBound, target, count: columns.count) }
            if let (op, values) = problem.activation { unary(op, target, values + place, count: columns.count) }
        }
    }

    /// Some rows and columns of C from a packed B.
    private static func packedPanels(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int, _ packed: Output,
        _ scratch: Output, _ tile: Output
    ) {
        let width = panelWidth
        let allPanels = (o.n &+ width &- 1) / width
        let columnTasks = (o.n &+ plan.columnsPerTask &- 1) / plan.columnsPerTask
        let taskRows = taskRows(o.m, task / columnTasks, of: plan.tasks / columnTasks)
        let (firstRow, rows) = (taskRows.lowerBound, taskRows.count)
        let firstPanel = task % columnTasks &* plan.columnsPerTask / width
        let endPanel = Swift.min(firstPanel &+ plan.columnsPerTask / width, allPanels)
        let panels = problem.panels ?? UnsafePointer(packed)
        let isPackedAhead = plan.packTasks > plan.panelTasks
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            let block =
                isPackedAhead
                ? LeftBlock(start: UnsafePointer(packedRows(taskRows, o, plan, packed) + rows &* start))
                : leftBlock(o, firstRow: firstRow, rows: rows, start: start, depth: depth, scratch)
            for panel in firstPanel..<endPanel {
                let b = panels + (panel &* panelStride(o.k) &+ start &* width)
                tiles(
                    o, problem, block: block, firstRow: firstRow, rows: rows, column: panel &* width, b: b,
                    bStep: width, next: b + panelStride(o.k), start: start, depth: depth, tile)
                // A few panels at a time: their part of C is still in the first caches.
                let isLast = panel &+ 1 == endPanel
                if start &+ depth == o.k, isLast || (panel &+ 1 &- firstPanel) % finishedTogether == 0 {
                    let begin = firstPanel &+ (panel &- firstPanel) / finishedTogether &* finishedTogether
                    finish(o, problem, taskRows, begin &* width..<Swift.min((panel &+ 1) &* width, o.n))
                }
            }
            start &+= depth
        }
    }

    /// All rows and some columns of C. The scratch holds a panel of B, and the block of A if it is not packed already.
    private static func ownPanels(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int, _ packed: Output,
        _ scratch: Output, _ tile: Output
    ) {
        let width = panelWidth
        let first = task &* plan.columnsPerTask
        let end = Swift.min(first &+ plan.columnsPerTask, o.n)
        // A panel that only few rows pass by is not worth packing.
        let readsInPlace = o.m <= 32 && o.bColumn == 1
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            let block =
                plan.packTasks > 0
                ? LeftBlock(start: UnsafePointer(packed + o.m &* start))
                : leftBlock(
                    o, firstRow: 0, rows: o.m, start: start, depth: depth, scratch + plan.depth &* width)
            var column = first
            while column < end {
                let columns = Swift.min(width, end &- column)
                var (b, bStep) = (UnsafePointer(scratch), width)
                if readsInPlace, columns == width {
                    (b, bStep) = (o.b + (start &* o.bRow &+ column), o.bRow)
                } else {
                    packPanel(o, row: start, column: column, scratch, depth: depth, columns: columns)
                }
                tiles(
                    o, problem, block: block, firstRow: 0, rows: o.m, column: column, b: b, bStep: bStep, next: b,
                    start: start, depth: depth, tile)
                column &+= width
            }
            start &+= depth
        }
    }

    /// A block of A, packed into `space` if it must be.
    @inline(__always) private static func leftBlock(
        _ o: Operands<Scalar>, firstRow: Int, rows: Int, start: Int, depth: Int, _ space: Output
    ) -> LeftBlock<Scalar> {
        let source = o.a + (firstRow &* o.aRow &+ start &* o.aColumn)
        guard packsLeft(o) else { return LeftBlock(start: source, rowStride: o.aRow) }
        packBlock(source, o.aRow, o.aColumn, space, rows, depth)
        return LeftBlock(start: UnsafePointer(space))
    }

    /// One panel of B against a block of A, from row `start` of B on.
    ///
    /// - Parameter next: the packed panel whose turn comes after this one; it is fetched while this one is worked on.
    @inline(__always) private static func tiles(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, block: LeftBlock<Scalar>, firstRow: Int, rows: Int,
        column: Int,
        b: Input, bStep: Int, next: Input, start: Int, depth: Int, _ tile: Output
    ) {
        let share = depth &* panelWidth / rows
        var row = 0
        while row < rows {
            let height = nextHeight(rows &- row)
            fill(o, problem, firstRow &+ row, column, height: height, block: start..<start &+ depth, tile) { writer in
                // As much as the panel is long, in as many tiles as there are.
                let ahead = Ahead(start: next + row &* share, isDense: 4 &* rows < tileRows &* panelWidth)
                if o.n &- column <= Vector.width {
                    halfTile(
                        height, block.start + row &* (block.rowStride ?? depth), rowStride: block.rowStride ?? 1,
                        step: block.rowStride == nil ? height : 1, panel: b, bStep: bStep, depth: depth, ahead: ahead,
                        writer)
                } else if let stride = block.rowStride {
                    directTile(
                        height, block.start + row &* stride, rowStride: stride, step: 1, panel: b, bStep: bStep,
                        depth: depth, ahead: ahead, writer)
                } else {
                    packedTile(
                        height, block.start + row &* depth, panel: b, bStep: bStep, depth: depth, ahead: ahead, writer)
                }
            }
            row &+= height
        }
    }

    /// Some rows of C from a packed B and an A that is read where it lies.
    private static func directPanels(
        _ o: Operands<Scalar>, _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ task: Int, _ packed: Input,
        _ tile: Output
    ) {
        let width = panelWidth
        let firstRow = task &* plan.rowsPerTask
        let rows = Swift.min(plan.rowsPerTask, o.m &- firstRow)
        let allPanels = (o.n &+ width &- 1) / width
        var start = 0
        while start < o.k {
            let depth = Swift.min(plan.depth, o.k &- start)
            for panel in 0..<allPanels {
                let b = packed + (panel &* panelStride(o.k) &+ start &* width)
                let column = panel &* width
                var row = 0
                while row < rows {
                    let height = nextHeight(rows &- row)
                    let from = o.a + ((firstRow &+ row) &* o.aRow &+ start &* o.aColumn)
                    let hasNext = o.aColumn == 1 && firstRow &+ row &+ height &+ tileRows <= o.m
                    let ahead = hasNext ? Ahead(start: from + height &* o.aRow, rowStride: o.aRow) : Ahead(start: b)
                    fill(o, problem, firstRow &+ row, column, height: height, block: start..<start &+ depth, tile) {
                        writer in
                        if o.n &- column <= Vector.width {
                            halfTile(
                                height, from, rowStride: o.aRow, step: o.aColumn, panel: b, bStep: width, depth: depth,
                                ahead: ahead, writer)
                            return
                        }
                        directTile(
                            height, from, rowStride: o.aRow, step: o.aColumn, panel: b, bStep: width, depth: depth,
                            ahead: ahead, writer)
                    }
                    row &+= height
                }
            }
            start &+= depth
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

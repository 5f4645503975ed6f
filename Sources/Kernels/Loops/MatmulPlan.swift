import KernelTable

/// The paths a plan can take.
enum Strategy {
    /// B in panels ahead of time, A in small blocks, which each task packs or reads where they lie (Goto, van de Geijn
    /// 2008).
    static var packed: UInt8 { 0 }
    /// B in panels, A read where it lies: for so few columns that packing A would cost more than it saves.
    static var direct: UInt8 { 1 }
    /// One block of rows beside each task's own panels of B; both are packed, or read where they lie.
    static var oneBlock: UInt8 { 2 }
    /// A few rows against rows of Bᵀ: dot products.
    static var dots: UInt8 { 3 }
    /// A few rows against rows of B: sums of rows.
    static var rowSums: UInt8 { 4 }
    /// k = 0: C ← beta · C.
    static var empty: UInt8 { 5 }
}

extension RealLoops {
    static func matmulPlan(_ p: MatmulProblem<Scalar>) -> MatmulPlan {
        if p.m == 0 || p.n == 0 { return plan(Strategy.empty, tasks: 0, readsPanels: false) }
        if p.k == 0 { return plan(Strategy.empty, tasks: 1, readsPanels: false) }
        if let plan = fewRows(p) { return plan }
        let isShort = p.m <= tallBlock
        // Two panels at most, and rows that lie well: reading A in place beats packing it.
        let transposed = p.m <= 2 &* panelWidth && p.m < p.n && p.bRowStride == 1
        // A few columns of an A that is walked across its rows are better off the other way around: as a block of rows
        // beside panels of full lines.
        let isTurned = !transposed && p.n >= 8 && p.n <= 2 &* panelWidth && p.m > p.n && p.aRowStride == 1 && p.k > 1
        let isDirect = transposed || p.n <= 2 &* panelWidth && !isTurned
        // Where A's rows are contiguous, a longer panel costs less than going through C again.
        let longest = !isDirect ? 384 : (transposed ? p.bRowStride : p.aColumnStride) == 1 ? 2048 : 256
        // Blocks of k are about equally long. With panels made before they are the same, and so is each sum.
        let blocks = (p.k &+ longest &- 1) / longest
        let depth = (p.k &+ blocks &- 1) / blocks
        if p.panels != nil, isShort {
            // About 2¹⁹ products in a task.
            return packed(p, rowTasks: 1, columns: 64 &* p.m &* p.k >= 1 &<< 19 ? 64 : 128, depth: depth)
        }
        if isDirect {
            return direct(Operands(p, transposed: transposed), transposed, depth: depth, readsPanels: isShort)
        }
        if isTurned || isShort {
            return oneBlock(Operands(p, transposed: isTurned), isTurned, depth: depth, readsPanels: isShort)
        }
        // 384 columns repay the packing of A.
        let mostColumnTasks = Swift.max(p.n / 384, 1)
        let wanted = Swift.min((16 &* tallBlock &+ p.m &- 1) / p.m, mostColumnTasks)
        let panels = (p.n &+ panelWidth &- 1) / panelWidth
        // As many parts of the rows as two threads, or four, end together with.
        return packed(
            p, rowTasks: ((p.m &+ tallBlock &- 1) / tallBlock &+ 3) / 4 &* 4,
            columns: (panels &+ wanted &- 1) / wanted &* panelWidth, depth: depth)
    }

    private static func plan(
        _ strategy: UInt8, tasks: Int, transposed: Bool = false, packTasks: Int = 0, panelTasks: Int = 0,
        packedCount: Int = 0, scratch: Int = 0, readsPanels: Bool = true, rows: Int = 0, columns: Int = 0,
        depth: Int = 0
    ) -> MatmulPlan {
        MatmulPlan(
            packTasks: packTasks, panelTasks: panelTasks, tasks: tasks, packedCount: packedCount, scratchCount: scratch,
            isTransposed: transposed, readsPanels: readsPanels, strategy: strategy, rowsPerTask: rows,
            columnsPerTask: columns, depth: depth)
    }

    /// Vectors and nearly vectors: of the two ways around, the one with fewer rows.
    private static func fewRows(_ p: MatmulProblem<Scalar>) -> MatmulPlan? {
        let flipped = p.n < p.m
        let few = Operands(p, transposed: flipped)
        guard few.m <= 4, few.aColumn == 1 || few.m == 1 else { return nil }
        // About 2¹⁷ products in a task.
        let columns = Swift.max(panelWidth &* 2, ((1 &<< 17) / (few.k &* few.m)) / panelWidth &* panelWidth)
        let areDots = few.bRow == 1 && few.aColumn == 1
        guard areDots || few.bColumn == 1 else { return nil }
        return plan(
            areDots ? Strategy.dots : Strategy.rowSums, tasks: (few.n &+ columns &- 1) / columns, transposed: flipped,
            readsPanels: false, columns: columns)
    }

    private static func packed(
        _ p: MatmulProblem<Scalar>, rowTasks: Int, columns: Int, depth: Int
    ) -> MatmulPlan {
        let columnTasks = (p.n &+ columns &- 1) / columns
        let rows = ((p.m &+ tileRows &- 1) / tileRows &+ rowTasks &- 1) / rowTasks &* tileRows
        let panels = p.panels == nil ? matmulPanels(p) : (tasks: 0, count: 0)
        // A part of A that several tasks need is packed once for all of them, ahead of time.
        let packs = packsLeft(Operands(p, transposed: false))
        let shares = packs && columnTasks > 1
        return plan(
            Strategy.packed, tasks: rowTasks &* columnTasks, packTasks: panels.tasks &+ (shares ? rowTasks : 0),
            panelTasks: panels.tasks, packedCount: panels.count &+ (shares ? p.m &* p.k : 0),
            scratch: packs && !shares ? rows &* depth : 0, rows: rows, columns: columns, depth: depth)
    }

    private static func direct(
        _ o: Operands<Scalar>, _ transposed: Bool, depth: Int, readsPanels: Bool
    ) -> MatmulPlan {
        let width = (o.n &+ panelWidth &- 1) / panelWidth &* panelWidth
        // A task should be worth waking a thread: about 2¹⁹ products.
        let rows = Swift.max(tileRows, ((1 &<< 19) / (o.k &* width)) / tileRows &* tileRows)
        return plan(
            Strategy.direct, tasks: (o.m &+ rows &- 1) / rows, transposed: transposed, packTasks: 1, panelTasks: 1,
            packedCount: width / panelWidth &* panelStride(o.k), readsPanels: readsPanels, rows: rows, columns: width,
            depth: depth)
    }

    private static func oneBlock(_ o: Operands<Scalar>, _ isTurned: Bool, depth: Int, readsPanels: Bool) -> MatmulPlan {
        // 128 columns repay the packing of A; 64 do when a task is still worth waking a thread.
        let columns = 64 &* o.m &* o.k >= 1 &<< 21 ? 64 : 128
        let tasks = (o.n &+ columns &- 1) / columns
        // A large A is packed once for all tasks, a small one sooner by each than all can wait for it.
        let packs = packsLeft(o)
        let shares = packs && tasks > 1 && o.m &* o.k >= 1 &<< 15
        return plan(
            Strategy.oneBlock, tasks: tasks, transposed: isTurned, packTasks: shares ? (o.k &+ depth &- 1) / depth : 0,
            packedCount: shares ? o.m &* o.k : 0,
            scratch: depth &* (panelWidth &+ (packs && !shares ? o.m : 0)), readsPanels: readsPanels, rows: o.m,
            columns: columns, depth: depth)
    }
}

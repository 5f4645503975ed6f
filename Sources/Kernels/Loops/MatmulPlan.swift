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
    static func matmulPlan(_ p: MatmulProblem<Scalar>, reusesRight: Bool) -> MatmulPlan {
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
        let maxDepth = 384
        let blocks = (p.k &+ maxDepth &- 1) / maxDepth
        let depth = (p.k &+ blocks &- 1) / blocks
        let panels = (p.n &+ panelWidth &- 1) / panelWidth
        if reusesRight, p.m > 4, p.m <= tallBlock {
            let rows = (p.m &+ tileRows &- 1) / tileRows &* tileRows
            return plan(
                Strategy.packed, tasks: 1, packTasks: packsOfPanels(p.n),
                packed: panels &* panelWidth &* p.k,
                scratch: Operands(p, transposed: false).packsLeft ? rows &* depth : 0, rows: rows,
                columns: panels &* panelWidth, depth: depth)
        }
        // Two panels at most, and rows that lie well: reading A in place beats packing it.
        let transposed = p.m <= 2 &* panelWidth && p.m < p.n && p.bRowStride == 1
        // A few columns of an A that is walked across its rows are better off the other way around: as a block of rows
        // beside panels of full lines.
        let isTurned = !transposed && p.n >= 8 && p.n <= 2 &* panelWidth && p.m > p.n && p.aRowStride == 1 && p.k > 1
        if transposed || p.n <= 2 &* panelWidth && !isTurned {
            let o = Operands(p, transposed: transposed)
            let panels = (o.n &+ panelWidth &- 1) / panelWidth
            // A task should be worth waking a thread: about 2¹⁹ products.
            let wanted = ((1 &<< 19) / (o.k &* panels &* panelWidth)) / tileRows &* tileRows
            let rows = Swift.max(tileRows, wanted)
            // Where A's rows are contiguous, a longer panel costs less than going through C again.
            let longest = o.aColumn == 1 ? 2048 : 256
            let blocks = (o.k &+ longest &- 1) / longest
            let depth = (o.k &+ blocks &- 1) / blocks
            return plan(
                Strategy.direct, tasks: (o.m &+ rows &- 1) / rows, transposed: transposed, packTasks: 1,
                packed: panels &* panelWidth &* o.k, rows: rows, columns: panels &* panelWidth, depth: depth)
        }
        let (m, n) = isTurned ? (p.n, p.m) : (p.m, p.n)
        if m <= tallBlock {
            // 128 columns repay the packing of A; 64 do when a task is still worth waking a thread.
            let columns = 64 &* m &* p.k >= 1 &<< 21 ? 64 : 128
            let tasks = (n &+ columns &- 1) / columns
            // A large A is packed once for all tasks, a small one sooner by each than all can wait for it.
            let packs = Operands(p, transposed: isTurned).packsLeft
            let shares = packs && tasks > 1 && m &* p.k >= 1 &<< 15
            return plan(
                Strategy.oneBlock, tasks: tasks, transposed: isTurned,
                packTasks: shares ? (p.k &+ depth &- 1) / depth : 0, packed: shares ? m &* p.k : 0,
                scratch: depth &* (panelWidth &+ (packs && !shares ? m : 0)), rows: m, columns: columns, depth: depth)
        }
        // 384 columns repay the packing of A.
        let mostColumnTasks = Swift.max(p.n / 384, 1)
        let wanted = Swift.min((16 &* tallBlock &+ p.m &- 1) / p.m, mostColumnTasks)
        let columns = (panels &+ wanted &- 1) / wanted &* panelWidth
        let columnTasks = (p.n &+ columns &- 1) / columns
        // As many parts of the rows as two threads, or four, end together with.
        let rowTasks = ((p.m &+ tallBlock &- 1) / tallBlock &+ 3) / 4 &* 4
        let rows = ((p.m &+ tileRows &- 1) / tileRows &+ rowTasks &- 1) / rowTasks &* tileRows
        // A part of A that several tasks need is packed once for all of them, ahead of time.
        let packs = Operands(p, transposed: false).packsLeft
        let shares = packs && columnTasks > 1
        return plan(
            Strategy.packed, tasks: rowTasks &* columnTasks,
            packTasks: packsOfPanels(p.n) &+ (shares ? rowTasks : 0),
            packed: (panels &* panelWidth &+ (shares ? p.m : 0)) &* p.k, scratch: packs && !shares ? rows &* depth : 0,
            rows: rows, columns: columns, depth: depth)
    }
}

/// C = alpha · A · B + beta · C with A of [m, k], B of [k, n], C of [m, n]; any strides, so a transpose is a swap of two.
///
/// With beta = 0, C is only written. C must not overlap A or B.
public struct MatmulProblem<Scalar: BinaryFloatingPoint & Sendable>: @unchecked Sendable {
    // Unchecked: the pointers are the caller's, who keeps them alive for the call and C's elements unaliased.
    public var m: Int, n: Int, k: Int
    public var alpha: Scalar, beta: Scalar
    public var a: UnsafePointer<Scalar>, aRowStride: Int, aColumnStride: Int
    public var b: UnsafePointer<Scalar>, bRowStride: Int, bColumnStride: Int
    public var c: UnsafeMutablePointer<Scalar>, cRowStride: Int, cColumnStride: Int
    /// A number for each column of C, which is added to all of it; C's rows are contiguous then.
    public var bias: UnsafePointer<Scalar>?
    /// A function of the numbers of C, and where its values go, laid out as C; C itself may be the place.
    public var activation: (op: UnaryOp, values: UnsafeMutablePointer<Scalar>)?
    /// B in the panels that `matmulPackPanels` makes, where it was packed before: for other products, or the same again. B
    /// itself is there all the same, for a few rows do without panels.
    public var panels: UnsafePointer<Scalar>?

    /// Contiguous row-major operands; `transposeA` says that A is stored as [k, m], `transposeB` that B is [n, k].
    public init(
        m: Int, n: Int, k: Int, a: UnsafePointer<Scalar>, transposeA: Bool = false, b: UnsafePointer<Scalar>,
        transposeB: Bool = false, c: UnsafeMutablePointer<Scalar>, alpha: Scalar = 1, beta: Scalar = 0
    ) {
        (self.m, self.n, self.k, self.a, self.b, self.c, self.alpha, self.beta) = (m, n, k, a, b, c, alpha, beta)
        (aRowStride, aColumnStride) = transposeA ? (1, m) : (k, 1)
        (bRowStride, bColumnStride) = transposeB ? (1, k) : (n, 1)
        (cRowStride, cColumnStride) = (n, 1)
    }
}

/// How a product is cut up. It depends on the problem's sizes and strides only, so results do not depend on threads.
///
///     let plan = kernels.matmulPlan(problem)
///     parallel(plan.packTasks) { kernels.matmulPack(problem, plan, task: $0, packed) }       // all before the next line
///     parallel(plan.tasks) { kernels.matmulCompute(problem, plan, task: $0, packed, scratchOfThisWorker) }
public struct MatmulPlan: Sendable {
    /// Independent tasks of the first stage; 0 when nothing is packed ahead.
    public var packTasks: Int
    /// Those of them, the first, that make panels of B.
    public var panelTasks: Int
    /// Independent tasks of the second stage.
    public var tasks: Int
    /// Scalars of memory, shared by all tasks, that the first stage fills and the second reads.
    public var packedCount: Int
    /// Scalars of memory that each running task of the second stage needs for itself.
    public var scratchCount: Int
    /// Whether the kernel works on Cᵀ = Bᵀ · Aᵀ.
    public var isTransposed: Bool
    /// Whether the product is made from panels of B: the problem's own, or others with which each sum is the same.
    public var readsPanels: Bool
    /// The kernel's own choice of path.
    public var strategy: UInt8
    /// Rows and columns of C in one task, and the length of one block of k.
    public var rowsPerTask: Int, columnsPerTask: Int, depth: Int

    /// For kernels; callers take a plan from `matmulPlan`.
    public init(
        packTasks: Int, panelTasks: Int, tasks: Int, packedCount: Int, scratchCount: Int, isTransposed: Bool,
        readsPanels: Bool, strategy: UInt8, rowsPerTask: Int, columnsPerTask: Int, depth: Int
    ) {
        (self.packTasks, self.panelTasks, self.tasks) = (packTasks, panelTasks, tasks)
        (self.packedCount, self.scratchCount) = (packedCount, scratchCount)
        (self.isTransposed, self.readsPanels, self.strategy) = (isTransposed, readsPanels, strategy)
        (self.rowsPerTask, self.columnsPerTask, self.depth) = (rowsPerTask, columnsPerTask, depth)
    }
}

/// Matrix products.
public protocol MatmulKernels<Scalar>: ScalarKernels {
    /// Chooses the path for a problem.
    static func matmulPlan(_ problem: MatmulProblem<Scalar>) -> MatmulPlan

    /// Independent tasks that make the panels of a problem's B, whatever its rows, and the scalars that these take.
    static func matmulPanels(_ problem: MatmulProblem<Scalar>) -> (tasks: Int, count: Int)

    /// Makes one part of the panels of B.
    static func matmulPackPanels(
        _ problem: MatmulProblem<Scalar>, task: Int, _ panels: UnsafeMutablePointer<Scalar>)

    /// Packs one part of the operands into `packed`.
    static func matmulPack(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>)

    /// Computes one part of C. `scratch` belongs to the running task alone; both are best aligned to 64 bytes.
    static func matmulCompute(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, task: Int, _ packed: UnsafeMutablePointer<Scalar>,
        _ scratch: UnsafeMutablePointer<Scalar>)

    /// All tasks one after the other; `scratch` has `plan.packedCount + plan.scratchCount` scalars.
    static func matmul(
        _ problem: MatmulProblem<Scalar>, _ plan: MatmulPlan, _ scratch: UnsafeMutablePointer<Scalar>)
}

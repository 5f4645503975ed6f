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
    /// Independent tasks of the second stage.
    public var tasks: Int
    /// Scalars of memory, shared by all tasks, that the first stage fills and the second reads.
    public var packedCount: Int
    /// Scalars of memory that each running task of the second stage needs for itself.
    public var scratchCount: Int
    /// Whether the kernel works on Cᵀ = Bᵀ · Aᵀ.
    public var isTransposed: Bool
    /// The kernel's own choice of path.
    public var strategy: UInt8
    /// Rows and columns of C in one task, and the length of one block of k.
    public var rowsPerTask: Int, columnsPerTask: Int, depth: Int

    /// For kernels; callers take a plan from `matmulPlan`.
    public init(
        packTasks: Int, tasks: Int, packedCount: Int, scratchCount: Int, isTransposed: Bool, strategy: UInt8,
        rowsPerTask: Int, columnsPerTask: Int, depth: Int
    ) {
        (self.packTasks, self.tasks, self.packedCount) = (packTasks, tasks, packedCount)
        (self.scratchCount, self.isTransposed, self.strategy) = (scratchCount, isTransposed, strategy)
        (self.rowsPerTask, self.columnsPerTask, self.depth) = (rowsPerTask, columnsPerTask, depth)
    }

    /// Whether the first stage of both makes the same of one B, for problems that differ in their rows alone.
    public func packsAlike(_ other: MatmulPlan) -> Bool {
        !isTransposed && !other.isTransposed
            && (strategy, packTasks, packedCount, depth)
                == (other.strategy, other.packTasks, other.packedCount, other.depth)
    }
}

/// Matrix products.
public protocol MatmulKernels<Scalar>: ScalarKernels {
    /// Chooses the path for a problem.
    ///
    /// - Parameter reusesRight: whether the same B will be multiplied again: it is packed once then, in the first stage.
    static func matmulPlan(_ problem: MatmulProblem<Scalar>, reusesRight: Bool) -> MatmulPlan

    /// Packs one part of the right operand into `packed`.
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

extension MatmulKernels {
    /// The plan for a problem that comes once.
    @inlinable public static func matmulPlan(_ problem: MatmulProblem<Scalar>) -> MatmulPlan {
        matmulPlan(problem, reusesRight: false)
    }
}

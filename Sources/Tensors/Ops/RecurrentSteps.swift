import KernelTable

/// The same right operand for the products of all steps: packed once where the kernel allows it.
struct StepProduct<S: Real> {
    private var problem: MatmulProblem<S>
    private let plan: MatmulPlan
    private let memory: Storage
    private let scratchStart: Int
    private let scratchBytes: Int
    private var isPacked = false

    /// C [m, n] = A [m, k] · B + beta · C, where B is stored as [n, k] when `transposed`.
    init(m: Int, n: Int, k: Int, right: UnsafePointer<S>, transposed: Bool, beta: S) throws {
        // A and C are set for each step; a plan looks at sizes and strides alone.
        let none = UnsafeMutablePointer<S>(bitPattern: 64)!
        problem = MatmulProblem(
            m: m, n: n, k: k, a: none, b: right, transposeB: transposed, c: none, beta: beta)
        plan = S.loops.matmulPlan(problem, reusesRight: true)
        let size = MemoryLayout<S>.stride
        scratchStart = (plan.packedCount * size + 63) / 64 * 64
        scratchBytes = (plan.scratchCount * size + 63) / 64 * 64
        memory = try Storage(byteCount: scratchStart + scratchBytes * ThreadPool.size)
    }

    mutating func run(_ a: UnsafePointer<S>, into c: UnsafeMutablePointer<S>) throws {
        problem.a = a
        problem.c = c
        let (current, plan, bytes) = (problem, plan, memory.bytes)
        let packed = bytes.assumingMemoryBound(to: S.self)
        if !isPacked {
            try ThreadPool.parallel(chunks: plan.packTasks) { S.loops.matmulPack(current, plan, task: $0, packed) }
            // Of Cᵀ = Bᵀ · Aᵀ the right operand is A, another one in each step.
            isPacked = !plan.isTransposed
        }
        let (start, each) = (scratchStart, scratchBytes)
        try ThreadPool.parallelByWorker(chunks: plan.tasks) { task, worker in
            let scratch = (bytes + start + worker * each).assumingMemoryBound(to: S.self)
            S.loops.matmulCompute(current, plan, task: task, packed, scratch)
        }
    }
}

/// The same right operand for the products of all steps of each of several parts of the rows: packed once for all parts
/// where the kernel allows it. A part runs on one thread.
final class PartProducts<S: Real> {
    private struct Part {
        let problem: MatmulProblem<S>
        let plan: MatmulPlan
        /// Whether what is packed serves all parts and steps.
        let shares: Bool
        /// What the kernel works in, and what is packed in each step.
        let own: Storage
    }

    private let parts: [Part]
    private let shared: Storage

    /// C [rows, n] = A [rows, k] · B + beta · C, where B is stored as [n, k] when `transposed`.
    init(_ ranges: [Range<Int>], n: Int, k: Int, right: UnsafePointer<S>, transposed: Bool, beta: S) throws {
        // A and C are set for each step; a plan looks at sizes and strides alone.
        let none = UnsafeMutablePointer<S>(bitPattern: 64)!
        let problems = ranges.map {
            MatmulProblem(m: $0.count, n: n, k: k, a: none, b: right, transposeB: transposed, c: none, beta: beta)
        }
        let plans = problems.map { S.loops.matmulPlan($0, reusesRight: true) }
        let size = MemoryLayout<S>.stride
        shared = try Storage(byteCount: plans[0].packedCount * size)
        if !plans[0].isTransposed {
            let packed = shared.bytes.assumingMemoryBound(to: S.self)
            for task in 0..<plans[0].packTasks { S.loops.matmulPack(problems[0], plans[0], task: task, packed) }
        }
        parts = try zip(problems, plans).map { problem, plan in
            // Of Cᵀ = Bᵀ · Aᵀ the right operand is A, another one in each step.
            let shares = plan.packsAlike(plans[0])
            let count = plan.scratchCount + (shares ? 0 : plan.packedCount)
            return Part(problem: problem, plan: plan, shares: shares, own: try Storage(byteCount: count * size))
        }
    }

    func run(_ part: Int, _ a: UnsafePointer<S>, into c: UnsafeMutablePointer<S>) {
        let (part, plan) = (parts[part], parts[part].plan)
        var problem = part.problem
        problem.a = a
        problem.c = c
        let scratch = part.own.bytes.assumingMemoryBound(to: S.self)
        let packed = part.shares ? shared.bytes.assumingMemoryBound(to: S.self) : scratch + plan.scratchCount
        if !part.shares {
            for task in 0..<plan.packTasks { S.loops.matmulPack(problem, plan, task: task, packed) }
        }
        for task in 0..<plan.tasks { S.loops.matmulCompute(problem, plan, task: task, packed, scratch) }
    }
}

/// What both cells share: sizes, the order of steps, and what padding does.
struct StepOrder {
    let time: Int
    let batch: Int
    let hidden: Int
    let reversed: Bool
    /// Bools [T, B].
    let mask: Tensor?

    /// Elements of one state [B, H].
    var size: Int { batch * hidden }

    var isEmpty: Bool { size == 0 }

    /// The time of the step number `step`.
    func time(of step: Int) -> Int { reversed ? time - 1 - step : step }

    /// Where the state before a time stands among the T + 1 states, which are kept in the order of time.
    func before(_ time: Int) -> Int { reversed ? time + 1 : time }

    func after(_ time: Int) -> Int { reversed ? time : time + 1 }

    var firstState: Int { reversed ? time : 0 }

    var lastState: Int { reversed ? 0 : time }

    /// The states before each time as the rows of [T·B, H].
    func previous(_ states: Tensor) -> Tensor {
        states.aliased(
            shape: [time * batch, hidden], strides: [hidden, 1], offset: states.offset + (reversed ? size : 0))
    }

    /// Rows for one chunk of the pointwise part of a step.
    var grain: Int { Swift.max(1, 2048 / Swift.max(hidden, 1)) }

    func isPadding(_ time: Int, _ row: Int) -> Bool {
        guard let mask else { return false }
        return mask.pointer(UInt8.self)[time * batch + row] == 0
    }

    /// Calls `body` for the rows that are padding at a time.
    func forEachPadded(_ time: Int, _ body: (Int) -> Void) {
        guard let mask else { return }
        let flags = mask.pointer(UInt8.self) + time * batch
        for row in 0..<batch where flags[row] == 0 { body(row) }
    }
}

extension UnsafeMutablePointer {
    /// Copies one row of `width` elements from the same row of `source`.
    func copyRow(_ row: Int, of source: UnsafePointer<Pointee>, width: Int) {
        (self + row * width).update(from: source + row * width, count: width)
    }
}

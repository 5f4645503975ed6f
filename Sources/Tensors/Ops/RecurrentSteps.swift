import KernelTable

/// The products of all steps with one right operand, for each of several parts of the rows; a part runs on one thread.
final class PartProducts<S: Real> {
    private struct Part {
        let problem: MatmulProblem<S>
        let plan: MatmulPlan
        /// What the kernel works in.
        let own: Storage
    }

    private let parts: [Part]
    private let panels: Storage?

    /// C [rows, n] = A [rows, k] · B + beta · C, where B, or Bᵀ when `transposed`, is a contiguous matrix that must live as
    /// long as this.
    init(_ ranges: [Range<Int>], _ right: Tensor, transposed: Bool, beta: S) throws {
        let (k, n) = transposed ? (right.shape[1], right.shape[0]) : (right.shape[0], right.shape[1])
        // A and C are set for each step; a plan looks at sizes and strides alone.
        let none = UnsafeMutablePointer<S>(bitPattern: 64)!
        var problem = MatmulProblem(
            m: 0, n: n, k: k, a: none, b: right.pointer(S.self), transposeB: transposed, c: none, beta: beta)
        problem.panels = UnsafePointer(none)
        let plans = ranges.map {
            problem.m = $0.count
            return S.loops.matmulPlan(problem)
        }
        panels =
            plans.contains { $0.readsPanels }
            ? try right.storage.keptPanels?.panels(for: problem) ?? problem.packedPanels() : nil
        problem.panels = panels.map { UnsafePointer($0.bytes.assumingMemoryBound(to: S.self)) }
        parts = try zip(ranges, plans).map { rows, plan in
            problem.m = rows.count
            let count = plan.packedCount + plan.scratchCount
            return Part(problem: problem, plan: plan, own: try Storage(byteCount: count * MemoryLayout<S>.size))
        }
    }

    func run(_ part: Int, _ a: UnsafePointer<S>, into c: UnsafeMutablePointer<S>) {
        let part = parts[part]
        var problem = part.problem
        problem.a = a
        problem.c = c
        S.loops.matmul(problem, part.plan, part.own.bytes.assumingMemoryBound(to: S.self))
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

    /// Parts of the batch that go through all steps by themselves; how many depends on the sizes alone.
    var parts: [Range<Int>] {
        let count = max(1, batch / 16)
        return (0..<count).map { $0 * batch / count..<($0 + 1) * batch / count }
    }

    /// Calls `body` for each direction and part of the batch, some steps at a time in their order, on all threads: nobody
    /// waits for another's step.
    func forEachPart(
        directions: Int = 1, _ body: (_ direction: Int, _ part: Int, _ rows: Range<Int>, _ steps: Range<Int>) -> Void
    ) throws {
        let (parts, length) = (parts, 16)
        let links = max(1, (time + length - 1) / length)
        try ThreadPool.parallel(chains: directions * parts.count, links: links) { chain, link in
            let part = chain / directions
            body(chain % directions, part, parts[part], link * length..<min(time, (link + 1) * length))
        }
    }

    func isPadding(_ time: Int, _ row: Int) -> Bool {
        guard let mask else { return false }
        return mask.pointer(UInt8.self)[time * batch + row] == 0
    }
}

extension UnsafeMutablePointer {
    /// Copies one row of `width` elements from the same row of `source`.
    func copyRow(_ row: Int, of source: UnsafePointer<Pointee>, width: Int) {
        (self + row * width).update(from: source + row * width, count: width)
    }
}

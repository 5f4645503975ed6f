import KernelTable

extension MatmulProblem where Scalar: Real {
    /// The panels of B, made on all threads.
    func packedPanels() throws -> Storage {
        let (tasks, count) = Scalar.loops.matmulPanels(self)
        let storage = try Storage(byteCount: count * MemoryLayout<Scalar>.size)
        let panels = storage.bytes.assumingMemoryBound(to: Scalar.self)
        try ThreadPool.parallel(chunks: tasks) { Scalar.loops.matmulPackPanels(self, task: $0, panels) }
        return storage
    }
}

/// The panels that products read instead of a parameter's matrix. They are made when it comes a second time unchanged, as
/// in a model that is not trained, and kept until it changes.
final class KeptPanels {
    /// Which view of the parameter the panels show.
    private struct View: Equatable {
        let place: UnsafeRawPointer
        let rows: Int, columns: Int
        let rowStride: Int, columnStride: Int
    }

    private var view: View?
    private var panels: Storage?

    /// The panels of a problem's B; nil when it comes for the first time, and where there is no room to spare.
    func panels<S: Real>(for problem: MatmulProblem<S>) throws -> Storage? {
        let asked = View(
            place: UnsafeRawPointer(problem.b), rows: problem.k, columns: problem.n, rowStride: problem.bRowStride,
            columnStride: problem.bColumnStride)
        if asked != view {
            (view, panels) = (asked, nil)
            return nil
        }
        if panels == nil, Memory.usage.used < Memory.limit / 2 { panels = try problem.packedPanels() }
        return panels
    }

    /// The parameter has other numbers now.
    func forget() { (view, panels) = (nil, nil) }
}

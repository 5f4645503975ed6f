import KernelTable

/// x Wᵀ where W is laid out in panels of 32 columns and x is rounded row by row to a form of its own, on all threads.
struct PanelProduct {
    static let columns = 32
    /// The most rows of a tile.
    private static let tileRows = 12

    let rows: Int
    let outputs: Int
    /// Bytes of a rounded row.
    let rowBytes: Int

    /// - Parameters:
    ///   - output: [rows, outputs].
    ///   - op: a function of the product, which takes its place.
    ///   - round: writes a row in its rounded form.
    ///   - tile: computes some rows, whose rounded form it is given, of one panel.
    func run(
        _ output: UnsafeMutablePointer<Float>, then op: UnaryOp?,
        round: (_ row: Int, _ to: UnsafeMutableRawPointer) -> Void,
        tile: (_ rounded: UnsafeRawPointer, _ row: Int, _ height: Int, _ panel: Int) -> Void
    ) throws {
        // Blocks of rows whose rounded inputs stay in the cache; of few rows the columns are divided as well.
        let blockRows = 4 * Self.tileRows
        let blocks = (rows + blockRows - 1) / blockRows
        let panels = (outputs + Self.columns - 1) / Self.columns
        let groups = max(1, min(panels, (4 * ThreadPool.size + blocks - 1) / max(blocks, 1)))
        let perGroup = (panels + groups - 1) / groups
        let ownBytes = (blockRows * rowBytes + 63) / 64 * 64
        let scratch = try Storage(byteCount: ownBytes * ThreadPool.size)
        try ThreadPool.parallelByWorker(chunks: blocks * groups) { task, worker in
            let first = task / groups * blockRows
            let count = min(blockRows, rows - first)
            let own = scratch.bytes + worker * ownBytes
            for row in 0..<count { round(first + row, own + row * rowBytes) }
            // The last group may be left with nothing.
            let start = min(task % groups * perGroup, panels)
            for panel in start..<min(panels, start + perGroup) {
                var row = 0
                while row < count {
                    let height = count - row >= 12 ? 12 : count - row >= 8 ? 8 : count - row >= 4 ? 4 : count - row
                    tile(own + row * rowBytes, first + row, height, panel)
                    row += height
                }
                guard let op else { continue }
                let column = panel * Self.columns
                for row in first..<first + count {
                    let place = output + row * outputs + column
                    Float.loops.unary(op, place, place, count: min(Self.columns, outputs - column))
                }
            }
        }
    }
}

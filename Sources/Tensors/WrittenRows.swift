import KernelTable
import Synchronization

/// Which rows of a matrix were written. The others count as zeros; they become zeros when anybody reads the bytes.
///
/// The gradient of a large table is mostly such rows. An optimizer, which knows of them, neither writes nor reads them.
struct WrittenRows {
    let flags: [Bool]
    let rowBytes: Int
    private static let lock = Mutex(())

    /// Writes the zeros that are missing, once, whoever asks first.
    static func complete(_ storage: Storage) {
        lock.withLock { _ in
            guard let written = storage.written else { return }
            for row in written.flags.indices where !written.flags[row] {
                (storage.start + row * written.rowBytes).initializeMemory(
                    as: UInt8.self, repeating: 0, count: written.rowBytes)
            }
            storage.written = nil
        }
    }
}

extension Tensor {
    /// Fills a new matrix with zeros of which only the rows at some places are written now, since only these are added to.
    ///
    /// - Parameter fill: writes the rows; it may reach them by the tensor's pointer.
    func writeRows(at places: Tensor, _ fill: () throws -> Void) throws {
        let rows = shape[0]
        let rowBytes = rows == 0 ? 0 : count / rows * dtype.size
        // Short rows are sooner filled than told apart.
        guard rowBytes >= 64 else {
            try memset0(self)
            return try fill()
        }
        var flags = [Bool](repeating: false, count: rows)
        var touched = 0
        let index = places.pointer(Int64.self)
        for i in 0..<places.count where !flags[Int(index[i])] {
            flags[Int(index[i])] = true
            touched += 1
        }
        // Where many rows are written, a fill of all is as fast.
        guard 4 * touched <= rows else {
            try memset0(self)
            return try fill()
        }
        let start = base
        try ThreadPool.parallel(rows, grain: rowGrain(rowBytes / 4)) { part in
            for row in part where flags[row] {
                (start + row * rowBytes).initializeMemory(as: UInt8.self, repeating: 0, count: rowBytes)
            }
        }
        try fill()
        storage.written = WrittenRows(flags: flags, rowBytes: rowBytes)
    }

    /// The rows that were written, if this is a matrix of which only some were.
    private var written: WrittenRows? {
        guard let written = storage.written, isContiguous, offset == 0, shape.first == written.flags.count,
            count * dtype.size == written.flags.count * written.rowBytes
        else { return nil }
        return written
    }

    /// Calls `body` with ranges of the numbers and where those are, on all threads, each number once. Rows that nobody wrote
    /// come from a page of zeros.
    func forEachRun<S: Real>(_: S.Type, _ body: (Range<Int>, UnsafePointer<S>) -> Void) throws {
        guard let written else {
            let numbers = pointer(S.self)
            return try ThreadPool.parallel(count, grain: 32_768) { body($0, numbers + $0.lowerBound) }
        }
        let numbers = UnsafePointer(storage.start.assumingMemoryBound(to: S.self))
        let width = written.rowBytes / MemoryLayout<S>.stride
        let page = 4096
        try ThreadPool.parallel(written.flags.count, grain: rowGrain(width)) { rows in
            withUnsafeTemporaryAllocation(of: S.self, capacity: page) { zeros in
                guard let nothing = zeros.baseAddress else { return }
                nothing.initialize(repeating: 0, count: page)
                var row = rows.lowerBound
                while row < rows.upperBound {
                    let (first, isWritten) = (row, written.flags[row])
                    while row < rows.upperBound, written.flags[row] == isWritten { row += 1 }
                    if isWritten {
                        body(first * width..<row * width, numbers + first * width)
                        continue
                    }
                    var place = first * width
                    while place < row * width {
                        let end = min(place + page, row * width)
                        body(place..<end, nothing)
                        place = end
                    }
                }
            }
        }
    }

    /// Calls `body` with the rows of `width` numbers that were written, on all threads.
    func forEachRow<S: Real>(_: S.Type, _ width: Int, _ body: (Int, UnsafePointer<S>) -> Void) throws {
        let written = written
        let numbers = written == nil ? pointer(S.self) : storage.start.assumingMemoryBound(to: S.self)
        try ThreadPool.parallel(count / width, grain: rowGrain(width)) { rows in
            for row in rows where written?.flags[row] ?? true { body(row, numbers + row * width) }
        }
    }

    /// The length of a gradient, √Σ x².
    public func gradientLength() throws -> Double {
        guard let written, dtype == .f32 || dtype == .f64 else {
            return try Graph.recording(false) { try norm(detached()).item() }
        }
        func sum<S: Real>(_: S.Type) throws -> Double {
            let numbers = storage.start.assumingMemoryBound(to: S.self)
            let width = written.rowBytes / MemoryLayout<S>.stride
            let (rows, grain) = (written.flags.count, rowGrain(width))
            // A sum for each part, so that the order is the same for any number of threads.
            let sums = try Tensor(uninitialized: [(rows + grain - 1) / grain], .f64)
            let out = sums.pointer(Double.self)
            try ThreadPool.parallel(rows, grain: grain) { part in
                var total = 0.0
                for row in part where written.flags[row] {
                    total += Double(S.loops.sumSquares(numbers + row * width, count: width))
                }
                out[part.lowerBound / grain] = total
            }
            return (0..<sums.count).reduce(0) { $0 + out[$1] }
        }
        return try (dtype == .f64 ? sum(Double.self) : sum(Float.self)).squareRoot()
    }

    /// A gradient times a factor.
    public func scaledGradient(by factor: Double) throws -> Tensor {
        guard let written, dtype == .f32 || dtype == .f64 else { return try multiply(detached(), factor) }
        let result = try Tensor(uninitialized: shape, dtype)
        func scale<S: Real>(_: S.Type) {
            let (from, to) = (storage.start.assumingMemoryBound(to: S.self), result.pointer(S.self))
            let width = written.rowBytes / MemoryLayout<S>.stride
            for row in written.flags.indices where written.flags[row] {
                (to + row * width).update(from: from + row * width, count: width)
                S.loops.scale(S(factor), to + row * width, count: width)
            }
        }
        if dtype == .f64 { scale(Double.self) } else { scale(Float.self) }
        result.storage.written = written
        return result
    }
}

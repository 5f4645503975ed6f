import Glibc
import Synchronization

/// The bytes behind tensors. Several tensors (views) may share one storage; the bytes go back to the pool with the last.
final class Storage {
    /// Where the bytes begin, whether or not all were written.
    let start: UnsafeMutableRawPointer
    let capacity: Int
    /// Where only some rows of a matrix were written yet: which.
    var written: WrittenRows?
    /// Where these are the numbers of a parameter: what products keep of them.
    var keptPanels: KeptPanels?

    var bytes: UnsafeMutableRawPointer {
        if written != nil { WrittenRows.complete(self) }
        return start
    }

    /// No bytes, at an address that nobody may read.
    nonisolated(unsafe) static let none = Storage()

    private init() { (start, capacity) = (UnsafeMutableRawPointer(bitPattern: 64)!, 0) }

    /// - Throws: `TensorError` of kind `memory` when the budget or the system has no room for `count` bytes.
    init(byteCount count: Int) throws {
        (start, capacity) = try Memory.allocate(count)
    }

    deinit { if capacity > 0 { Memory.free(start, capacity: capacity) } }
}

/// Tensor memory: a pool of size classes under one budget.
///
/// A training step asks for the same sizes again and again; in its steady state it is served from the pool alone.
/// Swift cannot catch a failed allocation of its own, so every byte of a tensor comes from `malloc` through here.
public enum Memory {
    /// The pool's books. Unused blocks of one class are a list whose links are written into the blocks themselves.
    private struct Pool {
        /// The first unused block of each class.
        let free = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: classCount)
        var used = 0
        var cached = 0
        var peak = 0
        var systemAllocations = 0
        var limit: Int

        init() {
            free.initialize(repeating: nil, count: classCount)
            let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
            limit = Int(Double(memory) * 0.8)
        }

        mutating func take(_ size: Int) {
            used += size
            peak = max(peak, used)
        }

        /// Gives every unused block back to the system.
        mutating func release() {
            for index in 0..<classCount {
                while let block = free[index] {
                    free[index] = block.load(as: UnsafeMutableRawPointer?.self)
                    Glibc.free(block)
                }
            }
            cached = 0
        }
    }

    private static let classCount = 64 * 4
    private static let lock = Mutex(())
    // Touched only while the lock is held.
    nonisolated(unsafe) private static var pool = Pool()

    /// The most bytes that all tensors together may hold; at the start four fifths of the machine's memory.
    public static var limit: Int {
        get { lock.withLock { _ in pool.limit } }
        set { lock.withLock { _ in pool.limit = newValue } }
    }

    /// Bytes held by tensors now, and the most they have held.
    public static var usage: (used: Int, peak: Int) { lock.withLock { _ in (pool.used, pool.peak) } }

    /// How often a block had to be asked of the system because the pool had none.
    public static var systemAllocations: Int { lock.withLock { _ in pool.systemAllocations } }

    /// Size classes: four to each power of two, so that at most a fifth of a block is unused.
    static func sizeClass(of count: Int) -> (index: Int, size: Int) {
        if count <= 256 { return ((max(count, 1) + 63) / 64 - 1, max(count + 63, 64) & ~63) }
        let power = Int.bitWidth - 1 - (count - 1).leadingZeroBitCount
        let step = 1 << (power - 2)
        let quarters = (count - 1) / step + 1
        return ((power - 7) * 4 + quarters - 5, quarters * step)
    }

    static func allocate(_ count: Int) throws -> (UnsafeMutableRawPointer, Int) {
        // Beyond any machine's memory the size class itself would overflow.
        if count > 1 << 60 { throw exhausted(count) }
        let (index, size) = sizeClass(of: count)
        let address = lock.withLock { _ -> UInt? in
            if let block = pool.free[index] {
                pool.free[index] = block.load(as: UnsafeMutableRawPointer?.self)
                pool.cached -= size
                pool.take(size)
                return UInt(bitPattern: block)
            }
            if pool.used + pool.cached + size > pool.limit { pool.release() }
            guard pool.used + size <= pool.limit else { return nil }
            pool.take(size)
            pool.systemAllocations += 1
            return 0
        }
        guard let address else { throw exhausted(count) }
        if let block = UnsafeMutableRawPointer(bitPattern: address) { return (block, size) }
        var block: UnsafeMutableRawPointer?
        // 64 bytes: a whole cache line, and the widest vector.
        guard posix_memalign(&block, 64, size) == 0, let block else {
            lock.withLock { _ in pool.used -= size }
            throw exhausted(count)
        }
        return (block, size)
    }

    static func free(_ block: UnsafeMutableRawPointer, capacity: Int) {
        let address = UInt(bitPattern: block)
        lock.withLock { _ in
            guard let block = UnsafeMutableRawPointer(bitPattern: address) else { return }
            let index = sizeClass(of: capacity).index
            block.storeBytes(of: pool.free[index], as: UnsafeMutableRawPointer?.self)
            pool.free[index] = block
            pool.used -= capacity
            pool.cached += capacity
        }
    }

    private static func exhausted(_ count: Int) -> TensorError {
        let (used, limit) = lock.withLock { _ in (pool.used, pool.limit) }
        return TensorError(
            .memory,
            "out of tensor memory: \(format(count)) asked for, \(format(used)) in use, \(format(limit)) allowed",
            hint: "use a smaller batch or a smaller tensor, or let go of values that are no longer needed (x = nil)")
    }

    /// A count of bytes as a person writes it: "1.5 MiB".
    public static func format(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        if unit == 0 { return "\(count) B" }
        let tenths = (value * 10).rounded() / 10
        return "\(tenths) \(units[unit])"
    }
}

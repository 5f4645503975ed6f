import Glibc
import Synchronization

/// The bytes behind tensors. Several tensors (views) may share one storage; the bytes go back to the pool with the last.
final class Storage {
    let bytes: UnsafeMutableRawPointer
    let capacity: Int

    /// - Throws: `TensorError` of kind `memory` when the budget or the system has no room for `count` bytes.
    init(byteCount count: Int) throws {
        (bytes, capacity) = try Memory.allocate(count)
    }

    deinit { Memory.free(bytes, capacity: capacity) }
}

/// Tensor memory: a pool of size classes under one budget.
///
/// A training step asks for the same sizes again and again; in its steady state it is served from the pool alone.
/// Swift cannot catch a failed allocation of its own, so every byte of a tensor comes from `malloc` through here.
public enum Memory {
    private struct Pool {
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
        var used = 0
        var cached = 0
        var peak = 0
        var limit: Int
    }

    private static let pool = Mutex(
        Pool(limit: Int(Double(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))) * 0.8)))

    /// The most bytes that all tensors together may hold; at the start four fifths of the machine's memory.
    public static var limit: Int {
        get { pool.withLock { $0.limit } }
        set { pool.withLock { $0.limit = newValue } }
    }

    /// Bytes held by tensors now, and the most they have held.
    public static var usage: (used: Int, peak: Int) { pool.withLock { ($0.used, $0.peak) } }

    /// Size classes: four to each power of two, so that at most a fifth of a block is unused.
    static func capacity(for count: Int) -> Int {
        if count <= 64 { return 64 }
        let power = Int.bitWidth - 1 - (count - 1).leadingZeroBitCount
        let step = max(1 << (power - 2), 64)
        return (count + step - 1) / step * step
    }

    static func allocate(_ count: Int) throws -> (UnsafeMutableRawPointer, Int) {
        let size = capacity(for: count)
        let outcome: UnsafeMutableRawPointer?? = pool.withLock { pool in
            if let block = pool.free[size]?.popLast() {
                pool.cached -= size
                pool.used += size
                pool.peak = max(pool.peak, pool.used)
                return .some(block)
            }
            if pool.used + pool.cached + size > pool.limit { release(&pool) }
            guard pool.used + size <= pool.limit else { return .none }
            pool.used += size
            pool.peak = max(pool.peak, pool.used)
            return .some(nil)
        }
        guard let served = outcome else { throw exhausted(count) }
        if let block = served { return (block, size) }
        var block: UnsafeMutableRawPointer?
        // 64 bytes: a whole cache line, and the widest vector.
        if posix_memalign(&block, 64, size) != 0 || block == nil {
            pool.withLock { $0.used -= size }
            throw exhausted(count)
        }
        return (block!, size)
    }

    static func free(_ block: UnsafeMutableRawPointer, capacity: Int) {
        pool.withLock { pool in
            pool.used -= capacity
            pool.cached += capacity
            pool.free[capacity, default: []].append(block)
        }
    }

    /// Gives every unused block back to the system.
    public static func trim() { pool.withLock { release(&$0) } }

    private static func release(_ pool: inout Pool) {
        for blocks in pool.free.values { for block in blocks { Glibc.free(block) } }
        pool.free.removeAll(keepingCapacity: true)
        pool.cached = 0
    }

    private static func exhausted(_ count: Int) -> TensorError {
        let (used, limit) = pool.withLock { ($0.used, $0.limit) }
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

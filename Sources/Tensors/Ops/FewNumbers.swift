/// The numbers of a gradient [B, T, O] that are not zero, where they are so few that each is better followed by itself.
///
/// A maximum over time hands its gradient to one step of each channel and leaves zeros at all others.
struct FewNumbers {
    struct Entry {
        let time: Int32
        let column: Int32
        let value: Double
    }

    /// Of a sequence's numbers one in so many may differ from zero: as much slower is following one than a share in a product.
    private static let share = 16

    private let memory: Storage
    private let limit: Int
    private let counts: [Int]

    /// Nil where the numbers are too many, or of no floating type that is computed with.
    init?(of gradient: Tensor) throws {
        switch gradient.dtype {
        case .f32: try self.init(gradient, Float.self)
        case .f64: try self.init(gradient, Double.self)
        default: return nil
        }
    }

    private init?<S: Real>(_ gradient: Tensor, _: S.Type) throws {
        let (batch, time, width) = (gradient.shape[0], gradient.shape[1], gradient.shape[2])
        let limit = time * width / FewNumbers.share
        if batch == 0 || limit == 0 { return nil }
        let source = try gradient.packed()
        let memory = try Storage(byteCount: batch * limit * MemoryLayout<Entry>.stride)
        let counts = try Storage(byteCount: batch * MemoryLayout<Int>.stride)
        defer { withExtendedLifetime((source, counts)) {} }
        let (numbers, found) = (source.pointer(S.self), counts.bytes.assumingMemoryBound(to: Int.self))
        let entries = memory.bytes.assumingMemoryBound(to: Entry.self)
        try ThreadPool.parallel(batch, grain: 1) { range in
            for b in range {
                let (own, out) = (numbers + b * time * width, entries + b * limit)
                var count = 0
                for place in 0..<time * width where own[place] != 0 {
                    if count == limit {
                        count += 1
                        break
                    }
                    out[count] = Entry(
                        time: Int32(truncatingIfNeeded: place / width),
                        column: Int32(truncatingIfNeeded: place % width),
                        value: Double(own[place]))
                    count += 1
                }
                found[b] = count
            }
        }
        self.counts = Array(UnsafeBufferPointer(start: found, count: batch))
        if self.counts.contains(where: { $0 > limit }) { return nil }
        (self.memory, self.limit) = (memory, limit)
    }

    /// Those of one sequence, by time and then by column; valid while this value lives.
    func entries(of sequence: Int) -> UnsafeBufferPointer<Entry> {
        UnsafeBufferPointer(
            start: memory.bytes.assumingMemoryBound(to: Entry.self) + sequence * limit, count: counts[sequence])
    }
}

import KernelTable

/// Sequences whose steps are rows of a table, of which many occur more than once: what is computed of a row serves all
/// places where it stands.
public struct SharedRows {
    /// The rows that occur, [U, I].
    public let rows: Tensor
    /// Bools [B, T], those of the indices.
    let mask: Tensor?
    let batch: Int
    let time: Int
    /// Which of the rows stands at each place, i64 [T · B], step after step.
    let places: Tensor
    /// The places of each row one after the other, and where those of each begin.
    private let order: [Int32]
    private let starts: [Int32]

    /// The rows of a table [V, I] at indices [B, T]; nil where nearly every place has a row of its own.
    ///
    /// - Parameter paddingIndex: the row that gets no gradient; negative counts from the end.
    /// - Throws: as `embedding`.
    public init?(_ indices: Tensor, table: Tensor, paddingIndex: Int? = nil) throws {
        let padding = try checkedTable(table, paddingIndex, name: "embedding")
        let checked = try checkedIndices(indices, size: table.shape[0], axis: 0, for: "embedding")
        guard indices.rank == 2, checked.count < Int(Int32.max) else { return nil }
        let (batch, time) = (indices.shape[0], indices.shape[1])
        let ids = checked.pointer(Int64.self)
        defer { withExtendedLifetime(checked) {} }
        var numbers = [Int32](repeating: -1, count: table.shape[0])
        var found: [Int64] = []
        let places = try Tensor(uninitialized: [time * batch], .i64)
        let own = places.pointer(Int64.self)
        for b in 0..<batch {
            for t in 0..<time {
                let id = ids[b * time + t]
                if numbers[Int(id)] < 0 {
                    numbers[Int(id)] = Int32(found.count)
                    found.append(id)
                }
                own[t * batch + b] = Int64(numbers[Int(id)])
            }
        }
        // What is saved must pay for sharing it out.
        guard 8 * found.count <= 7 * places.count, !found.isEmpty else { return nil }
        var starts = [Int32](repeating: 0, count: found.count + 1)
        for place in 0..<places.count { starts[Int(own[place]) + 1] += 1 }
        for row in found.indices { starts[row + 1] += starts[row] }
        var (order, next) = ([Int32](repeating: 0, count: places.count), starts)
        for place in 0..<places.count {
            order[Int(next[Int(own[place])])] = Int32(place)
            next[Int(own[place])] += 1
        }
        rows = try takeRows(table, Tensor(found), skipGradient: padding, name: "embedding")
        (mask, self.batch, self.time, self.places) = (indices.mask, batch, time, places)
        (self.order, self.starts) = (order, starts)
    }

    /// The sum over the places of each row, in their order: [T · B, N] to [U, N].
    func sums(_ values: Tensor) throws -> Tensor {
        let result = try Tensor(uninitialized: [rows.shape[0], values.shape[1]], values.dtype)
        defer { withExtendedLifetime((values, result)) {} }
        func add<S: Real>(_: S.Type) throws {
            let (from, to, width) = (values.pointer(S.self), result.pointer(S.self), values.shape[1])
            try ThreadPool.parallel(result.shape[0], grain: rowGrain(width)) { range in
                for row in range {
                    let own = order[Int(starts[row])..<Int(starts[row + 1])]
                    let target = to + row * width
                    target.update(from: from + Int(own.first ?? 0) * width, count: width)
                    for place in own.dropFirst() {
                        S.loops.addInPlace(from + Int(place) * width, target, count: width)
                    }
                }
            }
        }
        if values.dtype == .f64 { try add(Double.self) } else { try add(Float.self) }
        return result
    }

    /// The same sequences of rows of another table of as many.
    func with(rows: Tensor) -> SharedRows { SharedRows(rows, self) }

    private init(_ rows: Tensor, _ other: SharedRows) {
        (self.rows, mask, batch, time) = (rows, other.mask, other.batch, other.time)
        (places, order, starts) = (other.places, other.order, other.starts)
    }
}

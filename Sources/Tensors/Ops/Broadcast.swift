// How two tensors meet elementwise: which type the result has, and which of the kernels' loops fits their shapes.

extension DType {
    /// The type of a result of two tensors, as in PyTorch: a tensor of rank 0 does not widen one with axes within its
    /// category (bool, whole, real).
    static func result(_ a: Tensor, _ b: Tensor) -> DType {
        if a.dtype == b.dtype { return a.dtype }
        if (a.rank == 0) == (b.rank == 0) { return promoted(a.dtype, b.dtype) }
        let (wide, single) = a.rank == 0 ? (b.dtype, a.dtype) : (a.dtype, b.dtype)
        return wide.category >= single.category ? wide : single
    }
}

/// The loop for two shapes. `n` is the length of a row.
enum Pairing {
    /// Both have the result's shape.
    case equal
    /// One is a single number.
    case leftScalar, rightScalar
    /// One is the same for every row; `swapped` when it is the left one.
    case rowVector(rows: Int, n: Int, swapped: Bool)
    /// One has a single number for each row.
    case columnVector(rows: Int, n: Int, swapped: Bool)
    /// Both must be stretched out first.
    case general

    init(_ a: Tensor, _ b: Tensor, result: [Int]) {
        if a.shape == b.shape {
            self = .equal
        } else if b.count == 1, a.shape == result {
            self = .rightScalar
        } else if a.count == 1, b.shape == result {
            self = .leftScalar
        } else if a.shape == result {
            self = Pairing.vector(b.shape, in: result, count: a.count, swapped: false)
        } else if b.shape == result {
            self = Pairing.vector(a.shape, in: result, count: b.count, swapped: true)
        } else {
            self = .general
        }
    }

    /// Whether `shape` is a row or a column of `result`.
    private static func vector(_ shape: [Int], in result: [Int], count: Int, swapped: Bool) -> Pairing {
        let added = result.count - shape.count
        var sameFrom = result.count
        while sameFrom > added, shape[sameFrom - added - 1] == result[sameFrom - 1] { sameFrom -= 1 }
        if shape[..<(sameFrom - added)].allSatisfy({ $0 == 1 }) {
            let n = result[sameFrom...].reduce(1, *)
            return n == 0 ? .general : .rowVector(rows: count / n, n: n, swapped: swapped)
        }
        if added == 0 {
            var sameTo = 0
            while sameTo < shape.count, shape[sameTo] == result[sameTo] { sameTo += 1 }
            if shape[sameTo...].allSatisfy({ $0 == 1 }) {
                let rows = result[..<sameTo].reduce(1, *)
                return rows == 0 ? .general : .columnVector(rows: rows, n: count / rows, swapped: swapped)
            }
        }
        return .general
    }
}

/// What the gradient of an input must know of it when it does not need its numbers, which may be let go then.
struct FlowTarget {
    let shape: [Int]
    let isTracked: Bool

    init(_ input: Tensor) { (shape, isTracked) = (input.shape, input.isTracked) }
}

func flow(_ gradient: @autoclosure () throws -> Tensor, to input: FlowTarget) throws -> Tensor? {
    input.isTracked ? try reduced(gradient(), to: input.shape) : nil
}

/// The part of a gradient that goes to an input that was broadcast; nil when the input needs none.
func flow(_ gradient: @autoclosure () throws -> Tensor, to input: Tensor) throws -> Tensor? {
    input.isTracked ? try reduced(gradient(), to: input.shape) : nil
}

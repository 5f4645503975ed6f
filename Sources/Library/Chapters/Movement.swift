import Language
import Tensors

/// Other arrangements of the same elements.
func movementChapter() -> Chapter {
    Chapter(
        "Shapes", "Other arrangements of the same elements.",
        [
            Builtin(
                "reshape", "The same elements in row-major order under another shape; one size may be -1.",
                Parameter<Tensor>("x", "a tensor"), Parameter<[Value]>.rest("shape", "sizes, one by one or as a list"),
                example: "reshape(arange(4), 2, 2)  # → [[0 1]\n# → [2 3]]"
            ) { (x: Tensor, shape: [Value]) throws in try reshape(x, try ShapeArgument(shape).sizes) },
            Builtin(
                "view", "The same as reshape.", Parameter<Tensor>("x", "a tensor"),
                Parameter<[Value]>.rest("shape", "sizes, one by one or as a list"),
                example: "arange(4).view(2, -1).shape  # → [2, 2]"
            ) { (x: Tensor, shape: [Value]) throws in try reshape(x, try ShapeArgument(shape).sizes) },
            Builtin(
                "permute", "The axes in another order.", Parameter<Tensor>("x", "a tensor"),
                Parameter<[Value]>.rest("dims", "the axes, in their new order"),
                example: "permute(zeros(2, 3, 4), 2, 0, 1).shape  # → [4, 2, 3]"
            ) { (x: Tensor, dims: [Value]) throws in try permute(x, try ShapeArgument(dims).sizes) },
            Builtin(
                "transpose", "Two axes swapped.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim0", "one", default: -2),
                Parameter<Int>("dim1", "the other", default: -1), example: "transpose(zeros(2, 3)).shape  # → [3, 2]"
            ) { (x: Tensor, a: Int, b: Int) throws in try transpose(x, a, b) },
            Builtin(
                "squeeze", "Without axes of size 1.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int?>("dim", "only this axis", default: nil), example: "squeeze(zeros(1, 3)).shape  # → [3]"
            ) { (x: Tensor, dim: Int?) throws in try squeeze(x, dim) },
            Builtin(
                "unsqueeze", "With a new axis of size 1.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "where it stands"),
                example: "unsqueeze(zeros(3), 0).shape  # → [1, 3]"
            ) { (x: Tensor, dim: Int) throws in try unsqueeze(x, dim) },
            Builtin(
                "flatten", "Several neighbouring axes as one.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("start", "the first of them", default: 0),
                Parameter<Int>("end", "the last", default: -1),
                example: "flatten(zeros(2, 3, 4), start=1).shape  # → [2, 12]"
            ) { (x: Tensor, start: Int, end: Int) throws in try flatten(x, start: start, end: end) },
            Builtin(
                "expand", "Repeated without a copy along axes of size 1.", Parameter<Tensor>("x", "a tensor"),
                Parameter<[Value]>.rest("shape", "sizes, one by one or as a list"),
                example: "expand(ones(1, 2), 3, 2).shape  # → [3, 2]"
            ) { (x: Tensor, shape: [Value]) throws in try expand(x, to: try ShapeArgument(shape).sizes) },
            Builtin(
                "tile", "Repeated as often along each axis as said.", Parameter<Tensor>("x", "a tensor"),
                Parameter<[Value]>.rest("counts", "one for each axis"),
                example: "tile(tensor([1, 2]), 2)  # → [1 2 1 2]"
            ) { (x: Tensor, counts: [Value]) throws in try tile(x, try ShapeArgument(counts).sizes) },
            Builtin(
                "cat", "Tensors joined along an axis that exists.", Parameter<[Tensor]>("tensors", "a list of tensors"),
                Parameter<Int>("dim", "axis", default: 0), example: "cat([tensor([1, 2]), tensor([3])])  # → [1 2 3]"
            ) { (tensors: [Tensor], dim: Int) throws in try concatenate(tensors, dim) },
            Builtin(
                "stack", "Tensors of one shape joined along a new axis.",
                Parameter<[Tensor]>("tensors", "a list of tensors"),
                Parameter<Int>("dim", "where the new axis stands", default: 0),
                example: "stack([tensor([1, 2]), tensor([3, 4])])  # → [[1 2]\n# → [3 4]]"
            ) { (tensors: [Tensor], dim: Int) throws in try stack(tensors, dim) },
            Builtin(
                "chunk", "Parts of equal size along an axis; the last may be shorter.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("count", "how many"), Parameter<Int>("dim", "axis", default: 0),
                example: "chunk(arange(4), 2)  # → [[0 1], [2 3]]"
            ) { (x: Tensor, count: Int, dim: Int) throws -> [Tensor] in
                guard count >= 1 else { throw Fault("chunk: count is \(count); it must be at least 1", kind: "value") }
                let axis = try Shape.axis(dim, rank: x.rank, for: "chunk")
                guard x.rank > 0 else { throw Fault("chunk: a single number has no parts", kind: "shape") }
                return try split(x, chunk: Swift.max((x.shape[axis] + count - 1) / count, 1), axis)
            },
            Builtin(
                "repeat_interleave", "Each element several times in a row along an axis.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("count", "how often"), Parameter<Int>("dim", "axis", default: 0),
                example: "repeat_interleave(tensor([1, 2]), 2)  # → [1 1 2 2]"
            ) { (x: Tensor, count: Int, dim: Int) throws in try repeatInterleave(x, count, axis: dim) },
            Builtin(
                "pad", "With a value around it.", Parameter<Tensor>("x", "a tensor"),
                Parameter<[[Int]]>("widths", "for each of the last axes [before, after]"),
                Parameter<Double>("value", "what is put there", default: 0),
                example: "pad(tensor([1, 2]), [[1, 1]])  # → [0 1 2 0]"
            ) { (x: Tensor, widths: [[Int]], value: Double) throws -> Tensor in
                guard widths.allSatisfy({ $0.count == 2 }) else {
                    throw Fault("pad: each axis needs [before, after]", hint: "pad(x, [[1, 1]])", kind: "value")
                }
                guard widths.count <= x.rank else {
                    throw Fault("pad: widths for \(widths.count) axes, the tensor has \(x.rank)", kind: "shape")
                }
                let untouched = [(Int, Int)](repeating: (0, 0), count: x.rank - widths.count)
                return try pad(x, untouched + widths.map { ($0[0], $0[1]) }, value: value)
            },
            Builtin(
                "flip", "Backwards along axes.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Axes>("dim", "axis or axes; nil for all", default: .all),
                example: "flip(tensor([1, 2, 3]))  # → [3 2 1]"
            ) { (x: Tensor, dim: Axes) throws in try flip(x, dim.list ?? Array(0..<x.rank)) },
            Builtin(
                "roll", "Moved along an axis; what falls off one end comes in at the other.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("shift", "by how many places"), Parameter<Int>("dim", "axis", default: -1),
                example: "roll(tensor([1, 2, 3]), 1)  # → [3 1 2]"
            ) { (x: Tensor, shift: Int, dim: Int) throws in try roll(x, shift, axis: dim) },
            Builtin(
                "tril", "A matrix with zeros above a diagonal.", Parameter<Tensor>("x", "[…, rows, columns]"),
                Parameter<Int>("diagonal", "0 is the main one", default: 0),
                example: "tril(ones(2, 2))  # → [[1. 0.]\n# → [1. 1.]]"
            ) { (x: Tensor, diagonal: Int) throws in try tril(x, diagonal: diagonal) },
            Builtin(
                "triu", "A matrix with zeros below a diagonal.", Parameter<Tensor>("x", "[…, rows, columns]"),
                Parameter<Int>("diagonal", "0 is the main one", default: 0),
                example: "triu(ones(2, 2))  # → [[1. 1.]\n# → [0. 1.]]"
            ) { (x: Tensor, diagonal: Int) throws in try triu(x, diagonal: diagonal) },
            Builtin(
                "matmul", "Matrix product, of batches of matrices too; the same as `a @ b`.",
                Parameter<Tensor>("a", "[…, n, k]"),
                Parameter<Tensor>("b", "[…, k, m]"),
                example: "matmul(ones(2, 3), ones(3, 2))  # → [[3. 3.]\n# → [3. 3.]]"
            ) { (a: Tensor, b: Tensor) throws in try matmul(a, b) },
            Builtin(
                "outer_product", "All products of an element of a with one of b.", Parameter<Tensor>("a", "[n]"),
                Parameter<Tensor>("b", "[m]"),
                example: "outer_product(tensor([1, 2]), tensor([3, 4]))  # → [[3 4]\n# → [6 8]]"
            ) { (a: Tensor, b: Tensor) throws in try multiply(unsqueeze(a, -1), b) },
            Builtin(
                "einsum", "Sums of products, written with an index for each axis.",
                Parameter<String>("pattern", "\"ij,jk->ik\""),
                Parameter<[Tensor]>.rest("tensors", "one for each part of the pattern"),
                example: "einsum(\"ij,ij->i\", ones(2, 3), ones(2, 3))  # → [3. 3.]"
            ) { (pattern: String, tensors: [Tensor]) throws in try einsum(pattern, tensors) },
        ])
}

/// Elements by place, and places by element.
func indexingChapter() -> Chapter {
    Chapter(
        "Picking and sorting", "Elements by place, and places by element.",
        [
            Builtin(
                "gather", "out[i][j] = x[index[i][j]][j] for dim 0, and so on for other axes.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis"), Parameter<Tensor>("index", "places along it"),
                example: "gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]]))  # → [[2]\n# → [3]]"
            ) { (x: Tensor, dim: Int, index: Tensor) throws in try gather(x, axis: dim, index: index) },
            Builtin(
                "scatter", "x with the elements of src written to the places in index.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis"), Parameter<Tensor>("index", "places along it"),
                Parameter<Tensor>("src", "what is written"),
                example: "scatter(zeros(3), 0, tensor([1]), tensor([5.0]))  # → [0. 5. 0.]"
            ) { (x: Tensor, dim: Int, index: Tensor, source: Tensor) throws in
                try scatter(x, axis: dim, index: index, source: source)
            },
            Builtin(
                "scatter_add", "x with the elements of src added at the places in index.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis"), Parameter<Tensor>("index", "places along it"),
                Parameter<Tensor>("src", "what is added"),
                example: "scatter_add(ones(2), 0, tensor([0, 0]), tensor([1.0, 2.0]))  # → [4. 1.]"
            ) { (x: Tensor, dim: Int, index: Tensor, source: Tensor) throws in
                try scatterAdd(x, axis: dim, index: index, source: source)
            },
            Builtin(
                "index_add", "x with the slices of source added at the places in index.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis"), Parameter<Tensor>("index", "[n] places along it"),
                Parameter<Tensor>("source", "n slices"),
                example: "index_add(ones(3), 0, tensor([0, 0]), tensor([1.0, 2.0]))  # → [4. 1. 1.]"
            ) { (x: Tensor, dim: Int, index: Tensor, source: Tensor) throws in
                try indexAdd(x, axis: dim, indices: index, source: source)
            },
            Builtin(
                "index_select", "Slices of an axis in the order of index.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis"),
                Parameter<Tensor>("index", "[n] places along it"),
                example: "index_select(tensor([5, 6, 7]), 0, tensor([2, 0]))  # → [7 5]"
            ) { (x: Tensor, dim: Int, index: Tensor) throws in try indexSelect(x, axis: dim, indices: index) },
            Builtin(
                "masked_fill", "x with a value where the mask is true.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Tensor>("mask", "bools"),
                Parameter<Double>("value", "what is put there"),
                example: "masked_fill(tensor([1.0, 2.0]), tensor([true, false]), 0)  # → [0. 2.]"
            ) { (x: Tensor, mask: Tensor, value: Double) throws in try maskedFill(x, mask: mask, value: value) },
            Builtin(
                "nonzero", "The places of the elements that are not zero, a row each.",
                Parameter<Tensor>("x", "a tensor"),
                example: "nonzero(tensor([0, 3, 0, 4]))  # → [[1]\n# → [3]]"
            ) { (x: Tensor) throws in try nonzero(x) },
            Builtin(
                "topk", "The k largest along an axis: [values, places].", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("k", "how many"),
                Parameter<Int>("dim", "axis", default: -1),
                Parameter<Bool>("largest", "false for the smallest", default: true),
                example: "topk(tensor([1.0, 5.0, 3.0]), 2)  # → [[5. 3.], [1 2]]"
            ) { (x: Tensor, k: Int, dim: Int, largest: Bool) throws -> [Tensor] in
                let found = try topk(x, k: k, axis: dim, largest: largest)
                return [found.values, found.indices]
            },
            Builtin(
                "argsort", "The places of the elements in order of size.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int>("dim", "axis", default: -1),
                Parameter<Bool>("descending", "largest first", default: false),
                example: "argsort(tensor([3.0, 1.0, 2.0]))  # → [1 2 0]"
            ) { (x: Tensor, dim: Int, descending: Bool) throws in try argsort(x, axis: dim, descending: descending) },
            Builtin(
                "median", "The middle element; the mean of the two middle ones.", Parameter<Tensor>("x", "a tensor"),
                Parameter<Int?>("dim", "axis; nil for all", default: nil),
                example: "median(tensor([1.0, 9.0, 2.0]))  # → 2.0"
            ) { (x: Tensor, dim: Int?) throws in try quantile(x, q: 0.5, axis: dim) },
            Builtin(
                "quantile", "The value below which a share q of the elements lies, interpolated.",
                Parameter<Tensor>("x", "a tensor"),
                Parameter<Double>("q", "from 0 to 1"), Parameter<Int?>("dim", "axis; nil for all", default: nil),
                example: "quantile(tensor([0.0, 10.0]), 0.25)  # → 2.5"
            ) { (x: Tensor, q: Double, dim: Int?) throws in try quantile(x, q: q, axis: dim) },
            Builtin(
                "bincount", "How often each of 0, 1, 2 … occurs.", Parameter<Tensor>("x", "[n] whole numbers"),
                Parameter<Int>("minlength", "at least so many counts", default: 0),
                example: "bincount(tensor([0, 2, 2]))  # → [1 0 2]"
            ) { (x: Tensor, minimum: Int) throws in try bincount(x, minimumLength: minimum) },
            Builtin(
                "unique", "The distinct elements in order.", Parameter<Tensor>("x", "a tensor"),
                example: "unique(tensor([2, 1, 2]))  # → [1 2]"
            ) { (x: Tensor) throws in try unique(x).values },
        ])
}

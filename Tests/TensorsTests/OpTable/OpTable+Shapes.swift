import Tensors

extension OpTable {
    private static var all: IndexItem { .slice(start: nil, stop: nil) }

    static let movement: [OpLine] = [
        OpLine("renewed", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { renewed($0[0]) },
        OpLine("reshape", [.real(3, 4)], empty: .gives([2, 0], for: [[0, 4]])) {
            try reshape($0[0], $0[0].count == 0 ? [2, 0] : [2, -1])
        },
        OpLine("flatten", [.real(2, 3, 2)], empty: .gives([2, 0], for: [[2, 0, 2]])) { try flatten($0[0], start: 1) },
        OpLine("squeeze", [.real(2, 1, 3, 1)], empty: .gives([0, 3], for: [[0, 1, 3, 1]])) { try squeeze($0[0]) },
        OpLine("squeeze one", [.real(2, 1, 3, 1)], empty: .asBefore) { try squeeze($0[0], 1) },
        OpLine("unsqueeze", [.real(2, 3)], empty: .gives([0, 1, 3], for: [[0, 3]])) { try unsqueeze($0[0], 1) },
        OpLine("permute", [.real(2, 3, 4)], empty: .gives([4, 0, 3], for: [[0, 3, 4]])) {
            try permute($0[0], [2, 0, 1])
        },
        OpLine("transpose", [.real(2, 3, 4)], empty: .gives([3, 0, 4], for: [[0, 3, 4]])) {
            try transpose($0[0], 0, 1)
        },
        OpLine("expand", [.real(2, 1, 3)], empty: .gives([5, 2, 4, 0], for: [[2, 1, 0]])) {
            try expand($0[0], to: [5, 2, 4, $0[0].shape[2]])
        },
        OpLine("reduced to a shape", [.real(2, 3, 4)], empty: .gives([3, 1], for: [[0, 3, 4]])) {
            try reduced($0[0], to: [3, 1])
        },
        OpLine("slice", [.real(3, 5)], empty: .gives([0, 2], for: [[0, 5]])) {
            try slice($0[0], axis: 1, start: 1, stop: 4, step: 2)
        },
        OpLine("slice backwards", [.real(5, 3)], empty: .gives([0, 3], for: [[0, 3]])) {
            try slice($0[0], axis: 0, start: -1, stop: 0, step: -2)
        },
        OpLine("slice of nothing", [.real(3, 2)], empty: .asBefore) { try slice($0[0], axis: 0, start: 2, stop: 2) },
        OpLine("flip", [.real(2, 3)], empty: .gives([0, 3], for: [[0, 3]])) { try flip($0[0], [0, 1]) },
        OpLine("roll", [.real(4, 3)], empty: .gives([0, 3], for: [[0, 3]])) { try roll($0[0], -1, axis: 0) },
        OpLine("tile", [.real(2, 3)], empty: .gives([2, 0, 6], for: [[0, 3]])) { try tile($0[0], [2, 3, 2]) },
        OpLine("repeat_interleave", [.real(2, 3)], empty: .gives([0, 6], for: [[0, 3]])) {
            try repeatInterleave($0[0], 2, axis: 1)
        },
        OpLine("pad", [.real(2, 3)], empty: .gives([1, 5], for: [[0, 3]])) {
            try pad($0[0], [(1, 0), (0, 2)], value: 3)
        },
        OpLine("tril", [.real(2, 3, 4)], empty: .gives([0, 3, 4], for: [[0, 3, 4]])) { try tril($0[0], diagonal: 1) },
        OpLine("triu", [.real(3, 4)], empty: .gives([0, 4], for: [[0, 4]])) { try triu($0[0], diagonal: -1) },
        OpLine("diagonal", [.real(3, 4)], empty: .gives([0], for: [[0, 4]])) { try diagonal($0[0], offset: 1) },
        OpLine("trace", [.real(3, 3)], empty: .gives([], for: [[0, 0]])) { try trace($0[0]) },
    ]

    static let joining: [OpLine] = [
        OpLine("concatenate", [.real(2, 3), .real(2, 1)], empty: .gives([2, 3], for: [[2, 3], [2, 0]])) {
            try concatenate($0, 1)
        },
        OpLine("stack", [.real(2, 3), .real(2, 3)], empty: .gives([0, 2, 3], for: [[0, 3], [0, 3]])) {
            try stack($0, 1)
        },
        OpLine("split by sizes", [.real(5, 2)], empty: .gives([5, 0], for: [[5, 0]])) {
            try concatenate(split($0[0], sizes: [2, 0, 3]).reversed())
        },
        OpLine("split in chunks", [.real(5, 2)], empty: .gives([0, 2], for: [[0, 2]])) {
            let parts = try split($0[0], chunk: 2)
            return parts.isEmpty ? $0[0] : try concatenate(parts.reversed())
        },
    ]

    static let indexing: [OpLine] = [
        OpLine("select", [.real(3, 4)], empty: .gives([0], for: [[0, 4]])) { try select($0[0], axis: 1, index: -2) },
        OpLine("index by places and slices", [.real(3, 4)], empty: .gives([1, 0], for: [[0, 4]])) {
            try index($0[0], by: [.newAxis, .slice(start: 1, stop: nil), .at(2)])
        },
        OpLine("index by a list", [.real(3, 4)], empty: .gives([0, 3], for: [[0, 4]])) {
            try index($0[0], by: [all, .list([2, 0, 2])])
        },
        OpLine("index by two tensors", [.real(3, 4)], empty: .refuses([[0, 4]])) {
            try index($0[0], by: [.tensor(longs(2, 0, 2)), .tensor(longs(1, 1, -1))])
        },
        OpLine("index by a mask", [.real(2, 3)], empty: .refuses([[0, 3]])) {
            try index($0[0], by: [.tensor(bools(1, 0, 1, 1, 0, 0, shape: [2, 3]))])
        },
        OpLine("index_select", [.real(3, 4)], empty: .gives([4, 0], for: [[3, 0]])) {
            try indexSelect($0[0], axis: 0, indices: longs(2, 0, 0, -1))
        },
        OpLine("index_select from nothing", [.real(3)], empty: .refuses([[0]])) {
            try indexSelect($0[0], axis: 0, indices: longs(0))
        },
        OpLine("gather", [.real(2, 3)], empty: .refuses([[2, 0]])) {
            try gather($0[0], axis: 1, index: longs(2, 2, 0, 1, shape: [2, 2]))
        },
        OpLine("scatter", [.real(2, 3), .real(2, 2)], empty: .refuses([[2, 0], [2, 2]])) {
            try scatter($0[0], axis: 1, index: longs(2, 1, 0, 1, shape: [2, 2]), source: $0[1])
        },
        OpLine("scatter_add", [.real(2, 3), .real(2, 2)], empty: .refuses([[2, 0], [2, 2]])) {
            try scatterAdd($0[0], axis: 1, index: longs(2, 2, 0, 1, shape: [2, 2]), source: $0[1])
        },
        OpLine("index_add", [.real(3, 2), .real(4, 2)], empty: .gives([3, 0], for: [[3, 0], [4, 0]])) {
            try indexAdd($0[0], axis: 0, indices: longs(2, 2, 0, 1), source: $0[1])
        },
        OpLine("masked_select", [.real(2, 3)], empty: .gives([0], for: [[0, 3]])) {
            try maskedSelect($0[0], mask: bools(1, 0, 1))
        },
        OpLine("embedding", [.real(4, 3)], empty: .gives([2, 2, 0], for: [[4, 0]])) {
            try embedding(longs(1, 3, 3, 0, shape: [2, 2]), table: $0[0])
        },
        OpLine("embedding_bag mean", [.real(4, 3)], empty: .gives([2, 0], for: [[4, 0]])) {
            try embeddingBag(longs(1, 3, 3, 0, shape: [2, 2]), table: $0[0])
        },
        OpLine("embedding_bag sum", [.real(4, 3)], empty: .gives([2, 0], for: [[4, 0]])) {
            try embeddingBag(longs(1, 3, 3, 0, shape: [2, 2]), table: $0[0], mode: .sum, paddingIndex: 0)
        },
        OpLine("embedding_bag max", [.real(4, 3)], empty: .gives([2, 0], for: [[4, 0]])) {
            try embeddingBag(longs(1, 3, 2, 0, shape: [2, 2]), table: $0[0], mode: .max)
        },
    ]
}

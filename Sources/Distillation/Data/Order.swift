import Networks

/// Random numbers that depend on a seed, a stream and a counter alone, so that an order can be made again at any time.
///
/// The numbers are SplitMix64's finaliser over a counter (Steele, Lea, Flood 2014).
struct CountedRandom {
    private let key: UInt64
    private var counter: UInt64 = 0

    init(seed: Int, stream: Int) {
        key = Fingerprint.mix(
            Fingerprint.mix(UInt64(bitPattern: Int64(seed)) &+ 0x9E37_79B9_7F4A_7C15)
                &+ UInt64(bitPattern: Int64(stream)) &* 0xD1B5_4A32_D192_ED03)
    }

    mutating func next() -> UInt64 {
        counter &+= 1
        return Fingerprint.mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A number in 0..<bound, all equally likely (Lemire 2019, arXiv:1805.10941).
    mutating func next(below bound: Int) -> Int {
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }
}

/// Orders of rows.
enum Order {
    /// A random order of 0..<count, the same for the same seed and stream (Fisher and Yates).
    static func shuffled(_ count: Int, seed: Int, stream: Int = 0) -> [Int] {
        var order = Array(0..<count)
        var random = CountedRandom(seed: seed, stream: stream)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, random.next(below: i + 1)) }
        return order
    }

    /// An order whose batches of `size` hold rows of like length; rows that fill no batch stay at the end.
    static func byLength(
        _ order: [Int], size: Int, pool: Int, seed: Int, stream: Int, _ length: (Int) -> Int
    ) -> [Int] {
        let full = order.count / size * size
        var batches: [ArraySlice<Int>] = []
        for start in stride(from: 0, to: full, by: size * pool) {
            let rows = order[start..<min(start + size * pool, full)].map { (row: $0, length: length($0)) }
            // Among equals the shuffled order stays.
            let sorted = rows.enumerated().sorted {
                ($0.element.length, $0.offset) < ($1.element.length, $1.offset)
            }.map(\.element.row)
            for first in stride(from: 0, to: sorted.count, by: size) { batches.append(sorted[first..<first + size]) }
        }
        let places = shuffled(batches.count, seed: seed, stream: stream &+ 1 << 32)
        return places.flatMap { batches[$0] } + order[full...]
    }

    /// Sizes that add up to `count` and lie nearest to the fractions of it (largest remainders).
    static func sizes(_ count: Int, _ fractions: [Double]) -> [Int] {
        let exact = fractions.map { $0 * Double(count) }
        var sizes = exact.map { Int($0.rounded(.down)) }
        let byRemainder = exact.indices.sorted {
            let (a, b) = (exact[$0] - Double(sizes[$0]), exact[$1] - Double(sizes[$1]))
            return a != b ? a > b : $0 < $1
        }
        var rest = count - sizes.reduce(0, +)
        for part in byRemainder where rest > 0 {
            sizes[part] += 1
            rest -= 1
        }
        return sizes
    }
}

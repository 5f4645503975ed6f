internal import CIntrinsics
import KernelTable

/// Sixteen blocks of Philox4x32-10 at a time, each 32-bit word in a 64-bit lane so that a product keeps its upper half.
private struct PhiloxBlocks {
    typealias Words = SIMD8<UInt64>

    /// Eight blocks after some rounds.
    private struct Eight {
        var x0: Words, x1: Words
        var x2 = Words(repeating: 0), x3 = Words(repeating: 0)

        @inline(__always) init(first: UInt64) {
            let blocks = Words(repeating: first) &+ Words(0, 1, 2, 3, 4, 5, 6, 7)
            (x0, x1) = (blocks & Words(repeating: 0xFFFF_FFFF), blocks &>> 32)
        }

        @inline(__always) mutating func round(_ k0: UInt32, _ k1: UInt32) {
            // The upper halves are 0 already: said again, it makes one instruction of each product.
            let low = Words(repeating: 0xFFFF_FFFF)
            let p0 = (x0 & low) &* Words(repeating: 0xD251_1F53)
            let p1 = (x2 & low) &* Words(repeating: 0xCD9E_8D57)
            x0 = (p1 &>> 32) ^ x1 ^ Words(repeating: UInt64(k0))
            x1 = p1 & low
            x2 = (p0 &>> 32) ^ x3 ^ Words(repeating: UInt64(k1))
            x3 = p0 & low
        }

        @inline(__always) func store(_ out: UnsafeMutablePointer<UInt32>) {
            let (front, back) = (x0 | (x1 &<< 32), x2 | (x3 &<< 32))
            var joined = SIMD16<UInt64>()
            joined.evenHalf = front
            joined.oddHalf = back
            UnsafeMutableRawPointer(out).storeBytes(of: joined, as: SIMD16<UInt64>.self)
        }
    }

    /// How many blocks are made together: two halves, so that one goes on while the other waits for its products.
    static var count: Int { 16 }

    /// The words of the blocks from `first` on, word j of block b at [4b + j].
    @inline(__always) static func fill(_ out: UnsafeMutablePointer<UInt32>, key: UInt64, first: UInt64) {
        var (left, right) = (Eight(first: first), Eight(first: first &+ 8))
        var k0 = UInt32(truncatingIfNeeded: key)
        var k1 = UInt32(truncatingIfNeeded: key &>> 32)
        for _ in 0..<10 {
            left.round(k0, k1)
            right.round(k0, k1)
            k0 = k0 &+ 0x9E37_79B9
            k1 = k1 &+ 0xBB67_AE85
        }
        left.store(out)
        right.store(out + 32)
    }
}

extension RealLoops {
    /// Whether an element takes two words of the stream.
    @inline(__always) private static var isWide: Bool { MemoryLayout<Scalar>.size == 8 }

    /// Calls `body(words, position, count, done)` for runs of positions whose words lie in one group of blocks:
    /// `words` are those of `position`, which is element `done` of the call. Positions take `wordsEach` words.
    @inline(__always) private static func forEachRun(
        key: UInt64, counter: UInt64, count n: Int, wordsEach: UInt64,
        _ body: (_ words: UnsafePointer<UInt32>, _ position: UInt64, _ count: Int, _ done: Int) -> Void
    ) {
        let perGroup = UInt64(4 &* PhiloxBlocks.count) / wordsEach
        var buffer = SIMD64<UInt32>()
        withUnsafeMutablePointer(to: &buffer) { p in
            p.withMemoryRebound(to: UInt32.self, capacity: 4 &* PhiloxBlocks.count) { words in
                var done = 0
                while done < n {
                    let position = counter &+ UInt64(done)
                    let group = position / perGroup
                    let offset = Int(position % perGroup)
                    PhiloxBlocks.fill(words, key: key, first: group &* UInt64(PhiloxBlocks.count))
                    let count = Swift.min(Int(perGroup) &- offset, n &- done)
                    body(words + offset &* Int(wordsEach), position, count, done)
                    done &+= count
                }
            }
        }
    }

    static func philoxBits(key: UInt64, counter: UInt64, _ out: UnsafeMutablePointer<UInt32>, count n: Int) {
        forEachRun(key: key, counter: counter, count: n, wordsEach: 1) { words, _, count, done in
            for i in 0..<count { out[done &+ i] = words[i] }
        }
    }

    @inline(__always) private static func uniform(_ words: UnsafePointer<UInt32>, _ i: Int) -> Scalar {
        if isWide {
            let bits = UInt64(words[2 &* i &+ 1]) &<< 32 | UInt64(words[2 &* i])
            return Scalar(Int64(truncatingIfNeeded: bits &>> 11)) * Scalar(sign: .plus, exponent: -53, significand: 1)
        }
        return Scalar(Int32(truncatingIfNeeded: words[i] &>> 8)) * Scalar(sign: .plus, exponent: -24, significand: 1)
    }

    static func philoxUniform(key: UInt64, counter: UInt64, _ out: Output, count n: Int) {
        forEachRun(key: key, counter: counter, count: n, wordsEach: isWide ? 2 : 1) { words, _, count, done in
            for i in 0..<count { out[done &+ i] = uniform(words, i) }
        }
    }

    static func philoxNormal(key: UInt64, counter: UInt64, _ out: Output, count n: Int) {
        // The pair of a position is position with its lowest bit cleared, and a group starts at an even one.
        let wordsEach: UInt64 = isWide ? 2 : 1
        forEachRun(key: key, counter: counter, count: n, wordsEach: wordsEach) { words, position, count, done in
            let start = words - Int(position & 1) &* Int(wordsEach)
            let lead = Int(position & 1)
            let pairs = (count &+ lead &+ 1) / 2
            // A register of pairs at a time: radii from the even uniforms, angles from the odd ones.
            var (evens, odds) = (Vector.zero, Vector.zero)
            withUnsafeMutablePointer(to: &evens) { a in
                withUnsafeMutablePointer(to: &odds) { b in
                    let even = UnsafeMutableRawPointer(a).assumingMemoryBound(to: Scalar.self)
                    let odd = UnsafeMutableRawPointer(b).assumingMemoryBound(to: Scalar.self)
                    var first = 0
                    while first < pairs {
                        let inRegister = Swift.min(Vector.width, pairs &- first)
                        for i in 0..<inRegister {
                            even[i] = uniform(start, 2 &* (first &+ i))
                            odd[i] = uniform(start, 2 &* (first &+ i) &+ 1)
                        }
                        let radius = (Vector(-2) * (.one - Vector(even)).steadyLog).squareRoot
                        let (cosine, sine) = Vector(odd).cosineAndSineOfTurns
                        (radius * cosine).store(even)
                        (radius * sine).store(odd)
                        for i in 0..<inRegister {
                            let next = 2 &* (first &+ i) &- lead
                            if next >= 0 { out[done &+ next] = even[i] }
                            if next &+ 1 < count { out[done &+ next &+ 1] = odd[i] }
                        }
                        first &+= inRegister
                    }
                }
            }
        }
    }

    static func dropout(
        key: UInt64, counter: UInt64, probability: Double, scale: Scalar, _ x: Input,
        _ out: Output, mask: UnsafeMutablePointer<UInt8>, count n: Int
    ) {
        // uniform ≥ p, on the 24-bit integers that the uniforms are made of.
        let limit = UInt32((probability * 16_777_216).rounded(.up))
        forEachRun(key: key, counter: counter, count: n, wordsEach: 1) { words, _, count, done in
            var i = 0
            while i &+ 16 <= count {
                kd_flags_at_least(words + i, limit, mask + done + i)
                i &+= 16
            }
            while i < count {
                mask[done &+ i] = words[i] &>> 8 >= limit ? 1 : 0
                i &+= 1
            }
            maskScale(mask + done, x + done, scale: scale, out + done, count: count)
        }
    }
}

import KernelTable

/// A source of random numbers that can be counted and divided: element i of a draw depends on the key and on how many
/// numbers were drawn before, never on threads.
///
/// The generator is Philox4x32-10 (Salmon and others 2011). A fork is a stream of its own that depends on the parent's
/// key and a name, not on what the parent has drawn: a layer's initial weights stay the same when another layer is
/// added before it.
public struct RandomStream: Sendable {
    /// What is drawn from unless a stream is named; `seed(_:)` begins it anew.
    nonisolated(unsafe) public static var global = RandomStream(seed: 0)

    public private(set) var key: UInt64
    /// How many numbers were drawn, in steps of four.
    public var counter: UInt64 = 0

    public init(seed: Int) {
        key = RandomStream.mixed(UInt64(bitPattern: Int64(seed)))
    }

    private init(key: UInt64) { self.key = key }

    /// The stream that belongs to a name.
    public func forked(_ name: String) -> RandomStream {
        // FNV-1a, 64 bits: a hash that is the same in every process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return RandomStream(key: RandomStream.mixed(key ^ RandomStream.mixed(hash)))
    }

    /// The stream that belongs to a number: an epoch, a sample.
    public func forked(_ number: Int) -> RandomStream {
        let other = RandomStream.mixed(UInt64(bitPattern: Int64(number)) ^ 0x5851_f42d_4c95_7f2d)
        return RandomStream(key: RandomStream.mixed(key &+ other))
    }

    /// Key and counter as a text that `init(_:)` reads.
    public var description: String { "\(String(key, radix: 16)):\(counter)" }

    /// The stream that `description` told of; nil for any other text.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = UInt64(parts[0], radix: 16), let counter = UInt64(parts[1]) else {
            return nil
        }
        self.init(key: key)
        self.counter = counter
    }

    /// SplitMix64's finaliser (Steele, Lea, Flood 2014): neighbouring seeds become unrelated keys.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Takes `count` numbers out of the stream: where they begin.
    ///
    /// Doubles read the blocks at another pace and therefore have a key of their own.
    public mutating func take(_ count: Int, _ dtype: DType = .f32) -> (key: UInt64, counter: UInt64) {
        defer { counter &+= (UInt64(count) &+ 3) / 4 * 4 }
        return (dtype == .f64 ? RandomStream.mixed(key) : key, counter)
    }

    /// Numbers spread evenly over [low, high).
    ///
    /// - Throws: `value` for bounds that are no interval, `type` unless the elements are real numbers.
    public mutating func uniform(
        _ shape: [Int], low: Double = 0, high: Double = 1, _ dtype: DType = .f32
    ) throws -> Tensor {
        guard low <= high, (high - low).isFinite else {
            throw TensorError(.value, "uniform: from \(low) to \(high) is no interval")
        }
        let numbers = try draw("uniform", shape, dtype) { loops, key, counter, out, count in
            loops.uniform(key, counter, out, count)
        }
        if low == 0, high == 1 { return numbers }
        return try add(multiply(numbers, high - low), low).detached()
    }

    /// Normally distributed numbers.
    ///
    /// - Throws: `value` for a negative deviation, `type` unless the elements are real numbers.
    public mutating func normal(
        _ shape: [Int], mean: Double = 0, std: Double = 1, _ dtype: DType = .f32
    ) throws -> Tensor {
        guard std >= 0, mean.isFinite, std.isFinite else {
            throw TensorError(.value, "normal: the mean is \(mean), the standard deviation \(std)")
        }
        let numbers = try draw("normal", shape, dtype) { loops, key, counter, out, count in
            loops.normal(key, counter, out, count)
        }
        if mean == 0, std == 1 { return numbers }
        return try add(multiply(numbers, std), mean).detached()
    }

    private mutating func draw(
        _ name: String, _ shape: [Int], _ dtype: DType,
        _ body: (any RandomLoops.Type, UInt64, UInt64, UnsafeMutableRawPointer, Int) -> Void
    ) throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError(
                .type, "\(name): elements of type \(dtype.name) are not real numbers", hint: "use randint")
        }
        let working: DType = dtype == .f64 ? .f64 : .f32
        let result = try Tensor(uninitialized: shape, working)
        let place = take(result.count, working)
        let loops: any RandomLoops.Type = working == .f64 ? Double.self : Float.self
        let base = result.base
        try ThreadPool.parallel(result.count, grain: chunkLength) { range in
            let start = range.lowerBound
            body(loops, place.key, place.counter &+ UInt64(start), base + start * working.size, range.count)
        }
        return try result.converted(to: dtype)
    }

    /// Whole numbers from `low` up to, not including, `high`, all equally likely.
    ///
    /// - Throws: `value` when there is none.
    public mutating func integers(_ shape: [Int], low: Int = 0, high: Int) throws -> Tensor {
        guard low < high else {
            throw TensorError(.value, "randint: there is no whole number from \(low) up to, not including, \(high)")
        }
        let result = try Tensor(uninitialized: shape, .i64)
        let words = try words(result.count)
        let range = UInt64(bitPattern: Int64(high)) &- UInt64(bitPattern: Int64(low))
        let (bits, out) = (words.pointer(UInt64.self), result.pointer(Int.self))
        for index in 0..<result.count {
            // The upper half of a product (Lemire 2019): even to one part in 2⁶⁴ / range.
            out[index] = low &+ Int(truncatingIfNeeded: bits[index].multipliedFullWidth(by: range).high)
        }
        return result
    }

    /// The numbers below `count` in random order.
    ///
    /// - Throws: `value` for a negative count.
    public mutating func permutation(_ count: Int) throws -> [Int] {
        guard count >= 0 else { throw TensorError(.value, "randperm: the count is \(count)") }
        let words = try words(count)
        let bits = words.pointer(UInt64.self)
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(bits[index].multipliedFullWidth(by: UInt64(index + 1)).high))
        }
        return order
    }

    /// Ones with the probability that `probability` gives at their place, zeros elsewhere.
    ///
    /// - Throws: `value` for a probability outside 0 to 1.
    public mutating func bernoulli(_ probability: Tensor) throws -> Tensor {
        let chances = try probability.detached().converted(to: .f32)
        let outside = try logicalNot(logicalAnd(greaterOrEqual(chances, 0), lessOrEqual(chances, 1)))
        guard try any(outside).integer() == 0 else {
            throw TensorError(.value, "bernoulli: a probability is not between 0 and 1")
        }
        let drawn = try uniform(probability.shape)
        return try less(drawn, chances).converted(to: probability.dtype.real)
    }

    /// 64 random bits for each of `count` elements.
    private mutating func words(_ count: Int) throws -> Tensor {
        let result = try Tensor(uninitialized: [try Shape.count([count, 2])], .i32)
        let place = take(result.count)
        let out = result.base.assumingMemoryBound(to: UInt32.self)
        try ThreadPool.parallel(result.count, grain: chunkLength) { range in
            let start = range.lowerBound
            Float.loops.philoxBits(
                key: place.key, counter: place.counter &+ UInt64(start), out + start, count: range.count)
        }
        return result.aliased(shape: result.shape, strides: result.strides, offset: 0)
    }
}

/// The random loops without their scalar type.
private protocol RandomLoops {
    static func uniform(_ key: UInt64, _ counter: UInt64, _ out: UnsafeMutableRawPointer, _ count: Int)
    static func normal(_ key: UInt64, _ counter: UInt64, _ out: UnsafeMutableRawPointer, _ count: Int)
}

extension RandomLoops where Self: Real {
    static func uniform(_ key: UInt64, _ counter: UInt64, _ out: UnsafeMutableRawPointer, _ count: Int) {
        loops.philoxUniform(key: key, counter: counter, out.assumingMemoryBound(to: Self.self), count: count)
    }

    static func normal(_ key: UInt64, _ counter: UInt64, _ out: UnsafeMutableRawPointer, _ count: Int) {
        loops.philoxNormal(key: key, counter: counter, out.assumingMemoryBound(to: Self.self), count: count)
    }
}

extension Float: RandomLoops {}
extension Double: RandomLoops {}

/// Begins the global stream anew: everything random that follows repeats bit for bit.
public func seed(_ number: Int) { RandomStream.global = RandomStream(seed: number) }

/// Numbers spread evenly over [0, 1), from the global stream.
public func rand(_ shape: [Int], _ dtype: DType = .f32) throws -> Tensor {
    try RandomStream.global.uniform(shape, dtype)
}

/// Normally distributed numbers with mean 0 and variance 1, from the global stream.
public func randn(_ shape: [Int], _ dtype: DType = .f32) throws -> Tensor {
    try RandomStream.global.normal(shape, dtype)
}

/// Numbers spread evenly over [low, high), from the global stream.
public func uniform(_ shape: [Int], low: Double, high: Double, _ dtype: DType = .f32) throws -> Tensor {
    try RandomStream.global.uniform(shape, low: low, high: high, dtype)
}

/// Normally distributed numbers, from the global stream.
public func normal(_ shape: [Int], mean: Double, std: Double, _ dtype: DType = .f32) throws -> Tensor {
    try RandomStream.global.normal(shape, mean: mean, std: std, dtype)
}

/// Whole numbers from `low` up to, not including, `high`, from the global stream.
public func randint(_ low: Int, _ high: Int, _ shape: [Int]) throws -> Tensor {
    try RandomStream.global.integers(shape, low: low, high: high)
}

/// The numbers below `count` in random order, from the global stream.
public func randperm(_ count: Int) throws -> Tensor {
    try Tensor(RandomStream.global.permutation(count))
}

/// Ones with the given probabilities, zeros elsewhere, from the global stream.
public func bernoulli(_ probability: Tensor) throws -> Tensor {
    try RandomStream.global.bernoulli(probability)
}

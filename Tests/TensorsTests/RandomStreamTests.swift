import Testing

import Tensors

@Suite(.serialized) struct RandomStreamTests {
    @Test("a seed repeats everything that follows, and another seed does not")
    func seeds() throws {
        func draw(_ number: Int) throws -> [[Double]] {
            seed(number)
            return try [rand([9]), randn([9]), randint(0, 100, [9]), randperm(9), rand([3], .f64)].map {
                try $0.elements()
            }
        }
        let first = try draw(3)
        #expect(try draw(3) == first)
        #expect(try draw(4) != first)
        #expect(try draw(-3) != first)
    }

    @Test("draws from one stream do not overlap")
    func noOverlap() throws {
        var stream = RandomStream(seed: 1)
        let (a, b) = (try stream.uniform([5]).elements(), try stream.uniform([5]).elements())
        #expect(Set(a).isDisjoint(with: b))
        // A draw of f64 reads other numbers than one of f32 at the same place.
        let (narrow, wide) = (try RandomStream(seed: 1).drawn(.f32), try RandomStream(seed: 1).drawn(.f64))
        #expect(zip(narrow, wide).allSatisfy { Swift.abs($0 - $1) > 1e-6 })
    }

    @Test("a fork depends on the key and its name, not on what was drawn before")
    func forks() throws {
        var stream = RandomStream(seed: 1)
        let before = stream.forked("a")
        _ = try stream.uniform([100])
        #expect(stream.forked("a").key == before.key)
        let keys = [stream.key, before.key, stream.forked("b").key, stream.forked(0).key, stream.forked(1).key]
        #expect(Set(keys).count == keys.count)
    }

    @Test("the stream of seed 0 begins with these numbers on every machine")
    func golden() throws {
        var stream = RandomStream(seed: 0)
        let uniform = try stream.uniform([4]).elements()
        let normal = try stream.normal([4]).elements()
        let whole = try stream.integers([4], low: 0, high: 1000).elements()
        let order = try stream.permutation(8)
        #expect(uniform == [0.6636289358139038, 0.14373505115509033, 0.4897271990776062, 0.253673791885376])
        #expect(normal == [-0.33905884623527527, -0.6828370690345764, -0.20295722782611847, -0.6348143219947815])
        #expect(whole == [476, 876, 790, 283])
        #expect(order == [0, 5, 1, 4, 3, 7, 6, 2])
    }

    @Test("uniform, normal, whole and binary numbers are spread as they should be")
    func distributions() throws {
        var stream = RandomStream(seed: 7)
        let n = 200_000
        for dtype in [DType.f32, .f64] {
            let uniform = try stream.uniform([n], low: -1, high: 3, dtype)
            #expect(try min(uniform).item() >= -1 && max(uniform).item() < 3)
            #expect(try Swift.abs(mean(uniform).item() - 1) < 0.01)
            #expect(try Swift.abs(variance(uniform).item() - 16.0 / 12) < 0.02)
            let normal = try stream.normal([n], mean: 2, std: 3, dtype)
            #expect(try Swift.abs(mean(normal).item() - 2) < 0.03)
            #expect(try Swift.abs(std(normal).item() - 3) < 0.02)
            // Skewness 0 and kurtosis 3.
            let standard = try divide(subtract(normal, 2), 3)
            #expect(try Swift.abs(mean(power(standard, 3)).item()) < 0.05)
            #expect(try Swift.abs(mean(power(standard, 4)).item() - 3) < 0.1)
        }
        let counts = try bincount(stream.integers([n], low: 0, high: 10)).elements()
        #expect(counts.count == 10 && counts.allSatisfy { Swift.abs($0 - 20_000) < 700 })
        #expect(try Swift.abs(mean(stream.bernoulli(full([n], 0.3))).item() - 0.3) < 0.005)
        #expect(try stream.permutation(1000).sorted() == Array(0..<1000))
        #expect(try stream.integers([3], low: .min, high: .max).count == 3)
    }
}

extension RandomStream {
    /// The first numbers of a copy of this stream.
    fileprivate func drawn(_ dtype: DType) throws -> [Double] {
        var copy = self
        return try copy.uniform([8], dtype).elements()
    }
}

import KernelTable

extension RealLoops {
    static func multiplyAdds(turns: Int) -> (total: Scalar, sums: Int) {
        let (half, one) = (Vector(0.5), Vector(1))
        // Two units of a latency of up to five need ten independent sums. They start
        // differently, or they would be one, and none at 2, where a turn changes nothing.
        var (a, b, c) = (Vector(3), Vector(4), Vector(5))
        var (d, e, f) = (Vector(6), Vector(7), Vector(8))
        var (g, h, i) = (Vector(9), Vector(10), Vector(11))
        var (j, k, l) = (Vector(12), Vector(13), Vector(14))
        for _ in 0..<turns {
            a = Vector.multiplyAdd(a, half, one)
            b = Vector.multiplyAdd(b, half, one)
            c = Vector.multiplyAdd(c, half, one)
            d = Vector.multiplyAdd(d, half, one)
            e = Vector.multiplyAdd(e, half, one)
            f = Vector.multiplyAdd(f, half, one)
            g = Vector.multiplyAdd(g, half, one)
            h = Vector.multiplyAdd(h, half, one)
            i = Vector.multiplyAdd(i, half, one)
            j = Vector.multiplyAdd(j, half, one)
            k = Vector.multiplyAdd(k, half, one)
            l = Vector.multiplyAdd(l, half, one)
        }
        let total = ((a + b) + (c + d)) + ((e + f) + (g + h)) + ((i + j) + (k + l))
        return (total.sum, 12 &* Vector.width)
    }
}

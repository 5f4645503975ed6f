internal import CIntrinsics

// Elementary functions of a register of floats, to one or two units in the last place. Each reduces its argument to an
// interval on which a short polynomial, a minimax fit by this project except where named, is exact enough.
extension FloatLanes {
    // Polynomials, the lowest coefficient first. Their terms are added in pairs of pairs (Estrin 1960): one after the other
    // they would take twice as long, for each waits for the one before.

    @inline(__always) private static func pair(_ x: Self, _ c0: Float, _ c1: Float) -> Self {
        multiplyAdd(Self(c1), x, Self(c0))
    }

    @inline(__always) private static func polynomial(
        _ x: Self, _ c0: Float, _ c1: Float, _ c2: Float, _ c3: Float, _ c4: Float, _ c5: Float
    ) -> Self {
        let x2 = x * x
        return multiplyAdd(multiplyAdd(pair(x, c4, c5), x2, pair(x, c2, c3)), x2, pair(x, c0, c1))
    }

    @inline(__always) private static func polynomial(
        _ x: Self, _ c0: Float, _ c1: Float, _ c2: Float, _ c3: Float, _ c4: Float, _ c5: Float, _ c6: Float,
        _ c7: Float
    ) -> Self {
        let (x2, low) = (x * x, pair(x, c0, c1))
        return multiplyAdd(
            multiplyAdd(pair(x, c6, c7), x2, pair(x, c4, c5)), x2 * x2, multiplyAdd(pair(x, c2, c3), x2, low))
    }

    @inline(__always) private static func polynomial(
        _ x: Self, _ c0: Float, _ c1: Float, _ c2: Float, _ c3: Float, _ c4: Float, _ c5: Float, _ c6: Float,
        _ c7: Float, _ c8: Float, _ c9: Float
    ) -> Self {
        let x2 = x * x
        let x4 = x2 * x2
        let high = multiplyAdd(pair(x, c8, c9), x4, multiplyAdd(pair(x, c6, c7), x2, pair(x, c4, c5)))
        return multiplyAdd(high, x4, multiplyAdd(pair(x, c2, c3), x2, pair(x, c0, c1)))
    }

    /// x = n · log 2 + r with |r| ≤ ½ log 2: the value n + 1.5 · 2²³, whose low bits are n, and r.
    @inline(__always) private static func reduce(_ x: Self) -> (magic: Self, n: Self, r: Self) {
        let magic = multiplyAdd(x, Self(1.442_695_04), Self(12_582_912))
        let n = magic - Self(12_582_912)
        // log 2 in two parts, the first of few bits so that n times it is exact.
        let r = multiplyAdd(n, Self(-0.693_359_375), x)
        return (magic, n, multiplyAdd(n, Self(2.121_944_40e-4), r))
    }

    /// exp(r) − 1 for |r| ≤ ½ log 2.
    @inline(__always) private static func expm1Core(_ r: Self) -> Self {
        let p = polynomial(
            r, 0.500_000_012, 0.166_666_655, 0.041_665_796, 0.008_333_452, 0.001_398_2, 0.000_198_756_92)
        return multiplyAdd(p, r * r, r)
    }

    /// exp(x) − 1 without a look at the bounds, for |x| ≤ 80; NaN stays NaN.
    @inline(__always) private var boundedExpm1: Self {
        let (magic, _, r) = Self.reduce(self)
        let scale = Self(v: kd_f32_power_of_two(magic.v))
        return Self.multiplyAdd(Self.expm1Core(r), scale, scale - .one)
    }

    /// exp(x) for such an x.
    @inline(__always) private var boundedExp: Self {
        let (magic, _, r) = Self.reduce(self)
        let scale = Self(v: kd_f32_power_of_two(magic.v))
        return Self.multiplyAdd(Self.expm1Core(r), scale, scale)
    }

    @inline(__always) var exp: Self {
        // Beyond these bounds the result is 0 or infinity; NaN passes through both.
        var x = Self.less(Self(89), self, Self(89), self)
        x = Self.less(x, Self(-104), Self(-104), x)
        let (_, n, r) = Self.reduce(x)
        let e = Self.expm1Core(r) + .one
        return Self(v: kd_f32_times_power_of_two(e.v, n.v))
    }

    @inline(__always) var nonPositiveExp: Self {
        let x = Self.less(self, Self(-104), Self(-104), self)
        let (magic, _, r) = Self.reduce(x)
        // 2⁶⁴ times too large until the end, where it may be less than the least normal number.
        let scale = Self(v: kd_f32_power_of_two((magic + Self(64)).v))
        return Self.multiplyAdd(Self.expm1Core(r), scale, scale) * Self(5.421_010_86e-20)
    }

    @inline(__always) var onePlusExp: Self {
        // The power of two that belongs to 89 is infinity, and at −87 the 1 is all that is left.
        var x = Self.less(Self(89), self, Self(89), self)
        x = Self.less(x, Self(-87), Self(-87), x)
        let (magic, _, r) = Self.reduce(x)
        return Self.multiplyAdd(Self.expm1Core(r) + .one, Self(v: kd_f32_power_of_two(magic.v)), .one)
    }

    @inline(__always) var expm1: Self {
        var x = Self.less(Self(80), self, Self(80), self)
        x = Self.less(x, Self(-30), Self(-30), x)
        let small = x.boundedExpm1
        // −0 stays −0, and above 80 the 1 is lost anyway.
        return Self.less(Self(80), self, exp, Self.equal(self, .zero, self, small))
    }

    /// a · b + c with both roundings, whether or not the instruction set has one for it.
    @inline(__always) private static func roundedTwice(_ a: Self, _ b: Self, _ c: Self) -> Self { a * b + c }

    /// log m for m in [√½, √2), plus e · log 2.
    @inline(__always) private static func logCore(
        _ m: Self, _ e: Self, _ multiplyAdd: (Self, Self, Self) -> Self
    ) -> Self {
        // The polynomial of Cephes (Moshier 1992): log(1 + f) = f − f²/2 + f³ P(f).
        let f = m - .one
        var p = multiplyAdd(Self(7.037_683_629_2e-2), f, Self(-1.151_461_031_0e-1))
        p = multiplyAdd(p, f, Self(1.167_699_874_0e-1))
        p = multiplyAdd(p, f, Self(-1.242_014_084_6e-1))
        p = multiplyAdd(p, f, Self(1.424_932_278_7e-1))
        p = multiplyAdd(p, f, Self(-1.666_805_766_5e-1))
        p = multiplyAdd(p, f, Self(2.000_071_476_5e-1))
        p = multiplyAdd(p, f, Self(-2.499_999_399_3e-1))
        p = multiplyAdd(p, f, Self(3.333_333_117_4e-1))
        let square = f * f
        var y = p * f * square
        y = multiplyAdd(e, Self(-2.121_944_40e-4), y)
        y = multiplyAdd(Self(-0.5), square, y)
        return multiplyAdd(e, Self(0.693_359_375), f + y)
    }

    @inline(__always) var log: Self { logarithm { Self.multiplyAdd($0, $1, $2) } }
    @inline(__always) var steadyLog: Self { logarithm { Self.roundedTwice($0, $1, $2) } }

    @inline(__always) private func logarithm(_ multiplyAdd: (Self, Self, Self) -> Self) -> Self {
        let tiny = Self(.leastNormalMagnitude)
        let x = Self.less(self, tiny, self * Self(8_388_608), self)
        let shift = Self.less(self, tiny, Self(23), .zero)
        let e = Self(v: kd_f32_exponent(x.v)) - shift
        var y = Self.logCore(Self(v: kd_f32_mantissa(x.v)), e, multiplyAdd)
        y = Self.less(self, Self(.infinity), y, self)
        y = Self.equal(self, .zero, Self(-.infinity), y)
        return Self.less(self, .zero, Self(.nan), y)
    }

    @inline(__always) var log1p: Self {
        // log u with the rounding of u = 1 + x made good to first order.
        let u = .one + self
        let y = u.log + (self - (u - .one)) / u
        let small = Self.less(magnitude, Self(1e-8), self, y)
        let finite = Self.less(u, Self(.infinity), small, u.log)
        return Self.less(.zero, u, finite, u.log)
    }

    @inline(__always) var tanh: Self {
        // tanh x = t / (t + 2) with t = exp(2|x|) − 1; at 10 it has rounded to 1.
        let x = magnitude
        let bounded = Self.less(Self(10), x, Self(10), x)
        let t = (bounded + bounded).boundedExpm1
        return (t / (t + Self(2))).withSign(of: self)
    }

    @inline(__always) var erf: Self {
        let t = magnitude
        let s = self * self
        // erf(x) = x + x · P(x²) near 0.
        let p = Self.polynomial(
            s, 0.128_379_166, -0.376_126_32, 0.112_836_875, -0.026_858_94, 0.005_199_906_4, -0.000_813_001_2,
            8.316_772e-5, 0)
        let near = Self.multiplyAdd(p, self, self)
        // 1 − exp(P(|x|)) beyond; from 4 on it is 1.
        let u = Self.less(Self(4), t, Self(4), t)
        let q = Self.polynomial(
            u, 0.000_177_334_96, -1.129_527_7, -0.633_321_2, -0.108_308_27, 0.025_137_624, -0.004_177_963,
            0.000_435_884_9, -2.121_793_8e-5)
        let far = (.one - q.boundedExp).withSign(of: self)
        return Self.less(t, Self(0.93), near, Self.equal(t, t, far, self))
    }

    @inline(__always) var normalDistribution: Self {
        // 2 Φ(−|x|) = exp(|x| P(|x|)), which keeps its digits where Φ is small: the tail is right to 6e-7 of itself up to 2
        // and to 4e-6 up to 5.7; from there on, below 6e-9, it is 0.
        let t = magnitude
        let u = Self.less(Self(5.7), t, Self(5.7), t)
        let p = Self.polynomial(
            u, -0.797_886_13, -0.318_292_74, -0.036_398_325, 0.004_889_829_5, -6.173_925_8e-5, -0.000_164_129_71,
            4.445_008e-5, -6.157_622_5e-6, 4.631_264_7e-7, -1.493_803_66e-8)
        let (magic, _, r) = Self.reduce(p * u)
        let half = Self(v: kd_f32_power_of_two((magic - .one).v))
        let scale = Self.less(Self(5.7), t, .zero, half)
        let tail = Self.multiplyAdd(Self.expm1Core(r), scale, scale)
        return Self.less(self, .zero, tail, .one - tail)
    }

    /// By quarter turns: x = q/4 + r with |r| ≤ 1/8, then the Taylor series of cos 2πr and sin 2πr.
    @inline(__always) var cosineAndSineOfTurns: (Self, Self) {
        let quarters = (self * Self(4)).rounded
        let r = (self - quarters * Self(0.25)) * Self(6.283_185_3)
        let s = r * r
        var p = Self.roundedTwice(Self(2.755_731_9e-6), s, Self(-1.984_127e-4))
        p = Self.roundedTwice(p, s, Self(8.333_333e-3))
        p = Self.roundedTwice(p, s, Self(-0.166_666_67))
        let sine = Self.roundedTwice(p * s, r, r)
        var q = Self.roundedTwice(Self(-2.755_731_9e-7), s, Self(2.480_158_7e-5))
        q = Self.roundedTwice(q, s, Self(-1.388_888_9e-3))
        q = Self.roundedTwice(q, s, Self(4.166_666_7e-2))
        q = Self.roundedTwice(q, s, Self(-0.5))
        let cosine = Self.roundedTwice(q, s, .one)
        // 0 and 4: (c, s); 1: (−s, c); 2: (−c, −s); 3: (s, −c).
        let half = (quarters * Self(0.5)).floored
        let isOdd = quarters - (half + half)
        let a = Self.equal(isOdd, .one, sine, cosine)
        let b = Self.equal(isOdd, .one, cosine, sine)
        let cosineSign = Self.equal(quarters, .one, -.one, Self.equal(quarters, Self(2), -.one, .one))
        let sineSign = Self.equal(quarters, Self(2), -.one, Self.equal(quarters, Self(3), -.one, .one))
        return (a * cosineSign, b * sineSign)
    }
}

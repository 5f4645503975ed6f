public import KernelTable

/// This build's table.
public enum Loops: KernelTable {
    #if KD_AVX512
        public static var name: String { "avx512" }
    #elseif KD_AVX2
        public static var name: String { "avx2" }
    #else
        public static var name: String { "portable" }
    #endif
    public static var float: any RealKernelTable<Float>.Type { FloatLoops.self }
    public static var double: any RealKernelTable<Double>.Type { DoubleLoops.self }
}

/// The loops over a scalar with a register; its extensions, a chapter a file, are written once for both scalars.
protocol RealLoops: RealKernelTable where Scalar: Real {}

enum FloatLoops: RealLoops {
    typealias Scalar = Float
}

enum DoubleLoops: RealLoops {
    typealias Scalar = Double
}

extension RealLoops {
    typealias Input = UnsafePointer<Scalar>
    typealias Output = UnsafeMutablePointer<Scalar>
    typealias Vector = Scalar.Vector

    /// `y[i] = f(x[i])`; the last, partial register is filled up with zeros.
    @inline(__always) static func map(_ x: Input, _ y: Output, _ n: Int, _ f: (Vector) -> Vector) {
        var i = 0
        while i &+ Vector.width <= n {
            f(Vector(x + i)).store(y + i)
            i &+= Vector.width
        }
        if i < n { f(Vector(x + i, first: n &- i)).store(y + i, first: n &- i) }
    }

    /// `out[i] = f(x[i], y[i])`.
    @inline(__always) static func zip(
        _ x: Input, _ y: Input, _ out: Output, _ n: Int, _ f: (Vector, Vector) -> Vector
    ) {
        var i = 0
        while i &+ Vector.width <= n {
            f(Vector(x + i), Vector(y + i)).store(out + i)
            i &+= Vector.width
        }
        if i < n {
            let rest = n &- i
            f(Vector(x + i, first: rest), Vector(y + i, first: rest)).store(out + i, first: rest)
        }
    }

    /// Every register start in 0..<n with the number of scalars from there to n; more than a width means a full one.
    @inline(__always) static func forEachStart(_ n: Int, _ body: (_ start: Int, _ rest: Int) -> Void) {
        var i = 0
        while i < n {
            body(i, n &- i)
            i &+= Vector.width
        }
    }

    @inline(__always) static func load(_ p: Input, _ rest: Int) -> Vector {
        rest >= Vector.width ? Vector(p) : Vector(p, first: rest)
    }

    @inline(__always) static func store(_ v: Vector, _ p: Output, _ rest: Int) {
        if rest >= Vector.width { v.store(p) } else { v.store(p, first: rest) }
    }
}

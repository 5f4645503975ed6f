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

    /// The registers that n scalars fill.
    ///
    /// Loops over them are written out: a long closure stays a function, which would be called for each register, take it in
    /// halves and load its constants anew.
    @inline(__always) static func registers(_ n: Int) -> Registers<Vector> { Registers(count: n) }

    /// The register there; what is not filled is zero.
    @inline(__always) static func load(_ p: Input, _ i: Place) -> Vector {
        Vector(p, i)
    }

    @inline(__always) static func store(_ v: Vector, _ p: Output, _ i: Place) {
        v.store(p, i)
    }
}

/// Where a register lies in an array: its start, and the number of scalars from there to the end; more than a width means a
/// whole register.
struct Place {
    let start: Int
    let rest: Int
}

extension Lanes {
    /// What lies there; what is not filled is zero.
    @inline(__always) init(_ p: UnsafePointer<Scalar>, _ i: Place) {
        self = i.rest >= Self.width ? Self(p + i.start) : Self(p + i.start, first: i.rest)
    }

    @inline(__always) func store(_ p: UnsafeMutablePointer<Scalar>, _ i: Place) {
        if i.rest >= Self.width { store(p + i.start) } else { store(p + i.start, first: i.rest) }
    }
}

/// The places of the registers that `count` scalars fill, in order; the last may be filled in part.
struct Registers<V: Lanes>: Sequence, IteratorProtocol {
    private var start = 0
    private let count: Int

    @inline(__always) init(count: Int) { self.count = count }

    @inline(__always) mutating func next() -> Place? {
        guard start < count else { return nil }
        let place = Place(start: start, rest: count &- start)
        start &+= V.width
        return place
    }
}

import CIntrinsics
import Foundation
import KernelTable
import Kernels
import KernelsAVX2
import KernelsAVX512
import Testing

/// A table this processor can run, with a name for the test's output.
struct Table: Sendable, CustomTestStringConvertible {
    let loops: any KernelTable.Type
    var testDescription: String { loops.name }

    static let all: [Table] = {
        var tables = [Table(loops: Kernels.Loops.self)]
        if kd_cpu_level() >= 2 { tables.append(Table(loops: KernelsAVX2.Loops.self)) }
        if kd_cpu_level() >= 3 { tables.append(Table(loops: KernelsAVX512.Loops.self)) }
        return tables
    }()
}

/// Sizes around every register width.
let sizes = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1000]

/// The scalars under test, so that a test can be written once for both.
protocol TestScalar: BinaryFloatingPoint & SIMDScalar & Codable & Sendable {
    static func kernels(_ table: Table) -> any RealKernelTable<Self>.Type
    /// A few units in the last place.
    static var precision: Double { get }
}

extension Float: TestScalar {
    static func kernels(_ table: Table) -> any RealKernelTable<Float>.Type { table.loops.float }
    static var precision: Double { 4 * Double(Float.ulpOfOne) }
}

extension Double: TestScalar {
    static func kernels(_ table: Table) -> any RealKernelTable<Double>.Type { table.loops.double }
    static var precision: Double { 16 * Double.ulpOfOne }
}

/// Reproducible numbers that are not too regular.
struct Numbers {
    var state: UInt64

    init(_ seed: UInt64 = 1) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func uniform(_ range: ClosedRange<Double> = -1...1) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) / 9_007_199_254_740_992
    }

    mutating func array<T: TestScalar>(_ n: Int, _ range: ClosedRange<Double> = -1...1) -> [T] {
        (0..<n).map { _ in T(uniform(range)) }
    }
}

/// Whether `found` is `wanted` to `tolerance`, relative to wanted or to `scale`; NaN equals NaN.
func agree<T: TestScalar>(_ found: T, _ wanted: Double, scale: Double = 0, tolerance: Double = T.precision) -> Bool {
    if wanted.isNaN { return found.isNaN }
    if T(wanted).isInfinite || found.isInfinite { return found == T(wanted) }
    let bound = tolerance * max(abs(wanted), scale, Double(T.leastNormalMagnitude))
    return abs(Double(found) - wanted) <= bound
}

/// The first place where two arrays do not agree, for a readable failure.
func mismatch<T: TestScalar>(
    _ found: [T], _ wanted: [Double], scale: Double = 0, tolerance: Double = T.precision
) -> String? {
    if found.count != wanted.count { return "\(found.count) elements, expected \(wanted.count)" }
    for i in found.indices where !agree(found[i], wanted[i], scale: scale, tolerance: tolerance) {
        return "[\(i)] of \(found.count): \(found[i]), expected \(wanted[i])"
    }
    return nil
}

/// An output array of n, with a guard element on each side that must survive.
func output<T: TestScalar>(_ n: Int, _ body: (UnsafeMutablePointer<T>) -> Void) -> [T] {
    var memory = [T](repeating: -77, count: n + 2)
    memory.withUnsafeMutableBufferPointer { body($0.baseAddress! + 1) }
    #expect(memory[0] == -77 && memory[n + 1] == -77, "written outside of \(n) elements")
    return Array(memory[1..<(n + 1)])
}

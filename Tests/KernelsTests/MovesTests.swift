import Foundation
import KernelTable
import Testing

@Suite("Moves and conversions")
struct MovesTests {
    // MARK: Conversions

    /// One element as a real and as a whole number, by way of Swift's own conversions.
    private static func read(_ type: ScalarType, _ raw: UnsafeRawPointer) -> (real: Double, whole: Int64?) {
        switch type {
        case .float32: (Double(raw.load(as: Float.self)), nil)
        case .float64: (raw.load(as: Double.self), nil)
        case .bfloat16: (Double(Float(bitPattern: UInt32(raw.load(as: UInt16.self)) << 16)), nil)
        case .float16: (Double(Float16(bitPattern: raw.load(as: UInt16.self))), nil)
        case .int64: (Double(raw.load(as: Int64.self)), raw.load(as: Int64.self))
        case .int32: (Double(raw.load(as: Int32.self)), Int64(raw.load(as: Int32.self)))
        case .uint8: (Double(raw.load(as: UInt8.self)), Int64(raw.load(as: UInt8.self)))
        }
    }

    private static func saturated<W: FixedWidthInteger>(_ x: (real: Double, whole: Int64?), _: W.Type) -> W {
        if let whole = x.whole { return W(clamping: whole) }
        if x.real.isNaN { return 0 }
        if x.real >= Double(W.max) { return .max }
        if x.real <= Double(W.min) { return .min }
        return W(x.real)
    }

    /// The nearest bf16, the even one of two: found by trying the neighbours.
    private static func nearestBFloat16(_ x: Double) -> UInt16 {
        if x.isNaN { return 0x7FC0 }
        let down = UInt16(truncatingIfNeeded: Float(x).bitPattern >> 16)
        func value(_ bits: UInt16) -> Double {
            // Beyond the largest number the next one would be 2¹²⁸.
            bits & 0x7FFF == 0x7F80
                ? (bits & 0x8000 == 0 ? 0x1p128 : -0x1p128) : Double(Float(bitPattern: UInt32(bits) << 16))
        }
        let single = Double(Float(x))
        if single.isInfinite { return down }
        let (below, above) = (abs(single - value(down)), abs(value(down + 1) - single))
        return below < above || below == above && down % 2 == 0 ? down : down + 1
    }

    private static func equal(_ type: ScalarType, _ raw: UnsafeRawPointer, _ x: (real: Double, whole: Int64?)) -> Bool {
        func real<F: BinaryFloatingPoint>(_ found: F, _ wanted: F) -> Bool {
            found == wanted || found.isNaN && wanted.isNaN
        }
        switch type {
        case .float32: return real(raw.load(as: Float.self), x.whole.map { Float($0) } ?? Float(x.real))
        case .float64: return real(raw.load(as: Double.self), x.real)
        case .bfloat16:
            let bits = raw.load(as: UInt16.self)
            return x.real.isNaN ? bits & 0x7FFF > 0x7F80 : bits == nearestBFloat16(x.real)
        case .float16: return real(Float16(bitPattern: raw.load(as: UInt16.self)), Float16(x.real))
        case .int64: return raw.load(as: Int64.self) == saturated(x, Int64.self)
        case .int32: return raw.load(as: Int32.self) == saturated(x, Int32.self)
        case .uint8: return raw.load(as: UInt8.self) == saturated(x, UInt8.self)
        }
    }

    @Test("every type converts to every other as Swift does, saturating", arguments: Table.all)
    func conversions(table: Table) {
        let reals: [Double] = [
            0, -0.0, 1, -1, 0.5, 2.5, -2.5, 1.999, 255, 256, -0.9, 65504, 65520, 1e-7, 6e-8, 1.00390625, 1.01171875,
            3.38e38, 3.4e38, 1e39, -1e39, 2_147_483_647, 2_147_483_648, -2_147_483_649, 9.3e18, -9.3e18, .infinity,
            -.infinity, .nan, 1e300, 16_777_217, 0.1,
        ]
        for source in ScalarType.allCases {
            for n in [0, 1, 5, 16, 100] {
                let bytes = UnsafeMutableRawPointer.allocate(byteCount: (n + 1) * 8, alignment: 64)
                defer { bytes.deallocate() }
                // Aligned to the scalar only.
                let x = bytes + source.size
                for i in 0..<n {
                    let value = reals[(i * 7 + n) % reals.count]
                    let place = x + i * source.size
                    switch source {
                    case .float32: place.storeBytes(of: Float(value), as: Float.self)
                    case .float64: place.storeBytes(of: value, as: Double.self)
                    case .bfloat16:
                        place.storeBytes(of: UInt16(Float(value).bitPattern >> 16), as: UInt16.self)
                    case .float16: place.storeBytes(of: Float16(value).bitPattern, as: UInt16.self)
                    case .int64: place.storeBytes(of: Self.saturated((value, nil), Int64.self), as: Int64.self)
                    case .int32: place.storeBytes(of: Self.saturated((value, nil), Int32.self), as: Int32.self)
                    case .uint8: place.storeBytes(of: Self.saturated((value, nil), UInt8.self), as: UInt8.self)
                    }
                }
                for target in ScalarType.allCases {
                    let out = UnsafeMutableRawPointer.allocate(byteCount: (n + 2) * 8, alignment: 64)
                    defer { out.deallocate() }
                    out.initializeMemory(as: UInt8.self, repeating: 0xA5, count: (n + 2) * 8)
                    table.loops.convert(from: source, to: target, x, out + target.size, count: n)
                    for i in 0..<n {
                        let value = Self.read(source, x + i * source.size)
                        let isRight = Self.equal(target, out + (i + 1) * target.size, value)
                        #expect(isRight, "\(source) to \(target): \(value)")
                    }
                    let guards = [0, (n + 1) * target.size].flatMap { start in
                        (0..<target.size).map { out.load(fromByteOffset: start + $0, as: UInt8.self) }
                    }
                    #expect(guards.allSatisfy { $0 == 0xA5 }, "written outside of \(n) elements of \(target)")
                }
            }
        }
    }

    // MARK: Elements of some size

    private func sized<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type, _ table: Table) {
        let size = MemoryLayout<T>.size
        var numbers = Numbers(UInt64(size))
        func array(_ n: Int) -> [T] { (0..<n).map { _ in T(truncatingIfNeeded: numbers.next()) } }
        func written(_ n: Int, _ body: (UnsafeMutablePointer<T>) -> Void) -> [T] {
            var memory = [T](repeating: 0x5A, count: n + 2)
            memory.withUnsafeMutableBufferPointer { body($0.baseAddress! + 1) }
            #expect(memory[0] == 0x5A && memory[n + 1] == 0x5A, "written outside of \(n) elements")
            return Array(memory[1..<(n + 1)])
        }
        for n in sizes where n > 0 {
            let (x, y) = (array(n), array(n))
            let condition = (0..<n).map { UInt8($0 % 3) }
            let chosen = written(n) { table.loops.select(elementSize: size, condition, x, y, $0, count: n) }
            #expect(chosen == (0..<n).map { condition[$0] != 0 ? x[$0] : y[$0] })
            let filled = written(n) { table.loops.fill(elementSize: size, $0, with: x, count: n) }
            #expect(filled == [T](repeating: x[0], count: n))
        }
        var untouched: [T] = [1]
        table.loops.fill(elementSize: size, &untouched, with: [T(2)], count: 0)
        table.loops.select(elementSize: size, [1], [T(2)], [T(3)], &untouched, count: 0)
        #expect(untouched == [1])
        for (rows, columns) in [(1, 1), (3, 5), (16, 16), (17, 33), (64, 9), (70, 1), (1, 70), (0, 4), (4, 0)] {
            let (xStride, outStride) = (columns + 3, rows + 2)
            let x = array(Swift.max(rows * xStride, 1))
            let count = columns * outStride
            let found = written(Swift.max(count, 1)) {
                $0.update(repeating: 7, count: Swift.max(count, 1))
                table.loops.transpose2D(
                    elementSize: size, x, xStride: xStride, $0, outStride: outStride, rows: rows, columns: columns)
            }
            for j in 0..<columns {
                for i in 0..<outStride {
                    #expect(found[j * outStride + i] == (i < rows ? x[i * xStride + j] : 7), "\(rows)x\(columns)")
                }
            }
        }
        // Contiguous, transposed, with steps, backwards, repeated, of rank 0 and empty.
        let views: [(shape: [Int], strides: [Int], start: Int, room: Int)] = [
            ([3, 4], [4, 1], 0, 12), ([4, 3], [1, 4], 0, 12), ([2, 3, 5], [1, 2, 6], 0, 30), ([3, 4], [8, 2], 1, 30),
            ([5], [-1], 4, 5), ([3, 4], [-4, -1], 11, 12), ([], [], 2, 3), ([0, 3], [3, 1], 0, 3),
            ([40, 50], [1, 40], 0, 2000),
            ([1, 7, 1], [99, 3, 99], 0, 21), ([2, 2, 2, 2], [1, 8, 2, 4], 0, 16), ([33, 2], [2, 1], 0, 66),
        ]
        for view in views {
            let x = array(view.room)
            let count = view.shape.reduce(1, *)
            var places: [Int] = []
            for number in 0..<count {
                var (rest, place) = (number, view.start)
                for axis in view.shape.indices.reversed() {
                    place += rest % view.shape[axis] * view.strides[axis]
                    rest /= view.shape[axis]
                }
                places.append(place)
            }
            let copied = written(Swift.max(count, 1)) { out in
                x.withUnsafeBufferPointer {
                    table.loops.copyStrided(
                        elementSize: size, $0.baseAddress! + view.start, out, shape: view.shape, strides: view.strides,
                        rank: view.shape.count)
                }
            }
            #expect(copied.prefix(count) == places.map { x[$0] }[...], "\(view.shape) \(view.strides)")
            let scattered = written(view.room) {
                $0.update(repeating: 3, count: view.room)
                table.loops.scatterStrided(
                    elementSize: size, x, $0 + view.start, shape: view.shape, strides: view.strides,
                    rank: view.shape.count)
            }
            var wanted = [T](repeating: 3, count: view.room)
            for (number, place) in places.enumerated() { wanted[place] = x[number] }
            #expect(scattered == wanted, "\(view.shape) \(view.strides)")
        }
        // The same value read again and again: a stretched axis.
        let repeated = written(6) {
            table.loops.copyStrided(elementSize: size, [T(5), T(6)], $0, shape: [3, 2], strides: [0, 1], rank: 2)
        }
        #expect(repeated == [5, 6, 5, 6, 5, 6])
    }

    @Test("elements of 1, 2, 4 and 8 bytes are chosen, filled, transposed and laid out", arguments: Table.all)
    func moves(table: Table) {
        sized(UInt8.self, table)
        sized(UInt16.self, table)
        sized(UInt32.self, table)
        sized(UInt64.self, table)
    }

    @Test("rows of any width are gathered", arguments: Table.all)
    func gathered(table: Table) {
        for width in [0, 1, 3, 8, 31, 64, 100] {
            let rows = (0..<(5 * width + 1)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let indices: [Int64] = [4, 0, 0, 2]
            var found = [UInt8](repeating: 9, count: 4 * width + 1)
            table.loops.gatherRows(rows, indices: indices, &found, count: 4, rowBytes: width)
            let wanted: [UInt8] = indices.flatMap { rows[Int($0) * width..<(Int($0) + 1) * width] }
            #expect(found == wanted + [9])
            table.loops.gatherRows(rows, indices: indices, &found, count: 0, rowBytes: width)
        }
    }
}

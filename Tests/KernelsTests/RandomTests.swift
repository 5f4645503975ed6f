import Foundation
import KernelTable
import Testing

/// Philox4x32-10 as its paper writes it, one block at a time.
private func philox(_ counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (x, k) = (counter, key)
    for _ in 0..<10 {
        let (p0, p1) = (UInt64(x[0]) * 0xD251_1F53, UInt64(x[2]) * 0xCD9E_8D57)
        x = [
            UInt32(p1 >> 32) ^ x[1] ^ k[0], UInt32(p1 & 0xFFFF_FFFF), UInt32(p0 >> 32) ^ x[3] ^ k[1],
            UInt32(p0 & 0xFFFF_FFFF),
        ]
        k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return x
}

/// Word number `place` of the stream that a key begins.
private func word(_ place: UInt64, _ key: UInt64) -> UInt32 {
    let block = place / 4
    let halves = [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)]
    return philox([UInt32(truncatingIfNeeded: block), UInt32(block >> 32), 0, 0], key: halves)[Int(place % 4)]
}

private func floatUniform(_ place: UInt64, _ key: UInt64) -> Double { Double(word(place, key) >> 8) / 16_777_216 }

private func doubleUniform(_ place: UInt64, _ key: UInt64) -> Double {
    let (low, high) = (UInt64(word(2 * place, key)), UInt64(word(2 * place + 1, key)))
    return Double((high << 32 | low) >> 11) / 9_007_199_254_740_992
}

@Suite("Random numbers")
struct RandomTests {
    /// Keys and counters: at a block's start and inside one, near 2³² blocks, with both halves of the key.
    static let places: [(key: UInt64, counter: UInt64)] = [
        (0, 0), (1, 3), (0x0123_4567_89AB_CDEF, 5), (7 << 32, (1 << 34) - 6), (.max, 1 << 40 + 1),
    ]

    @Test("the generator is Random123's Philox4x32-10")
    func knownAnswers() {
        let ones = UInt32.max
        #expect(philox([0, 0, 0, 0], key: [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(
            philox([ones, ones, ones, ones], key: [ones, ones])
                == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test("the words of every instruction set are the generator's", arguments: Table.all)
    func bits(table: Table) {
        for (key, counter) in Self.places {
            for n in [0, 1, 4, 5, 31, 33, 100] {
                var found = [UInt32](repeating: 9, count: n + 1)
                table.loops.float.philoxBits(key: key, counter: counter, &found, count: n)
                #expect(found == (0..<UInt64(n)).map { word(counter + $0, key) } + [9], "\(key) \(counter) \(n)")
            }
        }
        var first = [UInt32](repeating: 0, count: 4)
        table.loops.double.philoxBits(key: 0, counter: 0, &first, count: 4)
        #expect(first == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    }

    @Test("uniform numbers are the words' upper bits", arguments: Table.all)
    func uniform(table: Table) {
        for (key, counter) in Self.places {
            for n in [0, 1, 7, 8, 33, 100] {
                let narrow: [Float] = output(n) {
                    table.loops.float.philoxUniform(key: key, counter: counter, $0, count: n)
                }
                #expect(narrow.map { Double($0) } == (0..<UInt64(n)).map { floatUniform(counter + $0, key) })
                let wide: [Double] = output(n) {
                    table.loops.double.philoxUniform(key: key, counter: counter, $0, count: n)
                }
                #expect(wide == (0..<UInt64(n)).map { doubleUniform(counter + $0, key) })
            }
        }
    }

    @Test("normal numbers are Box and Muller's of two uniform ones", arguments: Table.all)
    func normal(table: Table) {
        func wanted(_ place: UInt64, _ uniform: (UInt64) -> Double) -> Double {
            let first = place - place % 2
            let (u, v) = (uniform(first), uniform(first + 1))
            let length = (-2 * log(1 - u)).squareRoot()
            return place % 2 == 0 ? length * cos(2 * .pi * v) : length * sin(2 * .pi * v)
        }
        for (key, counter) in Self.places {
            for n in [0, 1, 2, 9, 100] {
                let places = (0..<UInt64(n)).map { counter + $0 }
                let narrow: [Float] = output(n) {
                    table.loops.float.philoxNormal(key: key, counter: counter, $0, count: n)
                }
                let narrowWanted = places.map { place in wanted(place) { floatUniform($0, key) } }
                #expect(mismatch(narrow, narrowWanted, scale: 1) == nil)
                let wide: [Double] = output(n) {
                    table.loops.double.philoxNormal(key: key, counter: counter, $0, count: n)
                }
                let wideWanted = places.map { place in wanted(place) { doubleUniform($0, key) } }
                #expect(mismatch(wide, wideWanted, scale: 1) == nil)
            }
        }
    }

    func dropout<T: TestScalar>(_ type: T.Type, _ table: Table) {
        for (key, counter) in Self.places {
            for (n, p) in [(0, 0.5), (1, 0.5), (33, 0.25), (100, 0), (100, 1), (101, 0.9)] {
                var numbers = Numbers(3)
                let x: [T] = numbers.array(n)
                var mask = [UInt8](repeating: 9, count: n + 1)
                let found: [T] = output(n) {
                    T.kernels(table).dropout(
                        key: key, counter: counter, probability: p, scale: 3, x, $0, mask: &mask, count: n)
                }
                let kept = (0..<UInt64(n)).map { floatUniform(counter + $0, key) >= p }
                #expect(mask == kept.map { $0 ? 1 : 0 } + [9])
                #expect(mismatch(found, (0..<n).map { kept[$0] ? 3 * Double(x[$0]) : 0 }) == nil)
            }
        }
    }

    @Test("dropout keeps what the float uniform number says", arguments: Table.all)
    func dropout(table: Table) {
        dropout(Float.self, table)
        dropout(Double.self, table)
    }

    @Test("a stream cut anywhere goes on as if it were whole", arguments: Table.all)
    func cut(table: Table) {
        let n = 200
        for cut in [1, 2, 3, 4, 31, 64, 199] {
            func both<T: TestScalar>(_ draw: @escaping (UInt64, UnsafeMutablePointer<T>, Int) -> Void) {
                let whole: [T] = output(n) { draw(6, $0, n) }
                let parts: [T] = output(n) {
                    draw(6, $0, cut)
                    draw(6 + UInt64(cut), $0 + cut, n - cut)
                }
                #expect(whole == parts, "\(T.self) cut at \(cut)")
            }
            both { (c, out: UnsafeMutablePointer<Float>, n) in
                table.loops.float.philoxNormal(key: 11, counter: c, out, count: n)
            }
            both { (c, out: UnsafeMutablePointer<Double>, n) in
                table.loops.double.philoxNormal(key: 11, counter: c, out, count: n)
            }
            both { (c, out: UnsafeMutablePointer<Double>, n) in
                table.loops.double.philoxUniform(key: 11, counter: c, out, count: n)
            }
        }
    }

    @Test("all instruction sets draw the same numbers, bit for bit")
    func sameEverywhere() {
        let n = 10_000
        func numbers<T: TestScalar>(_ type: T.Type, _ table: Table) -> [[T]] {
            let k = T.kernels(table)
            return [
                output(n) { k.philoxUniform(key: 3, counter: 8, $0, count: n) },
                output(n) { k.philoxNormal(key: 3, counter: 8, $0, count: n) },
            ]
        }
        for table in Table.all.dropFirst() {
            #expect(numbers(Float.self, table) == numbers(Float.self, Table.all[0]))
            #expect(numbers(Double.self, table) == numbers(Double.self, Table.all[0]))
        }
    }
}

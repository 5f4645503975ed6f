import CIntrinsics
import Foundation
import KernelTable
import Testing

@Suite("All tables and all functions")
struct CompletenessTests {
    // A processor without an instruction set shows here that its loops were not tried.

    @Test("the AVX2 loops are among those tested", .enabled(if: kd_cpu_level() >= 2, "this processor has no AVX2"))
    func avx2() { #expect(Table.all.map { $0.testDescription }.contains("avx2")) }

    @Test(
        "the AVX-512 loops are among those tested", .enabled(if: kd_cpu_level() >= 3, "this processor has no AVX-512"))
    func avx512() { #expect(Table.all.map { $0.testDescription } == ["portable", "avx2", "avx512"]) }

    @Test("every function of the tables is called by a test")
    func everyFunction() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let sources = tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "Sources/KernelTable")
        let declarations = try Self.text(of: sources)
        let calls = try Self.text(of: tests)
        let names = Set(declarations.matches(of: #/static func (\w+)\(/#).map { String($0.output.1) })
        #expect(names.count > 50)
        for name in names.sorted() { #expect(calls.contains(".\(name)("), "\(name) has no test") }
    }

    private static func text(of folder: URL) throws -> String {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
    }

    @Test("pointers need the alignment of their scalar only", arguments: Table.all)
    func unaligned(table: Table) {
        func check<T: TestScalar>(_: T.Type) {
            let k = T.kernels(table)
            for n in [1, 7, 33, 100] {
                var numbers = Numbers(UInt64(n))
                let x: [T] = numbers.array(n, 0.5...2)
                func results(shift: Int) -> [[T]] {
                    let moved = [T](repeating: 9, count: shift) + x
                    return moved.withUnsafeBufferPointer { buffer in
                        let x = buffer.baseAddress! + shift
                        return [
                            output(n) { k.unary(.exp, x, $0, count: n) },
                            output(n) { k.binary(.pow, x, x, $0, count: n) },
                            output(n) { k.softmaxRows(x, $0, rows: 1, count: n) },
                            output(1) { k.reduceRows(.sum, x, $0, rows: 1, count: n) },
                            [k.dot(x, x, count: n), k.sumSquares(x, count: n), k.maxValue(x, count: n)],
                            output(n * n) {
                                let problem = MatmulProblem<T>(m: n, n: n, k: 1, a: x, b: x, c: $0)
                                MatmulTests.run(problem, k, reversed: false)
                            },
                        ]
                    }
                }
                for shift in 1...3 { #expect(results(shift: shift) == results(shift: 0), "\(n) from \(shift)") }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    @Test("places of extremes are found in every row", arguments: Table.all)
    func extremeRows(table: Table) {
        func check<T: TestScalar>(_: T.Type) {
            let k = T.kernels(table)
            for n in sizes where n > 0 {
                var numbers = Numbers(UInt64(n))
                let rows = 4
                var x: [T] = (0..<rows * n).map { _ in T(Int(numbers.next() % 9)) }
                x[n - 1] = .nan
                var (largest, smallest) = (
                    [Int64](repeating: -9, count: rows + 1), [Int64](repeating: -9, count: rows + 1)
                )
                k.argmaxRows(x, &largest, rows: rows, count: n)
                k.argminRows(x, &smallest, rows: rows, count: n)
                #expect(largest[rows] == -9 && smallest[rows] == -9)
                for r in 0..<rows {
                    let row = Array(x[r * n..<(r + 1) * n])
                    let nan = row.firstIndex { $0.isNaN }
                    let first = nan ?? row.indices.first { i in row.allSatisfy { $0 <= row[i] } } ?? -1
                    let last = nan ?? row.indices.first { i in row.allSatisfy { $0 >= row[i] } } ?? -1
                    #expect(Int(largest[r]) == first, "\(n)")
                    #expect(Int(smallest[r]) == last, "\(n)")
                }
                k.argmaxRows(x, &largest, rows: 0, count: n)
            }
        }
        check(Float.self)
        check(Double.self)
    }
}

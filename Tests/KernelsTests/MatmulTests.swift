import Foundation
import KernelTable
import Testing

@Suite("Matrix products")
struct MatmulTests {
    /// Runs a problem's tasks in the given order.
    static func run<T: TestScalar>(_ problem: MatmulProblem<T>, _ k: any RealKernelTable<T>.Type, reversed: Bool) {
        let plan = k.matmulPlan(problem)
        let packed = UnsafeMutablePointer<T>.allocate(capacity: plan.packedCount + plan.scratchCount + 1)
        packed.initialize(repeating: .nan, count: plan.packedCount + plan.scratchCount + 1)
        defer { packed.deallocate() }
        if reversed {
            for task in (0..<plan.packTasks).reversed() { k.matmulPack(problem, plan, task: task, packed) }
            for task in (0..<plan.tasks).reversed() {
                k.matmulCompute(problem, plan, task: task, packed, packed + plan.packedCount)
            }
        } else {
            k.matmul(problem, plan, packed)
        }
    }

    /// Runs a problem whose panels are made before.
    static func runWithPanels<T: TestScalar>(_ problem: MatmulProblem<T>, _ k: any RealKernelTable<T>.Type) {
        let (tasks, count) = k.matmulPanels(problem)
        var panels = [T](repeating: .nan, count: count + 1)
        panels.withUnsafeMutableBufferPointer { panels in
            for task in (0..<tasks).reversed() { k.matmulPackPanels(problem, task: task, panels.baseAddress!) }
            var problem = problem
            problem.panels = UnsafePointer(panels.baseAddress)
            run(problem, k, reversed: true)
        }
    }

    func products<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let kernels = T.kernels(table)
        let shapes = [
            (1, 1, 1), (1, 7, 5), (7, 1, 5), (3, 5, 0), (0, 3, 4), (2, 3, 4), (4, 300, 33), (300, 4, 33), (5, 5, 5),
            (12, 32, 8), (13, 33, 17), (31, 65, 100), (32, 256, 300), (256, 32, 300), (100, 100, 1), (65, 70, 600),
            (70, 130, 257), (1, 600, 300), (600, 1, 300), (17, 1000, 3), (8, 40, 21), (150, 70, 300), (290, 801, 30),
            (300, 75, 40), (150, 70, 1024), (40, 80, 1024), (150, 770, 390),
        ]
        for (m, n, k) in shapes {
            var numbers = Numbers(UInt64(m * 31 + n * 7 + k))
            let a: [T] = numbers.array(m * k)
            let b: [T] = numbers.array(k * n)
            let start: [T] = numbers.array(m * n)
            let bias: [T] = numbers.array(n)
            for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
                var product = [Double](repeating: 0, count: m * n)
                for i in 0..<m {
                    for p in 0..<k {
                        let left = Double(a[transposeA ? p * m + i : i * k + p])
                        for j in 0..<n { product[i * n + j] += left * Double(b[transposeB ? j * k + p : p * n + j]) }
                    }
                }
                for (alpha, beta, hasBias) in [(1.0, 0.0, false), (0.5, 1.0, true), (1, 0.25, false), (1, 0, true)] {
                    var isSame = false
                    func result(reversed: Bool, panels: Bool = false) -> [T] {
                        output(m * n) { c in
                            // With beta = 0 the old contents must not matter.
                            if beta == 0 {
                                c.update(repeating: .nan, count: m * n)
                            } else {
                                c.update(from: start, count: m * n)
                            }
                            var problem = MatmulProblem(
                                m: m, n: n, k: k, a: a, transposeA: transposeA, b: b, transposeB: transposeB, c: c,
                                alpha: T(alpha), beta: T(beta))
                            bias.withUnsafeBufferPointer { bias in
                                if hasBias { problem.bias = bias.baseAddress }
                                isSame = kernels.matmulPlan(problem).readsPanels
                                if panels {
                                    Self.runWithPanels(problem, kernels)
                                } else {
                                    Self.run(problem, kernels, reversed: reversed)
                                }
                            }
                        }
                    }
                    let found = result(reversed: false)
                    let wanted = (0..<(m * n)).map {
                        alpha * product[$0] + (beta == 0 ? 0 : beta * Double(start[$0]))
                            + (hasBias ? Double(bias[$0 % n]) : 0)
                    }
                    let failure = mismatch(found, wanted, scale: 5 * Double(k).squareRoot() + 1)
                    #expect(failure == nil, "\(m)x\(n)x\(k) \(transposeA) \(transposeB) \(alpha) \(beta)")
                    let fromPanels = result(reversed: true, panels: true)
                    let failed = mismatch(fromPanels, wanted, scale: 5 * Double(k).squareRoot() + 1)
                    #expect(failed == nil, "\(m)x\(n)x\(k) \(transposeA) \(transposeB), from panels")
                    if isSame { #expect(fromPanels == found, "\(m)x\(n)x\(k): panels change the sums") }
                    if alpha == 0.5 { #expect(result(reversed: true) == found, "order of tasks matters") }
                }
            }
        }
    }

    @Test("products of odd shapes, transposed and accumulated", arguments: Table.all)
    func products(table: Table) {
        products(Float.self, table)
        products(Double.self, table)
    }

    @Test("a product with strides and a transposed result", arguments: Table.all)
    func strided(table: Table) {
        let (m, n, k) = (9, 40, 21)
        var numbers = Numbers(3)
        let a: [Float] = numbers.array(m * k * 2)
        let b: [Float] = numbers.array(k * n * 3)
        let c: [Float] = output(m * n) { c in
            var problem = MatmulProblem(m: m, n: n, k: k, a: a, b: b, c: c)
            (problem.aRowStride, problem.aColumnStride) = (2 * k, 2)
            (problem.bRowStride, problem.bColumnStride) = (3 * n, 3)
            (problem.cRowStride, problem.cColumnStride) = (1, m)
            Self.run(problem, table.loops.float, reversed: false)
        }
        let wanted = (0..<(m * n)).map { index -> Double in
            let (j, i) = (index / m, index % m)
            return (0..<k).reduce(0) { $0 + Double(a[i * 2 * k + 2 * $1]) * Double(b[$1 * 3 * n + 3 * j]) }
        }
        #expect(mismatch(c, wanted, scale: 5) == nil)
    }
}

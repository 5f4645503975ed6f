import Foundation
import KernelTable
import Testing

@Suite("Reductions and normalizations")
struct ReductionTests {
    static func reduce(_ op: ReduceOp, _ x: [Double]) -> Double {
        switch op {
        case .sum: return x.reduce(0, +)
        case .mean: return x.isEmpty ? 0 : x.reduce(0, +) / Double(x.count)
        case .max: return x.contains { $0.isNaN } ? .nan : x.reduce(-.infinity, Swift.max)
        case .min: return x.contains { $0.isNaN } ? .nan : x.reduce(.infinity, Swift.min)
        case .prod: return x.reduce(1, *)
        case .sumSquares: return x.reduce(0) { $0 + $1 * $1 }
        case .logSumExp:
            let largest = x.reduce(-.infinity, Swift.max)
            return largest.isFinite ? largest + log(x.reduce(0) { $0 + exp($1 - largest) }) : largest
        }
    }

    func reductions<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for n in sizes {
            for rows in [0, 1, 3, 130] where n < 1000 || rows < 100 {
                var numbers = Numbers(UInt64(n + rows))
                let x: [T] = numbers.array(rows * n, 0.5...1.5)
                for op in ReduceOp.allCases {
                    let tolerance = op == .prod ? Double(Swift.max(n, rows)) * T.precision : T.precision
                    let byRow: [T] = output(rows) { k.reduceRows(op, x, $0, rows: rows, count: n) }
                    let rowsWanted = (0..<rows).map { r in Self.reduce(op, (0..<n).map { Double(x[r * n + $0]) }) }
                    #expect(mismatch(byRow, rowsWanted, tolerance: tolerance) == nil, "\(op) rows \(rows)x\(n)")
                    let byColumn: [T] = output(n) { k.reduceColumns(op, x, stride: n, $0, rows: rows, count: n) }
                    let columnsWanted = (0..<n).map { i in Self.reduce(op, (0..<rows).map { Double(x[$0 * n + i]) }) }
                    #expect(
                        mismatch(byColumn, columnsWanted, tolerance: tolerance) == nil, "\(op) columns \(rows)x\(n)")
                }
            }
            var numbers = Numbers(UInt64(n))
            let x: [T] = numbers.array(n)
            let y: [T] = numbers.array(n)
            let products = (0..<n).map { Double(x[$0]) * Double(y[$0]) }
            #expect(agree(k.dot(x, y, count: n), Self.reduce(.sum, products), scale: Double(n)))
            #expect(agree(k.sum(x, count: n), Self.reduce(.sum, x.map { Double($0) }), scale: Double(n)))
            #expect(agree(k.sumSquares(x, count: n), Self.reduce(.sumSquares, x.map { Double($0) })))
            #expect(k.argmax(x, count: n) == (x.indices.max { x[$0] < x[$1] } ?? 0))
            #expect(k.argmin(x, count: n) == (x.indices.min { x[$0] < x[$1] } ?? 0))
        }
    }

    @Test("rows, columns and whole arrays reduce as in Double", arguments: Table.all)
    func reductions(table: Table) {
        reductions(Float.self, table)
        reductions(Double.self, table)
    }

    @Test("ties go to the first and NaN wins", arguments: Table.all)
    func ties(table: Table) {
        let k = table.loops.float
        #expect(k.argmax([1, 3, 3, 2], count: 4) == 1)
        #expect(k.argmin([2, 1, 1, 3], count: 4) == 1)
        var x = [Float](repeating: 1, count: 40)
        x[37] = .nan
        #expect(k.argmax(x, count: 40) == 37 && k.argmin(x, count: 40) == 37)
        #expect(k.maxValue(x, count: 40).isNaN && k.minValue(x, count: 40).isNaN)
        #expect(k.sum(x, count: 40).isNaN)
        x[37] = .infinity
        #expect(k.sum(x, count: 40) == .infinity)
        let column: [Float] = output(1) { k.reduceColumns(.sum, x, stride: 1, $0, rows: 40, count: 1) }
        #expect(column == [.infinity])
    }

    @Test("a float sum of ten million elements keeps its digits", arguments: Table.all)
    func longSum(table: Table) {
        let n = 10_000_000
        let x = [Float](repeating: 0.1, count: n)
        let wanted = Double(Float(0.1)) * Double(n)
        #expect(agree(table.loops.float.sum(x, count: n), wanted))
        let column: [Float] = output(1) { table.loops.float.reduceColumns(.sum, x, stride: 1, $0, rows: n, count: 1) }
        #expect(agree(column[0], wanted, tolerance: 1e-5))
    }

    func normalizations<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        let rows = 3
        for n in sizes where n > 0 {
            var numbers = Numbers(UInt64(n))
            let x: [T] = numbers.array(rows * n, -5...5)
            let g: [T] = numbers.array(rows * n)
            let weight: [T] = numbers.array(n)
            let bias: [T] = numbers.array(n)
            func perRow(_ f: (_ x: [Double], _ g: [Double]) -> [Double]) -> [Double] {
                (0..<rows).flatMap { r in
                    f(x[(r * n)..<(r * n + n)].map { Double($0) }, g[(r * n)..<(r * n + n)].map { Double($0) })
                }
            }
            func probabilities(_ x: [Double]) -> [Double] {
                let total = Self.reduce(.logSumExp, x)
                return x.map { exp($0 - total) }
            }
            let near = 8 * T.precision
            let soft: [T] = output(rows * n) { k.softmaxRows(x, $0, rows: rows, count: n) }
            #expect(mismatch(soft, perRow { x, _ in probabilities(x) }, tolerance: near) == nil, "softmax \(n)")
            let logSoft: [T] = output(rows * n) { k.logSoftmaxRows(x, $0, rows: rows, count: n) }
            #expect(
                mismatch(logSoft, perRow { x, _ in x.map { $0 - Self.reduce(.logSumExp, x) } }, scale: 5) == nil)
            let softBack: [T] = output(rows * n) {
                k.softmaxBackwardRows(output: soft, gradient: g, $0, rows: rows, count: n)
            }
            let softWanted = perRow { x, g in
                let p = probabilities(x)
                let inner = Self.reduce(.sum, (0..<n).map { p[$0] * g[$0] })
                return (0..<n).map { p[$0] * (g[$0] - inner) }
            }
            #expect(mismatch(softBack, softWanted, scale: 1) == nil, "softmax back \(n)")
            let logBack: [T] = output(rows * n) {
                k.logSoftmaxBackwardRows(output: logSoft, gradient: g, $0, rows: rows, count: n)
            }
            let logWanted = perRow { x, g in
                let (p, total) = (probabilities(x), Self.reduce(.sum, g))
                return (0..<n).map { g[$0] - p[$0] * total }
            }
            #expect(mismatch(logBack, logWanted, scale: Double(n).squareRoot()) == nil, "log softmax back \(n)")

            let targets: [Int64] = [Int64(n - 1), 0, -100]
            let loss: [T] = output(rows) { k.crossEntropyRows(x, targets: targets, loss: $0, rows: rows, count: n) }
            let losses = perRow { x, _ in x.map { Self.reduce(.logSumExp, x) - $0 } }
            #expect(mismatch(loss, [losses[n - 1], losses[n], 0], scale: 10) == nil)
            let lossGradient: [T] = [2, 3, 5]
            let lossBack: [T] = output(rows * n) {
                k.crossEntropyBackwardRows(
                    x, targets: targets, gradient: lossGradient, $0, rows: rows, count: n)
            }
            var lossWanted = perRow { x, _ in probabilities(x) }
            lossWanted[n - 1] -= 1
            lossWanted[n] -= 1
            for i in lossWanted.indices { lossWanted[i] *= [2, 3, 0][i / n] }
            #expect(mismatch(lossBack, lossWanted, scale: 3) == nil)

            // Layer norm, with and without parameters.
            let eps = 1e-5
            func normal(_ x: [Double]) -> (z: [Double], mean: Double, rstd: Double) {
                let mean = Self.reduce(.mean, x)
                let rstd = 1 / sqrt(Self.reduce(.mean, x.map { ($0 - mean) * ($0 - mean) }) + eps)
                return (x.map { ($0 - mean) * rstd }, mean, rstd)
            }
            for (usesWeight, usesBias) in [(true, true), (true, false), (false, true), (false, false)] {
                var mean = [T](repeating: 0, count: rows)
                var rstd = mean
                let y: [T] = output(rows * n) { p in
                    weight.withUnsafeBufferPointer { w in
                        bias.withUnsafeBufferPointer { b in
                            k.layerNormRows(
                                x, weight: usesWeight ? w.baseAddress : nil, bias: usesBias ? b.baseAddress : nil,
                                eps: T(eps), p, mean: &mean, rstd: &rstd, rows: rows, count: n)
                        }
                    }
                }
                let wanted = perRow { x, _ in
                    let z = normal(x).z
                    return (0..<n).map {
                        z[$0] * (usesWeight ? Double(weight[$0]) : 1) + (usesBias ? Double(bias[$0]) : 0)
                    }
                }
                let rough = n == 1 ? 1e-2 : 16 * T.precision
                #expect(mismatch(y, wanted, scale: 2, tolerance: rough) == nil, "layer norm \(n)")
                guard n > 1 else { continue }
                let dx: [T] = output(rows * n) { p in
                    weight.withUnsafeBufferPointer { w in
                        k.layerNormBackwardRows(
                            x, weight: usesWeight ? w.baseAddress : nil, gradient: g, mean: mean, rstd: rstd, p,
                            rows: rows, count: n)
                    }
                }
                let back = perRow { x, g in
                    let (z, _, rstd) = normal(x)
                    let h = (0..<n).map { g[$0] * (usesWeight ? Double(weight[$0]) : 1) }
                    let (a, b) = (Self.reduce(.mean, h), Self.reduce(.mean, (0..<n).map { h[$0] * z[$0] }))
                    return (0..<n).map { rstd * (h[$0] - a - z[$0] * b) }
                }
                let largest = back.map(abs).max() ?? 0
                #expect(mismatch(dx, back, scale: largest + 1, tolerance: 64 * T.precision) == nil, "back \(n)")
                let dWeight: [T] = output(n) { w in
                    w.update(repeating: 1, count: n)
                    k.layerNormParameterGradients(
                        x, gradient: g, mean: mean, rstd: rstd, dWeight: w, dBias: nil, rows: rows, count: n)
                }
                let scaled = perRow { x, g in
                    let z = normal(x).z
                    return (0..<n).map { g[$0] * z[$0] }
                }
                let dWanted = (0..<n).map { i in 1 + (0..<rows).reduce(0) { $0 + scaled[$1 * n + i] } }
                #expect(mismatch(dWeight, dWanted, scale: 4, tolerance: 16 * T.precision) == nil)
                let dBias: [T] = output(n) { b in
                    b.update(repeating: 0, count: n)
                    k.layerNormParameterGradients(
                        x, gradient: g, mean: mean, rstd: rstd, dWeight: nil, dBias: b, rows: rows, count: n)
                }
                let bWanted = (0..<n).map { i in (0..<rows).reduce(0) { $0 + Double(g[$1 * n + i]) } }
                #expect(mismatch(dBias, bWanted, scale: 2) == nil)
            }
            let rms: [T] = output(rows * n) {
                k.rmsNormRows(x, weight: weight, eps: T(eps), $0, rstd: nil, rows: rows, count: n)
            }
            let rmsWanted = perRow { x, _ in
                let s = 1 / sqrt(Self.reduce(.sumSquares, x) / Double(n) + eps)
                return (0..<n).map { x[$0] * s * Double(weight[$0]) }
            }
            #expect(mismatch(rms, rmsWanted) == nil)
            for reversed in [false, true] {
                let sums: [T] = output(rows * n) {
                    k.cumulativeSumRows(x, $0, rows: rows, count: n, reversed: reversed)
                }
                let wanted = perRow { x, _ in
                    (0..<n).map { i in (reversed ? x[i...] : x[...i]).reduce(0, +) }
                }
                #expect(mismatch(sums, wanted, scale: Double(n) * 5) == nil)
            }
        }
    }

    @Test("softmax, cross entropy, layer norm and their pullbacks", arguments: Table.all)
    func normalizations(table: Table) {
        normalizations(Float.self, table)
        normalizations(Double.self, table)
    }

    @Test("softmax of large and infinite logits", arguments: Table.all)
    func extremeLogits(table: Table) {
        let x: [Float] = [1000, 1000, -.infinity, -1000]
        let y: [Float] = output(4) { table.loops.float.softmaxRows(x, $0, rows: 1, count: 4) }
        #expect(y == [0.5, 0.5, 0, 0])
    }

    @Test("softmax down to the least number there is", arguments: Table.all)
    func smallShares(table: Table) {
        for far in 0..<1100 {
            let x: [Float] = [0, -Float(far) / 10]
            let y: [Float] = output(2) { table.loops.float.softmaxRows(x, $0, rows: 1, count: 2) }
            let wanted = exp(Double(x[1])) / (1 + exp(Double(x[1])))
            #expect(abs(Double(y[1]) - wanted) <= 3 * Double(Float(wanted).ulp), "\(x[1]): \(y[1]), expected \(wanted)")
        }
    }

    @Test("rows are gathered and added in order", arguments: Table.all)
    func gatherAndScatter(table: Table) {
        let source: [Float] = (0..<20).map { Float($0) }
        let indices: [Int64] = [3, 0, 3]
        let rows: [Float] = output(15) {
            table.loops.gatherRows(source, indices: indices, $0, count: 3, rowBytes: 20)
        }
        #expect(rows == Array(source[15..<20]) + Array(source[0..<5]) + Array(source[15..<20]))
        let added: [Float] = output(20) { p in
            p.update(repeating: 0, count: 20)
            table.loops.float.scatterAddRows(rows, indices: indices, p, count: 3, width: 5)
        }
        #expect(Array(added[15..<20]) == source[15..<20].map { 2 * $0 })
        #expect(Array(added[0..<5]) == Array(source[0..<5]) && added[5..<15].allSatisfy { $0 == 0 })
    }
}

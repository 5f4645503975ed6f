import Foundation
import KernelTable
import Testing

/// The loops of one kind of layer or another: windows, gates, optimizers.
@Suite("Windows, recurrent gates and optimizers")
struct TrainingLoopsTests {
    // MARK: Windows

    private static let windows: [(length: Int, window: Window1D)] = [
        (7, Window1D(kernel: 3)), (7, Window1D(kernel: 3, stride: 2, padding: 1)),
        (9, Window1D(kernel: 2, stride: 1, padding: 0, dilation: 3)), (5, Window1D(kernel: 5, padding: 4)),
        (3, Window1D(kernel: 4)), (1, Window1D(kernel: 1)),
        (40, Window1D(kernel: 4, stride: 3, padding: 2, dilation: 2)),
        (2, Window1D(kernel: 2, stride: 5, padding: 1)), (0, Window1D(kernel: 1)),
        (100, Window1D(kernel: 7, padding: 3)),
    ]

    private func windows<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        let channels = 3
        for (length, w) in Self.windows {
            var numbers = Numbers(UInt64(length + w.kernel))
            let outputs = w.outputLength(length)
            let x: [T] = numbers.array(channels * length)
            func place(_ o: Int, _ j: Int) -> Int? {
                let place = o * w.stride - w.padding + j * w.dilation
                return (0..<length).contains(place) ? place : nil
            }
            let count = channels * w.kernel * outputs
            let columns: [T] = output(count) { k.im2col1D(x, $0, channels: channels, length: length, window: w) }
            var wanted: [Double] = []
            for c in 0..<channels {
                for j in 0..<w.kernel {
                    for o in 0..<outputs { wanted.append(place(o, j).map { Double(x[c * length + $0]) } ?? 0) }
                }
            }
            #expect(mismatch(columns, wanted) == nil, "\(length) \(w)")
            let source: [T] = numbers.array(count)
            let added: [T] = output(channels * length) {
                $0.update(repeating: 1, count: channels * length)
                k.col2im1D(source, $0, channels: channels, length: length, window: w)
            }
            var sums = [Double](repeating: 1, count: channels * length)
            for c in 0..<channels {
                for j in 0..<w.kernel {
                    for o in 0..<outputs {
                        if let place = place(o, j) {
                            sums[c * length + place] += Double(source[(c * w.kernel + j) * outputs + o])
                        }
                    }
                }
            }
            #expect(mismatch(added, sums, scale: 4) == nil, "\(length) \(w)")
            // Every window of a pooling meets the row.
            guard w.padding * 2 <= w.kernel, w.dilation == 1 || w.padding == 0, length > 0 else { continue }
            var indices = [Int64](repeating: -9, count: channels * outputs + 1)
            let pooled: [T] = output(channels * outputs) {
                k.maxPoolRows(x, $0, indices: &indices, rows: channels, length: length, window: w)
            }
            #expect(indices.removeLast() == -9)
            for c in 0..<channels {
                for o in 0..<outputs {
                    let row = (0..<w.kernel).compactMap { place(o, $0) }
                    guard let best = row.max(by: { x[c * length + $0] < x[c * length + $1] }) else { continue }
                    #expect(indices[c * outputs + o] == Int64(best), "\(length) \(w)")
                    #expect(pooled[c * outputs + o] == x[c * length + best], "\(length) \(w)")
                }
            }
            let back: [T] = output(channels * length) {
                $0.update(repeating: 2, count: channels * length)
                k.maxPoolBackwardRows(
                    gradient: pooled, indices: indices, $0, rows: channels, length: length, outputLength: outputs)
            }
            var backWanted = [Double](repeating: 2, count: channels * length)
            for i in 0..<channels * outputs { backWanted[i / outputs * length + Int(indices[i])] += Double(pooled[i]) }
            #expect(mismatch(back, backWanted, scale: 4) == nil, "\(length) \(w)")
        }
    }

    @Test("columns of windows, their transpose, and pooling", arguments: Table.all)
    func windows(table: Table) {
        windows(Float.self, table)
        windows(Double.self, table)
    }

    @Test("the maximum of a window is its NaN, or the first of equal ones", arguments: Table.all)
    func poolingTies(table: Table) {
        let x: [Float] = [1, 3, 3, 2, .nan, 1, -.infinity, -.infinity]
        var indices = [Int64](repeating: 0, count: 4)
        let found: [Float] = output(4) {
            table.loops.float.maxPoolRows(
                x, $0, indices: &indices, rows: 1, length: 8, window: Window1D(kernel: 2, stride: 2))
        }
        #expect(found[0] == 3 && found[1] == 3 && found[2].isNaN && found[3] == -.infinity)
        #expect(indices == [1, 2, 4, 6])
    }

    // MARK: Gates

    private func gates<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for (rows, hidden) in [(0, 3), (2, 0), (1, 1), (3, 5), (2, 16), (4, 33)] {
            var numbers = Numbers(UInt64(rows * 40 + hidden))
            let n = rows * hidden
            func sigmoid(_ x: T) -> Double { 1 / (1 + exp(-Double(x))) }
            // Gate number `gate` of `all` at element i of [rows, H].
            func at(_ x: [T], _ i: Int, _ gate: Int, of all: Int) -> T {
                x[i / hidden * all * hidden + gate * hidden + i % hidden]
            }
            func laidOut(_ gates: [[Double]]) -> [Double] {
                (0..<rows).flatMap { r in gates.flatMap { $0[r * hidden..<(r + 1) * hidden] } }
            }
            let near = 8 * T.precision

            let pre: [T] = numbers.array(4 * n, -3...3)
            let previous: [T] = numbers.array(n)
            let (gh, gc): ([T], [T]) = (numbers.array(n), numbers.array(n))
            var (cell, state) = ([T](repeating: 0, count: n + 1), [T](repeating: 0, count: n + 1))
            let activated: [T] = output(4 * n) {
                k.lstmCellRows(
                    gates: pre, previousCell: previous, activated: $0, cell: &cell, hiddenState: &state, rows: rows,
                    hidden: hidden)
            }
            let all = 0..<n
            let (i, f) = (all.map { sigmoid(at(pre, $0, 0, of: 4)) }, all.map { sigmoid(at(pre, $0, 1, of: 4)) })
            let (g, o) = (all.map { tanh(Double(at(pre, $0, 2, of: 4))) }, all.map { sigmoid(at(pre, $0, 3, of: 4)) })
            let c = all.map { f[$0] * Double(previous[$0]) + i[$0] * g[$0] }
            #expect(mismatch(activated, laidOut([i, f, g, o]), scale: 1, tolerance: near) == nil)
            #expect(mismatch(Array(cell.prefix(n)), c, scale: 1, tolerance: near) == nil)
            #expect(mismatch(Array(state.prefix(n)), all.map { o[$0] * tanh(c[$0]) }, scale: 1, tolerance: near) == nil)
            #expect(cell[n] == 0 && state[n] == 0)
            var dPrevious = [T](repeating: 0, count: n + 1)
            let dGates: [T] = output(4 * n) {
                k.lstmCellBackwardRows(
                    activated: activated, previousCell: previous, cell: cell, hiddenGradient: gh, cellGradient: gc,
                    dGates: $0, dPreviousCell: &dPrevious, rows: rows, hidden: hidden)
            }
            let dc = all.map { Double(gc[$0]) + Double(gh[$0]) * o[$0] * (1 - tanh(c[$0]) * tanh(c[$0])) }
            let dWanted = laidOut([
                all.map { dc[$0] * g[$0] * i[$0] * (1 - i[$0]) },
                all.map { dc[$0] * Double(previous[$0]) * f[$0] * (1 - f[$0]) },
                all.map { dc[$0] * i[$0] * (1 - g[$0] * g[$0]) },
                all.map { Double(gh[$0]) * tanh(c[$0]) * o[$0] * (1 - o[$0]) },
            ])
            #expect(mismatch(dGates, dWanted, scale: 1, tolerance: near) == nil)
            #expect(mismatch(Array(dPrevious.prefix(n)), all.map { dc[$0] * f[$0] }, scale: 1, tolerance: near) == nil)

            let (xGates, hGates): ([T], [T]) = (numbers.array(3 * n, -2...2), numbers.array(3 * n, -2...2))
            var next = [T](repeating: 0, count: n + 1)
            let gruGates: [T] = output(3 * n) {
                k.gruCellRows(
                    inputGates: xGates, hiddenGates: hGates, previousHidden: previous, activated: $0,
                    hiddenState: &next, rows: rows, hidden: hidden)
            }
            let r = all.map { 1 / (1 + exp(-Double(at(xGates, $0, 0, of: 3)) - Double(at(hGates, $0, 0, of: 3)))) }
            let z = all.map { 1 / (1 + exp(-Double(at(xGates, $0, 1, of: 3)) - Double(at(hGates, $0, 1, of: 3)))) }
            let new = all.map { tanh(Double(at(xGates, $0, 2, of: 3)) + r[$0] * Double(at(hGates, $0, 2, of: 3))) }
            #expect(mismatch(gruGates, laidOut([r, z, new]), scale: 1, tolerance: near) == nil)
            let h = all.map { (1 - z[$0]) * new[$0] + z[$0] * Double(previous[$0]) }
            #expect(mismatch(Array(next.prefix(n)), h, scale: 1, tolerance: near) == nil && next[n] == 0)
            var dHidden = [T](repeating: 0, count: 3 * n + 1)
            let dInput: [T] = output(3 * n) {
                k.gruCellBackwardRows(
                    activated: gruGates, hiddenGates: hGates, previousHidden: previous, hiddenGradient: gh,
                    dInputGates: $0, dHiddenGates: &dHidden, dPreviousHidden: &dPrevious, rows: rows, hidden: hidden)
            }
            let dNew = all.map { Double(gh[$0]) * (1 - z[$0]) * (1 - new[$0] * new[$0]) }
            let dr = all.map { dNew[$0] * Double(at(hGates, $0, 2, of: 3)) * r[$0] * (1 - r[$0]) }
            let dz = all.map { Double(gh[$0]) * (Double(previous[$0]) - new[$0]) * z[$0] * (1 - z[$0]) }
            #expect(mismatch(dInput, laidOut([dr, dz, dNew]), scale: 1, tolerance: near) == nil)
            let dHiddenWanted = laidOut([dr, dz, all.map { dNew[$0] * r[$0] }])
            #expect(mismatch(Array(dHidden.prefix(3 * n)), dHiddenWanted, scale: 1, tolerance: near) == nil)
            let direct = all.map { z[$0] * Double(gh[$0]) }
            #expect(mismatch(Array(dPrevious.prefix(n)), direct, scale: 1, tolerance: near) == nil)
        }
    }

    @Test("the gates of LSTM and GRU cells and their pullbacks", arguments: Table.all)
    func gates(table: Table) {
        gates(Float.self, table)
        gates(Double.self, table)
    }

    // MARK: Optimizers

    private func optimizers<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for n in sizes {
            var numbers = Numbers(UInt64(n))
            let (p, g): ([T], [T]) = (numbers.array(n), numbers.array(n))
            let (m, v): ([T], [T]) = (numbers.array(n), numbers.array(n, 0...1))
            for decoupled in [false, true] {
                var (first, second) = (m, v)
                let found: [T] = output(n) {
                    $0.update(from: p, count: n)
                    k.adamStep(
                        parameter: $0, gradient: g, firstMoment: &first, secondMoment: &second, count: n, lr: 0.1,
                        beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01, biasCorrection1: 0.3,
                        biasCorrection2: 0.2, decoupled: decoupled)
                }
                var (pWanted, mWanted, vWanted): ([Double], [Double], [Double]) = ([], [], [])
                for i in 0..<n {
                    var (p, g) = (Double(p[i]), Double(g[i]))
                    if decoupled { p -= 0.1 * 0.01 * p } else { g += 0.01 * p }
                    mWanted.append(Double(m[i]) + (g - Double(m[i])) * (1 - 0.9))
                    vWanted.append(0.99 * Double(v[i]) + (1 - 0.99) * g * g)
                    pWanted.append(p - 0.1 / 0.3 * mWanted[i] / (vWanted[i].squareRoot() / 0.2.squareRoot() + 1e-8))
                }
                #expect(mismatch(first, mWanted, scale: 1) == nil)
                #expect(mismatch(second, vWanted, scale: 1) == nil)
                #expect(mismatch(found, pWanted, scale: 1, tolerance: 4 * T.precision) == nil, "adam \(n)")
            }
            for (momentum, nesterov, isFirst) in [
                (0.0, false, true), (0.9, false, true), (0.9, false, false), (0.9, true, false),
            ] {
                var buffer = m
                let found: [T] = output(n) { out in
                    out.update(from: p, count: n)
                    buffer.withUnsafeMutableBufferPointer {
                        k.sgdStep(
                            parameter: out, gradient: g, momentumBuffer: momentum == 0 ? nil : $0.baseAddress, count: n,
                            lr: 0.1, momentum: momentum, dampening: nesterov ? 0 : 0.2, nesterov: nesterov,
                            weightDecay: 0.01, isFirstStep: isFirst)
                    }
                }
                var (pWanted, bWanted): ([Double], [Double]) = ([], [])
                for i in 0..<n {
                    let g = Double(g[i]) + 0.01 * Double(p[i])
                    if momentum == 0 {
                        bWanted.append(Double(m[i]))
                        pWanted.append(Double(p[i]) - 0.1 * g)
                        continue
                    }
                    bWanted.append(isFirst ? g : momentum * Double(m[i]) + (1 - (nesterov ? 0 : 0.2)) * g)
                    pWanted.append(Double(p[i]) - 0.1 * (nesterov ? g + momentum * bWanted[i] : bWanted[i]))
                }
                #expect(mismatch(buffer, bWanted, scale: 2) == nil, "momentum \(momentum)")
                #expect(mismatch(found, pWanted, scale: 2) == nil, "sgd \(n) \(momentum) \(nesterov) \(isFirst)")
            }
        }
    }

    @Test("steps of Adam, AdamW and SGD", arguments: Table.all)
    func optimizers(table: Table) {
        optimizers(Float.self, table)
        optimizers(Double.self, table)
    }
}

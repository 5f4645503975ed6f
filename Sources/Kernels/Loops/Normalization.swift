import KernelTable

extension RealLoops {
    static func softmaxRows(_ x: Input, _ out: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let (row, target) = (x + r &* n, out + r &* n)
            let shift = Vector(maxValue(row, count: n))
            var total = Vector.zero
            for i in registers(n) {
                let e = (load(row, i) - shift).nonPositiveExp
                store(e, target, i)
                total = total + firstLanes(e, i)
            }
            let scale = Vector(1 / total.sum)
            for i in registers(n) { store(load(target, i) * scale, target, i) }
        }
    }

    static func logSoftmaxRows(_ x: Input, _ out: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let (row, target) = (x + r &* n, out + r &* n)
            let largest = maxValue(row, count: n)
            let (shift, logTotal) = (Vector(largest), Vector(logarithm(shiftedExpSum(row, n, largest))))
            for i in registers(n) { store((load(row, i) - shift) - logTotal, target, i) }
        }
    }

    static func softmaxBackwardRows(output y: Input, gradient g: Input, _ dx: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let (row, gradient, target) = (y + r &* n, g + r &* n, dx + r &* n)
            let inner = Vector(dot(row, gradient, count: n))
            for i in registers(n) { store(load(row, i) * (load(gradient, i) - inner), target, i) }
        }
    }

    static func logSoftmaxBackwardRows(output y: Input, gradient g: Input, _ dx: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let (row, gradient, target) = (y + r &* n, g + r &* n, dx + r &* n)
            let total = Vector(sum(gradient, count: n))
            for i in registers(n) { store(load(gradient, i) - load(row, i).nonPositiveExp * total, target, i) }
        }
    }

    static func crossEntropyRows(
        _ x: Input, targets: UnsafePointer<Int64>, loss: Output, rows: Int, count n: Int
    ) {
        for r in 0..<rows {
            let row = x + r &* n
            let target = targets[r]
            guard target >= 0, target < Int64(n) else {
                loss[r] = 0
                continue
            }
            // The shift cancels, and taking it from the target first keeps the digits of a small loss.
            let largest = maxValue(row, count: n)
            loss[r] = logarithm(shiftedExpSum(row, n, largest)) - (row[Int(target)] - largest)
        }
    }

    static func crossEntropyBackwardRows(
        _ x: Input, targets: UnsafePointer<Int64>, gradient: Input, _ dx: Output, rows: Int, count n: Int
    ) {
        for r in 0..<rows {
            let target = targets[r]
            let row = dx + r &* n
            guard target >= 0, target < Int64(n) else {
                fill(row, with: 0, count: n)
                continue
            }
            let g = gradient[r]
            softmaxRows(x + r &* n, row, rows: 1, count: n)
            row[Int(target)] -= 1
            scale(g, row, count: n)
        }
    }

    /// The sum of (x − mean)².
    @inline(__always) private static func squaredDeviations(_ x: Input, _ n: Int, _ mean: Scalar) -> Scalar {
        let m = Vector(mean)
        var (a, b) = (Vector.zero, Vector.zero)
        var i = 0
        while i &+ 2 &* Vector.width <= n {
            let (u, v) = (Vector(x + i) - m, Vector(x + i + Vector.width) - m)
            a = Vector.multiplyAdd(u, u, a)
            b = Vector.multiplyAdd(v, v, b)
            i &+= 2 &* Vector.width
        }
        while i < n {
            let last = Place(start: i, rest: n &- i)
            let u = firstLanes(load(x, last) - m, last)
            a = Vector.multiplyAdd(u, u, a)
            i &+= Vector.width
        }
        return (a + b).sum
    }

    static func layerNormRows(
        _ x: Input, weight: Input?, bias: Input?, eps: Scalar, _ y: Output, mean: Output?, rstd: Output?, rows: Int,
        count n: Int
    ) {
        for r in 0..<rows {
            let (row, target) = (x + r &* n, y + r &* n)
            let m = n == 0 ? 0 : sum(row, count: n) / Scalar(n)
            let variance = n == 0 ? 0 : squaredDeviations(row, n, m) / Scalar(n)
            let s = 1 / (variance + eps).squareRoot()
            mean?[r] = m
            rstd?[r] = s
            let (mv, sv) = (Vector(m), Vector(s))
            switch (weight, bias) {
            case (let weight?, let bias?):
                for i in registers(n) {
                    let normal = (load(row, i) - mv) * sv
                    store(Vector.multiplyAdd(normal, load(weight, i), load(bias, i)), target, i)
                }
            case (let weight?, nil):
                for i in registers(n) { store((load(row, i) - mv) * sv * load(weight, i), target, i) }
            case (nil, let bias?):
                for i in registers(n) { store(Vector.multiplyAdd(load(row, i) - mv, sv, load(bias, i)), target, i) }
            case (nil, nil): for i in registers(n) { store((load(row, i) - mv) * sv, target, i) }
            }
        }
    }

    static func layerNormBackwardRows(
        _ x: Input, weight: Input?, gradient g: Input, mean: Input, rstd: Input, _ dx: Output, rows: Int,
        count n: Int
    ) {
        guard n > 0 else { return }
        // With h = g · weight and z = (x − mean) · rstd: dx = rstd · (h − mean(h) − z · mean(h · z)).
        for r in 0..<rows {
            let (row, gradient, target) = (x + r &* n, g + r &* n, dx + r &* n)
            let (m, s) = (Vector(mean[r]), Vector(rstd[r]))
            var (sumH, sumHZ) = (Vector.zero, Vector.zero)
            for i in registers(n) {
                let h = weight.map { load(gradient, i) * load($0, i) } ?? load(gradient, i)
                sumH = sumH + h
                sumHZ = Vector.multiplyAdd(h, (load(row, i) - m) * s, sumHZ)
            }
            let meanH = Vector(sumH.sum / Scalar(n))
            let meanHZ = Vector(sumHZ.sum / Scalar(n))
            for i in registers(n) {
                let h = weight.map { load(gradient, i) * load($0, i) } ?? load(gradient, i)
                let z = (load(row, i) - m) * s
                store(s * ((h - meanH) - z * meanHZ), target, i)
            }
        }
    }

    static func layerNormParameterGradients(
        _ x: Input, gradient g: Input, mean: Input, rstd: Input, dWeight: Output?, dBias: Output?, rows: Int,
        count n: Int
    ) {
        for r in 0..<rows {
            let (row, gradient) = (x + r &* n, g + r &* n)
            if let dWeight {
                let (m, s) = (Vector(mean[r]), Vector(rstd[r]))
                for i in registers(n) {
                    let z = (load(row, i) - m) * s
                    let sum = Vector.multiplyAdd(load(gradient, i), z, load(dWeight, i))
                    store(sum, dWeight, i)
                }
            }
            if let dBias { addInPlace(gradient, dBias, count: n) }
        }
    }

    static func rmsNormRows(
        _ x: Input, weight: Input?, eps: Scalar, _ y: Output, rstd: Output?, rows: Int, count n: Int
    ) {
        for r in 0..<rows {
            let (row, target) = (x + r &* n, y + r &* n)
            let meanSquare = n == 0 ? 0 : sumSquares(row, count: n) / Scalar(n)
            let s = 1 / (meanSquare + eps).squareRoot()
            rstd?[r] = s
            let sv = Vector(s)
            if let weight {
                for i in registers(n) { store(load(row, i) * sv * load(weight, i), target, i) }
            } else {
                for i in registers(n) { store(load(row, i) * sv, target, i) }
            }
        }
    }
}

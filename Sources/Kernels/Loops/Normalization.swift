import KernelTable

extension RealLoops {
    static func softmaxRows(_ x: Input, _ out: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let (row, target) = (x + r &* n, out + r &* n)
            let shift = Vector(maxValue(row, count: n))
            var total = Vector.zero
            forEachStart(n) { i, rest in
                let e = (load(row + i, rest) - shift).exp
                store(e, target + i, rest)
                total = total + (rest >= Vector.width ? e : firstLanes(e, rest))
            }
            let scale = Vector(1 / total.sum)
            map(target, target, n) { $0 * scale }
        }
    }

    static func logSoftmaxRows(_ x: Input, _ out: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let row = x + r &* n
            let largest = maxValue(row, count: n)
            let (shift, logTotal) = (Vector(largest), Vector(logarithm(shiftedExpSum(row, n, largest))))
            map(row, out + r &* n, n) { ($0 - shift) - logTotal }
        }
    }

    static func softmaxBackwardRows(output y: Input, gradient g: Input, _ dx: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let start = r &* n
            let inner = Vector(dot(y + start, g + start, count: n))
            zip(y + start, g + start, dx + start, n) { y, g in y * (g - inner) }
        }
    }

    static func logSoftmaxBackwardRows(output y: Input, gradient g: Input, _ dx: Output, rows: Int, count n: Int) {
        for r in 0..<rows {
            let start = r &* n
            let total = Vector(sum(g + start, count: n))
            zip(y + start, g + start, dx + start, n) { y, g in g - y.exp * total }
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
            let rest = n &- i
            let d = load(x + i, rest) - m
            let u = rest >= Vector.width ? d : firstLanes(d, rest)
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
                forEachStart(n) { i, rest in
                    let normal = (load(row + i, rest) - mv) * sv
                    store(Vector.multiplyAdd(normal, load(weight + i, rest), load(bias + i, rest)), target + i, rest)
                }
            case (let weight?, nil): zip(row, weight, target, n) { x, w in (x - mv) * sv * w }
            case (nil, let bias?): zip(row, bias, target, n) { x, b in Vector.multiplyAdd(x - mv, sv, b) }
            case (nil, nil): map(row, target, n) { ($0 - mv) * sv }
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
            forEachStart(n) { i, rest in
                let h = weight.map { load(gradient + i, rest) * load($0 + i, rest) } ?? load(gradient + i, rest)
                sumH = sumH + h
                sumHZ = Vector.multiplyAdd(h, (load(row + i, rest) - m) * s, sumHZ)
            }
            let meanH = Vector(sumH.sum / Scalar(n))
            let meanHZ = Vector(sumHZ.sum / Scalar(n))
            forEachStart(n) { i, rest in
                let h = weight.map { load(gradient + i, rest) * load($0 + i, rest) } ?? load(gradient + i, rest)
                let z = (load(row + i, rest) - m) * s
                store(s * ((h - meanH) - z * meanHZ), target + i, rest)
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
                forEachStart(n) { i, rest in
                    let z = (load(row + i, rest) - m) * s
                    let sum = Vector.multiplyAdd(load(gradient + i, rest), z, load(dWeight + i, rest))
                    store(sum, dWeight + i, rest)
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
                zip(row, weight, target, n) { x, w in x * sv * w }
            } else {
                map(row, target, n) { $0 * sv }
            }
        }
    }
}

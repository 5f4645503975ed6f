import KernelTable

extension RealLoops {
    static func adamStep(
        parameter p: Output, gradient g: Input, firstMoment m: Output, secondMoment v: Output, count n: Int,
        lr: Double, beta1: Double, beta2: Double, eps: Double, weightDecay: Double, biasCorrection1: Double,
        biasCorrection2: Double, decoupled: Bool
    ) {
        let isDecayed = weightDecay != 0
        let shrink = Vector(isDecayed && decoupled ? Scalar(1 - lr * weightDecay) : 1)
        let decay = Vector(isDecayed && !decoupled ? Scalar(weightDecay) : 0)
        let (towards, keep, take) = (Vector(Scalar(1 - beta1)), Vector(Scalar(beta2)), Vector(Scalar(1 - beta2)))
        let step = Vector(Scalar(-(lr / biasCorrection1)))
        let correction = Vector(Scalar(biasCorrection2.squareRoot()))
        let epsilon = Vector(Scalar(eps))
        for i in registers(n) {
            let old = load(p, i)
            let parameter = old * shrink
            let gradient = isDecayed ? Vector.multiplyAdd(decay, old, load(g, i)) : load(g, i)
            let m0 = load(m, i)
            let m1 = Vector.multiplyAdd(gradient - m0, towards, m0)
            let v1 = Vector.multiplyAdd(take * gradient, gradient, load(v, i) * keep)
            let denominator = v1.squareRoot / correction + epsilon
            store(m1, m, i)
            store(v1, v, i)
            store(Vector.multiplyAdd(step, m1 / denominator, parameter), p, i)
        }
    }

    static func sgdStep(
        parameter p: Output, gradient g: Input, momentumBuffer: Output?, count n: Int, lr: Double, momentum: Double,
        dampening: Double, nesterov: Bool, weightDecay: Double, isFirstStep: Bool
    ) {
        let (decay, mu, take) = (Vector(Scalar(weightDecay)), Vector(Scalar(momentum)), Vector(Scalar(1 - dampening)))
        let rate = Vector(Scalar(-lr))
        let isDecayed = weightDecay != 0
        for i in registers(n) {
            let parameter = load(p, i)
            var gradient = load(g, i)
            if isDecayed { gradient = Vector.multiplyAdd(decay, parameter, gradient) }
            if let momentumBuffer {
                let buffer =
                    isFirstStep
                    ? gradient : Vector.multiplyAdd(take, gradient, load(momentumBuffer, i) * mu)
                store(buffer, momentumBuffer, i)
                gradient = nesterov ? Vector.multiplyAdd(mu, buffer, gradient) : buffer
            }
            store(Vector.multiplyAdd(rate, gradient, parameter), p, i)
        }
    }
}

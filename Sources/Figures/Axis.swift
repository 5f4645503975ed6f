import Foundation

/// How numbers become places along an axis.
public enum Scale: Equatable, Sendable { case linear, log }

/// A stretch of numbers, where they lie on it and which of them are written beside it.
package struct Axis: Equatable {
    package struct Tick: Equatable {
        package var value: Double
        package var label: String
    }

    package let low: Double
    package let high: Double
    package let scale: Scale
    package let ticks: [Tick]

    /// An axis around the numbers from `low` to `high`, with about as many ticks as asked for.
    ///
    /// With `isWhole` no tick lies between whole numbers. It ends at ticks where that costs little room; both ends stay where they are when `isFixed`.
    package init(
        from low: Double, to high: Double, scale: Scale, count: Int, isFixed: Bool = false, isWhole: Bool = false
    ) {
        self.scale = scale
        let (low, high) = Axis.reachable(low, high, scale)
        switch scale {
        case .linear:
            let (low, high) = low == high && !isFixed ? Axis.around(low) : (low, high)
            let step = max(isWhole ? 1 : 0, Axis.step(high - low, count: count))
            let (first, last) = ((low / step).rounded(.down), (high / step).rounded(.up))
            // A tick further out is taken where it is near; else the numbers get a little air.
            let air = (high - low) * 0.04
            func end(_ tick: Double, _ value: Double, _ outwards: Double) -> Double {
                isFixed ? value : abs(tick - value) <= step * 0.45 ? tick : value + outwards
            }
            self.low = end(first * step, low, -air)
            self.high = end(last * step, high, air)
            let slack = step * 1e-9
            var ticks: [Double] = []
            for index in 0...max(0, min(200, Int(last - first))) {
                // Written as a quotient where the step is a fraction, so that 0.3 is 0.3.
                let value =
                    step < 1
                    ? (first + Double(index)) / (1 / step).rounded(toDecimals: 6) : (first + Double(index)) * step
                if value >= self.low - slack && value <= self.high + slack { ticks.append(value == 0 ? 0 : value) }
            }
            let labels = Axis.labels(ticks, step: step)
            self.ticks = zip(ticks, labels).map { Tick(value: $0, label: $1) }
        case .log:
            let (low, high) = low == high && !isFixed ? (low / 2, high * 2) : (low, high)
            let (bottom, top) = (log10(low), log10(high))
            let air = isFixed ? 0 : (top - bottom) * 0.03
            self.low = pow(10, bottom - air)
            self.high = pow(10, top + air)
            self.ticks = Axis.logTicks(self.low, self.high, count: count)
        }
    }

    /// From 0 at the low end to 1 at the high end.
    package func share(_ value: Double) -> Double {
        let share =
            switch scale {
            case .linear: (value - low) / (high - low)
            case .log: (log10(value) - log10(low)) / (log10(high) - log10(low))
            }
        // Numbers at the end of what a Double holds lie outside.
        return share.isNaN ? share : max(-10, min(10, share))
    }

    /// The nearest range that can be divided: with ends of moderate size, and not so narrow that numbers in it are equal.
    private static func reachable(_ low: Double, _ high: Double, _ scale: Scale) -> (Double, Double) {
        let isOne = low == high
        let (low, high) = (max(-1e300, min(low, 1e300)), max(-1e300, min(high, 1e300)))
        if scale == .log { return (max(low, 1e-290), max(high, 1e-290)) }
        let least = max(1e-290, max(abs(low), abs(high)) * 0x1p-46)
        if isOne || high - low >= least { return (low, high) }
        let middle = low + (high - low) / 2
        return (middle - least / 2, middle + least / 2)
    }

    private static func around(_ value: Double) -> (Double, Double) {
        let half = value == 0 ? 1 : abs(value) * 0.1
        return (value - half, value + half)
    }

    /// 1, 2 or 5 times a power of ten, so that about `count` of them fill a range.
    static func step(_ range: Double, count: Int) -> Double {
        let rough = range / Double(max(1, count))
        guard rough > 0, rough.isFinite else { return 1 }
        let power = pow(10, floor(log10(rough)))
        for factor in [1.0, 2, 5] where factor * power >= rough * 0.999 { return factor * power }
        return 10 * power
    }

    private static func logTicks(_ low: Double, _ high: Double, count: Int) -> [Tick] {
        let (first, last) = (Int(floor(log10(low))), Int(ceil(log10(high))))
        let decades = log10(high) - log10(low)
        var values: [Double] = []
        for power in first...last { for factor in [1.0, 2, 5] { values.append(factor * pow(10, Double(power))) } }
        values = values.filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 }
        if values.count > count + 1, decades >= 1.5 {
            values = []
            let stride = max(1, Int((decades / Double(max(1, count))).rounded(.up)))
            for power in first...last where (power - first) % stride == 0 { values.append(pow(10, Double(power))) }
        }
        values = values.filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 }
        if values.count < 2 {
            // Less than a factor of two: even steps serve better.
            let linear = Axis(from: low, to: high, scale: .linear, count: count, isFixed: true)
            return linear.ticks.filter { $0.value > 0 }
        }
        return values.map { Tick(value: $0, label: number($0)) }
    }

    /// The texts of ticks, all with as many decimals.
    private static func labels(_ ticks: [Double], step: Double) -> [String] {
        let largest = ticks.map(abs).max() ?? 0
        if largest >= 1e6 || (largest > 0 && largest < 1e-3) {
            let power = Int(floor(log10(largest)))
            let decimals = max(0, power - Int(floor(log10(step) + 1e-9)))
            return ticks.map { value in
                value == 0 ? "0" : fixed(value / pow(10, Double(power)), decimals) + "e\(power)"
            }
        }
        let decimals = max(0, -Int(floor(log10(step) + 1e-9)))
        return ticks.map { fixed($0, decimals) }
    }

    static func fixed(_ value: Double, _ decimals: Int) -> String {
        let text = String(format: "%.\(min(decimals, 15))f", value)
        return text.contains { $0 != "-" && $0 != "0" && $0 != "." } || !text.hasPrefix("-")
            ? text : String(text.dropFirst())
    }

    /// A number in few digits, as beside a bar or in a cell.
    static func number(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        if value == value.rounded(), abs(value) < 1e6 { return String(Int(value)) }
        if abs(value) >= 1e6 || abs(value) < 1e-4 {
            var text = String(format: "%.\(max(0, digits - 2))e", value)
            guard let e = text.firstIndex(of: "e"), let power = Int(text[text.index(after: e)...]) else { return text }
            text = String(text[..<e])
            if text.contains(".") {
                while text.hasSuffix("0") { text.removeLast() }
                if text.hasSuffix(".") { text.removeLast() }
            }
            return text + "e\(power)"
        }
        let decimals = max(0, digits - 1 - Int(floor(log10(abs(value)))))
        var text = fixed(value, min(decimals, digits))
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }
}

extension Double {
    fileprivate func rounded(toDecimals decimals: Int) -> Double {
        let scale = pow(10, Double(decimals))
        let scaled = self * scale
        return abs(scaled) < 1e15 ? scaled.rounded() / scale : self
    }
}

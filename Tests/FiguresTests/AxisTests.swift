import Testing

import Figures

@Suite("Axes")
struct AxisTests {
    @Test(
        "ticks are round numbers with the digits they need",
        arguments: [
            (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (0, 6, ["0", "1", "2", "3", "4", "5", "6"]),
            (0.0012, 0.0048, ["0.001", "0.002", "0.003", "0.004", "0.005"]),
            (-3, 3, ["-3", "-2", "-1", "0", "1", "2", "3"]),
            (0, 1_000_000, ["0", "0.2e6", "0.4e6", "0.6e6", "0.8e6", "1.0e6"]),
        ] as [(Double, Double, [String])])
    func linear(low: Double, high: Double, expected: [String]) {
        let labels = Axis(from: low, to: high, scale: .linear, count: 6).ticks.map(\.label)
        #expect(labels == expected)
    }

    @Test("a logarithmic axis has powers of ten")
    func logarithmic() {
        let axis = Axis(from: 1, to: 1000, scale: .log, count: 6)
        #expect(axis.ticks.map(\.value).filter { [1, 10, 100, 1000].contains($0) }.count == 4)
        #expect(abs(axis.share(10) - axis.share(1) - (axis.share(100) - axis.share(10))) < 1e-12)
    }

    /// Numbers of every size, equal ones and the largest there are.
    static let ranges: [(Double, Double)] = [
        (0, 0), (1, 1), (-1, -1), (1e-300, 2e-300), (Double.leastNonzeroMagnitude, Double.leastNonzeroMagnitude),
        (0, Double.leastNonzeroMagnitude), (-1e308, 1e308), (1e308, 1.7e308),
        (-1.7e308, 1.7e308), (1e15, 1e15 + 1), (1e16, 1e16 + 2), (0.1, 0.3), (-1e-9, 1e9), (123456789, 123456790),
    ]

    @Test("an axis of any numbers has finite ends around them and few ticks, in order", arguments: ranges)
    func hostile(low: Double, high: Double) {
        for count in [1, 2, 6, 12] {
            for isFixed in [false, true] where low < high || !isFixed {
                let axis = Axis(from: low, to: high, scale: .linear, count: count, isFixed: isFixed)
                #expect(axis.low.isFinite && axis.high.isFinite, "\(axis)")
                #expect(axis.low < axis.high)
                #expect(axis.ticks.count <= 3 * count + 6)
                #expect(zip(axis.ticks, axis.ticks.dropFirst()).allSatisfy { $0.value < $1.value })
                #expect(axis.ticks.allSatisfy { axis.share($0.value).isFinite })
            }
            if low > 0 {
                let axis = Axis(from: low, to: high, scale: .log, count: count)
                #expect(axis.ticks.count <= 3 * count + 12, "\(axis.ticks.count)")
                #expect(axis.ticks.allSatisfy { $0.value > 0 })
            }
        }
    }
}

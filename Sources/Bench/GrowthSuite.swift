import Foundation
import Glibc
import Language
import Library
import Networks
import Tensors

/// How cost grows with batch, length, rows and threads: tables, and a figure with the machine's limits drawn in.
enum GrowthSuite: Suite {
    static let name = "growth"

    private static let script = "scripts/growth.kds"
    private static let folder = ".build/growth"

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        try File.makeFolder(folder)
        var found: [Int: JSONValue] = [:]
        let counts = Set([1, ThreadPool.size]).sorted()
        for threads in counts {
            let path = "\(folder)/\(threads).json"
            guard Child.run([Child.kd, "--threads", "\(threads)", script, path]) != nil else {
                throw FormatError("\(script) failed", file: script)
            }
            found[threads] = try JSONValue.read(path)
        }
        let bandwidth = try Double(copied) / contest(rounds: 5, [{ copyTime() }])[0]
        let peaks = try Dictionary(uniqueKeysWithValues: counts.map { ($0, try MatmulSuite.peak($0)) })
        for (axis, title, unit) in [
            ("batch", "MiniLM forward, length 64: µs a token over rows in a batch", "token"),
            ("length", "MiniLM forward, batch 8: µs a token over length", "token"),
            ("rows", "an epoch of a small student: µs a sample over rows", "sample"),
        ] {
            print(title)
            let heads = counts.map { "\($0) thread\($0 == 1 ? "" : "s")" }
            var table = TextTable(columns: [axis] + heads + ["limit", "of the limit"], rightAligned: [1, 2, 3, 4])
            for place in 0..<(found[counts[0]]?[axis]?.array?.count ?? 0) {
                let pairs = counts.compactMap { found[$0]?[axis]?.array?[place].array }
                let number = pairs[0][0].double ?? 0
                let times = pairs.map { ($0[1].double ?? 0) * 1e6 }
                let limit = limit(axis, number, peaks[counts.last!]!, bandwidth)
                table.add(
                    ["\(Int(number))"] + times.map { String(format: "%.2f", $0) }
                        + [
                            String(format: "%.2f", limit * 1e6),
                            String(format: "%.0f %%", 100 * limit * 1e6 / times.last!),
                        ])
            }
            print(table.text)
            print(
                "a \(unit) at the limit: \(axis == "rows" ? "its numbers are read once" : "only multiply-adds at the peak")\n"
            )
        }
        try draw(found, counts, peaks, bandwidth)
        print("drawn in \(folder)/growth.svg and growth.png")
    }

    /// The least seconds for a token or a sample.
    private static func limit(_ axis: String, _ number: Double, _ peak: Double, _ bandwidth: Double) -> Double {
        if axis == "rows" { return 33 * 4 / bandwidth }
        let length = axis == "length" ? number : 64
        // Five layers of width 384 and 1536: four square products, two of the wider layer, and two of the attention. The last
        // makes keys and values for all tokens, and all else for one.
        let (square, wide, attention) = (2.0 * 384 * 384, 4.0 * 384 * 1536, 4 * length * 384)
        return (5 * (4 * square + wide + attention) + 2 * square + (2 * square + wide + attention) / length) / peak
    }

    private static let copied = 64 << 20

    /// Seconds in which one thread copies so many bytes.
    private static func copyTime() -> Double {
        let count = copied
        let (from, to) = (
            UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64),
            UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        )
        defer {
            from.deallocate()
            to.deallocate()
        }
        memset(from, 1, count)
        memset(to, 2, count)
        let start = now()
        memcpy(to, from, count)
        return now() - start
    }

    /// The three tables as one figure, by kd itself.
    private static func draw(
        _ found: [Int: JSONValue], _ counts: [Int], _ peaks: [Int: Double], _ bandwidth: Double
    ) throws {
        func numbers(_ values: [Double]) -> String { "[" + values.map { "\($0)" }.joined(separator: ", ") + "]" }
        var panels: [String] = []
        for (axis, title, label) in [
            ("batch", "MiniLM, length 64", "µs a token"), ("length", "MiniLM, batch 8", "µs a token"),
            ("rows", "an epoch of a small student", "µs a sample"),
        ] {
            var lines: [String] = []
            var places: [Double] = []
            for threads in counts {
                let pairs = found[threads]?[axis]?.array?.compactMap { $0.array?.compactMap(\.double) } ?? []
                places = pairs.map { $0[0] }
                lines.append(
                    "\"\(threads) thread\(threads == 1 ? "" : "s")\": [\(numbers(places)), \(numbers(pairs.map { $0[1] * 1e6 }))]"
                )
            }
            let limits = places.map { limit(axis, $0, peaks[counts.last!]!, bandwidth) * 1e6 }
            panels.append(
                """
                line({"limit": [\(numbers(places)), \(numbers(limits))]}, guide=true, log="xy") +
                line({\(lines.joined(separator: ", "))}, log="xy", title="\(title)", x_label="\(axis)", y_label="\(label)", dots=true)
                """)
        }
        let script = """
            fig = panels([\(panels.joined(separator: ", "))], columns=3)
            save(fig, "\(folder)/growth.svg")
            save(fig, "\(folder)/growth.png")
            """
        try TrainingSuite.run(script, in: Session(output: OutputBuffer()))
    }
}

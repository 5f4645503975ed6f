import Foundation

/// What was measured, and what it is held against.
struct Line {
    enum Value {
        case gigaflops(Double)
        case seconds(Double)
        case bytes(Double)

        var text: String {
            switch self {
            case .gigaflops(let value): String(format: "%.1f GFLOP/s", value)
            case .seconds(let value) where value < 1e-3: String(format: "%.1f µs", value * 1e6)
            case .seconds(let value) where value < 1: String(format: "%.2f ms", value * 1e3)
            case .seconds(let value): String(format: "%.2f s", value)
            case .bytes(let value): String(format: "%.0f MiB", value / 1_048_576)
            }
        }

        /// How fast, or how small, this is beside another value of the same kind.
        func speed(beside other: Value) -> Double {
            switch (self, other) {
            case (.gigaflops(let own), .gigaflops(let peer)): own / peer
            case (.seconds(let own), .seconds(let peer)), (.bytes(let own), .bytes(let peer)): peer / own
            default: .nan
            }
        }
    }

    struct Peer {
        let name: String
        let value: Value
        /// The least ratio that is good enough.
        var mark: Double?
    }

    let name: String
    let value: Value
    var peers: [Peer] = []
    /// The longest time that is good enough.
    var limit: Double?

    static let header = row("what", "value", "peer", "its value", "ratio", "mark", "met")

    /// A row for each peer and one for the limit, the first with the name.
    var text: String {
        var rest = peers.map { peer in
            let ratio = value.speed(beside: peer.value)
            return [
                peer.name, peer.value.text, String(format: "%.2f", ratio),
                peer.mark.map { String(format: "≥ %.2f", $0) } ?? "",
                peer.mark.map { ratio >= $0 ? "yes" : "no" } ?? "",
            ]
        }
        if let limit, case .seconds(let seconds) = value {
            rest.insert(["", "", "", "≤ \(Value.seconds(limit).text)", seconds <= limit ? "yes" : "no"], at: 0)
        }
        if rest.isEmpty { rest = [["", "", "", "", ""]] }
        return rest.enumerated().map { index, cells in
            Line.row(
                index == 0 ? name : "", index == 0 ? value.text : "", cells[0], cells[1], cells[2], cells[3], cells[4])
        }.joined(separator: "\n")
    }

    private static func row(_ cells: String...) -> String {
        zip(cells, [36, 14, 15, 14, 6, 11, 3]).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }.joined(separator: "  ").replacing(#/ +$/#, with: "")
    }
}

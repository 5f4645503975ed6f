// Measurements beside peers; scripts/bench builds and starts this, and says how it is used.
//
//   Bench ──► Suite: some lines of the table      MatmulSuite, RowsSuite, TrainingSuite, ModelSuite, LanguageSuite,
//              │                                  MemorySuite, GrowthSuite
//              │  contest: everything that a line compares, in turn, round after round; the best of each counts
//              ├─► Peer: a Python process that times the same work, with PyTorch where it is there
//              └─► Line: value, peers, ratios, mark

import Foundation
import Tensors

@main
struct Bench {
    static var suites: [any Suite.Type] {
        [
            MatmulSuite.self, RowsSuite.self, TrainingSuite.self, ModelSuite.self, LanguageSuite.self, MemorySuite.self,
            GrowthSuite.self,
        ]
    }

    static func main() {
        let wanted = CommandLine.arguments.dropFirst()
        let known = suites.map { $0.name }
        for name in wanted where !known.contains(name) {
            print("bench: \(name) is unknown; it may be \(known.joined(separator: ", "))")
            exit(2)
        }
        let peer = Peer()
        print(
            "instruction set \(InstructionSet.current.rawValue), \(ThreadPool.size) threads; peers: "
                + "\(peer.python ?? "no Python"), \(peer.torch ?? "no PyTorch (KD_BENCH_PYTHON names a Python that has it)")"
        )
        print("ratio: speed beside the peer's, measured in turn; above 1 is faster than the peer")
        print(Line.header)
        for suite in suites where wanted.isEmpty || wanted.contains(suite.name) {
            do {
                try suite.run(peer) { line in
                    print(line.text)
                    // Seen when it is there, through a pipe too.
                    fflush(nil)
                }
            } catch {
                print("bench: \(suite.name) broke: \(error)")
                exit(1)
            }
        }
    }
}

/// Some lines of the table under one name.
protocol Suite {
    static var name: String { get }
    static func run(_ peer: Peer, report: (Line) -> Void) throws
}

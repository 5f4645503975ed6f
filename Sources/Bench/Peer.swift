import Foundation

/// A Python process that does a peer's part of the work when it is asked to: scripts/bench-peer.py.
final class Peer {
    /// "Python 3.11.7", or nil when there is none.
    private(set) var python: String?
    /// "PyTorch 2.13.0", or nil when it cannot be imported.
    private(set) var torch: String?
    private let process = Process()
    private let (requests, answers) = (Pipe(), Pipe())
    private var buffer: [UInt8] = []

    static let program = ProcessInfo.processInfo.environment["KD_BENCH_PYTHON"] ?? "python3"

    init() {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [Peer.program, "scripts/bench-peer.py"]
        (process.standardInput, process.standardOutput) = (requests, answers)
        guard (try? process.run()) != nil, let greeting = line() else { return }
        let versions = greeting.split(separator: " ")
        python = versions.first.map { "Python \($0)" }
        torch = versions.count > 1 ? "PyTorch \(versions[1].prefix { $0 != "+" })" : nil
    }

    /// Seconds that the work took; nil when this peer cannot do it.
    func time(_ work: String) -> Double? {
        guard python != nil else { return nil }
        requests.fileHandleForWriting.write(Data((work + "\n").utf8))
        return line().flatMap { Double($0) }
    }

    private func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let more = answers.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            buffer += more
        }
    }
}

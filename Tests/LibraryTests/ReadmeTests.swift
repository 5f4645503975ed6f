import Foundation
import Language
import Library
import Tensors
import Testing

/// The session in the README is one that really took place.
@Suite("The README", .serialized)
struct ReadmeTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Everything that stays on the screen, in its order.
    final class Screen: OutputSink {
        var text = ""
        func write(_ text: String, to channel: OutputChannel) {
            if channel != .progress || text.hasSuffix("\n") { self.text += text }
        }
    }

    /// Numbers with a point may differ in their digits from one processor to another, and seconds always do.
    static func withoutDigits(_ text: String) -> String {
        text.replacing(#/\ *-?[0-9]+\.[0-9]+(?:e[-+][0-9]+)?/#, with: " #").replacing(#/[▁▂▃▄▅▆▇█]+/#, with: "▁")
    }

    @Test("its first session shows what it says; KD_RECORD=1 writes it anew")
    func session() throws {
        let path = Self.root.appending(path: "README.md")
        let readme = try String(contentsOf: path, encoding: .utf8)
        let heading = try #require(readme.firstRange(of: "## A first session"))
        let start = try #require(readme[heading.upperBound...].firstRange(of: "```\nkd> "))
        let block = readme[readme.index(start.lowerBound, offsetBy: 4)...]
        let end = try #require(block.firstRange(of: "```\n"))
        let recorded = String(block[..<end.lowerBound])
        let inputs = recorded.split(separator: "\n").filter { $0.hasPrefix("kd> ") }.map { String($0.dropFirst(4)) }
        #expect(inputs.count >= 20)

        let before = FileManager.default.currentDirectoryPath
        try #require(FileManager.default.changeCurrentDirectoryPath(Self.root.path))
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        // As in a process of its own.
        RandomStream.global = RandomStream(seed: 0)
        let screen = Screen()
        let session = Session(output: screen)
        for input in inputs {
            screen.text += "kd> \(input)\n"
            for diagnostic in session.enter(input).diagnostics { screen.text += diagnostic.rendered() + "\n" }
        }
        if ProcessInfo.processInfo.environment["KD_RECORD"] != nil {
            try (readme[..<readme.index(start.lowerBound, offsetBy: 4)] + screen.text + block[end.lowerBound...])
                .write(to: path, atomically: true, encoding: .utf8)
        } else {
            #expect(Self.withoutDigits(screen.text) == Self.withoutDigits(recorded))
        }
    }
}

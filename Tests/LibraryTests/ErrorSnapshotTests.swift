import Foundation
import Language
import Library
import Testing

/// Errors of the whole library as a person is shown them, in the form of file that the errors of the language have.
///
/// What stands before the first `===` of a file runs before each of its cases. `KD_RECORD=1` writes what is shown now
/// into the files; read the difference before committing it.
@Suite("Errors of the library", .serialized)
struct ErrorSnapshotTests {
    struct Case {
        var title: String
        var script: String
        var expected: String
    }

    static let names = [
        "names", "calls", "shapes", "broadcasting-and-types", "indices", "gradients", "files", "datasets",
        "units-and-roles", "training", "limits", "modules", "models", "caught", "pytorch", "mistakes",
    ]

    static func url(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots/\(name).txt")
    }

    static func read(_ name: String) throws -> (start: String, cases: [Case]) {
        let text = try String(contentsOf: url(name), encoding: .utf8)
        let parts = ("\n" + text).components(separatedBy: "\n=== ")
        let cases = parts.dropFirst().map { part in
            let title = String(part.prefix { $0 != "\n" })
            let halves = String(part.dropFirst(title.count + 1)).components(separatedBy: "\n---\n")
            return Case(
                title: title, script: halves[0],
                expected: halves.dropFirst().joined(separator: "\n---\n").trimmingCharacters(in: .newlines))
        }
        return (parts[0].trimmingCharacters(in: .newlines), cases)
    }

    @Test("each mistake is answered as the snapshot says", arguments: names)
    func snapshots(name: String) throws {
        let (start, cases) = try Self.read(name)
        #expect(cases.count >= 5)
        let folder = try ScratchFolder()
        let isRecording = ProcessInfo.processInfo.environment["KD_RECORD"] == "1"
        var recorded = start.isEmpty ? "" : start + "\n\n"
        for item in cases {
            let shown = try Self.shown(item.script, start: start, in: folder)
            recorded += (recorded.isEmpty || recorded.hasSuffix("\n\n") ? "" : "\n")
            recorded += "=== \(item.title)\n\(item.script)\n---\n\(shown)\n"
            if isRecording { continue }
            #expect(shown == item.expected, "\(item.title): shown now:\n\(shown)")
            #expect(name == "caught" || shown.contains("error: ") || shown.contains("error[KD"), "\(item.title)")
            #expect(!shown.contains("--> stdlib"), "\(item.title): the library's line is shown before the user's")
        }
        if isRecording { try recorded.write(to: Self.url(name), atomically: true, encoding: .utf8) }
    }

    @Test("a name that a hint offers instead of another library's is there")
    func offered() {
        let machine = Session(output: OutputBuffer()).machine
        for (foreign, name) in Habits.renamed {
            #expect(machine.builtin(name) != nil, "\(foreign) is answered with \(name)")
            #expect(machine.builtin(foreign) == nil, "\(foreign) is there itself")
        }
    }

    /// What a script prints and the errors that end it, on a thread with the stack that the program has.
    static func shown(_ script: String, start: String, in folder: ScratchFolder) throws -> String {
        let box = Box()
        let limit = Session.memoryLimit
        Session.memoryLimit = script.hasPrefix("# at most 64 MB") ? 64 << 20 : 8 << 30
        defer {
            Session.memoryLimit = limit
            Session.clearInterrupt()
        }
        try withLargeStack {
            let output = OutputBuffer()
            let session = Session(options: Session.Options(arguments: [folder.path]), output: output)
            session.machine.add(
                Chapter(
                    "Keys", "What a person does while a script runs.",
                    [
                        Builtin("press_ctrl_c", "Asks the work to stop.") { () throws -> Void in Session.interrupt() }
                    ]))
            var outcome = session.run(Source(name: folder.path + "start.kds", text: start))
            if case .done = outcome {
                output.clear()
                outcome = session.run(Source(name: folder.path + "script.kds", text: script))
            }
            let errors = outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n\n")
            box.text = output.results + (output.messages.contains("error") ? output.messages : "") + errors
        }
        // What other values take at that moment is not the same everywhere; where a line of the library stands changes.
        return box.text.replacingOccurrences(of: folder.path, with: "")
            .replacing(/[0-9.]+ [KMGT]?i?B in use/, with: "… in use")
            .replacing(/(stdlib\/\w+\.kds):\d+:\d+/) { String($0.output.1) }.trimmingCharacters(in: .newlines)
    }

    private final class Box: @unchecked Sendable { var text = "" }
}

/// A folder of files that are not as they should be; gone at the end of the test.
final class ScratchFolder: Sendable {
    /// With a slash at its end.
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "kd-\(UUID().uuidString)/"
        let manager = FileManager.default
        try manager.createDirectory(atPath: path + "folder", withIntermediateDirectories: true)
        let texts = [
            "reviews.tsv": "text\tlabel\ngood film\t1\nbad film\t0\n",
            "ragged.tsv": "text\tlabel\ngood film\t1\nbad film\n",
            "empty.tsv": "",
            "quote.csv": "text,label\n\"good film,1\nbad film,0\n",
            "cut.jsonl": "{\"text\": \"good film\", \"label\": 1}\n{\"text\": \"bad film\", \"label\":\n",
            "array.jsonl": "{\"text\": \"good film\"}\n[1, 2]\n",
            "comma.json": "{\"text\": \"good film\",}",
            "text.npy": "these are no numbers",
            "text.safetensors": "these are no weights at all",
            "broken.kds": "fn soften(z, T {\n  z / T\n}\n",
            "first.kds": "import \"./second.kds\" as second\n",
            "second.kds": "import \"./first.kds\" as first\n",
            "mine.kds": "fn half(x) { x / \"2\" }\n\nfn twice(x) { half(x) + half(x) }\n",
            "failing.kds": "x = 1\nfail(\"the data is not there yet\")\n",
        ]
        for (name, text) in texts { try Data(text.utf8).write(to: URL(fileURLWithPath: path + name)) }
        let bytes: [String: [UInt8]] = [
            "latin.tsv": Array("text\tlabel\nna".utf8) + [0xEF] + Array("ve\t1\n".utf8),
            "cut.npy": [0x93] + Array("NUMPY".utf8) + [1, 0, 0x76, 0] + Array("{'descr': ".utf8),
        ]
        for (name, content) in bytes { try Data(content).write(to: URL(fileURLWithPath: path + name)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

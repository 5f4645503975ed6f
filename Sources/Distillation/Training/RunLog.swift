import Glibc
import Networks

/// A run's record in its folder, written as the run goes on: one JSON object a line, only ever added to.
///
///     {"event": "start", "name": …, "loss": …, "steps": …, "per_epoch": …, "about": {…}}
///     {"event": "stretch", "step": …, "loss": …, "terms": [[name, number], …], "rate": …, "seconds": …}
///     {"event": "epoch", …}      {"event": "again", "step": …}      {"event": "end", "steps": …, "seconds": …}
///
/// What a crash leaves is a log whose last line may be cut; it is read as far as it is whole.
public final class RunLog {
    public let folder: String
    private let descriptor: Int32
    /// Why nothing is written any more, such as a full disk; the training goes on without.
    public private(set) var failure: FormatError?

    private static let fileName = "log.jsonl"

    private init(_ folder: String) throws {
        self.folder = folder
        let path = RunLog.file(in: folder)
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw FormatError("cannot be written: \(String(cString: strerror(errno)))", file: path) }
    }

    deinit { close(descriptor) }

    /// Begins a log in a folder that is made; where a run was recorded already, in the next free of `folder-2`, `-3` ….
    ///
    /// - Parameter about: what else is kept of the run: versions, seed, text of the script.
    public static func begin(_ folder: String, record: RunRecord, about: JSONObject) throws -> RunLog {
        var free = folder
        var number = 2
        while File.exists(file(in: free)) {
            free = "\(folder)-\(number)"
            number += 1
        }
        try File.makeFolder(free)
        let log = try RunLog(File.expand(free))
        log.append(
            "start",
            [
                "name": .string(record.name), "loss": .string(record.formula), "steps": .int(record.totalSteps),
                "per_epoch": .int(record.stepsPerEpoch), "about": .object(about),
            ])
        return log
    }

    /// Takes up the last log of this name; what it says of steps after `step` does not count.
    public static func goOn(_ folder: String, after step: Int) throws -> RunLog? {
        var last = folder
        var number = 2
        while File.exists(file(in: "\(folder)-\(number)")) {
            last = "\(folder)-\(number)"
            number += 1
        }
        guard File.exists(file(in: last)) else { return nil }
        let log = try RunLog(File.expand(last))
        // A crash may have cut the last line.
        log.write([0x0A])
        log.append("again", ["step": .int(step)])
        return log
    }

    /// Whether a folder holds a log.
    public static func exists(in folder: String) -> Bool { File.exists(file(in: folder)) }

    /// Reads a log back, with what was kept besides.
    ///
    /// - Throws: `FormatError` where there is none, or it is damaged before its last line.
    public static func read(_ folder: String) throws -> (record: RunRecord, about: JSONObject) {
        let path = file(in: folder)
        let text = try File.readText(path)
        var lines = text.split(separator: "\n").map(String.init)
        if !text.hasSuffix("\n"), !lines.isEmpty { lines.removeLast() }
        guard let first = lines.first, let start = try? JSONValue.parse(first), start["event"]?.string == "start",
            let name = start["name"]?.string, let formula = start["loss"]?.string, let steps = start["steps"]?.int,
            let perEpoch = start["per_epoch"]?.int
        else { throw FormatError("this is no log of a run", file: path) }
        let record = RunRecord(name, formula: formula, totalSteps: steps, stepsPerEpoch: perEpoch, quiet: true)
        var rows: [RunRecord.Row] = []
        var curve: [RunRecord.Stretch] = []
        var seconds = 0.0
        for (index, line) in lines.enumerated().dropFirst() {
            guard let entry = try? JSONValue.parse(line), let event = entry["event"]?.string else {
                // The cut end of a part that was interrupted.
                if index + 1 < lines.count, lines[index + 1].contains("\"event\":\"again\"") { continue }
                throw FormatError("line \(index + 1) of the log is damaged", file: path)
            }
            switch event {
            // What is told again counts.
            case "stretch":
                guard let stretch = RunRecord.Stretch(entry) else { break }
                curve.removeAll { $0.step >= stretch.step }
                curve.append(stretch)
            case "epoch":
                guard let row = RunRecord.Row(entry) else { break }
                rows.removeAll { $0.epoch >= row.epoch }
                rows.append(row)
            case "again":
                let step = entry["step"]?.int ?? 0
                rows.removeAll { $0.steps > step }
                curve.removeAll { $0.step > step }
            case "end": seconds = entry["seconds"]?.double ?? 0
            default: break
            }
        }
        let time = seconds > 0 ? seconds : curve.last?.seconds ?? rows.reduce(0) { $0 + $1.seconds }
        record.goOn(
            after: time, rows: rows, curve: curve, steps: max(curve.last?.step ?? 0, rows.last?.steps ?? 0), lossSum: 0,
            sums: [], samples: 0)
        record.stop()
        return (record, start["about"]?.object ?? [:])
    }

    func append(_ event: String, _ members: JSONObject) {
        var line: JSONObject = ["event": .string(event)]
        for (key, value) in members { line[key] = value }
        guard let bytes = try? JSONValue.object(line).bytes() else { return }
        write(bytes + [0x0A])
    }

    private func write(_ bytes: [UInt8]) {
        guard failure == nil else { return }
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count >= 0 {
                    offset += count
                } else if errno != EINTR {
                    failure = FormatError(
                        "the run is no longer recorded: \(String(cString: strerror(errno)))",
                        file: RunLog.file(in: folder))
                    return
                }
            }
        }
    }

    private static func file(in folder: String) -> String { folder + "/" + fileName }
}

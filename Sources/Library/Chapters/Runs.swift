import Distillation
import Foundation
import Language
import Networks
import Tensors

/// The records of trainings: begun, kept in a folder, and brought back.
func runChapter() -> Chapter {
    Chapter(
        "Runs", "The records of trainings: begun, kept in a folder, and brought back.",
        [
            Builtin(
                "start_run", "The record of a training that begins; it becomes the model's `run`.",
                Parameter<String>("name", "what its lines say"), Parameter<Layer>("model", "the model that is trained"),
                Parameter<Value>("loss", "a loss"),
                Parameter<Int>("steps", "how many there will be"), Parameter<Int>("per_epoch", "how many in an epoch"),
                Parameter<Bool>("quiet", "no line for each epoch", default: false),
                example: "start_run(\"train\", linear(2, 1), cross_entropy(), steps=10, per_epoch=5).steps  # → 0"
            ) {
                (name: String, model: Layer, loss: Value, steps: Int, perEpoch: Int, quiet: Bool) throws -> Value in
                let run = RunObject(
                    RunRecord(
                        name, formula: loss.display(.inline), totalSteps: steps, stepsPerEpoch: perEpoch, quiet: quiet))
                model.history = run
                return .object(run)
            },
            Builtin(
                "end_epoch", "Ends an epoch of a run and writes its line.", Parameter<RunArgument>("run", "a run"),
                Parameter<MapArgument>("metrics", "what was measured, by name"),
                example:
                    "run = start_run(\"train\", linear(2, 1), cross_entropy(), steps=10, per_epoch=5)\nrun.end_epoch({})\nrun.epochs  # → 1"
            ) {
                (context: CallContext, run: RunArgument, metrics: MapArgument) throws -> Void in
                run.run.record.endEpoch(
                    metrics: metrics.map.entries.compactMap { key, value in
                        guard let name = key.string, let number = value.number else { return nil }
                        return (name, number)
                    })
                warnOfLostLog(run.run.record, context)
                if run.run.record.showsEpoch {
                    context.machine.output.write(run.run.record.epochLine + "\n", to: .progress)
                }
            },
            Builtin(
                "finish", "Ends a run.", Parameter<RunArgument>("run", "a run"),
                example:
                    "run = start_run(\"train\", linear(2, 1), cross_entropy(), steps=10, per_epoch=5)\nrun.finish()"
            ) { (run: RunArgument) throws -> Void in run.run.record.finish() },
            Builtin(
                "record_run",
                "Writes a run down as it goes on, line by line, in a folder of its own; where it begins it is numbered if need be.",
                Parameter<RunArgument>("run", "a run"),
                Parameter<String>("name", "a folder below runs/; with a slash in it, any folder"),
                Parameter<Bool>(
                    "goes_on", "the run was restored: the last record of this name goes on", default: false),
                details:
                    "Kept are loss and terms along the way, epochs with their metrics, time, version, random stream and the script.",
                example:
                    "run = start_run(\"train\", linear(2, 1), cross_entropy(), steps=10, per_epoch=5)\nrecord_run(run, \"/tmp/kd-example-runs/first\")\nrun.folder.startswith(\"/tmp/kd-example-runs/first\")  # → true"
            ) { (context: CallContext, run: RunArgument, name: String, goesOn: Bool) throws -> Void in
                let record = run.run.record
                let folder = try runFolder(name)
                if goesOn, let log = try RunLog.goOn(folder, after: record.steps) {
                    record.log = log
                    return
                }
                record.log = try RunLog.begin(folder, record: record, about: surroundings(of: context.machine))
            },
            Builtin(
                "run", "Brings a recorded run back: run(\"first\").",
                Parameter<String>("name", "a folder below runs/; with a slash in it, any folder"),
                details: "A run that goes on elsewhere, or was cut short, comes back as far as it got.",
                example:
                    "r = start_run(\"train\", linear(2, 1), cross_entropy(), steps=10, per_epoch=5)\nrecord_run(r, \"/tmp/kd-example-runs/back\")\nr.finish()\nrun(r.folder).name  # → \"train\""
            ) { (context: CallContext, name: String) throws -> Value in
                let folder = try runFolder(name)
                guard RunLog.exists(in: folder) else {
                    let known = (try? recordedRuns("runs")) ?? []
                    let near = File.nearest(name, among: known)
                    throw Fault(
                        "run: nothing is recorded at \(folder)",
                        hint: near.map { "did you mean run(\"\($0)\")?" }
                            ?? "distill(…, record=\"\(name)\") records a run; runs() shows those there are",
                        kind: "file", argument: .positional(0))
                }
                let (record, about) = try RunLog.read(folder)
                return .object(RunObject(record, about: about, folder: folder))
            },
            Builtin(
                "recorded", "The names of the runs in a folder, the oldest first.",
                Parameter<String>("folder", "where", default: "runs"), example: "recorded(\"/tmp/nowhere\")  # → []"
            ) { (folder: String) throws -> [String] in try recordedRuns(folder) },
        ])
}

/// A run as an argument.
struct RunArgument: ScriptConvertible {
    let run: RunObject
    static var scriptType: String { "run" }
    static func from(_ value: Value) throws -> RunArgument? {
        (value.object as? RunObject).map { RunArgument(run: $0) }
    }
    var scriptValue: Value { .object(run) }
}

/// `first` is `runs/first`; what has a slash is a folder itself.
private func runFolder(_ name: String) throws -> String {
    guard !name.isEmpty, !name.utf8.contains(0), name.contains("/") || !name.hasPrefix(".") else {
        throw Fault("record: \"\(name)\" is no name for a run", hint: "record=\"first\"", kind: "value")
    }
    return name.contains("/") ? name : "runs/" + name
}

private func recordedRuns(_ folder: String) throws -> [String] {
    guard File.isFolder(folder) else { return [] }
    let names = try File.names(in: folder).filter { RunLog.exists(in: folder + "/" + $0) }
    let dated = names.map { name in
        (name: name, time: (try? RunLog.read(folder + "/" + name).about["time"]?.string) ?? "")
    }
    return dated.sorted { ($0.time, $0.name) < ($1.time, $1.name) }.map(\.name)
}

/// What decides a run's numbers besides its arguments.
private func surroundings(of machine: Machine) -> JSONObject {
    let script = machine.entrySource
    return [
        "time": .string(Date().ISO8601Format()), "kd": .string(Version.text),
        "instructions": .string(InstructionSet.current.rawValue), "threads": .int(ThreadPool.size),
        "random": .string(RandomStream.global.description), "script": script.map { .string($0.name) } ?? .null,
        "text": script.map { .string($0.text) } ?? .null,
    ]
}

/// Says once that a record can no longer be written.
private func warnOfLostLog(_ record: RunRecord, _ context: CallContext) {
    guard let failure = record.log?.failure else { return }
    context.warn(failure.message, hint: "the training goes on; its numbers are in the model's run")
    record.log = nil
}

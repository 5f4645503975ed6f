import Distillation
import Language
import Library
import Networks
import Tensors

extension Notebook {
    /// What running a notebook came to.
    public enum Ending: Equatable {
        case done
        /// A cell failed that was not said to; those behind it did not run.
        case failed
        case interrupted
        /// The code of `exit(code)`.
        case exited(Int32)

        public var exitCode: Int32 {
            switch self {
            case .done: 0
            case .failed: 1
            case .interrupted: 130
            case .exited(let code): code
            }
        }
    }

    /// Runs the cells from top to bottom in a session of their own, and keeps in each what it wrote and showed.
    ///
    /// A cell may fail that has the tag `raises-exception`; one with `skip-execution`, or `#| eval: false`, is passed over.
    ///
    /// - Parameters:
    ///   - file: the script's name, from which its paths go out and which errors name.
    ///   - progress: called with the number of each code cell and how many there are, before it runs.
    public mutating func run(file: String, progress: (_ cell: Int, _ of: Int) -> Void = { _, _ in }) -> Ending {
        // A page is to be the same each time, also where the script sets no seed.
        RandomStream.global = RandomStream(seed: 0)
        let recorder = Recorder()
        let session = Session(output: recorder)
        RunRecord.showsTimes = false
        defer { RunRecord.showsTimes = true }
        for index in cells.indices { (cells[index].outputs, cells[index].executionCount) = ([], nil) }
        let count = cells.count { $0.kind == .code }
        var number = 0
        for index in cells.indices where cells[index].kind == .code {
            let cell = cells[index]
            number += 1
            if cell.tags.contains("skip-execution") || cell.options["eval"] == "false" { continue }
            if cell.source.trimmed.isEmpty { continue }
            progress(number, count)
            recorder.begin()
            let outcome = session.enter(
                cell: cell.source, as: number, in: Session.Place(file: file, line: cell.line))
            for diagnostic in outcome.diagnostics {
                recorder.add(
                    .error(
                        name: diagnostic.kind, message: diagnostic.message,
                        trace: diagnostic.rendered(color: false).split(
                            separator: "\n", omittingEmptySubsequences: false
                        )
                        .map(String.init)))
            }
            cells[index].outputs = recorder.finished
            cells[index].executionCount = number
            switch outcome {
            case .done: break
            case .exited(let code): return .exited(code)
            case .interrupted: return .interrupted
            case .failed, .malformed: if !cell.tags.contains("raises-exception") { return .failed }
            }
        }
        return .done
    }
}

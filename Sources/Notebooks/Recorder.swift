import Language
import Library
import Networks

/// Collects what a cell writes and shows, in the form of a notebook's outputs.
final class Recorder: OutputSink {
    private(set) var outputs: [Notebook.Output] = []
    /// Where displays with an identity are.
    private var places: [String: Int] = [:]
    /// The place of the progress that is brought up to date.
    private var progress: Int?
    private var written = 0
    private var isCut = false
    private var clearsNext = false

    /// More than this helps nobody; the rest of what one cell writes is left out.
    private static let maximumBytes = 4 << 20

    /// All there is, with the stages of progress that follow each other in one piece.
    var finished: [Notebook.Output] {
        var joined: [Notebook.Output] = []
        for output in outputs {
            if case .stream(Recorder.progressStream, let text) = output,
                case .stream(Recorder.progressStream, let before) = joined.last
            {
                joined[joined.count - 1] = .stream(name: Recorder.progressStream, text: before + text)
            } else {
                joined.append(output)
            }
        }
        return joined
    }

    func begin() {
        outputs = []
        places = [:]
        (progress, written, isCut, clearsNext) = (nil, 0, false, false)
    }

    func add(_ output: Notebook.Output) {
        if clearsNext {
            clearsNext = false
            clear(waiting: false)
        }
        outputs.append(output)
    }

    func write(_ text: String, to channel: OutputChannel) {
        guard !text.isEmpty else { return }
        switch channel {
        case .results: stream("stdout", text)
        case .messages: stream("stderr", text)
        case .progress: showProgress(text)
        }
    }

    private func stream(_ name: String, _ text: String) {
        guard hasRoom(for: text.utf8.count) else { return }
        progress = nil
        if !clearsNext, case .stream(name, let before) = outputs.last {
            outputs[outputs.count - 1] = .stream(name: name, text: before + text)
        } else {
            add(.stream(name: name, text: text))
        }
    }

    private func hasRoom(for bytes: Int) -> Bool {
        guard !isCut else { return false }
        written += bytes
        if written <= Recorder.maximumBytes { return true }
        isCut = true
        add(
            .stream(
                name: "stderr", text: "the cell's output is cut off here, after \(Recorder.maximumBytes >> 20) MiB\n"))
        return false
    }

    /// One line for each stage of the work: the last state of it.
    private func showProgress(_ text: String) {
        let line = text.split(whereSeparator: { $0 == "\n" || $0 == "\r" }).last.map(String.init) ?? ""
        let output = Notebook.Output.stream(name: Recorder.progressStream, text: line + "\n")
        if let place = progress, outputs.indices.contains(place) {
            outputs[place] = output
        } else if hasRoom(for: line.utf8.count) {
            add(output)
            progress = outputs.count - 1
        }
        if text.hasSuffix("\n") { progress = nil }
    }

    /// Jupyter knows no such stream; its files call it stderr.
    static let progressStream = "progress"

    var replacesValues: Bool { true }

    func show(_ value: Value, identity: String?) { display(value, isResult: false, identity: identity) }

    func showResult(_ value: Value) { display(value, isResult: true, identity: nil) }

    private func display(_ value: Value, isResult: Bool, identity: String?) {
        guard hasRoom(for: 0) else { return }
        progress = nil
        let output = Notebook.Output.display(data: value.bundle, isResult: isResult)
        if let identity, let place = places[identity], outputs.indices.contains(place), !clearsNext {
            outputs[place] = output
            return
        }
        add(output)
        if let identity { places[identity] = outputs.count - 1 }
    }

    func clear(waiting: Bool) {
        if waiting {
            clearsNext = true
            return
        }
        outputs = []
        places = [:]
        progress = nil
    }
}

import Language
import Library
import Networks

/// Sends what a cell writes and shows to the clients, in the order in which it came.
final class Publisher: OutputSink {
    private let mailbox: Mailbox
    /// The cell that is at work.
    private var request: Request?
    private var isSilent = false
    private var executionCount = 0
    private var written = 0
    private var isCut = false
    private var shown: Set<String> = []
    private var progress: (identity: String, line: String, sent: ContinuousClock.Instant, isStale: Bool)?
    private var stages = 0

    /// More than this would bring a browser to a halt; the rest of what one cell writes is left out.
    static let maximumBytes = 4 << 20
    private static let progressPause = Duration.milliseconds(100)

    init(_ mailbox: Mailbox) { self.mailbox = mailbox }

    func begin(_ request: Request, isSilent: Bool, executionCount: Int) {
        self.request = request
        self.isSilent = isSilent
        self.executionCount = executionCount
        (written, isCut, progress) = (0, false, nil)
    }

    /// The cell has ended; its progress is left as it was last.
    func end() {
        finishProgress()
        request = nil
    }

    // MARK: - Text

    func write(_ text: String, to channel: OutputChannel) {
        guard let request, !isSilent, !text.isEmpty else { return }
        switch channel {
        case .results: stream("stdout", text, request)
        case .messages: stream("stderr", text, request)
        case .progress: showProgress(text)
        }
    }

    private func stream(_ name: String, _ text: String, _ request: Request) {
        finishProgress()
        guard hasRoom(for: text.utf8.count) else { return }
        mailbox.putStream(name, text, for: request)
    }

    private func hasRoom(for bytes: Int) -> Bool {
        guard !isCut else { return false }
        written += bytes
        if written <= Publisher.maximumBytes { return true }
        isCut = true
        if let request {
            mailbox.putStream(
                "stderr", "the cell's output is cut off here, after \(Publisher.maximumBytes >> 20) MiB\n", for: request
            )
        }
        return false
    }

    // MARK: - Values

    var replacesValues: Bool { true }

    func show(_ value: Value, identity: String?) {
        finishProgress()
        let isUpdate = identity.map { !shown.insert($0).inserted } ?? false
        publish(isUpdate ? "update_display_data" : "display_data", .object(value.bundle), identity: identity)
    }

    func showResult(_ value: Value) {
        guard let request, !isSilent else { return }
        finishProgress()
        guard hasRoom(for: 0) else { return }
        mailbox.put(
            .published(
                "execute_result",
                [
                    "execution_count": .int(executionCount), "data": .object(value.bundle),
                    "metadata": .object([:]),
                ], for: request))
    }

    func clear(waiting: Bool) {
        guard let request, !isSilent else { return }
        progress = nil
        mailbox.put(.published("clear_output", ["wait": .bool(waiting)], for: request))
    }

    private func publish(_ type: String, _ data: JSONValue, identity: String?, metadata: JSONObject = [:]) {
        guard let request, !isSilent, hasRoom(for: 0) else { return }
        let transient: JSONObject = identity.map { ["display_id": .string($0)] } ?? [:]
        mailbox.put(
            .published(
                type, ["data": data, "metadata": .object(metadata), "transient": .object(transient)], for: request))
    }

    // MARK: - Progress

    /// One display for each stage of the work, which is brought up to date; its metadata say what it is.
    private func showProgress(_ text: String) {
        let line = text.split(whereSeparator: { $0 == "\n" || $0 == "\r" }).last.map(String.init) ?? ""
        let isLast = text.hasSuffix("\n")
        let now = ContinuousClock.now
        if let current = progress {
            let isDue = isLast || now - current.sent >= Publisher.progressPause
            if isDue { publishProgress("update_display_data", line, current.identity) }
            progress = (current.identity, line, isDue ? now : current.sent, !isDue)
        } else {
            stages += 1
            let identity = "progress-\(stages)"
            publishProgress("display_data", line, identity)
            progress = (identity, line, now, false)
        }
        if isLast { progress = nil }
    }

    private func finishProgress() {
        guard let current = progress else { return }
        progress = nil
        if current.isStale { publishProgress("update_display_data", current.line, current.identity) }
    }

    private func publishProgress(_ type: String, _ line: String, _ identity: String) {
        publish(
            type, .object(["text/plain": .string(line)]), identity: identity,
            metadata: ["kd": .object(["progress": .bool(true)])])
    }
}

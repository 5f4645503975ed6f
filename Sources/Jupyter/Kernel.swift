// A kernel: the session of the prompt, spoken to over sockets.
//
//   client ─ Sockets ─ Doorkeeper: checks, answers what needs no session ─ Mailbox ─► Kernel: runs cells, in order
//                           ▲                                                            │
//                           └────────────────────── Mailbox ◄─ Publisher: what cells write and show

import Glibc
import Language
import Library
import Networks

/// Serves the Jupyter protocol: one thread owns the sockets, the caller's runs the code.
public final class Kernel {
    public struct Options {
        /// The program's version.
        public var version: String
        /// What was entered in earlier sessions, oldest first.
        public var history: [String]
        /// Called with each cell that is to be remembered.
        public var remember: (String) -> Void

        public init(version: String, history: [String] = [], remember: @escaping (String) -> Void = { _ in }) {
            self.version = version
            self.history = history
            self.remember = remember
        }
    }

    private let connection: ConnectionFile
    private let options: Options
    private let mailbox = Mailbox()
    private let publisher: Publisher
    private let session: Session
    private var log: InputLog
    private var executionCount = 0
    private var pages: [String] = []
    private var current: Request?

    public init(_ connection: ConnectionFile, options: Options) {
        self.connection = connection
        self.options = options
        publisher = Publisher(mailbox)
        session = Session(output: publisher)
        log = InputLog(earlier: options.history)
        session.history = { [unowned self] in log.entries.map(\.input) }
        session.helpReader = { [unowned self] in pages.append($0) }
        session.pager = { [unowned self] in pages.append($0) }
        session.machine.hooks.ask = { [unowned self] in try ask($0, isSecret: $1) }
    }

    /// Serves until it is told to end. `announce` gets the connection file's text once the sockets listen.
    public func run(announce: @escaping @Sendable (String) throws -> Void = { _ in }) throws {
        let doorkeeper = try Doorkeeper(connection, mailbox, version: options.version, announce: announce)
        try doorkeeper.start()
        while let request = mailbox.next() {
            // What was pressed while nothing ran means nothing.
            Session.clearInterrupt()
            mailbox.setBusy(true)
            mailbox.put(.status("busy", for: request))
            current = request
            switch request.type {
            case "execute_request": execute(request)
            case "complete_request": reply(request, completion(request.content))
            case "inspect_request": reply(request, inspection(request.content))
            case "history_request": reply(request, log.answer(request.content))
            default: break
            }
            current = nil
            mailbox.setBusy(false)
            mailbox.put(.status("idle", for: request))
        }
        doorkeeper.waitUntilClosed()
    }

    private func reply(_ request: Request, _ content: JSONObject) { mailbox.put(.reply(to: request, content)) }

    // MARK: - Running

    private func execute(_ request: Request) {
        guard let code = request.content["code"]?.string else {
            return reply(request, Kernel.error("protocol", "an execute_request needs code", []))
        }
        let isSilent = request.content["silent"]?.bool ?? false
        let isKept = !isSilent && (request.content["store_history"]?.bool ?? true)
        if isKept { executionCount += 1 }
        let count = executionCount
        if !isSilent {
            mailbox.put(
                .published("execute_input", ["code": .string(code), "execution_count": .int(count)], for: request))
        }
        publisher.begin(request, isSilent: isSilent, executionCount: count)
        pages = []
        let outcome = isKept ? session.enter(cell: code, as: count) : session.run(Source(name: "<cell>", text: code))
        publisher.end()
        if isKept {
            let result = session.machine.main["_\(count)"].map { $0.display(.full(width: 80)) }
            log.append(code, line: count, output: result)
            options.remember(code)
        }

        var content: JSONObject = ["status": .string("ok")]
        var payload = pages.map { text -> JSONValue in
            .object([
                "source": .string("page"), "start": .int(0), "data": .object(["text/plain": .string(text)]),
            ])
        }
        var failed = false
        switch outcome {
        case .done: break
        case .exited: payload.append(.object(["source": .string("ask_exit"), "keepkernel": .bool(false)]))
        case .failed, .malformed, .interrupted:
            failed = true
            let first = outcome.diagnostics.first
            let message = first.map { $0.message + ($0.hint.map { "; \($0)" } ?? "") } ?? "the cell failed"
            let trace = outcome.diagnostics.flatMap {
                $0.rendered(color: true).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            }
            content = Kernel.error(first?.kind ?? "error", message, trace)
            if !isSilent {
                var published = content
                published["status"] = nil
                mailbox.put(.published("error", published, for: request))
            }
        }
        content["execution_count"] = .int(count)
        content["payload"] = .array(payload)
        if !failed {
            var answers: JSONObject = [:]
            for (name, text) in request.content["user_expressions"]?.object ?? [:] {
                answers[name] = value(of: text.string ?? "")
            }
            content["user_expressions"] = .object(answers)
        }
        // What a client sends once it has read the reply is not behind this cell: those that are, are taken out before.
        let stops = failed && request.content["stop_on_error"]?.bool ?? true
        let behind = stops ? mailbox.takeWaiting("execute_request") : []
        reply(request, content)
        abort(behind)
    }

    /// The cells that were sent behind one that failed are not run.
    private func abort(_ requests: [Request]) {
        for request in requests {
            mailbox.put(.status("busy", for: request))
            var content = Kernel.error("aborted", "a cell before this one failed", [])
            content["status"] = .string("aborted")
            content["execution_count"] = .int(executionCount)
            reply(request, content)
            mailbox.put(.status("idle", for: request))
        }
    }

    private static func error(_ name: String, _ message: String, _ trace: [String]) -> JSONObject {
        [
            "status": .string("error"), "ename": .string(name), "evalue": .string(message),
            "traceback": .array(trace.map { .string($0) }),
        ]
    }

    private func value(of expression: String) -> JSONValue {
        do {
            let value = try session.value(of: expression)
            return .object([
                "status": .string("ok"), "data": .object(value.bundle), "metadata": .object([:]),
            ])
        } catch {
            let diagnostic = Session.outcome(of: error).diagnostics.first
            return .object(Kernel.error(diagnostic?.kind ?? "error", diagnostic?.message ?? "\(error)", []))
        }
    }

    /// A line from the person at the client.
    private func ask(_ prompt: String, isSecret: Bool) throws -> String? {
        guard let request = current, request.content["allow_stdin"]?.bool ?? true else {
            throw Fault(
                "input: this client has no way to ask", hint: "run the notebook where a person sits", kind: "input")
        }
        var message = Message(
            channel: .stdin, type: "input_request",
            content: .object(["prompt": .string(prompt), "password": .bool(isSecret)]), parent: request.rawHeader)
        message.identities = request.identities
        mailbox.put(message)
        let interruption = session.machine.interruption
        let answer = mailbox.answer { interruption.isRequested }
        try session.machine.checkInterrupt()
        return answer
    }

    // MARK: - Answers about texts

    private func completion(_ content: JSONValue) -> JSONObject {
        let scalars = Array((content["code"]?.string ?? "").unicodeScalars)
        let cursor = min(max(content["cursor_pos"]?.int ?? scalars.count, 0), scalars.count)
        let found = session.complete(Kernel.text(scalars[..<cursor]))
        let matches = found.candidates.map { JSONValue.string($0.text) }
        return [
            "status": .string("ok"), "matches": .array(matches),
            "cursor_start": .int(cursor - found.prefix.unicodeScalars.count), "cursor_end": .int(cursor),
            "metadata": .object([:]),
        ]
    }

    private func inspection(_ content: JSONValue) -> JSONObject {
        let scalars = Array((content["code"]?.string ?? "").unicodeScalars)
        let cursor = min(max(content["cursor_pos"]?.int ?? scalars.count, 0), scalars.count)
        var text: String?
        for name in Kernel.names(around: cursor, in: scalars) where text == nil {
            text = (content["detail_level"]?.int ?? 0) > 0 ? session.declaration(name) : session.help(name)
        }
        return [
            "status": .string("ok"), "found": .bool(text != nil), "metadata": .object([:]),
            "data": .object(text.map { ["text/plain": .string($0)] } ?? [:]),
        ]
    }

    /// The name at the cursor, then the function whose arguments are being written there.
    static func names(around cursor: Int, in scalars: [Unicode.Scalar]) -> [String] {
        func isPart(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "." || scalar == "_" || scalar.properties.isXIDContinue
        }
        func name(endingAt place: Int) -> String? {
            var start = place
            while start > 0, isPart(scalars[start - 1]) { start -= 1 }
            return start < place ? text(scalars[start..<place]) : nil
        }
        var end = cursor
        while end < scalars.count, isPart(scalars[end]), scalars[end] != "." { end += 1 }
        var found = [name(endingAt: end)]
        var depth = 0
        for place in scalars[..<cursor].indices.reversed() {
            if scalars[place] == ")" { depth += 1 }
            guard scalars[place] == "(" else { continue }
            depth -= 1
            if depth < 0 {
                found.append(name(endingAt: place))
                break
            }
        }
        return found.compactMap(\.self)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

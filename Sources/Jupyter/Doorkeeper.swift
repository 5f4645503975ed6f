import Glibc
import Language
import Library
import Networks
import Synchronization

/// Owns the sockets: lets in what is signed, answers what needs no session, and sends what the code has to say.
///
/// Heartbeat, interrupts and the end of the kernel work while code runs.
final class Doorkeeper: @unchecked Sendable {
    // Only the thread of the sockets touches these once it has started.
    private let sockets: Sockets
    private let signature: Signature
    private var seen = SeenSignatures()
    private let mailbox: Mailbox
    private let version: String
    private let sessionName = Identifier.random()
    private var thread = pthread_t()

    init(
        _ connection: ConnectionFile, _ mailbox: Mailbox, version: String, announce: (String) throws -> Void
    ) throws {
        sockets = try Sockets(connection)
        signature = Signature(key: connection.key)
        self.mailbox = mailbox
        self.version = version
        try announce(connection.text(ports: sockets.ports))
    }

    func start() throws {
        let box = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<Doorkeeper>.fromOpaque(pointer).takeRetainedValue().serve() }
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw Fault("the system gives no thread: \(String(cString: strerror(code)))", kind: "memory")
        }
    }

    func waitUntilClosed() { pthread_join(thread, nil) }

    private func serve() {
        // Ctrl-C is for the thread that runs code.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        send(.status("starting", for: nil))
        var isOpen = true
        // A client that starts kernels says so; one whose client is gone is of no use.
        let parent = getenv("JPY_PARENT_PID") == nil ? nil : getppid()
        while isOpen {
            let patience = mailbox.isBusy ? 30 : parent == nil ? -1 : 1000
            let ready = sockets.wait(descriptor: mailbox.outgoing.descriptor, milliseconds: patience)
            if let parent, getppid() != parent { isOpen = false }
            if ready.contains(.heartbeat), let frames = sockets.receive(.heartbeat) {
                sockets.send(frames, to: .heartbeat)
            }
            while ready.contains(.iopub), let frames = sockets.receive(.iopub) { welcome(frames) }
            while ready.contains(.control), isOpen, let request = receive(.control) { isOpen = control(request) }
            while ready.contains(.stdin), let answer = receive(.stdin) {
                if answer.type == "input_reply" { mailbox.putAnswer(answer.content["value"]?.string ?? "") }
            }
            while ready.contains(.shell), isOpen, let request = receive(.shell) { isOpen = shell(request) }
            sendWaiting()
        }
        sendWaiting()
        sockets.close()
        Session.interrupt()
        mailbox.close()
        // Code that does not look at the wish to stop is not waited for.
        for _ in 0..<100 where mailbox.isBusy { usleep(10_000) }
        if mailbox.isBusy { _exit(0) }
    }

    private func sendWaiting() {
        mailbox.outgoing.drain()
        for message in mailbox.takeMessages() { send(message) }
    }

    private func send(_ message: Message) {
        sockets.send(message.frames(session: sessionName, signature: signature), to: message.channel)
    }

    /// The next message of a socket that may be obeyed; others are dropped.
    private func receive(_ channel: ConnectionFile.Channel) -> Request? {
        while let frames = sockets.receive(channel) {
            if let request = Request(frames: frames, channel: channel, signature: signature, seen: &seen) {
                return request
            }
        }
        return nil
    }

    /// A client that has subscribed is told so: from here on it misses nothing.
    private func welcome(_ frames: [[UInt8]]) {
        guard let frame = frames.first, frame.first == 1 else { return }
        let topic = Array(frame.dropFirst())
        send(
            Message(
                channel: .iopub, type: "iopub_welcome",
                content: .object(["subscription": .string(String(decoding: topic, as: UTF8.self))]), parent: nil,
                identities: [topic]))
    }

    // MARK: - Requests

    /// False when the kernel is to end.
    private func control(_ request: Request) -> Bool {
        switch request.type {
        case "interrupt_request":
            answer(request) {
                Session.interrupt()
                mailbox.ring()
                return ["status": .string("ok")]
            }
        case "shutdown_request": return shutDown(request)
        case "kernel_info_request": answer(request) { kernelInfo() }
        default: break
        }
        return true
    }

    /// False when the kernel is to end.
    private func shell(_ request: Request) -> Bool {
        switch request.type {
        case "execute_request", "complete_request", "inspect_request", "history_request": mailbox.put(request)
        case "kernel_info_request": answer(request) { kernelInfo() }
        case "is_complete_request": answer(request) { completeness(request.content) }
        case "comm_info_request": answer(request) { ["status": .string("ok"), "comms": .object([:])] }
        case "connect_request":
            answer(request) {
                var ports: JSONObject = ["status": .string("ok")]
                for (channel, port) in sockets.ports { ports[channel.portName] = .int(port) }
                return ports
            }
        case "comm_open":
            // There is no target that could take it up.
            send(.status("busy", for: request))
            let identifier = request.content["comm_id"] ?? .string("")
            send(.published("comm_close", ["comm_id": identifier, "data": .object([:])], for: request))
            send(.status("idle", for: request))
        case "shutdown_request": return shutDown(request)
        // Both sides should allow what they do not know.
        default: break
        }
        return true
    }

    private func answer(_ request: Request, _ content: () -> JSONObject) {
        send(.status("busy", for: request))
        send(.reply(to: request, content()))
        send(.status("idle", for: request))
    }

    private func shutDown(_ request: Request) -> Bool {
        sendWaiting()
        let content: JSONObject = [
            "status": .string("ok"), "restart": .bool(request.content["restart"]?.bool ?? false),
        ]
        send(.status("busy", for: request))
        send(.reply(to: request, content))
        send(.published("shutdown_reply", content, for: request))
        send(.status("idle", for: request))
        return false
    }

    private func completeness(_ content: JSONValue) -> JSONObject {
        switch Session.completeness(of: content["code"]?.string ?? "") {
        case .complete: ["status": .string("complete")]
        case .incomplete(let indent):
            ["status": .string("incomplete"), "indent": .string(String(repeating: " ", count: indent))]
        case .invalid: ["status": .string("invalid")]
        }
    }

    private func kernelInfo() -> JSONObject {
        [
            "status": .string("ok"), "protocol_version": .string(Message.protocolVersion),
            "implementation": .string("kd"), "implementation_version": .string(version),
            "language_info": .object([
                "name": .string("kd"), "version": .string(version), "mimetype": .string("text/x-kd"),
                "file_extension": .string(".kds"),
                // Comments, strings and calls look as they do there.
                "pygments_lexer": .string("python"), "codemirror_mode": .string("python"),
            ]),
            "banner": .string("kd \(version) · a language for knowledge distillation\n?name shows help, ? is a guide."),
            "help_links": .array([]), "debugger": .bool(false), "supported_features": .array([]),
        ]
    }
}

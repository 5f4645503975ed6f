import Glibc
import Synchronization

/// What the thread of the sockets and the thread that runs code hand to each other.
final class Mailbox: Sendable {
    private struct Contents {
        var requests: [Request] = []
        var messages: [Message] = []
        var answer: String?
        var isClosed = false
        /// Whether code is running, so that what it writes is looked for.
        var isBusy = false
        /// What was written and is not yet a message.
        var stream: (name: String, request: Request, text: String)?

        mutating func finishStream() {
            guard let (name, request, text) = stream else { return }
            stream = nil
            messages.append(.published("stream", ["name": .string(name), "text": .string(text)], for: request))
        }
    }

    private let contents = Mutex(Contents())
    /// Wakes the thread of the sockets.
    let outgoing = Bell()
    /// Wakes the thread that runs code.
    private let incoming = Bell()

    // MARK: - From the sockets to the code

    func put(_ request: Request) {
        contents.withLock { $0.requests.append(request) }
        incoming.ring()
    }

    func putAnswer(_ text: String) {
        contents.withLock { $0.answer = text }
        incoming.ring()
    }

    func close() {
        contents.withLock { $0.isClosed = true }
        incoming.ring()
    }

    /// Wakes a thread that waits, to look at what has changed elsewhere.
    func ring() { incoming.ring() }

    /// The next request; waits for it, nil when the kernel ends.
    func next() -> Request? {
        while true {
            let (request, isClosed) = contents.withLock {
                ($0.requests.isEmpty ? nil : $0.requests.removeFirst(), $0.isClosed)
            }
            if isClosed { return nil }
            if let request { return request }
            incoming.wait()
        }
    }

    /// Takes out the requests that are waiting and are of this type.
    func takeWaiting(_ type: String) -> [Request] {
        contents.withLock { contents in
            let waiting = contents.requests.filter { $0.type == type }
            contents.requests.removeAll { $0.type == type }
            return waiting
        }
    }

    /// What was typed; nil when `gaveUp` says so or the kernel ends.
    func answer(gaveUp: () -> Bool) -> String? {
        while true {
            let (answer, isClosed) = contents.withLock { contents in
                defer { contents.answer = nil }
                return (contents.answer, contents.isClosed)
            }
            if let answer { return answer }
            if isClosed || gaveUp() { return nil }
            incoming.wait()
        }
    }

    // MARK: - From the code to the sockets

    var isBusy: Bool { contents.withLock { $0.isBusy } }

    func setBusy(_ isBusy: Bool) { contents.withLock { $0.isBusy = isBusy } }

    func put(_ message: Message) {
        contents.withLock { contents in
            contents.finishStream()
            contents.messages.append(message)
        }
        outgoing.ring()
    }

    /// Text of one stream that follows text of the same one is sent with it: it waits for more unless there is much.
    func putStream(_ name: String, _ text: String, for request: Request) {
        let wakes = contents.withLock { contents -> Bool in
            if contents.stream?.name != name || contents.stream?.request.rawHeader != request.rawHeader {
                contents.finishStream()
                contents.stream = (name, request, "")
            }
            contents.stream?.text += text
            return (contents.stream?.text.utf8.count ?? 0) > 1 << 14
        }
        if wakes { outgoing.ring() }
    }

    func takeMessages() -> [Message] {
        contents.withLock { contents in
            contents.finishStream()
            defer { contents.messages = [] }
            return contents.messages
        }
    }
}

/// A pipe that one thread waits at and others ring.
final class Bell: Sendable {
    /// What is read from; also for `poll`.
    let descriptor: Int32
    private let end: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        (descriptor, end) = (ends[0], ends[1])
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }

    func ring() {
        var byte: UInt8 = 0
        _ = write(end, &byte, 1)
    }

    /// Forgets that it was rung.
    func drain() {
        var bell = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&bell, 1, 0) > 0 { wait() }
    }

    /// Waits until it was rung; a signal ends the wait too.
    func wait() {
        var bytes = [UInt8](repeating: 0, count: 256)
        _ = read(descriptor, &bytes, bytes.count)
    }
}

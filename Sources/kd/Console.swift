import Glibc
import Language

/// Writes a session's text to the program's streams: results to stdout, messages and progress to stderr, in the order in
/// which they came.
///
/// Results are collected and written when a message follows, when a run ends, or when there is much of it or a terminal to
/// see it. At a terminal progress is one line that is written over and cleared before anything else; elsewhere only the
/// last state of each stage remains.
final class Console: OutputSink {
    private let terminal: Terminal
    private var pending: [UInt8] = []
    /// The progress last written over the line, or kept for the end of its stage.
    private var progress = ""
    private static let pendingLimit = 1 << 14

    init(terminal: Terminal) { self.terminal = terminal }

    var isStreams: Bool { true }

    func write(_ text: String, to channel: OutputChannel) {
        switch channel {
        case .results:
            clearProgress()
            pending.append(contentsOf: text.utf8)
            if terminal.outputIsTerminal || pending.count > Console.pendingLimit { flush() }
        case .messages:
            clearProgress()
            flush()
            Console.writeAll(2, Array(text.utf8))
        case .progress:
            showProgress(text)
        }
    }

    func show(_ value: Value, identity: String?) {
        write(value.display(.full(width: terminal.width)) + "\n", to: .results)
    }

    /// Hands everything over to the system.
    func flush() {
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        Console.writeAll(1, bytes)
    }

    /// The work has ended: what is left of its progress is cleared at a terminal and stays elsewhere.
    func finish() {
        clearProgress()
        flush()
    }

    /// A state of the work; a text that ends in a newline is the last of its stage.
    private func showProgress(_ text: String) {
        let line = text.split(whereSeparator: { $0 == "\n" || $0 == "\r" }).last.map(String.init) ?? ""
        let isLast = text.hasSuffix("\n")
        guard terminal.progressIsLive else {
            progress = line
            if isLast { clearProgress() }
            return
        }
        flush()
        if isLast {
            progress = ""
            Console.writeAll(2, Array("\r\u{1B}[K\(line)\n".utf8))
            return
        }
        progress = line
        Console.writeAll(2, Array("\r\(line.prefix(terminal.width - 1))\u{1B}[K".utf8))
    }

    private func clearProgress() {
        guard !progress.isEmpty else { return }
        let line = progress
        progress = ""
        if terminal.progressIsLive {
            Console.writeAll(2, Array("\r\u{1B}[K".utf8))
        } else {
            flush()
            Console.writeAll(2, Array((line + "\n").utf8))
        }
    }

    /// Writes all bytes; a reader that went away ends the program as it ends others.
    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count >= 0 {
                    offset += count
                } else if errno == EPIPE {
                    _exit(141)
                } else if errno == EAGAIN {
                    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    Glibc.poll(&poll, 1, 1000)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}

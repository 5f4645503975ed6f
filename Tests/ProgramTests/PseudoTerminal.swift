import Glibc

/// A program at a terminal of its own: types keys, sees what a person would see on the screen's wire.
final class PseudoTerminal {
    private let master: Int32
    let process: pid_t
    private(set) var seen = ""
    private var hasEnded = false

    init(_ arguments: [String], environment: [String: String] = [:]) {
        // What posix_openpt, unlockpt and ptsname do on Linux; Swift's Glibc module does not show them.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0
        _ = ioctl(master, 0x4004_5431, &isLocked)
        var number: UInt32 = 0
        _ = ioctl(master, 0x8004_5430, &number)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        let slave = "/dev/pts/\(number)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The leader of a new session gets the terminal that it opens first as its own.
        for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, descriptor, slave, O_RDWR, 0) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, 0x80)
        process = spawn(kdPath, arguments, environment: environment, actions: &actions, attributes: &attributes)
    }

    deinit {
        if !hasEnded {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
        close(master)
    }

    /// Gives the window another width, as a person who drags its edge.
    func resize(columns: UInt16) {
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Types a text; `\r` is Enter, `\u{3}` Ctrl-C, `\u{4}` Ctrl-D.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// Reads until the text shows; answers what came up to it, or nil after some seconds without it.
    @discardableResult
    func wait(for text: String, seconds: Double = 20) -> String? {
        let end = now() + seconds
        while true {
            if let range = seen.firstRange(of: text) {
                let before = String(seen[..<range.upperBound])
                seen = String(seen[range.upperBound...])
                return before
            }
            guard now() < end, read(milliseconds: 50) else { return nil }
        }
    }

    /// Waits until a block can be typed; answers what was shown up to there. The editor draws its prompt often, but asks
    /// for bracketed pastes only where a block begins.
    @discardableResult
    func waitForPrompt() -> String? {
        guard let before = wait(for: "\u{1B}[?2004h"), wait(for: "kd>") != nil else { return nil }
        return before.replacing("\u{1B}[?2004h", with: "").replacing("\r\n", with: "\n")
    }

    /// Enters a block and answers what was shown from its start until the next prompt.
    @discardableResult
    func enter(_ block: String) -> String {
        type(block + "\r")
        guard waitForStart() else { return "(not run) \(seen)" }
        return waitForPrompt() ?? "(no prompt) \(seen)"
    }

    /// Waits until the block that was typed runs.
    func waitForStart() -> Bool { wait(for: "\u{1B}[?2004l") != nil }

    /// Waits for the end of the program; answers its exit code.
    func end(seconds: Double = 20) -> Int32 {
        let end = now() + seconds
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            _ = read(milliseconds: 10)
            if now() > end { kill(process, SIGKILL) }
        }
        while read(milliseconds: 10) {}
        hasEnded = true
        return exitCode(status)
    }

    /// False when the terminal is gone.
    private func read(milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return !hasEnded && milliseconds > 20 }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(master, &buffer, buffer.count)
        guard count > 0 else { return false }
        seen += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }
}

/// Seconds on a clock that nobody sets.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

import Glibc

/// The blocks that were entered, in a file that only grows: one line for each block, written through to the disk at once.
///
/// A line is the block with `\` as `\\`, a newline as `\n` and a carriage return as `\r`, so that blocks of several lines
/// stay one entry and several sessions can append to one file.
final class History {
    /// A longer file is cut to its newest blocks when a session starts.
    static let maximumBytes = 4 << 20
    static let keptBlocks = 10_000

    private(set) var blocks: [String] = []
    private let path: String?
    private var descriptor: Int32 = -1

    /// `$XDG_STATE_HOME/kd/history`, else `~/.local/state/kd/history`; nil when there is no home.
    static var standardPath: String? {
        if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/kd/history" }
        return environment("HOME").map { $0 + "/.local/state/kd/history" }
    }

    /// Reads what is there; with no path, or one that cannot be written, blocks are remembered for this session alone.
    init(path: String?) {
        self.path = path
        guard let path else { return }
        History.makeFolders(of: path)
        blocks = History.read(path)
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Adds a block unless it repeats the one before it.
    func append(_ block: String) {
        guard !block.isEmpty, block != blocks.last else { return }
        blocks.append(block)
        guard descriptor >= 0 else { return }
        let line = Array((History.escaped(block) + "\n").utf8)
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        fsync(descriptor)
    }

    private static func read(_ path: String) -> [String] {
        guard let bytes = fileBytes(path) else { return [] }
        var blocks = bytes.split(separator: 0x0A).map { unescaped(String(decoding: $0, as: UTF8.self)) }
        if blocks.count > keptBlocks { blocks.removeFirst(blocks.count - keptBlocks) }
        if bytes.count > maximumBytes { rewrite(path, blocks) }
        return blocks
    }

    /// Puts a shorter file in the place of the old one in one step.
    private static func rewrite(_ path: String, _ blocks: [String]) {
        var room = maximumBytes / 2
        var lines: [String] = []
        for block in blocks.reversed() {
            let line = escaped(block) + "\n"
            room -= line.utf8.count
            if room < 0 { break }
            lines.append(line)
        }
        let temporary = path + ".\(getpid())"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        let bytes = Array(lines.reversed().joined().utf8)
        let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        fsync(file)
        close(file)
        if written == bytes.count { rename(temporary, path) } else { unlink(temporary) }
    }

    static func escaped(_ block: String) -> String {
        var line = ""
        for scalar in block.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    static func unescaped(_ line: String) -> String {
        var block = ""
        var isEscape = false
        for scalar in line.unicodeScalars {
            if isEscape {
                block.unicodeScalars.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
                isEscape = false
            } else if scalar == "\\" {
                isEscape = true
            } else {
                block.unicodeScalars.append(scalar)
            }
        }
        return block
    }

    private static func makeFolders(of path: String) {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension File {
    /// Writes a file so that it is either there as a whole or not at all, whatever happens meanwhile.
    ///
    /// The bytes go to a new file in the same folder, which is brought to the disk, takes the place of the old one, and has
    /// its folder brought to the disk. A pipe or a device is written straight.
    public static func write(to path: String, _ body: (OutputFile) throws -> Void) throws {
        let file = try OutputFile(path)
        do {
            try body(file)
            try file.commit()
        } catch {
            file.abandon()
            throw error
        }
    }

    public static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { try $0.write(bytes) }
    }

    public static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }
}

/// A file that is being written; it takes its name only when it is complete.
public final class OutputFile {
    public let path: String
    /// Where the bytes go; nil when they go straight to a device.
    private let temporary: String?
    private let target: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    /// Bytes written so far.
    public private(set) var count = 0

    fileprivate init(_ path: String) throws {
        self.path = path
        guard !path.utf8.contains(0) else { throw FormatError("the path holds a NUL character") }
        if path.isEmpty { throw FormatError("the path of a file is empty") }
        var target = File.expand(path)
        var info = stat()
        var mode: mode_t?
        if stat(target, &info) == 0 {
            switch info.st_mode & S_IFMT {
            case S_IFDIR: throw FormatError("this is a folder, not a file", file: path)
            case S_IFREG:
                guard access(target, W_OK) == 0 else { throw File.fault(errno, path, doing: "write the file") }
                mode = info.st_mode & 0o777
            default:
                descriptor = open(target, O_WRONLY | O_CLOEXEC)
                if descriptor < 0 { throw File.fault(errno, path, doing: "write to it") }
                (temporary, self.target) = (nil, target)
                return
            }
            // A link stays a link: the file that it leads to is the one that is replaced.
            if let resolved = realpath(target, nil) {
                target = String(cString: resolved)
                free(resolved)
            }
        }
        var template = Array((target + ".XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        if descriptor < 0 {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? OutputFile.missingFolder(of: path) : File.fault(code, path, doing: "write the file")
        }
        temporary = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
        self.target = target
        if mode == nil {
            let mask = umask(0)
            umask(mask)
            mode = 0o666 & ~mask
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        fchmod(descriptor, mode ?? 0o644)
    }

    private static func missingFolder(of path: String) -> FormatError {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        var error = File.missing(folder)
        error.problem = "there is no folder \"\(folder)\" to write to"
        error.file = path
        error.hint = error.hint ?? "make it first: mkdir -p \(folder)"
        return error
    }

    public func write(_ bytes: [UInt8]) throws {
        count += bytes.count
        if buffer.count + bytes.count > 1 << 16 { try flush() }
        if bytes.count > 1 << 16 { return try bytes.withUnsafeBytes { try send($0) } }
        buffer += bytes
    }

    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    public func write(_ raw: UnsafeRawBufferPointer) throws {
        count += raw.count
        try flush()
        try send(raw)
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try send($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func send(_ raw: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < raw.count {
            let sent = systemWrite(descriptor, raw.baseAddress! + done, min(raw.count - done, 1 << 30))
            if sent < 0 {
                if errno == EINTR { continue }
                throw File.fault(errno, path, doing: "write the file")
            }
            done += sent
        }
    }

    fileprivate func commit() throws {
        try flush()
        guard let temporary else { return closeFile() }
        guard fsync(descriptor) == 0 else { throw File.fault(errno, path, doing: "write the file") }
        closeFile()
        guard rename(temporary, target) == 0 else { throw File.fault(errno, path, doing: "write the file") }
        let slash = target.lastIndex(of: "/")
        let folder = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let handle = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        if handle >= 0 {
            fsync(handle)
            close(handle)
        }
    }

    fileprivate func abandon() {
        closeFile()
        if let temporary { unlink(temporary) }
    }

    private func closeFile() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    deinit { closeFile() }
}

/// `write(2)`, which a method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}

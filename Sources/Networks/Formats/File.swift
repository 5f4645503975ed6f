#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Tensors

/// Whole files in and out, with errors that say what stands in the way.
public enum File {
    /// The most bytes that a reader of text takes into memory.
    public static let defaultLimit = 2 << 30
    /// The most that it takes from a pipe or a device, which does not say how much will come.
    public static let streamLimit = 512 << 20

    /// The path with a leading `~/` replaced by the home folder.
    public static func expand(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }

    /// All bytes of a file.
    ///
    /// - Throws: `FormatError` when there is no such file (with the nearest name), it is a folder, may not be read, or is
    ///   larger than `limit`.
    public static func read(_ path: String, limit: Int = defaultLimit) throws -> [UInt8] {
        let file = try InputFile(path)
        // Files of the kernel's, such as those in /proc, say that they are empty and are not.
        if let size = file.size, size > 0 {
            guard size <= limit else {
                throw FormatError(
                    "the file is larger than \(limit >> 20) MiB", file: path, hint: "split it into several files")
            }
            return try file.bytes(at: 0, count: size)
        }
        var bytes: [UInt8] = []
        while let chunk = try file.nextChunk() {
            bytes += chunk
            guard bytes.count <= min(limit, streamLimit) else {
                throw FormatError(
                    "more than \(min(limit, streamLimit) >> 20) MiB came, and there was no end", file: path,
                    hint: "save what comes as a file and read that")
            }
        }
        return bytes
    }

    /// The text of a file, which must be UTF-8 without NUL; a byte order mark at its start is left out.
    public static func readText(_ path: String, limit: Int = defaultLimit) throws -> String {
        let bytes = try read(path, limit: limit)
        try UTF8Text.check(bytes, file: path)
        return String(decoding: bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0), as: UTF8.self)
    }

    public static func exists(_ path: String) -> Bool { access(expand(path), F_OK) == 0 }

    public static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(expand(path), &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The names in a folder, sorted by their bytes, without `.` and `..`; at most `limit` are read.
    public static func names(in folder: String, limit: Int = 100_000) throws -> [String] {
        guard let directory = opendir(expand(folder)) else {
            throw fault(errno, folder, doing: "read the folder")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.map { ExactString($0) }.sorted().map(\.text)
    }

    /// Removes a file, if there is one.
    ///
    /// - Throws: `FormatError` for a folder, or where the system refuses.
    public static func remove(_ path: String) throws {
        let path = expand(path)
        guard !path.utf8.contains(0) else { throw FormatError("this is no path of a file", file: path) }
        if isFolder(path) { throw FormatError("this is a folder, not a file", file: path) }
        guard unlink(path) == 0 || errno == ENOENT else { throw fault(errno, path, doing: "remove the file") }
    }

    /// Makes a folder and those above it.
    ///
    /// - Throws: `FormatError` where a file stands in the way or the system refuses.
    public static func makeFolder(_ path: String) throws {
        let path = expand(path)
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw FormatError("this is no path of a folder", file: path)
        }
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if isFolder(made) { continue }
            guard mkdir(made, 0o777) == 0 || errno == EEXIST && isFolder(made) else {
                throw errno == EEXIST
                    ? FormatError("a file of this name is there already", file: made)
                    : fault(errno, made, doing: "make the folder")
            }
        }
    }

    /// The error for a failed call, in words.
    static func fault(_ code: Int32, _ path: String, doing action: String) -> FormatError {
        switch code {
        case ENOENT, ENOTDIR: missing(path)
        case EACCES, EPERM: FormatError("no permission to \(action)", file: path)
        case EISDIR: FormatError("this is a folder, not a file", file: path)
        case ENOSPC, EDQUOT: FormatError("no space is left to \(action)", file: path)
        case EROFS: FormatError("cannot \(action): the file system is read-only", file: path)
        case EMFILE, ENFILE: FormatError("cannot \(action): too many open files", file: path)
        case ENAMETOOLONG: FormatError("cannot \(action): the name is too long", file: path)
        case ELOOP: FormatError("cannot \(action): symbolic links lead in a circle", file: path)
        default: FormatError("cannot \(action): \(String(cString: strerror(code)))", file: path)
        }
    }

    /// "There is no such file", with the nearest name beside the first part of the path that is missing.
    static func missing(_ path: String) -> FormatError {
        if path.isEmpty { return FormatError("the path of a file is empty") }
        var folder = path.hasPrefix("/") ? "/" : "."
        var shown = path.hasPrefix("/") ? "/" : ""
        let parts = path.split(separator: "/").map(String.init)
        for (k, part) in parts.enumerated() {
            let inner = folder == "/" ? "/" + part : folder + "/" + part
            if exists(k == 0 && !path.hasPrefix("/") ? part : inner) {
                folder = k == 0 && !path.hasPrefix("/") ? part : inner
                shown += part + "/"
                continue
            }
            let near = nearest(part, among: (try? names(in: folder, limit: 10_000)) ?? [])
            let isLast = k == parts.count - 1
            return FormatError(
                isLast ? "there is no such file" : "there is no folder \"\(shown)\(part)\"", file: path,
                hint: near.map { "did you mean \"\(([shown + $0] + parts.dropFirst(k + 1)).joined(separator: "/"))\"?" }
            )
        }
        return FormatError("there is no such file", file: path)
    }

    /// The candidate that differs by the fewest edits, if it is near enough to be meant.
    public static func nearest(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count > 1 else { return nil }
        let limit = max(1, min(3, name.utf8.count / 3))
        var best: (name: String, edits: Int)?
        for candidate in candidates {
            let edits = self.edits(Array(name.utf8), Array(candidate.utf8), limit: limit)
            if edits <= limit, edits < best?.edits ?? .max { best = (candidate, edits) }
        }
        return best?.name
    }

    /// Insertions, deletions and replacements (and swaps of neighbours) between two names, or `limit + 1` when there are more.
    private static func edits(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
        if abs(a.count - b.count) > limit { return limit + 1 }
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}

/// An open file that is read at any place.
///
/// It is read by `pread` and not mapped: where another program shortens the file meanwhile, a read is an error, while a mapped
/// page would end the process.
public final class InputFile {
    public let path: String
    /// The size in bytes; nil for a pipe or a device.
    public let size: Int?
    private let descriptor: Int32

    public init(_ path: String) throws {
        self.path = path
        guard !path.utf8.contains(0) else { throw FormatError("the path holds a NUL character") }
        if path.isEmpty { throw File.missing(path) }
        var descriptor = open(File.expand(path), O_RDONLY | O_CLOEXEC)
        // A pipe opens when somebody writes to it, which may be never.
        while descriptor < 0 && errno == EINTR {
            try Interruption.check()
            descriptor = open(File.expand(path), O_RDONLY | O_CLOEXEC)
        }
        if descriptor < 0 { throw File.fault(errno, path, doing: "read the file") }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw File.fault(code, path, doing: "read the file")
        }
        if info.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw FormatError("this is a folder, not a file", file: path)
        }
        size = info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : nil
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from the place `offset`.
    ///
    /// - Throws: when the file ends before the buffer is full.
    public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < buffer.count {
            try Interruption.check()
            let count = pread(
                descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 26), off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw File.fault(errno, path, doing: "read the file")
            }
            if count == 0 {
                throw FormatError("the file ends at byte \(offset + done), before what is due there", file: path)
            }
            done += count
        }
    }

    public func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            try read(
                at: offset,
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initialized = count
        }
    }

    /// The next bytes of a pipe or a device; nil at its end.
    ///
    /// - Throws: `interrupt` when a stop was asked for, also while nothing comes.
    func nextChunk() throws -> [UInt8]? {
        var failure: Int32 = 0
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var ready: Int32 = 0
        // A signal ends the waiting early, with -1; read only what is there, because read itself would wait without end.
        while ready == 0 || ready < 0 && errno == EINTR {
            try Interruption.check()
            ready = poll(&waited, 1, 100)
        }
        let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, initialized in
            var count = systemRead(descriptor, buffer.baseAddress, buffer.count)
            while count < 0 && errno == EINTR {
                try Interruption.check()
                count = systemRead(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0 { failure = errno }
            initialized = max(count, 0)
        }
        if failure != 0 { throw File.fault(failure, path, doing: "read the file") }
        return chunk.isEmpty ? nil : chunk
    }
}

/// `read(2)`, which a method of the same name hides.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

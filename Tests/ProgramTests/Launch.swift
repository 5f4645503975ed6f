import Glibc

/// What a program wrote and how it ended.
struct Launched {
    var output: String
    var messages: String
    /// The exit code, or 128 and the signal's number.
    var code: Int32
}

/// Files of one test in a folder of their own, removed afterwards.
final class Scratch {
    let path: String

    init() {
        var template = Array("/tmp/kd-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit {
        guard path.hasPrefix("/tmp/kd-test-") else { return }
        _ = launch("/bin/rm", ["-rf", path])
    }

    /// Writes a file and answers its path.
    @discardableResult
    func file(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
        let full = path + "/" + name
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o755)
        }
        let descriptor = open(full, O_WRONLY | O_CREAT | O_TRUNC, mode)
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return full
    }

    func text(_ name: String) -> String { readText(path + "/" + name) }
}

func readText(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(contentsOf: buffer[..<count])
    }
}

/// The built program: what `KD_BINARY` names, else the one beside the tests.
let kdPath: String = {
    if let path = getenv("KD_BINARY") { return String(cString: path) }
    let tests = CommandLine.arguments[0]
    return (tests.lastIndex(of: "/").map { String(tests[...$0]) } ?? "./") + "kd"
}()

/// Runs kd with nothing of the caller's environment but PATH, and with a home of its own.
func kd(_ arguments: String..., input: String? = nil, environment: [String: String] = [:]) -> Launched {
    launch(kdPath, arguments, input: input, environment: environment)
}

/// Runs a line of the shell in which $KD is the program.
func shell(_ line: String, environment: [String: String] = [:]) -> Launched {
    launch("/bin/sh", ["-c", line], environment: environment.merging(["KD": kdPath]) { own, _ in own })
}

func launch(_ path: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:])
    -> Launched
{
    let started = start(path, arguments, input: input, environment: environment)
    return started.wait()
}

/// A program that runs; its streams go to files.
struct Started {
    let process: pid_t
    fileprivate let output: String
    fileprivate let messages: String
    fileprivate let input: String

    /// What it has written so far.
    var outputSoFar: String { readText(output) }

    /// Waits for its end; after a minute it is killed.
    func wait() -> Launched {
        var status: Int32 = 0
        var waited = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            usleep(waited < 200 ? 1000 : 10_000)
            waited += 1
            if waited > 6000 { kill(process, SIGKILL) }
        }
        let result = Launched(output: readText(output), messages: readText(messages), code: exitCode(status))
        for file in [output, messages, input] { unlink(file) }
        return result
    }

    /// Waits until the output holds a text.
    func waitForOutput(_ text: String) {
        for _ in 0..<3000 where outputSoFar.firstRange(of: text) == nil { usleep(10_000) }
    }
}

func exitCode(_ status: Int32) -> Int32 { status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F) }

func start(_ path: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:]) -> Started
{
    let files = Scratch.temporaryFiles()
    if let input {
        let descriptor = open(files.input, O_WRONLY)
        let bytes = Array(input.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files.input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files.output, O_WRONLY | O_APPEND, 0)
    posix_spawn_file_actions_addopen(&actions, 2, files.messages, O_WRONLY | O_APPEND, 0)
    let process = spawn(path, arguments, environment: environment, actions: &actions, attributes: nil)
    return Started(process: process, output: files.output, messages: files.messages, input: files.input)
}

extension Scratch {
    /// Three empty files.
    fileprivate static func temporaryFiles() -> (input: String, output: String, messages: String) {
        func one() -> String {
            var template = Array("/tmp/kd-stream-XXXXXX".utf8CString)
            close(mkstemp(&template))
            return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return (one(), one(), one())
    }
}

func spawn(
    _ path: String, _ arguments: [String], environment: [String: String],
    actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, attributes: UnsafeMutablePointer<posix_spawnattr_t>?
) -> pid_t {
    var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "TERM": "xterm"]
    for name in ["LD_LIBRARY_PATH", "KD_ISA"] {
        if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    variables.merge(environment) { _, own in own }
    func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { (text: String) in strdup(text) } + [nil]
    }
    let words = strings([path] + arguments)
    let pairs = strings(variables.map { "\($0.key)=\($0.value)" })
    defer { for text in words + pairs { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, path, actions, attributes, words, pairs)
    precondition(code == 0, "cannot start \(path): \(String(cString: strerror(code)))")
    return process
}

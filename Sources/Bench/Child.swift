import Foundation
import Glibc

/// A program that is started to be measured from outside.
enum Child {
    /// kd, which is built beside this one.
    static let kd: String = {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appendingPathComponent("kd").path
    }()

    /// Seconds from the start of a program to its end; nil when it failed. Its output goes nowhere.
    static func run(_ command: [String]) -> Double? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var words = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let start = now()
        guard posix_spawnp(&child, command[0], &actions, nil, &words, environ) == 0 else { return nil }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0 ? now() - start : nil
    }

    /// The most memory, in bytes, that a program says it held: it writes its `/proc/self/status` at its end.
    ///
    /// What the system says of a child begins with the memory of who started it.
    static func peak(_ command: [String], input: String = "") throws -> Double? {
        let (process, requests, answers) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        (process.standardInput, process.standardOutput) = (requests, answers)
        try process.run()
        requests.fileHandleForWriting.write(Data(input.utf8))
        requests.fileHandleForWriting.closeFile()
        let text = String(decoding: answers.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.firstMatch(of: /VmHWM:\s*([0-9]+) kB/).flatMap { Double($0.1) }.map { $0 * 1024 }
    }
}

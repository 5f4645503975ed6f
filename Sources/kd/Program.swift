// What happens when `kd` is started:
//
//   words of the command line ─► Arguments ─► Runner (script, code, pipe) ─► Session.run
//                                        └──► Prompt (LineEditor ─► Session.enter)
//                                        └──► TestCommand, DocCommand

import ArgumentParser
import Glibc
import Language
import Library

@main
struct Program {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "test": start(parsed(TestArguments.self, words.dropFirst())) { TestCommand($0, $1).run() }
        case "doc": start(parsed(DocArguments.self, words.dropFirst())) { DocCommand($0, $1).run() }
        default: start(parsed(Arguments.self, words[...])) { Runner($0, $1).run() }
        }
    }

    /// The typed form of the words; what cannot be understood ends the program with code 2.
    private static func parsed<A: ParsableCommand>(_ type: A.Type, _ words: ArraySlice<String>) -> A {
        do {
            guard let arguments = try type.parseAsRoot(Array(words)) as? A else { exit(2) }
            return arguments
        } catch {
            let code = type.exitCode(for: error)
            let text = type.fullMessage(for: error)
            if code.isSuccess {
                print(text)
                exit(0)
            }
            complain(text)
            exit(2)
        }
    }

    /// Runs the body on the session's thread, whose stack is large, and ends with the code that it answers.
    private static func start<A: HasCommonOptions>(_ arguments: A, _ body: @escaping (A, Terminal) -> Int32) {
        if let threads = arguments.common.threads { setenv("KD_THREADS", String(threads), 1) }
        if let complaint = Session.complaintAboutEnvironment() {
            complain("Error: " + complaint)
            exit(2)
        }
        if let size = arguments.common.maxMemory { Session.memoryLimit = size.bytes }
        do {
            try withLargeStack {
                Signals.install()
                exit(body(arguments, Terminal(color: arguments.common.color)))
            }
        } catch {
            complain("Error: \((error as? Fault)?.message ?? "\(error)")")
            exit(1)
        }
    }

    /// Writes a line to the standard error.
    static func complain(_ text: String) {
        let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}

/// Arguments with the options that every command takes.
protocol HasCommonOptions {
    var common: CommonOptions { get }
}

extension Arguments: HasCommonOptions {}
extension TestArguments: HasCommonOptions {}
extension DocArguments: HasCommonOptions {}

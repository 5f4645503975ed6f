// What happens when `kd` is started:
//
//   words of the command line ─► Arguments ─► Runner (script, code, pipe) ─► Session.run
//                                        └──► Prompt (LineEditor ─► Session.enter)
//                                        └──► TestCommand, DocCommand, JupyterCommand ─► Kernel

import ArgumentParser
import CIntrinsics
import Glibc
import Language
import Library

@main
struct Program {
    static func main() {
        // One heap that grows and shrinks in large steps: the values of scripts all belong to one thread.
        kd_use_large_heap()
        do {
            // The machine's limits of nesting are made for this stack.
            try withLargeStack { exit(run(Array(CommandLine.arguments.dropFirst()))) }
        } catch {
            complain("Error: \((error as? Fault)?.message ?? "\(error)")")
            exit(1)
        }
    }

    /// The exit code.
    private static func run(_ words: [String]) -> Int32 {
        switch words.first {
        case "test":
            let arguments = parsed(TestArguments.self, words.dropFirst())
            return TestCommand(arguments, prepare(arguments.common)).run()
        case "doc":
            let arguments = parsed(DocArguments.self, words.dropFirst())
            return DocCommand(arguments, prepare(arguments.common)).run()
        case "convert":
            let arguments = parsed(ConvertArguments.self, words.dropFirst())
            _ = prepare(arguments.common)
            return ConvertCommand(arguments).run()
        case "render":
            let arguments = parsed(RenderArguments.self, words.dropFirst())
            return RenderCommand(arguments, prepare(arguments.common)).run()
        case "jupyter":
            let arguments = parsed(JupyterArguments.self, words.dropFirst())
            return JupyterCommand(arguments, prepare(arguments.common)).run()
        default:
            let arguments = parsed(Arguments.self, words[...])
            return Runner(arguments, prepare(arguments.common)).run()
        }
    }

    /// The typed form of the words; what cannot be understood ends the program with code 2.
    private static func parsed<A: ParsableCommand>(_ type: A.Type, _ words: ArraySlice<String>) -> A {
        do {
            var command = try type.parseAsRoot(Array(words))
            if let arguments = command as? A { return arguments }
            // A request for help is a command of its own.
            try command.run()
            exit(0)
        } catch {
            let text = type.fullMessage(for: error)
            if type.exitCode(for: error).isSuccess {
                print(text)
                exit(0)
            }
            complain(text)
            exit(2)
        }
    }

    /// Makes what the options say true for the process.
    private static func prepare(_ options: CommonOptions) -> Terminal {
        Signals.install()
        if let threads = options.threads { setenv("KD_THREADS", String(threads), 1) }
        if let complaint = Session.complaintAboutEnvironment() {
            complain("Error: " + complaint)
            exit(2)
        }
        if let size = options.maxMemory { Session.memoryLimit = size.bytes }
        return Terminal(color: options.color)
    }

    /// Writes a line to the standard error.
    static func complain(_ text: String) {
        let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}

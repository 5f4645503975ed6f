import ArgumentParser

/// What can be written after `kd`.
struct Arguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd",
        abstract: "A scripting language for knowledge distillation.",
        usage: """
            kd [options]                     the prompt
            kd [options] FILE.kds [ARGS…]    a script; `args` holds the rest
            kd [options] -e CODE [ARGS…]     one piece of code
            kd [options] - [ARGS…]           a script from the standard input
            kd test PATH…                    run the tests and examples in scripts
            kd doc [NAME]                    what a name means
            """,
        discussion: """
            Results go to the standard output; errors, warnings and progress to the standard error. \
            The exit code is 0, 1 for an error in the script, 2 for wrong usage or a script that does not parse, \
            130 after Ctrl-C, or what exit(n) says.
            """)

    @OptionGroup var common: CommonOptions

    @Option(name: .customShort("e"), parsing: .unconditional, help: ArgumentHelp("Run this code.", valueName: "code"))
    var code: String?

    @Flag(name: .customShort("i"), help: "Stay at the prompt after the script.")
    var interactive = false

    @Flag(help: "No greeting at the prompt.")
    var quiet = false

    @Flag(inversion: .prefixedNo, help: "Run ~/.config/kd/startup.kds before the prompt.")
    var startup = true

    @Flag(inversion: .prefixedNo, help: "Keep what is entered at the prompt.")
    var history = true

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The script (- is the standard input), and what it is given as `args`.", valueName: "file args"))
    var rest: [String] = []

    mutating func validate() throws {
        // The script's own words are passed over, and with them these two.
        switch rest.first {
        case "--help", "-h": throw CleanExit.helpRequest(Arguments.self)
        case "--version": throw CleanExit.message("kd \(Version.text)")
        default: break
        }
        if let option = rest.first, option.hasPrefix("-"), option != "-", option != "--" {
            throw ValidationError("Unknown option '\(option)'")
        }
        if rest.first == "--" { rest.removeFirst() }
    }
}

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Colors: auto, always or never.", valueName: "when"))
    var color = Terminal.Color.auto

    @Option(help: ArgumentHelp("Most memory that tensors may take, such as 2G or 500M.", valueName: "size"))
    var maxMemory: MemorySize?

    @Option(help: ArgumentHelp("Threads that work at once; the results do not depend on it.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads takes a number from 1 to 256") }
    }
}

struct TestArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd test",
        abstract: "Run the `test` blocks and the examples in the help of .kds files.",
        discussion: "A folder is searched with all folders in it. The exit code is 1 when anything failed.")

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Only tests whose name contains this.", valueName: "text"))
    var filter: String?

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "path"))
    var paths: [String]
}

struct DocArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd doc", abstract: "Show what a name or a subject means; without one, a guide.",
        discussion: "The exit code is 1 when there is no such name.")

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Write the whole reference as Markdown pages into this folder.", valueName: "folder"))
    var write: String?

    @Argument(help: ArgumentHelp("A function of the language or of its library, or a subject.", valueName: "name"))
    var name: String?
}

extension Terminal.Color: ExpressibleByArgument {}

/// A number of bytes: `500M`, `2G`, `1.5GiB`; the letters count in powers of 1024.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        var text = argument.lowercased()
        for ending in ["ib", "b"] where text.hasSuffix(ending) {
            text.removeLast(ending.count)
            break
        }
        var scale = 1.0
        if let letter = text.last, let power = "kmgt".firstIndex(of: letter) {
            for _ in 0..."kmgt".distance(from: "kmgt".startIndex, to: power) { scale *= 1024 }
            text.removeLast()
        }
        guard let number = Double(text), number > 0, number * scale < 1e15, number * scale >= 1 else { return nil }
        bytes = Int(number * scale)
    }
}

import ArgumentParser
import Library

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
            kd render FILE.kds               run a notebook and write it as a page
            kd convert A.kds B.ipynb         a script as a Jupyter notebook, and back
            kd jupyter install               make kd known to Jupyter
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

struct ConvertArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd convert", abstract: "Write a script as a Jupyter notebook, or a notebook as a script.",
        discussion: """
            A script is in the percent format: cells begin with `# %%` or `# %% [markdown]`. Nothing is run. A notebook that \
            is there already keeps the ids of its cells.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Keep what cells showed in the notebook that is there already, where their text is the same.")
    var keepOutputs = false

    @Argument(help: ArgumentHelp("A .kds or .ipynb file.", valueName: "from"))
    var source: String

    @Argument(
        help: ArgumentHelp("A .kds or .ipynb file; - is the standard output, for the other form.", valueName: "to"))
    var target: String
}

struct RenderArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd render", abstract: "Run notebooks in a fresh session and write them as pages.",
        discussion: """
            Figures lie in the page, which needs no network. A cell that fails shows its error, the ones behind it do not run, \
            and the exit code is 1; a cell with the tag raises-exception may fail. A folder is rendered with an index.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable { case html, md, ipynb }

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("html, md or ipynb.", valueName: "form"))
    var to = Form.html

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where it goes; beside the script when left out.", valueName: "file"))
    var output: String?

    @Flag(help: "Render again each time the file is saved, until Ctrl-C.")
    var watch = false

    @Argument(help: ArgumentHelp("A .kds or .ipynb file, or a folder of them.", valueName: "file"))
    var source: String
}

struct JupyterArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kd jupyter", abstract: "Be a kernel for Jupyter, or make kd known to it.",
        usage: """
            kd jupyter install [--user | --sys-prefix | --prefix FOLDER]
            kd jupyter uninstall [--user | --sys-prefix | --prefix FOLDER]
            kd jupyter --connection-file FILE     what Jupyter starts
            kd jupyter                            a kernel of its own, to connect to
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "For this user; what happens without an option too.")
    var user = false

    @Flag(help: "For the Python environment that is active.")
    var sysPrefix = false

    @Option(help: ArgumentHelp("Below this folder: FOLDER/share/jupyter/kernels/kd.", valueName: "folder"))
    var prefix: String?

    @Option(help: ArgumentHelp("Where to listen, as Jupyter says it.", valueName: "file"))
    var connectionFile: String?

    @Argument(help: ArgumentHelp("install or uninstall.", valueName: "action"))
    var action: Action?

    enum Action: String, ExpressibleByArgument { case install, uninstall }

    func validate() throws {
        if action != nil, connectionFile != nil {
            throw ValidationError("--connection-file is for serving; it does not go with install or uninstall")
        }
        if [user, sysPrefix, prefix != nil].filter(\.self).count > 1 {
            throw ValidationError("--user, --sys-prefix and --prefix exclude one another")
        }
    }
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

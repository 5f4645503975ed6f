import Glibc
import Jupyter
import Language
import Library

/// `kd jupyter`: serves as a kernel, or writes and removes its description.
struct JupyterCommand {
    private let arguments: JupyterArguments
    private let terminal: Terminal

    init(_ arguments: JupyterArguments, _ terminal: Terminal) {
        self.arguments = arguments
        self.terminal = terminal
    }

    func run() -> Int32 {
        do {
            switch arguments.action {
            case .install:
                let folder = try kernelFolder()
                try KernelDescription(program: System.programPath).write(to: folder)
                print("kd is known to Jupyter; its description is in \(folder)")
            case .uninstall:
                let folder = try kernelFolder()
                try KernelDescription.remove(folder)
                print("\(folder) is gone")
            case nil: try serve()
            }
            return 0
        } catch {
            for diagnostic in Session.outcome(of: error).diagnostics { Program.complain(diagnostic.rendered()) }
            return 1
        }
    }

    private func kernelFolder() throws -> String {
        if let prefix = arguments.prefix { return prefix + "/share/jupyter/kernels/kd" }
        if arguments.sysPrefix {
            guard let prefix = environment("VIRTUAL_ENV") ?? environment("CONDA_PREFIX") else {
                throw Fault(
                    "no Python environment is active", hint: "activate it, or give its folder with --prefix",
                    kind: "file")
            }
            return prefix + "/share/jupyter/kernels/kd"
        }
        return try JupyterCommand.dataFolder() + "/kernels/kd"
    }

    /// `$JUPYTER_DATA_DIR`, else `$XDG_DATA_HOME/jupyter`, else `~/.local/share/jupyter`.
    private static func dataFolder() throws -> String {
        if let folder = environment("JUPYTER_DATA_DIR") { return folder }
        if let folder = environment("XDG_DATA_HOME") { return folder + "/jupyter" }
        guard let home = environment("HOME") else {
            throw Fault("there is no home folder", hint: "give a folder with --prefix", kind: "file")
        }
        return home + "/.local/share/jupyter"
    }

    private func serve() throws {
        Signals.neverEnds.store(true, ordering: .relaxed)
        let history = History(path: History.standardPath)
        let options = Kernel.Options(version: Version.text, history: history.blocks) { history.append($0) }
        if let path = arguments.connectionFile {
            if ConnectionFile.isReadableByOthers(path) {
                Program.complain("Warning: \(path) can be read by others, who can run code with the key in it")
            }
            return try Kernel(ConnectionFile(path: path), options: options).run()
        }
        let folder = try environment("JUPYTER_RUNTIME_DIR") ?? JupyterCommand.dataFolder() + "/runtime"
        let path = "\(folder)/kernel-\(getpid()).json"
        try KernelDescription.makeFolder(folder)
        defer { unlink(path) }
        try Kernel(ConnectionFile(), options: options).run { text in
            try PrivateFile.write(text, to: path)
            Program.complain("listening; connect with: jupyter console --existing \(path)")
        }
    }
}

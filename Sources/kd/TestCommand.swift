import Glibc
import Language
import Library

/// `kd test PATH…`: runs the tests and examples of scripts, one line for each and a closing line with the numbers.
struct TestCommand {
    private let arguments: TestArguments
    private let terminal: Terminal

    init(_ arguments: TestArguments, _ terminal: Terminal) {
        self.arguments = arguments
        self.terminal = terminal
    }

    /// 0 when all passed, 1 when something failed, 2 when a path cannot be read, 130 after Ctrl-C.
    func run() -> Int32 {
        let console = Console(terminal: terminal)
        var files: [String] = []
        for path in arguments.paths {
            guard let found = TestCommand.scripts(at: path) else {
                Program.complain("Error: cannot read \(path): \(String(cString: strerror(errno)).lowercased())")
                return 2
            }
            files += found
        }
        var passed = 0
        var failed = 0
        for file in files {
            let report = ScriptTests.run(file: file, bytes: fileBytes(file), filter: arguments.filter) { result in
                let place = "\(file): \(result.name)"
                switch result.verdict {
                case .passed:
                    passed += 1
                    console.write("ok    \(place)\n", to: .results)
                case .failed(let diagnostics):
                    failed += 1
                    console.write("FAIL  \(place)\n", to: .results)
                    for diagnostic in diagnostics {
                        console.write(diagnostic.rendered(color: terminal.outputHasColor) + "\n", to: .results)
                    }
                }
                console.flush()
            }
            if report == .interrupted {
                Program.complain("interrupted")
                return 130
            }
        }
        console.write("\(passed) passed, \(failed) failed\n", to: .results)
        console.flush()
        return failed > 0 ? 1 : 0
    }

    /// The file itself, or all scripts below a folder in alphabetical order; nil when there is neither.
    private static func scripts(at path: String) -> [String]? {
        guard access(path, R_OK) == 0 else { return nil }
        guard isFolder(path) else { return [path] }
        guard let names = folderNames(path) else { return nil }
        let base = path.hasSuffix("/") ? String(path.dropLast()) : path
        var files: [String] = []
        for name in names {
            let inner = base + "/" + name
            if isFolder(inner) {
                files += scripts(at: inner) ?? []
            } else if name.hasSuffix(".kds") {
                files.append(inner)
            }
        }
        return files
    }
}

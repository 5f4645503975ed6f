import Glibc
import Language
import Library
import Networks
import Notebooks

/// `kd convert`: a script as a notebook, and back.
struct ConvertCommand {
    private let arguments: ConvertArguments

    init(_ arguments: ConvertArguments) { self.arguments = arguments }

    func run() -> Int32 {
        do {
            let fromNotebook = try isNotebook(arguments.source)
            let toNotebook = arguments.target == "-" ? !fromNotebook : try isNotebook(arguments.target)
            var notebook = try NotebookReader.read(arguments.source) { Program.complain("Warning: \($0)") }
            if toNotebook, arguments.target != "-", let old = try? NotebookReader.read(arguments.target) {
                notebook.adopt(from: old, outputs: arguments.keepOutputs)
            }
            let text = try toNotebook ? notebook.file(version: Version.text) : notebook.script
            if arguments.target == "-" {
                print(text, terminator: "")
            } else {
                try File.write(text, to: arguments.target)
            }
            return 0
        } catch {
            for diagnostic in Session.outcome(of: error).diagnostics { Program.complain(diagnostic.rendered()) }
            return 1
        }
    }

    private func isNotebook(_ path: String) throws -> Bool {
        if path.hasSuffix(".ipynb") { return true }
        if path.hasSuffix(".kds") { return false }
        throw Fault("\(path) is neither .kds nor .ipynb", hint: "kd convert lesson.kds lesson.ipynb", kind: "file")
    }
}

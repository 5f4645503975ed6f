import Foundation
import Glibc
import Language
import Library
import Networks
import Notebooks

/// `kd render`: runs notebooks and writes them as pages.
struct RenderCommand {
    private let arguments: RenderArguments
    private let terminal: Terminal

    init(_ arguments: RenderArguments, _ terminal: Terminal) {
        self.arguments = arguments
        self.terminal = terminal
    }

    func run() -> Int32 {
        do {
            if isFolder(arguments.source) { return try renderFolder() }
            guard arguments.watch else { return try render(arguments.source, to: target) }
            return try watch()
        } catch {
            for diagnostic in Session.outcome(of: error).diagnostics { Program.complain(diagnostic.rendered()) }
            return Signals.isPending ? 130 : 1
        }
    }

    /// Beside the script, with another ending.
    private var target: String {
        if let output = arguments.output { return output }
        return RenderCommand.bare(arguments.source) + "." + arguments.to.rawValue
    }

    private static func bare(_ path: String) -> String {
        for ending in [".kds", ".ipynb"] where path.hasSuffix(ending) { return String(path.dropLast(ending.count)) }
        return path
    }

    // MARK: - One

    private func render(_ file: String, to target: String) throws -> Int32 {
        guard target != file else {
            throw Fault("the page would take the place of \(file)", hint: "give another name with -o", kind: "file")
        }
        var notebook = try NotebookReader.read(file)
        let ending = notebook.run(file: file) { cell, count in
            if terminal.progressIsLive { put("\r\u{1B}[K\(file)  cell \(cell)/\(count)") }
        }
        if terminal.progressIsLive { put("\r\u{1B}[K") }
        switch arguments.to {
        case .html: try File.write(Page(notebook, file: file).html, to: target)
        case .ipynb: try File.write(notebook.file(version: Version.text), to: target)
        case .md: try writeMarkdown(notebook, to: target)
        }
        if ending == .interrupted { throw Fault("interrupted", kind: "interrupt") }
        if ending == .failed { complainOfFailure(notebook) }
        return ending.exitCode
    }

    private func writeMarkdown(_ notebook: Notebook, to target: String) throws {
        let folder = (target.hasSuffix(".md") ? String(target.dropLast(3)) : target) + "_files"
        let name = folder.split(separator: "/").last.map(String.init) ?? folder
        let page = MarkdownPage(notebook, folder: name)
        if !page.pictures.isEmpty { try File.makeFolder(folder) }
        for picture in page.pictures { try File.write(picture.bytes, to: "\(folder)/\(picture.name)") }
        try File.write(page.text, to: target)
    }

    /// The error of the cell that stopped the notebook.
    private func complainOfFailure(_ notebook: Notebook) {
        for cell in notebook.cells where !cell.tags.contains("raises-exception") {
            for case .error(_, let message, let trace) in cell.outputs {
                Program.complain(trace.isEmpty ? message : trace.joined(separator: "\n"))
            }
        }
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    // MARK: - Several, and again

    /// Every script of a folder, each in a process of its own, and an index.
    private func renderFolder() throws -> Int32 {
        guard !arguments.watch else {
            throw Fault("a folder cannot be watched", hint: "kd render --watch FILE", kind: "usage")
        }
        let folder = arguments.output ?? arguments.source
        try File.makeFolder(folder)
        let names = try File.names(in: arguments.source).filter { $0.hasSuffix(".kds") }
        guard !names.isEmpty else { throw Fault("there is no .kds file in \(arguments.source)", kind: "file") }
        var pages: [(address: String, page: Page)] = []
        var worst: Int32 = 0
        for name in names {
            let file = "\(arguments.source)/\(name)"
            let address = RenderCommand.bare(name) + "." + arguments.to.rawValue
            let code = try fresh(["render", file, "--to", arguments.to.rawValue, "-o", "\(folder)/\(address)"])
            if Signals.isPending { return 130 }
            Program.complain("\(code == 0 ? "ok    " : "FAIL  ")\(file)")
            worst = max(worst, code)
            pages.append((address, Page(try NotebookReader.read(file), file: file)))
        }
        if arguments.to == .html {
            let name = URL(fileURLWithPath: arguments.source).lastPathComponent
            try File.write(
                Page.index(title: name.prefix(1).uppercased() + name.dropFirst(), pages: pages),
                to: "\(folder)/index.html")
        }
        return worst
    }

    /// The same program again, with other words; its exit code.
    private func fresh(_ words: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: System.programPath)
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// Renders whenever the file was written, until Ctrl-C.
    private func watch() throws -> Int32 {
        var last: String?
        while !Signals.isPending {
            let now = RenderCommand.state(of: arguments.source)
            if now != last, now != nil || last == nil {
                last = now
                let began = DispatchTime.now().uptimeNanoseconds
                let code = try fresh(
                    ["render", arguments.source, "--to", arguments.to.rawValue, "-o", target])
                if Signals.isPending { break }
                let seconds = Double((DispatchTime.now().uptimeNanoseconds - began) / 100_000_000) / 10
                Program.complain(
                    "\(code == 0 ? "rendered" : "rendered with an error:") \(target)  \(seconds) s; waiting for the next save, Ctrl-C ends"
                )
            }
            usleep(150_000)
        }
        return 130
    }

    /// When a file was changed and how large it is; nil while there is none.
    private static func state(of path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return "\(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec) \(info.st_size) \(info.st_ino)"
    }
}

import Foundation
import Networks

/// A notebook as Markdown, with the pictures as files beside it.
public struct MarkdownPage {
    public private(set) var text = ""
    /// Names and contents.
    public private(set) var pictures: [(name: String, bytes: [UInt8])] = []

    /// - Parameter folder: the name of the folder for the pictures, as the text is to name it.
    public init(_ notebook: Notebook, folder: String) {
        if !notebook.header.isEmpty { text += "---\n\(notebook.header)\n---\n\n" }
        for cell in notebook.cells {
            switch cell.kind {
            case .markdown: if !cell.hides("cell") { text += cell.source + "\n\n" }
            case .raw: break
            case .code:
                if cell.hides("cell") { continue }
                let code = cell.sourceWithoutOptions
                if !cell.hides("input"), !code.trimmed.isEmpty { text += MarkdownPage.fenced(code, "kd") }
                if cell.hides("output") { continue }
                for output in cell.outputs { add(output, cell, folder) }
            }
        }
        while text.hasSuffix("\n\n") { text.removeLast() }
    }

    private mutating func add(_ output: Notebook.Output, _ cell: Notebook.Cell, _ folder: String) {
        switch output {
        case .stream(_, let written): text += MarkdownPage.fenced(Page.withoutEscapes(written), "text")
        case .error(_, let message, let trace):
            text += MarkdownPage.fenced(
                Page.withoutEscapes(trace.isEmpty ? message : trace.joined(separator: "\n")), "text")
        case .display(let data, _, _, _):
            let caption = cell.options["fig-cap"] ?? "figure \(pictures.count + 1)"
            if let svg = data["image/svg+xml"]?.string {
                addPicture(Array(svg.utf8), "svg", caption, folder)
            } else if let png = data["image/png"]?.string,
                let bytes = Data(base64Encoded: png, options: .ignoreUnknownCharacters)
            {
                addPicture(Array(bytes), "png", caption, folder)
            } else if let markdown = data["text/markdown"]?.string {
                text += markdown + "\n\n"
            } else if data["text/html"] != nil, data["text/plain"] == data["text/html"] {
                text += (data["text/html"]?.string ?? "") + "\n\n"
            } else {
                text += MarkdownPage.fenced(data["text/plain"]?.string ?? "", "text")
            }
        }
    }

    private mutating func addPicture(_ bytes: [UInt8], _ ending: String, _ caption: String, _ folder: String) {
        let name = "figure-\(pictures.count + 1).\(ending)"
        pictures.append((name, bytes))
        let address = "\(folder)/\(name)".addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
        text += "![\(caption.replacing("]", with: "\\]"))](\(address))\n\n"
    }

    /// A block between fences that are longer than any in it.
    private static func fenced(_ text: String, _ language: String) -> String {
        var longest = 2
        var run = 0
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\(language)\n\(text.hasSuffix("\n") ? text : text + "\n")\(fence)\n\n"
    }
}

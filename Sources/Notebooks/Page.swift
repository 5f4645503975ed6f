import Foundation
import Language
import Networks

/// A notebook as one HTML page that needs nothing else: prose, code, and what the cells showed.
public struct Page {
    public let html: String
    /// Of the header, else of the first heading, else of the file.
    public let title: String
    /// The first sentences, for an index.
    public let summary: String

    /// - Parameter file: the script's name, for its title and the pictures beside it.
    public init(_ notebook: Notebook, file: String) {
        var anchors: Set<String> = []
        var headings: [Prose.Heading] = []
        var body = ""
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let about = notebook.about
        let hasRun = notebook.cells.contains { $0.executionCount != nil }
        var hasFailed = false
        var summary = ""
        for cell in notebook.cells {
            switch cell.kind {
            case .markdown:
                if cell.hides("cell") { continue }
                let prose = Prose(cell.source, anchors: &anchors, folder: folder)
                headings += prose.headings
                body += "<section class=\"prose\">\n\(prose.html)</section>\n"
                if summary.isEmpty { summary = Page.firstParagraph(of: cell.source) }
            case .raw: break
            case .code:
                if cell.hides("cell") { continue }
                let waits = hasRun && hasFailed && cell.executionCount == nil
                body += Page.code(cell, waits: waits, anchors: &anchors)
                if cell.outputs.contains(where: { if case .error = $0 { true } else { false } }),
                    !cell.tags.contains("raises-exception")
                {
                    hasFailed = true
                    body += "<p class=\"note\">This cell failed; those below were not run.</p>\n"
                }
            }
        }
        let name = file.lastIndex(of: "/").map { String(file[file.index(after: $0)...]) } ?? file
        title = about["title"]?.string ?? headings.first { $0.level == 1 }?.text ?? headings.first?.text ?? name
        self.summary = summary
        var head = ""
        if let title = about["title"]?.string, !headings.contains(where: { $0.level == 1 && $0.text == title }) {
            head += "<h1>\(HTMLText.escaped(title))</h1>\n"
        }
        let byline = ["author", "date"].compactMap { about[$0]?.string }
        if !byline.isEmpty { head += "<p class=\"byline\">\(HTMLText.escaped(byline.joined(separator: " · ")))</p>\n" }
        html = Page.document(
            title: title, language: about["lang"]?.string ?? "en", contents: Page.contents(headings), body: head + body)
    }

    // MARK: - Cells

    private static func code(_ cell: Notebook.Cell, waits: Bool, anchors: inout Set<String>) -> String {
        var text = "<section class=\"cell\(waits ? " waits" : "")\">\n"
        if !cell.title.isEmpty { text += "<p class=\"title\">\(HTMLText.escaped(cell.title))</p>\n" }
        let code = cell.sourceWithoutOptions
        if !cell.hides("input"), !code.trimmed.isEmpty { text += CodeHTML.block(code) }
        if !cell.hides("output") {
            for output in cell.outputs { text += self.output(output, cell, &anchors) }
        }
        return text + "</section>\n"
    }

    private static func output(_ output: Notebook.Output, _ cell: Notebook.Cell, _ anchors: inout Set<String>) -> String
    {
        func plain(_ text: String, _ kind: String) -> String {
            "<pre class=\"output \(kind)\">\(HTMLText.escaped(Page.withoutEscapes(text)))</pre>\n"
        }
        switch output {
        case .stream(let name, let text): return plain(text, name == "stdout" ? "result" : name)
        case .error(_, let message, let trace):
            return plain(trace.isEmpty ? message : trace.joined(separator: "\n"), "error")
        case .display(let data, let metadata, _, _):
            let caption = cell.options["fig-cap"].map { "<figcaption>\(HTMLText.escaped($0))</figcaption>" } ?? ""
            func figure(_ inner: String) -> String {
                let label = cell.options["label"].map { " id=\"\(HTMLText.escaped($0))\"" } ?? ""
                return "<figure\(label)>\(inner)\(caption)</figure>\n"
            }
            let alternative = metadata["alt"]?.string ?? cell.options["fig-alt"] ?? cell.options["fig-cap"] ?? ""
            if let html = data["text/html"]?.string { return "<div class=\"output\">\(html)</div>\n" }
            if let svg = data["image/svg+xml"]?.string { return figure(svg) }
            for type in ["image/png", "image/jpeg", "image/gif", "image/webp"] {
                guard let picture = data[type]?.string else { continue }
                let bytes = picture.filter { !$0.isWhitespace }
                return figure("<img src=\"data:\(type);base64,\(bytes)\" alt=\"\(HTMLText.escaped(alternative))\">")
            }
            if let markdown = data["text/markdown"]?.string {
                return "<div class=\"output\">\(Prose(markdown, anchors: &anchors).html)</div>\n"
            }
            return plain(data["text/plain"]?.string ?? "", "result")
        }
    }

    /// A text without the codes that colour it at a terminal.
    static func withoutEscapes(_ text: String) -> String {
        guard text.contains("\u{1B}") else { return text }
        return text.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
    }

    /// The first lines of prose that are no heading, without marks.
    private static func firstParagraph(of markdown: String) -> String {
        let paragraphs = markdown.split(separator: "\n\n").map(\.trimmed)
        let text = paragraphs.first { !$0.hasPrefix("#") && !$0.isEmpty } ?? ""
        return text.replacing("\n", with: " ").replacing(/[*_`]/, with: "")
    }

    // MARK: - The page

    private static func contents(_ headings: [Prose.Heading]) -> String {
        let shown = headings.filter { $0.level <= 3 }
        guard shown.count > 2 else { return "" }
        let items = shown.map {
            "<li class=\"level\($0.level)\"><a href=\"#\(HTMLText.escaped($0.anchor))\">\(HTMLText.escaped($0.text))</a></li>\n"
        }
        return "<nav>\n<details open><summary>Contents</summary>\n<ul>\n\(items.joined())</ul>\n</details>\n</nav>\n"
    }

    static func document(title: String, language: String, contents: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="\(HTMLText.escaped(language))">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(HTMLText.escaped(title))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(contents)<main>
        \(body)</main>
        </body>
        </html>

        """
    }

    /// The index of a set of pages.
    public static func index(title: String, pages: [(address: String, page: Page)]) -> String {
        let items = pages.map { address, page in
            "<li><a href=\"\(HTMLText.escaped(address))\">\(HTMLText.escaped(page.title))</a><br>\(HTMLText.escaped(page.summary))</li>\n"
        }
        return document(
            title: title, language: "en", contents: "",
            body: "<h1>\(HTMLText.escaped(title))</h1>\n<ol class=\"index\">\n\(items.joined())</ol>\n")
    }

    private static let style = """
        :root { --ink: #1a1a1a; --soft: #5c5c5c; --paper: #ffffff; --well: #f5f5f2; --line: #dcdcd6; --accent: #0b63a5;
          --keyword: #8a2a6b; --string: #2e6b2e; --number: #a04a00; --comment: #6a6a62; --call: #0b63a5; --bad: #b00020; --badwell: #fdecee; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e4e4e0; --soft: #a3a39c; --paper: #161618; --well: #202024; --line: #3a3a40; --accent: #79b8f2;
            --keyword: #e08fc4; --string: #93cf93; --number: #f0a868; --comment: #8f8f88; --call: #79b8f2; --bad: #ff8a94; --badwell: #3a1c21; }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; color: var(--ink); background: var(--paper); font: 17px/1.6 Charter, "Bitstream Charter", "Source Serif 4", Georgia, serif; }
        main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
        h1, h2, h3, h4 { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; line-height: 1.25; margin: 2em 0 .6em; scroll-margin-top: 1rem; }
        h1 { font-size: 1.9rem; margin-top: .5em; } h2 { font-size: 1.35rem; } h3 { font-size: 1.1rem; }
        a { color: var(--accent); }
        p, ul, ol { margin: .8em 0; }
        img, svg { max-width: 100%; }
        code, pre { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", Consolas, monospace; font-size: .84em; }
        :not(pre) > code { background: var(--well); padding: .1em .3em; border-radius: 3px; }
        pre { margin: .6em 0; padding: .8em 1em; overflow-x: auto; line-height: 1.45; background: var(--well); border-radius: 5px; tab-size: 4; }
        pre code { font-size: 1em; }
        pre.code { border-left: 3px solid var(--accent); }
        pre.output { background: none; border: 1px solid var(--line); max-height: 40rem; overflow: auto; }
        pre.stderr, pre.progress { color: var(--soft); }
        pre.error { color: var(--bad); background: var(--badwell); border-color: var(--bad); }
        .waits { opacity: .55; }
        .note { color: var(--bad); } .byline, .title { color: var(--soft); font-family: system-ui, sans-serif; font-size: .9rem; margin-bottom: .2em; }
        .keyword { color: var(--keyword); } .string { color: var(--string); } .number { color: var(--number); }
        .comment { color: var(--comment); font-style: italic; } .call { color: var(--call); }
        figure { margin: 1.2em 0; text-align: center; } figcaption { color: var(--soft); font-size: .9rem; }
        figure svg { color: inherit !important; background: none !important; }
        table { border-collapse: collapse; font-family: system-ui, sans-serif; font-size: .88rem; margin: .8em 0; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
        th, td { padding: .3em .8em; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; } th { border-bottom: 2px solid var(--soft); }
        .prose td, .prose th { white-space: normal; }
        blockquote { margin: 1em 0; padding-left: 1em; border-left: 3px solid var(--line); color: var(--soft); }
        math { font-size: 1.05em; } math[display="block"] { margin: 1em 0; overflow-x: auto; }
        nav { font: .85rem/1.4 system-ui, sans-serif; max-width: 54rem; margin: 0 auto; padding: 1rem 1.25rem 0; }
        nav ul { list-style: none; padding: 0; margin: .5em 0; } nav li { margin: .3em 0; } nav summary { color: var(--soft); cursor: pointer; }
        nav .level2 { padding-left: 1em; } nav .level3 { padding-left: 2em; } nav a { text-decoration: none; }
        .index li { margin: 1em 0; }
        @media (min-width: 86rem) { nav { position: fixed; left: 1.5rem; top: 1.5rem; width: 14rem; padding: 0; max-height: 92vh; overflow: auto; } }
        @media print { nav { display: none; } pre.output { max-height: none; } main { max-width: none; } }
        """
}

import CMarkGFM
import Foundation
import Language
import Networks

/// Markdown as HTML: CommonMark with the tables, strikethrough and links of GitHub, and mathematics between dollar signs.
package struct Prose {
    package struct Heading: Equatable {
        package let level: Int
        package let text: String
        package let anchor: String
    }

    package let html: String
    package let headings: [Heading]

    /// - Parameters:
    ///   - anchors: those that are taken, so that each is there once in a page.
    ///   - folder: from which the paths of pictures go out; pictures that are found there become part of the page.
    package init(_ markdown: String, anchors: inout Set<String>, folder: String? = nil) {
        var formulas: [String] = []
        let text = Prose.withoutFormulas(markdown, &formulas)
        cmark_gfm_core_extensions_ensure_registered()
        let parser = cmark_parser_new(CMARK_OPT_DEFAULT)
        defer { cmark_parser_free(parser) }
        var extensions: UnsafeMutablePointer<cmark_llist>?
        for name in ["table", "strikethrough", "autolink"] {
            guard let found = cmark_find_syntax_extension(name) else { continue }
            cmark_parser_attach_syntax_extension(parser, found)
            extensions = cmark_llist_append(
                cmark_get_default_mem_allocator(), extensions, UnsafeMutableRawPointer(found))
        }
        defer { cmark_llist_free(cmark_get_default_mem_allocator(), extensions) }
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes {
            cmark_parser_feed(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard let document = cmark_parser_finish(parser) else {
            (html, headings) = ("", [])
            return
        }
        defer { cmark_node_free(document) }
        headings = Prose.dress(document, &anchors, folder)
        guard let rendered = cmark_render_html(document, CMARK_OPT_UNSAFE, extensions) else {
            html = ""
            return
        }
        defer { free(rendered) }
        html = Prose.withFormulas(String(cString: rendered), formulas)
    }

    // MARK: - The tree

    /// Gives headings anchors, code of kd its colours, and takes pictures into the page.
    private static func dress(
        _ document: OpaquePointer, _ anchors: inout Set<String>, _ folder: String?
    ) -> [Heading] {
        var headings: [Heading] = []
        var headingNodes: [OpaquePointer] = []
        var codeNodes: [OpaquePointer] = []
        var imageNodes: [OpaquePointer] = []
        let iterator = cmark_iter_new(document)
        defer { cmark_iter_free(iterator) }
        while true {
            let event = cmark_iter_next(iterator)
            if event == CMARK_EVENT_DONE { break }
            guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator) else { continue }
            switch cmark_node_get_type(node) {
            case CMARK_NODE_HEADING: headingNodes.append(node)
            case CMARK_NODE_CODE_BLOCK: codeNodes.append(node)
            case CMARK_NODE_IMAGE: imageNodes.append(node)
            default: break
            }
        }
        for node in headingNodes {
            let text = plainText(of: node)
            let anchor = freeAnchor(for: text, &anchors)
            headings.append(Heading(level: Int(cmark_node_get_heading_level(node)), text: text, anchor: anchor))
            if let mark = cmark_node_new(CMARK_NODE_HTML_INLINE) {
                cmark_node_set_literal(mark, "<a id=\"\(HTMLText.escaped(anchor))\"></a>")
                if cmark_node_prepend_child(node, mark) == 0 { cmark_node_free(mark) }
            }
        }
        for node in codeNodes {
            let language = cmark_node_get_fence_info(node).map { String(cString: $0) } ?? ""
            guard ["kd", "kds"].contains(language), let code = cmark_node_get_literal(node),
                let block = cmark_node_new(CMARK_NODE_HTML_BLOCK)
            else { continue }
            cmark_node_set_literal(block, CodeHTML.block(String(cString: code)))
            if cmark_node_replace(node, block) == 1 { cmark_node_free(node) } else { cmark_node_free(block) }
        }
        for node in imageNodes {
            guard let folder, let address = cmark_node_get_url(node).map({ String(cString: $0) }),
                let inline = inlined(address, folder)
            else { continue }
            cmark_node_set_url(node, inline)
        }
        return headings
    }

    private static func plainText(of node: OpaquePointer) -> String {
        var text = ""
        let iterator = cmark_iter_new(node)
        defer { cmark_iter_free(iterator) }
        while true {
            let event = cmark_iter_next(iterator)
            if event == CMARK_EVENT_DONE { break }
            guard event == CMARK_EVENT_ENTER, let inner = cmark_iter_get_node(iterator) else { continue }
            switch cmark_node_get_type(inner) {
            case CMARK_NODE_TEXT, CMARK_NODE_CODE:
                text += cmark_node_get_literal(inner).map { String(cString: $0) } ?? ""
            case CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK: text += " "
            default: break
            }
        }
        return text
    }

    private static func freeAnchor(for text: String, _ anchors: inout Set<String>) -> String {
        var base = ""
        for character in text.lowercased() {
            if character.isLetter || character.isNumber {
                base.append(character)
            } else if !base.isEmpty, base.last != "-" {
                base.append("-")
            }
        }
        while base.last == "-" { base.removeLast() }
        if base.isEmpty { base = "part" }
        var anchor = base
        var number = 2
        while !anchors.insert(anchor).inserted {
            anchor = "\(base)-\(number)"
            number += 1
        }
        return anchor
    }

    /// A picture of a file as an address that holds it; nil for others, and for what is no small picture.
    private static func inlined(_ address: String, _ folder: String) -> String? {
        guard !address.contains(":"), !address.hasPrefix("/"), !address.hasPrefix("#") else { return nil }
        let types = [
            "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
            "svg": "image/svg+xml",
        ]
        let path = folder + "/" + (address.removingPercentEncoding ?? address)
        guard let type = types[URL(fileURLWithPath: path).pathExtension.lowercased()],
            let bytes = try? File.read(path, limit: 8 << 20)
        else { return nil }
        return "data:\(type);base64,\(Data(bytes).base64EncodedString())"
    }

    // MARK: - Mathematics

    // Characters of a private area mark the places of formulas, so that Markdown leaves what is in them alone.
    private static let open: Character = "\u{F8F0}"
    private static let close: Character = "\u{F8F1}"

    /// The text with a mark for each `$…$` and `$$…$$` outside code.
    private static func withoutFormulas(_ markdown: String, _ formulas: inout [String]) -> String {
        let text = Array(markdown.filter { $0 != open && $0 != close })
        var result = ""
        var place = 0
        var fence: (mark: Character, count: Int)?
        var isLineStart = true
        func run(_ mark: Character, from start: Int) -> Int {
            var end = start
            while end < text.count, text[end] == mark { end += 1 }
            return end - start
        }
        while place < text.count {
            let character = text[place]
            if isLineStart {
                var inner = place
                while inner < text.count, text[inner] == " ", inner - place < 4 { inner += 1 }
                if inner < text.count, inner - place < 4, text[inner] == "`" || text[inner] == "~" {
                    let count = run(text[inner], from: inner)
                    if let open = fence {
                        if open.mark == text[inner], count >= open.count { fence = nil }
                    } else if count >= 3 {
                        fence = (text[inner], count)
                    }
                    if count >= 3 {
                        while place < text.count, !text[place].isNewline {
                            result.append(text[place])
                            place += 1
                        }
                        isLineStart = false
                        continue
                    }
                }
            }
            isLineStart = character.isNewline
            if fence != nil {
                result.append(character)
                place += 1
                continue
            }
            switch character {
            case "\\" where place + 1 < text.count:
                result.append(character)
                result.append(text[place + 1])
                place += 2
            case "`":
                let count = run("`", from: place)
                var end = place + count
                while end < text.count {
                    let here = run("`", from: end)
                    if here == count { break }
                    end += max(1, here)
                }
                // An opening without its end is text.
                let stop = end < text.count ? end + count : place + count
                result += String(text[place..<stop])
                place = stop
            case "$":
                guard let (source, isBlock, end) = formula(text, place) else {
                    result.append(character)
                    place += 1
                    continue
                }
                formulas.append(Mathematics(source, isBlock: isBlock).html)
                result += "\(open)\(formulas.count - 1)\(close)"
                place = end
            default:
                result.append(character)
                place += 1
            }
        }
        return result
    }

    /// The formula that begins at a dollar sign: `$$…$$`, or `$…$` without blanks inside its signs and no digit behind it;
    /// code ends it.
    private static func formula(_ text: [Character], _ start: Int) -> (source: String, isBlock: Bool, end: Int)? {
        let isBlock = start + 1 < text.count && text[start + 1] == "$"
        let first = start + (isBlock ? 2 : 1)
        guard first < text.count, isBlock || !text[first].isWhitespace else { return nil }
        var end = first
        while end < text.count {
            if text[end] == "\\" {
                end += 2
                continue
            }
            if text[end] == "`" { return nil }
            if text[end].isNewline, end + 1 < text.count, text[end + 1].isNewline { return nil }
            if text[end] == "$" {
                if isBlock {
                    if end + 1 < text.count, text[end + 1] == "$", end > first {
                        return (String(text[first..<end]), true, end + 2)
                    }
                } else if end > first, !text[end - 1].isWhitespace,
                    !(end + 1 < text.count && text[end + 1].isNumber)
                {
                    return (String(text[first..<end]), false, end + 1)
                }
            }
            end += 1
        }
        return nil
    }

    private static func withFormulas(_ html: String, _ formulas: [String]) -> String {
        guard !formulas.isEmpty else { return html }
        var result = ""
        var rest = Substring(html)
        while let start = rest.firstIndex(of: open), let end = rest[start...].firstIndex(of: close) {
            result += rest[..<start]
            if let number = Int(rest[rest.index(after: start)..<end]), formulas.indices.contains(number) {
                result += formulas[number]
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}

/// Code as HTML, with classes for its parts.
package enum CodeHTML {
    static func block(_ code: String) -> String { "<pre class=\"code\"><code>\(marked(code))</code></pre>\n" }

    package static func marked(_ code: String) -> String {
        let source = Source(name: "code", text: code)
        var result = ""
        var place = 0
        func text(_ range: Range<Int>) -> String {
            HTMLText.escaped(String(decoding: source.bytes[range], as: UTF8.self))
        }
        for (span, kind) in highlights(in: source) {
            let (start, end) = (Int(span.start), Int(span.end))
            guard start >= place, end > start, end <= source.bytes.count else { continue }
            result += text(place..<start) + "<span class=\"\(kind.rawValue)\">\(text(start..<end))</span>"
            place = end
        }
        return result + text(place..<source.bytes.count)
    }
}

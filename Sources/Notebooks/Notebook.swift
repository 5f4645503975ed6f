// A notebook, whatever file it came from.
//
//   x.kds    ─ PercentReader ─►  Notebook  ─ PercentWriter ─►  x.kds
//   x.ipynb  ─ NotebookFile  ─►     │      ─ NotebookFile  ─►  x.ipynb
//                                   └ Execution: runs the cells ─ Page, MarkdownPage ─►  x.html, x.md

import Networks

/// Cells in their order, with what is said of the whole.
public struct Notebook: Equatable {
    /// What a script's first line says behind `#!`.
    public var executable: String?
    /// The lines of YAML at a script's head besides those for Jupyter: title, author ….
    public var header: String
    /// What Jupyter keeps of a notebook, such as its kernel.
    public var metadata: JSONObject
    public var cells: [Cell]

    public init(executable: String? = nil, header: String = "", metadata: JSONObject = [:], cells: [Cell] = []) {
        self.executable = executable
        self.header = header
        self.metadata = metadata
        self.cells = cells
    }

    public struct Cell: Equatable {
        public enum Kind: String, Sendable { case code, markdown, raw }

        public var kind: Kind
        /// The text of the cell: code, or prose without the `# ` before each line.
        public var source: String
        /// What the marker says besides its kind.
        public var title = ""
        public var metadata: JSONObject = [:]
        /// Empty lines between the cell and the next one in a script.
        public var linesBelow = 1
        public var id: String?
        public var outputs: [Output] = []
        public var executionCount: Int?
        /// The line in the script at which the text begins, from 1.
        public var line = 1

        public init(_ kind: Kind, _ source: String) { (self.kind, self.source) = (kind, source) }

        public var tags: [String] {
            metadata["tags"]?.array?.compactMap(\.string)
                ?? metadata["tags"]?.string?.split(separator: " ").map(String.init) ?? []
        }

        /// The `#| key: value` lines at the head of a code cell.
        public var options: [String: String] {
            guard kind == .code else { return [:] }
            var options: [String: String] = [:]
            for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
                guard line.hasPrefix("#|") else { break }
                let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map { $0.trimmed }
                guard let key = parts.first, !key.isEmpty else { continue }
                var value = parts.count > 1 ? parts[1] : "true"
                if value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote {
                    value = String(value.dropFirst().dropLast())
                }
                options[key] = value
            }
            return options
        }

        /// The code without its option lines.
        var sourceWithoutOptions: String {
            source.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("#|") }
                .joined(separator: "\n")
        }

        /// Whether a tag or an option keeps a part of the cell, its "input", its "output" or all of the "cell", off pages.
        func hides(_ part: String) -> Bool {
            if tags.contains("remove-\(part)") || tags.contains("hide-\(part)") { return true }
            switch part {
            case "input": return options["echo"] == "false"
            case "output": return options["output"] == "false"
            default: return options["include"] == "false"
            }
        }
    }

    /// What a cell wrote or showed, in the form of nbformat.
    public enum Output: Equatable {
        case stream(name: String, text: String)
        /// MIME types and contents; `identity` is for those that are brought up to date.
        case display(data: JSONObject, metadata: JSONObject = [:], isResult: Bool, identity: String? = nil)
        case error(name: String, message: String, trace: [String])
    }

    /// Gives each cell without one an id that depends on its kind and text alone, so that it stays when others change.
    public mutating func completeIdentities() {
        var taken = Set(cells.compactMap(\.id))
        for index in cells.indices where cells[index].id == nil {
            let hash = Notebook.hash(cells[index].kind.rawValue + "\n" + cells[index].source)
            var id = hash
            var number = 2
            while !taken.insert(id).inserted {
                id = "\(hash)-\(number)"
                number += 1
            }
            cells[index].id = id
        }
    }

    /// Takes ids, and with `outputs` what cells showed, over from an older state: first from cells with the same text, then,
    /// for ids alone, from those that stand between the same neighbours.
    public mutating func adopt(from old: Notebook, outputs: Bool) {
        var waiting: [String: [Cell]] = [:]
        for cell in old.cells { waiting[cell.kind.rawValue + cell.source, default: []].append(cell) }
        var used: Set<String> = []
        for index in cells.indices {
            let key = cells[index].kind.rawValue + cells[index].source
            guard var same = waiting[key], !same.isEmpty else { continue }
            let twin = same.removeFirst()
            waiting[key] = same
            cells[index].id = twin.id
            if let id = twin.id { used.insert(id) }
            if outputs { (cells[index].outputs, cells[index].executionCount) = (twin.outputs, twin.executionCount) }
        }
        // A cell whose text was changed in its place.
        for index in cells.indices where cells[index].id == nil && index < old.cells.count {
            let there = old.cells[index]
            guard there.kind == cells[index].kind, let id = there.id, used.insert(id).inserted else { continue }
            cells[index].id = id
        }
    }

    /// FNV-1a of 64 bits, in hexadecimal.
    private static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension StringProtocol {
    /// The text without blanks at both ends.
    var trimmed: String {
        var text = drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}

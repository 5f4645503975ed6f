import CEdit
import Glibc
import Language
import Library

/// Where the prompt's blocks come from.
protocol BlockReader: AnyObject {
    /// The next block without its last newline.
    func read(prompt: String) -> Typed
    /// Adds a block to what can be recalled.
    func remember(_ block: String)
}

enum Typed {
    case block(String)
    case interrupted
    case end
}

/// Blocks typed at a terminal: edited as one with libedit, recalled with the arrow keys, completed with TAB.
final class LineEditor: BlockReader {
    private var edit: OpaquePointer?
    private let session: Session
    private let history: History
    private let hasColor: Bool
    /// A list of candidates is cut at so many.
    private static let listedCandidates = 120
    private let width: () -> Int
    private var recall: Recall?

    /// The way back through the blocks that begin like what was typed.
    private struct Recall {
        let typed: String
        /// The place of the block that is shown; the count of all when it is the typed text.
        var place: Int
        var shown: String
    }

    /// Nil when the terminal cannot be used for editing.
    init?(session: Session, terminal: Terminal, history: History) {
        self.session = session
        self.history = history
        hasColor = terminal.outputHasColor
        width = { terminal.width }
        kd_edit_use_utf8()
        let context = Unmanaged.passUnretained(self).toOpaque()
        edit = kd_edit_open(
            "kd", context,
            { context, text, length in
                guard let context else { return -1 }
                return Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
                    .indentation(after: LineEditor.text(text, length))
            },
            { context, edit in
                guard let context, let edit else { return KD_EDIT_NOTHING }
                return Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue().complete(edit)
            },
            { context, edit, step in
                guard let context, let edit else { return KD_EDIT_NOTHING }
                return Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue().recall(edit, step)
            },
            { Signals.isPending ? 1 : 0 })
        if edit == nil { return nil }
        for block in history.blocks { remember(block) }
    }

    deinit { kd_edit_close(edit) }

    func read(prompt: String) -> Typed {
        kd_edit_set_prompt(edit, hasColor ? "\u{1}\u{1B}[32m\u{1}\(prompt)\u{1}\u{1B}[0m\u{1} " : prompt + " ")
        var text: UnsafePointer<CChar>?
        var length: Int32 = 0
        switch kd_edit_read(edit, &text, &length) {
        case KD_EDIT_LINE:
            var block = LineEditor.text(text, length)
            while block.hasSuffix("\n") { block.removeLast() }
            return .block(block)
        case KD_EDIT_INTERRUPTED: return .interrupted
        default: return .end
        }
    }

    func remember(_ block: String) { kd_edit_remember(edit, block) }

    /// −1 when the text can be handed over: it is complete, wrong whatever follows, a command, or ends in a blank line.
    private func indentation(after text: String) -> Int32 {
        guard case .incomplete(let indent) = Session.completeness(of: text) else { return -1 }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let isBlank = { (line: Substring) in line.allSatisfy { $0 == " " } }
        if lines.count > 2, lines.suffix(2).allSatisfy(isBlank) { return -1 }
        return Int32(clamping: indent)
    }

    /// Shows the next block, before or after the one that is shown, that begins with what was typed.
    private func recall(_ edit: OpaquePointer, _ step: Int32) -> kd_edit_answer {
        var length: Int32 = 0
        var cursor: Int32 = 0
        let text = LineEditor.text(kd_edit_text(edit, &length, &cursor), length)
        let blocks = history.blocks
        var now = recall ?? Recall(typed: text, place: blocks.count, shown: text)
        if now.shown != text { now = Recall(typed: text, place: blocks.count, shown: text) }
        var place = now.place + Int(step)
        while blocks.indices.contains(place), !blocks[place].hasPrefix(now.typed) || blocks[place] == text {
            place += Int(step)
        }
        guard place >= 0, place <= blocks.count, now.place < blocks.count || step < 0 else { return KD_EDIT_NOTHING }
        now.place = place
        now.shown = place == blocks.count ? now.typed : blocks[place]
        recall = now
        kd_edit_replace(edit, now.shown)
        return KD_EDIT_CHANGED
    }

    /// Inserts what all candidates have in common, else lists them; after `f(` shows the signature of f.
    private func complete(_ edit: OpaquePointer) -> kd_edit_answer {
        var length: Int32 = 0
        var cursor: Int32 = 0
        let text = LineEditor.text(kd_edit_text(edit, &length, &cursor), length)
        let before = String(decoding: text.utf8.prefix(Int(cursor)), as: UTF8.self)
        let line = before.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        if before.contains("\n"), line.allSatisfy({ $0 == " " }) {
            kd_edit_insert(edit, "  ")
            return KD_EDIT_CHANGED
        }
        let completion = session.complete(before)
        if let note = completion.note {
            let list = completion.candidates.isEmpty ? "" : "\n" + columns(completion.candidates)
            kd_edit_write_below(edit, note + list)
            return KD_EDIT_WRITTEN
        }
        guard let first = completion.candidates.first else { return KD_EDIT_NOTHING }
        var common = Array(first.text.unicodeScalars)
        for candidate in completion.candidates.dropFirst() {
            let shared = zip(common, candidate.text.unicodeScalars).prefix { $0 == $1 }.count
            common.removeLast(common.count - shared)
        }
        let typed = Array(completion.prefix.unicodeScalars)
        if common.count > typed.count || (completion.candidates.count == 1 && common != typed) {
            var added = String.UnicodeScalarView()
            added.append(contentsOf: common)
            kd_edit_delete(edit, Int32(typed.count))
            kd_edit_insert(edit, String(added))
            return KD_EDIT_CHANGED
        }
        guard completion.candidates.count > 1 else { return KD_EDIT_NOTHING }
        kd_edit_write_below(edit, columns(completion.candidates))
        return KD_EDIT_WRITTEN
    }

    /// Candidates in columns, the order down each column.
    private func columns(_ candidates: [Completion.Candidate]) -> String {
        let shown = candidates.prefix(LineEditor.listedCandidates).map { $0.shown }
        let cell = (shown.map(\.count).max() ?? 0) + 2
        let columns = max(1, min(width() / cell, 8))
        let rows = (shown.count + columns - 1) / columns
        var text = ""
        for row in 0..<rows {
            if row > 0 { text += "\n" }
            for column in 0..<columns where column * rows + row < shown.count {
                let name = shown[column * rows + row]
                let isLast = (column + 1) * rows + row >= shown.count
                text += isLast ? name : name + String(repeating: " ", count: cell - name.count)
            }
        }
        let hidden = candidates.count - shown.count
        return hidden > 0 ? text + "\n… and \(hidden) more" : text
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int32) -> String {
        guard let start, length > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: Int(length)), as: UTF8.self)
    }
}

/// Blocks from a terminal without escape codes (`TERM=dumb`): line after line, with a prompt of their own for the lines
/// that continue a block.
final class PlainReader: BlockReader {
    private let session: Session
    private let input: InputLines

    init(session: Session, input: InputLines) {
        self.session = session
        self.input = input
    }

    func remember(_ block: String) {}

    func read(prompt: String) -> Typed {
        var block = ""
        var mark = prompt + " "
        while true {
            put(mark)
            switch input.next() {
            case .interrupted: return .interrupted
            case .end: return block.isEmpty ? .end : .block(block)
            case .block(let line):
                block += block.isEmpty ? line : "\n" + line
                guard !line.isEmpty, case .incomplete = Session.completeness(of: block) else { return .block(block) }
                mark = "...> "
            }
        }
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}

/// One piece of program text with a name to call it by: a file, a cell, an entry at the prompt.
public final class Source: Sendable {
    /// What error messages say: `tutorials/02.kds`, `<prompt 3>`.
    public let name: String
    public let text: String
    /// The text in UTF-8; spans index into it.
    public let bytes: [UInt8]
    /// The offset at which each line starts; the first is always 0.
    let lineStarts: [Int32]
    /// Whether the text is the library's own: errors raised in it are shown where the script called it.
    public let isLibrary: Bool

    /// Texts longer than this are refused, so that every offset fits a span.
    public static let maximumBytes = 64 << 20

    public init(name: String, text: String, isLibrary: Bool = false) {
        self.name = name
        self.isLibrary = isLibrary
        let bytes = Array(text.utf8)
        self.text = text
        self.bytes = bytes
        lineStarts = Source.lineStarts(of: bytes)
    }

    /// Text from a file: anything that is not UTF-8 is an error that says where.
    public init(name: String, bytes: [UInt8]) throws(Diagnostic) {
        if let offset = Source.firstInvalidByte(in: bytes) {
            let line = bytes[..<offset].reduce(1) { $0 + ($1 == 0x0A ? 1 : 0) }
            throw Diagnostic(
                kind: "parse",
                message: "\(name) is not UTF-8 text: byte \(offset) on line \(line) is 0x\(hex(bytes[offset]))",
                hint: "save the file as UTF-8")
        }
        self.name = name
        isLibrary = false
        self.bytes = bytes
        text = String(decoding: bytes, as: UTF8.self)
        lineStarts = Source.lineStarts(of: bytes)
    }

    public var lineCount: Int { lineStarts.count }

    /// The line that holds an offset, from 1.
    public func line(at offset: Int32) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    public func position(of offset: Int32) -> Position {
        let offset = max(0, min(offset, Int32(clamping: bytes.count)))
        let line = line(at: offset)
        var column = 1
        for index in Int(lineStarts[line - 1])..<Int(offset) where bytes[index] & 0xC0 != 0x80 { column += 1 }
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]), offset >= 3 { column -= 1 }
        return Position(line: line, column: column)
    }

    /// The offsets of a line without its line end (and without a byte-order mark).
    public func lineSpan(_ line: Int) -> Span {
        guard line >= 1, line <= lineStarts.count else { return .zero }
        var start = Int(lineStarts[line - 1])
        var end = line < lineStarts.count ? Int(lineStarts[line]) - 1 : bytes.count
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return Span(start, max(start, end))
    }

    public func text(of span: Span) -> String {
        let start = max(0, min(Int(span.start), bytes.count))
        let end = max(start, min(Int(span.end), bytes.count))
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    public func text(ofLine line: Int) -> String { text(of: lineSpan(line)) }

    /// `file:line:column` of a span's first character.
    public func place(of span: Span) -> String {
        let position = position(of: span.start)
        return "\(name):\(position.line):\(position.column)"
    }

    private static func lineStarts(of bytes: [UInt8]) -> [Int32] {
        var starts: [Int32] = [0]
        for index in bytes.indices where bytes[index] == 0x0A { starts.append(Int32(clamping: index + 1)) }
        return starts
    }

    /// The first byte at which the text stops being UTF-8 (overlong forms and surrogates included), or nil.
    static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let length: Int
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, lowest) = (3, 0xA0)
            case 0xED: (length, highest) = (3, 0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, lowest) = (4, 0x90)
            case 0xF4: (length, highest) = (4, 0x8F)
            case 0xF1...0xF3: length = 4
            default: return index
            }
            guard index + length <= bytes.count, bytes[index + 1] >= lowest, bytes[index + 1] <= highest else {
                return index
            }
            for next in (index + 1)..<(index + length) where bytes[next] & 0xC0 != 0x80 { return index }
            index += length
        }
        return nil
    }
}

/// Two hexadecimal digits, upper case.
func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "0" + digits : digits
}

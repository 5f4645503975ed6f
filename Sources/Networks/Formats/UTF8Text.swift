/// Checks of bytes that claim to be UTF-8.
public enum UTF8Text {
    /// The offset of the first byte that is no well-formed UTF-8 (Unicode 16, table 3-7), or nil.
    public static func firstFault(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { raw in
            let count = raw.count
            var i = 0
            while i < count {
                // Eight ASCII bytes at once: the high bits are all zero.
                if i + 8 <= count, raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
                    i += 8
                    continue
                }
                let length = sequenceLength(at: i, in: raw)
                if length == 0 { return i }
                i += length
            }
            return nil
        }
    }

    /// The length of the well-formed sequence that begins at `i`, or 0.
    private static func sequenceLength(at i: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        let first = bytes[i]
        if first < 0x80 { return 1 }
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard i + length <= bytes.count, second.contains(bytes[i + 1]) else { return 0 }
        for k in 2..<max(length, 2) where bytes[i + k] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// The line and column, both from 1, of an offset; columns count scalars.
    public static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var line = 1
        var lineStart = 0
        let end = min(offset, bytes.count)
        for i in 0..<end where bytes[i] == 0x0A {
            line += 1
            lineStart = i + 1
        }
        var column = 1
        for i in lineStart..<end where bytes[i] & 0xC0 != 0x80 { column += 1 }
        return (line, column)
    }

    /// Throws where the bytes are no UTF-8, or hold a NUL, naming the line and the offset.
    public static func check(_ bytes: [UInt8], file: String?) throws {
        if let fault = firstFault(in: bytes) {
            let byte = String(bytes[fault], radix: 16, uppercase: true)
            let latin = bytes[fault] >= 0x80
            throw FormatError(
                "the text is not UTF-8: byte 0x\(byte) at offset \(fault)", file: file,
                line: place(of: fault, in: bytes).line,
                hint: latin ? "if it is Latin-1 or Windows text: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW" : nil)
        }
        if let zero = bytes.firstIndex(of: 0) {
            throw FormatError(
                "the text holds a NUL byte at offset \(zero)", file: file, line: place(of: zero, in: bytes).line,
                hint: "text files hold none; it may be a binary file or UTF-16 text")
        }
    }
}

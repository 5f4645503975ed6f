/// Cuts text into words, by a rule that needs no language and gives the same on every machine.
///
/// - A word is a longest run of letters, digits and combining marks (Unicode categories L, N, M and the underscore).
/// - An apostrophe (' or ’) between two of those belongs to the word: `isn't` is one word. It is written `'`.
/// - An ideograph (Unicode's property Ideographic) is a word of its own.
/// - White space, control and format characters part words and are dropped.
/// - Every other scalar (punctuation, symbols) is a word of its own.
struct WordSplitter {
    let lowercases: Bool

    private enum Class: UInt8 { case space, word, single }

    /// The classes of the 128 ASCII characters.
    private static let ascii: [Class] = (0..<128).map { code in
        switch UInt8(code) {
        case 0...0x20, 0x7F: .space
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            .word
        default: .single
        }
    }

    private static func classify(_ scalar: Unicode.Scalar) -> (Class, isIdeograph: Bool) {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
            return (.word, properties.isIdeographic)
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .unassigned, .surrogate,
            .privateUse:
            return (.space, false)
        default: return (.single, false)
        }
    }

    /// Calls `body` with each word, in order.
    func forEachWord(in text: String, _ body: (String) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var word: [UInt8] = []
            word.reserveCapacity(32)
            func close() {
                guard !word.isEmpty else { return }
                body(String(decoding: word, as: UTF8.self))
                word.removeAll(keepingCapacity: true)
            }
            var i = 0
            while i < bytes.count {
                let byte = bytes[i]
                if byte < 0x80 {
                    i += 1
                    switch WordSplitter.ascii[Int(byte)] {
                    case .space: close()
                    case .word:
                        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                        word.append(lowercases && isUpper ? byte | 0x20 : byte)
                    case .single:
                        if byte == UInt8(ascii: "'"), !word.isEmpty, isWord(at: i, in: bytes) {
                            word.append(byte)
                        } else {
                            close()
                            word.append(byte)
                            close()
                        }
                    }
                    continue
                }
                let (scalar, length) = decode(at: i, in: bytes)
                i += length
                let (kind, isIdeograph) = WordSplitter.classify(scalar)
                switch kind {
                case .space: close()
                case .word:
                    if isIdeograph { close() }
                    append(scalar, to: &word)
                    if isIdeograph { close() }
                case .single:
                    if scalar == "\u{2019}", !word.isEmpty, isWord(at: i, in: bytes) {
                        word.append(UInt8(ascii: "'"))
                    } else {
                        close()
                        append(scalar, to: &word)
                        close()
                    }
                }
            }
            close()
        }
    }

    func words(of text: String) -> [String] {
        var words: [String] = []
        forEachWord(in: text) { words.append($0) }
        return words
    }

    private func append(_ scalar: Unicode.Scalar, to word: inout [UInt8]) {
        if lowercases {
            word += scalar.properties.lowercaseMapping.utf8
        } else {
            word += String(Character(scalar)).utf8
        }
    }

    private func isWord(at i: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard i < bytes.count else { return false }
        if bytes[i] < 0x80 { return WordSplitter.ascii[Int(bytes[i])] == .word }
        let (kind, isIdeograph) = WordSplitter.classify(decode(at: i, in: bytes).scalar)
        return kind == .word && !isIdeograph
    }

    /// The scalar at `i`, and its length; the bytes are a Swift string's, so they are well formed.
    private func decode(at i: Int, in bytes: UnsafeBufferPointer<UInt8>) -> (scalar: Unicode.Scalar, length: Int) {
        let first = UInt32(bytes[i])
        func tail(_ k: Int) -> UInt32 { UInt32(bytes[i + k] & 0x3F) }
        let value: UInt32
        let length: Int
        if first < 0xE0 {
            (value, length) = ((first & 0x1F) << 6 | tail(1), 2)
        } else if first < 0xF0 {
            (value, length) = ((first & 0x0F) << 12 | tail(1) << 6 | tail(2), 3)
        } else {
            (value, length) = ((first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
        }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}

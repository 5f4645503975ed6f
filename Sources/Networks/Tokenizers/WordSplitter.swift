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

    /// Calls `body` with each word and the code points of the text that it is from, in order.
    func forEachWord(in text: String, _ body: (String, Range<Int>) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            var word: [UInt8] = []
            word.reserveCapacity(32)
            // The code point that is looked at, and the first one of the word.
            var (point, start) = (-1, 0)
            func close(before end: Int) {
                guard !word.isEmpty else { return }
                body(String(decoding: word, as: UTF8.self), start..<end)
                word.removeAll(keepingCapacity: true)
            }
            var i = 0
            while i < bytes.count {
                let byte = bytes[i]
                point += 1
                if word.isEmpty { start = point }
                if byte < 0x80 {
                    i += 1
                    switch WordSplitter.ascii[Int(byte)] {
                    case .space: close(before: point)
                    case .word:
                        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                        word.append(lowercases && isUpper ? byte | 0x20 : byte)
                    case .single:
                        if byte == UInt8(ascii: "'"), !word.isEmpty, isWord(at: i, in: bytes) {
                            word.append(byte)
                        } else {
                            close(before: point)
                            start = point
                            word.append(byte)
                            close(before: point + 1)
                        }
                    }
                    continue
                }
                let (value, length) = UTF8Scalars.decode(bytes, at: i)
                let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
                i += length
                let (kind, isIdeograph) = WordSplitter.classify(scalar)
                func single() {
                    close(before: point)
                    start = point
                    append(scalar, to: &word)
                    close(before: point + 1)
                }
                switch kind {
                case .space: close(before: point)
                case .word: if isIdeograph { single() } else { append(scalar, to: &word) }
                case .single:
                    if scalar == "\u{2019}", !word.isEmpty, isWord(at: i, in: bytes) {
                        word.append(UInt8(ascii: "'"))
                    } else {
                        single()
                    }
                }
            }
            close(before: point + 1)
        }
    }

    func words(of text: String) -> [String] {
        var words: [String] = []
        forEachWord(in: text) { word, _ in words.append(word) }
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
        let (kind, isIdeograph) = WordSplitter.classify(
            Unicode.Scalar(UTF8Scalars.decode(bytes, at: i).value) ?? "\u{FFFD}")
        return kind == .word && !isIdeograph
    }
}

import Networks
import Tensors

/// Sentences as CoNLL's shared tasks have them: a word and its tag a line, a blank line after each sentence.
public enum ConllReader {
    /// A dataset with the columns "words" and "tags".
    ///
    /// Fields are parted by tabs, or by blanks in files without tabs; remarks ("# name = value", "-DOCSTART-") are passed over.
    /// - Parameters:
    ///   - wordField: which field of a line is the word; negative ones count from the end.
    ///   - tagField: which is the tag.
    ///   - labelNames: the tags in the order of their numbers; nil finds them, "O" first.
    /// - Throws: `FormatError` with the line for one that has fewer fields than are asked for, or other ones than the first;
    ///   for bytes that are not UTF-8, and a file without sentences.
    public static func read(
        _ path: String, wordField: Int = 0, tagField: Int = -1, labelNames: [String]? = nil
    ) throws -> Dataset {
        try read(
            File.read(path), file: path, wordField: wordField, tagField: tagField, labelNames: labelNames)
    }

    public static func read(
        _ bytes: [UInt8], file: String, wordField: Int = 0, tagField: Int = -1, labelNames: [String]? = nil
    ) throws -> Dataset {
        let options = TableOptions()
        var table = FieldTable(bytes: bytes, file: file)
        var (words, tags) = ([[String]](), [[String]]())
        var (sentence, classes) = ([String](), [String]())
        var fieldCount: Int?
        func close() {
            if sentence.isEmpty { return }
            words.append(sentence)
            tags.append(classes)
            (sentence, classes) = ([], [])
        }
        let parting: UInt8 = bytes.contains(0x09) ? 0x09 : 0x20
        try table.forEachLine(limit: options.lineLimit) { _, start, end, line in
            let text = bytes[start..<end]
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return close() }
            if isRemark(text, parting) { return close() }
            let fields = text.split(separator: parting, omittingEmptySubsequences: parting == 0x20)
            if let fieldCount, fields.count != fieldCount {
                throw FormatError(
                    "the line has \(fields.count) fields, the first one has \(fieldCount)", file: file, line: line,
                    hint: "a word and its tags stand in one line, parted by \(parting == 0x09 ? "tabs" : "blanks")")
            }
            fieldCount = fields.count
            func field(_ number: Int, _ name: String) throws -> String {
                let place = number < 0 ? fields.count + number : number
                guard fields.indices.contains(place) else {
                    throw FormatError(
                        "the \(name) is field \(number), and the line has \(fields.count) field\(fields.count == 1 ? "" : "s")",
                        file: file, line: line)
                }
                return String(decoding: fields[place], as: UTF8.self)
            }
            sentence.append(try field(wordField, "word"))
            classes.append(try field(tagField, "tag"))
        }
        close()
        guard !words.isEmpty else { throw FormatError("the file has no sentences", file: file) }
        return try Dataset(
            name: options.datasetName(file), columns: [("words", .words(words)), ("tags", .words(tags))],
            text: .named("words"), label: .named("tags"), labelNames: labelNames)
    }

    /// Whether a line parts documents, or says something about a sentence: "# intent = PlayMusic".
    private static func isRemark(_ line: ArraySlice<UInt8>, _ parting: UInt8) -> Bool {
        if line.starts(with: "-DOCSTART-".utf8) { return true }
        guard line.starts(with: "# ".utf8) else { return false }
        if parting == 0x09 { return !line.contains(0x09) }
        let fields = line.split(separator: 0x20)
        return fields.count > 2 && fields[2].elementsEqual("=".utf8)
    }
}

import Tensors

extension JSONValue {
    /// The value of a JSON text (RFC 8259), read strictly.
    ///
    /// Refused: bytes that are no UTF-8, a byte order mark, trailing commas, comments, duplicate keys, `NaN`, numbers beyond a
    /// double, lone surrogates, anything after the value, nesting deeper than `maximalDepth`. An integer that does not fit 64 bits
    /// becomes a float.
    public static func parse(_ bytes: [UInt8], file: String? = nil, maximalDepth: Int = 128) throws -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw FormatError(
                "the text begins with a byte order mark", file: file, line: 1, column: 1,
                hint: "JSON has none; save the file as UTF-8 without BOM")
        }
        if let fault = UTF8Text.firstFault(in: bytes) {
            let place = UTF8Text.place(of: fault, in: bytes)
            throw FormatError(
                "the text is not UTF-8: byte 0x\(String(bytes[fault], radix: 16, uppercase: true)) at offset \(fault)",
                file: file, line: place.line, column: place.column)
        }
        var reader = JSONReader(bytes: bytes, file: file, maximalDepth: maximalDepth)
        return try reader.document()
    }

    public static func parse(_ text: String, file: String? = nil) throws -> JSONValue {
        try parse(Array(text.utf8), file: file)
    }

    /// The value of a JSON file.
    public static func read(_ path: String) throws -> JSONValue {
        try parse(File.read(path), file: path)
    }
}

/// A recursive descent over the bytes; `parseX` leaves `i` behind what it read.
private struct JSONReader {
    let bytes: [UInt8]
    let file: String?
    let maximalDepth: Int
    var i = 0
    var depth = 0

    init(bytes: [UInt8], file: String?, maximalDepth: Int) {
        self.bytes = bytes
        self.file = file
        self.maximalDepth = maximalDepth
    }

    func fault(_ problem: String, at offset: Int? = nil, hint: String? = nil) -> FormatError {
        let place = UTF8Text.place(of: offset ?? i, in: bytes)
        return FormatError(problem, file: file, line: place.line, column: place.column, hint: hint)
    }

    /// What stands at `i`, for messages.
    var found: String {
        guard i < bytes.count else { return "the end of the text" }
        let byte = bytes[i]
        if byte < 0x20 || byte == 0x7F { return "the control character 0x\(String(byte, radix: 16, uppercase: true))" }
        let scalar = String(decoding: bytes[i..<min(i + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
        return "'\(scalar.map(String.init) ?? "?")'"
    }

    mutating func skipSpace() {
        while i < bytes.count {
            switch bytes[i] {
            case 0x20, 0x09, 0x0A, 0x0D: i += 1
            default: return
            }
        }
    }

    mutating func document() throws -> JSONValue {
        skipSpace()
        if i == bytes.count { throw fault("the text is empty where a JSON value should be") }
        let value = try parseValue()
        skipSpace()
        if i < bytes.count {
            throw fault(
                "\(found) after the end of the value",
                hint: "one JSON value makes a file; with one value a line it is JSON Lines: read_jsonl")
        }
        return value
    }

    mutating func parseValue() throws -> JSONValue {
        guard i < bytes.count else { throw fault("the text ends where a value should be") }
        switch bytes[i] {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "N"), UInt8(ascii: "I"):
            throw fault("\(found) where a value should be", hint: "JSON has no NaN and no Infinity; write null")
        case UInt8(ascii: "'"): throw fault("\(found) where a value should be", hint: "JSON strings have double quotes")
        default: throw fault("\(found) where a value should be")
        }
    }

    mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let count = word.utf8CodeUnitCount
        guard i + count <= bytes.count, (0..<count).allSatisfy({ bytes[i + $0] == word.utf8Start[$0] }) else {
            throw fault("\(found) where a value should be")
        }
        i += count
        return value
    }

    mutating func enter() throws {
        depth += 1
        if depth > maximalDepth { throw fault("values nested deeper than \(maximalDepth)") }
        i += 1
        skipSpace()
    }

    mutating func parseArray() throws -> JSONValue {
        let start = i
        try enter()
        defer { depth -= 1 }
        var items: [JSONValue] = []
        if i < bytes.count, bytes[i] == UInt8(ascii: "]") {
            i += 1
            return .array(items)
        }
        while true {
            if items.count & 0xFFFF == 0xFFFF { try Interruption.check() }
            items.append(try parseValue())
            skipSpace()
            guard i < bytes.count else { throw fault("the array is never closed", at: start) }
            if bytes[i] == UInt8(ascii: "]") { break }
            guard bytes[i] == UInt8(ascii: ",") else { throw fault("\(found) where ',' or ']' should be") }
            let comma = i
            i += 1
            skipSpace()
            if i < bytes.count, bytes[i] == UInt8(ascii: "]") { throw fault("a comma before ']'", at: comma) }
        }
        i += 1
        return .array(items)
    }

    mutating func parseObject() throws -> JSONValue {
        let start = i
        try enter()
        defer { depth -= 1 }
        var object = JSONObject()
        if i < bytes.count, bytes[i] == UInt8(ascii: "}") {
            i += 1
            return .object(object)
        }
        while true {
            guard i < bytes.count else { throw fault("the object is never closed", at: start) }
            guard bytes[i] == UInt8(ascii: "\"") else {
                throw fault("\(found) where a key should be", hint: "keys of JSON objects have double quotes")
            }
            let keyStart = i
            let key = try parseString()
            skipSpace()
            guard i < bytes.count, bytes[i] == UInt8(ascii: ":") else { throw fault("\(found) where ':' should be") }
            i += 1
            skipSpace()
            let value = try parseValue()
            guard object.insert(value, for: ExactString(key)) else {
                throw fault("the key \"\(key.prefix(60))\" appears twice", at: keyStart)
            }
            skipSpace()
            guard i < bytes.count else { throw fault("the object is never closed", at: start) }
            if bytes[i] == UInt8(ascii: "}") { break }
            guard bytes[i] == UInt8(ascii: ",") else { throw fault("\(found) where ',' or '}' should be") }
            let comma = i
            i += 1
            skipSpace()
            if i < bytes.count, bytes[i] == UInt8(ascii: "}") { throw fault("a comma before '}'", at: comma) }
        }
        i += 1
        return .object(object)
    }

    mutating func parseString() throws -> String {
        let start = i
        i += 1
        var runStart = i
        var unescaped: [UInt8]? = nil
        while i < bytes.count {
            let byte = bytes[i]
            if byte == UInt8(ascii: "\"") {
                let run = bytes[runStart..<i]
                i += 1
                guard var whole = unescaped else { return String(decoding: run, as: UTF8.self) }
                whole.append(contentsOf: run)
                return String(decoding: whole, as: UTF8.self)
            }
            if byte < 0x20 {
                throw fault("\(found) in a string", hint: "write it as an escape: \\n, \\t or \\u00XX")
            }
            if byte == UInt8(ascii: "\\") {
                var whole = unescaped ?? []
                unescaped = nil
                whole.append(contentsOf: bytes[runStart..<i])
                try parseEscape(into: &whole)
                unescaped = whole
                runStart = i
            } else {
                i += 1
            }
        }
        throw fault("the string is never closed", at: start)
    }

    mutating func parseEscape(into text: inout [UInt8]) throws {
        let start = i
        guard i + 1 < bytes.count else { throw fault("the text ends in an escape") }
        let letter = bytes[i + 1]
        i += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let unit = try parseHex4(start)
            var value = UInt32(unit)
            if (0xD800...0xDBFF).contains(unit) {
                guard i + 1 < bytes.count, bytes[i] == UInt8(ascii: "\\"), bytes[i + 1] == UInt8(ascii: "u") else {
                    throw fault("a lone surrogate in a string", at: start)
                }
                i += 2
                let low = try parseHex4(start)
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("a lone surrogate in a string", at: start) }
                value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw fault("a lone surrogate in a string", at: start) }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            throw fault("an unknown escape in a string", at: start, hint: "a backslash is written \\\\")
        }
    }

    mutating func parseHex4(_ start: Int) throws -> UInt16 {
        guard i + 4 <= bytes.count else { throw fault("the text ends in an escape", at: start) }
        var unit: UInt16 = 0
        for byte in bytes[i..<i + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw fault("\\u is followed by four hexadecimal digits", at: start)
            }
            unit = unit << 4 | UInt16(digit)
        }
        i += 4
        return unit
    }

    mutating func skipDigits() -> Int {
        let start = i
        while i < bytes.count, bytes[i] >= UInt8(ascii: "0"), bytes[i] <= UInt8(ascii: "9") { i += 1 }
        return i - start
    }

    mutating func parseNumber() throws -> JSONValue {
        let start = i
        if bytes[i] == UInt8(ascii: "-") { i += 1 }
        let leadingZero = i < bytes.count && bytes[i] == UInt8(ascii: "0")
        let digits = skipDigits()
        if digits == 0 { throw fault("\(found) where a digit should be") }
        if leadingZero && digits > 1 { throw fault("a number with a leading zero", at: start) }
        var isInteger = true
        if i < bytes.count, bytes[i] == UInt8(ascii: ".") {
            isInteger = false
            i += 1
            if skipDigits() == 0 { throw fault("\(found) where a digit should be") }
        }
        if i < bytes.count, bytes[i] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            i += 1
            if i < bytes.count, bytes[i] == UInt8(ascii: "+") || bytes[i] == UInt8(ascii: "-") { i += 1 }
            if skipDigits() == 0 { throw fault("\(found) where a digit should be") }
        }
        let text = String(decoding: bytes[start..<i], as: UTF8.self)
        if isInteger, let int = Int(text) { return .int(int) }
        guard let double = Double(text), double.isFinite else {
            throw fault("a number beyond the range of a double", at: start)
        }
        return .float(double)
    }
}

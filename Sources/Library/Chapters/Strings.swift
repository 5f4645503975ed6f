import Foundation
import Glibc
import Language

/// Python's rules for strings, on Unicode scalars.
enum CoreStrings {
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// `split()`: at runs of white space, or at a separator.
    static func split(_ text: String, _ arguments: [Value]) throws -> Value {
        guard arguments.count <= 2 else { throw Fault("split: a string takes a separator and a maximum", kind: "type") }
        let limit = arguments.count > 1 ? arguments[1].int ?? -1 : -1
        guard let first = arguments.first, !first.isNull else {
            return text.unicodeScalars.split(whereSeparator: isSpace).map { String($0) }.scriptValue
        }
        guard let separator = first.string else {
            throw Fault(
                "split: the separator must be a string, not \(first.described)", kind: "type", argument: .positional(1))
        }
        guard !separator.isEmpty else {
            throw Fault(
                "split: the separator is empty", hint: "list(text) gives the characters", kind: "value",
                argument: .positional(1))
        }
        var parts: [Value] = []
        parts.reserveCapacity(limit < 0 ? count(text, separator) + 1 : 0)
        forEachPiece(of: text, between: separator, limit: limit) {
            parts.append(ShortText(validUTF8: $0).map { .text($0) } ?? .string(String(decoding: $0, as: UTF8.self)))
        }
        return .list(parts)
    }

    /// Where a piece begins, in code points.
    static func find(_ text: StringObject, _ piece: String) -> Int? {
        if piece.isEmpty { return 0 }
        guard let place = text.text.range(of: piece, options: .literal) else { return nil }
        return text.text.unicodeScalars.distance(from: text.text.startIndex, to: place.lowerBound)
    }

    /// Strings one after the other with one between them, together at most so many bytes.
    static func joined(_ parts: [Value], between: String, bytes: Int) -> String {
        var between = between
        return String(unsafeUninitializedCapacity: bytes) { buffer in
            guard var place = buffer.baseAddress else { return 0 }
            let start = place
            func write(_ text: inout String) {
                text.withUTF8 { piece in
                    guard let base = piece.baseAddress else { return }
                    place.update(from: base, count: piece.count)
                    place += piece.count
                }
            }
            for (index, part) in parts.enumerated() {
                if index > 0, !between.isEmpty { write(&between) }
                if case .text(let text) = part {
                    place += text.write(to: place)
                    continue
                }
                var text = part.string ?? ""
                write(&text)
            }
            return place - start
        }
    }

    static func count(_ text: String, _ piece: String) -> Int {
        if piece.isEmpty { return text.unicodeScalars.count + 1 }
        var count = -1
        forEachPiece(of: text, between: piece, limit: -1) { _ in count += 1 }
        return count
    }

    /// The parts of a text between separators, the first `limit` of these where it is not negative.
    ///
    /// Byte by byte: a separator that is whole characters begins only where a character does.
    @inline(__always)
    private static func forEachPiece(
        of text: String, between separator: String, limit: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var (text, separator) = (text, separator)
        separator.withUTF8 { piece in
            text.withUTF8 { bytes in
                guard let base = bytes.baseAddress, let head = piece.baseAddress, bytes.count > 0 else {
                    return body(bytes)
                }
                var (start, place, found) = (0, 0, 0)
                while limit < 0 || found < limit {
                    guard place + piece.count <= bytes.count,
                        let next = memchr(base + place, Int32(head[0]), bytes.count - place - piece.count + 1)
                    else { break }
                    place = UnsafeRawPointer(next) - UnsafeRawPointer(base)
                    guard piece.count == 1 || memcmp(base + place, head, piece.count) == 0 else {
                        place += 1
                        continue
                    }
                    body(UnsafeBufferPointer(rebasing: bytes[start..<place]))
                    found += 1
                    place += piece.count
                    start = place
                }
                body(UnsafeBufferPointer(rebasing: bytes[start...]))
            }
        }
    }

    static func strip(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
        let drop: (Unicode.Scalar) -> Bool
        if let characters {
            let set = Set(characters.unicodeScalars)
            drop = { set.contains($0) }
        } else {
            drop = isSpace
        }
        var scalars = text.unicodeScalars[...]
        if left { scalars = scalars.drop(while: drop) }
        if right { while let last = scalars.last, drop(last) { scalars.removeLast() } }
        return String(scalars)
    }

    static func padded(_ text: String, _ width: Int, _ fill: String, left share: (Int) -> Int) throws -> String {
        guard fill.unicodeScalars.count == 1 else {
            throw Fault("the filling must be one character, not \(quoted(fill))", kind: "value")
        }
        let missing = width - text.unicodeScalars.count
        if missing <= 0 { return text }
        try Machine.checkString(bytes: missing)
        let left = share(missing)
        return String(repeating: fill, count: left) + text + String(repeating: fill, count: missing - left)
    }
}

/// Methods of strings: `text.upper()` is `upper(text)`.
func stringChapter() -> Chapter {
    let text = Parameter<String>("text", "a string")
    func simple(_ name: String, _ summary: String, example: String, _ body: @escaping (String) -> String) -> Builtin {
        Builtin(name, summary, Parameter<String>("text", "a string"), example: example) {
            (text: String) throws -> String in body(text)
        }
    }
    func asks(_ name: String, _ summary: String, example: String, _ body: @escaping (Unicode.Scalar) -> Bool) -> Builtin
    {
        Builtin(name, summary + " An empty string is not.", Parameter<String>("text", "a string"), example: example) {
            (text: String) throws -> Bool in
            !text.isEmpty && text.unicodeScalars.allSatisfy(body)
        }
    }
    func strips(_ name: String, _ summary: String, left: Bool, right: Bool, example: String) -> Builtin {
        Builtin(
            name, summary, Parameter<String>("text", "a string"),
            Parameter<String?>("characters", "which are taken away; nil for white space", default: nil),
            example: example
        ) {
            (text: String, characters: String?) throws -> String in
            CoreStrings.strip(text, characters, left: left, right: right)
        }
    }
    func pads(_ name: String, _ summary: String, example: String, _ share: @escaping (Int) -> Int) -> Builtin {
        Builtin(
            name, summary, Parameter<String>("text", "a string"), Parameter<Int>("width", "in characters"),
            Parameter<String>("fill", "one character", default: " "), example: example
        ) {
            (text: String, width: Int, fill: String) throws -> String in
            try CoreStrings.padded(text, width, fill, left: share)
        }
    }
    func ends(_ name: String, _ summary: String, example: String, _ test: @escaping (String, String) -> Bool) -> Builtin
    {
        Builtin(
            name, summary, Parameter<String>("text", "a string"),
            Parameter<Value>("piece", "a string, or a list of which one must fit"), example: example
        ) {
            (text: String, piece: Value) throws -> Bool in
            guard let pieces = try piece.string.map({ [$0] }) ?? [String].from(piece) else {
                throw Fault(
                    "\(name): piece must be a string or a list of strings, not \(piece.described)", kind: "type",
                    argument: .positional(1))
            }
            return pieces.contains { test(text, $0) }
        }
    }
    return Chapter(
        "Strings",
        "What can be done with a string; `text.upper()` is `upper(text)`. Characters are Unicode code points.",
        [
            simple("upper", "With capital letters.", example: "\"abc\".upper()  # → \"ABC\"") { $0.uppercased() },
            simple("lower", "With small letters.", example: "\"ABC\".lower()  # → \"abc\"") { $0.lowercased() },
            simple(
                "capitalize", "The first letter large, the others small.", example: "\"aBC\".capitalize()  # → \"Abc\""
            ) { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() },
            simple("title", "Each word with a capital.", example: "\"a film\".title()  # → \"A Film\"") {
                $0.capitalized
            },
            strips(
                "strip", "Without white space at both ends.", left: true, right: true,
                example: "\" a \".strip()  # → \"a\""),
            strips(
                "lstrip", "Without white space at its start.", left: true, right: false,
                example: "\" a\".lstrip()  # → \"a\""),
            strips(
                "rstrip", "Without white space at its end.", left: false, right: true,
                example: "\"a \".rstrip()  # → \"a\""),
            Builtin(
                "join", "The strings of a list with this one between them; also items |> join(\", \").",
                Parameter<Value>("separator", "the string between"), Parameter<Value>("items", "a list of strings"),
                example: "\", \".join([\"a\", \"b\"])  # → \"a, b\""
            ) {
                (context: CallContext, first: Value, second: Value) throws -> String in
                let (separator, items) = first.string != nil ? (first, second) : (second, first)
                guard let between = separator.string else {
                    throw Fault(
                        "join: one argument must be the string between, the other a list of strings", kind: "type")
                }
                let parts = try context.machine.array(of: items, for: "join")
                var bytes = 0
                for item in parts {
                    if case .text(let text) = item {
                        bytes += text.byteCount + between.utf8.count
                        continue
                    }
                    guard let part = item.string else {
                        throw Fault(
                            "join: the items must be strings, one is \(item.described)",
                            hint: "items |> map(str) |> join(\(quoted(between)))", kind: "type")
                    }
                    bytes += part.utf8.count + between.utf8.count
                }
                try Machine.checkString(bytes: bytes)
                return CoreStrings.joined(parts, between: between, bytes: bytes)
            },
            Builtin(
                "replace", "With one piece in place of another.", text, Parameter<String>("old", "what is replaced"),
                Parameter<String>("new", "what comes in its place"),
                example: "\"a-b\".replace(\"-\", \"+\")  # → \"a+b\""
            ) {
                (text: String, old: String, new: String) throws -> String in
                guard !old.isEmpty else {
                    throw Fault("replace: the piece to replace is empty", kind: "value", argument: .positional(1))
                }
                let pieces = text.components(separatedBy: old)
                try Machine.checkString(bytes: text.utf8.count + pieces.count * new.utf8.count)
                return pieces.joined(separator: new)
            },
            ends("startswith", "Whether it begins with a piece.", example: "\"kd.kds\".startswith(\"kd\")  # → true") {
                $0.unicodeScalars.starts(with: $1.unicodeScalars)
            },
            ends("endswith", "Whether it ends with a piece.", example: "\"kd.kds\".endswith(\".kds\")  # → true") {
                $0.unicodeScalars.reversed().starts(with: $1.unicodeScalars.reversed())
            },
            Builtin(
                "find", "Where a piece begins, or -1.", text, Parameter<String>("piece", "what is looked for"),
                example: "\"abc\".find(\"c\")  # → 2"
            ) { (text: String, piece: String) throws -> Int in CoreStrings.find(StringObject(text), piece) ?? -1 },
            Builtin("splitlines", "A list of its lines.", text, example: "\"a\\nb\".splitlines()  # → [\"a\", \"b\"]") {
                (text: String) throws -> [String] in
                var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { String($0) }
                if lines.last == "" { lines.removeLast() }
                return lines
            },
            Builtin(
                "partition", "[before, piece, after] at the first place of a piece.", text,
                Parameter<String>("piece", "where it is cut"),
                example: "\"a=b\".partition(\"=\")  # → [\"a\", \"=\", \"b\"]"
            ) { (text: String, piece: String) throws -> [String] in
                guard !piece.isEmpty else { throw Fault("partition: the piece is empty", kind: "value") }
                guard let place = text.range(of: piece, options: .literal) else { return [text, "", ""] }
                return [String(text[..<place.lowerBound]), piece, String(text[place.upperBound...])]
            },
            Builtin(
                "removeprefix", "Without a piece at its start.", text, Parameter<String>("piece", "what is taken away"),
                example: "\"kd>\".removeprefix(\"kd\")  # → \">\""
            ) { (text: String, piece: String) throws -> String in
                text.hasPrefix(piece) ? String(text.dropFirst(piece.count)) : text
            },
            Builtin(
                "removesuffix", "Without a piece at its end.", text, Parameter<String>("piece", "what is taken away"),
                example: "\"a.kds\".removesuffix(\".kds\")  # → \"a\""
            ) { (text: String, piece: String) throws -> String in
                text.hasSuffix(piece) ? String(text.dropLast(piece.count)) : text
            },
            pads("center", "In the middle of a width.", example: "\"a\".center(3, \"-\")  # → \"-a-\"") { $0 / 2 },
            pads("ljust", "At the left of a width.", example: "\"a\".ljust(3, \"-\")  # → \"a--\"") { _ in 0 },
            pads("rjust", "At the right of a width.", example: "\"a\".rjust(3, \"-\")  # → \"--a\"") { $0 },
            Builtin(
                "zfill", "With zeros in front up to a width, after a sign.", text,
                Parameter<Int>("width", "in characters"), example: "\"-7\".zfill(4)  # → \"-007\""
            ) { (text: String, width: Int) throws -> String in
                let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
                return sign
                    + (try CoreStrings.padded(String(text.dropFirst(sign.count)), width - sign.count, "0") { $0 })
            },
            asks("isdigit", "Whether all characters are digits.", example: "\"42\".isdigit()  # → true") {
                $0.properties.numericType == .digit || $0.properties.numericType == .decimal
            },
            asks("isalpha", "Whether all characters are letters.", example: "\"abc\".isalpha()  # → true") {
                $0.properties.isAlphabetic
            },
            asks("isspace", "Whether all characters are white space.", example: "\" \".isspace()  # → true") {
                CoreStrings.isSpace($0)
            },
            asks("isupper", "Whether all characters are capital letters.", example: "\"ABC\".isupper()  # → true") {
                $0.properties.isUppercase
            },
            asks("islower", "Whether all characters are small letters.", example: "\"abc\".islower()  # → true") {
                $0.properties.isLowercase
            },
        ])
}

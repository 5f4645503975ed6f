extension JSONValue {
    /// The JSON text of the value, on one line, or indented by `indent` spaces a level.
    ///
    /// Floats are written with the fewest digits that read back the same; a float that is not finite is an error.
    public func text(indent: Int? = nil) throws -> String {
        var out: [UInt8] = []
        try write(to: &out, indent: indent, level: 0)
        return String(decoding: out, as: UTF8.self)
    }

    /// The same text as bytes.
    public func bytes(indent: Int? = nil) throws -> [UInt8] {
        var out: [UInt8] = []
        try write(to: &out, indent: indent, level: 0)
        return out
    }

    private func write(to out: inout [UInt8], indent: Int?, level: Int) throws {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .int(let value): out += String(value).utf8
        case .float(let value):
            guard value.isFinite else {
                throw FormatError(
                    "JSON has no \(value)", hint: "replace it, or keep it as a string or null", kind: "value")
            }
            out += "\(value)".utf8
        case .string(let value): JSONValue.quote(value, to: &out)
        case .array(let items):
            if items.isEmpty { return out += "[]".utf8 }
            out.append(UInt8(ascii: "["))
            for (k, item) in items.enumerated() {
                if k > 0 { out.append(UInt8(ascii: ",")) }
                JSONValue.newline(&out, indent, level + 1)
                try item.write(to: &out, indent: indent, level: level + 1)
            }
            JSONValue.newline(&out, indent, level)
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            if object.isEmpty { return out += "{}".utf8 }
            out.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, value) in object {
                if !isFirst { out.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONValue.newline(&out, indent, level + 1)
                JSONValue.quote(key, to: &out)
                out += (indent == nil ? ":" : ": ").utf8
                try value.write(to: &out, indent: indent, level: level + 1)
            }
            JSONValue.newline(&out, indent, level)
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func newline(_ out: inout [UInt8], _ indent: Int?, _ level: Int) {
        guard let indent else { return }
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: indent * level))
    }

    private static func quote(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case 0x0A: out += "\\n".utf8
            case 0x0D: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20, 0x7F:
                let hex = String(byte, radix: 16)
                out += "\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}

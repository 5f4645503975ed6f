import Glibc

/// What follows the colon in `"{x:>8.3f}"`: `[[fill]align][sign][#][0][width][,][.precision][type]`, as in Python.
public struct FormatSpecification {
    var fill: Unicode.Scalar = " "
    var align: Unicode.Scalar?
    var sign: Unicode.Scalar = "-"
    var alternate = false
    var width = 0
    var grouping: Unicode.Scalar?
    var precision: Int?
    var type: Unicode.Scalar?

    private static let widest = 10_000

    /// Reads a specification; `types` are the letters that the value takes.
    public init(_ text: String, for value: String, types: String) throws {
        let scalars = Array(text.unicodeScalars)
        var index = 0
        func at(_ place: Int) -> Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }
        func isAlign(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "<>=^".unicodeScalars.contains($0) } ?? false }
        func number() throws -> Int? {
            var value: Int?
            while let digit = at(index), digit >= "0", digit <= "9" {
                value = (value ?? 0) * 10 + Int(digit.value - 48)
                index += 1
                guard value ?? 0 <= FormatSpecification.widest else {
                    throw Fault(
                        "the format \(quoted(text)) asks for more than \(FormatSpecification.widest) characters")
                }
            }
            return value
        }
        if isAlign(at(1)) {
            (fill, align, index) = (scalars[0], scalars[1], 2)
        } else if isAlign(at(0)) {
            (align, index) = (scalars[0], 1)
        }
        if let mark = at(index), mark == "+" || mark == "-" || mark == " " {
            sign = mark
            index += 1
        }
        if at(index) == "#" {
            alternate = true
            index += 1
        }
        if at(index) == "0" {
            if align == nil { (fill, align) = ("0", "=") }
            index += 1
        }
        width = try number() ?? 0
        if let mark = at(index), mark == "," || mark == "_" {
            grouping = mark
            index += 1
        }
        if at(index) == "." {
            index += 1
            guard let digits = try number() else {
                throw Fault("the format \(quoted(text)) has no digits after the point", hint: "for instance {x:.3f}")
            }
            precision = digits
        }
        if let letter = at(index) {
            type = letter
            index += 1
        }
        guard index == scalars.count, type.map({ types.unicodeScalars.contains($0) }) ?? true else {
            throw Fault(
                "the format \(quoted(text)) does not fit \(value)",
                hint: "[[fill]align][sign][#][0][width][,][.precision][type], type one of "
                    + types.map(String.init).joined(separator: " "))
        }
    }

    func apply(to text: String) throws -> String {
        guard align != "=" || fill == "0", sign == "-", grouping == nil, !alternate else {
            throw Fault("a sign, # and , format numbers, not a string", hint: "for instance {x:>20.10}")
        }
        var text = text
        if let precision { text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision))) }
        return pad(prefix: "", body: text, default: "<")
    }

    func apply(to value: Int) throws -> String {
        switch type {
        case "f", "e", "g", "%", "F", "E", "G": return try apply(to: Double(value))
        case "c":
            guard let code = UInt32(exactly: value), let scalar = Unicode.Scalar(code) else {
                throw Fault("\(value) is no character code")
            }
            return pad(prefix: "", body: String(scalar), default: "<")
        default: break
        }
        guard precision == nil else {
            throw Fault("a precision formats floats, not the int \(value)", hint: "{x:.2f} shows it as a float")
        }
        let (radix, mark, group): (Int, String, Int) =
            switch type {
            case "x", "X": (16, alternate ? "0x" : "", 4)
            case "o": (8, alternate ? "0o" : "", 4)
            case "b": (2, alternate ? "0b" : "", 4)
            default: (10, "", 3)
            }
        let digits = String(value.magnitude, radix: radix, uppercase: type == "X")
        return number(
            negative: value < 0, mark: type == "X" ? mark.uppercased() : mark, whole: digits, tail: "", group: group)
    }

    func apply(to value: Double) throws -> String {
        var text: String
        var tail = ""
        let magnitude = value.magnitude
        if !value.isFinite {
            text = value.isNaN ? "nan" : "inf"
            if type == "%" { tail = "%" }
        } else {
            switch type {
            case "f", "F": text = FormatSpecification.c("%.*f", precision ?? 6, magnitude)
            case "e": text = FormatSpecification.c("%.*e", precision ?? 6, magnitude)
            case "E": text = FormatSpecification.c("%.*E", precision ?? 6, magnitude)
            case "g": text = FormatSpecification.c(alternate ? "%#.*g" : "%.*g", precision ?? 6, magnitude)
            case "G": text = FormatSpecification.c(alternate ? "%#.*G" : "%.*G", precision ?? 6, magnitude)
            case "%":
                text = FormatSpecification.c("%.*f", precision ?? 6, magnitude * 100)
                tail = "%"
            default:
                if let precision {
                    text = FormatSpecification.c("%.*g", max(1, precision), magnitude)
                    if !text.contains("."), !text.contains("e") { text += ".0" }
                } else {
                    text = floatText(magnitude)
                }
            }
        }
        let end = text.firstIndex { $0 == "." || $0 == "e" || $0 == "E" } ?? text.endIndex
        let negative = value.sign == .minus && !value.isNaN
        return number(
            negative: negative, mark: "", whole: String(text[..<end]), tail: text[end...] + tail, group: 3)
    }

    private func number(negative: Bool, mark: String, whole: String, tail: String, group: Int) -> String {
        let prefix = (negative ? "-" : sign == "-" ? "" : String(sign)) + mark
        guard let grouping else { return pad(prefix: prefix, body: whole + tail, default: ">") }
        var digits = whole
        if align == "=", fill == "0" {
            // Zeros before the number are grouped with it.
            while prefix.count + grouped(digits, by: grouping, group).count + tail.count < width {
                digits = "0" + digits
            }
            if grouped(digits, by: grouping, group).count + prefix.count + tail.count > width, digits.hasPrefix("0"),
                digits.count > whole.count, digits.count % group == 1
            {
                digits.removeFirst()
                digits = "0" + digits
            }
        }
        return pad(prefix: prefix, body: grouped(digits, by: grouping, group) + tail, default: ">")
    }

    private func grouped(_ digits: String, by mark: Unicode.Scalar, _ size: Int) -> String {
        guard digits.first?.isHexDigit ?? false else { return digits }
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % size == 0 { result.unicodeScalars.append(mark) }
            result.append(digit)
        }
        return result
    }

    private func pad(prefix: String, body: String, default side: Unicode.Scalar) -> String {
        let missing = width - prefix.unicodeScalars.count - body.unicodeScalars.count
        guard missing > 0 else { return prefix + body }
        func filling(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        switch align ?? side {
        case "<": return prefix + body + filling(missing)
        case "^": return filling(missing / 2) + prefix + body + filling(missing - missing / 2)
        case "=": return prefix + filling(missing) + body
        default: return filling(missing) + prefix + body
        }
    }

    private static func c(_ format: String, _ precision: Int, _ value: Double) -> String {
        withVaList([Int32(clamping: precision), value]) { arguments in
            var buffer = [CChar](repeating: 0, count: precision + 400)
            let length = vsnprintf(&buffer, buffer.count, format, arguments)
            return String(decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}

extension Value {
    /// The text of `"{value:specification}"`.
    public func formatted(_ specification: String) throws -> String {
        if specification.isEmpty { return printed }
        switch self {
        case .int(let value):
            return try FormatSpecification(specification, for: "an int", types: "dnxXobcfFeEgG%").apply(to: value)
        case .float(let value):
            return try FormatSpecification(specification, for: "a float", types: "fFeEgG%").apply(to: value)
        case .null, .bool:
            return try FormatSpecification(specification, for: "a \(typeName)", types: "s").apply(to: printed)
        case .text(let text):
            return try FormatSpecification(specification, for: "a string", types: "s").apply(to: text.text)
        case .object(let object):
            if let text = try object.format(specification) { return text }
            return try FormatSpecification(specification, for: "a \(typeName)", types: "s").apply(to: printed)
        }
    }
}

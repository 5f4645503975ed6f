/// Numbers in bytes of text.
public enum NumberText {
    /// The int that the bytes spell: an optional sign and decimal digits, nothing else.
    @inlinable
    public static func int(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var i = 0
        var isNegative = false
        if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            i = 1
        }
        guard i < bytes.count else { return nil }
        var value = 0
        while i < bytes.count {
            let digit = bytes[i] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards, so that the smallest int has its place.
            let (next, carry) = shifted.subtractingReportingOverflow(Int(digit))
            if overflow || carry { return nil }
            value = next
            i += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// The float that the bytes spell in decimal; also `nan`, `inf` and `infinity` in any case, with a sign.
    public static func float(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        guard let first = bytes.first else { return nil }
        if let exact = shortFloat(bytes) { return exact }
        let signed = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        let body = signed ? String(decoding: bytes.dropFirst(), as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
        let sign: Double = first == UInt8(ascii: "-") ? -1 : 1
        switch body.lowercased() {
        case "nan": return .nan
        case "inf", "infinity": return sign * .infinity
        default: break
        }
        // Swift also reads hexadecimal floats, "nan(0x1)" and such; text files do not mean them.
        let allowed = body.utf8.allSatisfy {
            ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: ".")
                || $0 | 0x20 == UInt8(ascii: "e")
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+")
        }
        guard allowed, let lead = body.utf8.first, lead != UInt8(ascii: "-"), lead != UInt8(ascii: "+") else {
            return nil
        }
        return Double(body).map { sign * $0 }
    }

    /// Digits with at most one point: exact in one division while the digits stay below 2^53 and the power of ten at most 22.
    private static func shortFloat(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        var i = 0
        let isNegative = bytes[0] == UInt8(ascii: "-")
        if isNegative || bytes[0] == UInt8(ascii: "+") { i = 1 }
        var digits = 0
        var decimals = 0
        var value: UInt64 = 0
        var sawPoint = false
        guard bytes.count - i <= 17 else { return nil }
        while i < bytes.count {
            let byte = bytes[i]
            if byte == UInt8(ascii: ".") {
                if sawPoint { return nil }
                sawPoint = true
            } else {
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                value = value * 10 + UInt64(digit)
                digits += 1
                if sawPoint { decimals += 1 }
            }
            i += 1
        }
        guard digits > 0, value < 1 << 53 else { return nil }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let magnitude = Double(value) / scale
        return isNegative ? -magnitude : magnitude
    }
}

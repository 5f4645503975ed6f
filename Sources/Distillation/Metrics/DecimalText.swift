#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Numbers as text with a fixed number of decimals, as C and Python print them: the exact binary value, rounded half to even.
public enum DecimalText {
    public static func fixed(_ value: Double, digits: Int) -> String {
        var buffer = [CChar](repeating: 0, count: 352 + max(digits, 0))
        let length = withVaList([Int32(clamping: max(digits, 0)), value]) {
            vsnprintf(&buffer, buffer.count, "%.*f", $0)
        }
        // The program's locale may write a decimal comma.
        return String(
            decoding: buffer.prefix(max(Int(length), 0)).map { $0 == CChar(44) ? 46 : UInt8(bitPattern: $0) },
            as: UTF8.self)
    }

    /// The text moved to the right edge of `width` characters.
    static func right(_ text: String, _ width: Int) -> String {
        let count = text.unicodeScalars.count
        return count >= width ? text : String(repeating: " ", count: width - count) + text
    }
}

/// A 64-bit number that stands for a content: equal contents give equal numbers on every machine and in every run.
///
/// It guards against mistakes (a stale file, a changed dataset), not against an adversary. Eight bytes at a time are mixed by
/// a multiplication and a shift, as in the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
public struct Fingerprint: Sendable {
    public private(set) var value: UInt64 = 0x6B64_2D66_696E_6765

    public init() {}

    /// A permutation of the 64-bit numbers that spreads every bit over all others.
    @inlinable
    public static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    public mutating func combine(_ word: UInt64) {
        value = Fingerprint.mix(value ^ word) &+ 0x9E37_79B9_7F4A_7C15
    }

    public mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }

    public mutating func combine(_ number: Double) { combine(number.bitPattern) }

    /// The length and the bytes, so that "ab" and "c" differ from "a" and "bc".
    public mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        combine(bytes.count)
        var i = 0
        while i + 8 <= bytes.count {
            combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)))
            i += 8
        }
        var rest: UInt64 = 0
        for k in i..<bytes.count { rest = rest << 8 | UInt64(bytes[k]) }
        if i < bytes.count { combine(rest) }
    }

    public mutating func combine(_ text: String) {
        var text = text
        text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
    }

    /// Sixteen hexadecimal digits.
    public var hex: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

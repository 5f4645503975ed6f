/// A text of at most eight bytes, in a value itself: labels, short words and single characters need no object.
public struct ShortText: Sendable {
    /// The bytes of UTF-8, the first lowest; no byte is zero but those behind the last.
    @usableFromInline let bits: UInt64

    /// Nil for a text that is longer or has a NUL.
    @inlinable
    public init?(_ text: String) { self.init(validUTF8: text.utf8) }

    /// The same of bytes that are known to be UTF-8.
    @inlinable
    public init?(validUTF8 bytes: some Collection<UInt8>) {
        guard bytes.count <= 8 else { return nil }
        var (bits, shift): (UInt64, UInt64) = (0, 0)
        for byte in bytes {
            if byte == 0 { return nil }
            bits |= UInt64(byte) << shift
            shift += 8
        }
        self.bits = bits
    }

    @inlinable
    public var byteCount: Int { 8 - bits.leadingZeroBitCount / 8 }

    @inlinable
    public var text: String {
        String(unsafeUninitializedCapacity: byteCount) { $0.baseAddress.map { write(to: $0) } ?? 0 }
    }

    /// Writes the bytes; answers how many.
    @inlinable
    public func write(to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let count = byteCount
        withUnsafeBytes(of: bits.littleEndian) {
            UnsafeMutableRawPointer(bytes).copyMemory(from: $0.baseAddress!, byteCount: count)
        }
        return count
    }

    /// The number of code points: each begins with a byte that continues none.
    public var length: Int {
        var (length, rest) = (0, bits)
        while rest != 0 {
            if rest & 0b1100_0000 != 0b1000_0000 { length += 1 }
            rest >>= 8
        }
        return length
    }

    /// Two factors, multiplied and folded, with a seed of this process, so that nobody can choose keys that collide.
    /// Wang Yi 2019, wyhash.
    var hash: Int {
        let product = (bits ^ ShortText.seed.0).multipliedFullWidth(by: ShortText.seed.1)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }

    private static let seed = (UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max) | 1)
}

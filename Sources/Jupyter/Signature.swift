import CSodium

/// HMAC-SHA256 over the frames of a message, in hexadecimal; with an empty key nothing is signed or checked.
package struct Signature {
    private let key: [UInt8]

    package init(key: String) { self.key = Array(key.utf8) }

    package func sign(_ frames: some Sequence<[UInt8]>) -> [UInt8] {
        if key.isEmpty { return [] }
        var state = crypto_auth_hmacsha256_state()
        crypto_auth_hmacsha256_init(&state, key, key.count)
        for frame in frames { crypto_auth_hmacsha256_update(&state, frame, UInt64(frame.count)) }
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        crypto_auth_hmacsha256_final(&state, &code)
        let digits = Array("0123456789abcdef".utf8)
        return code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Whether a signature is that of the frames, in a time that does not depend on where it differs.
    package func isValid(_ signature: [UInt8], for frames: some Sequence<[UInt8]>) -> Bool {
        if key.isEmpty { return true }
        let expected = sign(frames)
        return signature.count == expected.count && sodium_memcmp(signature, expected, expected.count) == 0
    }
}

/// The signatures that were seen, so that a message that comes again is not obeyed again.
package struct SeenSignatures {
    package init() {}

    private var recent: Set<[UInt8]> = []
    private var older: Set<[UInt8]> = []
    private static let generation = 1 << 15

    /// Whether the signature is new; it is not from now on.
    package mutating func insert(_ signature: [UInt8]) -> Bool {
        if recent.contains(signature) || older.contains(signature) { return false }
        if recent.count == SeenSignatures.generation { (older, recent) = (recent, []) }
        recent.insert(signature)
        return true
    }
}

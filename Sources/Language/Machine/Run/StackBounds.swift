import Glibc

/// How much of the native stack of this thread is left.
///
/// Script functions that call one another live on the machine's own stack; only calls through Swift (callbacks of
/// `map`, a model's `forward`) nest on the native one.
enum StackBounds {
    /// What one more level and the work in it may need.
    static let reserve = 384 << 10

    static var hasRoom: Bool {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { here in
            guard let address = here.baseAddress else { return false }
            return UInt(bitPattern: address) > ThreadState.current.stackFloor + UInt(reserve)
        }
    }

    /// The lowest address of this thread's stack; 0 when the system does not say.
    ///
    /// Glibc hides the declaration behind `_GNU_SOURCE`, hence the look-up by name.
    static func floor() -> UInt {
        typealias Get = @convention(c) (pthread_t, UnsafeMutablePointer<pthread_attr_t>) -> Int32
        guard let symbol = dlsym(nil, "pthread_getattr_np") else { return 0 }
        let get = unsafeBitCast(symbol, to: Get.self)
        var attributes = pthread_attr_t()
        guard get(pthread_self(), &attributes) == 0 else { return 0 }
        defer { pthread_attr_destroy(&attributes) }
        var address: UnsafeMutableRawPointer?
        var size = 0
        guard pthread_attr_getstack(&attributes, &address, &size) == 0 else { return 0 }
        return UInt(bitPattern: address)
    }
}

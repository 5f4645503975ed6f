import Glibc

/// Runs the body on a thread whose stack has so many bytes, and waits for it.
///
/// Swift cannot catch a stack overflow: the machine's limits of nesting are set for a stack of `machineStackBytes`.
public func withLargeStack(bytes: Int = machineStackBytes, _ body: @escaping @Sendable () -> Void) throws {
    let box = Unmanaged.passRetained(Work(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstacksize(&attributes, bytes) == 0 else {
        box.release()
        throw Fault("the system gives no stack of \(bytes) bytes", kind: "memory")
    }
    var thread = pthread_t()
    let code = pthread_create(
        &thread, &attributes,
        { pointer in
            if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
            return nil
        }, box.toOpaque())
    guard code == 0 else {
        box.release()
        throw Fault("the system gives no thread: \(String(cString: strerror(code)))", kind: "memory")
    }
    pthread_join(thread, nil)
}

/// What the limits of nesting need; pages that are not used cost nothing.
public let machineStackBytes = 1 << 29

private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

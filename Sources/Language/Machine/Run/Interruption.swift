import Synchronization

/// A flag that a signal handler raises and that long work looks at.
public final class Interruption: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    public var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Safe in a signal handler: one atomic store.
    public func request() { flag.store(true, ordering: .relaxed) }

    public func clear() { flag.store(false, ordering: .relaxed) }
}

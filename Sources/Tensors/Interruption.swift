import Synchronization

/// A request to stop the work at hand, made by a signal handler or another thread and honoured between chunks of work.
public enum Interruption {
    private static let flag = Atomic<Bool>(false)

    /// Asks the running operation to stop. Safe to call in a signal handler.
    public static func request() { flag.store(true, ordering: .relaxed) }

    public static func clear() { flag.store(false, ordering: .relaxed) }

    public static var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// - Throws: `TensorError` of kind `interrupt` when a stop was asked for.
    public static func check() throws {
        if isRequested { throw TensorError(.interrupt, "interrupted") }
    }
}

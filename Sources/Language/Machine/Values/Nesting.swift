import Glibc

/// How deep a walk over nested values is, so that cycles and very deep nesting end.
enum Nesting {
    /// Runs the body one level deeper, or answers the other value when that is too deep.
    static func guarded<R>(_ tooDeep: @autoclosure () -> R, limit: Int = 1_000, _ body: () throws -> R) rethrows -> R {
        let state = ThreadState.current
        guard state.nesting < limit else { return tooDeep() }
        state.nesting += 1
        defer { state.nesting -= 1 }
        return try body()
    }
}

/// Frees long chains of containers one after the other instead of one inside the other, which would end the stack.
enum DeepRelease {
    static let limit = 500

    /// Whether releases are nested so deeply that the rest should wait.
    static var isDeep: Bool { ThreadState.current.releases >= limit }

    /// Keeps values until the outermost release is through.
    static func hold(_ values: [Value]) { ThreadState.current.waiting.append(values) }
}

extension [Value] {
    /// Releases the items of a container that is being freed.
    mutating func releaseDeep() {
        guard contains(where: { $0.object != nil }) else { return }
        let state = ThreadState.current
        if state.releases >= DeepRelease.limit {
            state.waiting.append(self)
            return
        }
        state.releases += 1
        self = []
        if state.releases == 1 {
            while var next = state.waiting.popLast() { next.removeAll() }
        }
        state.releases -= 1
    }
}

/// Counters that belong to one thread.
final class ThreadState {
    var nesting = 0
    let stackFloor = StackBounds.floor()
    var releases = 0
    var waiting: [[Value]] = []

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { pointer in
            if let pointer { Unmanaged<ThreadState>.fromOpaque(pointer).release() }
        }
        return key
    }()

    static var current: ThreadState {
        if let pointer = pthread_getspecific(key) {
            return Unmanaged<ThreadState>.fromOpaque(pointer).takeUnretainedValue()
        }
        let state = ThreadState()
        pthread_setspecific(key, Unmanaged.passRetained(state).toOpaque())
        return state
    }
}

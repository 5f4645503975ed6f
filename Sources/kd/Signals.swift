import Glibc
import Library
import Synchronization

/// Ctrl-C: asks the work to stop, and wakes the session's thread where it waits for input.
///
/// The handler does only what is allowed in one: atomic loads and stores, `pthread_kill`, `clock_gettime`, `_exit`.
enum Signals {
    /// When the last unanswered Ctrl-C came, in milliseconds on the monotonic clock; 0 when there is none.
    private static let pressed = Atomic<Int>(0)
    private static let sessionThread = Atomic<UInt>(0)
    /// A second Ctrl-C leaves when the first was not answered for so long.
    private static let patience = 400

    /// Whether the program goes on however often it is interrupted: a client says when a kernel ends.
    static let neverEnds = Atomic<Bool>(false)

    /// To be called on the session's thread.
    static func install() {
        sessionThread.store(pthread_self(), ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { Signals.interrupted($0) }
        sigemptyset(&action.sa_mask)
        action.sa_flags = 0
        sigaction(SIGINT, &action, nil)
        // Wakes the prompt, which draws its line anew.
        var resize = sigaction()
        resize.__sigaction_handler.sa_handler = { Signals.resized($0) }
        sigemptyset(&resize.sa_mask)
        resize.sa_flags = SA_RESTART
        sigaction(SIGWINCH, &resize, nil)
        // Who started the program may have left it blocked.
        var interrupt = sigset_t()
        sigemptyset(&interrupt)
        sigaddset(&interrupt, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
        // A write to a closed pipe is an error that `Console` sees.
        var ignore = sigaction()
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGPIPE, &ignore, nil)
    }

    /// Whether Ctrl-C was pressed since the last input began.
    static var isPending: Bool { pressed.load(ordering: .relaxed) != 0 }

    /// Forgets a Ctrl-C that was answered.
    static func clear() {
        pressed.store(0, ordering: .relaxed)
        Session.clearInterrupt()
    }

    private static func resized(_ signal: Int32) {
        let saved = errno
        let session = sessionThread.load(ordering: .relaxed)
        if session != 0, pthread_equal(pthread_self(), session) == 0 { pthread_kill(session, signal) }
        errno = saved
    }

    private static func interrupted(_ signal: Int32) {
        let saved = errno
        let session = sessionThread.load(ordering: .relaxed)
        if session != 0, pthread_equal(pthread_self(), session) == 0 {
            pthread_kill(session, signal)
            errno = saved
            return
        }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = max(1, time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
        let before = pressed.load(ordering: .relaxed)
        if before != 0, now - before > patience, !neverEnds.load(ordering: .relaxed) { _exit(130) }
        if before == 0 { pressed.store(now, ordering: .relaxed) }
        Session.interrupt()
        errno = saved
    }
}

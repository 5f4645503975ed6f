import CIntrinsics
import Glibc
import Synchronization

/// The threads that share a kernel's work.
///
/// Work is cut into chunks whose borders do not depend on the number of threads, so neither do the results. Between
/// chunks every thread looks whether a stop was asked for.
public enum ThreadPool {
    private static let crew = Crew(size: configuredSize() - 1)

    /// How many threads work on a kernel, the caller's among them: the cores of the machine, or `KD_THREADS`.
    public static var size: Int { crew.size + 1 }

    /// At most this many of them work, for the comparison of results between numbers of threads.
    package static var limit: Int {
        get { crew.limit.load(ordering: .relaxed) }
        set { crew.limit.store(max(1, newValue), ordering: .relaxed) }
    }

    private static func configuredSize() -> Int {
        if let text = getenv("KD_THREADS"), let wanted = Int(String(cString: text)), wanted >= 1 {
            return min(wanted, 256)
        }
        return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Calls `body` with ranges that cover `0..<count`, each at most `grain` long, on all threads.
    ///
    /// - Throws: `TensorError` of kind `interrupt` when the work was stopped; the results are then incomplete.
    public static func parallel(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) throws {
        guard count > 0 else { return }
        let chunks = (count + grain - 1) / grain
        if chunks == 1 {
            try Interruption.check()
            return body(0..<count)
        }
        try crew.run(chunks: chunks) { chunk, _ in
            body(chunk * grain..<min(count, (chunk + 1) * grain))
        }
    }

    /// Calls `body` once for each number in `0..<chunks`, on all threads.
    ///
    /// - Throws: `TensorError` of kind `interrupt` when the work was stopped.
    public static func parallel(chunks: Int, _ body: (Int) -> Void) throws {
        guard chunks > 0 else { return }
        try crew.run(chunks: chunks) { chunk, _ in body(chunk) }
    }

    /// The same, with the number of the thread, below `size`, that runs the chunk: for memory of each thread's own.
    ///
    /// - Throws: `TensorError` of kind `interrupt` when the work was stopped.
    public static func parallelByWorker(chunks: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) throws {
        guard chunks > 0 else { return }
        try crew.run(chunks: chunks, body)
    }

    /// Calls `body` for each link of each chain, the links of a chain in their order, on all threads: always next a chain
    /// that is behind, so that a slow thread holds up no more than a link.
    ///
    /// - Throws: `TensorError` of kind `interrupt` when the work was stopped.
    public static func parallel(chains: Int, links: Int, _ body: (_ chain: Int, _ link: Int) -> Void) throws {
        guard chains > 0, links > 0 else { return }
        let state = Mutex((done: [Int](repeating: 0, count: chains), isFree: [Bool](repeating: true, count: chains)))
        func take() -> (chain: Int, link: Int)? {
            state.withLock { state in
                let open = (0..<chains).filter { state.isFree[$0] && state.done[$0] < links }
                guard let chain = open.min(by: { state.done[$0] < state.done[$1] }) else { return nil }
                state.isFree[chain] = false
                return (chain, state.done[chain])
            }
        }
        // Where nothing is free, those who hold the rest go on with it.
        try crew.run(chunks: min(size, chains)) { _, _ in
            while !Interruption.isRequested, let next = take() {
                body(next.chain, next.link)
                state.withLock { state in
                    state.done[next.chain] += 1
                    state.isFree[next.chain] = true
                }
            }
        }
        // A single worker has not looked since it began.
        try Interruption.check()
    }
}

/// Worker threads that wait for a job, spin briefly for the next one, and then sleep.
///
/// `@unchecked Sendable`: the job's fields are written before `generation` is raised (releasing) and read after it was
/// seen raised (acquiring); nobody writes them before `busy` is back at zero.
private final class Crew: @unchecked Sendable {
    /// How often a thread looks for work before it sleeps: some 100 µs, which is longer than a script's way from one kernel
    /// to the next, and about what waking costs.
    private static let patience = 2048
    let size: Int
    let limit = Atomic<Int>(Int.max)
    private let generation = Atomic<Int>(0)
    private let nextChunk = Atomic<Int>(0)
    private let busy = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private var chunks = 0
    private var job: ((Int, Int) -> Void)?
    private var isRunning = false
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(size: Int) {
        self.size = size
        pthread_mutex_init(lock, nil)
        pthread_cond_init(wake, nil)
        for number in 0..<size {
            var thread = pthread_t()
            let crew = Unmanaged.passRetained(Member(crew: self, number: number + 1)).toOpaque()
            // Signals belong to the thread that runs the script.
            var all = sigset_t()
            var before = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_SETMASK, &all, &before)
            pthread_create(
                &thread, nil,
                { argument in
                    let member = Unmanaged<Member>.fromOpaque(argument!).takeRetainedValue()
                    member.crew.work(as: member.number)
                    return nil
                }, crew)
            pthread_sigmask(SIG_SETMASK, &before, nil)
            pthread_detach(thread)
        }
    }

    /// What a new thread is told.
    private final class Member {
        let crew: Crew
        let number: Int

        init(crew: Crew, number: Int) {
            self.crew = crew
            self.number = number
        }
    }

    func run(chunks count: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void) throws {
        // A kernel inside a kernel runs where it is; so does everything on a single core.
        if size == 0 || count == 1 || isRunning || limit.load(ordering: .relaxed) == 1 {
            for chunk in 0..<count {
                try Interruption.check()
                body(chunk, 0)
            }
            return
        }
        withoutActuallyEscaping(body) { body in
            isRunning = true
            job = body
            chunks = count
            nextChunk.store(0, ordering: .relaxed)
            busy.store(size, ordering: .relaxed)
            generation.add(1, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                pthread_mutex_lock(lock)
                pthread_cond_broadcast(wake)
                pthread_mutex_unlock(lock)
            }
            takeChunks(as: 0)
            var spins = 0
            while busy.load(ordering: .acquiring) > 0 {
                spins += 1
                kd_pause()
                if spins > Self.patience { sched_yield() }
            }
            job = nil
            isRunning = false
        }
        try Interruption.check()
    }

    private func takeChunks(as worker: Int) {
        guard let job, worker < limit.load(ordering: .relaxed) else { return }
        while !Interruption.isRequested {
            let chunk = nextChunk.add(1, ordering: .relaxed).oldValue
            if chunk >= chunks { return }
            job(chunk, worker)
        }
    }

    private func work(as worker: Int) {
        var seen = 0
        while true {
            var spins = 0
            while generation.load(ordering: .acquiring) == seen {
                spins += 1
                kd_pause()
                if spins > Self.patience { sleep(until: seen) }
            }
            seen += 1
            takeChunks(as: worker)
            busy.subtract(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Sleeps until a job later than number `seen` is there.
    private func sleep(until seen: Int) {
        pthread_mutex_lock(lock)
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(wake, lock) }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(lock)
    }
}

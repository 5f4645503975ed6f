import Glibc

/// Seconds of a clock that only goes forward.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The best time of some work that is repeated for 50 ms, at least once.
func bestTime(_ work: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    let end = now() + 0.05
    repeat {
        let start = now()
        try work()
        best = min(best, now() - start)
    } while now() < end
    return best
}

/// The best time of each contestant, who take turns so that a change of the machine's speed meets all of them.
///
/// - Parameter seconds: after so many, `fewest` rounds are enough.
func contest(
    rounds: Int = 30, fewest: Int = 6, seconds: Double = .infinity, _ contestants: [() throws -> Double]
) throws -> [Double] {
    var best = [Double](repeating: .infinity, count: contestants.count)
    let end = now() + seconds
    for round in 0..<rounds where round < fewest || now() < end {
        for (place, contestant) in contestants.enumerated() { best[place] = min(best[place], try contestant()) }
    }
    return best
}

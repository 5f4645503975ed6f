/// The name in a list that was probably meant: the one with the fewest edits, if they are few.
///
/// A swap of neighbours counts as one edit (optimal string alignment); case and underscores do not count, so that
/// `crossEntropy` finds `cross_entropy`.
public func nearest(_ name: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.unicodeScalars)
    guard wanted.count > 1, wanted.count <= 64 else { return nil }
    let limit = max(1, wanted.count / 3)
    let plain = plainSpelling(name)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
        let other = Array(candidate.unicodeScalars)
        if candidate.utf8.count <= 96, plainSpelling(candidate) == plain { return candidate }
        guard abs(other.count - wanted.count) <= limit, other.count <= 96 else { continue }
        let distance = edits(wanted, other)
        guard distance <= limit, distance < other.count else { continue }
        if best.map({ distance < $0.distance || (distance == $0.distance && candidate < $0.name) }) ?? true {
            best = (candidate, distance)
        }
    }
    return best?.name
}

private func plainSpelling(_ name: String) -> String { name.lowercased().filter { $0 != "_" } }

private func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...max(1, a.count) where i <= a.count {
        var row = [i]
        row.reserveCapacity(b.count + 1)
        for j in 1...max(1, b.count) where j <= b.count {
            var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, before[j - 2] + 1) }
            row.append(best)
        }
        before = last
        last = row
    }
    return last[b.count]
}

/// "a, b and c", the first twelve of a longer list.
public func listed(_ names: [String], last word: String = "and") -> String {
    if names.count > 12 { return names.prefix(12).joined(separator: ", ") + " …" }
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " \(word) " + last
}

/// "1 argument", "2 arguments".
public func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

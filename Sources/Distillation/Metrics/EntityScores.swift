import Networks

/// Named entities in tags: spans of words with a type, found and compared as seqeval does.
///
/// Tags are "O", or "B-", "I-", "E-", "S-" with a type. Without `strict` a span also begins where its first tag is an "I-", as
/// conlleval has it; with it only whole spans of IOB2 count: a "B-" and the "I-" of its type after it.
public struct EntityScores {
    /// A span of words.
    public struct Entity: Hashable {
        public let type: String
        public let words: Range<Int>
    }

    /// The counts of one type.
    public struct Row {
        public let name: String
        public let correct: Int, found: Int, support: Int

        public var precision: Double { found == 0 ? 0 : Double(correct) / Double(found) }
        public var recall: Double { support == 0 ? 0 : Double(correct) / Double(support) }
        public var f1: Double {
            let (p, r) = (precision, recall)
            return p + r == 0 ? 0 : 2 * p * r / (p + r)
        }
    }

    /// In the order of their names.
    public let rows: [Row]

    /// - Throws: `shape` unless there is a tag for each word, in as many sentences.
    public init(truth: [[String]], guess: [[String]], strict: Bool = false) throws {
        guard truth.count == guess.count else {
            throw DataError("there are \(truth.count) tagged sentences and \(guess.count) answers", kind: "shape")
        }
        var counts: [String: (correct: Int, found: Int, support: Int)] = [:]
        for (row, (truth, guess)) in zip(truth, guess).enumerated() {
            guard truth.count == guess.count else {
                throw DataError(
                    "the sentence has \(truth.count) tags, the answer \(guess.count)", row: row, kind: "shape")
            }
            let (true_, found) = (Self.entities(truth, strict: strict), Self.entities(guess, strict: strict))
            for entity in true_ { counts[entity.type, default: (0, 0, 0)].support += 1 }
            for entity in found { counts[entity.type, default: (0, 0, 0)].found += 1 }
            for entity in Set(true_).intersection(found) { counts[entity.type, default: (0, 0, 0)].correct += 1 }
        }
        rows = counts.map {
            Row(name: $0.key, correct: $0.value.correct, found: $0.value.found, support: $0.value.support)
        }
        .sorted { ExactString($0.name) < ExactString($1.name) }
    }

    /// All entities as one type.
    public var micro: Row {
        Row(
            name: "micro avg", correct: rows.reduce(0) { $0 + $1.correct }, found: rows.reduce(0) { $0 + $1.found },
            support: rows.reduce(0) { $0 + $1.support })
    }

    /// The mean over types, evenly or by their number of true entities.
    public func mean(weighted: Bool) -> (precision: Double, recall: Double, f1: Double) {
        let weights = rows.map { weighted ? Double($0.support) : 1 }
        let total = weights.reduce(0, +)
        func mean(_ value: (Row) -> Double) -> Double {
            total == 0 ? 0 : zip(rows, weights).reduce(0) { $0 + value($1.0) * $1.1 } / total
        }
        return (mean(\.precision), mean(\.recall), mean(\.f1))
    }

    /// A table laid out as seqeval's classification_report.
    public func report(digits: Int = 2) -> String {
        let averages = [("macro avg", mean(weighted: false)), ("weighted avg", mean(weighted: true))]
        let width = max((rows.map(\.name.count) + [12]).max() ?? 12, digits)
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        func line(_ name: String, _ p: Double, _ r: Double, _ f: Double, _ support: Int) -> String {
            right(name, width) + " " + [p, r, f].map { " " + right(DecimalText.fixed($0, digits: digits), 9) }.joined()
                + " " + right("\(support)", 9) + "\n"
        }
        let heads = ["precision", "recall", "f1-score", "support"]
        var text = right("", width) + " " + heads.map { " " + right($0, 9) }.joined() + "\n\n"
        for row in rows { text += line(row.name, row.precision, row.recall, row.f1, row.support) }
        let all = micro
        text += "\n" + line(all.name, all.precision, all.recall, all.f1, all.support)
        for (name, mean) in averages { text += line(name, mean.precision, mean.recall, mean.f1, all.support) }
        return text
    }

    /// The entities of a sentence.
    public static func entities(_ tags: [String], strict: Bool = false) -> [Entity] {
        strict ? wholeEntities(tags) : looseEntities(tags)
    }

    private static func parts(_ tag: String) -> (mark: Character, type: String) {
        let mark = tag.first ?? "O"
        guard let dash = tag.firstIndex(of: "-") else { return (mark, mark == "O" ? "" : "_") }
        return (mark, String(tag[tag.index(after: dash)...]))
    }

    /// Spans as conlleval finds them: a change of the type, or a mark that begins or ends, parts them.
    private static func looseEntities(_ tags: [String]) -> [Entity] {
        var found: [Entity] = []
        var before: (mark: Character, type: String) = ("O", "")
        var start = 0
        for (place, tag) in (tags + ["O"]).enumerated() {
            let now = parts(tag)
            if ends(before, now) { found.append(Entity(type: before.type, words: start..<place)) }
            if begins(before, now) { start = place }
            before = now
        }
        return found
    }

    private static func ends(_ before: (mark: Character, type: String), _ now: (mark: Character, type: String)) -> Bool
    {
        if before.mark == "E" || before.mark == "S" { return true }
        if before.mark == "B" || before.mark == "I" {
            if now.mark == "B" || now.mark == "S" || now.mark == "O" { return true }
        }
        return before.mark != "O" && before.mark != "." && before.type != now.type
    }

    private static func begins(_ before: (mark: Character, type: String), _ now: (mark: Character, type: String))
        -> Bool
    {
        if now.mark == "B" || now.mark == "S" { return true }
        if before.mark == "E" || before.mark == "S" || before.mark == "O" {
            if now.mark == "E" || now.mark == "I" { return true }
        }
        return now.mark != "O" && now.mark != "." && before.type != now.type
    }

    /// Spans of IOB2: a "B-" and what follows it with "I-" and the same type.
    private static func wholeEntities(_ tags: [String]) -> [Entity] {
        var found: [Entity] = []
        var place = 0
        while place < tags.count {
            let (mark, type) = parts(tags[place])
            let start = place
            place += 1
            guard mark == "B" else { continue }
            while place < tags.count, parts(tags[place]) == ("I", type) { place += 1 }
            found.append(Entity(type: type, words: start..<place))
        }
        return found
    }
}

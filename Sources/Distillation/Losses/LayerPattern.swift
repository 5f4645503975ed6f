import Networks

/// A path with one `*` for a number: "encoder.layer.*", "encoder.layer.*.attention.scores".
struct LayerPattern {
    let text: String
    private let before: Substring
    private let after: Substring

    /// Nil for a path without a star.
    init?(_ text: String) {
        guard let star = text.firstIndex(of: "*") else { return nil }
        self.text = text
        before = text[..<star]
        after = text[text.index(after: star)...]
    }

    /// The paths that it stands for, in the order of their numbers.
    ///
    /// What follows the number may be a value that a layer notes, which no list of paths has.
    func matches(in paths: [String]) -> [String] {
        var numbers: Set<Int> = []
        for path in paths where path.hasPrefix(before) {
            let digits = path.dropFirst(before.count).prefix(while: \.isNumber)
            let rest = path.dropFirst(before.count + digits.count)
            if let number = Int(digits), rest.isEmpty || rest.hasPrefix(".") { numbers.insert(number) }
        }
        return numbers.sorted().map { "\(before)\($0)\(after)" }
    }
}

/// Which of a teacher's N layers each of a student's M layers follows.
public enum LayerChoice: String, CaseIterable, Sendable {
    /// The last of each of M equal groups: ⌈(i + 1) N / M⌉ − 1. Jiao et al. 2019, arXiv:1909.10351.
    case evenly
    /// The first of each of M equal groups: ⌊i N / M⌋.
    case skip
    /// The last M. Sun et al. 2019, arXiv:1908.09355.
    case last
    /// The first M.
    case first

    func places(_ students: Int, of teachers: Int) -> [Int] {
        (0..<students).map { i in
            switch self {
            case .evenly: ((i + 1) * teachers + students - 1) / students - 1
            case .skip: i * teachers / students
            case .last: teachers - students + i
            case .first: i
            }
        }
    }
}

extension Loss {
    /// This loss with the patterns among its paths replaced by the layers that they stand for.
    ///
    /// - Parameters:
    ///   - student: the paths of the student's layers.
    ///   - teacher: those of the teacher's, or the paths that are known of it.
    /// - Throws: `name` for a pattern that stands for nothing, or one that has no partner.
    public func matched(student: [String], teacher: [String]) throws -> Loss {
        var result = self
        result.terms = try terms.map { try $0.matched(student: student, teacher: teacher) }
        return result
    }
}

extension Loss.Term {
    /// The patterns of student and teacher, where there are some.
    var patterns: (student: LayerPattern, teacher: LayerPattern)? {
        guard let student = studentNames.first.flatMap(LayerPattern.init),
            let teacher = teacherNames.first.flatMap(LayerPattern.init)
        else { return nil }
        return (student, teacher)
    }

    fileprivate func matched(student: [String], teacher: [String]) throws -> Loss.Term {
        let stars = (studentNames + teacherNames).count { $0.contains("*") }
        guard stars > 0 else { return self }
        guard stars == 2, studentNames.count == 1, teacherNames.count == 1, let patterns else {
            throw ModelError(
                .name, "\(name): a * must stand once in the student's path and once in the teacher's",
                hint: "teacher=\"encoder.layer.*\", student=\"encoder.layer.*\"", code: "KD021")
        }
        func found(_ pattern: LayerPattern, _ paths: [String], _ role: String) throws -> [String] {
            let matches = pattern.matches(in: paths)
            guard matches.isEmpty else { return matches }
            let some = paths.filter { $0.last?.isNumber == true }.prefix(6).map { "\"\($0)\"" }
            throw ModelError(
                .name, "\(name): no part of the \(role) is at a path like \"\(pattern.text)\"",
                hint: some.isEmpty ? nil : "its numbered parts: " + some.joined(separator: ", "), code: "KD021")
        }
        let mine = try found(patterns.student, student, "student")
        let others = try found(patterns.teacher, teacher, "teacher")
        guard mine.count <= others.count else {
            throw ModelError(
                .name, "\(name): the student has \(mine.count) such layers, the teacher only \(others.count)",
                hint: "name the pairs one by one", code: "KD021")
        }
        var result = self
        result.pairs = zip(mine, choice.places(mine.count, of: others.count)).map { ($0, others[$1]) }
        return result
    }
}

import Networks
import Tensors

// Tagging: a text is a list of words, and each word has a class. What a model gives for tokens is brought to words, so that
// labels, teachers and students with other tokenizers all speak of the same things.

extension Column {
    /// The words of each row, where the column holds words.
    var sentences: [[String]]? { if case .words(let words) = self { words } else { nil } }
}

extension Dataset {
    /// Whether each word of a text has its own class.
    public var isTagging: Bool {
        if let labelColumn, case .tags = columns[labelColumn] { true } else { false }
    }

    /// What labels are.
    public enum LabelKind: String, Sendable { case classes, tags, several, numbers }

    /// nil where there are no labels, or none that a model could be trained on.
    public var labelKind: LabelKind? {
        guard let labelColumn, let column = columns[labelColumn] else { return nil }
        switch column {
        case .tags: return .tags
        case .integers: return .classes
        case .floats: return .numbers
        case .tensor(let tensor):
            if tensor.rank == 1 { return tensor.dtype.isFloating ? .numbers : .classes }
            return tensor.rank == 2 ? .several : nil
        case .text, .words, .values: return nil
        }
    }

    /// The words of each row.
    var sentences: [[String]]? { textColumns.first.flatMap { columns[$0]?.sentences } }

    /// The class of each word.
    public func tags() throws -> [[Int]] {
        guard let labelColumn, case .tags(let tags) = try column(labelColumn) else {
            throw DataError(
                "the dataset \"\(name)\" has no tags, one for each word", hint: "read_conll(\"file.conll\") gives them",
                kind: "type")
        }
        return tags
    }

    /// The name of a tag; "–" where it is not known.
    func tagName(_ tag: Int) -> String { labelName(tag) ?? (tag == Dataset.missingLabel ? "–" : String(tag)) }

    /// The tags of each sentence by name: the data's own, or those with the numbers [N, W].
    ///
    /// - Throws: `shape` where there is not a number for each word.
    public func tagNames(_ classes: Tensor? = nil) throws -> [[String]] {
        let truth = try tags()
        guard let classes else { return truth.map { $0.map(tagName) } }
        let longest = truth.map(\.count).max() ?? 0
        guard classes.rank == 2, classes.shape[0] == count, classes.shape[1] >= longest, classes.dtype.isInteger else {
            throw DataError(
                "the classes are \(classes.shape), and \(count) sentences of up to \(longest) words need [\(count), \(longest)]",
                hint: "predict(model, data) gives them", kind: "shape")
        }
        let numbers = try classes.elements(as: Int64.self)
        return truth.enumerated().map { row, words in
            words.indices.map { tagName(Int(numbers[row * classes.shape[1] + $0])) }
        }
    }

    /// n / (k · count) for each of k classes, where n rows, or words, have a label.
    public func classWeights() throws -> Tensor {
        let labels = try isTagging ? Array(tags().joined()) : labels()
        var counts = [Int](repeating: 0, count: labelNames?.count ?? (labels.max().map { $0 + 1 } ?? 0))
        for label in labels where counts.indices.contains(label) { counts[label] += 1 }
        let present = counts.count { $0 > 0 }
        let total = Double(counts.reduce(0, +))
        return try .floats(counts.map { $0 == 0 ? 0 : total / (Double(present) * Double($0)) })
    }

    /// Tags as class numbers: "O" first, the others in the order of their bytes.
    static func tags(_ lists: [[String]], of words: [[String]], names: [String]?) throws -> (Column, [String]?) {
        for (row, (tags, words)) in zip(lists, words).enumerated() where tags.count != words.count {
            throw DataError("there are \(tags.count) tags for \(words.count) words", row: row, kind: "shape")
        }
        let distinct = Set(lists.joined().map { ExactString($0) }).sorted().map(\.text)
        let names = names ?? distinct.filter { $0 == "O" } + distinct.filter { $0 != "O" }
        let numbers = try numbers(of: names)
        return (
            .tags(
                try lists.enumerated().map { row, tags in
                    try tags.map { try number(of: $0, in: numbers, names, row) }
                }), names
        )
    }

    /// Several classes for each row, as a tensor of 0 and 1: [N, C].
    static func several(_ lists: [[String]], names: [String]?) throws -> (Column, [String]?) {
        let names = names ?? Set(lists.joined().map { ExactString($0) }).sorted().map(\.text)
        let numbers = try numbers(of: names)
        var flags = [Float](repeating: 0, count: lists.count * names.count)
        for (row, classes) in lists.enumerated() {
            for name in classes { flags[row * names.count + (try number(of: name, in: numbers, names, row))] = 1 }
        }
        return (.tensor(try Tensor(flags, shape: [lists.count, names.count])), names)
    }

    private static func numbers(of names: [String]) throws -> [ExactString: Int] {
        var numbers: [ExactString: Int] = [:]
        for (number, name) in names.enumerated() {
            if numbers.updateValue(number, forKey: ExactString(name)) != nil {
                throw DataError("the class \"\(name)\" is named twice")
            }
        }
        return numbers
    }

    private static func number(
        of name: String, in numbers: [ExactString: Int], _ names: [String], _ row: Int
    ) throws -> Int {
        guard let number = numbers[ExactString(name)] else {
            throw DataError(
                "the label \"\(name.prefix(60))\" is none of \(shortList(names))", row: row,
                hint: nearestName(name, among: names).map { "did you mean \"\($0)\"?" })
        }
        return number
    }
}

extension Batch {
    /// The classes of the words [B, W], `Dataset.missingLabel` beyond the end of a sentence, with a mask.
    func tagLabels() throws -> Tensor {
        let tags = try dataset.tags()
        return try Batch.padded(rows.map { tags[$0] })
    }

    /// Lists of class numbers as one tensor [N, W].
    static func padded(_ lists: [[Int]]) throws -> Tensor {
        let longest = lists.map(\.count).max() ?? 0
        let shape = [lists.count, longest]
        let labels = try Tensor.integers(
            lists.flatMap { $0 + [Int](repeating: Dataset.missingLabel, count: longest - $0.count) }, shape)
        labels.mask = try .bools(lists.flatMap { list in (0..<longest).map { $0 < list.count } }, shape)
        labels.unit = .labels
        return labels
    }

    /// What a model gave for tokens [B, T, C] as what it says of words [B, W, C]: that of each word's first token.
    ///
    /// Words for which there was no room are given zeros. Outputs of another shape are left as they are.
    func atWords(_ output: Tensor, of model: Layer) throws -> Tensor {
        guard dataset.sentences != nil, let tokenizer = model.tokenizer, output.rank == 3 else { return output }
        let tokens = try encoded(by: tokenizer)
        guard let places = tokens.wordPlaces, output.shape.starts(with: tokens.ids.shape) else { return output }
        let (time, longest) = (output.shape[1], places.map(\.count).max() ?? 0)
        let isIdentity =
            longest == time && places.allSatisfy { $0.enumerated().allSatisfy { $0.offset == Int($0.element) } }
        let shape = [rows.count, longest]
        let mask = try Tensor.bools(places.flatMap { list in (0..<longest).map { $0 < list.count } }, shape)
        if isIdentity {
            output.mask = output.mask ?? mask
            return output
        }
        var flat: [Int] = []
        var isCut = false
        for (row, list) in places.enumerated() {
            for word in 0..<longest {
                let place = word < list.count ? Int(list[word]) : 0
                isCut = isCut || place < 0
                flat.append(row * time + max(place, 0))
            }
        }
        let width = output.shape[2]
        let chosen = try indexSelect(reshape(output, [-1, width]), axis: 0, indices: .integers(flat))
        var result = try reshape(chosen, shape + [width])
        if isCut {
            let known: [Bool] = places.flatMap { list in (0..<longest).map { $0 < list.count && list[$0] >= 0 } }
            result = try multiply(result, Tensor.bools(known, shape + [1]).converted(to: output.dtype))
        }
        (result.unit, result.mask) = (output.unit, mask)
        return result
    }
}

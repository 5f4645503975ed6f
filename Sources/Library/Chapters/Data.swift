import Distillation
import Foundation
import Language
import Networks
import Tensors

/// Datasets: making, dividing, looking into them.
func dataChapter() -> Chapter {
    let data = Parameter<Dataset>("data", "a dataset")
    return Chapter(
        "Datasets", "Rows of texts, labels and numbers.",
        [
            Builtin(
                "dataset", "A dataset from a map of columns, or from a list of maps, one a row.",
                Parameter<Value>("columns", "{\"text\": […], \"label\": […]}"),
                Parameter<RoleArgument>("text", "the column that models read; nil finds one", default: .automatic),
                Parameter<RoleArgument>("label", "the column of the classes; nil finds one", default: .automatic),
                Parameter<[String]?>("labels", "names of the classes in the order of their numbers", default: nil),
                Parameter<String>("name", "its name", default: "data"),
                example: "len(dataset({\"text\": [\"fine\", \"dull\"], \"label\": [1, 0]}))  # → 2"
            ) {
                (source: Value, text: RoleArgument, label: RoleArgument, labels: [String]?, name: String) throws
                    -> Dataset in
                if let list = source.object as? ListObject {
                    let rows = try list.items.enumerated().map { row, item in
                        guard let map = item.object as? MapObject else {
                            throw Fault("dataset: a row must be a map, row \(row) is \(item.described)", kind: "type")
                        }
                        return try map.entries.map { (name: try columnName($0.key), cell: Distillation.Cell($0.value)) }
                    }
                    return try Dataset.rows(rows, name: name).assigning(
                        text: text.role, label: label.role, labelNames: labels)
                }
                guard let map = source.object as? MapObject else {
                    throw Fault(
                        "dataset: columns must be a map or a list of maps, not \(source.described)", kind: "type")
                }
                let columns = try map.entries.map { key, value in
                    let name = try columnName(key)
                    if let tensor = (value.object as? TensorObject)?.tensor { return (name, Column.tensor(tensor)) }
                    guard let items = value.items else {
                        throw Fault(
                            "dataset: the column \"\(name)\" must be a list or a tensor, not \(value.described)",
                            kind: "type")
                    }
                    return (name, try Column(items.map { Distillation.Cell($0) }))
                }
                return try Dataset(name: name, columns: columns, text: text.role, label: label.role, labelNames: labels)
            },
            Builtin(
                "split",
                "Random parts by fractions that add up to 1; a tensor is cut into pieces, a string at a separator.",
                Parameter<Value>("data", "a dataset, a tensor or a string"),
                Parameter<[Value]>.rest(
                    "fractions",
                    "such as 0.8, 0.1, 0.1; for a tensor the size of all pieces or a list of sizes; for a string the separator"
                ),
                Parameter<Int>("seed", "which random parts", default: 0),
                Parameter<Bool>("stratified", "each part has the classes in the same shares", default: false),
                Parameter<String?>("together", "a column whose equal values stay in one part", default: nil),
                Parameter<Int>("dim", "the axis of a tensor", default: 0),
                example:
                    "a, b = dataset({\"x\": [1, 2, 3, 4]}) |> split(0.5, 0.5)\nlen(a)  # → 2\nsplit(arange(5), 2)  # → [[0 1], [2 3], [4]]\nsplit(\"a b\")  # → [\"a\", \"b\"]"
            ) {
                (
                    context: CallContext, source: Value, fractions: [Value], seed: Int, stratified: Bool,
                    together: String?, dim: Int
                ) throws -> Value in
                if let text = source.string { return try CoreStrings.split(text, fractions) }
                if let tensor = (source.object as? TensorObject)?.tensor {
                    guard fractions.count == 1 else {
                        throw Fault(
                            "split: a tensor takes the size of its pieces or a list of sizes",
                            hint: "split(x, 2), or split(x, [1, 3], dim=1)", kind: "type")
                    }
                    if let size = fractions[0].int { return try split(tensor, chunk: size, dim).scriptValue }
                    guard let sizes = try [Int].from(fractions[0]) else {
                        throw Fault(
                            "split: the sizes of the pieces must be an int or a list of ints, not \(fractions[0].described)",
                            kind: "type", argument: .positional(1))
                    }
                    return try split(tensor, sizes: sizes, dim).scriptValue
                }
                guard let data = (source.object as? DatasetObject)?.dataset else {
                    throw Fault(
                        "split: data must be a dataset, a tensor or a string, not \(source.described)", kind: "type",
                        argument: .positional(0))
                }
                let shares = try fractions.map { value in
                    guard let share = value.number else {
                        throw Fault("split: a fraction must be a number, not \(value.described)", kind: "type")
                    }
                    return share
                }
                return try data.split(shares, seed: seed, stratified: stratified, together: together).scriptValue
            },
            Builtin(
                "shuffle", "The rows in random order.", data, Parameter<Int>("seed", "which order", default: 0),
                example: "len(shuffle(dataset({\"x\": [1, 2, 3]})))  # → 3"
            ) { (data: Dataset, seed: Int) throws in try data.shuffled(seed: seed) },
            Builtin(
                "take", "The first rows.", data, Parameter<Int>("n", "how many"),
                example: "len(take(dataset({\"x\": [1, 2, 3]}), 2))  # → 2"
            ) {
                (data: Dataset, n: Int) throws in try data.take(n)
            },
            Builtin(
                "drop", "All but the first rows.", data, Parameter<Int>("n", "how many"),
                example: "len(drop(dataset({\"x\": [1, 2, 3]}), 2))  # → 1"
            ) {
                (data: Dataset, n: Int) throws in try data.drop(n)
            },
            Builtin(
                "concat", "The rows of several datasets with the same columns.",
                Parameter<[Dataset]>.rest("datasets", "two or more"),
                example: "d = dataset({\"x\": [1]})\nlen(concat(d, d))  # → 2"
            ) { (datasets: [Dataset]) throws -> Dataset in
                guard var joined = datasets.first else { throw Fault("concat: no dataset is given", kind: "type") }
                for next in datasets.dropFirst() { joined = try joined.concatenated(next) }
                return joined
            },
            Builtin(
                "with_column", "With a column added or replaced.", data, Parameter<String>("name", "its name"),
                Parameter<Value>("values", "a list or a tensor, one value a row"),
                example: "with_column(dataset({\"x\": [1, 2]}), \"y\", [3, 4])[\"y\"]  # → [3, 4]"
            ) { (data: Dataset, name: String, values: Value) throws -> Dataset in
                if let tensor = (values.object as? TensorObject)?.tensor {
                    return try data.with(column: name, .tensor(tensor))
                }
                guard let items = values.items else {
                    throw Fault("with_column: values must be a list or a tensor, not \(values.described)", kind: "type")
                }
                return try data.with(column: name, try Column(items.map { Distillation.Cell($0) }))
            },
            Builtin(
                "columns", "Only some columns.", data, Parameter<[String]>("names", "which"),
                example: "columns(dataset({\"x\": [1], \"y\": [2]}), [\"y\"]).columns  # → [\"y\"]"
            ) { (data: Dataset, names: [String]) throws in try data.keeping(columns: names) },
            Builtin(
                "rename", "With a column under another name.", data, Parameter<String>("old", "its name"),
                Parameter<String>("new", "its new name"),
                example: "rename(dataset({\"x\": [1]}), \"x\", \"y\").columns  # → [\"y\"]"
            ) { (data: Dataset, old: String, new: String) throws in try data.renaming(column: old, to: new) },
            Builtin(
                "unlabelled", "The same rows without their labels, as text that nobody has labelled.", data,
                example: "len(labelled(unlabelled(dataset({\"text\": [\"a\"], \"label\": [1]}))))  # → 0"
            ) { (data: Dataset) throws in data.unlabelled() },
            Builtin(
                "labelled", "The rows that have a label.", data,
                example: "len(labelled(dataset({\"text\": [\"a\"], \"label\": [1]})))  # → 1"
            ) { (data: Dataset) throws -> Dataset in
                let isLabelled = try data.isLabelled()
                return try data.selecting(isLabelled.indices.filter { isLabelled[$0] })
            },
            Builtin(
                "keep_labels", "All rows, of which only n, chosen at random, keep their label.", data,
                Parameter<Int>("n", "how many keep it"), Parameter<Int>("seed", "which", default: 0),
                details: "For trying out what little labelled data and much unlabelled text can do.",
                example:
                    "len(labelled(keep_labels(dataset({\"text\": [\"a\", \"b\", \"c\"], \"label\": [1, 0, 1]}), 2)))  # → 2"
            ) { (data: Dataset, n: Int, seed: Int) throws -> Dataset in
                guard n >= 0, n <= data.count else {
                    throw Fault("keep_labels: n is \(n), the dataset has \(counted(data.count, "row"))", kind: "value")
                }
                return try data.keepingLabels(of: n, seed: seed)
            },
            Builtin(
                "labels_of",
                "The class numbers of a labelled dataset: [N]; for tags [N, W], for several classes a row [N, C] of 0 and 1.",
                data,
                example: "labels_of(dataset({\"text\": [\"a\"], \"label\": [1]}))  # → [1]"
            ) { (data: Dataset) throws -> Tensor in
                if data.isTagging { return try Batch(data, rows: Array(0..<data.count)).labels() }
                if data.labelKind == .several || data.labelKind == .numbers {
                    return try Batch(data, rows: Array(0..<data.count)).labels()
                }
                let labels = try data.labels()
                if let row = labels.firstIndex(of: Dataset.missingLabel) {
                    throw Fault(
                        "labels_of: row \(row) has no label", hint: "labelled(data) keeps the rows that have one",
                        kind: "value")
                }
                let tensor = try Tensor(labels.map { Int64($0) })
                tensor.unit = .labels
                return tensor
            },
            Builtin(
                "label_kind",
                "What the labels of a dataset are: \"classes\", \"tags\" (one for each word), \"several\" classes a row, \"numbers\"; or nil.",
                data,
                example:
                    "label_kind(dataset({\"words\": [[\"Ann\", \"sings\"]], \"tags\": [[\"B-per\", \"O\"]]}))  # → \"tags\""
            ) { (data: Dataset) throws -> String? in data.labelKind?.rawValue },
            Builtin(
                "tokenize",
                "The same data, to be read by a tokenizer with a limit: longer texts are cut. Says how long they are.",
                data, Parameter<TokenizerSource>("tokenizer", "a tokenizer, or a model that has one"),
                Parameter<Int?>(
                    "max_length", "most tokens of a text, special ones included; nil for no limit", default: nil),
                details:
                    "It holds for models with this tokenizer, and for whatever is made of the data: splits, batches.",
                example:
                    "d = dataset({\"text\": [\"a b c\", \"a\"]})\ntok = word_tokenizer(d)\nd |> tokenize(tok, max_length=2) |> batches(2) |> padding(tok)  # → 0.25"
            ) { (context: CallContext, data: Dataset, source: TokenizerSource, longest: Int?) throws -> Dataset in
                guard let tokenizer = source.tokenizer else {
                    throw Fault("tokenize: the model has no tokenizer", kind: "value", argument: .positional(1))
                }
                let limited = try data.limited(to: longest, for: tokenizer)
                let lengths = try limited.encoded(by: tokenizer).lengths
                let all = lengths.reduce(0, +)
                let full = longest.map { limit in lengths.count { $0 >= limit } } ?? 0
                let mean = floatText((Double(all) / Double(max(lengths.count, 1)) * 10).rounded() / 10)
                context.machine.output.write(
                    "\(data.name): \(mean) tokens a text, the longest \(lengths.max() ?? 0)"
                        + (longest == nil ? "" : ", \(full) of \(lengths.count) as long as the limit") + "\n",
                    to: .progress)
                return limited
            },
            Builtin(
                "tag_names", "The tags of each sentence by name, of the data itself or of what was found.", data,
                Parameter<Tensor?>("classes", "[N, W] class numbers; nil for the data's own", default: nil),
                example:
                    "d = dataset({\"words\": [[\"Ann\", \"sings\"]], \"tags\": [[\"B-per\", \"O\"]]})\ntag_names(d, tensor([[0, 1]]))  # → [[\"O\", \"B-per\"]]"
            ) { (data: Dataset, classes: Tensor?) throws -> [[String]] in try data.tagNames(classes) },
            Builtin(
                "class_weights",
                "A weight for each class, so that rare ones count as much as frequent ones: n / (k · count).",
                data,
                details:
                    "For cross_entropy(weight=…). Rows without a label do not count; a class without rows has the weight 0.",
                example:
                    "class_weights(dataset({\"text\": [\"a\", \"b\", \"c\"], \"label\": [0, 0, 1]}))  # → [0.75 1.5]",
                source: "scikit-learn, compute_class_weight(\"balanced\")"
            ) { (data: Dataset) throws -> Tensor in try data.classWeights() },
            Builtin(
                "label_names", "The names of the classes, or nil.", data,
                example:
                    "label_names(dataset({\"text\": [\"a\", \"b\"], \"label\": [\"no\", \"yes\"]}))  # → [\"no\", \"yes\"]"
            ) { (data: Dataset) throws -> [String]? in data.labelNames },
            Builtin(
                "batches", "The rows in batches, for a training loop.", data,
                Parameter<Int>("size", "rows in a batch", default: 32),
                Parameter<Bool>("shuffle", "in a random order, another one each time", default: false),
                Parameter<Bool>("drop_last", "leave out a last batch that is not full", default: false),
                Parameter<TokenizerSource?>(
                    "by_length", "a model or tokenizer: shuffled texts of like length share a batch; nil for any",
                    default: nil),
                details:
                    "The order comes from the stream that seed(n) starts. by_length saves the computing that padding costs; padding(batches, model) says how much there is.",
                example: "for b in dataset({\"x\": [1, 2, 3]}) |> batches(2) { print(len(b)) }"
            ) {
                (data: Dataset, size: Int, shuffle: Bool, dropLast: Bool, byLength: TokenizerSource?) throws -> Value in
                let seed = shuffle ? try randint(0, 1 << 40, []).integer() : 0
                let tokenizer = data.textColumns.isEmpty ? nil : byLength?.tokenizer
                return .object(
                    BatchesObject(
                        try data.batches(
                            of: size, shuffle: shuffle, seed: seed, dropsLast: dropLast, byLength: tokenizer)))
            },
            Builtin(
                "shared_rows", "How many rows of the second dataset models could have read in the first already.", data,
                Parameter<Dataset>("other", "a dataset"),
                details: "Rows are the same when models read the same of them, whatever their labels and order.",
                example: "d = dataset({\"text\": [\"a\", \"b\", \"c\"]})\nshared_rows(d[:2], d[1:])  # → 1"
            ) { (data: Dataset, other: Dataset) throws -> Int in try data.sharedRows(with: other) },
            Builtin(
                "padding", "The share of positions in batches of texts that only fill them up to the longest.",
                Parameter<BatchesArgument>("batches", "what batches() gave"),
                Parameter<TokenizerSource>("model", "a model that reads texts, or a tokenizer"),
                example:
                    "d = dataset({\"text\": [\"a\", \"a b c\"]})\npadding(d |> batches(2), word_tokenizer(d))  # → 0.3333"
            ) { (batches: BatchesArgument, source: TokenizerSource) throws -> Double in
                try source.tokenizer.map { try batches.batches.padding(by: $0) } ?? 0
            },
            Builtin(
                "count_batches", "How many batches one pass over the rows takes.", data,
                Parameter<Int>("size", "rows in a batch"),
                example: "count_batches(dataset({\"x\": [1, 2, 3]}), 2)  # → 2"
            ) { (data: Dataset, size: Int) throws in try data.batches(of: size).count },
        ])
}

private func columnName(_ key: Value) throws -> String {
    guard let name = key.string else {
        throw Fault("dataset: a column's name must be a string, not \(key.described)", kind: "type")
    }
    return name
}

extension Distillation.Cell {
    init(_ value: Value) {
        switch value {
        case .null: self = .missing
        case .int(let number): self = .integer(number)
        case .float(let number): self = .float(number)
        case .bool(let flag): self = .truth(flag)
        case .text(let text): self = .text(text.text)
        case .object(let text as StringObject): self = .text(text.text)
        case .object(let tensor as TensorObject): self = .tensor(tensor.tensor)
        case .object: self = JSONValue(value, depth: 0).map { .json($0) } ?? .value(ScriptCell(value: value))
        }
    }
}

extension Dataset {
    /// A column of whole numbers.
    func integers(_ name: String) throws -> [Int] {
        guard case .integers(let values) = try column(name) else {
            throw DataError("the column \"\(name)\" holds no whole numbers", kind: "type")
        }
        return values
    }
}

/// A tokenizer, or the one of a model; a model that reads no texts has none.
struct TokenizerSource: ScriptConvertible {
    let tokenizer: (any Tokenizer)?
    private let value: Value
    static var scriptType: String { "model or tokenizer" }
    static func from(_ value: Value) throws -> TokenizerSource? {
        switch value.object {
        case let model as LayerObject: TokenizerSource(tokenizer: model.layer.tokenizer, value: value)
        case let tokenizer as TokenizerObject: TokenizerSource(tokenizer: tokenizer.tokenizer, value: value)
        default: nil
        }
    }
    var scriptValue: Value { value }
}

/// What `batches` gave, as an argument.
struct BatchesArgument: ScriptConvertible {
    let batches: Batches
    private let value: Value
    static var scriptType: String { "batches" }
    static func from(_ value: Value) throws -> BatchesArgument? {
        (value.object as? BatchesObject).map { BatchesArgument(batches: $0.batches, value: value) }
    }
    var scriptValue: Value { value }
}

/// What `batches` gives: something to loop over.
final class BatchesObject: Object {
    let batches: Batches

    init(_ batches: Batches) { self.batches = batches }

    override var typeName: String { "batches" }
    override func display(_ style: DisplayStyle) -> String {
        "<\(batches.count) \(batches.count == 1 ? "batch" : "batches") of \(batches.size)>"
    }
    override func count(_ machine: Machine) throws -> Int? { batches.count }
    override func makeIterator(_ machine: Machine) throws -> ValueIterator? {
        var next = 0
        return ClosureIterator { [batches] in
            guard next < batches.count else { return nil }
            defer { next += 1 }
            return .object(BatchObject(batches[next]))
        }
    }
    override func subscriptGet(_ items: [Language.SubscriptItem], _ machine: Machine) throws -> Value? {
        guard items.count == 1, case .index(let key) = items[0], let index = key.int,
            let place = normalized(index, count: batches.count)
        else {
            throw Fault("there are \(batches.count) batches, named by a number from 0", kind: "index")
        }
        return .object(BatchObject(batches[place]))
    }
}

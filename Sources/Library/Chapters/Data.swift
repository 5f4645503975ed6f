import Distillation
import Foundation
import Language
import Networks
import Tensors

/// One column or several by name, or nobody (`nil` is "find out").
struct RoleArgument: ScriptConvertible {
    let role: Dataset.Role
    static let automatic = RoleArgument(role: .automatic)
    static var scriptType: String { "string, list of string, false or nil" }
    static func from(_ value: Value) throws -> RoleArgument? {
        if value.isNull { return .automatic }
        if value.bool == false { return RoleArgument(role: .nobody) }
        if let name = value.string { return RoleArgument(role: .named([name])) }
        return try [String].from(value).map { RoleArgument(role: .named($0)) }
    }
    var scriptValue: Value {
        switch role {
        case .automatic: .null
        case .nobody: .bool(false)
        case .named(let names): names.count == 1 ? .string(names[0]) : names.scriptValue
        }
    }
}

/// Types of columns by name.
struct ColumnTypes: ScriptConvertible {
    let types: [String: String]
    static var scriptType: String { "map from column to \"int\", \"float\", \"text\" or \"skip\"" }
    static func from(_ value: Value) throws -> ColumnTypes? {
        if value.isNull { return ColumnTypes(types: [:]) }
        guard let map = value.object as? MapObject else { return nil }
        var types: [String: String] = [:]
        for (key, type) in map.entries {
            guard let key = key.string, let type = type.string else { return nil }
            types[key] = type
        }
        return ColumnTypes(types: types)
    }
    var scriptValue: Value { .map(types.map { ($0.key, .string($0.value)) }) }
}

/// Files of rows in and out.
func fileChapter() -> Chapter {
    func options(
        _ text: RoleArgument, _ label: RoleArgument, _ labels: [String]?, _ types: ColumnTypes
    ) -> TableOptions {
        var options = TableOptions()
        options.text = text.role
        options.label = label.role
        options.labelNames = labels
        options.types = types.types
        return options
    }
    let path = Parameter<String>("path", "the file, from the working folder or else from the script's")
    let text = Parameter<RoleArgument>("text", "the column that models read; nil finds one", default: .automatic)
    let label = Parameter<RoleArgument>("label", "the column of the classes; nil finds one", default: .automatic)
    let labels = Parameter<[String]?>("labels", "names of the classes in the order of their numbers", default: nil)
    let types = Parameter<ColumnTypes>(
        "types", "types of columns that are not to be found out", default: ColumnTypes(types: [:]), text: "nil")
    let header = Parameter<Bool>("header", "whether the first line names the columns", default: true)
    let names = Parameter<[String]?>("names", "names for the columns", default: nil)
    return Chapter(
        "Files", "Reading and writing files; paths are looked up from the working folder, then beside the script.",
        [
            Builtin(
                "read_tsv", "A dataset from tab-separated lines under a header, without quoting.", path, text, label,
                labels, types, header, names,
                details: "A ragged line, bytes that are not UTF-8 or an empty file are errors with the line.",
                example:
                    "write_tsv(dataset({\"text\": [\"fine\", \"dull\"], \"label\": [1, 0]}), \"/tmp/kd-example.tsv\")\nlen(read_tsv(\"/tmp/kd-example.tsv\"))  # → 2"
            ) {
                (
                    context: CallContext, path: String, text: RoleArgument, label: RoleArgument, labels: [String]?,
                    types: ColumnTypes, header: Bool, names: [String]?
                ) throws -> Dataset in
                var options = options(text, label, labels, types)
                options.header = header
                options.names = names
                return try DatasetReader.tsv(context.located(path), options)
            },
            Builtin(
                "read_csv", "A dataset from comma-separated values, quoted as RFC 4180 says.", path, text, label,
                labels, types,
                Parameter<String>("delimiter", "one character", default: ","), header, names,
                example:
                    "write_csv(dataset({\"a\": [1, 2]}), \"/tmp/kd-example.csv\")\nread_csv(\"/tmp/kd-example.csv\")[\"a\"]  # → [1, 2]"
            ) {
                (
                    context: CallContext, path: String, text: RoleArgument, label: RoleArgument, labels: [String]?,
                    types: ColumnTypes,
                    delimiter: String, header: Bool, names: [String]?
                ) throws -> Dataset in
                var options = options(text, label, labels, types)
                options.delimiter = delimiter
                options.header = header
                options.names = names
                return try DatasetReader.csv(context.located(path), options)
            },
            Builtin(
                "read_jsonl", "A dataset from one JSON object a line.", path, text, label, labels, types,
                example:
                    "write_jsonl(dataset({\"a\": [1, 2]}), \"/tmp/kd-example.jsonl\")\nread_jsonl(\"/tmp/kd-example.jsonl\")[\"a\"]  # → [1, 2]"
            ) {
                (
                    context: CallContext, path: String, text: RoleArgument, label: RoleArgument, labels: [String]?,
                    types: ColumnTypes
                ) throws in
                try DatasetReader.jsonl(context.located(path), options(text, label, labels, types))
            },
            Builtin(
                "read_json", "What a JSON file holds; a list of objects becomes a dataset.", path, text, label, labels,
                types,
                example:
                    "write_text(\"[1, 2.5, null]\", \"/tmp/kd-example.json\")\nread_json(\"/tmp/kd-example.json\")  # → [1, 2.5, nil]"
            ) {
                (
                    context: CallContext, path: String, text: RoleArgument, label: RoleArgument, labels: [String]?,
                    types: ColumnTypes
                ) throws -> Value in
                switch try DatasetReader.json(context.located(path), options(text, label, labels, types)) {
                case .dataset(let data): data.scriptValue
                case .value(let value): value.scriptValue
                }
            },
            Builtin(
                "read_lines", "A dataset with one text a line.", path,
                example:
                    "write_text(\"one\\ntwo\\n\", \"/tmp/kd-example.txt\")\nlen(read_lines(\"/tmp/kd-example.txt\"))  # → 2"
            ) { (context: CallContext, path: String) throws in
                try DatasetReader.text(context.located(path), TableOptions())
            },
            Builtin(
                "read_parts", "A file of rows in parts, each a dataset that is read when its turn comes.", path,
                Parameter<Int>("rows", "rows in a part", default: 10_000), text, label, labels, types,
                Parameter<String>("delimiter", "one character, for .csv", default: ","), header, names,
                details:
                    "For data larger than memory: one part at a time is held. train(model, on=parts) and distill(teacher, student, on=parts) go through them, the parts and the rows of each in another order every epoch; online(parts) takes them as they come. The name ends in .tsv, .csv, .jsonl or .txt. Labels in words need labels=, for a part alone does not know all classes.",
                example:
                    "write_tsv(dataset({\"x\": [1, 2, 3], \"label\": [0, 1, 0]}), \"/tmp/kd-example.tsv\")\nparts = read_parts(\"/tmp/kd-example.tsv\", rows=2)\nparts.sizes  # → [2, 1]"
            ) {
                (
                    context: CallContext, path: String, rows: Int, text: RoleArgument, label: RoleArgument,
                    labels: [String]?, types: ColumnTypes, delimiter: String, header: Bool, names: [String]?
                ) throws -> Value in
                var options = options(text, label, labels, types)
                options.delimiter = delimiter
                options.header = header
                options.names = names
                return .object(PartsObject(try FileParts(context.located(path), partRows: rows, options)))
            },
            Builtin(
                "read_conll", "Tagged sentences: a word and its tag a line, a blank line after each sentence.", path,
                Parameter<Int>("word", "which field of a line is the word", default: 0),
                Parameter<Int>("tag", "which field is the tag; negative ones count from the end", default: -1),
                Parameter<[String]?>("labels", "the tags in the order of their numbers; nil finds them", default: nil),
                details:
                    "Fields are parted by tabs, or by blanks where there are none. Models that read words answer such data for each word.",
                example:
                    "write_text(\"Ann\\tB-per\\nlives\\tO\\n\", \"/tmp/kd-example.conll\")\nread_conll(\"/tmp/kd-example.conll\")[\"tags\"]  # → [[\"B-per\", \"O\"]]"
            ) { (context: CallContext, path: String, word: Int, tag: Int, labels: [String]?) throws -> Dataset in
                try ConllReader.read(context.located(path), wordField: word, tagField: tag, labelNames: labels)
            },
            Builtin(
                "read_text", "A whole file as one string.", path,
                example:
                    "write_text(\"hello\", \"/tmp/kd-example.txt\")\nread_text(\"/tmp/kd-example.txt\")  # → \"hello\""
            ) { (context: CallContext, path: String) throws in try File.readText(context.located(path)) },
            Builtin(
                "read_npy", "A tensor from a file of NumPy's, as np.save writes it.", path,
                details:
                    "Types that kd has not are widened: i1 and i2 to i32, u2 and u4 to i64, f2 to f32. Arrays of Python objects, which are pickles, and fields or texts are errors.",
                example:
                    "write_npy(tensor([1.5, 2.5]), \"/tmp/kd-example.npy\")\nread_npy(\"/tmp/kd-example.npy\")  # → [1.5 2.5]"
            ) { (context: CallContext, path: String) throws in try NumPyFile.read(context.located(path)) },
            Builtin(
                "read_safetensors", "The tensors of a safetensors file, as a map by name; f16 becomes f32.", path,
                example:
                    "write_safetensors({\"a\": ones(2)}, \"/tmp/kd-example.safetensors\")\nread_safetensors(\"/tmp/kd-example.safetensors\")[\"a\"]  # → [1. 1.]"
            ) { (context: CallContext, path: String) throws -> Value in
                let file = try SafetensorsFile(context.located(path))
                return .map(try file.entries.map { ($0.name, try file.tensor($0.name).scriptValue) })
            },
            Builtin(
                "write_safetensors", "Writes a map of tensors as a safetensors file.",
                Parameter<MapArgument>("tensors", "from name to tensor"), Parameter<String>("path", "the file"),
                example: "write_safetensors({\"a\": ones(2)}, \"/tmp/kd-example.safetensors\")"
            ) { (tensors: MapArgument, path: String) throws -> Void in
                let named = try tensors.map.entries.map { key, value in
                    guard let name = key.string, let tensor = try Tensor.from(value) else {
                        throw Fault(
                            "write_safetensors: a map from strings to tensors is due; \(key.described) goes to \(value.described)",
                            kind: "type", argument: .positional(0))
                    }
                    return (name, tensor)
                }
                try SafetensorsFile.write(named, to: path)
            },
            Builtin(
                "write_npy", "Writes a tensor as a file that NumPy's np.load reads.",
                Parameter<Tensor>("x", "a tensor; bf16 is written as f32"), Parameter<String>("path", "the file"),
                example: "write_npy(ones(2, 3), \"/tmp/kd-example.npy\")"
            ) { (x: Tensor, path: String) throws -> Void in try NumPyFile.write(x, to: path) },
            Builtin(
                "write_text", "Writes a string to a file, at once or not at all.",
                Parameter<String>("text", "what is written"),
                Parameter<String>("path", "the file"), example: "write_text(\"hello\", \"/tmp/kd-example.txt\")"
            ) { (text: String, path: String) throws -> Void in try File.write(text, to: path) },
            Builtin(
                "write_json", "Writes lists, maps, strings, numbers, bools and nil as JSON, indented.",
                Parameter<Value>("value", "what is written"), Parameter<String>("path", "the file"),
                example: "write_json({\"layers\": 2}, \"/tmp/kd-example.json\")"
            ) { (value: Value, path: String) throws -> Void in
                guard let json = JSONValue(value, depth: 0) else {
                    throw Fault(
                        "write_json: JSON has no word for something in it",
                        hint:
                            "lists, maps with strings for keys, strings, finite numbers, bools and nil can be written",
                        kind: "value", argument: .positional(0))
                }
                try File.write(json.text(indent: 2) + "\n", to: path)
            },
            Builtin(
                "make_folder", "Makes a folder, and those above it, where they are not there yet.",
                Parameter<String>("path", "the folder"), example: "make_folder(\"/tmp/kd-example/models\")"
            ) { (path: String) throws -> Void in try File.makeFolder(path) },
            Builtin(
                "cache_folder",
                "The user's folder for what was fetched or computed once: $XDG_CACHE_HOME/kd, or ~/.cache/kd.",
                details: "scripts/get-teacher puts a small BERT there. The folder may not be there yet.",
                example: "cache_folder().endswith(\"/kd\")  # → true"
            ) { () throws -> String in
                let base = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
                return (base ?? File.expand("~/.cache")) + "/kd"
            },
            Builtin(
                "file_exists", "Whether there is a file or folder.",
                Parameter<String>("path", "from the working folder or else from the script's"),
                example: "file_exists(\"/nowhere\")  # → false"
            ) { (context: CallContext, path: String) throws in File.exists(context.located(path)) },
            Builtin(
                "remove_file", "Removes a file; where there is none, nothing happens.",
                Parameter<String>("path", "the file; a folder is left alone"),
                example:
                    "write_text(\"x\", \"/tmp/kd-example.txt\")\nremove_file(\"/tmp/kd-example.txt\")\nfile_exists(\"/tmp/kd-example.txt\")  # → false"
            ) { (path: String) throws -> Void in try File.remove(path) },
            Builtin(
                "write_tsv", "Writes a dataset as tab-separated lines.", Parameter<Dataset>("data", "a dataset"),
                Parameter<String>("path", "the file"),
                example: "write_tsv(dataset({\"a\": [1]}), \"/tmp/kd-example.tsv\")"
            ) { (data: Dataset, path: String) throws -> Void in try DatasetWriter.tsv(data, to: path) },
            Builtin(
                "write_csv", "Writes a dataset as comma-separated values.", Parameter<Dataset>("data", "a dataset"),
                Parameter<String>("path", "the file"),
                example: "write_csv(dataset({\"a\": [1]}), \"/tmp/kd-example.csv\")"
            ) { (data: Dataset, path: String) throws -> Void in try DatasetWriter.csv(data, to: path) },
            Builtin(
                "write_jsonl", "Writes a dataset as one JSON object a line.", Parameter<Dataset>("data", "a dataset"),
                Parameter<String>("path", "the file"),
                example: "write_jsonl(dataset({\"a\": [1]}), \"/tmp/kd-example.jsonl\")"
            ) { (data: Dataset, path: String) throws -> Void in try DatasetWriter.jsonl(data, to: path) },
        ])
}

extension CallContext {
    /// A path as given if there is such a file, else beside the running script if it is there.
    func located(_ path: String) -> String {
        if path.hasPrefix("/") || path.hasPrefix("~") || File.exists(path) { return path }
        guard let script = machine.currentPlace?.source.name, let slash = script.lastIndex(of: "/") else { return path }
        let beside = String(script[...slash]) + path
        return File.exists(beside) ? beside : path
    }
}

extension JSONValue {
    /// Lists and maps of plain values; nil for anything that JSON has no word for, and for nesting beyond what it reads.
    init?(_ value: Value, depth: Int) {
        guard depth < 128 else { return nil }
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .float(let number):
            guard number.isFinite else { return nil }
            self = .float(number)
        case .object(let text as StringObject): self = .string(text.text)
        case .object(let list as ListObject):
            var items: [JSONValue] = []
            for item in list.items {
                guard let item = JSONValue(item, depth: depth + 1) else { return nil }
                items.append(item)
            }
            self = .array(items)
        case .object(let map as MapObject):
            var object = JSONObject()
            for (key, item) in map.entries {
                guard let key = key.string, let item = JSONValue(item, depth: depth + 1) else { return nil }
                object[key] = item
            }
            self = .object(object)
        case .object: return nil
        }
    }

    var scriptValue: Value {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .float(let value): .float(value)
        case .string(let value): .string(value)
        case .array(let items): .list(items.map(\.scriptValue))
        case .object(let members): .map(members.map { ($0.key, $0.value.scriptValue) })
        }
    }
}

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

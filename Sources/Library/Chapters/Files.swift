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
        case .text(let text): self = .string(text.text)
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

import Distillation
import Foundation
import Language
import Tensors

/// What every script uses: output, conversions, sequences.
func coreChapter() -> Chapter {
    Chapter(
        "Values", "Output, conversions, and what can be asked of any value.",
        [
            Builtin(
                "print", "Writes values to the output, with a space between and a new line after.",
                Parameter<[Value]>.rest("values", "what is written"),
                Parameter<String>("sep", "between values", default: " "),
                Parameter<String>("end", "after the last", default: "\n"), example: "print(\"loss\", 0.5)"
            ) { (context: CallContext, values: [Value], separator: String, end: String) throws -> Void in
                context.machine.output.write(values.map(\.printed).joined(separator: separator) + end, to: .results)
            },
            Builtin(
                "show", "Shows a value in its full form, as the prompt does.", Parameter<Value>("x", "a value"),
                Parameter<String?>(
                    "id", "a notebook shows it in the place of the last one with this name", default: nil),
                example: "show([1, 2])"
            ) { (context: CallContext, x: Value, id: String?) throws -> Void in
                context.machine.output.show(x, identity: id)
            },
            Builtin(
                "can_update",
                "Whether show(x, id=…) puts x in the place of the last one: in a notebook, not at a terminal.",
                example: "can_update()  # → false"
            ) { (context: CallContext) throws -> Bool in context.machine.output.replacesValues },
            Builtin(
                "clear_output", "Takes away what a cell of a notebook has written; a terminal and a file keep it.",
                Parameter<Bool>("wait", "only once there is something new", default: false),
                example: "clear_output(wait=true)"
            ) { (context: CallContext, wait: Bool) throws -> Void in context.machine.output.clear(waiting: wait) },
            Builtin(
                "input", "A line that a person types; nil at the end of the input.",
                Parameter<String>("prompt", "what is asked", default: ""),
                Parameter<Bool>("secret", "do not show what is typed, where that is possible", default: false),
                example: "fn greet() { \"hello \" + input(\"your name: \") }"
            ) { (context: CallContext, prompt: String, secret: Bool) throws -> String? in
                guard let ask = context.machine.hooks.ask else {
                    throw Fault(
                        "input: there is nobody to ask", hint: "give the script its values in `args`", kind: "input")
                }
                return try ask(prompt, secret)
            },
            Builtin(
                "html", "A text that notebooks and pages show as HTML; a terminal shows its source.",
                Parameter<String>("source", "HTML"), example: "html(\"<b>done</b>\")  # → <b>done</b>"
            ) { (source: String) throws -> Value in .object(MarkupObject(source, type: "text/html")) },
            Builtin(
                "markdown", "A text that notebooks and pages show as Markdown; a terminal shows its source.",
                Parameter<String>("source", "Markdown"), example: "markdown(\"*done*\")  # → *done*"
            ) { (source: String) throws -> Value in .object(MarkupObject(source, type: "text/markdown")) },
            Builtin(
                "progress", "Writes a line about long work to the messages; nothing where they are not shown.",
                Parameter<Value>("message", "what it says"),
                Parameter<Bool>(
                    "timed", "it depends on how long something took: pages, which are to stay the same, leave it out",
                    default: false), example: "progress(\"half of it is done\")"
            ) { (context: CallContext, message: Value, isTimed: Bool) throws -> Void in
                if isTimed, !RunRecord.showsTimes { return }
                context.machine.output.write(message.printed + "\n", to: .progress)
            },
            Builtin(
                "warn", "Writes a warning to the messages.", Parameter<Value>("message", "what it says"),
                Parameter<String?>("hint", "what to do about it", default: nil),
                Parameter<String?>("code", "the number of a known mistake: \"KD029\"", default: nil),
                example: "warn(\"the dataset is small\")"
            ) { (context: CallContext, message: Value, hint: String?, code: String?) throws -> Void in
                context.warn(message.printed, hint: hint, code: code)
            },
            Builtin(
                "fail", "Raises an error; try … catch e catches it.", Parameter<Value>("message", "one plain sentence"),
                Parameter<String?>("hint", "what to do about it", default: nil),
                Parameter<String>("kind", "a word that scripts can compare", default: "fail"),
                Parameter<String?>("code", "the number of a known mistake: \"KD007\"", default: nil),
                example: "try { fail(\"no data\") } catch e { e.message }  # → \"no data\""
            ) { (message: Value, hint: String?, kind: String, code: String?) throws -> Void in
                throw Fault(message.printed, hint: hint, kind: kind, code: code)
            },
            Builtin(
                "documentation", "What is written above a function, as a map.",
                Parameter<Value>("f", "a function, or the name of one that is there from the start"),
                details: "Its call, summary, details, source, and a map of its parameters' defaults.",
                example: "documentation(kl_loss)[\"summary\"][:16]  # → \"Kullback–Leibler\""
            ) { (context: CallContext, f: Value) throws -> Value in
                let named = f.string.flatMap { context.machine.builtin($0) }
                guard let signature = (named ?? f).object?.signature else {
                    throw Fault(
                        "documentation: a function is due, not \(f.described)", kind: "type", argument: .positional(0))
                }
                return .map([
                    ("call", .string(signature.line)), ("summary", .string(signature.summary)),
                    ("details", .string(signature.details)), ("source", .string(signature.reference)),
                    (
                        "defaults",
                        .map(
                            signature.parameters.compactMap { parameter in
                                parameter.defaultText.map { (parameter.name, .string($0)) }
                            })
                    ),
                ])
            },
            Builtin(
                "takes", "Whether a function, or the forward method of a model, has a parameter of a name.",
                Parameter<Value>("f", "a function or a model"), Parameter<String>("name", "a parameter's name"),
                example: "takes(kl_loss, \"T\")  # → true"
            ) { (f: Value, name: String) throws -> Bool in
                if let model = f.object as? LayerObject {
                    let forward = (model.layer as? ScriptModel)?.member("forward")?.object
                    return forward?.signature?.parameters.contains { $0.name == name } ?? false
                }
                guard let signature = f.object?.signature else {
                    throw Fault(
                        "takes: a function or a model is due, not \(f.described)", kind: "type",
                        argument: .positional(0))
                }
                return signature.parameters.contains { $0.name == name }
            },
            Builtin(
                "exit", "Ends the program.", Parameter<Int>("code", "0 for success, up to 255", default: 0),
                example: "# exit(0)"
            ) { (code: Int) throws -> Void in
                guard (0...255).contains(code) else {
                    throw Fault("exit: code is \(code); it goes from 0 to 255", kind: "value")
                }
                throw ExitRequest(code: code)
            },
            Builtin(
                "len", "The number of items, characters, rows or first-axis slices.",
                Parameter<Value>("x", "a list, map, string, range, tensor, dataset or model"),
                example: "len([4, 5, 6])  # → 3"
            ) {
                (context: CallContext, x: Value) throws -> Int in
                guard let count = try x.object?.count(context.machine) else {
                    throw Fault("len: \(x.described) has no length", kind: "type", argument: .positional(0))
                }
                return count
            }.quickly { arguments in
                guard arguments.count == 1 else { return nil }
                if case .text(let text) = arguments[0] { return .int(text.length) }
                guard case .object(let object) = arguments[0] else { return nil }
                switch object {
                case let list as ListObject: return .int(list.items.count)
                case let text as StringObject: return .int(text.length)
                case let map as MapObject: return .int(map.count)
                default: return nil
                }
            },
            Builtin(
                "type", "The name of a value's type.", Parameter<Value>("x", "a value"),
                example: "type(1.5)  # → \"float\""
            ) { (x: Value) throws in x.typeName },
            Builtin(
                "str", "The text of a value, as print writes it.", Parameter<Value>("x", "a value"),
                example: "str(1.5)  # → \"1.5\""
            ) { (x: Value) throws in x.printed }.quickly { $0.count == 1 ? .string($0[0].printed) : nil },
            Builtin(
                "repr", "The text of a value as a script would write it.", Parameter<Value>("x", "a value"),
                example: "repr(\"a\")  # → \"\\\"a\\\"\""
            ) { (x: Value) throws in x.display(.inline) },
            Builtin(
                "same", "Whether two names mean the very same thing, not just equal ones.",
                Parameter<Value>("a", "a value"), Parameter<Value>("b", "a value"), example: "same([1], [1])  # → false"
            ) {
                (a: Value, b: Value) throws -> Bool in
                if let x = a.object as? LayerObject, let y = b.object as? LayerObject { return x.layer === y.layer }
                if let x = a.object as? TensorObject, let y = b.object as? TensorObject { return x.tensor === y.tensor }
                return a.isIdentical(to: b)
            },
            Builtin(
                "int", "A whole number from a number, a string or a tensor; fractions are cut off.",
                Parameter<Value>("x", "a number, string or tensor"), Parameter<Int>("base", "of a string", default: 10),
                example: "int(\"42\")  # → 42\nint(-2.7)  # → -2"
            ) {
                (x: Value, base: Int) throws -> Value in
                switch x {
                case .int: return x
                case .bool(let value): return .int(value ? 1 : 0)
                case .float(let value):
                    guard let whole = Int(exactly: value.rounded(.towardZero)) else {
                        throw Fault(
                            "int: \(floatText(value)) does not fit an int", kind: "value", argument: .positional(0))
                    }
                    return .int(whole)
                case _ where x.string != nil:
                    guard (2...36).contains(base) else {
                        throw Fault("int: base is \(base); it goes from 2 to 36", kind: "value")
                    }
                    let text = x.string ?? ""
                    let digits = text.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "_", with: "")
                    guard let number = Int(digits.hasPrefix("+") ? String(digits.dropFirst()) : digits, radix: base)
                    else {
                        throw Fault(
                            "int: \(x.described) is no whole number",
                            hint: Double(digits) != nil ? "int(float(x))" : nil, kind: "value", argument: .positional(0)
                        )
                    }
                    return .int(number)
                case .object(let tensor as TensorObject): return try tensor.tensor.converted(to: .i64).scriptValue
                default: throw Fault("int: \(x.described) is no number", kind: "type", argument: .positional(0))
                }
            }.quickly { arguments in
                guard arguments.count == 1 else { return nil }
                switch arguments[0] {
                case .int: return arguments[0]
                case .float(let value): return Int(exactly: value.rounded(.towardZero)).map { .int($0) }
                default: return nil
                }
            },
            Builtin(
                "float", "A real number from a number, a string or a tensor.",
                Parameter<Value>("x", "a number, string or tensor"), example: "float(\"2.5\")  # → 2.5"
            ) {
                (x: Value) throws -> Value in
                if let number = x.number { return .float(number) }
                switch x {
                case .bool(let value): return .float(value ? 1 : 0)
                case _ where x.string != nil:
                    let text = x.string ?? ""
                    let digits = text.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "_", with: "")
                    guard let number = Double(digits) else {
                        throw Fault("float: \(x.described) is no number", kind: "value", argument: .positional(0))
                    }
                    return .float(number)
                case .object(let tensor as TensorObject):
                    return try (tensor.tensor.dtype.isFloating ? tensor.tensor : tensor.tensor.converted(to: .f32))
                        .scriptValue
                default: throw Fault("float: \(x.described) is no number", kind: "type", argument: .positional(0))
                }
            }.quickly { $0.count == 1 ? $0[0].number.map { .float($0) } : nil },
            Builtin(
                "bool", "A bool from a number (not zero), a container (not empty) or a tensor (each element).",
                Parameter<Value>("x", "a value"), example: "bool(0)  # → false"
            ) {
                (context: CallContext, x: Value) throws -> Value in
                switch x {
                case .null: return .bool(false)
                case .bool: return x
                case .int(let value): return .bool(value != 0)
                case .float(let value): return .bool(value != 0)
                case .object(let tensor as TensorObject): return try tensor.tensor.converted(to: .bool).scriptValue
                case .text, .object: return .bool(try x.object?.count(context.machine) != 0)
                }
            },
            Builtin(
                "chr", "The character with a code point.", Parameter<Int>("code", "a Unicode code point"),
                example: "chr(97)  # → \"a\""
            ) { (code: Int) throws -> String in
                guard let number = UInt32(exactly: code), let scalar = Unicode.Scalar(number) else {
                    throw Fault("chr: \(code) is no code point", kind: "value")
                }
                return String(Character(scalar))
            },
            Builtin(
                "ord", "The code point of a character.", Parameter<String>("character", "a string of one character"),
                example: "ord(\"a\")  # → 97"
            ) { (text: String) throws -> Int in
                guard text.unicodeScalars.count == 1, let scalar = text.unicodeScalars.first else {
                    throw Fault(
                        "ord: the string has \(text.unicodeScalars.count) characters, it must have one", kind: "value")
                }
                return Int(scalar.value)
            },
            Builtin(
                "time", "Seconds since some start, for measuring: t = time(); …; time() - t.",
                example: "time() > 0  # → true"
            ) { () throws -> Double in
                Double(DispatchTime.now().uptimeNanoseconds) / 1e9
            },
            Builtin("sleep", "Waits; Ctrl-C ends it.", Parameter<Double>("seconds", "how long"), example: "sleep(0)") {
                (context: CallContext, seconds: Double) throws -> Void in
                guard seconds >= 0, seconds.isFinite else {
                    throw Fault("sleep: seconds is \(floatText(seconds)); it must be 0 or more", kind: "value")
                }
                let end = Date.timeIntervalSinceReferenceDate + seconds
                while true {
                    let left = end - Date.timeIntervalSinceReferenceDate
                    if left <= 0 { return }
                    try context.checkInterrupt()
                    Thread.sleep(forTimeInterval: Swift.min(left, 0.05))
                }
            },
            Builtin(
                "copy", "A copy: of a model with parameters of its own, of a list or map with the same items.",
                Parameter<Value>("x", "a model, list or map"), example: "copy([1, 2])  # → [1, 2]"
            ) { (x: Value) throws -> Value in
                switch x.object {
                case let model as LayerObject: return try model.layer.copy().scriptValue
                case let list as ListObject: return .list(list.items)
                case let map as MapObject: return .object(MapObject(map.entries))
                default: return x
                }
            },
        ],
        constants: [
            ("pi", .float(.pi), "3.141592653589793, half a turn in radians."),
            ("e", .float(M_E), "2.718281828459045, the base of exp and log."),
            ("inf", .float(.infinity), "Larger than every number."),
            ("nan", .float(.nan), "Not a number; equal to nothing."),
        ])
}

/// Sequences: making them, going through them.
func sequenceChapter() -> Chapter {
    Chapter(
        "Sequences", "Lists and other things one can go through.",
        [
            Builtin(
                "range", "Whole numbers from start up to, and without, stop.",
                Parameter<Int>("start", "the first; alone, the stop of a range from 0"),
                Parameter<Int?>("stop", "where it ends", default: nil), Parameter<Int>("step", "distance", default: 1),
                example: "list(range(3))  # → [0, 1, 2]"
            ) {
                (start: Int, stop: Int?, step: Int) throws -> Value in
                .object(try RangeObject(start: stop == nil ? 0 : start, stop: stop ?? start, step: step))
            },
            Builtin(
                "list", "A list of the items of anything one can go through.",
                Parameter<Value>("items", "a range, string, map, tensor …", default: .list([])),
                example: "list(\"abc\")  # → [\"a\", \"b\", \"c\"]"
            ) {
                (context: CallContext, items: Value) throws -> [Value] in
                if let range = items.object as? RangeObject { try ListObject.check(count: range.length) }
                return try context.machine.array(of: items, for: "list")
            },
            Builtin(
                "map", "A list of f(item) for each item; also written items |> map(f).",
                Parameter<Value>("items", "what is gone through"), Parameter<Value>("f", "a function of one item"),
                example: "[1, 2] |> map(x -> x * 10)  # → [10, 20]\nmap(x -> x * 10, [1, 2])  # → [10, 20]"
            ) {
                (context: CallContext, items: Value, f: Value) throws -> Value in
                let (items, f) = try inEitherOrder("map", items, f)
                return try mapped(context, items, f)
            },
            Builtin(
                "filter", "The items for which f(item) is true; a dataset gives a dataset.",
                Parameter<Value>("items", "what is gone through"),
                Parameter<Value>("f", "a function that answers a bool"),
                example: "[1, 2, 3] |> filter(x -> x > 1)  # → [2, 3]"
            ) {
                (context: CallContext, items: Value, f: Value) throws -> Value in
                let (items, f) = try inEitherOrder("filter", items, f)
                return try filtered(context, items, f)
            },
            Builtin(
                "reduce", "All items combined: f(f(first, second), third) …",
                Parameter<Value>("items", "what is gone through"), Parameter<Callable>("f", "a function of two values"),
                Parameter<Value>("start", "what the first item is combined with", default: .null),
                example: "reduce([1, 2, 3], (a, b) -> a * b)  # → 6"
            ) {
                (context: CallContext, items: Value, f: Callable, start: Value) throws -> Value in
                var values = try context.machine.array(of: items, for: "reduce")[...]
                guard var result = start.isNull ? values.popFirst() : start else {
                    throw Fault("reduce: there are no items", hint: "reduce(items, f, start=0)", kind: "value")
                }
                for value in values {
                    try context.checkInterrupt()
                    result = try f(context.machine, result, value)
                }
                return result
            },
            Builtin(
                "sorted", "A list of the items in order.", Parameter<Value>("items", "what is sorted"),
                Parameter<Callable?>("key", "what items are compared by", default: nil),
                Parameter<Bool>("reverse", "largest first", default: false), example: "sorted([3, 1, 2])  # → [1, 2, 3]"
            ) {
                (context: CallContext, items: Value, key: Callable?, reverse: Bool) throws -> [Value] in
                try sortedItems(
                    context, try context.machine.array(of: items, for: "sorted"), key: key, descending: reverse)
            },
            Builtin(
                "reversed", "A list of the items from the last to the first.",
                Parameter<Value>("items", "what is reversed"), example: "reversed([1, 2, 3])  # → [3, 2, 1]"
            ) {
                (context: CallContext, items: Value) throws -> [Value] in
                try context.machine.array(of: items, for: "reversed").reversed()
            },
            Builtin(
                "zip", "A list of the first items of all, the second items of all …; as long as the shortest.",
                Parameter<[Value]>.rest("sequences", "two or more"),
                example: "zip([1, 2], [\"a\", \"b\"])  # → [[1, \"a\"], [2, \"b\"]]"
            ) {
                (context: CallContext, sequences: [Value]) throws -> Value in
                let lists = try sequences.map { try context.machine.array(of: $0, for: "zip") }
                let count = lists.map(\.count).min() ?? 0
                return .list((0..<count).map { index in .list(lists.map { $0[index] }) })
            },
            Builtin(
                "enumerate", "A list of [0, first], [1, second] …", Parameter<Value>("items", "what is counted"),
                Parameter<Int>("start", "the first number", default: 0),
                example: "enumerate([\"a\", \"b\"])  # → [[0, \"a\"], [1, \"b\"]]"
            ) {
                (context: CallContext, items: Value, start: Int) throws -> Value in
                .list(
                    try context.machine.array(of: items, for: "enumerate").enumerated().map {
                        .list([.int(start &+ $0.offset), $0.element])
                    })
            },
        ])
}

/// Python's `map(f, items)` and the pipe's `items |> map(f)` are both understood: the function is whichever can be called.
private func inEitherOrder(_ name: String, _ first: Value, _ second: Value) throws -> (items: Value, f: Callable) {
    if let f = Callable.from(second) { return (first, f) }
    if let f = Callable.from(first) { return (second, f) }
    throw Fault(
        "\(name): f must be a function, not \(second.described)", hint: "f: a function of one item", kind: "type",
        argument: .positional(1))
}

private func mapped(_ context: CallContext, _ items: Value, _ f: Callable) throws -> Value {
    let values = try context.machine.array(of: items, for: "map")
    var result: [Value] = []
    result.reserveCapacity(values.count)
    for value in values {
        try context.checkInterrupt()
        result.append(try f(context.machine, value))
    }
    return .list(result)
}

private func filtered(_ context: CallContext, _ items: Value, _ f: Callable) throws -> Value {
    func accepts(_ value: Value) throws -> Bool {
        try context.checkInterrupt()
        let answer = try f(context.machine, value)
        guard let verdict = answer.bool else {
            throw Fault(
                "filter: f must answer a bool, it answered \(answer.described)", kind: "type", argument: .positional(1))
        }
        return verdict
    }
    if let data = (items.object as? DatasetObject)?.dataset {
        return try data.selecting((0..<data.count).filter { try accepts(try data.rowValue($0)) }).scriptValue
    }
    return .list(try context.machine.array(of: items, for: "filter").filter { try accepts($0) })
}

/// Items in order, stable; each key is computed once.
func sortedItems(_ context: CallContext, _ items: [Value], key: Callable?, descending: Bool) throws -> [Value] {
    if key == nil, let numbers = wholeNumbers(items) {
        // Equal numbers cannot be told apart, so their order is no matter.
        return (descending ? numbers.sorted(by: >) : numbers.sorted()).map { .int($0) }
    }
    let keyed = try items.map { item -> (key: Value, item: Value) in
        try context.checkInterrupt()
        return (try key.map { try $0(context.machine, item) } ?? item, item)
    }
    var comparisons = 0
    // A merge sort of our own: the library's sort may trap on an order that is none, as with NaN.
    func merged(_ part: ArraySlice<(key: Value, item: Value)>) throws -> [(key: Value, item: Value)] {
        guard part.count > 1 else { return Array(part) }
        let middle = part.startIndex + part.count / 2
        let left = try merged(part[..<middle])
        let right = try merged(part[middle...])
        var result: [(key: Value, item: Value)] = []
        result.reserveCapacity(part.count)
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            comparisons += 1
            if comparisons & 1023 == 0 { try context.checkInterrupt() }
            let (a, b) = descending ? (left[i].key, right[j].key) : (right[j].key, left[i].key)
            guard let order = try order(a, b) else {
                throw Fault(
                    "\(context.name): \(left[i].key.described) and \(right[j].key.described) have no order",
                    hint: "give key=, a function that answers numbers or strings", kind: "type")
            }
            if order == .less {
                result.append(right[j])
                j += 1
            } else {
                result.append(left[i])
                i += 1
            }
        }
        return result + left[i...] + right[j...]
    }
    return try merged(keyed[...]).map(\.item)
}

/// The items as whole numbers; nil when one of them is anything else.
private func wholeNumbers(_ items: [Value]) -> [Int]? {
    var numbers: [Int] = []
    numbers.reserveCapacity(items.count)
    for item in items {
        guard case .int(let number) = item else { return nil }
        numbers.append(number)
    }
    return numbers
}

import Foundation
import Language

enum Variant: String, ScriptChoice { case paper, code }

/// A few builtins, so that the language can be tested without the library above it.
func testChapter() -> Chapter {
    Chapter(
        "Test", "What the tests of the language call.",
        [
            Builtin(
                "print", "Writes values.", Parameter<[Value]>.rest("values", "what is written"),
                Parameter<String>("sep", "between them", default: " "),
                Parameter<String>("end", "after them", default: "\n"), example: "print(1, 2)  # → 1 2"
            ) { (context: CallContext, values: [Value], separator: String, end: String) throws -> Void in
                context.machine.output.write(values.map(\.printed).joined(separator: separator) + end, to: .results)
            },
            Builtin("len", "How many items.", Parameter<Value>("x", "a container"), example: "len([1])  # → 1") {
                (context: CallContext, x: Value) throws -> Int in
                guard let count = try x.object?.count(context.machine) else {
                    throw Fault("len: \(x.described) has no length", kind: "type", argument: .positional(0))
                }
                return count
            },
            Builtin("type", "The name of a type.", Parameter<Value>("x", "a value")) { (x: Value) throws in x.typeName
            },
            Builtin("str", "A value as text.", Parameter<Value>("x", "a value")) { (x: Value) throws in x.printed },
            Builtin("repr", "A value as a script writes it.", Parameter<Value>("x", "a value")) { (x: Value) throws in
                x.display(.inline)
            },
            Builtin("fail", "Raises an error.", Parameter<String>("message", "what it says")) {
                (message: String) throws -> Void in throw Fault(message, kind: "fail")
            },
            Builtin("exit", "Ends.", Parameter<Int>("code", "for the system", default: 0)) {
                (code: Int) throws -> Void in
                throw ExitRequest(code: code)
            },
            Builtin("warn", "Warns.", Parameter<String>("message", "what it says")) {
                (context: CallContext, message: String) throws -> Void in context.warn(message)
            },
            Builtin(
                "range", "Numbers.", Parameter<Int>("start", "the first"),
                Parameter<Int?>("stop", "the end", default: nil),
                Parameter<Int>("step", "between two", default: 1)
            ) { (start: Int, stop: Int?, step: Int) throws -> Value in
                .object(try RangeObject(start: stop == nil ? 0 : start, stop: stop ?? start, step: step))
            },
            Builtin("list", "The items.", Parameter<Value>("x", "a sequence")) {
                (context: CallContext, x: Value) throws -> Value in .list(try context.machine.array(of: x, for: "list"))
            },
            Builtin(
                "map", "f of each.", Parameter<Value>("items", "a sequence"), Parameter<Callable>("f", "what is called")
            ) {
                (context: CallContext, items: Value, f: Callable) throws -> [Value] in
                try context.machine.array(of: items, for: "map").map { try f(context.machine, $0) }
            },
            Builtin(
                "append", "Adds an item.", Parameter<Value>("xs", "a list"), Parameter<Value>("item", "what is added")
            ) {
                (xs: Value, item: Value) throws -> Void in (xs.object as? ListObject)?.items.append(item)
            },
            Builtin(
                "attention", "Takes a choice.", Parameter<[Double]>("weights", "numbers"),
                Parameter<Variant>("variant", "which formula", default: .paper),
                Parameter<Int?>("dim", "axis", default: nil)
            ) { (weights: [Double], variant: Variant, dim: Int?) throws -> String in
                "\(variant.rawValue) \(weights.count) \(dim ?? -1)"
            },
            Builtin("tags", "Takes any keyword.", Parameter<Keywords>.keywords("tags", "names and values")) {
                (tags: Keywords) throws -> Value in .map(tags.entries.map { ($0.name, $0.value) })
            },
            Builtin("probe", "A thing that tells when it is freed.", Parameter<String>("name", "its name")) {
                (context: CallContext, name: String) throws -> Value in .object(Probe(name, context.machine.output))
            },
            Builtin("scope", "A context that tells when it is entered and left.") {
                (context: CallContext) throws -> Value in .object(Scope())
            },
            Builtin(
                "define", "Makes a name known to every module.", Parameter<String>("name", "it"),
                Parameter<Value>("value", "what it means")
            ) { (context: CallContext, name: String, value: Value) throws -> Void in context.machine.define(name, value)
            },
            Builtin("stop", "Asks the machine to stop, as Ctrl-C does.") { (context: CallContext) throws -> Void in
                context.machine.interrupt()
            },
        ], constants: [("pi", 3.14, "about")])
}

/// Says when it is freed.
final class Probe: Object {
    let name: String
    let output: any OutputSink
    init(_ name: String, _ output: any OutputSink) { (self.name, self.output) = (name, output) }
    deinit { output.write("freed \(name)\n", to: .results) }
    override var typeName: String { "probe" }
    override func binary(_ op: BinaryOperator, left: Value, right: Value, _ machine: Machine) throws -> Value? {
        op == .add ? .object(Probe("(\(left.display(.inline))+\(right.display(.inline)))", output)) : nil
    }
    override func display(_ style: DisplayStyle) -> String { name }
}

/// Says when it is entered and left.
final class Scope: Object {
    override var typeName: String { "scope" }
    override func enter(_ machine: Machine) throws { machine.output.write("enter\n", to: .results) }
    override func exit(_ machine: Machine) { machine.output.write("exit\n", to: .results) }
}

/// Reads imports from texts in memory.
final class MemoryLoader: ModuleLoader {
    var files: [String: String]
    init(_ files: [String: String]) { self.files = files }
    func source(path: String, from importer: Source) throws -> Source {
        let name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        guard let text = files[name] else { throw Fault("there is no file \(path)", kind: "file") }
        return Source(name: name, text: text)
    }
    func source(library name: String) throws -> Source? { files[name].map { Source(name: name, text: $0) } }
    var libraryNames: [String] { Array(files.keys) }
}

/// What a script did: its output, its last value, and the error that ended it as it is shown.
struct Run {
    var output = ""
    var messages = ""
    var value = ""
    var error: Diagnostic?
    var exit: Int?

    var rendered: String { error?.rendered() ?? "" }
}

/// Runs scripts one after the other on one machine with a large stack.
func run(_ scripts: String..., files: [String: String] = [:]) -> Run {
    let result = Shared()
    let texts = scripts
    do {
        try withLargeStack {
            let output = OutputBuffer()
            let machine = Machine(output: output, chapters: [testChapter()])
            machine.hooks.loader = MemoryLoader(files)
            for text in texts {
                result.run.error = nil
                do {
                    let value = try machine.run(Source(name: "script.kds", text: text))
                    result.run.value = value.display(.inline)
                } catch let error as Diagnostic {
                    result.run.error = error
                } catch let errors as SyntaxErrors {
                    result.run.error = errors.diagnostics.first
                } catch let request as ExitRequest {
                    result.run.exit = request.code
                } catch {
                    result.run.error = Diagnostic(kind: "?", message: "\(error)")
                }
                machine.interruption.clear()
            }
            result.run.output = output.results
            result.run.messages = output.messages
        }
    } catch {
        result.run.error = Diagnostic(kind: "?", message: "\(error)")
    }
    return result.run
}

/// The thread that runs the script ends before anybody reads what it wrote.
private final class Shared: @unchecked Sendable {
    var run = Run()
}

// The one object behind the prompt, scripts, notebooks and tests. The way of a text through it:
//
//   text ─ Parser ─► statements ─ StandardLibrary: loads what they name ─► Machine, one after the other ─► shown value
//
// Directive: what begins with ?, % or !     Completion, Help: answers from declarations     ScriptTests: tests and examples

import Language
import Tensors

/// Runs texts one after the other, keeps their names, and answers what an editor asks about them.
public final class Session {
    public struct Options {
        /// What the script sees as `args`.
        public var arguments: [String]

        public init(arguments: [String] = []) { self.arguments = arguments }
    }

    /// How a run ended.
    public enum Outcome {
        case done
        /// An error while the text ran.
        case failed(Diagnostic)
        /// The text could not be parsed, and nothing of it ran.
        case malformed([Diagnostic])
        case interrupted(Diagnostic)
        /// `exit(code)`
        case exited(Int32)

        public var diagnostics: [Diagnostic] {
            switch self {
            case .done, .exited: []
            case .failed(let diagnostic), .interrupted(let diagnostic): [diagnostic]
            case .malformed(let diagnostics): diagnostics
            }
        }

        public var exitCode: Int32 {
            switch self {
            case .done: 0
            case .failed: 1
            case .malformed: 2
            case .interrupted: 130
            case .exited(let code): code
            }
        }
    }

    public let machine: Machine
    let library: StandardLibrary
    /// What was entered, for `%history`; a front end that keeps more puts it in here.
    public var history: () -> [String] = { [] }
    /// The columns of the window, which help fits into.
    public var width: () -> Int = { 80 }
    /// Shows a long text page by page; a front end that has a terminal puts its pager in here.
    public lazy var pager: (String) -> Void = { [unowned self] in machine.output.write($0, to: .results) }
    /// Shows what `?name` and `??name` answer; a front end that has a place of its own for help puts it in here.
    public lazy var helpReader: (String) -> Void = { [unowned self] in machine.output.write($0 + "\n", to: .results) }
    /// Whether what runs is a part of a cell and not its last, whose value is the cell's.
    private var moreFollows = false
    /// The texts entered in this session that ran without an error, with the numbers of their inputs.
    private(set) var entered: [(number: Int, text: String)] = []
    /// What was wrong with the last input that failed, for `%tb`.
    private(set) var lastError: [Diagnostic]?
    /// Inputs so far; the next one is `<prompt n>`.
    public private(set) var inputCount = 0
    /// The inputs whose values are still there as `_N`, oldest first.
    private var keptResults: [Int] = []
    /// More results than these are let go, since they may hold much memory.
    static let keptResultCount = 20

    public init(options: Options = Options(), output: any OutputSink) {
        machine = Machine(output: output, interruption: Session.interruption, chapters: allChapters())
        library = StandardLibrary(machine)
        machine.define(
            "args", .list(options.arguments.map { .string($0) }), summary: "The words after the script's name.")
        machine.hooks.loader = Importer(library)
        prepareHooks(machine)
    }

    // MARK: - Running

    /// Runs a text: shows the value of each statement that has one and is not quiet, and stops at the first error.
    public func run(_ source: Source) -> Outcome {
        run(source) { _ in }
    }

    /// What was entered at the prompt: a directive, or a text whose value is kept as `_` and `_N`.
    public func enter(_ text: String) -> Outcome {
        if let directive = Directive(text) { return noting(perform(directive)) }
        inputCount += 1
        return enter(text, as: inputCount)
    }

    private func enter(_ text: String, as number: Int, in place: Place? = nil) -> Outcome {
        var text = text.drop(while: \.isWhitespace).hasPrefix("|>") ? "_ " + text : text
        // Empty lines before it give its errors the lines of the file.
        if let place { text = String(repeating: "\n", count: place.line - 1) + text }
        let source = Source(name: place?.file ?? "<prompt \(number)>", text: text)
        let outcome = run(source) { keep($0, number) }
        if case .done = outcome { entered.append((number, text)) }
        return noting(outcome)
    }

    /// Where a text stands in a file: the file's name, and the line from 1.
    public struct Place {
        let file: String
        let line: Int

        public init(file: String, line: Int) { (self.file, self.line) = (file, max(1, line)) }
    }

    /// A cell of a notebook: a text whose lines may also be directives; it is the input of that number, whatever is in it.
    public func enter(cell: String, as number: Int, in place: Place? = nil) -> Outcome {
        var outcome = Outcome.done
        let parts = Cell.parts(of: cell)
        defer { moreFollows = false }
        for (index, part) in parts.enumerated() {
            moreFollows = index < parts.count - 1
            switch part {
            case .text(let text): outcome = enter(text, as: number, in: place)
            case .directive(let directive): outcome = noting(perform(directive))
            }
            guard case .done = outcome else { break }
        }
        // What a directive such as %time ran counted by itself.
        inputCount = number
        return outcome
    }

    /// The value of an expression, for a front end that asks for one; nothing is shown or kept.
    public func value(of text: String) throws -> Value {
        let source = Source(name: "<expression>", text: text)
        let program = try Parser.parse(source)
        try library.load(namesIn: source)
        return try machine.run(program, in: machine.main)
    }

    private func noting(_ outcome: Outcome) -> Outcome {
        if !outcome.diagnostics.isEmpty { lastError = outcome.diagnostics }
        return outcome
    }

    func run(_ source: Source, kept: (Value) -> Void) -> Outcome {
        let program: Program
        do {
            program = try Parser.parse(source)
        } catch {
            return .malformed(error.diagnostics)
        }
        do {
            try library.load(namesIn: source)
            let statements = program.body.statements
            for (place, statement) in statements.enumerated() {
                let value = try machine.run(
                    Program(source: source, body: Block([statement], span: statement.span)), in: machine.main)
                guard case .expression(_, quiet: false) = statement.kind, !value.isNull else { continue }
                if place == statements.count - 1, !moreFollows {
                    machine.output.showResult(value)
                } else {
                    machine.output.show(value)
                }
                kept(value)
            }
            return .done
        } catch {
            return Session.outcome(of: error)
        }
    }

    public static func outcome(of error: any Error) -> Outcome {
        switch error {
        case let request as ExitRequest: return .exited(Int32(truncatingIfNeeded: request.code) & 0xFF)
        case let errors as SyntaxErrors: return .malformed(errors.diagnostics)
        case let diagnostic as Diagnostic:
            return diagnostic.kind == "interrupt" ? .interrupted(diagnostic) : .failed(diagnostic)
        case let fault as any ScriptFault:
            let diagnostic = Diagnostic(kind: fault.kind, message: fault.message, hint: fault.hint)
            return fault.kind == "interrupt" ? .interrupted(diagnostic) : .failed(diagnostic)
        default: return .failed(Diagnostic(kind: "error", message: "\(error)"))
        }
    }

    /// Binds the value to `_` and to `_N`, and lets the oldest one go.
    private func keep(_ value: Value, _ number: Int) {
        machine.main["_"] = value
        machine.main["_\(number)"] = value
        if keptResults.last != number { keptResults.append(number) }
        if keptResults.count > Session.keptResultCount { machine.main["_\(keptResults.removeFirst())"] = nil }
    }

    /// Whether a text can be run, wants more lines, or is wrong whatever follows.
    public static func completeness(of text: String) -> Parser.Completeness {
        Directive(text) == nil ? Parser.completeness(of: text) : .complete
    }

    /// The names that the session's texts bound, without results and other names that begin with an underscore.
    var ownNames: [String] { machine.main.boundNames.filter { !$0.hasPrefix("_") } }

    // MARK: - The process

    /// One for the process, since tensors have one too: a signal does not know which session is at work.
    static let interruption = Language.Interruption()

    /// Asks the work to stop. Safe in a signal handler once a session was made.
    public static func interrupt() {
        interruption.request()
        Tensors.Interruption.request()
    }

    /// To be called when new work begins.
    public static func clearInterrupt() {
        interruption.clear()
        Tensors.Interruption.clear()
    }

    /// The most memory that tensors may take, in bytes.
    public static var memoryLimit: Int {
        get { Memory.limit }
        set { Memory.limit = newValue }
    }

    /// What is wrong with the variables of the environment that kd reads.
    public static func complaintAboutEnvironment() -> String? { InstructionSet.configured().complaint }
}

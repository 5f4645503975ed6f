/// A caught error, as `catch e` gives it.
public final class ErrorObject: Object {
    public let diagnostic: Diagnostic
    /// What is thrown on when a context was left because of it.
    let original: any Error

    public init(_ diagnostic: Diagnostic, original: (any Error)? = nil) {
        self.diagnostic = diagnostic
        self.original = original ?? diagnostic
    }

    public override var typeName: String { "error" }
    public override var fieldNames: [String] { ["message", "kind", "code", "file", "line", "hint", "trace"] }
    public override func display(_ style: DisplayStyle) -> String {
        style == .inline ? "<error \(diagnostic.kind): \(diagnostic.message)>" : diagnostic.rendered()
    }
    public override func field(_ name: String, _ machine: Machine) throws -> Value? {
        switch name {
        case "message": return .string(diagnostic.message)
        case "kind": return .string(diagnostic.kind)
        case "code": return diagnostic.code.map { .string($0) } ?? .null
        case "file": return diagnostic.file.map { .string($0) } ?? .null
        case "line": return diagnostic.line.map { .int($0) } ?? .null
        case "hint": return diagnostic.hint.map { .string($0) } ?? .null
        case "trace":
            return .list(
                diagnostic.trace.map { frame in
                    var place = ""
                    if let source = frame.source, let span = frame.span { place = " " + source.place(of: span) }
                    return .string(frame.function + place)
                })
        default: return nil
        }
    }
}

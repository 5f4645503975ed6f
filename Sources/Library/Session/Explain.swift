import Distillation
import Language
import Networks
import Tensors

/// Where in a script an operation was written.
struct ScriptPlace: Sendable {
    let source: Source
    let span: Span
}

/// The errors of the floors below as diagnostics; the machine adds the place of the call.
func explained(_ error: any Error) -> Diagnostic? {
    switch error {
    case let error as TensorError:
        var notes: [String] = []
        if let layer = error.layer { notes.append("in \(layer)") }
        if let place = error.place as? ScriptPlace {
            notes.append("it was computed at \(place.source.place(of: place.span))")
        }
        return Diagnostic(
            kind: error.kind.rawValue, code: error.kind == .unit ? "KD001" : nil, message: error.message,
            label: error.label, hint: error.hint, notes: notes)
    case let error as ModelError:
        return Diagnostic(
            kind: error.kind.rawValue, code: error.code, message: error.message, hint: error.hint, notes: error.notes)
    case let error as DataError:
        return Diagnostic(kind: error.kind, message: error.message, hint: error.hint)
    case let error as FormatError:
        return Diagnostic(kind: error.kind, message: error.message, hint: error.hint)
    default: return nil
    }
}

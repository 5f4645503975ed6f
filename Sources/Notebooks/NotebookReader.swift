import Language
import Networks

/// Reads a notebook from a file of either kind.
public enum NotebookReader {
    /// - Parameter note: takes sentences about what could not be taken over.
    /// - Throws: `FormatError` or a diagnostic for a file that is not there, no text, or no notebook.
    public static func read(_ path: String, note: (String) -> Void = { _ in }) throws -> Notebook {
        if path.hasSuffix(".ipynb") {
            let (notebook, losses) = try Notebook.read(File.read(path, limit: 512 << 20), file: path)
            for loss in losses { note("\(path): \(loss)") }
            return notebook
        }
        return try Notebook(script: Source(name: path, bytes: File.read(path, limit: Source.maximumBytes)))
    }
}

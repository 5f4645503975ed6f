import Glibc
import Language
import Networks

/// Finds the texts of imports: files beside the importing one, and the modules of the library.
final class Importer: ModuleLoader {
    private let library: StandardLibrary
    /// The name under which each file was first imported, by its real path.
    private var names: [String: String] = [:]

    init(_ library: StandardLibrary) { self.library = library }

    var libraryNames: [String] { library.files.map(\.name) }

    func source(library name: String) throws -> Source? { try library.source(named: name) }

    func source(path: String, from importer: Source) throws -> Source {
        let full = Importer.joined(path, from: importer.name)
        let bytes = try Importer.bytes(of: full)
        var name = full
        if let real = realpath(full, nil) {
            let key = String(cString: real)
            free(real)
            name = names[key] ?? full
            names[key] = name
        }
        return try Source(name: name, bytes: bytes)
    }

    /// A path relative to the folder of a script; texts that are no files, such as `<prompt 3>`, stand in the current one.
    static func joined(_ path: String, from importer: String) -> String {
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~/"), let home = getenv("HOME") { return String(cString: home) + path.dropFirst() }
        var parts = importer.hasPrefix("<") ? [] : importer.split(separator: "/").dropLast().map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(String(part))
            }
        }
        return (importer.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    static func bytes(of path: String) throws -> [UInt8] {
        do {
            return try File.read(path, limit: Source.maximumBytes)
        } catch {
            throw explained(error) ?? error
        }
    }
}

/// What the host gives the machine to find the texts of imports.
public protocol ModuleLoader: AnyObject {
    /// The text of a path relative to the importing file; its name is the file's full path or another name of its own.
    func source(path: String, from importer: Source) throws -> Source
    /// The text of a library module such as `teaching`, nil when there is none of that name.
    func source(library name: String) throws -> Source?
    /// The names of library modules, for the nearest one.
    var libraryNames: [String] { get }
}

extension Machine {
    /// The module of an import: run when it is imported first, the same one afterwards.
    func load(_ node: ImportNode, from code: Code) throws -> Value {
        guard let loader = hooks.loader else {
            throw Fault("nothing can be imported here", kind: "file")
        }
        let source: Source
        switch node.origin {
        case .path(let path): source = try loader.source(path: path, from: code.source)
        case .library(let name):
            guard let found = try loader.source(library: name) else {
                let near = nearest(name, in: loader.libraryNames).map { "did you mean \($0)?" }
                throw Fault(
                    "there is no module \(name)",
                    hint: near ?? "import \"./\(name).kds\" as \(name) imports a file", kind: "name")
            }
            source = found
        }
        return .object(try load(source, importer: code.source))
    }

    /// The module of a text, run once; also for a library's own start.
    @discardableResult
    public func load(_ source: Source, importer: Source? = nil) throws -> ModuleObject {
        if let module = modules[source.name] {
            if let start = loading.firstIndex(of: source.name) {
                let ring = loading[start...].map(Machine.shortName) + [Machine.shortName(source.name)]
                throw Fault("the modules import one another in a ring: \(ring.joined(separator: " → "))", kind: "name")
            }
            return module
        }
        if let importer, importer.name == source.name {
            throw Fault("\(Machine.shortName(source.name)) imports itself", kind: "name")
        }
        let module = ModuleObject(name: Machine.shortName(source.name), source: source)
        modules[source.name] = module
        loading.append(source.name)
        defer { loading.removeLast() }
        do {
            _ = try run(Parser.parse(source), in: module)
        } catch {
            modules[source.name] = nil
            throw error
        }
        return module
    }

    /// Does something for which the main module is what an import of this file gives.
    public func withMain<Result>(as file: Source, _ body: () throws -> Result) rethrows -> Result {
        let before = modules[file.name]
        modules[file.name] = main
        defer { modules[file.name] = before }
        return try body()
    }

    /// Makes a file known as being run, so that an import of it from what it imports is a ring and not a second run.
    public func run(file source: Source) throws -> Value {
        modules[source.name] = main
        loading.append(source.name)
        defer {
            loading.removeLast()
            modules[source.name] = nil
        }
        return try run(source)
    }

    /// The last part of a path, without its ending.
    static func shortName(_ path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.hasSuffix(".kds") ? String(file.dropLast(4)) : file
    }
}

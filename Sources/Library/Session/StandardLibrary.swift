import Language

/// The embedded `stdlib/`: each name is known from the start, its file is parsed when the name is first used.
public final class StandardLibrary {
    /// One file of `stdlib/`.
    final class File {
        let name: String
        let bytes: [UInt8]
        /// The functions and models that it declares, in their order.
        let names: [String]
        fileprivate(set) var state = State.unread

        enum State {
            case unread
            case reading
            case read(ModuleObject)
        }

        init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
            names = StandardLibrary.declarations(in: bytes)
        }

        var source: Source {
            Source(name: "stdlib/\(name).kds", text: String(decoding: bytes, as: UTF8.self), isLibrary: true)
        }
    }

    let files: [File]
    /// The everyday names and where they are declared.
    private var owners: [String: File] = [:]
    private unowned let machine: Machine

    init(_ machine: Machine) {
        self.machine = machine
        files = EmbeddedFiles.all.map { File(name: $0.name, bytes: $0.bytes) }
        for file in files where !EmbeddedFiles.importedOnly.contains(file.name) {
            for name in file.names where machine.builtin(name) == nil {
                owners[name] = file
                machine.define(name, .object(UnreadFunction(name, self)))
            }
        }
    }

    /// The everyday names, by file.
    var names: [(file: String, names: [String])] {
        files.filter { !EmbeddedFiles.importedOnly.contains($0.name) }.map { ($0.name, $0.names) }
    }

    /// Reads the files of all everyday names that a text mentions, so that its functions meet the real ones.
    func load(namesIn source: Source) throws {
        let bytes = source.bytes
        var index = 0
        while index < bytes.count {
            guard isNameByte(bytes[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
            if bytes[start] < 0x30 || bytes[start] > 0x39 {
                try load(String(decoding: bytes[start..<index], as: UTF8.self))
            }
        }
    }

    /// Reads the file that declares a name, if it is one of the library's.
    func load(_ name: String) throws {
        guard let file = owners[name], case .unread = file.state else { return }
        _ = try module(of: file)
    }

    /// The text of a file of the library, for `import`; nil when there is no such file.
    func source(named name: String) throws -> Source? {
        guard let file = files.first(where: { $0.name == name }) else { return nil }
        try load(namesIn: file.source)
        return file.source
    }

    /// The value that a name stands for now, its file read.
    fileprivate func value(of name: String) throws -> Value {
        try load(name)
        guard let value = machine.builtin(name), !(value.object is UnreadFunction) else {
            throw Fault(
                "\(name) is being read", hint: "the library's files call each other while they are read", kind: "name")
        }
        return value
    }

    private func module(of file: File) throws -> ModuleObject {
        if case .read(let module) = file.state { return module }
        let source = file.source
        let module: ModuleObject
        file.state = .reading
        do {
            try load(namesIn: source)
            module = try machine.load(source)
        } catch {
            file.state = .unread
            throw error
        }
        file.state = .read(module)
        for name in file.names {
            if owners[name] === file, let value = module[name] { machine.define(name, value) }
        }
        return module
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x80...: true
        default: false
        }
    }

    /// The names after `fn` and `model` at the starts of lines; those that begin with an underscore are the file's own.
    static func declarations(in bytes: [UInt8]) -> [String] {
        var names: [String] = []
        let keywords = [Array("fn ".utf8), Array("model ".utf8)]
        bytes.withUnsafeBufferPointer { bytes in
            var line = 0
            while line < bytes.count {
                let rest = bytes[line...]
                for keyword in keywords where rest.starts(with: keyword) {
                    let name = rest.dropFirst(keyword.count).prefix { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                        default: false
                        }
                    }
                    if let first = name.first, first != UInt8(ascii: "_") {
                        names.append(String(decoding: name, as: UTF8.self))
                    }
                }
                line = (rest.firstIndex(of: 0x0A) ?? bytes.count - 1) + 1
            }
        }
        return names
    }
}

/// A function of the library whose file was not read yet; the first use reads it.
final class UnreadFunction: Object {
    private let name: String
    private unowned let library: StandardLibrary

    init(_ name: String, _ library: StandardLibrary) {
        self.name = name
        self.library = library
    }

    override var typeName: String { "function" }
    override var isCallable: Bool { true }
    override var signature: Signature? { (try? library.value(of: name))?.object?.signature }
    override func display(_ style: DisplayStyle) -> String {
        (try? library.value(of: name))?.display(style) ?? "<function \(name)>"
    }
    override func call(_ arguments: Arguments, _ machine: Machine) throws -> Value {
        try machine.call(library.value(of: name), arguments)
    }
    override func isEqual(to other: Object) -> Bool {
        other === self || (try? library.value(of: name))?.object === other
    }
}

import Glibc
import Networks

/// Where a kernel's five sockets are and the key that its messages are signed with.
///
/// Source: "Messaging in Jupyter", section "Connection files".
public struct ConnectionFile: Sendable {
    package enum Channel: Int, CaseIterable, Sendable {
        case shell, control, stdin, iopub, heartbeat

        var portName: String { self == .heartbeat ? "hb_port" : "\(self)_port" }
    }

    let transport: String
    let address: String
    let ports: [Channel: Int]
    let key: String

    /// Reads a file; what is missing or wrong in it is an error that names it.
    public init(path: String) throws {
        let json = try JSONValue.read(path)
        func fault(_ problem: String) -> FormatError { FormatError(problem, file: path) }
        func text(_ name: String, or standard: String? = nil) throws -> String {
            if let text = json[name]?.string ?? (json[name] == nil ? standard : nil) { return text }
            throw fault("\"\(name)\" must be a string")
        }
        transport = try text("transport", or: "tcp")
        guard ["tcp", "ipc"].contains(transport) else {
            throw fault("the transport \"\(transport)\" is neither tcp nor ipc")
        }
        address = try text("ip", or: "127.0.0.1")
        key = try text("key", or: "")
        let scheme = try text("signature_scheme", or: "hmac-sha256")
        guard key.isEmpty || scheme == "hmac-sha256" else {
            throw fault("the signature scheme \"\(scheme)\" is unknown; kd signs with hmac-sha256")
        }
        var ports: [Channel: Int] = [:]
        for channel in Channel.allCases {
            guard let port = json[channel.portName]?.int, (0...65535).contains(port) else {
                throw fault("\"\(channel.portName)\" must be a port from 0 to 65535")
            }
            ports[channel] = port
        }
        self.ports = ports
    }

    /// A kernel of one's own: free ports on this machine, and a new key.
    public init() {
        transport = "tcp"
        address = "127.0.0.1"
        key = Identifier.random()
        ports = [:]
    }

    func endpoint(_ channel: Channel) -> String {
        let port = ports[channel] ?? 0
        if transport == "ipc" { return "ipc://\(address)-\(port)" }
        return "tcp://\(address):" + (port == 0 ? "*" : String(port))
    }

    /// The file's text with the ports that the sockets have.
    func text(ports: [Channel: Int]) throws -> String {
        var json: JSONObject = [
            "transport": .string(transport), "ip": .string(address), "key": .string(key),
            "signature_scheme": .string("hmac-sha256"), "kernel_name": .string("kd"),
        ]
        for channel in Channel.allCases { json[channel.portName] = .int(ports[channel] ?? 0) }
        return try JSONValue.object(json).text(indent: 2) + "\n"
    }

    /// Whether others than its owner may read a file: whoever reads the key can run code.
    public static func isReadableByOthers(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & 0o077 != 0
    }
}

/// Names that nobody can guess.
enum Identifier {
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let (a, b) = (generator.next() as UInt64, generator.next() as UInt64)
        func digits(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return digits(a) + digits(b)
    }
}

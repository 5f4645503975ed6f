import Glibc
import Language
import Networks

/// What Jupyter has to know to start kd: a folder with `kernel.json` and logos.
///
/// Source: jupyter_client, "Kernel specs".
public struct KernelDescription {
    private let program: String

    /// `program` is the path of the program that serves.
    public init(program: String) { self.program = program }

    public func write(to folder: String) throws {
        try KernelDescription.makeFolder(folder)
        let json: JSONObject = [
            "argv": .array(
                [program, "jupyter", "--connection-file", "{connection_file}"].map { .string($0) }),
            "display_name": .string("kd"), "language": .string("kd"), "interrupt_mode": .string("signal"),
            "kernel_protocol_version": .string(Message.protocolVersion),
            "metadata": .object(["debugger": .bool(false)]),
        ]
        try File.write(JSONValue.object(json).text(indent: 2) + "\n", to: folder + "/kernel.json")
        try File.write(Logo.svg, to: folder + "/logo-svg.svg")
        for size in [32, 64] { try File.write(Logo.png(size: size), to: "\(folder)/logo-\(size)x\(size).png") }
    }

    /// Takes the folder away, if it is there and holds nothing else.
    public static func remove(_ folder: String) throws {
        for file in ["kernel.json", "logo-svg.svg", "logo-32x32.png", "logo-64x64.png"] { unlink(folder + "/" + file) }
        guard rmdir(folder) == 0 else {
            throw Fault("cannot remove \(folder): \(String(cString: strerror(errno)).lowercased())", kind: "file")
        }
    }

    /// Makes a folder and those that it lies in.
    public static func makeFolder(_ folder: String) throws {
        var path = folder.hasPrefix("/") ? "" : "."
        for part in folder.split(separator: "/") {
            path += "/" + part
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw Fault("cannot make \(path): \(String(cString: strerror(errno)).lowercased())", kind: "file")
            }
        }
    }
}

/// A file that only its owner may read.
public enum PrivateFile {
    public static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, close(descriptor) == 0 else {
            throw Fault("cannot write \(path): \(String(cString: strerror(errno)).lowercased())", kind: "file")
        }
    }
}

/// Where a script's text goes; the host decides what each channel is.
public enum OutputChannel: Sendable {
    /// What `print` writes, and results: stdout.
    case results
    /// Warnings and errors: stderr.
    case messages
    /// Progress that may be overwritten: stderr at a terminal, else nothing.
    case progress
}

/// What the host gives the machine to write to.
public protocol OutputSink: AnyObject {
    func write(_ text: String, to channel: OutputChannel)
    /// Shows a value in its full form in the middle of a run, as `show(x)` does.
    ///
    /// A host that can puts a value with an identity in the place of the one before that had the same.
    func show(_ value: Value, identity: String?)
    /// Shows the value of a text's last statement.
    func showResult(_ value: Value)
    /// Whether what is written goes to the program's own streams, where commands of the shell write too.
    var isStreams: Bool { get }
    /// Whether a value can be put in the place of another.
    var replacesValues: Bool { get }
    /// Takes away what was written, where that is possible; with `waiting`, once there is something new.
    func clear(waiting: Bool)
}

extension OutputSink {
    public func show(_ value: Value, identity: String?) {
        write(value.display(.full(width: 80)) + "\n", to: .results)
    }
    public func show(_ value: Value) { show(value, identity: nil) }
    public func showResult(_ value: Value) { show(value) }
    public func clear(waiting: Bool) {}
    public var replacesValues: Bool { false }
    public var isStreams: Bool { false }
}

/// A form of a value besides its text, as `image/svg+xml` or `text/html`.
public struct Rendition: Equatable {
    public enum Content: Equatable {
        case text(String)
        case bytes([UInt8])
    }

    /// A MIME type.
    public let type: String
    public let content: Content

    public init(type: String, content: Content) { (self.type, self.content) = (type, content) }
}

/// Collects what is written, for tests and for capturing.
public final class OutputBuffer: OutputSink {
    public private(set) var results = ""
    public private(set) var messages = ""
    public private(set) var progress = ""

    public init() {}

    public func write(_ text: String, to channel: OutputChannel) {
        switch channel {
        case .results: results += text
        case .messages: messages += text
        case .progress: progress += text
        }
    }

    public func clear() { (results, messages, progress) = ("", "", "") }
}

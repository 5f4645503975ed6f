import Glibc
import Networks

/// A request as it came in, checked.
package struct Request: Sendable {
    /// What ROUTER sockets put before a message: where the answer goes.
    package let identities: [[UInt8]]
    /// The header as it was written, which answers carry as their parent.
    package let rawHeader: [UInt8]
    package let type: String
    package let identifier: String
    package let content: JSONValue
    /// Where it came from and its answer goes.
    let channel: ConnectionFile.Channel

    package static let delimiter = Array("<IDS|MSG>".utf8)

    /// Nil for frames that are no message, or not signed as they must be, or seen before.
    package init?(
        frames: [[UInt8]], channel: ConnectionFile.Channel, signature: Signature, seen: inout SeenSignatures
    ) {
        guard let mark = frames.firstIndex(of: Request.delimiter), frames.count >= mark + 6 else { return nil }
        let signed = frames[(mark + 2)..<(mark + 6)]
        guard signature.isValid(frames[mark + 1], for: signed) else { return nil }
        if !frames[mark + 1].isEmpty, !seen.insert(frames[mark + 1]) { return nil }
        guard let header = try? JSONValue.parse(frames[mark + 2]), let type = header["msg_type"]?.string,
            let content = try? JSONValue.parse(frames[mark + 5])
        else { return nil }
        identities = Array(frames[..<mark])
        rawHeader = frames[mark + 2]
        self.type = type
        identifier = header["msg_id"]?.string ?? ""
        self.content = content
        self.channel = channel
    }
}

/// A message on its way out.
package struct Message: Sendable {
    let channel: ConnectionFile.Channel
    let type: String
    var content: JSONValue
    /// The header of the request that it belongs to.
    var parent: [UInt8]?
    var metadata: JSONValue = .object([:])
    var identities: [[UInt8]] = []

    /// The answer to a request, on its channel.
    package static func reply(to request: Request, _ content: JSONObject) -> Message {
        Message(
            channel: request.channel, type: request.type.replacingSuffix("_request", with: "_reply"),
            content: .object(content), parent: request.rawHeader, identities: request.identities)
    }

    /// What all clients see.
    static func published(_ type: String, _ content: JSONObject, for request: Request?) -> Message {
        Message(
            channel: .iopub, type: type, content: .object(content), parent: request?.rawHeader,
            identities: [Array("kd.\(type)".utf8)])
    }

    static func status(_ state: String, for request: Request?) -> Message {
        published("status", ["execution_state": .string(state)], for: request)
    }

    /// The frames as they are sent; each has a header of its own, so that no two signatures are the same.
    package func frames(session: String, signature: Signature) -> [[UInt8]] {
        let header: JSONObject = [
            "msg_id": .string(Identifier.random()), "session": .string(session), "username": .string("kd"),
            "date": .string(Message.now()), "msg_type": .string(type), "version": .string(Message.protocolVersion),
        ]
        // What the kernel itself puts into a message can be written.
        let signed = [
            (try? JSONValue.object(header).bytes()) ?? [], parent ?? Array("{}".utf8),
            (try? metadata.bytes()) ?? Array("{}".utf8), (try? content.bytes()) ?? Array("{}".utf8),
        ]
        return identities + [Request.delimiter, signature.sign(signed)] + signed
    }

    static let protocolVersion = "5.5"

    /// The time as ISO 8601 with microseconds, in UTC.
    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let day = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let hour = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(day)T\(hour).\(padded(time.tv_nsec / 1000, 6))Z"
    }
}

extension String {
    /// The text with another ending in the place of one that it has.
    func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}

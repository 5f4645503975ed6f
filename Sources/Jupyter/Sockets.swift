import CZeroMQ
import Glibc
import Language

/// The five sockets of a kernel. ZeroMQ's sockets belong to one thread: the one that made them.
final class Sockets {
    private let context: UnsafeMutableRawPointer
    private var sockets: [ConnectionFile.Channel: UnsafeMutableRawPointer] = [:]
    private(set) var ports: [ConnectionFile.Channel: Int] = [:]

    private static func fault(_ what: String) -> Fault {
        Fault("\(what): \(String(cString: zmq_strerror(zmq_errno())))", kind: "network")
    }

    init(_ connection: ConnectionFile) throws {
        guard let context = zmq_ctx_new() else { throw Sockets.fault("no sockets") }
        self.context = context
        for channel in ConnectionFile.Channel.allCases {
            let kind =
                switch channel {
                case .shell, .control, .stdin: ZMQ_ROUTER
                case .iopub: ZMQ_XPUB
                case .heartbeat: ZMQ_REP
                }
            guard let socket = zmq_socket(context, kind) else { throw Sockets.fault("no socket for \(channel)") }
            sockets[channel] = socket
            // What is left when the kernel ends has this long to leave; a client that reads slowly loses nothing.
            Sockets.set(socket, ZMQ_LINGER, 1000)
            Sockets.set(socket, ZMQ_SNDHWM, 0)
            if channel == .iopub { Sockets.set(socket, ZMQ_XPUB_VERBOSE, 1) }
            // A client that comes back under its name gets its answers.
            if kind == ZMQ_ROUTER { Sockets.set(socket, ZMQ_ROUTER_HANDOVER, 1) }
            let endpoint = connection.endpoint(channel)
            guard zmq_bind(socket, endpoint) == 0 else { throw Sockets.fault("cannot listen at \(endpoint)") }
            ports[channel] = Sockets.port(of: socket) ?? connection.ports[channel]
        }
    }

    /// Sends what is left and closes everything.
    func close() {
        for socket in sockets.values { zmq_close(socket) }
        sockets = [:]
        zmq_ctx_term(context)
    }

    private static func set(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) {
        var value = value
        zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size)
    }

    private static func port(of socket: UnsafeMutableRawPointer) -> Int? {
        var text = [CChar](repeating: 0, count: 256)
        var count = text.count
        guard zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &count) == 0 else { return nil }
        let endpoint = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return endpoint.split(separator: ":").last.flatMap { Int($0) }
    }

    /// Waits for a message or for the descriptor; at most so long.
    func wait(descriptor: Int32, milliseconds: Int) -> Set<ConnectionFile.Channel> {
        let channels = ConnectionFile.Channel.allCases
        var items = channels.map {
            zmq_pollitem_t(socket: sockets[$0], fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        }
        items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        guard zmq_poll(&items, Int32(items.count), milliseconds) > 0 else { return [] }
        return Set(channels.indices.filter { items[$0].revents != 0 }.map { channels[$0] })
    }

    /// The frames of a message that has come; nil when there is none.
    func receive(_ channel: ConnectionFile.Channel) -> [[UInt8]]? {
        guard let socket = sockets[channel] else { return nil }
        var frames: [[UInt8]] = []
        while true {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 else { return nil }
            frames.append(Array(UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))))
            if zmq_msg_more(&part) == 0 { return frames }
        }
    }

    func send(_ frames: [[UInt8]], to channel: ConnectionFile.Channel) {
        guard let socket = sockets[channel] else { return }
        for (place, frame) in frames.enumerated() {
            let more = place < frames.count - 1 ? ZMQ_SNDMORE : 0
            while zmq_send(socket, frame, frame.count, more) < 0, zmq_errno() == EINTR {}
        }
    }
}

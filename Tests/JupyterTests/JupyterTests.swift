import Networks
import Testing

import Jupyter

@Suite("The Jupyter protocol")
struct JupyterTests {
    /// RFC 4231, test case 2.
    @Test("signatures are HMAC-SHA256 over the frames one after the other")
    func signatures() {
        let signature = Signature(key: "Jefe")
        let frames = [Array("what do ya ".utf8), Array("want for nothing?".utf8)]
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        #expect(String(decoding: signature.sign(frames), as: UTF8.self) == expected)
        #expect(signature.isValid(Array(expected.utf8), for: frames))
        #expect(!signature.isValid(Array(expected.uppercased().utf8), for: frames))
        #expect(!signature.isValid([], for: frames))
        #expect(!signature.isValid(Array(expected.utf8), for: [frames[0]]))
        #expect(Signature(key: "").isValid([], for: frames))
    }

    private static func frames(_ type: String, content: String = "{}", key: String = "k") -> [[UInt8]] {
        let parts = ["{\"msg_type\": \"\(type)\", \"msg_id\": \"1\"}", "{}", "{}", content].map { Array($0.utf8) }
        return [Array("client".utf8), Request.delimiter, Signature(key: key).sign(parts)] + parts
    }

    @Test("a request is taken once, when it is signed and whole")
    func requests() {
        let signature = Signature(key: "k")
        var seen = SeenSignatures()
        let good = Self.frames("execute_request", content: "{\"code\": \"1\"}")
        let request = Request(frames: good, channel: .shell, signature: signature, seen: &seen)
        #expect(request?.type == "execute_request" && request?.content["code"] == .string("1"))
        #expect(request?.identities == [Array("client".utf8)])
        #expect(Request(frames: good, channel: .shell, signature: signature, seen: &seen) == nil)
        let forged = Self.frames("execute_request", key: "other")
        #expect(Request(frames: forged, channel: .shell, signature: signature, seen: &seen) == nil)
        for count in 0..<good.count {
            var part = SeenSignatures()
            #expect(
                Request(frames: Array(good.prefix(count)), channel: .shell, signature: signature, seen: &part) == nil)
        }
        for broken in ["", "[", "nothing", "{\"a\": 1"] {
            let frames = Self.frames("execute_request", content: broken)
            #expect(Request(frames: frames, channel: .shell, signature: signature, seen: &seen) == nil)
        }
    }

    @Test("signatures are remembered over many messages, in bounded room")
    func replays() {
        var seen = SeenSignatures()
        let new = (0..<70_000).count { seen.insert(Array("\($0)".utf8)) }
        #expect(new == 70_000)
        let again = (60_000..<70_000).count { seen.insert(Array("\($0)".utf8)) }
        #expect(again == 0)
    }

    @Test("answers carry their request's header, and no two are signed alike")
    func messages() throws {
        var seen = SeenSignatures()
        let signature = Signature(key: "k")
        let request = try #require(
            Request(frames: Self.frames("kernel_info_request"), channel: .control, signature: signature, seen: &seen))
        let reply = Message.reply(to: request, ["status": .string("ok")])
        let (one, two) = (
            reply.frames(session: "s", signature: signature), reply.frames(session: "s", signature: signature)
        )
        #expect(one[0] == Array("client".utf8) && one[1] == Request.delimiter && one[4] == request.rawHeader)
        #expect(try JSONValue.parse(one[3])["msg_type"] == .string("kernel_info_reply"))
        #expect(one[2] != two[2])
        #expect(signature.isValid(one[2], for: one[3...]))
    }

    @Test("the log answers for its tail, for ranges of this and earlier sessions, and for patterns")
    func history() {
        var log = InputLog(earlier: ["old one", "old two"])
        for (number, text) in ["a = 1", "b = 2", "a = 1"].enumerated() {
            log.append(text, line: number + 1, output: "\(number)")
        }
        func inputs(_ request: JSONObject) -> [String] {
            log.answer(.object(request))["history"]?.array?.compactMap {
                $0.array?[2].string ?? $0.array?[2].array?[0].string
            } ?? []
        }
        #expect(inputs(["hist_access_type": .string("tail"), "n": .int(2)]) == ["b = 2", "a = 1"])
        #expect(inputs(["hist_access_type": .string("tail"), "n": .int(-5)]) == [])
        #expect(
            inputs(["hist_access_type": .string("range"), "session": .int(0), "start": .int(2)]) == ["b = 2", "a = 1"])
        #expect(inputs(["hist_access_type": .string("range"), "session": .int(-1)]) == ["old one", "old two"])
        #expect(inputs(["hist_access_type": .string("search"), "pattern": .string("a*")]) == ["a = 1", "a = 1"])
        #expect(
            inputs(["hist_access_type": .string("search"), "pattern": .string("a*"), "unique": .bool(true)]) == [
                "a = 1"
            ])
        #expect(
            inputs(["hist_access_type": .string("search"), "pattern": .string("*o*"), "n": .int(1)]) == ["old two"])
        #expect(
            inputs(["hist_access_type": .string("search"), "pattern": .string(String(repeating: "*a", count: 2000))])
                == [])
        #expect(inputs([:]).count == 5)
    }
}

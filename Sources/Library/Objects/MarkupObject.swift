import Foundation
import Language
import Networks

/// A text in a markup language, which front ends that know it lay out.
final class MarkupObject: Object {
    private let source: String
    private let type: String

    init(_ source: String, type: String) {
        self.source = source
        self.type = type
    }

    override var typeName: String { "markup" }
    override func display(_ style: DisplayStyle) -> String { source }
    override func renditions() -> [Rendition] { [Rendition(type: type, content: .text(source))] }
}

extension Value {
    /// The value in all forms that it has, by MIME type, as notebooks keep them.
    public var bundle: JSONObject {
        var data: JSONObject = ["text/plain": .string(display(.full(width: 80)))]
        for rendition in object?.renditions() ?? [] { data[rendition.type] = .string(rendition.content.text) }
        return data
    }
}

extension Rendition.Content {
    /// The text, or the bytes in base64, as JSON and pages carry them.
    public var text: String {
        switch self {
        case .text(let text): text
        case .bytes(let bytes): Data(bytes).base64EncodedString()
        }
    }
}

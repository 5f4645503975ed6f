import Foundation

extension Drawing {
    /// The drawing as SVG that needs nothing else; on white; a page that sets the colour and background of it
    /// anew gives text and axes that colour.
    public func svg() -> String {
        let size = "width=\"\(SVG.number(width))\" height=\"\(SVG.number(height))\""
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) viewBox=\"0 0 \(SVG.number(width)) \(SVG.number(height))\" "
            + "role=\"img\" font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" fill=\"none\" "
            + "style=\"max-width:100%;height:auto;color:#1a1a1a;background:#fff\">\n"
        if !description.isEmpty { text += "<title>\(SVG.escaped(description))</title>\n" }
        for shape in shapes { text += SVG.element(shape) + "\n" }
        return text + "</svg>\n"
    }
}

enum SVG {
    /// Two decimals are finer than any screen, and the same everywhere.
    static func number(_ value: Double) -> String {
        let hundredths = (value * 100).rounded()
        guard hundredths.isFinite, abs(hundredths) < 1e12 else { return "0" }
        let whole = Int(hundredths)
        let (sign, size) = (whole < 0 ? "-" : "", abs(whole))
        let rest = size % 100
        if rest == 0 { return "\(sign)\(size / 100)" }
        return "\(sign)\(size / 100)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
    }

    /// Text for XML; control characters, which XML has no way to write, are left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n": result += " "
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value & 0xFFFE == 0xFFFE: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func paint(_ ink: Ink, _ role: String) -> String {
        switch ink {
        case .foreground: "\(role)=\"currentColor\""
        case .muted: "\(role)=\"currentColor\" \(role)-opacity=\"0.7\""
        case .grid: "\(role)=\"currentColor\" \(role)-opacity=\"0.15\""
        case .color(let color): "\(role)=\"\(color.hex)\""
        }
    }

    private static func points(_ points: [Point]) -> String {
        points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    }

    static func element(_ shape: Shape) -> String {
        switch shape {
        case .polyline(let places, let ink, let width, let dash):
            let dashes =
                dash.isEmpty ? "" : " stroke-dasharray=\"\(dash.map { number($0) }.joined(separator: " "))\""
            return "<polyline points=\"\(points(places))\" \(paint(ink, "stroke")) stroke-width=\"\(number(width))\""
                + "\(dashes) stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        case .polygon(let places, let ink, let opacity):
            let veil = opacity < 1 ? " opacity=\"\(number(opacity))\"" : ""
            return "<polygon points=\"\(points(places))\" \(paint(ink, "fill"))\(veil)/>"
        case .box(let box, let ink):
            return "<rect x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\" "
                + "height=\"\(number(box.height))\" \(paint(ink, "fill"))/>"
        case .circle(let center, let radius, let ink):
            return "<circle cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" r=\"\(number(radius))\" "
                + "\(paint(ink, "fill"))/>"
        case .image(let image, let box):
            return "<image x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\" "
                + "height=\"\(number(box.height))\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
                + "href=\"data:image/png;base64,\(Data(image.png()).base64EncodedString())\"/>"
        case .text(let text, let at, let size, let anchor, let turned, let ink, let isBold):
            let turn =
                turned == 0 ? "" : " transform=\"rotate(\(number(-turned)) \(number(at.x)) \(number(at.y)))\""
            let weight = isBold ? " font-weight=\"bold\"" : ""
            let side =
                switch anchor {
                case .start: ""
                case .middle: " text-anchor=\"middle\""
                case .end: " text-anchor=\"end\""
                }
            return
                "<text x=\"\(number(at.x))\" y=\"\(number(at.y))\" font-size=\"\(number(size))\"\(side)\(weight)\(turn) "
                + "\(paint(ink, "fill"))>\(escaped(text))</text>"
        }
    }
}

/// Pictures in rows, each with a line below it.
public struct Pictures: Equatable, Sendable {
    public var images: [Image]
    /// One for each picture, or none at all.
    public var captions: [String]
    public var columns: Int
    public var title: String

    public init(images: [Image], captions: [String] = [], columns: Int = 8, title: String = "") {
        (self.images, self.captions, self.columns, self.title) = (images, captions, columns, title)
    }

    var summary: String { "images" + (title.isEmpty ? "" : ": \(title)") + " (\(images.count))" }

    func drawing(width: Double) -> Drawing {
        let size = Typesetting.tickSize
        var drawing = Drawing(width: width, height: 0, description: summary)
        var y = Typesetting.title(title, to: &drawing)
        let columns = max(1, min(columns, images.count))
        let gap = 10.0
        let cell = (width - 20 - gap * Double(columns - 1)) / Double(columns)
        for start in stride(from: 0, to: images.count, by: columns) {
            var deepest = 0.0
            for index in start..<min(start + columns, images.count) {
                let image = images[index]
                let side = min(cell, 180, max(cell * 0.4, Double(max(image.width, image.height)) * 6))
                let scale = side / Double(max(image.width, image.height))
                let x = 10 + Double(index - start) * (cell + gap)
                let box = Box(
                    x: x + (cell - Double(image.width) * scale) / 2, y: y, width: Double(image.width) * scale,
                    height: Double(image.height) * scale)
                drawing.shapes.append(.image(image, box))
                var bottom = box.bottom
                if !captions.isEmpty {
                    for line in Typesetting.wrap(captions[index], size, into: cell, limit: 2) {
                        bottom += size * 1.25
                        drawing.shapes.append(Typesetting.text(line, x + cell / 2, bottom - 1, .middle))
                    }
                }
                deepest = max(deepest, bottom)
            }
            y = deepest + gap
        }
        drawing.height = y
        return drawing
    }

    /// Brightness as blocks: each letter stands for two pixels, one above the other.
    func lines(width: Int) -> [String] {
        let shades: [Character] = [" ", "░", "▒", "▓", "█"]
        var lines = title.isEmpty ? [] : [fitted(title, width)]
        let largest = images.map(\.width).max() ?? 1
        let columns = max(1, min(self.columns, images.count, (width + 1) / (min(largest, 12) + 1)))
        let room = max(4, (width + 1) / columns - 1)
        for start in stride(from: 0, to: images.count, by: columns) {
            let row = (start..<min(start + columns, images.count)).map { index -> [String] in
                let image = images[index]
                let across = min(image.width, room)
                let step = Double(image.width) / Double(across)
                let down = max(1, Int((Double(image.height) / (2 * step)).rounded()))
                var texts = (0..<down).map { line in
                    String(
                        (0..<across).map { column in
                            let x =
                                Int(
                                    Double(column) * step)..<max(
                                    Int(Double(column) * step) + 1, Int(Double(column + 1) * step))
                            let y =
                                line * image.height
                                / down..<max(line * image.height / down + 1, (line + 1) * image.height / down)
                            var total = 0.0
                            for v in y { for u in x { total += image.pixels[v * image.width + u].luminance } }
                            let mean = total / Double(x.count * y.count)
                            return shades[min(4, Int(mean * 5))]
                        })
                }
                if !captions.isEmpty { texts.append(fitted(captions[index], room)) }
                return texts
            }
            for line in 0..<(row.map(\.count).max() ?? 0) {
                lines.append(
                    row.map { texts in
                        let text = line < texts.count ? texts[line] : ""
                        return text + String(repeating: " ", count: room - text.count)
                    }.joined(separator: " "))
            }
        }
        return lines
    }
}

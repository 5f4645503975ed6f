/// What a figure shows, before anything is decided about its size or its colours.
public indirect enum Figure: Equatable, Sendable {
    case chart(Chart)
    case bars(Bars)
    case heatmap(Heatmap)
    case pictures(Pictures)
    /// Figures side by side, in rows of so many.
    case panels([Figure], columns: Int)

    /// The figure with every place and colour decided, `width` points wide.
    public func drawing(width: Double = 560) -> Drawing {
        switch self {
        case .chart(let chart): chart.drawing(width: width)
        case .bars(let bars): bars.drawing(width: width)
        case .heatmap(let heatmap): heatmap.drawing(width: width)
        case .pictures(let pictures): pictures.drawing(width: width)
        case .panels(let figures, let columns): Figure.drawing(figures, columns: columns, width: width)
        }
    }

    /// The figure as lines of text, at most `width` columns wide.
    public func text(width: Int = 80) -> String {
        let lines =
            switch self {
            case .chart(let chart): chart.lines(width: width)
            case .bars(let bars): bars.lines(width: width)
            case .heatmap(let heatmap): heatmap.lines(width: width)
            case .pictures(let pictures): pictures.lines(width: width)
            case .panels(let figures, _):
                Array(
                    figures.map {
                        $0.text(width: width).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                    }
                    .joined(separator: [""]))
            }
        return lines.map { line in
            var line = line
            while line.last == " " || line.last == "\u{2800}" { line.removeLast() }
            return line.count > width ? fitted(line, width) : line
        }.joined(separator: "\n")
    }

    /// What kind of figure it is and what it holds, in one line.
    public var summary: String {
        switch self {
        case .chart(let chart): chart.summary
        case .bars(let bars): bars.summary
        case .heatmap(let heatmap): heatmap.summary
        case .pictures(let pictures): pictures.summary
        case .panels(let figures, _): "\(figures.count) figures"
        }
    }

    private static func drawing(_ figures: [Figure], columns: Int, width: Double) -> Drawing {
        let columns = max(1, min(columns, figures.count))
        let gap = 16.0
        let each = (width - gap * Double(columns - 1)) / Double(columns)
        let drawings = figures.map { $0.drawing(width: each) }
        var whole = Drawing(width: width, height: 0, description: drawings.map(\.description).joined(separator: "; "))
        var y = 0.0
        for start in stride(from: 0, to: drawings.count, by: columns) {
            let row = drawings[start..<min(start + columns, drawings.count)]
            for (column, drawing) in row.enumerated() {
                whole.shapes += drawing.shapes.map { $0.moved(Double(column) * (each + gap), y) }
            }
            y += (row.map(\.height).max() ?? 0) + gap
        }
        whole.height = max(0, y - gap)
        return whole
    }
}

extension Shape {
    func moved(_ x: Double, _ y: Double) -> Shape {
        func move(_ point: Point) -> Point { Point(point.x + x, point.y + y) }
        func move(_ box: Box) -> Box { Box(x: box.x + x, y: box.y + y, width: box.width, height: box.height) }
        switch self {
        case .polyline(let points, let ink, let width, let dash):
            return .polyline(points.map(move), ink: ink, width: width, dash: dash)
        case .polygon(let points, let ink, let opacity): return .polygon(points.map(move), ink: ink, opacity: opacity)
        case .box(let box, let ink): return .box(move(box), ink: ink)
        case .circle(let point, let radius, let ink): return .circle(move(point), radius: radius, ink: ink)
        case .image(let image, let box): return .image(image, move(box))
        case .text(let text, let at, let size, let anchor, let turned, let ink, let isBold):
            return .text(text, at: move(at), size: size, anchor: anchor, turned: turned, ink: ink, isBold: isBold)
        }
    }
}

/// What all figures write around their contents, laid out so that nothing overlaps.
package enum Typesetting {
    static let titleSize = 13.0
    static let labelSize = 11.0
    static let tickSize = 10.0

    /// How wide a text is at most, in the fonts of pages and in our own.
    package static func width(_ text: String, _ size: Double) -> Double {
        StrokeFont.width(of: text, size: size)
    }

    /// A text that fits, with an ellipsis where something was left out.
    static func fit(_ text: String, _ size: Double, into room: Double) -> String {
        guard width(text, size) > room else { return text }
        var text = text
        while !text.isEmpty, width(text + "…", size) > room { text.removeLast() }
        while text.last == " " { text.removeLast() }
        return text + "…"
    }

    /// A text as lines that fit, at most `limit` of them.
    static func wrap(_ text: String, _ size: Double, into room: Double, limit: Int) -> [String] {
        var lines: [String] = []
        var rest = text.split(separator: " ").map(String.init)[...]
        while !rest.isEmpty {
            if lines.count == limit - 1 {
                lines.append(fit(rest.joined(separator: " "), size, into: room))
                break
            }
            var line = fit(rest.removeFirst(), size, into: room)
            while let next = rest.first, width(line + " " + next, size) <= room {
                line += " " + next
                rest.removeFirst()
            }
            lines.append(line)
        }
        return lines
    }

    /// Adds the lines of a title and answers where what follows may begin.
    static func title(_ title: String, to drawing: inout Drawing) -> Double {
        guard !title.isEmpty else { return 8 }
        var y = 6.0
        for line in wrap(title, titleSize, into: drawing.width - 16, limit: 3) {
            y += titleSize * 1.25
            drawing.shapes.append(
                .text(
                    line, at: Point(drawing.width / 2, y - 3), size: titleSize, anchor: .middle, turned: 0,
                    ink: .foreground, isBold: true))
        }
        return y + 6
    }

    static func text(
        _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor, size: Double = tickSize, ink: Ink = .foreground
    )
        -> Shape
    {
        .text(text, at: Point(x, y), size: size, anchor: anchor, turned: 0, ink: ink, isBold: false)
    }
}

import Glibc

/// Draws shapes as pixels, with soft edges.
struct Raster {
    let width: Int
    let height: Int
    /// Red, green, blue and opacity of each pixel.
    private(set) var pixels: [UInt8]
    private let scale: Double

    /// Lines of samples in a row of pixels.
    private static let samples = 5

    /// `background` nil leaves what is not drawn transparent.
    init(width: Double, height: Double, scale: Double, background: Color?) {
        self.scale = scale
        self.width = max(1, Int((width * scale).rounded(.up)))
        self.height = max(1, Int((height * scale).rounded(.up)))
        let pixel: [UInt8] = background.map { [$0.red, $0.green, $0.blue, 255] } ?? [0, 0, 0, 0]
        pixels = Array(repeatElement(pixel, count: self.width * self.height).joined())
    }

    func png() -> [UInt8] { PNG.encode(pixels, width: width, height: height, channels: 4) }

    // MARK: - Shapes

    mutating func draw(_ shape: Shape) {
        switch shape {
        case .polyline(let points, let ink, let width, let dash):
            let pieces = dash.isEmpty ? [points] : Raster.dashes(points, dash)
            fill(pieces.flatMap { Raster.stroke($0, width: width) }, Raster.color(ink), opacity: 1)
        case .polygon(let points, let ink, let opacity):
            fill([points], Raster.color(ink), opacity: opacity)
        case .box(let box, let ink):
            fill([Raster.corners(box)], Raster.color(ink), opacity: 1)
        case .circle(let center, let radius, let ink):
            fill([Raster.circle(center, radius)], Raster.color(ink), opacity: 1)
        case .image(let image, let box):
            place(image, box)
        case .text(let text, let at, let size, let anchor, let turned, let ink, let isBold):
            let strokes = StrokeFont.strokes(of: text, at: at, size: size, anchor: anchor, turned: turned)
            let width = size * (isBold ? 0.13 : 0.085)
            fill(strokes.flatMap { Raster.stroke($0, width: width) }, Raster.color(ink), opacity: 1)
        }
    }

    /// Pictures are for paper: their page is white.
    private static func color(_ ink: Ink) -> Color {
        switch ink {
        case .foreground: Color(26, 26, 26)
        case .muted: Color(96, 96, 96)
        case .grid: Color(224, 224, 224)
        case .color(let color): color
        }
    }

    private static func corners(_ box: Box) -> [Point] {
        [
            Point(box.x, box.y), Point(box.right, box.y), Point(box.right, box.bottom), Point(box.x, box.bottom),
        ]
    }

    private static func circle(_ center: Point, _ radius: Double) -> [Point] {
        let count = max(12, Int(radius * 6))
        return (0..<count).map {
            let angle = 2 * Double.pi * Double($0) / Double(count)
            return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
        }
    }

    /// The outline of a line: a bar for each part, and a disc where two meet.
    private static func stroke(_ points: [Point], width: Double) -> [[Point]] {
        let half = width / 2
        var outlines: [[Point]] = []
        for (a, b) in zip(points, points.dropFirst()) {
            let length = hypot(b.x - a.x, b.y - a.y)
            guard length > 0 else { continue }
            let (nx, ny) = (-(b.y - a.y) / length * half, (b.x - a.x) / length * half)
            outlines.append([
                Point(a.x + nx, a.y + ny), Point(a.x - nx, a.y - ny), Point(b.x - nx, b.y - ny),
                Point(b.x + nx, b.y + ny),
            ])
        }
        if half > 0.2 { for point in points { outlines.append(circle(point, half)) } }
        return outlines
    }

    private static func dashes(_ points: [Point], _ dash: [Double]) -> [[Point]] {
        var pieces: [[Point]] = []
        var (index, left) = (0, dash[0])
        var piece = points.first.map { [$0] } ?? []
        for (a, b) in zip(points, points.dropFirst()) {
            let length = hypot(b.x - a.x, b.y - a.y)
            var done = 0.0
            while length - done > left {
                done += left
                let place = Point(a.x + (b.x - a.x) * done / length, a.y + (b.y - a.y) * done / length)
                if index % 2 == 0 { pieces.append(piece + [place]) }
                piece = [place]
                index += 1
                left = max(dash[index % dash.count], 0.1)
            }
            left -= length - done
            piece.append(b)
        }
        if index % 2 == 0, piece.count > 1 { pieces.append(piece) }
        return pieces
    }

    // MARK: - Filling

    /// Fills everything that lies in one outline or more; how they overlap does not matter.
    private mutating func fill(_ outlines: [[Point]], _ color: Color, opacity: Double) {
        let lineCount = height * Raster.samples
        var crossings: [[(x: Double, direction: Int)]] = Array(repeating: [], count: lineCount)
        let down = scale * Double(Raster.samples)
        for outline in outlines where outline.count > 2 {
            // Turned the same way round, overlapping outlines add up and never cancel.
            var area = 0.0
            for (a, b) in zip(outline, outline.dropFirst() + [outline[0]]) { area += a.x * b.y - b.x * a.y }
            let turn = area < 0 ? -1 : 1
            for (a, b) in zip(outline, outline.dropFirst() + [outline[0]]) {
                let (top, bottom, direction) = a.y < b.y ? (a, b, turn) : (b, a, -turn)
                let first = max(0, (top.y * down - 0.5).rounded(.up))
                let last = min(Double(lineCount), (bottom.y * down - 0.5).rounded(.up))
                guard first < last else { continue }
                let slope = (bottom.x - top.x) / (bottom.y - top.y)
                for line in Int(first)..<Int(last) {
                    let y = (Double(line) + 0.5) / down
                    crossings[line].append(((top.x + (y - top.y) * slope) * scale, direction))
                }
            }
        }
        var coverage = [Float](repeating: 0, count: width)
        for row in 0..<height {
            var (low, high) = (width, 0)
            for line in (row * Raster.samples)..<((row + 1) * Raster.samples) where !crossings[line].isEmpty {
                var winding = 0
                var start = 0.0
                for (x, direction) in crossings[line].sorted(by: { $0.x < $1.x }) {
                    if winding == 0 { start = x }
                    winding += direction
                    guard winding == 0 else { continue }
                    let (from, to) = (max(0, start), min(Double(width), x))
                    guard from < to else { continue }
                    for pixel in Int(from)...min(width - 1, Int(to)) {
                        let part = min(to, Double(pixel + 1)) - max(from, Double(pixel))
                        if part > 0 { coverage[pixel] += Float(part) }
                    }
                    (low, high) = (min(low, Int(from)), max(high, min(width - 1, Int(to))))
                }
            }
            guard low <= high else { continue }
            for pixel in low...high where coverage[pixel] > 0 {
                blend(color, Double(coverage[pixel]) / Double(Raster.samples) * opacity, at: (row * width + pixel) * 4)
                coverage[pixel] = 0
            }
        }
    }

    private mutating func place(_ image: Image, _ box: Box) {
        let (left, top) = (Int((box.x * scale).rounded()), Int((box.y * scale).rounded()))
        let (right, bottom) = (Int((box.right * scale).rounded()), Int((box.bottom * scale).rounded()))
        guard right > left, bottom > top else { return }
        for y in max(0, top)..<max(0, min(height, bottom)) {
            let row = (y - top) * image.height / (bottom - top)
            for x in max(0, left)..<max(0, min(width, right)) {
                let pixel = image.pixels[row * image.width + (x - left) * image.width / (right - left)]
                blend(pixel, 1, at: (y * width + x) * 4)
            }
        }
    }

    private mutating func blend(_ color: Color, _ opacity: Double, at place: Int) {
        let alpha = min(1, opacity)
        let below = Double(pixels[place + 3]) / 255
        let whole = alpha + below * (1 - alpha)
        guard whole > 0 else { return }
        for (channel, value) in [color.red, color.green, color.blue].enumerated() {
            let old = Double(pixels[place + channel])
            let mixed = (Double(value) * alpha + old * below * (1 - alpha)) / whole
            pixels[place + channel] = UInt8(min(255, max(0, mixed.rounded())))
        }
        pixels[place + 3] = UInt8((whole * 255).rounded())
    }
}

extension Drawing {
    /// The drawing as a PNG file, `scale` pixels to a point; without a background it is transparent.
    public func png(scale: Double = 2, background: Color? = Color(255, 255, 255)) -> [UInt8] {
        var raster = Raster(width: width, height: height, scale: scale, background: background)
        for shape in shapes { raster.draw(shape) }
        return raster.png()
    }
}

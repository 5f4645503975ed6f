/// A place on a drawing, in points from its upper left corner.
public struct Point: Equatable, Sendable {
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// A rectangle by its upper left corner and its size.
public struct Box: Equatable, Sendable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    public var right: Double { x + width }
    public var bottom: Double { y + height }

    public func overlaps(_ other: Box) -> Bool {
        x < other.right && other.x < right && y < other.bottom && other.y < bottom
    }

    public func contains(_ other: Box) -> Bool {
        x <= other.x && y <= other.y && other.right <= right && other.bottom <= bottom
    }
}

/// A colour, or a role whose colour depends on the page.
public enum Ink: Equatable, Sendable {
    /// Text and axes: black on white, white on black.
    case foreground
    case muted
    case grid
    case color(Color)
}

public struct Color: Equatable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

    /// `#rrggbb`
    public var hex: String {
        "#"
            + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// How bright it looks, from 0 to 1, so that text on it can be told from it.
    public var luminance: Double { (0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue)) / 255 }
}

public enum Anchor: Equatable, Sendable { case start, middle, end }

/// Pixels from the upper left corner, row by row.
public struct Image: Equatable, Sendable {
    public let width: Int
    public let height: Int
    public let pixels: [Color]

    /// - Precondition: There are `width` · `height` pixels.
    public init(width: Int, height: Int, pixels: [Color]) {
        precondition(pixels.count == width * height)
        (self.width, self.height, self.pixels) = (width, height, pixels)
    }

    func png() -> [UInt8] {
        PNG.encode(pixels.flatMap { [$0.red, $0.green, $0.blue] }, width: width, height: height, channels: 3)
    }
}

/// One thing that is drawn.
public enum Shape: Equatable, Sendable {
    case polyline([Point], ink: Ink, width: Double, dash: [Double])
    case polygon([Point], ink: Ink, opacity: Double)
    case box(Box, ink: Ink)
    case circle(Point, radius: Double, ink: Ink)
    /// Pixels stretched over a box, each with hard edges.
    case image(Image, Box)
    /// `at` lies on the baseline; the text is turned to the left by so many degrees.
    case text(String, at: Point, size: Double, anchor: Anchor, turned: Double, ink: Ink, isBold: Bool)
}

/// What a renderer draws, with nothing left to decide.
public struct Drawing: Equatable, Sendable {
    public var width: Double
    public var height: Double
    public var shapes: [Shape] = []
    /// What it shows, in words.
    public var description: String

    public init(width: Double, height: Double, description: String = "") {
        (self.width, self.height, self.description) = (width, height, description)
    }
}

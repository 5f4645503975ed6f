/// Lines, dots and counts over two axes of numbers.
public struct Chart: Equatable, Sendable {
    public enum Mark: Equatable, Sendable {
        /// Places joined in their order; one that is not finite leaves a gap.
        case line([Point], hasDots: Bool)
        /// A dashed line to compare with, which takes no colour of its own.
        case guide([Point])
        case dots([Point])
        /// So many between one edge and the next: one edge more than counts.
        case bins(edges: [Double], counts: [Double])
    }

    public struct Series: Equatable, Sendable {
        public var name: String
        public var mark: Mark

        public init(name: String, mark: Mark) { (self.name, self.mark) = (name, mark) }
    }

    public var series: [Series]
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var xScale: Scale
    public var yScale: Scale

    public init(
        series: [Series], title: String = "", xLabel: String = "", yLabel: String = "", xScale: Scale = .linear,
        yScale: Scale = .linear
    ) {
        (self.series, self.title, self.xLabel, self.yLabel) = (series, title, xLabel, yLabel)
        (self.xScale, self.yScale) = (xScale, yScale)
    }

    /// Both charts over the same axes; where one says nothing the other's words hold.
    public func over(_ other: Chart) -> Chart {
        var whole = self
        whole.series += other.series
        if whole.title.isEmpty { whole.title = other.title }
        if whole.xLabel.isEmpty { whole.xLabel = other.xLabel }
        if whole.yLabel.isEmpty { whole.yLabel = other.yLabel }
        if other.xScale == .log { whole.xScale = .log }
        if other.yScale == .log { whole.yScale = .log }
        return whole
    }

    /// Whether some number cannot lie on an axis with the logarithmic scale that was asked for.
    public var hasNumbersOffScale: Bool {
        series.contains { series in
            series.mark.points.contains {
                (xScale == .log && $0.x <= 0 && !$0.x.isNaN)
                    || (yScale == .log && $0.y <= 0 && !$0.y.isNaN && !series.isBins)
            }
        }
    }

    var summary: String {
        let kinds = series.map(\.mark.kind)
        let kind = kinds.first { $0 != "guide" } ?? "line"
        let names = series.map(\.name).filter { !$0.isEmpty }
        return kind + (title.isEmpty ? "" : ": \(title)")
            + (names.isEmpty ? "" : " (\(names.prefix(6).joined(separator: ", "))\(names.count > 6 ? ", …" : ""))")
    }

    /// Whether every place is a whole number, as epochs are.
    private var hasWholePlaces: Bool {
        series.allSatisfy { !$0.isBins && $0.mark.points.allSatisfy { !$0.x.isFinite || $0.x == $0.x.rounded() } }
    }

    /// How many places are left out because they are not finite.
    var gapCount: Int { series.reduce(0) { $0 + $1.mark.points.count { !$0.isFinite } } }

    /// A sentence on what is left out.
    var note: String {
        switch gapCount {
        case 0: ""
        case 1: "1 point is not finite and is left out"
        case let count: "\(count) points are not finite and are left out"
        }
    }

    /// Each series' place among the colours; guides have none.
    var colorIndices: [Int?] {
        var next = 0
        return series.map { series in
            if case .guide = series.mark { return nil }
            defer { next += 1 }
            return next
        }
    }

    func axes(xCount: Int, yCount: Int) -> (x: Axis, y: Axis) {
        var (xs, ys) = (Extent(), Extent())
        for series in series {
            for point in series.mark.points where point.isFinite {
                xs.add(point.x)
                ys.add(point.y)
            }
            if case .bins(let edges, _) = series.mark {
                for edge in edges { xs.add(edge) }
                if yScale == .linear { ys.add(0) }
            }
        }
        let usual = { (scale: Scale) in scale == .log ? (1.0, 10.0) : (0.0, 1.0) }
        let (x, y) = (xs.range ?? usual(xScale), ys.range ?? usual(yScale))
        let hasBins = series.contains(where: \.isBins)
        return (
            Axis(
                from: x.0, to: x.1, scale: xScale, count: xCount, isFixed: hasBins && x.0 < x.1,
                isWhole: hasWholePlaces && x.1 - x.0 >= 2),
            Axis(from: y.0, to: y.1, scale: yScale, count: yCount)
        )
    }
}

extension Chart.Series {
    var isBins: Bool { if case .bins = mark { true } else { false } }
}

extension Chart.Mark {
    /// The places that it goes through; of bins, the middles of their tops.
    var points: [Point] {
        switch self {
        case .line(let points, _), .guide(let points), .dots(let points): points
        case .bins(let edges, let counts):
            counts.indices.map { Point((edges[$0] + edges[$0 + 1]) / 2, counts[$0]) }
        }
    }

    fileprivate var kind: String {
        switch self {
        case .line: "line"
        case .guide: "guide"
        case .dots: "scatter"
        case .bins: "hist"
        }
    }
}

extension Point {
    var isFinite: Bool { x.isFinite && y.isFinite }
}

/// The smallest and the largest of some numbers.
struct Extent {
    private(set) var range: (Double, Double)?

    mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        range = range.map { (min($0.0, value), max($0.1, value)) } ?? (value, value)
    }
}

/// The stretches of a line between places that are not finite.
func stretches(_ points: [Point]) -> [[Point]] {
    points.split { !$0.isFinite }.map(Array.init)
}

/// What cannot be told apart in columns of one pixel is left out: of each column the first, the lowest, the highest and the
/// last place stay.
func thinned(_ points: [Point]) -> [Point] {
    guard points.count > 2000, zip(points, points.dropFirst()).allSatisfy({ $0.x <= $1.x }) else { return points }
    var kept: [Point] = []
    var start = 0
    while start < points.count {
        var (end, low, high) = (start, start, start)
        while end < points.count, points[end].x - points[start].x < 0.5 {
            if points[end].y < points[low].y { low = end }
            if points[end].y > points[high].y { high = end }
            end += 1
        }
        for index in Set([start, low, high, end - 1]).sorted() { kept.append(points[index]) }
        start = end
    }
    return kept
}

/// An amount for each name, in one series or in several side by side.
public struct Bars: Equatable, Sendable {
    public struct Series: Equatable, Sendable {
        public var name: String
        /// One for each name of the figure; what is not finite has no bar.
        public var values: [Double]
        /// How far each may be off, to both sides; empty for none.
        public var errors: [Double]

        public init(name: String, values: [Double], errors: [Double] = []) {
            (self.name, self.values, self.errors) = (name, values, errors)
        }
    }

    public var names: [String]
    public var series: [Series]
    public var title: String
    public var valueLabel: String

    public init(names: [String], series: [Series], title: String = "", valueLabel: String = "") {
        (self.names, self.series, self.title, self.valueLabel) = (names, series, title, valueLabel)
    }

    var summary: String { "bar" + (title.isEmpty ? "" : ": \(title)") + " (\(names.count) names)" }

    /// Bars begin at zero, so that their lengths can be compared.
    private func axis(count: Int) -> Axis {
        var extent = Extent()
        extent.add(0)
        for series in series {
            for (index, value) in series.values.enumerated() {
                let error = series.errors.isEmpty ? 0 : series.errors[index]
                extent.add(value - (error.isFinite ? error : 0))
                extent.add(value + (error.isFinite ? error : 0))
            }
        }
        let (low, high) = extent.range ?? (0, 1)
        return low == high
            ? Axis(from: 0, to: 1, scale: .linear, count: count)
            : Axis(from: low, to: high, scale: .linear, count: count)
    }

    private func label(_ series: Series, _ index: Int) -> String {
        if series.values[index].isNaN { return "—" }
        let value = Axis.number(series.values[index])
        return series.errors.isEmpty ? value : "\(value) ±\(Axis.number(series.errors[index], digits: 2))"
    }

    // MARK: - Drawing

    func drawing(width: Double) -> Drawing {
        let size = Typesetting.tickSize
        var drawing = Drawing(width: width, height: 0, description: summary)
        var top = Typesetting.title(title, to: &drawing)
        if series.contains(where: { !$0.name.isEmpty }) {
            let entries = series.enumerated().map { index, series in
                LegendEntry(name: series.name, ink: .color(Palette.color(index)), dash: [], form: .box)
            }
            top = LegendEntry.draw(entries, from: top, to: &drawing)
        }
        top += 4
        let shown = names.map { Typesetting.fit($0, size, into: width * 0.4) }
        let left = 10 + (shown.map { Typesetting.width($0, size) }.max() ?? 0) + 8
        let widestLabel =
            series.flatMap { series in names.indices.map { Typesetting.width(label(series, $0), size) } }.max() ?? 0
        let thickness = max(10, min(16, 240 / Double(max(1, names.count * series.count))))
        let group = thickness * Double(series.count) + max(4, thickness * 0.6)
        let plot = Box(
            x: left, y: top, width: max(20, width - left - widestLabel - 12), height: group * Double(names.count) + 4)
        var axis = axis(count: 6)
        for count in [6, 4, 3, 2, 1] {
            axis = self.axis(count: count)
            let widest = axis.ticks.map { Typesetting.width($0.label, size) }.max() ?? 0
            if Double(axis.ticks.count) * (widest + 10) <= plot.width { break }
        }
        func x(_ value: Double) -> Double { plot.x + axis.share(value) * plot.width }
        for tick in axis.ticks {
            drawing.shapes.append(
                .polyline(
                    [Point(x(tick.value), plot.y), Point(x(tick.value), plot.bottom)], ink: .grid, width: 1, dash: []))
            drawing.shapes.append(Typesetting.text(tick.label, x(tick.value), plot.bottom + size * 1.5, .middle))
        }
        for (index, name) in shown.enumerated() {
            let start = plot.y + 4 + Double(index) * group
            let middle = start + thickness * Double(series.count) / 2
            drawing.shapes.append(Typesetting.text(name, plot.x - 8, middle + size * 0.35, .end))
            for (place, series) in series.enumerated() {
                let y = start + Double(place) * thickness
                let value = series.values[index]
                var end = x(0)
                if value.isFinite {
                    let (from, to) = (min(x(0), x(value)), max(x(0), x(value)))
                    drawing.shapes.append(
                        .box(
                            Box(x: from, y: y + 0.5, width: to - from, height: thickness - 1),
                            ink: .color(Palette.color(place))))
                    end = max(end, to)
                    if !series.errors.isEmpty, series.errors[index].isFinite, series.errors[index] > 0 {
                        let (low, high) = (x(value - series.errors[index]), x(value + series.errors[index]))
                        let middle = y + thickness / 2
                        let (up, down) = (middle - thickness * 0.25, middle + thickness * 0.25)
                        for line in [
                            [Point(low, middle), Point(high, middle)], [Point(low, up), Point(low, down)],
                            [Point(high, up), Point(high, down)],
                        ] { drawing.shapes.append(.polyline(line, ink: .foreground, width: 1.2, dash: [])) }
                        end = max(end, high)
                    }
                }
                drawing.shapes.append(
                    Typesetting.text(
                        label(series, index), end + 5, y + thickness / 2 + min(size, thickness + 2) * 0.35, .start,
                        size: min(size, thickness + 2)))
            }
        }
        drawing.shapes.append(
            .polyline([Point(x(0), plot.y), Point(x(0), plot.bottom)], ink: .muted, width: 1, dash: []))
        drawing.height = plot.bottom + size * 1.5 + 8
        if !valueLabel.isEmpty {
            let label = Typesetting.fit(valueLabel, Typesetting.labelSize, into: width - 16)
            let half = Typesetting.width(label, Typesetting.labelSize) / 2
            let middle = min(max(plot.x + plot.width / 2, half + 4), width - half - 4)
            drawing.shapes.append(
                Typesetting.text(
                    label, middle, drawing.height + Typesetting.labelSize, .middle, size: Typesetting.labelSize))
            drawing.height += Typesetting.labelSize + 8
        }
        return drawing
    }

    // MARK: - Text

    func lines(width: Int) -> [String] {
        var lines = title.isEmpty ? [] : [fitted(title, width)]
        let seriesWidth = min(16, series.map(\.name.count).max() ?? 0)
        let nameWidth = min(max(8, width / 3), names.map(\.count).max() ?? 0)
        let labels = series.map { series in names.indices.map { label(series, $0) } }
        let labelWidth = labels.joined().map(\.count).max() ?? 0
        let head = nameWidth + 1 + (seriesWidth > 0 ? seriesWidth + 1 : 0)
        let columns = max(4, width - head - labelWidth - 2)
        let axis = axis(count: 5)
        // In eighths of a column.
        func place(_ value: Double) -> Int { Int((axis.share(value) * Double(columns * 8)).rounded()) }
        let hasNegative = series.contains { $0.values.contains { $0 < 0 } }
        let zero = hasNegative ? place(0) / 8 : 0
        func padded(_ text: String, _ width: Int) -> String {
            let text = fitted(text, width)
            return text + String(repeating: " ", count: width - text.count)
        }
        for (index, name) in names.enumerated() {
            for (row, series) in series.enumerated() {
                var bar: String
                let value = series.values[index]
                if !value.isFinite {
                    bar = String(repeating: " ", count: zero)
                } else if value >= 0 {
                    let length = max(0, place(value) - (hasNegative ? zero * 8 : place(0)))
                    bar = String(repeating: " ", count: zero) + String(repeating: "█", count: length / 8)
                    if length % 8 > 0 { bar.append(Character(Unicode.Scalar(0x2590 - UInt32(length % 8))!)) }
                } else {
                    let start = min(zero, place(value) / 8)
                    bar =
                        String(repeating: " ", count: start)
                        + String(repeating: "█", count: max(value < 0 ? 1 : 0, zero - start))
                }
                let title = padded(row == 0 ? name : "", nameWidth)
                let second = seriesWidth > 0 ? padded(series.name, seriesWidth) + " " : ""
                lines.append("\(title) \(second)\(bar) \(labels[row][index])")
            }
        }
        if !valueLabel.isEmpty { lines.append(fitted(String(repeating: " ", count: head) + valueLabel, width)) }
        return lines
    }
}

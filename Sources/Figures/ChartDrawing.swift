extension Chart {
    func drawing(width: Double) -> Drawing {
        var drawing = Drawing(width: width, height: 0, description: summary)
        var top = Typesetting.title(title, to: &drawing)
        top = legend(from: top, to: &drawing)
        top += 4
        let height = max(140, width * 0.52)
        let size = Typesetting.tickSize

        // The heights of the ticks tell how wide their labels are, and so where the plot begins.
        let yAxis = axes(xCount: 6, yCount: max(2, Int(height / 42))).y
        let labelWidth = yAxis.ticks.map { Typesetting.width($0.label, size) }.max() ?? 0
        let left = 10 + labelWidth + 6 + (yLabel.isEmpty ? 0 : Typesetting.labelSize * 1.5)
        var xAxis = axes(xCount: 6, yCount: 5).x
        var right = 14.0
        for count in [8, 6, 5, 4, 3, 2, 1] {
            xAxis = axes(xCount: count, yCount: 5).x
            let widest = xAxis.ticks.map { Typesetting.width($0.label, size) }.max() ?? 0
            right = 10 + widest / 2
            let room = width - left - right
            if Double(xAxis.ticks.count) * (widest + 10) <= room { break }
        }
        let plot = Box(x: left, y: top, width: max(20, width - left - right), height: height)
        func place(_ point: Point) -> Point {
            Point(plot.x + xAxis.share(point.x) * plot.width, plot.bottom - yAxis.share(point.y) * plot.height)
        }

        for tick in yAxis.ticks {
            let y = plot.bottom - yAxis.share(tick.value) * plot.height
            drawing.shapes.append(.polyline([Point(plot.x, y), Point(plot.right, y)], ink: .grid, width: 1, dash: []))
            drawing.shapes.append(Typesetting.text(tick.label, plot.x - 6, y + size * 0.35, .end))
        }
        for tick in xAxis.ticks {
            let x = plot.x + xAxis.share(tick.value) * plot.width
            drawing.shapes.append(.polyline([Point(x, plot.y), Point(x, plot.bottom)], ink: .grid, width: 1, dash: []))
            drawing.shapes.append(Typesetting.text(tick.label, x, plot.bottom + size * 1.5, .middle))
        }
        let frame = [Point(plot.x, plot.y), Point(plot.x, plot.bottom), Point(plot.right, plot.bottom)]
        drawing.shapes.append(.polyline(frame, ink: .muted, width: 1, dash: []))

        for (series, index) in zip(series, colorIndices) {
            let ink = index.map { Ink.color(Palette.color($0)) } ?? .muted
            let dash = index.map(Palette.dash) ?? [5, 4]
            switch series.mark {
            case .line(let points, let hasDots):
                for stretch in stretches(points) {
                    let places = thinned(stretch.map(place))
                    if places.count > 1 { drawing.shapes.append(.polyline(places, ink: ink, width: 1.8, dash: dash)) }
                    if hasDots || places.count == 1 {
                        for place in places { drawing.shapes.append(.circle(place, radius: 2.6, ink: ink)) }
                    }
                }
            case .guide(let points):
                for stretch in stretches(points) {
                    drawing.shapes.append(.polyline(stretch.map(place), ink: ink, width: 1.2, dash: dash))
                }
            case .dots(let points):
                var seen: Set<[Int]> = []
                let radius = points.count > 2000 ? 1.2 : points.count > 300 ? 1.8 : 2.8
                for point in points where point.isFinite {
                    let place = place(point)
                    guard seen.insert([Int(place.x * 2), Int(place.y * 2)]).inserted else { continue }
                    drawing.shapes.append(.circle(place, radius: radius, ink: ink))
                }
            case .bins(let edges, let counts):
                let isAlone = self.series.count(where: \.isBins) == 1
                for (bin, count) in counts.enumerated() where count.isFinite && (yScale == .linear || count > 0) {
                    let (a, b) = (place(Point(edges[bin], count)), place(Point(edges[bin + 1], count)))
                    let corners = [Point(a.x, plot.bottom), a, b, Point(b.x, plot.bottom)]
                    drawing.shapes.append(.polygon(corners, ink: ink, opacity: isAlone ? 0.85 : 0.45))
                    drawing.shapes.append(.polyline(corners, ink: ink, width: 0.8, dash: []))
                }
            }
        }

        var bottom = plot.bottom + size * 1.5 + 6
        if !xLabel.isEmpty {
            bottom += Typesetting.labelSize * 1.3
            let label = Typesetting.fit(xLabel, Typesetting.labelSize, into: width - 16)
            // In the middle of the plot, unless it would stick out.
            let half = Typesetting.width(label, Typesetting.labelSize) / 2
            let x = min(max(plot.x + plot.width / 2, half + 4), width - half - 4)
            drawing.shapes.append(Typesetting.text(label, x, bottom - 3, .middle, size: Typesetting.labelSize))
            bottom += 3
        }
        if !yLabel.isEmpty {
            let label = Typesetting.fit(yLabel, Typesetting.labelSize, into: plot.height)
            drawing.shapes.append(
                .text(
                    label, at: Point(Typesetting.labelSize + 4, plot.y + plot.height / 2), size: Typesetting.labelSize,
                    anchor: .middle, turned: 90, ink: .foreground, isBold: false))
        }
        if !note.isEmpty {
            bottom += size * 1.3
            drawing.shapes.append(Typesetting.text(note, plot.x, bottom - 3, .start, ink: .muted))
            bottom += 3
        }
        drawing.height = bottom + 2
        return drawing
    }

    /// The names of the series in rows below the title; one series without a name needs none.
    private func legend(from top: Double, to drawing: inout Drawing) -> Double {
        let entries = zip(series, colorIndices).filter { !$0.0.name.isEmpty }.map { series, index in
            LegendEntry(
                name: series.name, ink: index.map { .color(Palette.color($0)) } ?? .muted,
                dash: index.map(Palette.dash) ?? [5, 4], form: series.mark.legendForm)
        }
        return LegendEntry.draw(entries, from: top, to: &drawing)
    }
}

extension Chart.Mark {
    fileprivate var legendForm: LegendEntry.Form {
        switch self {
        case .line(_, let hasDots): hasDots ? .lineWithDot : .line
        case .guide: .line
        case .dots: .dot
        case .bins: .box
        }
    }
}

/// One name of a legend, with what stands for it.
struct LegendEntry {
    enum Form { case line, lineWithDot, dot, box }

    var name: String
    var ink: Ink
    var dash: [Double]
    var form: Form

    /// Draws names in rows, each row in the middle, and answers where what follows may begin.
    static func draw(_ entries: [LegendEntry], from top: Double, to drawing: inout Drawing) -> Double {
        let size = Typesetting.tickSize
        let room = drawing.width - 20
        var rows: [[(entry: LegendEntry, name: String, width: Double)]] = []
        var used = 0.0
        for entry in entries {
            let name = Typesetting.fit(entry.name, size, into: room - 40)
            let width = 22 + Typesetting.width(name, size) + 14
            if rows.isEmpty || used + width > room {
                rows.append([])
                used = 0
            }
            rows[rows.count - 1].append((entry, name, width))
            used += width
        }
        var y = top
        for row in rows {
            y += size * 1.4
            var x = (drawing.width - row.reduce(0) { $0 + $1.width } + 14) / 2
            let middle = y - size * 0.35
            for (entry, name, width) in row {
                switch entry.form {
                case .line, .lineWithDot:
                    drawing.shapes.append(
                        .polyline(
                            [Point(x, middle), Point(x + 17, middle)], ink: entry.ink, width: 1.8, dash: entry.dash))
                    if entry.form == .lineWithDot {
                        drawing.shapes.append(.circle(Point(x + 8.5, middle), radius: 2.6, ink: entry.ink))
                    }
                case .dot: drawing.shapes.append(.circle(Point(x + 8.5, middle), radius: 3, ink: entry.ink))
                case .box:
                    drawing.shapes.append(.box(Box(x: x + 4, y: middle - 4, width: 9, height: 8), ink: entry.ink))
                }
                drawing.shapes.append(Typesetting.text(name, x + 22, y, .start))
                x += width
            }
        }
        return rows.isEmpty ? top : y + 4
    }
}

extension Chart {
    /// The chart in braille dots, with a letter at the end of each series and a legend below.
    func lines(width: Int) -> [String] {
        let rows = 14
        let yAxis = axes(xCount: 5, yCount: 5).y
        let labelWidth = min(yAxis.ticks.map { $0.label.count }.max() ?? 0, max(4, width / 4))
        let columns = max(8, width - labelWidth - 2)
        // A label of up to 9 letters and some room for each.
        let xAxis = axes(xCount: max(2, min(8, columns / 11)), yCount: 5).x

        var canvas = BrailleCanvas(columns: columns, rows: rows)
        func place(_ point: Point) -> Point {
            Point(
                xAxis.share(point.x) * Double(canvas.width - 1), (1 - yAxis.share(point.y)) * Double(canvas.height - 1))
        }
        let hasLetters = series.count { !$0.name.isEmpty } > 1
        var letters: [(letter: Character, at: Point)] = []
        var legend: [String] = []
        for (number, (series, index)) in zip(series, colorIndices).enumerated() {
            let pattern = index.map { $0 % 3 } ?? 2
            switch series.mark {
            case .line(let points, _), .guide(let points):
                for stretch in stretches(points) {
                    let places = stretch.map(place)
                    if places.count == 1 { canvas.dot(places[0]) }
                    var travelled = 0
                    for (a, b) in zip(places, places.dropFirst()) {
                        canvas.line(from: a, to: b, pattern: pattern, travelled: &travelled)
                    }
                }
            case .dots(let points):
                for point in points where point.isFinite { canvas.dot(place(point)) }
            case .bins(let edges, let counts):
                for (bin, count) in counts.enumerated() where count.isFinite && (yScale == .linear || count > 0) {
                    let (a, b) = (place(Point(edges[bin], count)), place(Point(edges[bin + 1], count)))
                    canvas.fill(from: a, to: Point(b.x, Double(canvas.height - 1)))
                }
            }
            guard !series.name.isEmpty else { continue }
            let letter = Character(Unicode.Scalar(UInt8(97 + number % 26)))
            if hasLetters, let last = series.mark.points.last(where: \.isFinite) {
                letters.append((letter, place(last)))
            }
            legend.append(hasLetters ? "\(letter) \(series.name)" : series.name)
        }
        var grid = canvas.characters
        for (letter, at) in letters {
            let (column, row) = (min(columns - 1, Int(at.x) / 2), min(rows - 1, Int(at.y) / 4))
            // Where two series end in one place, the later one's letter stands a little before it.
            if let free = (0..<min(columns, 12)).map({ max(0, column - $0) }).first(where: { !grid[row][$0].isASCII }) {
                grid[row][free] = letter
            }
        }

        var labels = Array(repeating: "", count: rows)
        for tick in yAxis.ticks {
            let row = Int(((1 - yAxis.share(tick.value)) * Double(canvas.height - 1)).rounded()) / 4
            if labels.indices.contains(row), labels[row].isEmpty { labels[row] = tick.label }
        }
        var lines: [String] = []
        let indent = String(repeating: " ", count: labelWidth + 1)
        if !title.isEmpty { lines.append(indent + " " + fitted(title, columns)) }
        if !yLabel.isEmpty { lines.append(fitted(yLabel, width)) }
        for (label, row) in zip(labels, grid) {
            let label = fitted(label, labelWidth)
            let side = label.isEmpty ? "│" : "┤"
            lines.append(String(repeating: " ", count: labelWidth - label.count) + label + " " + side + String(row))
        }
        var axis = Array(repeating: Character("─"), count: columns)
        var names = Array(repeating: Character(" "), count: columns + labelWidth + 2)
        var free = 0
        for tick in xAxis.ticks {
            let column = min(columns - 1, max(0, Int((xAxis.share(tick.value) * Double(columns - 1)).rounded())))
            let start = min(names.count - tick.label.count, max(0, labelWidth + 2 + column - tick.label.count / 2))
            guard start >= free else { continue }
            axis[column] = "┬"
            for (offset, character) in tick.label.enumerated() { names[start + offset] = character }
            free = start + tick.label.count + 1
        }
        lines.append(indent + "└" + String(axis))
        lines.append(String(names))
        if !xLabel.isEmpty {
            let label = fitted(xLabel, columns)
            lines.append(indent + String(repeating: " ", count: max(1, (columns - label.count) / 2 + 1)) + label)
        }
        lines += wrapped(legend, width: width - labelWidth - 2).map { indent + " " + $0 }
        if !note.isEmpty { lines.append(indent + " " + note) }
        return lines
    }
}

/// A text in at most `width` columns.
func fitted(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
}

/// Names in lines, with room between them.
func wrapped(_ names: [String], width: Int) -> [String] {
    var lines: [String] = []
    for name in names {
        let name = fitted(name, width)
        if let last = lines.last, last.count + 3 + name.count <= width {
            lines[lines.count - 1] = last + "   " + name
        } else {
            lines.append(name)
        }
    }
    return lines
}

/// Dots, two by four to a character.
struct BrailleCanvas {
    let width: Int
    let height: Int
    private var cells: [UInt8]
    private let columns: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        (width, height) = (columns * 2, rows * 4)
        cells = Array(repeating: 0, count: columns * rows)
    }

    mutating func dot(_ point: Point) {
        guard point.isFinite, abs(point.x) < 1e6, abs(point.y) < 1e6 else { return }
        dot(Int(point.x.rounded()), Int(point.y.rounded()))
    }

    private mutating func dot(_ x: Int, _ y: Int) {
        guard x >= 0, y >= 0, x < width, y < height else { return }
        let bit: UInt8 = y % 4 == 3 ? (x % 2 == 0 ? 64 : 128) : UInt8(1 << (y % 4 + (x % 2) * 3))
        cells[y / 4 * columns + x / 2] |= bit
    }

    /// Pattern 0 is a whole line, 1 a dashed one, 2 a dotted one.
    mutating func line(from a: Point, to b: Point, pattern: Int, travelled: inout Int) {
        let steps = max(1, Int(max(abs(b.x - a.x), abs(b.y - a.y)).rounded(.up)))
        guard steps < 1_000_000 else { return }
        for step in 0...steps {
            let part = Double(step) / Double(steps)
            let isOn = pattern == 0 || (pattern == 1 ? travelled % 8 < 5 : travelled % 4 == 0)
            if isOn { dot(Point(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part)) }
            if step < steps { travelled += 1 }
        }
    }

    mutating func fill(from a: Point, to b: Point) {
        let (left, right) = (Int(a.x.rounded()), max(Int(a.x.rounded()), Int(b.x.rounded()) - 1))
        let (top, bottom) = (Int(a.y.rounded()), Int(b.y.rounded()))
        guard top <= bottom else { return }
        for x in left...right { for y in top...bottom { dot(x, y) } }
    }

    var characters: [[Character]] {
        stride(from: 0, to: cells.count, by: columns).map { start in
            cells[start..<(start + columns)].map { $0 == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32($0))!) }
        }
    }
}

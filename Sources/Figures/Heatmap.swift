/// A table of numbers as colours.
public struct Heatmap: Equatable, Sendable {
    /// Rows of equal length.
    public var values: [[Double]]
    /// Names of the rows and of the columns; empty for none.
    public var rows: [String]
    public var columns: [String]
    /// Whether each number is written into its cell.
    public var showsValues: Bool
    public var title: String
    public var rowLabel: String
    public var columnLabel: String

    public init(
        values: [[Double]], rows: [String] = [], columns: [String] = [], showsValues: Bool = false, title: String = "",
        rowLabel: String = "", columnLabel: String = ""
    ) {
        (self.values, self.rows, self.columns, self.showsValues) = (values, rows, columns, showsValues)
        (self.title, self.rowLabel, self.columnLabel) = (title, rowLabel, columnLabel)
    }

    private var columnCount: Int { values.first?.count ?? 0 }

    var summary: String { "heatmap" + (title.isEmpty ? "" : ": \(title)") + " (\(values.count) × \(columnCount))" }

    /// The numbers that the ends of the ramp stand for; with both signs it is the same distance to both sides of zero.
    private var range: (low: Double, high: Double, isSigned: Bool) {
        var extent = Extent()
        for row in values { for value in row { extent.add(value) } }
        guard let (low, high) = extent.range else { return (0, 1, false) }
        if low < 0, high > 0 {
            let most = max(-low, high)
            return (-most, most, true)
        }
        return low == high ? (min(low, 0), max(high, low == 0 ? 1 : 0), low < 0) : (low, high, false)
    }

    private func color(_ value: Double) -> Color? {
        guard value.isFinite else { return nil }
        let (low, high, isSigned) = range
        return Palette.ramp(low == high ? 0.5 : (value - low) / (high - low), isSigned: isSigned)
    }

    private var writesValues: Bool { showsValues && values.count <= 40 && columnCount <= 40 }

    private func cellText(_ value: Double) -> String { Axis.number(value, digits: 3) }

    // MARK: - Drawing

    func drawing(width: Double) -> Drawing {
        let size = Typesetting.tickSize
        var drawing = Drawing(width: width, height: 0, description: summary)
        var top = Typesetting.title(title, to: &drawing)
        guard columnCount > 0 else {
            drawing.height = top
            return drawing
        }
        if !columnLabel.isEmpty {
            top += Typesetting.labelSize * 1.3
        }
        let rowNames = rows.map { Typesetting.fit($0, size, into: width * 0.3) }
        let left =
            10 + (rowNames.map { Typesetting.width($0, size) }.max() ?? 0) + 6
            + (rowLabel.isEmpty ? 0 : Typesetting.labelSize * 1.5)
        // The key on the right: a bar and its numbers.
        let (low, high, isSigned) = range
        let key = Axis(from: low, to: high, scale: .linear, count: 4, isFixed: true)
        let keyWidth = 14 + 6 + (key.ticks.map { Typesetting.width($0.label, size) }.max() ?? 0)
        let right = 16 + keyWidth + 6
        let room = max(20, width - left - right)
        let cell = min(room / Double(columnCount), writesValues ? 56 : 34)
        let cellHeight = min(cell, max(4, 420 / Double(values.count)), writesValues ? 34 : 34)
        let columnNames = columns.map { Typesetting.fit($0, size, into: 130) }
        let widest = columnNames.map { Typesetting.width($0, size) }.max() ?? 0
        let isTurned = widest > cell - 4
        if !columnNames.isEmpty { top += isTurned ? widest + 6 : size * 1.5 }
        let grid = Box(x: left, y: top, width: cell * Double(columnCount), height: cellHeight * Double(values.count))

        if values.count * columnCount <= 2500 {
            for (row, line) in values.enumerated() {
                for (column, value) in line.enumerated() {
                    guard let color = color(value) else { continue }
                    drawing.shapes.append(
                        .box(
                            Box(
                                x: grid.x + Double(column) * cell, y: grid.y + Double(row) * cellHeight, width: cell,
                                height: cellHeight), ink: .color(color)))
                }
            }
        } else {
            let pixels = values.joined().map { color($0) ?? Color(200, 200, 200) }
            drawing.shapes.append(.image(Image(width: columnCount, height: values.count, pixels: pixels), grid))
        }
        let outline = [
            Point(grid.x, grid.y), Point(grid.right, grid.y), Point(grid.right, grid.bottom),
            Point(grid.x, grid.bottom),
            Point(grid.x, grid.y),
        ]
        drawing.shapes.append(.polyline(outline, ink: .muted, width: 0.8, dash: []))

        let widestValue = writesValues ? values.joined().map { Typesetting.width(cellText($0), size) }.max() ?? 0 : 0
        let valueSize = min(size, size * (cell - 3) / max(1, widestValue), cellHeight * 0.8)
        if writesValues, valueSize >= 5 {
            for (row, line) in values.enumerated() {
                for (column, value) in line.enumerated() {
                    let isDark = color(value).map { $0.luminance < 0.5 } ?? false
                    let ink: Ink =
                        color(value) == nil ? .foreground : .color(isDark ? Color(255, 255, 255) : Color(26, 26, 26))
                    drawing.shapes.append(
                        Typesetting.text(
                            cellText(value), grid.x + (Double(column) + 0.5) * cell,
                            grid.y + (Double(row) + 0.5) * cellHeight + valueSize * 0.35, .middle, size: valueSize,
                            ink: ink))
                }
            }
        }
        // Names of rows and columns, as many as there is room for.
        let rowStride = max(1, Int((size * 1.15 / cellHeight).rounded(.up)))
        for (row, name) in rowNames.enumerated() where row % rowStride == 0 {
            drawing.shapes.append(
                Typesetting.text(name, grid.x - 6, grid.y + (Double(row) + 0.5) * cellHeight + size * 0.35, .end))
        }
        let columnStride = max(1, Int(((isTurned ? size * 1.15 : 1) / cell).rounded(.up)))
        for (column, name) in columnNames.enumerated() where column % columnStride == 0 {
            let x = grid.x + (Double(column) + 0.5) * cell
            if isTurned {
                drawing.shapes.append(
                    .text(
                        name, at: Point(x + size * 0.35, grid.y - 5), size: size, anchor: .start, turned: 90,
                        ink: .foreground,
                        isBold: false))
            } else {
                drawing.shapes.append(Typesetting.text(name, x, grid.y - 5, .middle))
            }
        }
        if !columnLabel.isEmpty {
            let label = Typesetting.fit(columnLabel, Typesetting.labelSize, into: width - 16)
            let half = Typesetting.width(label, Typesetting.labelSize) / 2
            let middle = min(max(grid.x + grid.width / 2, half + 4), width - half - 4)
            let y = grid.y - (columnNames.isEmpty ? 5 : isTurned ? widest + 10 : size * 1.5 + 3)
            drawing.shapes.append(Typesetting.text(label, middle, y, .middle, size: Typesetting.labelSize))
        }
        if !rowLabel.isEmpty {
            let label = Typesetting.fit(rowLabel, Typesetting.labelSize, into: max(60, grid.height))
            let half = Typesetting.width(label, Typesetting.labelSize) / 2
            drawing.shapes.append(
                .text(
                    label, at: Point(Typesetting.labelSize + 4, max(grid.y + grid.height / 2, top - grid.y + half)),
                    size: Typesetting.labelSize, anchor: .middle, turned: 90, ink: .foreground, isBold: false))
        }
        // The key.
        let keyBox = Box(x: grid.right + 16, y: grid.y, width: 12, height: max(40, grid.height))
        let steps = 32
        for step in 0..<steps {
            let share = (Double(step) + 0.5) / Double(steps)
            let height = keyBox.height / Double(steps)
            drawing.shapes.append(
                .box(
                    Box(
                        x: keyBox.x, y: keyBox.bottom - Double(step + 1) * height, width: keyBox.width,
                        height: height + 0.2),
                    ink: .color(Palette.ramp(share, isSigned: isSigned))))
        }
        for tick in key.ticks {
            let y = keyBox.bottom - key.share(tick.value) * keyBox.height
            drawing.shapes.append(Typesetting.text(tick.label, keyBox.right + 6, y + size * 0.35, .start))
        }
        drawing.height = max(grid.bottom, keyBox.bottom) + 10
        return drawing
    }

    // MARK: - Text

    func lines(width: Int) -> [String] {
        var lines = title.isEmpty ? [] : [fitted(title, width)]
        let nameWidth = min(max(6, width / 4), rows.map(\.count).max() ?? 0)
        let indent = String(repeating: " ", count: nameWidth + (nameWidth > 0 ? 1 : 0))
        func name(_ row: Int) -> String {
            guard nameWidth > 0 else { return "" }
            let name = fitted(rows[row], nameWidth)
            return name + String(repeating: " ", count: nameWidth - name.count + 1)
        }
        let texts = values.map { $0.map(cellText) }
        let cell = max(texts.joined().map(\.count).max() ?? 1, min(12, columns.map(\.count).max() ?? 1)) + 2
        if writesValues, indent.count + cell * columnCount <= width {
            if !columnLabel.isEmpty { lines.append(indent + "  " + fitted(columnLabel, width - indent.count - 2)) }
            func right(_ text: String) -> String { String(repeating: " ", count: cell - text.count) + text }
            if !columns.isEmpty { lines.append(indent + columns.map { right(fitted($0, cell - 2)) }.joined()) }
            for (row, texts) in texts.enumerated() { lines.append(name(row) + texts.map(right).joined()) }
        } else {
            let shades: [Character] = [" ", "░", "▒", "▓", "█"]
            let (low, high, _) = range
            // Two columns of the terminal for each of the table where there is room.
            let each = indent.count + columnCount * 2 <= width ? 2 : 1
            let shown = min(columnCount, max(1, (width - indent.count) / each))
            if !columnLabel.isEmpty { lines.append(indent + fitted(columnLabel, width - indent.count)) }
            if !columns.isEmpty {
                let heads = columns.prefix(shown).map { Array(fitted($0, 8)) }
                let depth = heads.map(\.count).max() ?? 0
                for level in 0..<depth {
                    lines.append(
                        indent
                            + heads.map { head in
                                let place = level - (depth - head.count)
                                let letter = place >= 0 ? String(head[place]) : " "
                                return letter + String(repeating: " ", count: each - 1)
                            }.joined())
                }
            }
            for (row, line) in values.prefix(60).enumerated() {
                lines.append(
                    name(row)
                        + line.prefix(shown).map { value -> String in
                            guard value.isFinite else { return String(repeating: "?", count: each) }
                            let share = low == high ? 0.5 : (value - low) / (high - low)
                            return String(repeating: shades[min(4, max(0, Int(share * 5)))], count: each)
                        }.joined())
            }
            if values.count > 60 { lines.append(indent + "… \(values.count - 60) more rows") }
            if shown < columnCount { lines.append(indent + "… \(columnCount - shown) more columns") }
            lines.append(indent + "\(Axis.number(low)) ' ' ░ ▒ ▓ █ \(Axis.number(high))")
        }
        if !rowLabel.isEmpty { lines.append(indent + "rows: " + fitted(rowLabel, width - indent.count - 6)) }
        return lines
    }
}

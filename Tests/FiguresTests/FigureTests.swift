import CZlib
import Foundation
import Testing

import Figures

@Suite("Figures")
struct FigureTests {
    static func line(_ values: [Double]) -> Chart.Mark {
        .line(values.enumerated().map { Point(Double($0), $1) }, hasDots: true)
    }

    static let figures: [(String, Figure)] = [
        (
            "line",
            .chart(Chart(series: [.init(name: "", mark: line([1, 3, 2]))], title: "A title", xLabel: "x", yLabel: "y"))
        ),
        (
            "many series",
            .chart(
                Chart(
                    series: (0..<12).map { .init(name: "series number \($0)", mark: line([Double($0), 3, 2])) },
                    title: String(repeating: "a long title ", count: 12)))
        ),
        ("nothing", .chart(Chart(series: []))),
        ("no points", .chart(Chart(series: [.init(name: "a", mark: line([]))]))),
        ("one point", .chart(Chart(series: [.init(name: "a", mark: line([7]))]))),
        ("no numbers", .chart(Chart(series: [.init(name: "a", mark: line([.nan, .nan]))]))),
        ("gaps", .chart(Chart(series: [.init(name: "a", mark: line([1, .nan, 3, .infinity, 2]))]))),
        ("largest", .chart(Chart(series: [.init(name: "a", mark: line([-1.7e308, 1.7e308]))]))),
        ("smallest", .chart(Chart(series: [.init(name: "a", mark: line([0, Double.leastNonzeroMagnitude]))]))),
        (
            "logarithmic",
            .chart(
                Chart(
                    series: [.init(name: "a", mark: .dots([Point(1, 1), Point(1000, 1e-6)]))], xScale: .log,
                    yScale: .log))
        ),
        ("histogram", .chart(Chart(series: [.init(name: "a", mark: .bins(edges: [0, 1, 2], counts: [3, 0]))]))),
        ("letters", .chart(Chart(series: [.init(name: "<&>\"'\u{0} 😀 漢", mark: line([1, 2]))], title: "a < b & c"))),
        (
            "bars",
            .bars(
                Bars(
                    names: ["teacher", "student"], series: [.init(name: "", values: [0.9, 0.8], errors: [0.1, 0.02])]))
        ),
        (
            "bars below zero",
            .bars(
                Bars(
                    names: (0..<30).map { "a long name of a bar, number \($0)" },
                    series: [
                        .init(name: "a", values: (0..<30).map { Double($0 - 15) }),
                        .init(name: "b", values: (0..<30).map { _ in .nan }),
                    ]))
        ),
        ("no bars", .bars(Bars(names: [], series: []))),
        (
            "heatmap",
            .heatmap(Heatmap(values: [[0, 1], [2, -3]], rows: ["a", "b"], columns: ["c", "d"], showsValues: true))
        ),
        ("large heatmap", .heatmap(Heatmap(values: (0..<60).map { row in (0..<80).map { Double($0 * row) } }))),
        ("heatmap of nan", .heatmap(Heatmap(values: [[.nan, .infinity], [1, 1]]))),
        (
            "pictures",
            .pictures(
                Pictures(
                    images: [Image(width: 2, height: 2, pixels: [Color](repeating: Color(1, 2, 3), count: 4))],
                    captions: ["a"]))
        ),
        (
            "panels",
            .panels(
                [
                    .chart(Chart(series: [.init(name: "a", mark: line([1, 2]))])),
                    .bars(Bars(names: ["a"], series: [.init(name: "", values: [1])])),
                ], columns: 2)
        ),
    ]

    private static func figure(_ name: String) -> Figure { figures.first { $0.0 == name }!.1 }

    @Test("every figure is well-formed SVG", arguments: figures.map(\.0))
    func svg(name: String) throws {
        let figure = FigureTests.figure(name)
        let svg = figure.drawing().svg()
        let reader = WellFormed()
        #expect(reader.check(svg), "\(name): \(svg.prefix(400))")
        #expect(!svg.contains("nan") && !svg.contains("inf"), "\(name)")
    }

    @Test("every figure is a picture whose rows are all there", arguments: figures.map(\.0))
    func png(name: String) throws {
        let figure = FigureTests.figure(name)
        let drawing = figure.drawing()
        let png = try #require(PNGReader(drawing.png(scale: 1)))
        #expect(
            png.width == Int(drawing.width.rounded(.up)) && png.height == Int(drawing.height.rounded(.up)), "\(name)")
        #expect(png.rows.count == png.height * (1 + png.width * png.bytesPerPixel))
    }

    @Test(
        "what is written is wholly inside the figure, and no two texts lie on each other", arguments: figures.map(\.0))
    func labels(name: String) {
        let figure = FigureTests.figure(name)
        let drawing = figure.drawing()
        let whole = Box(x: -1, y: -1, width: drawing.width + 2, height: drawing.height + 2)
        var boxes: [(String, Box)] = []
        for shape in drawing.shapes {
            guard let (text, box) = shape.textBox, !text.isEmpty else { continue }
            #expect(
                whole.contains(box), "\(name): \"\(text)\" is cut off: \(box) in \(drawing.width) × \(drawing.height)")
            for (other, taken) in boxes { #expect(!box.overlaps(taken), "\(name): \"\(text)\" lies on \"\(other)\"") }
            boxes.append((text, box))
        }
    }

    @Test("every figure fits a terminal", arguments: figures.map(\.0))
    func text(name: String) {
        let figure = FigureTests.figure(name)
        for width in [20, 40, 80, 200] {
            let lines = figure.text(width: width).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.allSatisfy { $0.count <= width }, "\(name) at \(width): \(lines.map(\.count).max() ?? 0)")
            #expect(lines.count < 200)
        }
    }

    @Test("a rising line rises in dots")
    func braille() {
        let figure = Figure.chart(Chart(series: [.init(name: "", mark: FigureTests.line([0, 1, 2, 3]))]))
        let lines = figure.text(width: 30).split(separator: "\n").map { line in
            line.firstIndex { ("\u{2801}"..."\u{28FF}").contains($0) }.map {
                line.distance(from: line.startIndex, to: $0)
            }
        }.compactMap { $0 }
        #expect(lines.count > 3)
        #expect(lines == lines.sorted(by: >))
    }

    @Test("each of the first six series has a colour of its own")
    func colors() {
        let colors = (0..<6).map { Palette.color($0) }
        for a in colors.indices { for b in colors.indices where a < b { #expect(colors[a] != colors[b]) } }
    }
}

extension Shape {
    /// A text and the room that it takes, turned as it is.
    fileprivate var textBox: (String, Box)? {
        guard case .text(let text, let at, let size, let anchor, let turned, _, _) = self else { return nil }
        let width = Typesetting.width(text, size)
        let start = at.x - (anchor == .start ? 0 : anchor == .middle ? width / 2 : width)
        let flat = Box(x: start, y: at.y - size * 0.75, width: width, height: size * 0.8)
        guard turned != 0 else { return (text, flat) }
        // Turned by a quarter to the left: what lay right of the anchor lies above it.
        return (
            text,
            Box(x: at.x - size * 0.75, y: at.y - (flat.right - at.x), width: size * 0.8, height: width)
        )
    }
}

/// Whether a text is XML, as Foundation's reader sees it.
private final class WellFormed: NSObject {
    func check(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "<") {
            let between = rest[..<start]
            if between.contains(">") { return false }
            guard let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.filter({ $0 == "\"" }).count % 2 != 0 || tag.contains("<") { return false }
            if tag.hasPrefix("/") {
                guard let last = open.popLast(), last == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { !$0.isWhitespace })
            }
        }
        return open.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" }
            && !text.contains(/&(?!(amp|lt|gt|quot|#[0-9]+);)/)
    }
}

/// Reads the chunks of a PNG, checks their sums and inflates the rows.
private struct PNGReader {
    var width = 0
    var height = 0
    var bytesPerPixel = 0
    var rows: [UInt8] = []

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
        func number(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
        var place = 8
        var packed: [UInt8] = []
        var ended = false
        while place + 12 <= bytes.count {
            let count = number(place)
            guard place + 12 + count <= bytes.count else { return nil }
            let body = Array(bytes[(place + 4)..<(place + 8 + count)])
            guard UInt(number(place + 8 + count)) == crc32(0, body, UInt32(body.count)) else { return nil }
            switch String(decoding: body.prefix(4), as: UTF8.self) {
            case "IHDR":
                (width, height) = (number(place + 8), number(place + 12))
                guard bytes[place + 16] == 8 else { return nil }
                bytesPerPixel = [0: 1, 2: 3, 6: 4][bytes[place + 17]] ?? 0
            case "IDAT": packed += body.dropFirst(4)
            case "IEND": ended = true
            default: break
            }
            place += 12 + count
        }
        guard ended, place == bytes.count, width > 0, height > 0, bytesPerPixel > 0 else { return nil }
        rows = [UInt8](repeating: 0, count: height * (1 + width * bytesPerPixel) + 16)
        var length = UInt(rows.count)
        guard uncompress(&rows, &length, packed, UInt(packed.count)) == Z_OK else { return nil }
        rows.removeLast(rows.count - Int(length))
    }
}

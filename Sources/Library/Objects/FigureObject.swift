import Figures
import Language
import Networks

/// A figure as a value of the language: dots at a terminal, SVG in notebooks and on pages.
final class FigureObject: Object {
    let figure: Figure

    init(_ figure: Figure) { self.figure = figure }

    override var typeName: String { "figure" }
    override func display(_ style: DisplayStyle) -> String {
        switch style {
        case .inline: "<\(figure.summary)>"
        case .full(let width): figure.text(width: width)
        }
    }
    override func renditions() -> [Rendition] {
        [Rendition(type: "image/svg+xml", content: .text(figure.drawing().svg()))]
    }

    /// `a + b` draws one chart over the other.
    override func binary(_ op: BinaryOperator, left: Value, right: Value, _ machine: Machine) throws -> Value? {
        guard op == .add, let a = left.object as? FigureObject, let b = right.object as? FigureObject else {
            return nil
        }
        guard case .chart(let first) = a.figure, case .chart(let second) = b.figure else {
            throw Fault(
                "only figures with two axes of numbers go into one: line, scatter and hist",
                hint: "panels([a, b]) puts any two side by side", kind: "type")
        }
        return .object(try FigureObject.chart(first.over(second)))
    }

    /// - Throws: When a number has no place on a logarithmic axis.
    static func chart(_ chart: Chart) throws -> FigureObject {
        if chart.hasNumbersOffScale {
            throw Fault(
                "a logarithmic axis has no place for 0 or less", hint: "leave log= away, or plot what is above 0",
                kind: "value")
        }
        return FigureObject(.chart(chart))
    }

    /// Writes SVG or PNG, as the name says.
    func save(to path: String) throws {
        let drawing = figure.drawing()
        switch path.split(separator: ".").last?.lowercased() {
        case "svg": try File.write(drawing.svg(), to: path)
        case "png": try File.write(drawing.png(), to: path)
        default:
            throw Fault(
                "save: a figure is written as .svg or .png, not as \(path)", hint: "save(fig, \"figure.svg\")",
                kind: "value", argument: .positional(1))
        }
    }
}

extension Figure: ScriptConvertible {
    public static var scriptType: String { "figure" }
    public static func from(_ value: Value) throws -> Figure? { (value.object as? FigureObject)?.figure }
    public var scriptValue: Value { .object(FigureObject(self)) }
}

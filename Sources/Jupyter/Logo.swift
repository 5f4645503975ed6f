import Figures

/// A large disc and, fed by it, a small one: a teacher and its student.
enum Logo {
    private static var drawing: Drawing {
        var drawing = Drawing(width: 64, height: 64, description: "kd")
        let (teacher, student) = (Color(0, 114, 178), Color(230, 159, 0))
        drawing.shapes = [
            .polygon(
                [Point(29, 44), Point(44, 29), Point(54, 46), Point(46, 54)], ink: .color(student), opacity: 0.45),
            .circle(Point(25, 25), radius: 21, ink: .color(teacher)),
            .circle(Point(51, 51), radius: 9, ink: .color(student)),
        ]
        return drawing
    }

    static var svg: String { drawing.svg() }

    static func png(size: Int) -> [UInt8] { drawing.png(scale: Double(size) / 64, background: nil) }
}

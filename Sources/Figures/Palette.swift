/// Colours that can be told apart with any kind of colour vision.
package enum Palette {
    /// Source: Okabe, Ito 2008, Color Universal Design; without yellow and black, which a page may hide.
    private static let series = [
        Color(0, 114, 178), Color(230, 159, 0), Color(0, 158, 115), Color(213, 94, 0), Color(204, 121, 167),
        Color(86, 180, 233),
    ]
    private static let dashes: [[Double]] = [[], [6, 3], [2, 2.5], [8, 3, 2, 3]]

    package static func color(_ index: Int) -> Color { series[index % series.count] }

    /// Once all colours are used they come again, dashed.
    static func dash(_ index: Int) -> [Double] { dashes[index / series.count % dashes.count] }

    /// Light to dark, for amounts. Source: ColorBrewer's Blues.
    private static let amounts = [
        Color(247, 251, 255), Color(222, 235, 247), Color(198, 219, 239), Color(158, 202, 225), Color(107, 174, 214),
        Color(66, 146, 198), Color(33, 113, 181), Color(8, 81, 156), Color(8, 48, 107),
    ]
    /// Red below zero, blue above. Source: ColorBrewer's RdBu.
    private static let signed = [
        Color(178, 24, 43), Color(214, 96, 77), Color(244, 165, 130), Color(253, 219, 199), Color(247, 247, 247),
        Color(209, 229, 240), Color(146, 197, 222), Color(67, 147, 195), Color(33, 102, 172),
    ]

    /// The colour of a share from 0 to 1 of a ramp.
    static func ramp(_ share: Double, isSigned: Bool) -> Color {
        let colors = isSigned ? signed : amounts
        let place = min(max(share, 0), 1) * Double(colors.count - 1)
        let low = min(Int(place), colors.count - 2)
        let part = place - Double(low)
        func mix(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8((Double(a) + (Double(b) - Double(a)) * part).rounded()) }
        let (a, b) = (colors[low], colors[low + 1])
        return Color(mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue))
    }
}

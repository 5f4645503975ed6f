import Foundation

/// Letters as strokes, for pictures made of pixels: no file of a font is needed, and a picture is the same everywhere.
///
/// A glyph is written as its advance and its strokes; a stroke is a run of places, two digits each: x from the left, y from
/// below with the baseline at 2, small letters up to 7 and capitals up to 9.
enum StrokeFont {
    private static let unitsPerSize = 10.2

    private static let table = """
        ! 3 1915 1312
        " 4 1907 3927
        # 7 1339 3359 0565 0767
        $ 6 583929080716455453322203 2921
        % 7 0269 0929270709 4464624244
        & 7 621718293948470403123265
        ' 2 1907
        ( 4 39171431
        ) 4 19373411
        * 5 2925 0846 0648
        + 6 3337 1555
        , 3 131201
        - 5 1545
        . 3 1312
        / 5 0149
        0 6 290704223254573929
        1 6 173932 1252
        2 6 0819395857450252
        3 6 08193958574626 465553321203
        4 6 42490454
        5 6 590906365553321203
        6 6 4929070422325355362605
        7 6 095922
        8 6 290807263657583929 2605032232535536
        9 6 1232545739290806253556
        : 3 1312 1615
        ; 3 131201 1615
        < 6 571553
        = 6 1454 1656
        > 6 175513
        ? 5 0819394847353433 3322
        @ 8 6353424546665553636769381705032151
        A 6 023962 1454
        B 6 09024253544505 0949585645
        C 6 5849290704224253
        D 6 09023254573909
        E 6 59090252 0545
        F 6 590902 0545
        G 6 58492907042242535535
        H 6 0902 5952 0555
        I 3 1912
        J 5 4943321203
        K 6 0902 5905 1652
        L 6 090252
        M 7 0209356962
        N 6 02096269
        O 7 290704224264674929
        P 6 02094958564505
        Q 7 290704224264674929 4462
        R 6 02094958564505 3552
        S 6 583929080716455453322203
        T 6 0969 3932
        U 6 090422325459
        V 6 093269
        W 8 0922354279
        X 6 0952 0259
        Y 6 093569 3532
        Z 6 09590252
        [ 4 39191131
        \\ 5 0941
        ] 4 19393111
        ^ 6 173957
        _ 6 0161
        ` 4 1938
        a 6 5752 5647270504224253
        b 6 0902 0617375554321203
        c 5 4637270504223243
        d 6 5952 5647270504224253
        e 6 05555647270504224253
        f 4 49392822 0747
        g 6 57514010 5647270504224253
        h 6 0902 0617475652
        i 3 1712 1918
        j 3 171100 1918
        k 5 0902 4704 1542
        l 3 1912
        m 7 0702 0617273632 3647576662
        n 6 0702 0617475652
        o 6 270504223254553727
        p 6 0700 0617375554321203
        q 6 5750 5647270504224253
        r 4 0702 05273747
        s 5 46371706153443321203
        t 4 19132232 0737
        u 6 0703124253 5752
        v 5 072247
        w 7 0712254267
        x 5 0742 0247
        y 5 0722 4710
        z 5 07470242
        { 4 39282615242231
        | 3 1910
        } 4 19282635242211
        ~ 6 051626354556
        · 3 1514
        – 6 0555
        — 8 0585
        − 6 1555
        … 7 1312 3332 5352
        × 6 1357 1753
        µ 6 0700 0703124253 5752
        ° 4 0819283708
        ± 6 3438 1656 1353
        ² 4 0819280626
        → 8 0575 577553
        ≤ 6 571753 1252
        ≥ 6 175713 1252
        α 6 57442212030617274452
        β 6 000819394847365453421203 3616
        τ 5 0757 273242
        λ 7 092962 3702
        ∞ 8 4536160413336475756645
        ß 6 0208193948473654534222
        μ 6 0700 0703124253 5752
        ε 5 463717061535 1503123243
        √ 7 0515224969
        Δ 7 02396202
        Σ 6 5909350252
        ’ 2 1907
        """

    private struct Glyph {
        var advance: Double
        var strokes: [[Point]]
    }

    private static let glyphs: [Character: Glyph] = {
        var glyphs: [Character: Glyph] = [" ": Glyph(advance: 4, strokes: [])]
        for line in table.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count > 1, let character = parts[0].first, let advance = Double(parts[1]) else { continue }
            let strokes = parts.dropFirst(2).map { stroke -> [Point] in
                let digits = stroke.compactMap { $0.wholeNumberValue.map(Double.init) }
                return stride(from: 0, to: digits.count - 1, by: 2).map { Point(digits[$0], digits[$0 + 1] - 2) }
            }
            glyphs[character] = Glyph(advance: advance + 1, strokes: strokes)
        }
        return glyphs
    }()

    /// What stands for a letter: itself, the letter without its accents, or a box.
    private static func glyph(_ character: Character) -> Glyph {
        if let glyph = glyphs[character] { return glyph }
        if let base = String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first,
            let glyph = glyphs[Character(base)]
        {
            return glyph
        }
        return Glyph(advance: 7, strokes: [[Point(1, 0), Point(1, 7), Point(5, 7), Point(5, 0), Point(1, 0)]])
    }

    static func width(of text: String, size: Double) -> Double {
        text.reduce(0) { $0 + glyph($1).advance } * size / unitsPerSize
    }

    /// The strokes of a text on a drawing.
    static func strokes(of text: String, at: Point, size: Double, anchor: Anchor, turned: Double) -> [[Point]] {
        let unit = size / unitsPerSize
        let whole = width(of: text, size: size)
        var x =
            switch anchor {
            case .start: 0.0
            case .middle: -whole / 2
            case .end: -whole
            }
        let angle = -turned * Double.pi / 180
        let (cosine, sine) = (cos(angle), sin(angle))
        var strokes: [[Point]] = []
        for character in text {
            let glyph = glyph(character)
            for stroke in glyph.strokes {
                strokes.append(
                    stroke.map { point in
                        let (px, py) = (x + (point.x + 0.5) * unit, -point.y * unit)
                        return Point(at.x + px * cosine - py * sine, at.y + px * sine + py * cosine)
                    })
            }
            x += glyph.advance * unit
        }
        return strokes
    }
}

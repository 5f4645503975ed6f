import Foundation

/// What BERT does to text before it is cut into pieces, one scalar at a time: cleaning, spaces around ideographs, removing
/// accents, lowercase; and what kind of character each result is.
///
/// The rules are those of the `tokenizers` library, which differ from the original program in some scalars: unassigned ones
/// are kept, and Hangul stays decomposed where accents are removed.
final class BertNormalizer {
    let cleansText: Bool
    let spacesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool

    /// What a scalar of the result is to the splitting into words.
    enum Class: UInt8 {
        case letter, space, punctuation
    }

    /// A scalar of the result.
    struct Scalar {
        let value: UInt32
        let kind: Class
    }

    init(cleansText: Bool, spacesIdeographs: Bool, stripsAccents: Bool, lowercases: Bool) {
        self.cleansText = cleansText
        self.spacesIdeographs = spacesIdeographs
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
    }

    /// The results of 256 neighbouring scalars, made when the first of them is met.
    private final class Page {
        var starts: [Int] = [0]
        var scalars: [Scalar] = []
        var isIdeograph: [Bool] = []
    }

    private var pages = [Page?](repeating: nil, count: 0x1100)

    /// What becomes of a scalar: nothing, itself, or several; an ideograph stands between spaces.
    @inline(__always)
    func forEach(of scalar: UInt32, _ body: (Scalar) -> Void) {
        let number = Int(scalar >> 8)
        let page: Page
        if let known = pages[number] {
            page = known
        } else {
            page = make(number)
            pages[number] = page
        }
        let place = Int(scalar & 255)
        if page.isIdeograph[place] {
            let space = Scalar(value: 0x20, kind: .space)
            body(space)
            for index in page.starts[place]..<page.starts[place + 1] { body(page.scalars[index]) }
            body(space)
        } else {
            for index in page.starts[place]..<page.starts[place + 1] { body(page.scalars[index]) }
        }
    }

    private func make(_ number: Int) -> Page {
        let page = Page()
        for low in 0..<256 {
            let value = UInt32(number << 8 | low)
            page.isIdeograph.append(spacesIdeographs && Self.isIdeograph(value))
            if let scalar = Unicode.Scalar(value) {
                page.scalars += normalized(scalar).map { Scalar(value: $0.value, kind: Self.kind(of: $0)) }
            }
            page.starts.append(page.scalars.count)
        }
        return page
    }

    private func normalized(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        var scalar = scalar
        if cleansText {
            if scalar.value == 0 || scalar.value == 0xFFFD || Self.isControl(scalar) { return [] }
            if scalar.properties.isWhitespace { scalar = " " }
        }
        var scalars = [scalar]
        if stripsAccents, scalar.value >= 0x80 {
            scalars = Array(String(Character(scalar)).decomposedStringWithCanonicalMapping.unicodeScalars)
            scalars.removeAll { Self.category($0) == .nonspacingMark }
        }
        if lowercases { scalars = scalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } }
        return scalars
    }

    /// The category by the tables of Unicode 8, which the library's are of: what came later is unassigned.
    private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
        if scalar.value >= 0x1000, let earlier = earlierCategories[scalar.value] { return earlier }
        return scalar.properties.generalCategory
    }

    /// Scalars whose category was another one in Unicode 8.
    private static let earlierCategories: [UInt32: Unicode.GeneralCategory] = [
        0x166D: .otherPunctuation, 0x111C9: .otherPunctuation, 0x1734: .nonspacingMark, 0x1171E: .nonspacingMark,
        0x1885: .otherLetter, 0x1886: .otherLetter, 0xA9BD: .spacingMark,
    ]

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return false }
        switch category(scalar) {
        case .control, .format, .privateUse, .surrogate: return true
        default: return false
        }
    }

    /// The blocks of CJK ideographs that BERT knows.
    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    private static func kind(of scalar: Unicode.Scalar) -> Class {
        if scalar.properties.isWhitespace { return .space }
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: return .punctuation
        default: break
        }
        switch category(scalar) {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .punctuation
        default: return .letter
        }
    }
}

import Glibc

// Tensors as text: NumPy's layout, brackets and aligned columns, with four digits after the point.
//
//   description   the numbers
//   display       the numbers, and below them type, shape and unit: what the prompt shows
//   summary       one line: type, shape, range, mean, unit and operation

extension Tensor: CustomStringConvertible {
    /// The numbers as NumPy prints them with a precision of 4.
    public var description: String { TensorText(self).text }

    /// What a result at the prompt looks like; a tensor whose numbers do not all show says its range and mean too.
    public var display: String { "\(description)\n\(summary(withRange: count > TensorText.threshold))" }

    /// One line that says what it is: type, shape, unit, range, mean, and the operation that made it.
    public var summary: String { summary(withRange: true) }

    private func summary(withRange: Bool) -> String {
        var parts = ["\(dtype.name) \(shape)\(unit.map { " \($0.rawValue)" } ?? "")"]
        if withRange, count > 0, dtype != .bool, let range = try? Graph.recording(false, { try rangeText() }) {
            parts.append(range)
        }
        if let operationName {
            parts.append("by \(operationName)")
        } else if isTracked {
            parts.append("tracked")
        }
        return parts.joined(separator: ", ")
    }

    private func rangeText() throws -> String {
        let plain = detached()
        let (low, high) = (try Tensors.min(plain).item(), try Tensors.max(plain).item())
        let average = try Tensors.mean(plain).item()
        return "from \(compact(low)) to \(compact(high)), mean \(compact(average))"
    }

    private func compact(_ value: Double) -> String {
        if value.isFinite, let whole = Int(exactly: value), whole.magnitude < 1_000_000 { return String(whole) }
        return formatted("%.4g", value)
    }
}

/// One number through C's formatting.
private func formatted(_ format: String, _ value: Double) -> String {
    if value.isNaN { return "nan" }  // C shows its sign
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
        _ = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
        return String(cString: UnsafePointer(buffer.baseAddress!))
    }
}

/// The layout of one tensor.
private struct TensorText {
    private let tensor: Tensor
    private let isSummarized: Bool
    private let edge = 3
    private let lineWidth = 75
    static let threshold = 1000
    private var style = NumberStyle.plain(width: 0)

    init(_ tensor: Tensor) {
        self.tensor = tensor
        isSummarized = tensor.count > TensorText.threshold
        var shown: [Scalar] = []
        if tensor.count > 0 { collect(0, tensor.offset, &shown) }
        style = NumberStyle(shown, tensor.dtype)
    }

    var text: String {
        if tensor.count == 0 { return "[]" }
        return nested(axis: 0, offset: tensor.offset, indent: " ", width: lineWidth)
    }

    /// The places along an axis that are shown; nil stands for the dots.
    private func places(_ size: Int) -> [Int?] {
        guard isSummarized, size > 2 * edge else { return Array(0..<size) }
        return Array(0..<edge) + [nil] + Array(size - edge..<size)
    }

    private func collect(_ axis: Int, _ offset: Int, _ shown: inout [Scalar]) {
        if axis == tensor.rank { return shown.append(tensor.element(at: offset)) }
        for place in places(tensor.shape[axis]) {
            if let place { collect(axis + 1, offset + place * tensor.strides[axis], &shown) }
        }
    }

    private func nested(axis: Int, offset: Int, indent: String, width: Int) -> String {
        if axis == tensor.rank { return style.text(tensor.element(at: offset), tensor.dtype) }
        let places = places(tensor.shape[axis])
        let stride = tensor.strides[axis]
        if axis < tensor.rank - 1 {
            let separator = String(repeating: "\n", count: tensor.rank - axis - 1) + indent
            let rows = places.map { place in
                place.map {
                    nested(axis: axis + 1, offset: offset + $0 * stride, indent: indent + " ", width: width - 1)
                } ?? "..."
            }
            return "[" + rows.joined(separator: separator) + "]"
        }
        var lines: [String] = []
        var line = indent
        for (number, place) in places.enumerated() {
            let word = place.map { style.text(tensor.element(at: offset + $0 * stride), tensor.dtype) } ?? "..."
            if line.count + word.count > width - 1, line.count > indent.count {
                lines.append(trimmed(line))
                line = indent
            }
            line += word
            if number < places.count - 1 { line += " " }
        }
        lines.append(line)
        return "[" + lines.joined(separator: "\n").dropFirst(indent.count) + "]"
    }

    private func trimmed(_ line: String) -> String {
        var end = line.endIndex
        while end > line.startIndex, line[line.index(before: end)] == " " { end = line.index(before: end) }
        return String(line[..<end])
    }
}

/// How the numbers of one tensor are written so that their columns align.
private enum NumberStyle {
    /// Whole numbers and truth values, right-aligned.
    case plain(width: Int)
    /// Digits before and after the point; shorter fractions are filled with blanks.
    case positional(left: Int, right: Int)
    /// A power of ten behind; all fractions have `digits` digits.
    case scientific(left: Int, digits: Int, exponent: Int)

    private static let precision = 4

    init(_ shown: [Scalar], _ dtype: DType) {
        guard dtype.isFloating else {
            self = .plain(width: shown.map { NumberStyle.plainText($0, dtype).count }.max() ?? 0)
            return
        }
        let values = shown.map(\.double)
        let finite = values.filter(\.isFinite)
        let sizes = finite.map { Swift.abs($0) }.filter { $0 > 0 }
        let (low, high) = (sizes.min() ?? 1, sizes.max() ?? 1)
        // An f32 has six digits that can be trusted; NumPy writes no more of them before the point.
        let limit = dtype == .f64 ? 1e8 : 1e6
        let isScientific = !sizes.isEmpty && (high >= limit || low < 1e-4 || high / low > 1000)
        let parts = finite.map { NumberStyle.parts($0, dtype, scientific: isScientific) }
        var left = parts.map(\.whole.count).max() ?? 0
        let right = parts.map(\.fraction.count).max() ?? 0
        let exponent = parts.map { Swift.max($0.exponent.count, 2) }.max() ?? 2
        let tail = isScientific ? right + 2 + exponent : right
        // Words need the room of a number, its point included.
        for value in values where !value.isFinite {
            left = Swift.max(left, NumberStyle.word(value).count - tail - 1)
        }
        self =
            isScientific
            ? .scientific(left: left, digits: right, exponent: exponent) : .positional(left: left, right: right)
    }

    func text(_ scalar: Scalar, _ dtype: DType) -> String {
        switch self {
        case .plain(let width): return padded(NumberStyle.plainText(scalar, dtype), width)
        case .positional(let left, let right):
            guard scalar.double.isFinite else { return padded(NumberStyle.word(scalar.double), left + right + 1) }
            let parts = NumberStyle.parts(scalar.double, dtype, scientific: false)
            let filling = String(repeating: " ", count: right - parts.fraction.count)
            return padded(parts.whole, left) + "." + parts.fraction + filling
        case .scientific(let left, let digits, let exponent):
            guard scalar.double.isFinite else {
                return padded(NumberStyle.word(scalar.double), left + digits + exponent + 3)
            }
            let parts = NumberStyle.parts(scalar.double, dtype, scientific: true)
            let zeros = String(repeating: "0", count: digits - parts.fraction.count)
            let power = String(repeating: "0", count: Swift.max(0, exponent - parts.exponent.count)) + parts.exponent
            return padded(parts.whole, left) + "." + parts.fraction + zeros + "e" + parts.sign + power
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - text.count)) + text
    }

    private static func plainText(_ scalar: Scalar, _ dtype: DType) -> String {
        dtype == .bool ? (scalar.int == 0 ? "false" : "true") : String(scalar.int)
    }

    private static func word(_ value: Double) -> String {
        value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
    }

    /// The pieces of a number with the fewest digits that still name it, at most `precision` of them after the point.
    private static func parts(
        _ value: Double, _ dtype: DType, scientific: Bool
    ) -> (whole: String, fraction: String, sign: String, exponent: String) {
        var text = formatted(scientific ? "%.\(precision)e" : "%.\(precision)f", value)
        // 0.1 as f32 has more digits than name it; fewer than the precision may do.
        for digits in 0..<precision {
            let shorter = formatted(scientific ? "%.\(digits)e" : "%.\(digits)f", value)
            let back = strtod(shorter, nil)
            if dtype == .f64 ? back == value : Float(back) == Float(value) {
                text = shorter
                break
            }
        }
        var sign = ""
        var exponent = ""
        if let e = text.firstIndex(of: "e") {
            sign = String(text[text.index(after: e)])
            exponent = String(text[text.index(e, offsetBy: 2)...])
            text = String(text[..<e])
        }
        guard let point = text.firstIndex(of: ".") else { return (text, "", sign, exponent) }
        var fraction = text[text.index(after: point)...]
        while fraction.last == "0" { fraction.removeLast() }
        return (String(text[..<point]), String(fraction), sign, exponent)
    }
}

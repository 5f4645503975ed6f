/// Byte pairs over the bytes of UTF-8, as GPT-2 and RoBERTa cut text: every text has ids, and every id has its bytes.
///
/// A text is first parted into runs of letters, digits, other signs and white space, each with the blank before it; in each
/// run the neighbours with the earliest merge are joined until none is left.
/// Sennrich and others 2016, arXiv:1508.07909; Radford and others 2019.
final class ByteLevelBPE {
    private let byteIds: [Int32]
    /// From a pair of ids to its rank and the id of the two together.
    private let merges: [UInt64: (rank: Int32, id: Int32)]
    /// Whether a blank is put before a text that begins without one.
    let addsBlank: Bool

    private var cache = ByteTable(minimumCapacity: 1 << 12)
    private var known: [Int32] = []
    private var starts: [Int32] = [0]
    private static let cachedRuns = 1 << 16
    private var symbols: [(id: Int32, length: Int)] = []

    init(byteIds: [Int32], merges: [UInt64: (rank: Int32, id: Int32)], addsBlank: Bool) {
        (self.byteIds, self.merges, self.addsBlank) = (byteIds, merges, addsBlank)
    }

    /// The characters that stand for the 256 bytes in a vocabulary: printable ones for themselves, the others from U+0100 on.
    static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (0..<256).map { byte in
            switch byte {
            case 33...126, 161...172, 174...255: return Unicode.Scalar(UInt8(byte))
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? " "
            }
        }
    }()

    /// The byte that a character of a vocabulary stands for.
    static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: characters.enumerated().map { ($0.element.value, UInt8($0.offset)) })

    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Appends the ids of a stretch of text.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        withBlank(text) { text in
            var start = 0
            while start < text.count {
                let end = runEnd(text, from: start)
                encodeRun(UnsafeBufferPointer(rebasing: text[start..<end]), into: &ids)
                start = end
            }
        }
    }

    private func withBlank(_ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard addsBlank, let first = text.first, !Self.isBlank(text, 0, first) else { return body(text) }
        ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer(body)
    }

    private static func isBlank(_ text: UnsafeBufferPointer<UInt8>, _ place: Int, _ first: UInt8) -> Bool {
        RunClass.of(UTF8Scalars.decode(text, at: place).value) == .space
    }

    private func encodeRun(_ run: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        guard let base = run.baseAddress else { return }
        if let place = cache.value(base, run.count) {
            for index in Int(starts[Int(place)])..<Int(starts[Int(place) + 1]) { ids.append(known[index]) }
            return
        }
        merge(run)
        if cache.count >= Self.cachedRuns {
            cache.removeAll()
            known.removeAll(keepingCapacity: true)
            starts = [0]
        }
        for symbol in symbols { ids.append(symbol.id) }
        if run.count <= 64 {
            cache.insert(base, run.count, Int32(starts.count - 1))
            for symbol in symbols { known.append(symbol.id) }
            starts.append(Int32(known.count))
        }
    }

    /// Joins the bytes of a run; what is left stands in `symbols`.
    private func merge(_ run: UnsafeBufferPointer<UInt8>) {
        if run.count > 512 { return mergeLong(run) }
        symbols.removeAll(keepingCapacity: true)
        for byte in run { symbols.append((byteIds[Int(byte)], 1)) }
        while symbols.count > 1 {
            var best: (rank: Int32, id: Int32, place: Int)?
            for place in 0..<symbols.count - 1 {
                if let found = merges[Self.pair(symbols[place].id, symbols[place + 1].id)],
                    found.rank < best?.rank ?? .max
                {
                    best = (found.rank, found.id, place)
                }
            }
            guard let best else { break }
            symbols[best.place] = (best.id, symbols[best.place].length + symbols[best.place + 1].length)
            symbols.remove(at: best.place + 1)
        }
    }

    /// The same for a run of any length, in n log n steps: a queue of neighbours that may be joined, in a linked list.
    private func mergeLong(_ run: UnsafeBufferPointer<UInt8>) {
        var ids = run.map { byteIds[Int($0)] }
        var lengths = [Int](repeating: 1, count: run.count)
        var next = Array(1...run.count)
        var previous = Array(-1..<run.count - 1)
        var queue = MergeQueue()
        func offer(_ place: Int) {
            guard place >= 0, next[place] < run.count else { return }
            if let found = merges[Self.pair(ids[place], ids[next[place]])] {
                queue.push(
                    .init(rank: found.rank, place: place, left: ids[place], right: ids[next[place]], id: found.id))
            }
        }
        for place in 0..<run.count { offer(place) }
        while let best = queue.pop() {
            let right = next[best.place]
            // Neighbours may have been joined otherwise since they were offered.
            guard lengths[best.place] > 0, right < run.count, ids[best.place] == best.left, ids[right] == best.right
            else {
                continue
            }
            ids[best.place] = best.id
            lengths[best.place] += lengths[right]
            lengths[right] = 0
            next[best.place] = next[right]
            if next[right] < run.count { previous[next[right]] = best.place }
            offer(previous[best.place])
            offer(best.place)
        }
        symbols.removeAll(keepingCapacity: true)
        var place = 0
        while place < run.count {
            symbols.append((ids[place], lengths[place]))
            place = next[place]
        }
    }

    /// The ids of a stretch of text with the code points that each is from, counted from `offset`.
    ///
    /// - Parameters:
    ///   - trims: leaves blanks at the ends of a token out of its place.
    ///   - words: the number of the next run, which is counted on.
    func encoding(
        _ text: UnsafeBufferPointer<UInt8>, offset: Int, trims: Bool, words: inout Int, into encoding: inout Encoding
    ) {
        // For each byte the number of its code point, from which an added blank stands apart by having none.
        let added = addsBlank && text.first.map { !Self.isBlank(text, 0, $0) } ?? false ? 1 : 0
        withBlank(text) { text in
            var points: [Int] = []
            points.reserveCapacity(text.count + 1)
            var point = offset - 1
            for (place, byte) in text.enumerated() {
                if place >= added, byte & 0xC0 != 0x80 { point += 1 }
                points.append(place < added ? offset : point)
            }
            var start = 0
            while start < text.count {
                let end = runEnd(text, from: start)
                merge(UnsafeBufferPointer(rebasing: text[start..<end]))
                var place = start
                for symbol in symbols {
                    var (low, high) = (place, place + symbol.length)
                    if trims {
                        while low < high, RunClass.isBlankByte(text, low) { low += 1 }
                        while high > low, RunClass.isBlankByte(text, high - 1) { high -= 1 }
                    }
                    let first = low < points.count ? points[low] : point + 1
                    let last = high > low ? (high - 1 < added ? offset : points[high - 1] + 1) : first
                    encoding.append(symbol.id, first..<max(first, last), word: words)
                    place += symbol.length
                }
                words += 1
                start = end
            }
        }
    }

    /// Where the run that begins at `start` ends: `'s`, a blank with letters, digits or signs, or white space.
    private func runEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let count = text.count
        if text[start] == UInt8(ascii: "'"), let length = contraction(text, start + 1) { return start + 1 + length }
        var place = start
        var (value, length) = UTF8Scalars.decode(text, at: place)
        var kind = RunClass.of(value)
        if value == 0x20, place + 1 < count {
            let after = UTF8Scalars.decode(text, at: place + 1)
            let afterKind = RunClass.of(after.value)
            if afterKind != .space {
                place += 1
                (value, length) = after
                kind = afterKind
            }
        }
        if kind != .space {
            repeat {
                place += length
                if place >= count { return count }
                (value, length) = UTF8Scalars.decode(text, at: place)
            } while RunClass.of(value) == kind
            return place
        }
        // White space: all of it at the end of the text, else all but the last one, which goes with what follows.
        var last = place
        while kind == .space {
            last = place
            place += length
            if place >= count { return count }
            (value, length) = UTF8Scalars.decode(text, at: place)
            kind = RunClass.of(value)
        }
        return last > start ? last : place
    }

    /// The length of what follows an apostrophe in 's, 't, 're, 've, 'm, 'll, 'd.
    private func contraction(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int? {
        guard place < text.count else { return nil }
        switch text[place] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 1
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return place + 1 < text.count && text[place + 1] == UInt8(ascii: "e") ? 2 : nil
        case UInt8(ascii: "l"):
            return place + 1 < text.count && text[place + 1] == UInt8(ascii: "l") ? 2 : nil
        default: return nil
        }
    }
}

/// What parts a text into runs: letters, numbers, white space, and all other signs.
private enum RunClass: UInt8 {
    case letter, number, space, other

    private static let ascii: [RunClass] = (0..<128).map { slow(Unicode.Scalar(UInt8($0))) }
    nonisolated(unsafe) private static var pages = [[RunClass]?](repeating: nil, count: 0x1100)

    @inline(__always)
    static func of(_ value: UInt32) -> RunClass {
        if value < 128 { return ascii[Int(value)] }
        let number = Int(value >> 8)
        if let page = pages[number] { return page[Int(value & 255)] }
        let page = (0..<256).map { Unicode.Scalar(UInt32(number << 8 | $0)).map(slow) ?? .other }
        pages[number] = page
        return page[Int(value & 255)]
    }

    /// Whether a byte is white space by itself; longer ones are not trimmed.
    static func isBlankByte(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        text[place] < 128 && of(UInt32(text[place])) == .space
    }

    private static func slow(_ scalar: Unicode.Scalar) -> RunClass {
        if scalar.properties.isWhitespace { return .space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return .other
        }
    }
}

/// Neighbours that may be joined, the earliest merge first and of equal ones the leftmost.
private struct MergeQueue {
    struct Entry {
        let rank: Int32, place: Int, left: Int32, right: Int32, id: Int32

        func comesBefore(_ other: Entry) -> Bool { rank != other.rank ? rank < other.rank : place < other.place }
    }

    private var heap: [Entry] = []

    mutating func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child].comesBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Entry? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].comesBefore(heap[least]) {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

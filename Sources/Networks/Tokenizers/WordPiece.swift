/// BERT's pieces: words are cut at white space and punctuation, and each word into the longest pieces that the vocabulary
/// has, from the left; a piece inside a word has a mark before it, "##".
///
/// Wu and others 2016, arXiv:1609.08144; Devlin and others 2018, arXiv:1810.04805.
final class WordPiece {
    let normalizer: BertNormalizer
    private let unknown: Int32
    private let longestWord: Int
    /// Pieces at the start of a word, and inside one without their mark.
    private let first: ByteTable
    private let inner: ByteTable
    private let longestPiece: Int

    /// The pieces of words that were met, at places in `known`.
    private var cache = ByteTable(minimumCapacity: 1 << 12)
    private var known: [Int32] = []
    private var starts: [Int32] = [0]
    private static let cachedWords = 1 << 16

    private var word: [UInt8] = []
    private var characters = 0
    /// For each byte of the word the code points that it is from, while places are wanted.
    private var origins: [(start: Int, end: Int)] = []

    init(
        _ vocabulary: [String], unknown: Int32, mark: String, longestWord: Int, normalizer: BertNormalizer
    ) {
        var (first, inner) = (ByteTable(minimumCapacity: vocabulary.count), ByteTable())
        var longest = 0
        let prefix = Array(mark.utf8)
        for (id, piece) in vocabulary.enumerated() {
            let bytes = Array(piece.utf8)
            first.insert(bytes, Int32(id))
            if bytes.starts(with: prefix) { inner.insert(bytes.dropFirst(prefix.count), Int32(id)) }
            longest = max(longest, bytes.count)
        }
        (self.first, self.inner, longestPiece) = (first, inner, longest)
        (self.unknown, self.longestWord, self.normalizer) = (unknown, longestWord, normalizer)
        word.reserveCapacity(256)
    }

    /// Appends the ids of a stretch of text.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        var place = 0
        while place < text.count {
            let byte = text[place]
            if byte < 0x80 {
                place += 1
                add(UInt32(byte), &ids)
            } else {
                let (value, length) = UTF8Scalars.decode(text, at: place)
                place += length
                add(value, &ids)
            }
        }
        close(&ids)
    }

    @inline(__always)
    private func add(_ scalar: UInt32, _ ids: inout [Int32]) {
        normalizer.forEach(of: scalar) { result in
            switch result.kind {
            case .letter:
                UTF8Scalars.append(result.value, to: &word)
                characters += 1
            case .space: close(&ids)
            case .punctuation:
                close(&ids)
                UTF8Scalars.append(result.value, to: &word)
                characters += 1
                close(&ids)
            }
        }
    }

    /// Ends the word that was being collected.
    private func close(_ ids: inout [Int32]) {
        if word.isEmpty { return }
        word.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            if let place = cache.value(base, bytes.count) {
                for index in Int(starts[Int(place)])..<Int(starts[Int(place) + 1]) { ids.append(known[index]) }
                return
            }
            let begin = ids.count
            cut(base, bytes.count) { id, _ in ids.append(id) }
            if cache.count >= Self.cachedWords {
                cache.removeAll()
                known.removeAll(keepingCapacity: true)
                starts = [0]
            }
            if bytes.count <= 64 {
                cache.insert(base, bytes.count, Int32(starts.count - 1))
                known += ids[begin...]
                starts.append(Int32(known.count))
            }
        }
        word.removeAll(keepingCapacity: true)
        characters = 0
    }

    /// Cuts a word into its pieces; `body` is given each with its bytes in the word.
    private func cut(_ word: UnsafePointer<UInt8>, _ length: Int, _ body: (Int32, Range<Int>) -> Void) {
        guard characters <= longestWord else { return body(unknown, 0..<length) }
        var found: [(Int32, Range<Int>)] = []
        var start = 0
        while start < length {
            var end = min(length, start + longestPiece)
            // Only whole characters: back to the last byte before which one ends.
            while end < length, word[end] & 0xC0 == 0x80 { end -= 1 }
            var id: Int32?
            while end > start {
                id = start == 0 ? first.value(word, end) : inner.value(word + start, end - start)
                if id != nil { break }
                end -= 1
                while end > start, word[end] & 0xC0 == 0x80 { end -= 1 }
            }
            guard let id else { return body(unknown, 0..<length) }
            found.append((id, start..<end))
            start = end
        }
        for (id, range) in found { body(id, range) }
    }

    /// The ids of a stretch of text with the code points that each is from, counted from `offset`.
    ///
    /// - Parameter words: the number of the next word, which is counted on.
    func encoding(
        _ text: UnsafeBufferPointer<UInt8>, offset: Int, words: inout Int, into encoding: inout Encoding
    ) {
        var place = 0
        var point = offset
        func close() {
            guard !word.isEmpty else { return }
            word.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return }
                cut(base, bytes.count) { id, range in
                    encoding.append(
                        id, origins[range.lowerBound].start..<origins[range.upperBound - 1].end, word: words)
                }
            }
            words += 1
            word.removeAll(keepingCapacity: true)
            origins.removeAll(keepingCapacity: true)
            characters = 0
        }
        while place < text.count {
            let (value, length) = UTF8Scalars.decode(text, at: place)
            place += length
            normalizer.forEach(of: value) { result in
                if result.kind != .letter { close() }
                if result.kind == .space { return }
                UTF8Scalars.append(result.value, to: &word)
                while origins.count < word.count { origins.append((point, point + 1)) }
                characters += 1
                if result.kind == .punctuation { close() }
            }
            point += 1
        }
        close()
    }
}

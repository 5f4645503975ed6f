import Tensors

/// Makes a vocabulary of pieces from texts: the neighbours that occur most often are joined, again and again.
///
/// The words are counted once; a join touches only the words that hold it. Of pairs that occur equally often the one whose
/// pieces came first is joined first, so that the same texts give the same vocabulary everywhere. Special tokens have the
/// first ids, then come the characters in the order of their code points, then the pieces in the order of their making.
/// Schuster, Nakajima 2012; the way of counting is that of byte-pair encoding, Sennrich and others 2016, arXiv:1508.07909.
public enum WordPieceTrainer {
    public static let specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    /// - Parameters:
    ///   - size: the most ids; fewer where the texts do not have so many pieces.
    ///   - minimalCount: how often a pair must occur to be joined.
    /// - Throws: `value` for sizes that leave no room for the characters, `interrupt`.
    public static func train(
        on texts: some Sequence<String>, size: Int, minimalCount: Int = 2, lowercases: Bool = true,
        maximalLength: Int? = nil
    ) throws -> SubwordTokenizer {
        guard minimalCount >= 1 else {
            throw FormatError("min_count is \(minimalCount); it must be at least 1", kind: "value")
        }
        var learner = try Learner(words(of: texts, lowercases: lowercases), size: size)
        try learner.learn(size: size, minimalCount: minimalCount)
        var pieces = JSONObject()
        for (id, piece) in learner.pieces.enumerated() { pieces[piece] = .int(id) }
        let tokenizer = try TokenizerFolder.wordPiece(
            pieces, tokens: specialTokens, unknown: "[UNK]", sep: "[SEP]", cls: "[CLS]", pad: "[PAD]",
            lowercases: lowercases)
        guard let maximalLength, let limited = try tokenizer.limited(to: maximalLength) as? SubwordTokenizer else {
            return tokenizer
        }
        return limited
    }

    /// The words of the texts as BERT parts them, and how often each occurs, in the order in which they were met.
    private static func words(of texts: some Sequence<String>, lowercases: Bool) throws -> [(
        word: [UInt32], count: Int
    )] {
        let normalizer = BertNormalizer(
            cleansText: true, spacesIdeographs: true, stripsAccents: lowercases, lowercases: lowercases)
        var places: [[UInt32]: Int] = [:]
        var words: [(word: [UInt32], count: Int)] = []
        var word: [UInt32] = []
        func close() {
            guard !word.isEmpty else { return }
            if let place = places[word] {
                words[place].count += 1
            } else {
                places[word] = words.count
                words.append((word, 1))
            }
            word.removeAll(keepingCapacity: true)
        }
        for (number, text) in texts.enumerated() {
            if number % 256 == 0 { try Interruption.check() }
            for scalar in text.unicodeScalars {
                normalizer.forEach(of: scalar.value) { result in
                    if result.kind != .letter { close() }
                    if result.kind != .space, word.count < 100 { word.append(result.value) }
                    if result.kind == .punctuation { close() }
                }
            }
            close()
        }
        return words
    }

    private struct Learner {
        private(set) var pieces: [String]
        /// Each word as pieces, and how often it occurs.
        private var words: [(pieces: [Int32], count: Int)] = []
        private var counts: [UInt64: Int] = [:]
        /// The words that hold, or once held, a pair.
        private var holders: [UInt64: [Int32]] = [:]
        private var ids: [ExactString: Int32] = [:]

        init(_ counted: [(word: [UInt32], count: Int)], size: Int) throws {
            pieces = WordPieceTrainer.specialTokens
            let text = { (value: UInt32) in Unicode.Scalar(value).map { String(Character($0)) } ?? "\u{FFFD}" }
            let alphabet = Set(counted.flatMap(\.word)).sorted()
            let inner = Set(counted.flatMap { $0.word.dropFirst() }).sorted()
            let least = pieces.count + alphabet.count + inner.count
            guard size >= least else {
                throw FormatError(
                    "size is \(size), and the characters of the texts alone need \(least) ids",
                    hint: "choose a larger size",
                    kind: "value")
            }
            for value in alphabet { add(text(value)) }
            for value in inner { add("##" + text(value)) }
            for (word, count) in counted {
                words.append(
                    (word.enumerated().map { place, value in id((place == 0 ? "" : "##") + text(value)) }, count))
            }
            for (number, word) in words.enumerated() { count(word.pieces, word.count, in: Int32(number)) }
        }

        private mutating func add(_ piece: String) {
            ids[ExactString(piece)] = Int32(pieces.count)
            pieces.append(piece)
        }

        private func id(_ piece: String) -> Int32 { ids[ExactString(piece)] ?? 1 }

        private mutating func count(_ pieces: [Int32], _ times: Int, in word: Int32) {
            for place in pieces.indices.dropLast() {
                let pair = ByteLevelBPE.pair(pieces[place], pieces[place + 1])
                counts[pair, default: 0] += times
                if times > 0, holders[pair]?.last != word { holders[pair, default: []].append(word) }
            }
        }

        mutating func learn(size: Int, minimalCount: Int) throws {
            var queue = PairQueue(counts.map { ($0.key, $0.value) })
            while pieces.count < size, let (pair, count) = queue.pop() {
                // A pair's count may have changed since it was put into the queue.
                let current = counts[pair] ?? 0
                if current != count {
                    if current >= minimalCount { queue.push(pair, current) }
                    continue
                }
                if count < minimalCount { break }
                if pieces.count % 64 == 0 { try Interruption.check() }
                join(pair, &queue, minimalCount)
            }
        }

        private mutating func join(_ pair: UInt64, _ queue: inout PairQueue, _ minimalCount: Int) {
            let (left, right) = (Int32(truncatingIfNeeded: pair >> 32), Int32(truncatingIfNeeded: pair))
            let joined = pieces[Int(left)] + pieces[Int(right)].dropFirst(2)
            // Two ways may lead to one piece.
            if ids[ExactString(joined)] == nil { add(joined) }
            let new = id(joined)
            var changed: Set<UInt64> = []
            for number in holders.removeValue(forKey: pair) ?? [] {
                let word = words[Int(number)]
                var shorter: [Int32] = []
                var place = 0
                while place < word.pieces.count {
                    if place + 1 < word.pieces.count, word.pieces[place] == left, word.pieces[place + 1] == right {
                        shorter.append(new)
                        place += 2
                    } else {
                        shorter.append(word.pieces[place])
                        place += 1
                    }
                }
                if shorter.count == word.pieces.count { continue }
                count(word.pieces, -word.count, in: number)
                count(shorter, word.count, in: number)
                words[Int(number)].pieces = shorter
                for place in shorter.indices.dropLast() where shorter[place] == new || shorter[place + 1] == new {
                    changed.insert(ByteLevelBPE.pair(shorter[place], shorter[place + 1]))
                }
            }
            counts[pair] = nil
            for pair in changed {
                if let count = counts[pair], count >= minimalCount { queue.push(pair, count) }
            }
        }
    }
}

/// Pairs by how often they occur, the most frequent first, of equals the one with the smaller ids.
private struct PairQueue {
    private var heap: [(pair: UInt64, count: Int)] = []

    init(_ pairs: [(UInt64, Int)]) {
        for (pair, count) in pairs { push(pair, count) }
    }

    private func comesBefore(_ a: Int, _ b: Int) -> Bool {
        heap[a].count != heap[b].count ? heap[a].count > heap[b].count : heap[a].pair < heap[b].pair
    }

    mutating func push(_ pair: UInt64, _ count: Int) {
        heap.append((pair, count))
        var child = heap.count - 1
        while child > 0, comesBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> (pair: UInt64, count: Int)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && comesBefore(child, least) {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

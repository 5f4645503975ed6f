/// What stands around one text or two: "[CLS] A [SEP] B [SEP]".
struct TokenTemplate {
    enum Piece: Equatable {
        /// The tokens of the first (0) or the second text (1).
        case text(Int, type: Int32)
        case token(Int32, type: Int32)
    }

    let single: [Piece]
    let pair: [Piece]

    static let plain = TokenTemplate(single: [.text(0, type: 0)], pair: [.text(0, type: 0), .text(1, type: 1)])

    private static func added(_ pieces: [Piece]) -> Int {
        pieces.count { if case .token = $0 { true } else { false } }
    }

    /// Cuts the texts so that all fits into `limit` tokens, and puts them together.
    func joined(_ first: Encoding, _ second: Encoding?, limit: Int?) -> Encoding {
        let pieces = second == nil ? single : pair
        var (first, second) = (first, second)
        if let limit { Self.cut(&first, &second, to: max(limit - Self.added(pieces), 0)) }
        var result = Encoding()
        for piece in pieces {
            switch piece {
            case .text(0, let type): result.append(first, type: type)
            case .text(_, let type): if let second { result.append(second, type: type) }
            case .token(let id, let type): result.append(id, type: type)
            }
        }
        return result
    }

    /// How many tokens of a single text fit into `limit`.
    func room(in limit: Int) -> Int { max(limit - Self.added(single), 0) }

    /// Of a pair the longer text gives up first, until both are as long.
    private static func cut(_ first: inout Encoding, _ second: inout Encoding?, to room: Int) {
        guard var other = second else { return first.cut(to: room) }
        guard first.count + other.count > room else { return }
        var (short, long) = (min(first.count, other.count), max(first.count, other.count))
        long = short > room ? short : max(short, room - short)
        if short + long > room { (short, long) = (room / 2, room / 2 + room % 2) }
        let firstIsLonger = first.count > other.count
        first.cut(to: firstIsLonger ? long : short)
        other.cut(to: firstIsLonger ? short : long)
        second = other
    }
}

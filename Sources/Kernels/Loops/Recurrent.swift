import KernelTable

extension RealLoops {
    static func lstmCellRows(
        gates: Input, previousCell: Input, activated: Output, cell: Output, hiddenState: Output, rows: Int,
        hidden h: Int
    ) {
        for r in 0..<rows {
            let (gate, active, state) = (gates + 4 &* r &* h, activated + 4 &* r &* h, r &* h)
            forEachStart(h) { k, rest in
                let i = load(gate + k, rest).sigmoid
                let f = load(gate + (h &+ k), rest).sigmoid
                let g = load(gate + (2 &* h &+ k), rest).tanh
                let o = load(gate + (3 &* h &+ k), rest).sigmoid
                let c = Vector.multiplyAdd(f, load(previousCell + (state &+ k), rest), i * g)
                store(i, active + k, rest)
                store(f, active + (h &+ k), rest)
                store(g, active + (2 &* h &+ k), rest)
                store(o, active + (3 &* h &+ k), rest)
                store(c, cell + (state &+ k), rest)
                store(o * c.tanh, hiddenState + (state &+ k), rest)
            }
        }
    }

    static func lstmCellBackwardRows(
        activated: Input, previousCell: Input, cell: Input, hiddenGradient: Input, cellGradient: Input,
        dGates: Output, dPreviousCell: Output, rows: Int, hidden h: Int
    ) {
        for r in 0..<rows {
            let (active, gate, state) = (activated + 4 &* r &* h, dGates + 4 &* r &* h, r &* h)
            forEachStart(h) { k, rest in
                let i = load(active + k, rest)
                let f = load(active + (h &+ k), rest)
                let g = load(active + (2 &* h &+ k), rest)
                let o = load(active + (3 &* h &+ k), rest)
                let t = load(cell + (state &+ k), rest).tanh
                let dh = load(hiddenGradient + (state &+ k), rest)
                let dc = Vector.multiplyAdd(dh * o, .one - t * t, load(cellGradient + (state &+ k), rest))
                let previous = load(previousCell + (state &+ k), rest)
                store(dc * g * i * (.one - i), gate + k, rest)
                store(dc * previous * f * (.one - f), gate + (h &+ k), rest)
                store(dc * i * (.one - g * g), gate + (2 &* h &+ k), rest)
                store(dh * t * o * (.one - o), gate + (3 &* h &+ k), rest)
                store(dc * f, dPreviousCell + (state &+ k), rest)
            }
        }
    }

    static func gruCellRows(
        inputGates: Input, hiddenGates: Input, previousHidden: Input, activated: Output, hiddenState: Output,
        rows: Int, hidden h: Int
    ) {
        for row in 0..<rows {
            let (start, state) = (3 &* row &* h, row &* h)
            let (x, y, active) = (inputGates + start, hiddenGates + start, activated + start)
            forEachStart(h) { k, rest in
                let r = (load(x + k, rest) + load(y + k, rest)).sigmoid
                let z = (load(x + (h &+ k), rest) + load(y + (h &+ k), rest)).sigmoid
                let fresh = load(y + (2 &* h &+ k), rest)
                let n = Vector.multiplyAdd(r, fresh, load(x + (2 &* h &+ k), rest)).tanh
                let previous = load(previousHidden + (state &+ k), rest)
                store(r, active + k, rest)
                store(z, active + (h &+ k), rest)
                store(n, active + (2 &* h &+ k), rest)
                store(Vector.multiplyAdd(.one - z, n, z * previous), hiddenState + (state &+ k), rest)
            }
        }
    }

    static func gruCellBackwardRows(
        activated: Input, hiddenGates: Input, previousHidden: Input, hiddenGradient: Input, dInputGates: Output,
        dHiddenGates: Output, dPreviousHidden: Output, rows: Int, hidden h: Int
    ) {
        for row in 0..<rows {
            let (start, state) = (3 &* row &* h, row &* h)
            let (active, y, dx, dy) = (
                activated + start, hiddenGates + start, dInputGates + start, dHiddenGates + start
            )
            forEachStart(h) { k, rest in
                let r = load(active + k, rest)
                let z = load(active + (h &+ k), rest)
                let n = load(active + (2 &* h &+ k), rest)
                let fresh = load(y + (2 &* h &+ k), rest)
                let previous = load(previousHidden + (state &+ k), rest)
                let g = load(hiddenGradient + (state &+ k), rest)
                let dn = g * (.one - z) * (.one - n * n)
                let dz = g * (previous - n) * z * (.one - z)
                let dr = dn * fresh * r * (.one - r)
                store(dr, dx + k, rest)
                store(dz, dx + (h &+ k), rest)
                store(dn, dx + (2 &* h &+ k), rest)
                store(dr, dy + k, rest)
                store(dz, dy + (h &+ k), rest)
                store(dn * r, dy + (2 &* h &+ k), rest)
                store(g * z, dPreviousHidden + (state &+ k), rest)
            }
        }
    }
}

import KernelTable

extension RealLoops {
    static func lstmCellRows(
        gates: Input, previousCell: Input, activated: Output, cell: Output, hiddenState: Output, rows: Int,
        hidden h: Int
    ) {
        for r in 0..<rows {
            let (gate, active, state) = (gates + 4 &* r &* h, activated + 4 &* r &* h, r &* h)
            for k in registers(h) {
                let i = load(gate, k).sigmoid
                let f = load(gate + h, k).sigmoid
                let g = load(gate + 2 &* h, k).tanh
                let o = load(gate + 3 &* h, k).sigmoid
                let c = Vector.multiplyAdd(f, load(previousCell + state, k), i * g)
                store(i, active, k)
                store(f, active + h, k)
                store(g, active + 2 &* h, k)
                store(o, active + 3 &* h, k)
                store(c, cell + state, k)
                store(o * c.tanh, hiddenState + state, k)
            }
        }
    }

    static func lstmCellBackwardRows(
        activated: Input, previousCell: Input, cell: Input, hiddenGradient: Input, cellGradient: Input,
        dGates: Output, dPreviousCell: Output, rows: Int, hidden h: Int
    ) {
        for r in 0..<rows {
            let (active, gate, state) = (activated + 4 &* r &* h, dGates + 4 &* r &* h, r &* h)
            for k in registers(h) {
                let i = load(active, k)
                let f = load(active + h, k)
                let g = load(active + 2 &* h, k)
                let o = load(active + 3 &* h, k)
                let t = load(cell + state, k).tanh
                let dh = load(hiddenGradient + state, k)
                let dc = Vector.multiplyAdd(dh * o, .one - t * t, load(cellGradient + state, k))
                let previous = load(previousCell + state, k)
                store(dc * g * i * (.one - i), gate, k)
                store(dc * previous * f * (.one - f), gate + h, k)
                store(dc * i * (.one - g * g), gate + 2 &* h, k)
                store(dh * t * o * (.one - o), gate + 3 &* h, k)
                store(dc * f, dPreviousCell + state, k)
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
            for k in registers(h) {
                let r = (load(x, k) + load(y, k)).sigmoid
                let z = (load(x + h, k) + load(y + h, k)).sigmoid
                let fresh = load(y + 2 &* h, k)
                let n = Vector.multiplyAdd(r, fresh, load(x + 2 &* h, k)).tanh
                let previous = load(previousHidden + state, k)
                store(r, active, k)
                store(z, active + h, k)
                store(n, active + 2 &* h, k)
                store(Vector.multiplyAdd(.one - z, n, z * previous), hiddenState + state, k)
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
            for k in registers(h) {
                let r = load(active, k)
                let z = load(active + h, k)
                let n = load(active + 2 &* h, k)
                let fresh = load(y + 2 &* h, k)
                let previous = load(previousHidden + state, k)
                let g = load(hiddenGradient + state, k)
                let dn = g * (.one - z) * (.one - n * n)
                let dz = g * (previous - n) * z * (.one - z)
                let dr = dn * fresh * r * (.one - r)
                store(dr, dx, k)
                store(dz, dx + h, k)
                store(dn, dx + 2 &* h, k)
                store(dr, dy, k)
                store(dz, dy + h, k)
                store(dn * r, dy + 2 &* h, k)
                store(g * z, dPreviousHidden + state, k)
            }
        }
    }
}

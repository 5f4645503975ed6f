/// A sum of products over named axes, in Einstein's notation: `"bij,bjk->bik"`.
///
/// Each letter names an axis of an operand; a letter that is not in the output is summed over. A letter twice in one
/// operand takes its diagonal. Without `->` the output has the letters that come once, in alphabetical order. `...`
/// stands for axes without names, which stretch. Operands are multiplied from left to right, by matrix products where
/// an axis is shared.
///
/// - Throws: `value` for an equation that cannot be read; `shape` when sizes of a letter differ, naming it.
public func einsum(_ equation: String, _ operands: [Tensor]) throws -> Tensor {
    let plan = try EinsumEquation(equation, ranks: operands.map(\.rank))
    var type = operands[0].dtype
    for operand in operands { type = DType.promoted(type, operand.dtype) }
    var terms = try zip(operands, plan.inputs).map { operand, axes in
        try EinsumTerm(operand.converted(to: type), axes).withoutRepeats()
    }
    terms = try EinsumTerm.stretched(terms)
    var result = terms[0]
    for number in terms.indices.dropFirst() {
        let later = Set(terms[(number + 1)...].flatMap(\.axes)).union(plan.output)
        result = try result.multiplied(by: terms[number], keeping: later)
    }
    return try result.arranged(plan.output)
}

/// The names of the axes of each operand and of the result. Letters are their codes; nameless axes count −1, −2, … from
/// the right.
private struct EinsumEquation {
    let inputs: [[Int]]
    let output: [Int]

    init(_ equation: String, ranks: [Int]) throws {
        let text = equation.filter { $0 != " " }
        func failure(_ message: String, hint: String? = nil) -> TensorError {
            TensorError(.value, "einsum: \(message) in \"\(equation)\"", hint: hint)
        }
        let sides = text.split(separator: "->", omittingEmptySubsequences: false).map(String.init)
        guard sides.count <= 2 else { throw failure("found \(sides.count - 1) arrows, expected one") }
        let parts = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == ranks.count, !ranks.isEmpty else {
            throw failure("found \(parts.count) operands, \(ranks.count) tensors were given")
        }
        func names(_ part: String, nameless: Int?) throws -> [Int] {
            var result: [Int] = []
            let pieces = part.split(separator: "...", omittingEmptySubsequences: false).map(String.init)
            guard pieces.count <= 2 else { throw failure("found two ellipses in one operand") }
            for (number, piece) in pieces.enumerated() {
                if number == 1, let nameless, nameless > 0 { result += (1...nameless).reversed().map { -$0 } }
                for letter in piece {
                    guard let code = letter.asciiValue, letter.isLetter else {
                        throw failure("found '\(letter)', expected a letter from a to z or A to Z")
                    }
                    result.append(Int(code))
                }
            }
            return result
        }
        var inputs: [[Int]] = []
        var widest = 0
        for (part, rank) in zip(parts, ranks) {
            let named = try names(part, nameless: nil).count
            let hasEllipsis = part.contains("...")
            guard hasEllipsis ? named <= rank : named == rank else {
                throw failure("the operand \"\(part)\" names \(named) axes, its tensor has \(rank)")
            }
            widest = Swift.max(widest, hasEllipsis ? rank - named : 0)
            inputs.append(try names(part, nameless: rank - named))
        }
        let known = Set(inputs.joined())
        if sides.count == 2 {
            output = try names(sides[1], nameless: widest)
            for name in output {
                guard known.contains(name) else {
                    throw failure("the output has '\(EinsumEquation.text(name))', which no operand has")
                }
            }
            guard Set(output).count == output.count else { throw failure("the output names an axis twice") }
        } else {
            var counts: [Int: Int] = [:]
            for name in inputs.joined() { counts[name, default: 0] += 1 }
            let letters = counts.filter { $0.key > 0 && $0.value == 1 }.keys.sorted()
            output = (widest > 0 ? (1...widest).reversed().map { -$0 } : []) + letters
        }
        self.inputs = inputs
    }

    static func text(_ name: Int) -> String {
        UInt8(exactly: name).map { String(UnicodeScalar($0)) } ?? "..."
    }
}

/// A tensor whose axes have names, each once.
private struct EinsumTerm {
    let tensor: Tensor
    let axes: [Int]

    init(_ tensor: Tensor, _ axes: [Int]) { (self.tensor, self.axes) = (tensor, axes) }

    /// Takes the diagonal of axes of one name.
    func withoutRepeats() throws -> EinsumTerm {
        var term = self
        while let second = term.axes.indices.first(where: { term.axes[..<$0].contains(term.axes[$0]) }) {
            let name = term.axes[second]
            let first = term.axes.firstIndex(of: name) ?? 0
            guard term.tensor.shape[first] == term.tensor.shape[second] else {
                throw TensorError(
                    .shape,
                    "einsum: the axis '\(EinsumEquation.text(name))' has sizes \(term.tensor.shape[first]) and "
                        + "\(term.tensor.shape[second]) in one operand of shape \(tensor.shape)")
            }
            let rest = term.axes.indices.filter { $0 != first && $0 != second }.map { term.axes[$0] }
            term = EinsumTerm(try diagonal(term.tensor, axis1: first, axis2: second), rest + [name])
        }
        return term
    }

    /// Checks that sizes agree; an axis of size 1 is taken away where another operand has a larger one.
    static func stretched(_ terms: [EinsumTerm]) throws -> [EinsumTerm] {
        var sizes: [Int: Int] = [:]
        for term in terms {
            for (name, size) in zip(term.axes, term.tensor.shape) {
                guard let known = sizes[name], known != size else {
                    sizes[name] = size
                    continue
                }
                guard known == 1 || size == 1 else {
                    throw TensorError(
                        .shape, "einsum: the axis '\(EinsumEquation.text(name))' has sizes \(known) and \(size)")
                }
                sizes[name] = known == 1 ? size : known
            }
        }
        return try terms.map { term in
            var (tensor, axes) = (term.tensor, term.axes)
            for place in axes.indices.reversed() where tensor.shape[place] == 1 && sizes[axes[place]] != 1 {
                tensor = try squeeze(tensor, place)
                axes.remove(at: place)
            }
            return EinsumTerm(tensor, axes)
        }
    }

    /// Sums over the axes that are not in `kept`.
    private func summed(keeping kept: Set<Int>) throws -> EinsumTerm {
        let gone = axes.indices.filter { !kept.contains(axes[$0]) }
        if gone.isEmpty { return self }
        return EinsumTerm(try sum(tensor, dims: gone, keepdim: false), axes.filter(kept.contains))
    }

    private func size(of name: Int) -> Int { axes.firstIndex(of: name).map { tensor.shape[$0] } ?? 1 }

    /// As [batch, rows, columns] of three groups of names.
    private func matrices(_ batch: [Int], _ rows: [Int], _ columns: [Int]) throws -> Tensor {
        let order = (batch + rows + columns).compactMap(axes.firstIndex(of:))
        let sizes = [batch, rows, columns].map { $0.reduce(1) { $0 * size(of: $1) } }
        return try reshape(permute(tensor, order), sizes)
    }

    /// The product of two terms, summed over the axes that nobody needs later.
    func multiplied(by other: EinsumTerm, keeping later: Set<Int>) throws -> EinsumTerm {
        let left = try summed(keeping: later.union(other.axes))
        let right = try other.summed(keeping: later.union(axes))
        let shared = left.axes.filter(right.axes.contains)
        let batch = shared.filter(later.contains)
        let inner = shared.filter { !later.contains($0) }
        let rows = left.axes.filter { !shared.contains($0) }
        let columns = right.axes.filter { !shared.contains($0) }
        let product = try matmul(left.matrices(batch, rows, inner), right.matrices(batch, inner, columns))
        let sizes = (batch + rows).map(left.size(of:)) + columns.map(right.size(of:))
        return EinsumTerm(try reshape(product, sizes), batch + rows + columns)
    }

    /// Sums what is not in the output and puts the rest in its order.
    func arranged(_ output: [Int]) throws -> Tensor {
        let rest = try summed(keeping: Set(output))
        return try permute(rest.tensor, output.compactMap(rest.axes.firstIndex(of:)))
    }
}

/// What the numbers of a tensor mean, so that a loss can tell logits from probabilities.
public enum Unit: String, Sendable {
    /// Scores before a softmax.
    case logits
    /// Numbers from 0 to 1 that add up to 1 along the class axis.
    case probabilities
    /// Logarithms of such probabilities.
    case logProbabilities = "log-probabilities"
    /// Class numbers, one for each sample.
    case labels
}

// What operations do to units:
//
//   keep the input's        views, copies, moves and casts between real types; also the choice of parts
//   keep logits             + of two logits, and · ÷ by a plain number (a temperature)
//   keep probabilities      + has no meaning; a mean over other axes than the last (an ensemble's vote)
//   drop it                 everything else, unless the operation itself makes a unit (softmax)
extension Unit {
    /// The unit of a sum or difference: logits when both sides are.
    static func ofSum(_ a: Tensor, _ b: Tensor) -> Unit? {
        a.unit == .logits && b.unit == .logits ? .logits : nil
    }

    /// The unit after multiplication or division by a plain number: logits stay logits.
    static func scaled(_ x: Tensor) -> Unit? {
        x.unit == .logits ? .logits : nil
    }

    /// The unit of several tensors put together: theirs when they agree.
    static func common(_ tensors: [Tensor]) -> Unit? {
        guard let first = tensors.first?.unit else { return nil }
        return tensors.allSatisfy { $0.unit == first } ? first : nil
    }

    /// The unit of a mean: logits and probabilities stay what they are when the last axis, the classes', is kept.
    static func averaged(_ x: Tensor, over axes: [Int]) -> Unit? {
        guard x.unit == .logits || x.unit == .probabilities, !axes.contains(x.rank - 1) else { return nil }
        return x.unit
    }
}

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

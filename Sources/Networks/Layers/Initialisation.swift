import Tensors

/// How parameters begin: the distributions of PyTorch's layers.
enum Initialisation {
    /// U(±1/√fanIn): what `kaiming_uniform_` with a = √5 comes to, for weights and biases of linear layers and
    /// convolutions.
    static func fan(_ shape: [Int], in fanIn: Int) throws -> Tensor {
        let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
        return try uniform(shape, low: -bound, high: bound)
    }
}

/// - Throws: `value` unless the size is at least 1.
func checkSize(_ kind: String, _ name: String, _ size: Int) throws {
    guard size >= 1 else { throw ModelError(.value, "\(kind): \(name) is \(size); it must be at least 1") }
}

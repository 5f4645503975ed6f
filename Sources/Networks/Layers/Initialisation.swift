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

extension Layer {
    /// - Parameter name: what the layer calls the numbers of the last axis.
    /// - Throws: `shape`, with both widths, unless the last axis is as wide as the layer takes.
    func checkWidth(of x: Tensor, _ width: Int, called name: String = "features", hint: String? = nil) throws {
        guard let last = x.shape.last else {
            throw TensorError(.shape, "\(kind): takes \(width) \(name), found a single number")
        }
        guard last == width else {
            throw TensorError(
                .shape, "\(kind): takes \(width) \(name), found \(last): the input has shape \(x.shape)",
                label: "the last axis must be \(width) wide", hint: hint)
        }
    }

    func noSequence(_ x: Tensor, _ width: Int) -> TensorError {
        TensorError(
            .shape, "\(kind): expected a sequence [B, T, \(width)], found \(x.shape)",
            hint: x.rank == 2 ? "unsqueeze(x, 0) is a batch of one sequence" : nil)
    }

    /// The hint for a sequence whose channels stand before its time.
    func hintForSequence(_ x: Tensor, _ width: Int) -> String? {
        x.rank == 3 && x.shape[1] == width && x.shape[2] != width
            ? "channels come last here, [B, T, C]: transpose(x, 1, 2)" : nil
    }
}

/// - Throws: `value` unless the size is at least 1.
func checkSize(_ kind: String, _ name: String, _ size: Int) throws {
    guard size >= 1 else { throw ModelError(.value, "\(kind): \(name) is \(size); it must be at least 1") }
}

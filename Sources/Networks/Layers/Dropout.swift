import Tensors

/// In training, zeros with probability p and the rest divided by 1 − p; otherwise nothing.
///
/// Srivastava et al. 2014.
public final class Dropout: Layer {
    public let p: Double

    /// - Throws: `value` unless 0 ≤ p < 1.
    public init(_ p: Double) throws {
        guard p >= 0, p < 1 else {
            throw ModelError(.value, "dropout: p is \(p); it must be from 0 up to, and without, 1")
        }
        self.p = p
    }

    public override var kind: String { "dropout" }
    public override var details: String { "\(p)" }
    public override func shape(after input: [String]?) -> [String]? { input }
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard isTraining, p > 0 else { return x }
        let (key, counter) = RandomStream.global.take(x.count)
        return try dropout(x, p: p, key: key, counter: counter)
    }
    /// What decides about so many elements, for operations that drop by themselves; nil where nothing is dropped.
    public func draw(_ count: Int) -> DropoutDraw? {
        guard isTraining, p > 0 else { return nil }
        let (key, counter) = RandomStream.global.take(count)
        return DropoutDraw(p: p, key: key, counter: counter)
    }
    public override func copied(_ copier: Copier) throws -> Layer { try Dropout(p) }
}

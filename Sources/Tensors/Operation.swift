/// How a gradient passes an operation, backwards.
///
/// A rule gets the gradient of the output, and where it asks for it the output itself, and returns one gradient for each
/// input, or nil for an input through which none flows. An output for which no rule asks is let go as soon as nobody else
/// needs it. A rule is written in operations that have gradients themselves, so that a gradient
/// can be differentiated again. It must not capture the output (that would be a cycle) nor any tracked tensor that is
/// not an input.
public enum Pullback {
    public typealias Rule = (_ gradient: Tensor) throws -> [Tensor?]
    public typealias OutputRule = (_ gradient: Tensor, _ output: Tensor) throws -> [Tensor?]

    case rule(Rule)
    case outputRule(OutputRule)
    /// A kernel for first gradients beside the composed rule that gradients of gradients use.
    case fused(fast: Rule, composed: Rule)
    case outputFused(fast: OutputRule, composed: OutputRule)
    /// There is no gradient; reaching this operation in a backward walk is an error that gives the reason.
    case none(because: String)

    var readsOutput: Bool {
        switch self {
        case .outputRule, .outputFused: true
        case .rule, .fused, .none: false
        }
    }
}

/// One step of a computation: what was done, to what, and how a gradient passes it.
final class Node {
    let name: String
    /// Later operations have higher numbers: a backward walk goes through them from the highest down.
    let order: Int
    /// Stand-ins for those whose numbers no rule reads.
    private(set) var inputs: [Tensor]
    private(set) var pullback: Pullback
    /// The sum of the inputs' versions: tells whether a parameter was updated since.
    let inputVersions: Int
    /// Where in a script the operation was written.
    let place: (any Sendable)?

    init(_ name: String, _ inputs: [Tensor], _ pullback: Pullback) {
        self.name = name
        self.inputs = inputs.map(\.inGraph)
        self.pullback = pullback
        order = Graph.nextOrder()
        var versions = 0
        for input in inputs { versions += input.version }
        inputVersions = versions
        place = Graph.currentPlace?()
    }

    func releaseRule() { pullback = .none(because: "its graph was freed") }

    func takeInputs() -> [Tensor] {
        defer { inputs = [] }
        return inputs
    }
}

/// Whether computations are recorded, and where.
///
/// All tensors of a process belong to one thread, the one that runs the script; kernels use others but see only bytes.
public enum Graph {
    nonisolated(unsafe) private static var order = 0
    /// Whether operations remember how they were computed.
    nonisolated(unsafe) public private(set) static var isRecording = true
    /// Supplies the script's place of the operation that is about to be recorded.
    nonisolated(unsafe) public static var currentPlace: (() -> (any Sendable)?)?

    static func nextOrder() -> Int {
        order += 1
        return order
    }

    /// Runs `body` with recording switched on or off.
    public static func recording<R>(_ on: Bool, _ body: () throws -> R) rethrows -> R {
        let before = isRecording
        isRecording = on
        defer { isRecording = before }
        return try body()
    }

    /// Switches recording and returns what it was: for a scope that is opened and closed in two steps.
    public static func setRecording(_ on: Bool) -> Bool {
        defer { isRecording = on }
        return isRecording
    }
}

extension Tensor {
    /// The one door through which a tensor is computed from others.
    ///
    /// - Parameters:
    ///   - name: the name under which errors, displays and gradients speak of it.
    ///   - shape: of the result; an error is thrown for one that cannot be.
    ///   - forward: fills the contiguous, uninitialised result.
    ///   - pullback: how its gradient goes back to the inputs. There is no default.
    static func operation(
        _ name: String, _ inputs: [Tensor], shape: [Int], dtype: DType, unit: Unit? = nil,
        pullback: @autoclosure () -> Pullback, forward: (Tensor) throws -> Void
    ) throws -> Tensor {
        let node = Graph.isRecording && inputs.contains { $0.isTracked } ? Node(name, inputs, pullback()) : nil
        let output = try Tensor(uninitialized: shape, dtype, node: node)
        output.unit = unit
        output.mask = inheritedMask(inputs, shape: shape)
        try forward(output)
        return output
    }

    /// The same door for an operation whose values came about beside its input's.
    static func operation(
        _ name: String, _ input: Tensor, values: Tensor, pullback: @autoclosure () -> Pullback
    ) -> Tensor {
        let node = Graph.isRecording && input.isTracked ? Node(name, [input], pullback()) : nil
        let output = values.aliased(shape: values.shape, strides: values.strides, offset: values.offset, node: node)
        output.mask = inheritedMask([input], shape: values.shape)
        return output
    }

    /// The mask of the first input that has one, when the result still has its axes [B, T] in front.
    ///
    /// A result of rank 2 keeps it only from an input of its own shape: [B, C] may look like [B, T] by chance.
    private static func inheritedMask(_ inputs: [Tensor], shape: [Int]) -> Tensor? {
        for input in inputs {
            guard let mask = input.mask else { continue }
            return shape == input.shape || shape.count >= 3 && shape.starts(with: mask.shape) ? mask : nil
        }
        return nil
    }

    /// The same door for an operation that only looks at the bytes of its input in another way.
    static func view(
        _ name: String, of input: Tensor, shape: [Int], strides: [Int], offset: Int, unit: Unit? = nil,
        pullback: @autoclosure () -> Pullback
    ) -> Tensor {
        let node = Graph.isRecording && input.isTracked ? Node(name, [input], pullback()) : nil
        let output = input.aliased(shape: shape, strides: strides, offset: offset, node: node)
        output.unit = unit
        // The mask stays where the axes [B, T] stay in front: same sizes, and the same steps from one to the next.
        if let mask = input.mask, shape.starts(with: mask.shape), input.shape.starts(with: mask.shape),
            strides.prefix(mask.rank) == input.strides.prefix(mask.rank)
        {
            output.mask = mask
        }
        return output
    }
}

/// Gradients by a backward walk: rules return what flows to each input, the walker adds it up.
///
/// - Parameters:
///   - output: what is differentiated; a single number, unless `seed` gives a gradient of its shape.
///   - inputs: tracked tensors, leaves or not, in whose gradients the caller is interested.
///   - createGraph: whether the gradients can be differentiated again.
///   - allowUnused: gives nil for an input that the output does not depend on, instead of an error.
/// - Throws: `gradient` when something on the way has no gradient, or nothing leads to an input.
public func gradients(
    of output: Tensor, wrt inputs: [Tensor], seed: Tensor? = nil, createGraph: Bool = false, allowUnused: Bool = false
) throws -> [Tensor?] {
    for (index, input) in inputs.enumerated() where !input.isTracked {
        throw TensorError(
            .gradient, "grad: \(described(index, of: inputs.count)) is not tracked",
            hint: "make it so before it is used: x = track(x)")
    }
    let walk = try BackwardWalk(from: output, seed: seed, createGraph: createGraph, towards: inputs)
    let found = try walk.run()
    return try inputs.enumerated().map { index, input in
        if let gradient = found[input.identity] { return gradient }
        if allowUnused { return nil }
        throw TensorError(
            .gradient, "grad: the result does not depend on \(described(index, of: inputs.count))",
            hint: "compute the result from the tracked tensor itself, outside `with no_grad`")
    }
}

/// One of the tensors that a gradient is asked for, as a person who wrote `wrt=x` or `wrt=[a, b]` calls it.
private func described(_ index: Int, of count: Int) -> String {
    count == 1 ? "the tensor to differentiate by" : "tensor \(index + 1) of the \(count) to differentiate by"
}

/// The gradients of every tracked leaf that `loss` was computed from, in the order of first use from the loss.
///
/// - Throws: `shape` unless the loss is a single number; `gradient` as `gradients(of:wrt:)`.
public func leafGradients(of loss: Tensor) throws -> [(leaf: Tensor, gradient: Tensor)] {
    let walk = try BackwardWalk(from: loss, seed: nil, createGraph: false, towards: nil)
    let found = try walk.run()
    return walk.leaves.compactMap { leaf in found[leaf.identity].map { (leaf, $0) } }
}

/// The tracked leaves, parameters among them, that a result was computed from.
public func trackedLeaves(of result: Tensor) -> [Tensor] {
    var seen: Set<ObjectIdentifier> = []
    var leaves: [Tensor] = []
    var stack = [result]
    while let tensor = stack.popLast() {
        guard tensor.isTracked, seen.insert(tensor.identity).inserted else { continue }
        if let node = tensor.node { stack += node.inputs } else { leaves.append(tensor) }
    }
    return leaves
}

/// One walk from a result back to what it was computed from, from the latest operation to the earliest.
private final class BackwardWalk {
    private let start: Tensor
    private let seed: Tensor?
    private let createGraph: Bool
    /// The tensors whose gradients are wanted; nil means every tracked leaf.
    private let targets: [Tensor]?
    private var gradients: [ObjectIdentifier: Tensor] = [:]
    private(set) var leaves: [Tensor] = []

    init(from start: Tensor, seed: Tensor?, createGraph: Bool, towards targets: [Tensor]?) throws {
        guard start.isTracked else {
            throw TensorError(
                .gradient, "grad: the result is not computed from anything that is tracked",
                hint: "track an input first (x = track(x)) and compute outside `with no_grad`")
        }
        if let seed {
            guard seed.shape == start.shape else {
                throw TensorError(
                    .shape, "grad: the seed has shape \(seed.shape), the result \(start.shape)")
            }
        } else if start.count != 1 {
            throw TensorError(
                .shape, "grad: the result must be a single number, this one has shape \(start.shape)",
                hint: "reduce it first: sum(y) or mean(y)")
        }
        self.start = start
        self.seed = seed
        self.createGraph = createGraph
        self.targets = targets
    }

    func run() throws -> [ObjectIdentifier: Tensor] {
        try Graph.recording(createGraph) { try walk() }
        return gradients
    }

    private func walk() throws {
        let wanted = targets.map { Set($0.map(\.identity)) }
        let relevant = wanted.map { self.relevant(to: $0) }
        var queue = OrderedWork()
        gradients[start.identity] = try seed ?? Tensor.filled(1, shape: start.shape, start.dtype)
        visit(start, &queue)
        while let tensor = queue.popLatest() {
            try Interruption.check()
            guard let node = tensor.node, let gradient = gradients[tensor.identity] else { continue }
            if let relevant, !relevant.contains(tensor.identity) { continue }
            let keep = wanted?.contains(tensor.identity) ?? false
            if !keep { gradients[tensor.identity] = nil }
            let flows = try apply(node, gradient, tensor)
            for (input, flow) in zip(node.inputs, flows) {
                guard let flow, input.isTracked else { continue }
                if let relevant, !relevant.contains(input.identity) { continue }
                assert(flow.shape == input.shape, "\(node.name): gradient \(flow.shape) for an input \(input.shape)")
                let identity = input.identity
                if let sum = gradients[identity] {
                    gradients[identity] = try add(sum, flow)
                } else {
                    gradients[identity] = flow
                    visit(input, &queue)
                }
            }
        }
    }

    private func visit(_ tensor: Tensor, _ queue: inout OrderedWork) {
        if tensor.node == nil { leaves.append(tensor) } else { queue.insert(tensor) }
    }

    private func apply(_ node: Node, _ gradient: Tensor, _ output: Tensor) throws -> [Tensor?] {
        var versions = 0
        for input in node.inputs { versions += input.version }
        guard versions == node.inputVersions else {
            throw TensorError(
                .gradient, "grad: a parameter was updated after \(node.name) had used it",
                hint: "compute the loss again after the optimizer's step", place: node.place)
        }
        switch node.pullback {
        case .rule(let rule): return try rule(gradient)
        case .outputRule(let rule): return try rule(gradient, output)
        case .fused(let fast, let composed): return try createGraph ? composed(gradient) : fast(gradient)
        case .outputFused(let fast, let composed):
            return try createGraph ? composed(gradient, output) : fast(gradient, output)
        case .none(let reason):
            throw TensorError(
                .gradient, "grad: \(node.name) has no gradient: \(reason)",
                hint: "use detach(x) before it if no gradient is meant to pass", place: node.place)
        }
    }

    /// The tensors on a way from the start to a wanted one: only they need a gradient.
    private func relevant(to wanted: Set<ObjectIdentifier>) -> Set<ObjectIdentifier> {
        var verdict: [ObjectIdentifier: Bool] = [:]
        var stack: [(Tensor, expanded: Bool)] = [(start, false)]
        while let (tensor, expanded) = stack.popLast() {
            let identity = tensor.identity
            if expanded {
                let leads = tensor.node?.inputs.contains { verdict[$0.identity] ?? false } ?? false
                verdict[identity] = leads || wanted.contains(identity)
            } else if verdict[identity] == nil {
                verdict[identity] = false
                stack.append((tensor, true))
                for input in tensor.node?.inputs ?? [] where input.isTracked { stack.append((input, false)) }
            }
        }
        return Set(verdict.lazy.filter(\.value).map(\.key))
    }
}

/// Tensors waiting for their turn, the one computed last first.
private struct OrderedWork {
    private var heap: [(order: Int, tensor: Tensor)] = []

    mutating func insert(_ tensor: Tensor) {
        heap.append((tensor.node!.order, tensor))
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2].order < heap[child].order {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popLatest() -> Tensor? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first.tensor }
        heap[0] = last
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].order > heap[largest].order { largest = child }
            }
            if largest == parent { return first.tensor }
            heap.swapAt(parent, largest)
            parent = largest
        }
    }
}

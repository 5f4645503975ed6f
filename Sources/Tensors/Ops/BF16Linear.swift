import CIntrinsics
import KernelTable

/// The weights of a linear map in bf16, for frozen models: sums and answers are f32.
public final class BF16Weights {
    /// How products are made.
    package enum Arithmetic {
        /// By the processor's dot products of bf16 pairs: the inputs are rounded to bf16 too.
        case pairs
        /// In f32, each weight widened as it is read.
        case widening
        /// In f32, all weights widened first.
        case plain
    }

    public let inputs: Int
    public let outputs: Int
    private let bias: Tensor?
    fileprivate let arithmetic: Arithmetic
    /// Panels of 32 columns; in each, for every pair of inputs, the pairs of the columns. Nil for plain products.
    private let panels: Storage?
    /// The weights [outputs, inputs], for plain products.
    private let plain: Tensor?

    private var pairs: Int { (inputs + 1) / 2 }
    private static let columns = PanelProduct.columns

    /// What this processor can do, the fastest first.
    package static let known: [Arithmetic] = {
        if InstructionSet.current == .portable { return [.plain] }
        if InstructionSet.current == .avx2 || kd_has_bf16() == 0 { return [.widening, .plain] }
        return kd_bf16_is_fast() == 0 ? [.widening, .pairs, .plain] : [.pairs, .widening, .plain]
    }()

    /// - Parameter weight: [outputs, inputs]; it is rounded to the nearest bf16.
    public convenience init(weight: Tensor, bias: Tensor?) throws {
        try self.init(weight: weight, bias: bias, Self.known[0])
    }

    package init(weight: Tensor, bias: Tensor?, _ arithmetic: Arithmetic) throws {
        guard weight.rank == 2 else {
            throw TensorError(
                .shape, "bf16: the weights of a linear map are [outputs, inputs], these are \(weight.shape)")
        }
        (outputs, inputs) = (weight.shape[0], weight.shape[1])
        self.arithmetic = arithmetic
        self.bias = try bias?.detached().converted(to: .f32).contiguous()
        guard arithmetic != .plain else {
            (plain, panels) = (try weight.detached().converted(to: .bf16), nil)
            return
        }
        let (pairs, width) = ((inputs + 1) / 2, Self.columns)
        let count = (outputs + width - 1) / width
        let storage = try Storage(byteCount: max(count * pairs * width * 4, 4))
        (plain, panels) = (nil, storage)
        let rounded = try weight.detached().converted(to: .bf16).contiguous()
        try rounded.withBytes { source in
            let from = source.bindMemory(to: UInt16.self)
            let to = storage.bytes.bindMemory(to: UInt16.self, capacity: count * pairs * width * 2)
            for panel in 0..<count {
                for pair in 0..<pairs {
                    for column in 0..<width {
                        let place = ((panel * pairs + pair) * width + column) * 2
                        for half in 0..<2 {
                            let (row, input) = (panel * width + column, pair * 2 + half)
                            to[place + half] = row < outputs && input < inputs ? from[row * inputs + input] : 0
                        }
                    }
                }
            }
        }
    }

    /// x Wᵀ + b on the last axis.
    fileprivate func multiply(_ x: Tensor, into output: Tensor, then op: UnaryOp?) throws {
        guard let panels else { return }
        let source = try x.packed()
        defer { withExtendedLifetime((source, bias, panels)) {} }
        let (rows, pairs, width) = (x.count / max(inputs, 1), self.pairs, Self.columns)
        let (from, to) = (source.pointer(Float.self), output.pointer(Float.self))
        let shift = bias?.pointer(Float.self)
        let packed = UnsafePointer(panels.bytes.bindMemory(to: UInt32.self, capacity: 1))
        let (inputs, outputs) = (self.inputs, self.outputs)
        if arithmetic == .pairs {
            return try PanelProduct(rows: rows, outputs: outputs, rowBytes: pairs * 4).run(to, then: op) { row, place in
                let line = place.assumingMemoryBound(to: UInt16.self)
                if inputs % 2 == 1 { line[inputs] = 0 }
                kd_bf16_round(from + row * inputs, line, inputs)
            } tile: { rounded, row, height, panel in
                let column = panel * width
                kd_bf16_tile(
                    rounded.assumingMemoryBound(to: UInt32.self), pairs, packed + panel * pairs * width, pairs,
                    shift.map { $0 + column }, to + row * outputs + column, outputs, Int32(height),
                    Int32(Swift.min(width, outputs - column)))
            }
        }
        // A line more between rows: those of a power of two would all have their places in one corner of the cache.
        let stride = pairs * 2 + 16
        let compute = InstructionSet.current == .avx512 ? kd_bf16_wide_tile : kd_bf16_wide_tile_avx2
        try PanelProduct(rows: rows, outputs: outputs, rowBytes: stride * 4).run(to, then: op) { row, place in
            let line = place.assumingMemoryBound(to: Float.self)
            if inputs % 2 == 1 { line[inputs] = 0 }
            line.update(from: from + row * inputs, count: inputs)
        } tile: { rows, row, height, panel in
            let column = panel * width
            compute(
                rows.assumingMemoryBound(to: Float.self), stride, packed + panel * pairs * width, pairs,
                shift.map { $0 + column }, to + row * outputs + column, outputs, Int32(height),
                Int32(Swift.min(width, outputs - column)))
        }
    }

    fileprivate func widened(_ x: Tensor, then f: Activation?) throws -> Tensor {
        guard let plain else { return x }
        return try linear(x, weight: plain.converted(to: .f32), bias: bias, then: f)
    }
}

/// y = f(x Wᵀ + b) with weights in bf16: [..., inputs] → [..., outputs], for computing without gradients.
///
/// - Throws: `shape` where the last axis is not as wide as the inputs.
public func linear(_ x: Tensor, _ weights: BF16Weights, then f: Activation? = nil) throws -> Tensor {
    guard let last = x.shape.last, last == weights.inputs else {
        throw TensorError(.shape, "linear: takes \(weights.inputs) features, the input has shape \(x.shape)")
    }
    let x = try x.converted(to: .f32)
    if weights.arithmetic == .plain { return try weights.widened(x, then: f) }
    return try Tensor.operation(
        "linear in bf16", [x], shape: Array(x.shape.dropLast()) + [weights.outputs], dtype: .f32,
        pullback: .none(because: "its weights are kept in bf16, for models that are not trained")
    ) { output in
        if output.count > 0 { try weights.multiply(x, into: output, then: f?.op) }
    }
}

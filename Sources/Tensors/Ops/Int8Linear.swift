import CIntrinsics
import KernelTable

/// The weights of a linear map in whole numbers of 8 bits, a scale for each output, for the processor's dot products of bytes
/// (AVX512_VNNI) or of 16 bits (AVX2); elsewhere they are computed one by one. All give the same bits.
///
/// For frozen models. An input row is rounded to 8 bits as well, with a scale of its own, when it comes: no calibration is
/// needed. The sums are exact.
///
///     w ≈ s_o · q,  q = round(w / s_o) in −127…127,  s_o = max |w_o| / 127        y = s_row · s_o · Σ q_x q + b
///
/// Symmetric quantisation as in Jacob and others 2018, arXiv:1712.05877.
public final class Int8Weights {
    public let inputs: Int
    public let outputs: Int
    private let bias: Tensor?
    /// Panels of 32 columns; in each, for every four inputs, the quads of the columns.
    private let panels: Storage
    /// 128 times the sum of each output's numbers: inputs are kept as bytes around 128.
    private let offsets: Storage
    private let scales: Tensor

    private var quads: Int { (inputs + 3) / 4 }

    /// How products are made.
    package enum Arithmetic: CaseIterable {
        #if arch(x86_64)
            /// By the processor's dot products of bytes.
            case bytes
            /// By its dot products of pairs of 16 bits.
            case words
        #endif
        /// One by one.
        case plain

        package var isKnown: Bool {
            switch self {
            #if arch(x86_64)
                case .bytes: InstructionSet.current == .avx512 && kd_has_vnni() != 0
                case .words: InstructionSet.current != .portable
            #endif
            case .plain: true
            }
        }

        /// Bytes of a number of a rounded row.
        private var size: Int {
            #if arch(x86_64)
                if self == .words { return 2 }
            #endif
            return 1
        }

        /// Bytes of a rounded row, its scale included.
        package func rowBytes(_ quads: Int) -> Int { quads * 4 * size + 8 }

        /// Rounds a row and puts its scale behind it.
        package func round(_ row: UnsafePointer<Float>, _ inputs: Int, quads: Int, to place: UnsafeMutableRawPointer) {
            let scale: Float
            if size == 2 {
                let words = place.assumingMemoryBound(to: Int16.self)
                scale = kd_int8_round_wide(row, words, inputs)
                for input in inputs..<quads * 4 { words[input] = 0 }
            } else {
                let bytes = place.assumingMemoryBound(to: UInt8.self)
                scale = kd_int8_round(row, bytes, inputs)
                for input in inputs..<quads * 4 { bytes[input] = 128 }
            }
            (place + quads * 4 * size).storeBytes(of: scale, as: Float.self)
        }

        /// A tile of the product, as `CIntrinsics` describes it.
        package var tile:
            (
                UnsafeRawPointer?, Int, UnsafePointer<Int8>?, Int, UnsafePointer<Int32>?, UnsafePointer<Float>?,
                UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int32, Int32
            ) -> Void
        {
            switch self {
            #if arch(x86_64)
                case .bytes: kd_int8_tile_vnni
                case .words: kd_int8_tile_wide
            #endif
            case .plain: kd_int8_tile_plain
            }
        }
    }

    /// The fastest that this processor can do.
    private static let arithmetic = Arithmetic.allCases.first(where: \.isKnown) ?? .plain

    /// - Parameter weight: [outputs, inputs].
    /// - Throws: `shape` for another rank, `value` for weights that are not finite.
    public init(weight: Tensor, bias: Tensor?) throws {
        guard weight.rank == 2 else {
            throw TensorError(
                .shape, "int8: the weights of a linear map are [outputs, inputs], these are \(weight.shape)")
        }
        (outputs, inputs) = (weight.shape[0], weight.shape[1])
        self.bias = try bias?.detached().converted(to: .f32).contiguous()
        let values = try weight.detached().converted(to: .f32).contiguous()
        let (quads, width) = ((inputs + 3) / 4, PanelProduct.columns)
        let count = (outputs + width - 1) / width
        panels = try Storage(byteCount: max(count * quads * width * 4, 4))
        offsets = try Storage(byteCount: max(outputs * 4, 4))
        scales = try Tensor(uninitialized: [outputs], .f32)
        panels.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: max(count * quads * width * 4, 4))
        let (from, to) = (values.pointer(Float.self), panels.bytes.assumingMemoryBound(to: Int8.self))
        let sums = offsets.bytes.bindMemory(to: Int32.self, capacity: max(outputs, 1))
        var bytes = [UInt8](repeating: 0, count: max(inputs, 1))
        for output in 0..<outputs {
            let scale = kd_int8_round(from + output * inputs, &bytes, inputs)
            guard scale.isFinite else {
                throw TensorError(
                    .value, "int8: a weight is not finite", hint: "was the model trained with too high a rate?")
            }
            scales.pointer(Float.self)[output] = scale
            var sum: Int32 = 0
            for input in 0..<inputs {
                let value = Int8(Int(bytes[input]) - 128)
                sum += Int32(value)
                let quad = (output / width * quads + input / 4) * width + output % width
                to[quad * 4 + input % 4] = value
            }
            sums[output] = 128 * sum
        }
    }

    /// x Wᵀ + b on the last axis.
    fileprivate func multiply(_ x: Tensor, into output: Tensor, then op: UnaryOp?) throws {
        let source = try x.packed()
        defer { withExtendedLifetime((source, bias, panels, offsets, scales)) {} }
        let (quads, width, inputs, outputs) = (self.quads, PanelProduct.columns, self.inputs, self.outputs)
        let (from, to) = (source.pointer(Float.self), output.pointer(Float.self))
        let (shift, scale) = (bias?.pointer(Float.self), scales.pointer(Float.self))
        let packed = UnsafePointer(panels.bytes.assumingMemoryBound(to: Int8.self))
        let sums = UnsafePointer(offsets.bytes.assumingMemoryBound(to: Int32.self))
        let (arithmetic, compute) = (Self.arithmetic, Self.arithmetic.tile)
        let rowBytes = arithmetic.rowBytes(quads)
        try PanelProduct(rows: x.count / max(inputs, 1), outputs: outputs, rowBytes: rowBytes).run(to, then: op) {
            row, place in
            arithmetic.round(from + row * inputs, inputs, quads: quads, to: place)
        } tile: { rounded, row, height, panel in
            let column = panel * width
            let left = Int32(min(width, outputs - column))
            let weights = packed + panel * quads * width * 4
            let ownShift = shift.map { UnsafePointer($0 + column) }
            compute(
                rounded, rowBytes, weights, quads, sums + column, scale + column,
                ownShift, to + row * outputs + column, outputs, Int32(height), left)
        }
    }
}

/// y = f(x Wᵀ + b) with weights and inputs in 8 bits: [..., inputs] → [..., outputs], for computing without gradients.
///
/// - Throws: `shape` where the last axis is not as wide as the inputs.
public func linear(_ x: Tensor, _ weights: Int8Weights, then f: Activation? = nil) throws -> Tensor {
    guard let last = x.shape.last, last == weights.inputs else {
        throw TensorError(.shape, "linear: takes \(weights.inputs) features, the input has shape \(x.shape)")
    }
    let x = try x.converted(to: .f32)
    return try Tensor.operation(
        "linear in int8", [x], shape: Array(x.shape.dropLast()) + [weights.outputs], dtype: .f32,
        pullback: .none(because: "its weights are kept in 8 bits, for models that are not trained")
    ) { output in
        if output.count > 0 { try weights.multiply(x, into: output, then: f?.op) }
    }
}

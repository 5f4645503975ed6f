import Networks
import Tensors

/// Trained linear maps from the student's widths to the teacher's, for a term that compares hidden values.
///
/// A map is made when the term first sees two widths that differ; it trains along with the student and is no part of it.
public final class Projection {
    private var maps: [String: (weight: Parameter, bias: Parameter)] = [:]

    /// Whether one map serves all pairs of the same widths.
    private let isShared: Bool

    public init(shared: Bool = false) { isShared = shared }

    func forget() { maps = [:] }

    /// The parameters of the maps that were needed so far.
    public var parameters: [Parameter] { maps.sorted { $0.key < $1.key }.flatMap { [$0.value.weight, $0.value.bias] } }

    /// "a trained map brings 1 from 64 to 384", for each map.
    public var descriptions: [String] {
        maps.sorted { $0.key < $1.key }.map { name, map in
            "a trained map brings \(name) from \(map.weight.shape[1]) to \(map.weight.shape[0])"
        }
    }

    /// The student's output with its hidden values mapped to the widths of the teacher's: the last axis of vectors and
    /// sequences, the channels (as a 1×1 convolution does) of maps [B, C, H, W].
    ///
    /// - Parameter layer: the path that stands for the term's pattern, when it has one.
    func bridge(
        _ student: ModelOutput, to teacher: ModelOutput?, _ term: Loss.Term, from layer: String?
    ) throws -> ModelOutput {
        guard let teacher else { return student }
        var hidden = student.hidden
        for (mine, other) in zip(term.studentNames, term.teacherNames) {
            guard let from = hidden[mine], let to = teacher.hidden[other], from.rank >= 1, to.rank >= 1 else {
                continue
            }
            let axis = from.rank == 4 ? 1 : from.rank - 1
            let (width, wanted) = (from.shape[axis], to.shape[to.rank == 4 ? 1 : to.rank - 1])
            guard width != wanted else { continue }
            let map = try self.map(layer ?? mine, from: width, to: wanted)
            let channelsLast = axis == from.rank - 1 ? from : try transpose(from, axis, from.rank - 1)
            let product = try linear(channelsLast, weight: map.weight.value, bias: map.bias.value)
            let mapped = axis == from.rank - 1 ? product : try transpose(product, axis, from.rank - 1)
            mapped.mask = from.mask
            hidden[mine] = mapped
        }
        return ModelOutput(logits: student.logits, hidden: hidden)
    }

    private func map(_ name: String, from width: Int, to wanted: Int) throws -> (weight: Parameter, bias: Parameter) {
        let name = isShared ? "the hidden values" : name
        if let known = maps[name] { return known }
        // The bounds of a linear layer's default initialisation: U(±1/√in).
        let bound = 1 / Double(width).squareRoot()
        let made = (
            weight: try Parameter(uniform([wanted, width], low: -bound, high: bound)),
            bias: try Parameter(uniform([wanted], low: -bound, high: bound))
        )
        maps[name] = made
        return made
    }
}

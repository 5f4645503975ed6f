import Networks
import Tensors

/// Trained linear maps from the student's widths to the teacher's, for a term that compares hidden values.
///
/// A map is made when the term first sees two widths that differ; it trains along with the student and is no part of it.
public final class Projection {
    private var maps: [String: (weight: Parameter, bias: Parameter)] = [:]

    public init() {}

    /// The parameters of the maps that were needed so far.
    public var parameters: [Parameter] { maps.sorted { $0.key < $1.key }.flatMap { [$0.value.weight, $0.value.bias] } }

    /// The student's output with its hidden values mapped to the widths of the teacher's.
    func bridge(_ student: ModelOutput, to teacher: ModelOutput?, _ term: Loss.Term) throws -> ModelOutput {
        guard let teacher else { return student }
        var hidden = student.hidden
        for (mine, other) in zip(term.studentPaths, term.teacherPaths) {
            guard let from = hidden[mine], let to = teacher.hidden[other],
                let width = from.shape.last, let wanted = to.shape.last, width != wanted
            else { continue }
            let map = try self.map("\(mine) → \(other)", from: width, to: wanted)
            let mapped = try add(matmul(from, transpose(map.weight.value)), map.bias.value)
            mapped.mask = from.mask
            hidden[mine] = mapped
        }
        return ModelOutput(logits: student.logits, hidden: hidden)
    }

    private func map(_ name: String, from width: Int, to wanted: Int) throws -> (weight: Parameter, bias: Parameter) {
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

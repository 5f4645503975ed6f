import Foundation
import Tensors
import Testing

import Networks

@Suite(.serialized) struct LayerTests {
    private static let references = Fixture.all?.layers ?? []

    /// A layer as the fixture of that name has it.
    private static func layer(_ name: String) throws -> Layer {
        func conv(_ shape: Conv1d.Shape, _ change: (inout Conv1d.Shape) -> Void = { _ in }) throws -> Layer {
            var shape = shape
            change(&shape)
            return try Conv1d(shape)
        }
        func recurrent(_ cell: Recurrent.Cell, _ layers: Int, both: Bool) throws -> Layer {
            try Recurrent(cell, 3, 2, layers: layers, bidirectional: both)
        }
        switch name {
        case "linear": return try Linear(4, 3)
        case "linear_plain": return try Linear(4, 3, bias: false)
        case "embedding": return try Embedding(5, 3)
        case "layer_norm": return try LayerNorm(4)
        case "conv1d": return try conv(.init(4, 6, kernel: 3)) { $0.padding = 1 }
        case "conv1d_all":
            return try conv(.init(4, 6, kernel: 3)) {
                ($0.stride, $0.padding, $0.dilation, $0.groups) = (2, 2, 2, 2)
            }
        case "conv1d_masked": return try conv(.init(4, 2, kernel: 3)) { $0.padding = 1 }
        case "max_pool1d": return try WindowPool(max: true, width: 2, stride: 1)
        case "avg_pool1d": return try WindowPool(max: false, width: 2, stride: nil)
        case "mean_pool": return TimePool(.mean)
        case "max_pool": return TimePool(.max)
        case "first_pool": return TimePool(.first)
        case "batch_norm", "batch_norm_evaluated": return try BatchNorm(3)
        case "flatten": return Flatten()
        case "residual": return Residual(try Linear(4, 4))
        case "chain": return Chain([try Linear(4, 5), try Linear(5, 2)])
        case "parallel": return Parallel([try Linear(4, 2), try Linear(4, 3)])
        case "lstm": return try recurrent(.lstm, 1, both: false)
        case "lstm_2": return try recurrent(.lstm, 2, both: false)
        case "lstm_2_both", "lstm_2_both_masked": return try recurrent(.lstm, 2, both: true)
        case "lstm_both_masked": return try recurrent(.lstm, 1, both: true)
        case "gru": return try recurrent(.gru, 1, both: false)
        case "gru_2": return try recurrent(.gru, 2, both: false)
        case "gru_2_both", "gru_2_both_masked": return try recurrent(.gru, 2, both: true)
        case "gru_both_masked": return try recurrent(.gru, 1, both: true)
        default: throw ModelError(.name, "no layer \(name)")
        }
    }

    @Test("a layer with PyTorch's weights gives its output and all its gradients", arguments: references.map(\.name))
    func agreesWithPyTorch(name: String) throws {
        let wanted = try #require(Self.references.first { $0.name == name })
        let model = try Self.layer(name)
        #expect(Set(model.parameters().map(\.path)) == Set(wanted.weights.keys), "names as in PyTorch")
        for (path, parameter) in model.parameters() { try parameter.assign(#require(wanted.weights[path]).tensor()) }
        var x = try wanted.input.tensor(name == "embedding" ? .i64 : .f32)
        if let mask = wanted.mask { x.mask = try mask.tensor(.bool) }
        if x.dtype.isFloating { x = try x.tracked() }
        let output = try model.withTraining(name == "batch_norm") { try model(x) }
        #expect(try wanted.output.mismatch(output, tolerance: 2e-6) == nil)
        let seed = try Tensor((0..<output.count).map { cos(0.7 * Double($0) + 0.3) }, shape: output.shape)
        let values = model.parameters().map(\.parameter.value)
        let found = try gradients(
            of: output, wrt: values + (x.isTracked ? [x] : []), seed: seed.converted(to: .f32))
        for ((path, _), gradient) in zip(model.parameters(), found) {
            #expect(try wanted.gradients[path]?.mismatch(#require(gradient), tolerance: 5e-6) == nil, "\(path)")
        }
        if let inputGradient = wanted.inputGradient {
            #expect(try inputGradient.mismatch(#require(found.last.flatMap { $0 }), tolerance: 5e-6) == nil)
        }
    }

    @Test("there are layers to compare") func enoughLayers() { #expect(Self.references.count == 28) }

    @Test("dropout zeroes with probability p in training, keeps the mean, and is nothing in evaluation")
    func dropout() throws {
        seed(5)
        let layer = try Dropout(0.3)
        let x = try Tensor.ones([100_000]).tracked()
        #expect(try layer(x) === x)
        let dropped = try layer.withTraining(true) { try layer(x) }
        let values = Set(try dropped.elements())
        #expect(values == [0, Double(Float(1 / 0.7))])
        #expect(try Swift.abs(mean(dropped).item() - 1) < 0.01)
        let gradient = try #require(gradients(of: sum(dropped), wrt: [x])[0])
        #expect(try gradient.elements() == dropped.elements())
        let again = try layer.withTraining(true) { try layer(x) }
        #expect(try again.elements() != dropped.elements())
        for p in [-0.1, 1, .nan] { #expect(throws: ModelError.self) { try Dropout(p) } }
    }

    @Test("batch norm counts in training and uses what it counted in evaluation")
    func batchNormCounts() throws {
        let layer = try BatchNorm(2, momentum: 0.5)
        let x = try Tensor([1.0, 10, 3, 30], shape: [2, 2]).converted(to: .f32)
        _ = try layer.withTraining(true) { try layer(x) }
        let buffers = try layer.buffers().map { try $0.value.elements() }
        // Half of the old, half of the batch; the variance is the unbiased one.
        #expect(buffers == [[1, 10], [1.5, 100.5]])
        _ = try layer(x)
        #expect(try layer.buffers().map { try $0.value.elements() } == buffers)
    }

    // MARK: Initial values

    /// Uniform in ±bound: the bounds, the mean and the deviation.
    private func expectUniform(_ parameter: Parameter, bound: Double, _ what: String) throws {
        let values = try parameter.value.elements()
        let n = Double(values.count)
        let average = values.reduce(0, +) / n
        let deviation = (values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / n).squareRoot()
        #expect(values.allSatisfy { Swift.abs($0) <= bound * 1.000001 }, "\(what)")
        #expect(values.contains { Swift.abs($0) > bound * 0.97 }, "\(what)")
        #expect(Swift.abs(average) < 5 * bound / n.squareRoot(), "\(what)")
        #expect(Swift.abs(deviation - bound / 3.0.squareRoot()) < 3 * bound / n.squareRoot(), "\(what)")
    }

    @Test("parameters begin as PyTorch's do")
    func initialValues() throws {
        seed(17)
        let linear = try Linear(400, 300)
        try expectUniform(linear.weight, bound: 0.05, "the weight of a linear layer")
        try expectUniform(#require(linear.bias), bound: 0.05, "its bias")
        var shape = Conv1d.Shape(32, 64, kernel: 5)
        shape.groups = 2
        let conv = try Conv1d(shape)
        try expectUniform(conv.weight, bound: 1 / 80.0.squareRoot(), "the weight of a convolution")
        try expectUniform(#require(conv.bias), bound: 1 / 80.0.squareRoot(), "its bias")
        for (path, parameter) in try Recurrent(.lstm, 10, 49, layers: 2, bidirectional: true).parameters() {
            try expectUniform(parameter, bound: 1 / 7, path)
        }
        let table = try Embedding(1000, 50, padding: 3)
        let values = try table.weight.value.elements()
        #expect(values[150..<200].allSatisfy { $0 == 0 } && values[100..<150].allSatisfy { $0 != 0 })
        let rest = values[..<150] + values[200...]
        let deviation = (rest.reduce(0) { $0 + $1 * $1 } / Double(rest.count)).squareRoot()
        #expect(Swift.abs(deviation - 1) < 0.01)
        let norm = try LayerNorm(7)
        #expect(try norm.weight.value.elements() == [Double](repeating: 1, count: 7))
        #expect(try norm.bias.value.elements() == [Double](repeating: 0, count: 7))
    }

    @Test(
        "a chain of a table and an LSTM computes each vector once, and gives what the two give",
        arguments: [false, true])
    func sharedVectors(isMasked: Bool) throws {
        let (table, lstm) = (try Embedding(9, 4), try Recurrent(.lstm, 4, 3, layers: 2, bidirectional: true))
        let chain = Chain([table, lstm])
        let ids = try Tensor([3, 1, 3, 0, 5, 5, 3, 0, 1, 1, 3, 8] as [Int64], shape: [3, 4])
        if isMasked { ids.mask = try notEqual(ids, 0) }
        let parameters = chain.parameters().map(\.parameter.value)
        func gradient(_ output: Tensor) throws -> [Tensor] {
            try gradients(of: sum(sin(output)), wrt: parameters).map { try #require($0) }
        }
        let apart = try lstm(table(ids))
        // Somebody asks for the vectors themselves: nothing is shared.
        let (watched, hidden) = try Capture.run(chain, keeping: ["0"]) { try chain(ids) }
        let together = try chain(ids)
        #expect(together.shape == [3, 4, 6] && (together.mask != nil) == isMasked)
        #expect(try watched.elements() == apart.elements() && hidden["0"]?.shape == [3, 4, 4])
        for (one, other) in zip(try [apart] + gradient(apart), try [together] + gradient(together)) {
            #expect(try max(abs(subtract(one, other))).item() < 1e-5)
        }
        #expect(try gradient(together)[0].elements()[..<4].allSatisfy { $0 == 0 }, "padding learns nothing")
        #expect(throws: TensorError.self) { try chain(Tensor([1, 1, 9, 1] as [Int64], shape: [2, 2])) }
        // Of ids that all differ nothing can be shared.
        let different = try Tensor([1, 2, 3, 4] as [Int64], shape: [2, 2])
        #expect(try chain(different).elements() == lstm(table(different)).elements())
    }

    @Test("a seed draws a model's parameters anew, the same each time, and leaves the global stream alone")
    func seededInitialisation() throws {
        let model = Chain([try Linear(3, 4), try Recurrent(.gru, 4, 2)])
        func values() throws -> [[Double]] { try model.parameters().map { try $0.parameter.value.elements() } }
        let before = try values()
        try model.initialiseAll(seed: 4)
        let first = try values()
        #expect(first != before)
        seed(9)
        let expected = try rand([3]).elements()
        seed(9)
        try model.initialiseAll(seed: 4)
        #expect(try values() == first)
        #expect(try rand([3]).elements() == expected)
        let copy = try model.reinitialised(seed: 5)
        #expect(try copy.parameters().map { try $0.parameter.value.elements() } != first)
        #expect(try values() == first)
    }

    /// A function that linear maps know, and that must not be called by itself.
    private final class NeverCalled: Layer {
        override var activation: Activation? { .relu }
        override func forward(_ x: Tensor) throws -> Tensor { throw TensorError(.value, "called") }
    }

    @Test("a linear map in a chain computes the function after it, unless somebody asks for its own values")
    func functionAfterLinear() throws {
        let (first, x) = (try Linear(4, 3), try randn([5, 4]))
        let chain = Chain([first, NeverCalled()])
        #expect(try chain(x).elements() == relu(first(x)).elements())
        for path in ["0", "1"] {
            #expect(throws: TensorError.self) { try Capture.run(chain, keeping: [path]) { try chain(x) } }
        }
    }
}

import Foundation
import Testing

import Tensors

@Suite(.serialized) struct OpTableTests {
    @Test(
        "first and second gradients match finite differences, however the inputs lie in memory",
        arguments: OpTable.lines.map(\.name))
    func matchesFiniteDifferences(name: String) throws {
        let line = try #require(OpTable.lines.first { $0.name == name })
        for layout in Reference.Layout.allCases { try check(line, layout.described) { try layout.apply($0) } }
        if line.allowsEqualRows { try check(line, "expanded", equalRows: true) { $0 } }
    }

    @Test("an operation on empty tensors gives what its line says, and so does its gradient")
    func emptyInputs() throws {
        for line in OpTable.lines {
            switch line.empty {
            case .asBefore: continue
            case .refuses(let shapes):
                do {
                    let result = try line.function(shapes.map { try Tensor.ones($0, .f64) })
                    Issue.record("\(line.name) of \(shapes) is no error but a tensor of shape \(result.shape)")
                } catch let error as TensorError {
                    #expect(!error.message.isEmpty && error.kind != .interrupt, "\(line.name)")
                }
            case .gives(let shape, let shapes):
                do {
                    let leaves = try shapes.map { try Tensor.ones($0, .f64).tracked() }
                    let result = try line.function(leaves)
                    #expect(result.shape == shape, "\(line.name) of \(shapes)")
                    let first = try gradients(
                        of: result, wrt: leaves, seed: .ones(result.shape, .f64), createGraph: true, allowUnused: true)
                    for (leaf, gradient) in zip(leaves, first) {
                        guard let gradient else { continue }
                        #expect(gradient.shape == leaf.shape, "\(line.name): the gradient of \(shapes)")
                        guard gradient.isTracked else { continue }
                        _ = try gradients(
                            of: gradient, wrt: leaves, seed: .ones(gradient.shape, .f64), allowUnused: true)
                    }
                } catch let error as TensorError {
                    Issue.record("\(line.name) of \(shapes): \(error)")
                }
            }
        }
    }

    @Test("what has no gradient says so", arguments: OpTable.withoutGradient.map(\.name))
    func noGradient(name: String) throws {
        let function = try #require(OpTable.withoutGradient.first { $0.name == name }).function
        let leaves = try (0..<2).map { salt in
            try Tensor(OpLine.Input.real(2, 3).values(salt: salt), shape: [2, 3]).tracked()
        }
        let result = try function(leaves)
        guard result.isTracked else { return }
        let error = #expect(throws: TensorError.self) {
            try gradients(of: result, wrt: [leaves[0]], seed: .ones(result.shape, result.dtype))
        }
        #expect(error?.kind == .gradient)
    }

    @Test("every public function of the tensors has a line, and every overload one of its own")
    func tableIsComplete() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let sources = tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "Sources/Tensors")
        let declared = try Self.matches(#"(?m)^public func `?(\w+)"#, in: Self.text(of: sources))
        let table = try Self.text(of: tests.appendingPathComponent("OpTable"))
        #expect(declared.count > 150)
        for (name, overloads) in declared where !OpTable.notOperations.contains(name) {
            let calls = try Self.matches("(?<![\\w.])`?(\(name))`?\\(", in: table)[name] ?? 0
            #expect(calls >= overloads, "\(name) is declared \(overloads) times, the table calls it \(calls) times")
        }
        #expect(OpTable.notOperations.isSubset(of: declared.keys))
        let names = OpTable.lines.map(\.name) + OpTable.withoutGradient.map(\.name)
        #expect(Set(names).count == names.count, "two lines have one name")
    }

    @Test("the comparison finds a gradient of the first order and one of the second that is missing")
    func comparisonCanFail() {
        let first = OpLine("half", [.real(3)], empty: .asBefore) { try multiply(detach($0[0]), $0[0]) }
        let second = OpLine("cut", [.real(3)], empty: .asBefore) { x in
            // x² with the pullback of x · constant, by the difference to what is cut off.
            try add(multiply(multiply(detach(x[0]), 2), x[0]), detach(negate(square(x[0]))))
        }
        withKnownIssue { try check(first, "contiguous") { $0 } }
        withKnownIssue { try check(second, "contiguous") { $0 } }
    }

    private static func text(of folder: URL) throws -> String {
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        let swift = files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        return try swift.map { try String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
    }

    /// How often each text of the first group is found.
    private static func matches(_ pattern: String, in text: String) throws -> [String: Int] {
        let expression = try NSRegularExpression(pattern: pattern)
        var counts: [String: Int] = [:]
        for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
            guard let range = Range(match.range(at: 1), in: text) else { continue }
            counts[String(text[range]), default: 0] += 1
        }
        return counts
    }

    // MARK: Finite differences

    private static let step = 1e-5

    /// Checks one line with its inputs laid out by `layout`; with `equalRows` an input's first axis repeats one row, and
    /// that row is what is differentiated by.
    private func check(
        _ line: OpLine, _ what: String, equalRows: Bool = false, layout: (Tensor) throws -> Tensor
    ) throws {
        let shapes = line.inputs.map { input in
            equalRows && !input.shape.isEmpty ? [Swift.min(1, input.shape[0])] + input.shape.dropFirst() : input.shape
        }
        let values = line.inputs.indices.map { index in
            let input = line.inputs[index]
            let row = OpLine.Input(shape: shapes[index], low: input.low, high: input.high)
            return row.values(salt: index)
        }
        func apply(_ leaves: [Tensor]) throws -> Tensor {
            try line.function(zip(leaves, line.inputs).map { try expand($0, to: $1.shape) })
        }
        /// Plain tensors of the values, one element moved.
        func moved(_ input: Int, _ element: Int, by distance: Double) throws -> [Tensor] {
            try values.indices.map { index in
                var own = values[index]
                if index == input { own[element] += distance }
                return try Tensor(own, shape: shapes[index])
            }
        }
        let leaves = try values.indices.map { try layout(Tensor(values[$0], shape: shapes[$0])).tracked() }
        let result = try apply(leaves)
        let seed = try wave(result.shape) { cos(0.7 * $0 + 0.3) }
        let directions = try shapes.enumerated().map { k, shape in try wave(shape) { sin(1.1 * $0 + 0.2 + Double(k)) } }

        func loss(_ inputs: [Tensor]) throws -> Double { try sum(multiply(apply(inputs), seed)).item() }
        /// Σ over inputs of ⟨direction, gradient⟩, a number whose gradient is of the second order.
        func slope(_ inputs: [Tensor], createGraph: Bool) throws -> Tensor? {
            let result = try apply(inputs)
            guard result.isTracked else { return nil }
            let first = try gradients(of: result, wrt: inputs, seed: seed, createGraph: createGraph, allowUnused: true)
            var total: Tensor?
            for case (let gradient?, let direction) in zip(first, directions) {
                let part = try sum(multiply(gradient, direction))
                total = try total.map { try add($0, part) } ?? part
            }
            return total
        }

        let first = try gradients(of: result, wrt: leaves, seed: seed, allowUnused: true)
        let composed = try gradients(of: result, wrt: leaves, seed: seed, createGraph: true, allowUnused: true)
        var second = [Tensor?](repeating: nil, count: leaves.count)
        if let total = try slope(leaves, createGraph: true), total.isTracked {
            second = try gradients(of: total, wrt: leaves, allowUnused: true)
        }
        for index in leaves.indices {
            let found = try first[index]?.elements() ?? [Double](repeating: 0, count: values[index].count)
            let again = try composed[index]?.elements() ?? [Double](repeating: 0, count: values[index].count)
            let twice = try second[index]?.elements() ?? [Double](repeating: 0, count: values[index].count)
            for element in values[index].indices {
                let wanted =
                    try (loss(moved(index, element, by: Self.step)) - loss(moved(index, element, by: -Self.step)))
                    / (2 * Self.step)
                let place = "\(line.name), \(what), element \(element) of input \(index)"
                expectClose(found[element], wanted, "the gradient of \(place)")
                expectClose(again[element], wanted, "the composed gradient of \(place)")
                let up = try slope(moved(index, element, by: Self.step).map { try $0.tracked() }, createGraph: false)
                let down = try slope(moved(index, element, by: -Self.step).map { try $0.tracked() }, createGraph: false)
                let bend = try ((up?.item() ?? 0) - (down?.item() ?? 0)) / (2 * Self.step)
                expectClose(twice[element], bend, "the second gradient of \(place)")
            }
        }
    }

    private func expectClose(_ found: Double, _ wanted: Double, _ what: String) {
        let tolerance = 2e-7 * Swift.max(1, Swift.abs(wanted))
        if !(Swift.abs(found - wanted) <= tolerance) { Issue.record("\(what) is \(found), expected \(wanted)") }
    }

    private func wave(_ shape: [Int], _ f: (Double) -> Double) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { f(Double($0)) }, shape: shape)
    }
}

extension Reference.Layout {
    fileprivate var described: String { String(describing: self) }
}

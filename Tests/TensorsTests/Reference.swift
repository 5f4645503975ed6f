import Foundation
import Testing

import Tensors

/// Operations beside PyTorch's numbers for them: values, gradients and second gradients, made by scripts/fixtures.
struct Reference: Decodable {
    struct Numbers: Decodable {
        let shape: [Int]
        let dtype: String
        let values: [Double]

        func tensor(real: DType) throws -> Tensor {
            let type = dtype == "f64" ? real : try #require(DType(name: dtype))
            return try Tensor(values, shape: shape).converted(to: type)
        }
    }

    let name: String
    let inputs: [Numbers]
    let output: Numbers
    let first: [Numbers]?
    let second: [Numbers]?

    static func load(_ file: String) throws -> [Reference] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Fixtures/\(file)")
        return try JSONDecoder().decode([Reference].self, from: Data(contentsOf: path))
    }

    /// How the inputs lie in memory; their values are the same.
    enum Layout: CaseIterable {
        case contiguous, transposed, sliced

        func apply(_ x: Tensor) throws -> Tensor {
            switch self {
            case .contiguous: return x
            case .transposed:
                if x.rank < 2 { return x }
                return try transpose(transpose(x, 0, -1).copied(), 0, -1)
            case .sliced:
                if x.rank == 0 { return x }
                let filler = try Tensor.filled(7, shape: x.shape, x.dtype)
                let mixed = try stack([filler, x, filler], x.rank)
                return try slice(mixed, axis: -1, start: 1, stop: 2).withoutLast()
            }
        }
    }

    /// Compares a function with the numbers, in one layout and type.
    func check(_ layout: Layout, _ real: DType, _ function: ([Tensor]) throws -> Tensor) throws {
        let leaves = try inputs.map { numbers in
            let x = try layout.apply(numbers.tensor(real: real))
            return x.dtype.isFloating && first != nil ? try x.tracked() : x
        }
        let tolerance = real == .f64 ? 1e-9 : 2e-4
        let result = try function(leaves)
        try expectClose(result, output, tolerance, "output, \(layout), \(real.name)")
        guard let first else { return }
        let tracked = leaves.filter(\.isTracked)
        let seed = try wave(result.shape, real) { cos(0.7 * $0 + 0.3) }
        let fast = try gradients(of: result, wrt: tracked, seed: seed, allowUnused: true)
        try expectAll(fast, first, tolerance, "gradient, \(layout), \(real.name)")
        guard let second else { return }
        let composed = try gradients(of: result, wrt: tracked, seed: seed, createGraph: true, allowUnused: true)
        try expectAll(composed, first, tolerance, "composed gradient, \(layout), \(real.name)")
        var total: Tensor?
        for (k, gradient) in composed.enumerated() {
            guard let gradient else { continue }
            let direction = try wave(gradient.shape, real) { sin(1.1 * $0 + 0.2 + Double(k)) }
            let part = try sum(multiply(gradient, direction))
            total = try total.map { try add($0, part) } ?? part
        }
        var found = [Tensor?](repeating: nil, count: tracked.count)
        if let total, total.isTracked { found = try gradients(of: total, wrt: tracked, allowUnused: true) }
        try expectAll(found, second, tolerance * 10, "second gradient, \(layout), \(real.name)")
    }

    private func wave(_ shape: [Int], _ type: DType, _ f: (Double) -> Double) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor((0..<count).map { f(Double($0)) }, shape: shape).converted(to: type)
    }

    private func expectAll(_ found: [Tensor?], _ expected: [Numbers], _ tolerance: Double, _ what: String) throws {
        try #require(found.count == expected.count)
        for (index, (tensor, numbers)) in zip(found, expected).enumerated() {
            // An input that the result does not depend on has a gradient of zeros.
            let tensor = try tensor ?? Tensor.zeros(numbers.shape, .f64)
            try expectClose(tensor, numbers, tolerance, "\(what) of real input \(index)")
        }
    }

    private func expectClose(_ found: Tensor, _ expected: Numbers, _ tolerance: Double, _ what: String) throws {
        guard found.shape == expected.shape else {
            Issue.record("\(name), \(what): shape \(found.shape), expected \(expected.shape)")
            return
        }
        let values = try found.elements()
        let scale = expected.values.reduce(1) { Swift.max($0, Swift.abs($1)) }
        for (index, (value, wanted)) in zip(values, expected.values).enumerated() {
            guard Swift.abs(value - wanted) <= tolerance * scale else {
                Issue.record(
                    "\(name), \(what): element \(index) is \(value), expected \(wanted); all \(values.prefix(12))")
                return
            }
        }
    }
}

extension Tensor {
    /// Without an axis of size 1 at the end, through a view.
    fileprivate func withoutLast() throws -> Tensor { try squeeze(self, -1) }
}

import Foundation
import Tensors

/// What PyTorch and safetensors make, stored by scripts/fixtures/networks.py.
struct Fixture: Decodable {
    struct Numbers: Decodable {
        let shape: [Int]
        let values: [Double]

        func tensor(_ dtype: DType = .f32) throws -> Tensor { try Tensor(values, shape: shape).converted(to: dtype) }

        /// The first element of `found` that is off by more than `tolerance` of the largest number here.
        func mismatch(_ found: Tensor, tolerance: Double) throws -> String? {
            if found.shape != shape { return "shape \(found.shape), expected \(shape)" }
            let scale = values.reduce(1) { Swift.max($0, Swift.abs($1)) }
            for (index, (value, wanted)) in zip(try found.elements(), values).enumerated() {
                if !(Swift.abs(value - wanted) <= tolerance * scale) {
                    return "element \(index) is \(value), expected \(wanted)"
                }
            }
            return nil
        }
    }

    struct Layer: Decodable {
        let name: String
        let weights: [String: Numbers]
        let input: Numbers
        let output: Numbers
        let gradients: [String: Numbers]
        let inputGradient: Numbers?
        let mask: Numbers?
    }

    struct Optimizer: Decodable {
        let name: String
        let settings: [String: Double]
        let start: Numbers
        let gradients: [Numbers]
        let values: [Numbers]
    }

    struct Clip: Decodable {
        let limit: Double
        let norm: Double
        let before: [Numbers]
        let after: [Numbers]
    }

    struct Read: Decodable {
        let name: String
        let dtype: String
        let numbers: Numbers
    }

    let layers: [Layer]
    let optimizers: [Optimizer]
    let clips: [Clip]
    let read: [Read]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static let all: Fixture? = try? JSONDecoder().decode(
        Fixture.self, from: Data(contentsOf: folder.appendingPathComponent("networks.json")))
}

import Foundation
import Tensors

/// How the numbers of a row are kept.
public enum StoredForm: Equatable, Sendable {
    /// As they are.
    case exact
    /// In 16 bits, with a relative error of 2⁻¹¹.
    case half
    /// Of logits only the probabilities of the so many likeliest classes; the other classes share evenly what is left.
    ///
    /// What comes back are log-probabilities, which differ from the logits by a constant that no softmax sees.
    case largest(Int)

    /// Whether it keeps numbers of this type.
    func applies(to dtype: DType) -> Bool { self == .exact || dtype == .f32 }

    /// Bytes of a vector of `width` numbers.
    func bytes(_ width: Int, _ dtype: DType) -> Int {
        switch self {
        case .exact: width * dtype.size
        case .half: width * 2
        case .largest(let k): k < width ? k * 8 + 4 : width * 4
        }
    }

    /// The bytes that are kept for vectors of `width` floats.
    func encoded(_ source: UnsafeRawBufferPointer, width: Int) -> [UInt8] {
        let floats = source.bindMemory(to: Float.self)
        switch self {
        case .exact: return Array(source)
        case .half:
            var halves = [UInt8](repeating: 0, count: floats.count * 2)
            halves.withUnsafeMutableBytes { target in
                for (place, value) in floats.enumerated() {
                    target.storeBytes(
                        of: Float16(value).bitPattern.littleEndian, toByteOffset: place * 2, as: UInt16.self)
                }
            }
            return halves
        case .largest(let k):
            if k >= width { return Array(source) }
            var bytes = [UInt8](repeating: 0, count: floats.count / width * self.bytes(width, .f32))
            bytes.withUnsafeMutableBytes { target in
                for row in 0..<floats.count / width {
                    Self.keep(
                        k, of: UnsafeBufferPointer(rebasing: floats[row * width..<(row + 1) * width]),
                        in: UnsafeMutableRawBufferPointer(rebasing: target[row * (k * 8 + 4)..<(row + 1) * (k * 8 + 4)])
                    )
                }
            }
            return bytes
        }
    }

    /// Writes vectors of `width` floats that `encoded` made bytes of.
    func decode(_ bytes: UnsafeRawBufferPointer, width: Int, to target: UnsafeMutableRawBufferPointer) {
        let floats = target.bindMemory(to: Float.self)
        switch self {
        case .exact: target.copyMemory(from: bytes)
        case .half:
            for place in floats.indices {
                let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 2, as: UInt16.self))
                floats[place] = Float(Float16(bitPattern: bits))
            }
        case .largest(let k):
            if k >= width { return target.copyMemory(from: bytes) }
            for row in 0..<floats.count / width {
                let start = row * (k * 8 + 4)
                let rest = bytes.loadUnaligned(fromByteOffset: start + k * 8, as: Float.self)
                for place in row * width..<(row + 1) * width { floats[place] = rest }
                for place in 0..<k {
                    let column = Int(bytes.loadUnaligned(fromByteOffset: start + place * 8, as: Int32.self))
                    floats[row * width + column] = bytes.loadUnaligned(
                        fromByteOffset: start + place * 8 + 4, as: Float.self)
                }
            }
        }
    }

    /// Class and log-probability of the k likeliest classes, and the log-probability of each other one.
    private static func keep(
        _ k: Int, of logits: UnsafeBufferPointer<Float>, in target: UnsafeMutableRawBufferPointer
    ) {
        let highest = Double(logits.max() ?? 0)
        let norm = highest + logSum(logits, above: highest)
        let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        for (place, column) in order.prefix(k).enumerated() {
            target.storeBytes(of: Int32(column), toByteOffset: place * 8, as: Int32.self)
            target.storeBytes(of: Float(Double(logits[column]) - norm), toByteOffset: place * 8 + 4, as: Float.self)
        }
        var left = 0.0
        for column in order.dropFirst(k) { left += exp(Double(logits[column]) - norm) }
        let rest = log(max(left, 1e-38) / Double(logits.count - k))
        target.storeBytes(of: Float(rest), toByteOffset: k * 8, as: Float.self)
    }

    private static func logSum(_ logits: UnsafeBufferPointer<Float>, above highest: Double) -> Double {
        log(logits.reduce(0.0) { $0 + exp(Double($1) - highest) })
    }
}

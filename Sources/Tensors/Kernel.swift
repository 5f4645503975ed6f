import CIntrinsics
import Glibc
import KernelTable
import Kernels
import KernelsAVX2
import KernelsAVX512

/// The loops for this machine: the best build that its processor runs, or the one that `KD_ISA` names.
public enum InstructionSet: String, CaseIterable, Sendable {
    case portable, avx2, avx512

    package var table: any KernelTable.Type {
        switch self {
        case .portable: Kernels.Loops.self
        case .avx2: KernelsAVX2.Loops.self
        case .avx512: KernelsAVX512.Loops.self
        }
    }

    /// The best one that this processor and its system support.
    public static var best: InstructionSet {
        switch kd_cpu_level() {
        case 3...: .avx512
        case 2: .avx2
        default: .portable
        }
    }

    private var level: Int { InstructionSet.allCases.firstIndex(of: self)! }

    /// What `KD_ISA` asks for, or the best one.
    ///
    /// - Returns: nil with a sentence that says why, for a name that is unknown or an instruction set that is not there.
    public static func configured() -> (set: InstructionSet, complaint: String?) {
        guard let text = getenv("KD_ISA") else { return (best, nil) }
        let name = String(cString: text)
        guard let wanted = InstructionSet(rawValue: name) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            return (best, "KD_ISA=\(name) is unknown; it may be \(names)")
        }
        if wanted.level > best.level {
            return (best, "KD_ISA=\(name): this processor has \(best.rawValue) at best")
        }
        return (wanted, nil)
    }

    /// The one in use.
    public static let current: InstructionSet = configured().set
}

/// The loops in use, chosen once.
let kernel: any KernelTable.Type = InstructionSet.current.table

/// The two types that the loops compute in.
protocol Real: TensorElement, BinaryFloatingPoint, SIMDScalar, Codable {
    static var loops: any RealKernelTable<Self>.Type { get }
}

private let floatLoops: any RealKernelTable<Float>.Type = kernel.float
private let doubleLoops: any RealKernelTable<Double>.Type = kernel.double

extension Float: Real { static var loops: any RealKernelTable<Float>.Type { floatLoops } }
extension Double: Real { static var loops: any RealKernelTable<Double>.Type { doubleLoops } }

/// The types of whole numbers, which wrap around where they overflow.
protocol Whole: TensorElement, FixedWidthInteger {}

extension Int64: Whole {}
extension Int32: Whole {}
extension UInt8: Whole {}

/// Elements in one chunk of simple work: large enough to be worth a thread, small enough to stop soon.
let chunkLength = 32768

import KernelTable
import Testing

@Suite("The yardstick of the benchmarks")
struct PeakTests {
    private func sums<T: TestScalar>(_ type: T.Type, _ table: Table) {
        let k = T.kernels(table)
        for turns in [0, 1, 2, 5, 100] {
            let (total, sums) = k.multiplyAdds(turns: turns)
            #expect(sums >= 12 && sums.isMultiple(of: 12))
            var wanted = 0.0
            for register in 0..<12 {
                var sum = Double(register + 3)
                for _ in 0..<turns { sum = sum / 2 + 1 }
                wanted += sum * Double(sums / 12)
            }
            #expect(agree(total, wanted), "\(turns) turns: \(total), expected \(wanted)")
        }
    }

    @Test("every sum takes every turn", arguments: Table.all)
    func turns(table: Table) {
        sums(Float.self, table)
        sums(Double.self, table)
    }
}

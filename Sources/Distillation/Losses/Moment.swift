/// Where in a training something is computed: what schedules go by.
public struct Moment: Sendable {
    /// Counted from 1.
    public let step: Int
    /// How many steps the training will have.
    public let steps: Int
    public let stepsPerEpoch: Int

    public init(step: Int, steps: Int, stepsPerEpoch: Int) {
        (self.step, self.steps, self.stepsPerEpoch) = (step, steps, stepsPerEpoch)
    }

    /// Epochs that are over, with the part of the present one: 0 in the first step.
    public var epoch: Double { Double(step - 1) / Double(max(stepsPerEpoch, 1)) }

    /// 0 in the first step, 1 in the last.
    public var progress: Double { steps < 2 ? 0 : min(Double(step - 1) / Double(steps - 1), 1) }

    /// The moment of the loss that is being evaluated; nil outside of a training, where schedules stand at their start.
    nonisolated(unsafe) public private(set) static var current: Moment?

    static func during<R>(_ moment: Moment?, _ body: () throws -> R) rethrows -> R {
        let before = current
        current = moment ?? before
        defer { current = before }
        return try body()
    }
}

/// A number that changes as a training goes on: a temperature, a term's weight, a learning rate.
public struct ScheduledNumber {
    /// How it is shown: "cosine(8, 2)".
    public let text: String
    private let value: (Moment) throws -> Double

    public init(_ text: String, _ value: @escaping (Moment) throws -> Double) {
        (self.text, self.value) = (text, value)
    }

    /// Its value at a moment, or at that of the loss which is being evaluated.
    public func now(_ moment: Moment? = nil) throws -> Double {
        try value(moment ?? Moment.current ?? Moment(step: 1, steps: 1, stepsPerEpoch: 1))
    }
}

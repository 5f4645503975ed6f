import Tensors

/// Layers one after the other; their paths are their numbers: "0", "1".
public final class Chain: Layer {
    public let parts: [Layer]

    public init(_ parts: [Layer]) { self.parts = parts }

    public override var kind: String { "chain" }
    public override var details: String { "of \(parts.count)" }
    public override var fields: [(name: String, field: Field)] {
        parts.enumerated().map { ("\($0.offset)", .layer($0.element)) }
    }
    public override func shape(after input: [String]?) -> [String]? {
        parts.reduce(input) { $1.shape(after: $0) }
    }
    public override func forward(_ x: Tensor) throws -> Tensor {
        var x = x
        var place = 0
        while place < parts.count {
            if place + 1 < parts.count, !parts[place].isObserved, !parts[place + 1].isObserved,
                let output = try parts[place].forward(x, then: parts[place + 1])
            {
                x = output
                place += 2
                continue
            }
            x = try parts[place](x)
            place += 1
        }
        return x
    }
    public override func copied(_ copier: Copier) throws -> Layer { Chain(try copier.copy(parts)) }
}

/// Layers side by side on the same input, their outputs joined on the last axis.
public final class Parallel: Layer {
    public let parts: [Layer]

    public init(_ parts: [Layer]) { self.parts = parts }

    public override var kind: String { "parallel" }
    public override var details: String { "of \(parts.count)" }
    public override var fields: [(name: String, field: Field)] {
        parts.enumerated().map { ("\($0.offset)", .layer($0.element)) }
    }
    public override func shape(after input: [String]?) -> [String]? {
        let outputs = parts.map { $0.shape(after: input) }
        let widths = outputs.compactMap { $0?.last.flatMap { Int($0) } }
        guard let first = outputs.first ?? nil, widths.count == parts.count else { return nil }
        return first.dropLast() + ["\(widths.reduce(0, +))"]
    }
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard !parts.isEmpty else { return x }
        return try concatenate(try parts.map { try $0(x) }, -1)
    }
    public override func copied(_ copier: Copier) throws -> Layer { Parallel(try copier.copy(parts)) }
}

/// What the body computes, added to its input. He et al. 2015, arXiv:1512.03385.
public final class Residual: Layer {
    public let body: Layer

    public init(_ body: Layer) { self.body = body }

    public override var kind: String { "residual" }
    public override var fields: [(name: String, field: Field)] { [("body", .layer(body))] }
    public override func shape(after input: [String]?) -> [String]? { input ?? body.shape(after: nil) }
    public override func forward(_ x: Tensor) throws -> Tensor {
        let change = try body(x)
        guard (try? Shape.broadcast(x.shape, change.shape, for: kind)) != nil else {
            throw TensorError(
                .shape, "residual: the body made \(change.shape) of \(x.shape), and the two are added",
                hint: "end the body in the shape it was given")
        }
        return try add(x, change)
    }
    public override func copied(_ copier: Copier) throws -> Layer { Residual(try copier.copy(body)) }
}

/// All axes but the first as one: [B, …] → [B, n].
public final class Flatten: Layer {
    public override var kind: String { "flatten" }
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 1 else { throw TensorError(.shape, "flatten: expected [B, …], found a single number") }
        return try flatten(x, start: 1)
    }
    public override func copied(_ copier: Copier) throws -> Layer { Flatten() }
}

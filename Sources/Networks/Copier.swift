import Tensors

/// Copies the parts of a model so that what was shared in the original is shared in the copy.
public final class Copier {
    /// What the linear maps of a frozen copy compute in.
    let rounding: Rounding?
    private var parameters: [ObjectIdentifier: Parameter] = [:]
    private var layers: [ObjectIdentifier: Layer] = [:]

    public enum Rounding: Sendable { case bf16, int8 }

    public init(rounding: Rounding? = nil) { self.rounding = rounding }

    /// A parameter of its own with the same values, frozen if the original is.
    public func copy(_ original: Parameter) throws -> Parameter {
        if let known = parameters[ObjectIdentifier(original)] { return known }
        let copy = try Parameter(original.value.detached())
        copy.isFrozen = original.isFrozen || rounding != nil
        parameters[ObjectIdentifier(original)] = copy
        return copy
    }

    public func copy(_ original: Parameter?) throws -> Parameter? {
        guard let original else { return nil }
        return try copy(original) as Parameter
    }

    public func copy(_ original: Layer) throws -> Layer {
        if let known = layers[ObjectIdentifier(original)] { return known }
        let copy = try original.copied(self)
        copy.tokenizer = original.tokenizer
        layers[ObjectIdentifier(original)] = copy
        return copy
    }

    public func copy(_ originals: [Layer]) throws -> [Layer] { try originals.map { try copy($0) as Layer } }
}

extension Layer {
    /// A model of the same structure and values that shares nothing that can change with this one.
    public func copy() throws -> Layer { try Copier().copy(self) }

    /// A frozen copy whose linear maps are computed in fewer bits: bf16 with sums in f32, or whole numbers of 8 bits with exact
    /// sums.
    public func rounded(to rounding: Copier.Rounding) throws -> Layer { try Copier(rounding: rounding).copy(self) }
}

// A model or a part of one. The tree of layers is described by `fields`; everything that walks it is built on them:
//
//   LayerTree.swift    paths, parameters, freezing, training mode, counts, state
//   LayerCall.swift    the call: mask, capture, and the layer's name in errors
//   Capture.swift      hidden values by path
//   Copier.swift       deep copies that keep shared parts shared
//   Summary.swift      the table of a model
//   Layers/            one file for each kind
//
// Shapes use B for the batch, T for time, C for channels or features, L for length, H for hidden units.

import Tensors

/// A model or a part of one: parameters, parts that are layers themselves, and what they compute.
///
/// A subclass says what it holds (`fields`), what it computes (`forward`) and how it is copied (`copied`).
open class Layer {
    /// What a field of a layer holds.
    public enum Field {
        case parameter(Parameter)
        /// A tensor that belongs to the weights but is not trained.
        case buffer(Tensor)
        case layer(Layer)
        /// Parts with numbers for names: "layer.0", "layer.1".
        case layers([Layer])
    }

    /// Whether dropout drops and batch norm counts. Changed for a scope by `withTraining`.
    public internal(set) var isTraining = false

    /// Turns text into the ids that this model reads.
    public var tokenizer: (any Tokenizer)?

    /// The record of the training that made this model what it is.
    public var history: AnyObject?

    public init() {}

    /// The name under which scripts make it: "linear".
    open var kind: String { "layer" }

    /// What tells it from others of its kind: "64 → 128".
    open var details: String { "" }

    /// What it holds, in the order of the computation; names are unique.
    open var fields: [(name: String, field: Field)] { [] }

    /// What it computes. Called through `callAsFunction`, never directly.
    open func forward(_ x: Tensor) throws -> Tensor {
        throw ModelError(.value, "\(kind) does not say what it computes", hint: "give it a function forward(x)")
    }

    /// What the next layer makes of what this one makes of x, where that takes less than one after the other; else nil.
    /// Called where nobody asks for either's values.
    open func forward(_ x: Tensor, then next: Layer) throws -> Tensor? { nil }

    /// The function that this layer is, if linear maps know it.
    open var activation: Activation? { nil }

    /// The output's shape as far as it is known without a run: letters for sizes that the input decides, "…" for axes
    /// that it may have; nil where nothing is known.
    open func shape(after input: [String]?) -> [String]? { nil }

    /// A copy of this layer made of copies of its parts, which the copier supplies.
    open func copied(_ copier: Copier) throws -> Layer {
        throw ModelError(.value, "\(kind) cannot be copied")
    }

    /// Draws this layer's own parameters anew; those of its parts are drawn by the parts.
    open func initialise() throws {}

    /// Replaces a buffer's value.
    ///
    /// - Throws: `name` when there is no such buffer.
    open func setBuffer(_ name: String, to value: Tensor) throws {
        throw ModelError(.name, "\(kind) has no buffer \(name)")
    }

    /// Kind and details: "linear 64 → 128".
    public var title: String { details.isEmpty ? kind : "\(kind) \(details)" }
}

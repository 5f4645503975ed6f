import Distillation
import Language
import Networks
import Tensors

/// A part of a chain: a model, or a function of one tensor.
struct PartArgument: ScriptConvertible {
    let value: Value
    static var scriptType: String { "model or function" }
    static func from(_ value: Value) throws -> PartArgument? { value.isCallable ? PartArgument(value: value) : nil }
    var scriptValue: Value { value }

    func layer(_ machine: Machine) -> Layer { (value.object as? LayerObject)?.layer ?? FunctionLayer(value, machine) }
}

/// What can be written to a file of its own.
enum SavedArgument: ScriptConvertible {
    case model(Layer)
    case knowledge(Knowledge)
    case figure(FigureObject)
    static var scriptType: String { "model, knowledge or figure" }
    static func from(_ value: Value) throws -> SavedArgument? {
        switch value.object {
        case let model as LayerObject: .model(model.layer)
        case let known as KnowledgeObject: .knowledge(known.knowledge)
        case let figure as FigureObject: .figure(figure)
        default: nil
        }
    }
    var scriptValue: Value {
        switch self {
        case .model(let model): model.scriptValue
        case .knowledge(let known): known.scriptValue
        case .figure(let figure): .object(figure)
        }
    }
}

/// Layers, from which models are made.
func layerChapter() -> Chapter {
    let parts = Parameter<[PartArgument]>.rest("parts", "models and functions of a tensor")
    func recurrent(_ cell: Recurrent.Cell, _ summary: String, source: String) -> Builtin {
        Builtin(
            cell.rawValue, summary, Parameter<Int>("inputs", "width of the input"),
            Parameter<Int>("hidden", "width of the state"),
            Parameter<Int>("layers", "how many on top of each other", default: 1),
            Parameter<Bool>("bidirectional", "also from the end to the start", default: false),
            Parameter<Double>("dropout", "between layers, in training", default: 0),
            details: "[B, T, inputs] → [B, T, hidden], or twice as wide with both directions. Padding is passed over.",
            example: "\(cell.rawValue)(4, 3)(zeros(2, 5, 4)).shape  # → [2, 5, 3]", source: source
        ) { (inputs: Int, hidden: Int, layers: Int, both: Bool, dropout: Double) throws -> Layer in
            try Recurrent(cell, inputs, hidden, layers: layers, bidirectional: both, dropout: dropout)
        }
    }
    func pool(_ kind: TimePool.Kind, _ summary: String) -> Builtin {
        Builtin(
            "\(kind.rawValue)_pool", summary, details: "[B, T, C] → [B, C]; padding does not count.",
            example: "\(kind.rawValue)_pool()(ones(2, 3, 4)).shape  # → [2, 4]"
        ) { () throws -> Layer in TimePool(kind) }
    }
    func window(_ isMax: Bool) -> Builtin {
        Builtin(
            isMax ? "max_pool1d" : "avg_pool1d",
            "The \(isMax ? "largest" : "mean") value of each window of a sequence.",
            Parameter<Int>("kernel", "width of a window"),
            Parameter<Int?>("stride", "distance of windows; nil for the width", default: nil),
            details: "[B, T, C] → [B, T', C].",
            example: "\(isMax ? "max" : "avg")_pool1d(2)(ones(1, 4, 3)).shape  # → [1, 2, 3]"
        ) { (kernel: Int, stride: Int?) throws -> Layer in try WindowPool(max: isMax, width: kernel, stride: stride) }
    }
    return Chapter(
        "Layers", "What models are made of. Shapes: B batch, T time, C channels. Parameters begin as PyTorch's do.",
        [
            Builtin(
                "linear", "y = x Wᵀ + b on the last axis; the weight is [outputs, inputs].",
                Parameter<Int>("inputs", "width of the input"), Parameter<Int>("outputs", "width of the output"),
                Parameter<Bool>("bias", "whether b is there", default: true),
                Parameter<Double?>(
                    "std",
                    "standard deviation of the weights at the start, with b = 0; nil for PyTorch's U(±1/√inputs)",
                    default: nil),
                example: "linear(4, 2)(zeros(3, 4)).shape  # → [3, 2]"
            ) { (inputs: Int, outputs: Int, bias: Bool, deviation: Double?) throws -> Layer in
                try Linear(inputs, outputs, bias: bias, deviation: deviation)
            },
            Builtin(
                "embedding", "A vector for each id: [B, T] → [B, T, width].", Parameter<Int>("count", "number of ids"),
                Parameter<Int>("width", "of a vector"),
                Parameter<Int?>("padding", "the id whose vector stays zero; nil for none", default: 0),
                Parameter<Double>("std", "standard deviation of the vectors at the start", default: 1),
                example: "embedding(10, 4)(tensor([[1, 2, 0]])).shape  # → [1, 3, 4]"
            ) { (count: Int, width: Int, padding: Int?, std: Double) throws -> Layer in
                try Embedding(count, width, padding: padding, deviation: std)
            },
            Builtin(
                "layer_norm", "Each vector brought to mean 0 and variance 1, then scaled and shifted.",
                Parameter<Int>("width", "of the last axis"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                example: "layer_norm(4)(ones(2, 4)).shape  # → [2, 4]",
                source: "Ba, Kiros, Hinton 2016, arXiv:1607.06450"
            ) { (width: Int, eps: Double) throws -> Layer in try LayerNorm(width, eps: eps) },
            Builtin(
                "batch_norm",
                "Each channel brought to mean 0 and variance 1 over the batch; running averages in evaluation. [B, C], [B, T, C] or [B, C, …].",
                Parameter<Int>("width", "number of channels"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                Parameter<Double>("momentum", "share of the new batch in the averages", default: 0.1),
                example: "batch_norm(4)(ones(2, 4)).shape  # → [2, 4]", source: "Ioffe, Szegedy 2015, arXiv:1502.03167"
            ) { (width: Int, eps: Double, momentum: Double) throws -> Layer in
                try BatchNorm(width, eps: eps, momentum: momentum)
            },
            Builtin(
                "dropout", "In training, zeros with probability p and the rest divided by 1 − p.",
                Parameter<Double>("p", "from 0 up to, and without, 1", default: 0.5),
                example: "dropout(0.5)(ones(2))  # → [1. 1.]", source: "Srivastava et al. 2014"
            ) { (p: Double) throws -> Layer in try Dropout(p) },
            Builtin(
                "conv1d", "A convolution along time: [B, T, inputs] → [B, T', outputs].",
                Parameter<Int>("inputs", "channels in"), Parameter<Int>("outputs", "channels out"),
                Parameter<Int>("kernel", "steps of time in a window"),
                Parameter<Int>("stride", "distance of windows", default: 1),
                Parameter<Int>("padding", "zeros put at both ends", default: 0),
                Parameter<Int>("dilation", "distance of a window's steps", default: 1),
                Parameter<Int>("groups", "channels are divided into so many", default: 1),
                Parameter<Bool>("bias", "whether one is added", default: true),
                details:
                    "The weight is [outputs, inputs / groups, kernel]. Time stands before channels, as embeddings give it; padded positions count as zero.",
                example: "conv1d(4, 8, 3, padding=1)(ones(2, 5, 4)).shape  # → [2, 5, 8]"
            ) {
                (
                    inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, dilation: Int, groups: Int,
                    bias: Bool
                ) throws -> Layer in
                var shape = Conv1d.Shape(inputs, outputs, kernel: kernel)
                (shape.stride, shape.padding, shape.dilation, shape.groups) = (stride, padding, dilation, groups)
                return try Conv1d(shape, bias: bias)
            },
            pool(.mean, "The mean of a sequence."), pool(.max, "The largest value of each channel of a sequence."),
            pool(.first, "The first step of a sequence."),
            window(true), window(false),
            recurrent(.lstm, "A long short-term memory over sequences.", source: "Hochreiter, Schmidhuber 1997"),
            recurrent(.gru, "Gated recurrent units over sequences.", source: "Cho et al. 2014, arXiv:1406.1078"),
            Builtin("flat", "All axes but the first as one.", example: "flat()(ones(2, 3, 4)).shape  # → [2, 12]") {
                () throws -> Layer in Flatten()
            },
            Builtin(
                "chain", "Models and functions one after the other.", parts,
                Parameter<Value>("tokenizer", "for a model that reads text", default: .null),
                details: "Parts are reached by number, model[0], and by path.",
                example: "chain(linear(4, 8), relu, linear(8, 2))(zeros(3, 4)).shape  # → [3, 2]"
            ) { (context: CallContext, parts: [PartArgument], tokenizer: Value) throws -> Layer in
                let chain = Chain(parts.map { $0.layer(context.machine) })
                if !tokenizer.isNull {
                    guard let tokenizer = tokenizer.object as? TokenizerObject else {
                        throw Fault(
                            "chain: tokenizer must be a tokenizer, not \(tokenizer.described)", kind: "type",
                            argument: .keyword("tokenizer"))
                    }
                    chain.tokenizer = tokenizer.tokenizer
                }
                return chain
            },
            Builtin(
                "parallel", "Models on the same input, their outputs joined on the last axis.", parts,
                example: "parallel(linear(4, 2), linear(4, 3))(zeros(1, 4)).shape  # → [1, 5]"
            ) {
                (context: CallContext, parts: [PartArgument]) throws -> Layer in
                Parallel(parts.map { $0.layer(context.machine) })
            },
            Builtin(
                "residual", "What a model computes, added to its input.",
                Parameter<PartArgument>("body", "a model or function"),
                example: "residual(linear(4, 4))(zeros(1, 4)).shape  # → [1, 4]",
                source: "He et al. 2015, arXiv:1512.03385"
            ) {
                (context: CallContext, body: PartArgument) throws -> Layer in Residual(body.layer(context.machine))
            },
        ])
}

/// What can be asked of a model and done with it.
func modelChapter() -> Chapter {
    let model = Parameter<Layer>("model", "a model")
    return Chapter(
        "Models", "What can be asked of a model and done with it.",
        [
            Builtin(
                "parameters", "The trained values of a model, as a map from path to tensor.", model,
                example: "parameters(linear(2, 1)).keys()  # → [\"weight\", \"bias\"]"
            ) { (model: Layer) throws -> Value in
                .map(model.parameters().map { ($0.path, .object(TensorObject(parameter: $0.parameter))) })
            },
            Builtin(
                "summary", "A model's table of parts with the shapes that an input really takes on its way.", model,
                Parameter<Value>("input", "a tensor, or whatever the model reads"),
                details:
                    "The model runs once, in evaluation mode. A model by itself shows what is known without a run.",
                example: "summary(chain(linear(4, 8), relu, linear(8, 2)), zeros(3, 4))"
            ) { (model: Layer, input: Value) throws -> Value in
                .object(TableObject(try Summary(of: model) { _ = try model.output(for: input) }.text))
            },
            Builtin(
                "count_parameters", "How many numbers a model holds.", model,
                Parameter<Bool>("trainable", "only those that are trained", default: false),
                example: "count_parameters(linear(4, 2))  # → 10"
            ) { (model: Layer, trainable: Bool) throws -> Int in
                model.parameterCount(trainable: trainable ? true : nil)
            },
            Builtin(
                "byte_size", "How many bytes a model's numbers take.", model, example: "byte_size(linear(4, 2))  # → 40"
            ) { (model: Layer) throws in model.byteCount },
            Builtin(
                "format_bytes", "A number of bytes as people write it.", Parameter<Int>("count", "bytes"),
                example: "format_bytes(1536)  # → \"1.5 KiB\""
            ) { (count: Int) throws in Memory.format(count) },
            Builtin(
                "paths", "The paths of all parts of a model, or of those of one kind.", model,
                Parameter<String?>("kind", "such as \"linear\"; nil for all", default: nil),
                example: "paths(chain(linear(2, 2), relu))  # → [\"0\", \"1\"]"
            ) { (model: Layer, kind: String?) throws -> [String] in
                guard let kind else { return model.paths() }
                return model.tree().dropFirst().filter { $0.layer.kind == kind }.map(\.path)
            },
            Builtin(
                "freeze", "Makes constants of a model's parameters: no gradient, no update.", model,
                example: "m = linear(2, 1)\nfreeze(m)\ncount_parameters(m, trainable=true)  # → 0"
            ) { (model: Layer) throws -> Void in model.freeze() },
            Builtin(
                "unfreeze", "Makes a model's parameters trainable again.", model,
                example: "m = linear(2, 1)\nfreeze(m)\nunfreeze(m)\ncount_parameters(m, trainable=true)  # → 3"
            ) { (model: Layer) throws -> Void in model.unfreeze() },
            Builtin(
                "rounded_to_bf16",
                "A frozen copy of a model whose linear maps have their weights in bf16, with sums in f32.",
                model,
                details:
                    "Half the bytes to read. Where the processor's dot products of bf16 (AVX512_BF16) are faster than f32, inputs are rounded too; elsewhere weights are widened as they are read, about as fast as f32. bf16(model, on=data) says what it costs.",
                example: "m = rounded_to_bf16(linear(4, 2))\nm(ones(1, 4)).shape  # → [1, 2]"
            ) { (model: Layer) throws -> Layer in try model.rounded(to: .bf16) },
            Builtin(
                "rounded_to_int8",
                "A frozen copy of a model whose linear maps compute in whole numbers of 8 bits, with exact sums.",
                model,
                details:
                    "Each output of a map has a scale of its own, and so has each row that comes in. Fast where the processor multiplies bytes (AVX512_VNNI), faster than f32 with AVX2; the results are the same everywhere. int8(model, on=data) says what it costs.",
                example: "m = rounded_to_int8(linear(4, 2))\nm(ones(1, 4)).shape  # → [1, 2]"
            ) { (model: Layer) throws -> Layer in try model.rounded(to: .int8) },
            Builtin(
                "reset_parameters", "Draws all parameters anew, as if the model had just been made.", model,
                example: "reset_parameters(linear(2, 1))"
            ) { (model: Layer) throws -> Void in try model.initialiseAll() },
            Builtin(
                "shared_parameters", "The paths of the first model's parameters that the second has too.", model,
                Parameter<Layer>("other", "a model"), example: "shared_parameters(linear(2, 1), linear(2, 1))  # → []"
            ) { (model: Layer, other: Layer) throws -> [String] in
                let theirs = Set(other.parameters().map { ObjectIdentifier($0.parameter) })
                return model.parameters().filter { theirs.contains(ObjectIdentifier($0.parameter)) }.map(\.path)
            },
            Builtin(
                "training", "A scope in which a model is in training mode: dropout drops.", model,
                example: "m = dropout(0.5)\nwith training(m) { m(ones(3)).shape }  # → [3]"
            ) { (model: Layer) throws -> Value in .object(TrainingScope(model, training: true)) },
            Builtin(
                "evaluation", "A scope in which a model is in evaluation mode, which it is unless said otherwise.",
                model, example: "m = dropout(0.5)\nwith evaluation(m) { m(ones(2)) }  # → [1. 1.]"
            ) { (model: Layer) throws -> Value in .object(TrainingScope(model, training: false)) },
            Builtin(
                "outputs", "A model's logits for a batch, together with hidden values by path.", model,
                Parameter<Value>("input", "a batch, or whatever the model reads"),
                Parameter<[String]>(
                    "keep", "paths of the hidden values; \"input\" is what the model reads", default: []),
                Parameter<Bool>("track", "whether gradients by those values may be asked for", default: false),
                Parameter<Bool>(
                    "as_teacher", "in evaluation mode, with parameters that are constants", default: false),
                Parameter<MapArgument?>(
                    "shift", "tensors by path that are added to the hidden values there", default: nil),
                example: "outputs(chain(linear(2, 3), relu), zeros(1, 2), keep=[\"0\"]).hidden[\"0\"].shape  # → [1, 3]"
            ) {
                (
                    model: Layer, input: Value, keep: [String], track: Bool, asTeacher: Bool, shift: MapArgument?
                ) throws -> Value in
                var shifts: [String: Tensor] = [:]
                for (path, value) in shift?.map.entries ?? [] {
                    guard let path = path.string, let tensor = (value.object as? TensorObject)?.tensor else {
                        throw Fault("outputs: shift has tensors by path", kind: "type", argument: .keyword("shift"))
                    }
                    shifts[path] = tensor
                }
                func run() throws -> (output: Tensor, hidden: [String: Tensor]) {
                    try Capture.run(model, keeping: keep, tracks: track, shifts: shifts) {
                        try model.output(for: input)
                    }
                }
                let (output, hidden) = try asTeacher ? model.asTeacher(run) : run()
                return .object(OutputObject(output.markedAsLogits(), hidden: hidden))
            },
            Builtin(
                "is_observed",
                "Whether somebody asks for values of a layer or of its parts in this run: a loss on hidden values, outputs(…, keep=…), summary.",
                Parameter<Layer>("layer", "a part of a model"),
                details: "A forward method may leave out values that reach no answer where nobody asks for them.",
                example: "is_observed(linear(2, 1))  # → false"
            ) { (layer: Layer) in layer.isObserved },
            Builtin(
                "gradients", "The gradients of a loss by a model's parameters, by path; nil where none arrives.",
                Parameter<Tensor>("loss", "a single number"), Parameter<Layer>("model", "a model"),
                example: "m = linear(2, 1)\ngradients(sum(m(ones(1, 2))), m)[\"bias\"]  # → [1.]"
            ) { (loss: Tensor, model: Layer) throws -> Value in
                var found: [ObjectIdentifier: Tensor] = [:]
                if loss.isTracked {
                    for (leaf, gradient) in try leafGradients(of: loss) { found[ObjectIdentifier(leaf)] = gradient }
                }
                return .map(
                    model.parameters().map { path, parameter in
                        (path, found[ObjectIdentifier(parameter.value)].scriptValue)
                    })
            },
            Builtin(
                "with_hidden", "What a model gave, together with hidden values by path: what a loss is called with.",
                Parameter<Tensor>("logits", "[B, C]"), Parameter<MapArgument>("hidden", "tensors by path"),
                example: "with_hidden(zeros(1, 2), {\"0\": ones(1, 3)}).hidden[\"0\"].shape  # → [1, 3]"
            ) { (logits: Tensor, hidden: MapArgument) throws -> Value in
                var values: [String: Tensor] = [:]
                for (key, value) in hidden.map.entries {
                    guard let path = key.string, let tensor = (value.object as? TensorObject)?.tensor else {
                        throw Fault("with_hidden: the hidden values are tensors by path", kind: "type")
                    }
                    values[path] = tensor
                }
                return .object(OutputObject(logits, hidden: values))
            },
            Builtin(
                "take_weights", "Makes a model's weights those of another model of the same form.", model,
                Parameter<Layer>("other", "a model with the same paths and shapes"),
                example:
                    "a, b = linear(2, 1), linear(2, 1)\ntake_weights(a, b)\nfingerprint(a) == fingerprint(b)  # → true"
            ) { (model: Layer, other: Layer) throws -> Void in try model.takeWeights(of: other) },
            Builtin(
                "logits_of",
                "A model's logits for all rows of a dataset, in evaluation mode and without recording: [N, C].", model,
                Parameter<Dataset>("data", "a dataset"), Parameter<Int>("batch", "rows at a time", default: 256),
                example: "d = dataset({\"x\": ones(3, 2)})\nlogits_of(linear(2, 4), d).shape  # → [3, 4]"
            ) {
                (model: Layer, data: Dataset, batch: Int) throws -> Tensor in
                try Evaluation.logits(of: model, on: data, batch: batch).markedAsLogits()
            },
            Builtin(
                "predict", "The class that a model finds for each row: [N].", model,
                Parameter<Dataset>("data", "a dataset"), Parameter<Int>("batch", "rows at a time", default: 256),
                example: "d = dataset({\"x\": ones(3, 2)})\npredict(linear(2, 4), d).shape  # → [3]"
            ) {
                (model: Layer, data: Dataset, batch: Int) throws -> Tensor in
                let classes = try argmax(Evaluation.logits(of: model, on: data, batch: batch), dim: -1)
                classes.unit = .labels
                return classes
            },
            Builtin(
                "latency", "Median seconds that a model takes for one row, tokenising included.", model,
                Parameter<Dataset>("data", "a dataset to take rows from"),
                Parameter<Double>("quantile", "another quantile of the times, from 0 to 1", default: 0.5),
                example: "d = dataset({\"x\": ones(3, 2)})\nlatency(linear(2, 4), d) > 0  # → true"
            ) { (model: Layer, data: Dataset, quantile: Double) throws -> Double in
                guard (0...1).contains(quantile) else {
                    throw Fault("latency: quantile is \(floatText(quantile)); it goes from 0 to 1", kind: "value")
                }
                return try Evaluation.latency(of: model, on: data, quantile: quantile)
            },
            Builtin(
                "save", "Writes a model's weights by path, or knowledge, as safetensors; a figure as .svg or .png.",
                Parameter<SavedArgument>("value", "a model, knowledge or a figure"),
                Parameter<String>("path", "the file"), example: "save(linear(2, 1), \"/tmp/kd-example.safetensors\")"
            ) { (value: SavedArgument, path: String) throws -> Void in
                switch value {
                case .model(let model): try Weights.save(model, to: path)
                case .knowledge(let knowledge): try knowledge.save(path)
                case .figure(let figure): try figure.save(to: path)
                }
            },
            Builtin(
                "load", "Reads weights into a model; names and shapes must fit.", model,
                Parameter<String>("path", "a safetensors file"),
                Parameter<Bool>("strict", "false leaves out what does not fit", default: true),
                example:
                    "m = linear(2, 1)\nsave(m, \"/tmp/kd-example.safetensors\")\nload(m, \"/tmp/kd-example.safetensors\")"
            ) {
                (context: CallContext, model: Layer, path: String, strict: Bool) throws -> Void in
                try Weights.load(into: model, from: context.located(path), strict: strict)
            },
        ])
}

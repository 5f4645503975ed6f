import Language
import Networks
import Tensors

/// Models as Hugging Face's libraries keep them; `pretrained` and `save_pretrained` in stdlib are made of these.
func pretrainedChapter() -> Chapter {
    let model = Parameter<Layer>("model", "a model")
    let folder = Parameter<String>("folder", "the folder")
    return Chapter(
        "Checkpoints", "Weights in the folders of Hugging Face's libraries; see also pretrained().",
        [
            Builtin(
                "read_checkpoint", "Reads model.safetensors, or its shards, of a folder into a model.", model, folder,
                Parameter<Value>("names", "a function from a path of the model to the names it may have in the files"),
                details:
                    "Answers a map: missing (paths of the model), unexpected (names in the files) and misshapen (path, found, expected). What fits is taken over.",
                example:
                    "m = linear(2, 1)\nmake_folder(\"/tmp/kd-example\")\nwrite_checkpoint(m, \"/tmp/kd-example\", path -> \"fc.\" + path)\nread_checkpoint(m, \"/tmp/kd-example\", path -> [\"fc.\" + path])[\"missing\"]  # → []"
            ) { (context: CallContext, model: Layer, folder: String, names: Value) throws -> Value in
                let outcome = try Checkpoint(folder: context.located(folder)).read(into: model) { path in
                    let answer = try context.machine.call(names, Arguments([.string(path)]))
                    guard let candidates = try [String].from(answer) else {
                        throw Fault(
                            "read_checkpoint: names must answer a list of strings, it answered \(answer.described)",
                            kind: "type")
                    }
                    return candidates
                }
                return .map([
                    ("missing", outcome.missing.scriptValue), ("unexpected", outcome.unexpected.scriptValue),
                    (
                        "misshapen",
                        .list(
                            outcome.misshapen.map { path, found, expected in
                                .list([.string(path), found.scriptValue, expected.scriptValue])
                            })
                    ),
                ])
            },
            Builtin(
                "checkpoint_size", "How many numbers the weights of a folder hold; only headers are read.", folder,
                example:
                    "make_folder(\"/tmp/kd-example\")\nwrite_checkpoint(linear(2, 1), \"/tmp/kd-example\", path -> path)\ncheckpoint_size(\"/tmp/kd-example\")  # → 3"
            ) { (context: CallContext, folder: String) throws -> Int in
                let checkpoint = try Checkpoint(folder: context.located(folder))
                return checkpoint.names.reduce(0) { sum, name in
                    sum + (checkpoint.entry(name)?.shape.reduce(1, *) ?? 0)
                }
            },
            Builtin(
                "write_checkpoint", "Writes a model's weights as model.safetensors in a folder.", model, folder,
                Parameter<Value>("names", "a function from a path of the model to the name in the file"),
                example:
                    "make_folder(\"/tmp/kd-example\")\nwrite_checkpoint(linear(2, 1), \"/tmp/kd-example\", path -> \"fc.\" + path)"
            ) { (context: CallContext, model: Layer, folder: String, names: Value) throws -> Void in
                func name(_ path: String) throws -> String {
                    let answer = try context.machine.call(names, Arguments([.string(path)]))
                    guard let name = answer.string else {
                        throw Fault(
                            "write_checkpoint: names must answer a string, it answered \(answer.described)",
                            kind: "type")
                    }
                    return name
                }
                let tensors =
                    try model.parameters().map { (try name($0.path), $0.parameter.value) }
                    + model.buffers().map { (try name($0.path), $0.value) }
                try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: folder + "/model.safetensors")
            },
        ])
}

// What people who come from Python, PyTorch and NumPy type, and what kd writes instead. A name is looked up here only
// after it was found nowhere, so that nothing in this file takes a name away from a script.

/// Names of Python, PyTorch and NumPy with their form in kd.
public enum Habits {
    /// Modules whose names are here without a prefix.
    static let prefixes: Set<String> = [
        "torch", "nn", "F", "np", "numpy", "optim", "math", "functional", "jnp", "tf", "random", "utils", "metrics",
    ]

    /// Names that kd has under another name; what they are called with stays the same.
    public static let renamed = [
        "array": "tensor", "asarray": "tensor", "from_numpy": "tensor", "as_tensor": "tensor", "concatenate": "cat",
        "manual_seed": "seed", "Sequential": "chain", "Adam": "adamw", "KLDivLoss": "kl", "ModuleList": "chain",
        "absolute": "abs",
    ]

    /// Names by themselves, with what to type instead.
    static let names = [
        "None": "nil", "True": "true", "False": "false", "null": "nil", "elif": "else if", "def": "fn name(…) { … }",
        "lambda": "x -> x + 1", "dict": "{\"key\": value}", "tuple": "a list, [a, b]",
        "set": "a list without doubles: unique(xs) for a tensor, or the keys of a map",
        "self": "self is known inside the functions of a model",
        "super": "leave it out: a model of kd has no model above it",
        "Module": "model Net(…) { fn forward(x) { … } } declares a model",
        "open": "read_text(\"file\"), read_lines(\"file\"), or write_text(text, \"file\")",
        "isinstance": "type(x) == \"tensor\"", "hasattr": "type(x), or \"key\" in m for a map",
        "getattr": "x.name, or m[\"key\"] for a map", "object": "{\"key\": value}",
        "Exception": "fail(\"what is wrong\")", "ValueError": "fail(\"what is wrong\", kind=\"value\")",
        "TypeError": "fail(\"what is wrong\", kind=\"type\")", "quit": "exit()",
        "iter": "for x in xs { … } goes through the items", "next": "for x in xs { … } goes through the items",
        "DataLoader": "for batch in data |> batches(32, shuffle=true) { … }",
        "float32": "the name of a type is a string: dtype=\"f32\"",
        "float64": "the name of a type is a string: dtype=\"f64\"",
        "int64": "the name of a type is a string: dtype=\"i64\"",
        "bfloat16": "the name of a type is a string: dtype=\"bf16\"",
        "cuda": processor, "device": processor, "numel": "the sizes are in x.shape",
        "sys": "args holds the script's words",
        "torch": noPrefix, "np": noPrefix, "nn": noPrefix, "F": noPrefix, "numpy": noPrefix, "optim": noPrefix,
        "math": noPrefix, "tf": noPrefix, "jnp": noPrefix,
    ]

    /// Keywords of PyTorch and NumPy by the names that kd's functions may have instead.
    private static let keywords: [String: [String]] = [
        "axis": ["dim"], "dim": ["axis"], "learning_rate": ["lr"], "batch_size": ["batch", "size"],
        "num_epochs": ["epochs"], "max_epochs": ["epochs"], "temperature": ["T"], "keepdims": ["keepdim"],
        "unbiased": ["correction"], "ddof": ["correction"], "seq_len": ["length"], "path": ["file"],
    ]

    /// Keywords that no function of kd has.
    private static let keywordsToLeaveOut = [
        "requires_grad":
            "track(x) marks a tensor whose gradient may be asked for; the parameters of models need no mark",
        "device": processor, "inplace": unchanged, "out": "the result is what the function answers: x = f(…)",
    ]

    /// What to type instead of a keyword that a function with these parameters does not have.
    static func keyword(_ name: String, among accepted: [String]) -> String? {
        if let here = keywords[name]?.first(where: accepted.contains) { return "it is called \(here) here" }
        return keywordsToLeaveOut[name]
    }

    static let noPrefix = "kd's names stand without a prefix: softmax(x), linear(4, 2)"
    private static let processor = "leave it out: kd computes on the processor"
    private static let unchanged = "leave it out: a tensor never changes"

    /// Fields and methods by the type of what stands before the dot; x stands for its text.
    private static let members: [String: [String: String]] = [
        "tensor": [
            "backward": "opt.step(x) computes the gradients and updates; grad(x, wrt=w) answers one",
            "grad": "grad(loss, wrt=x) answers the gradient", "requires_grad": "x = track(x)",
            "requires_grad_": "x = track(x)", "numpy": "tolist(x) makes lists; a tensor itself works as an array does",
            "cuda": processor, "cpu": processor, "device": processor, "size": "x.shape, or x.shape[0] for one axis",
            "dim": "x.ndim", "numel": "the sizes are in x.shape", "clone": unchanged, "contiguous": unchanged,
            "data": "detach(x)", "long": "int(x)", "double": "to(x, \"f64\")", "half": "to(x, \"bf16\")",
            "mm": "x @ y", "bmm": "x @ y", "dot": "x @ y", "add": "x + y", "sub": "x - y", "mul": "x * y",
            "div": "x / y", "eq": "x == y", "t": "x.T", "astype": "to(x, \"f32\")", "type": "to(x, \"f32\")",
            "append": "cat([x, y], dim=0), since a tensor never changes",
        ],
        "model": [
            "eval": "leave it out: a model is in training mode only inside `with training(x) { … }`",
            "zero_grad": "leave it out: opt.step(loss) keeps no gradients", "cuda": processor, "cpu": processor,
            "to": processor,
            "state_dict": "parameters(x) are the weights by path; save(x, \"x.safetensors\") writes them",
            "load_state_dict": "load(x, \"x.safetensors\")", "forward": "x(input)",
            "named_parameters": "parameters(x)", "modules": "paths(x)", "named_modules": "paths(x)",
            "children": "paths(x)", "requires_grad_": "freeze(x) or unfreeze(x)", "fit": "train(x, on=data)",
            "device": processor, "layers": "x[0] is the first part; paths(x) names them all",
        ],
        "optimizer": [
            "zero_grad": "leave it out: opt.step(loss) keeps no gradients",
            "param_groups": "the rate is opt.lr", "backward": "opt.step(loss) does both",
        ],
        "loss": ["backward": "opt.step(l) computes the gradients and updates, where l is the loss of a batch"],
        "list": [
            "push": "append(x, item)", "add": "append(x, item)", "length": "len(x)", "size": "len(x)",
            "shape": "tensor(x).shape, or len(x)", "contains": "item in x", "includes": "item in x",
            "forEach": "for item in x { … }", "join": "join(\", \", x)", "first": "x[0]", "last": "x[-1]",
        ],
        "string": [
            "format": "a string between double quotes takes values in: \"loss {l:.4f}\"", "length": "len(x)",
            "size": "len(x)", "contains": "\"text\" in x", "includes": "\"text\" in x", "substring": "x[0:3]",
            "substr": "x[0:3]", "toUpperCase": "upper(x)", "toLowerCase": "lower(x)", "trim": "strip(x)",
            "encode": "a tokenizer encodes: encode(tokenizer, x)", "isdigit": "try { int(x) } catch e { … }",
        ],
        "map": [
            "has_key": "\"key\" in x", "has": "\"key\" in x", "contains": "\"key\" in x", "length": "len(x)",
            "size": "len(x)", "iteritems": "items(x)", "entries": "items(x)",
        ],
        "dataset": [
            "column": "x[\"name\"]", "head": "take(x, 5)", "tail": "x[-5:]", "size": "len(x)", "length": "len(x)",
            "shape": "len(x), and x.columns", "iloc": "x[0]", "loc": "x[0]", "labels": "labels_of(x)",
            "train_test_split": "split(x, 0.8, 0.2, seed=7)", "to_csv": "write_csv(x, \"file.csv\")",
        ],
    ]

    /// What to type instead of a field or method that a value does not have.
    static func member(_ name: String, of type: String, written receiver: String?) -> String? {
        var hint = members[type]?[name]
        if hint == nil, type == "tensor", name.count > 1, name.hasSuffix("_") {
            hint = "a tensor never changes: bind what an operation makes, x = x * 2"
        }
        guard let hint, let receiver else { return hint }
        return Machine.hint(hint, about: receiver)
    }
}

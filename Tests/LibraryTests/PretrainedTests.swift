import Foundation
import Language
import Library
import Testing

/// Models in the folders that Transformers wrote (Fixtures/folders): kd computes what Transformers computes.
@Suite("Pretrained models", .serialized) struct PretrainedTests {
    static let folders = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/folders").path

    /// Runs a script in which `folder` and the expected numbers `e` are known; it must end without an error.
    private func run(
        _ name: String, _ script: String, messages: String? = nil, _ place: SourceLocation = #_sourceLocation
    ) {
        let output = OutputBuffer()
        let start = """
            folder = "\(Self.folders)/\(name)"
            e = read_safetensors(folder + "/expected.safetensors")
            texts = read_json(folder + "/texts.json")
            ids = with_mask(e["input_ids"], e["attention_mask"], types=e.get("token_type_ids", zeros_like(e["input_ids"])))
            fn near(x, y, atol=1e-5) { allclose(x, y, atol=atol, rtol=0) }

            """
        let outcome = Session(output: output).run(Source(name: "test.kds", text: start + script))
        let error = outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n")
        #expect(error == "", sourceLocation: place)
        if let messages { #expect(output.messages.contains(messages), "\(output.messages)", sourceLocation: place) }
        if messages == nil { #expect(output.messages == "", sourceLocation: place) }
    }

    private static let classifiers = [
        "bert_classifier", "bert_sharded", "bert_f16", "bert_bf16", "bert_regression", "bert_multilabel",
        "roberta_classifier", "distilbert_classifier", "mobilebert_classifier", "mobilebert_layer_norm",
    ]
    private static let withHidden = [
        "bert_classifier", "bert_encoder", "bert_tagger", "roberta_classifier", "roberta_tagger",
        "distilbert_classifier", "mobilebert_classifier",
    ]

    @Test("logits are those of Transformers within 1e-5, from ids and from texts", arguments: classifiers)
    func logits(name: String) {
        run(
            name,
            """
            m = pretrained(folder)
            assert near(m(ids), e["logits"])
            data = if type(texts[0]) == "list" {
              dataset({"a": map(t -> t[0], texts), "b": map(t -> t[1], texts)}, text=["a", "b"])
            } else { dataset({"text": texts}) }
            assert near(m(data), e["logits"])
            """)
    }

    @Test("hidden values and attention maps are those of Transformers", arguments: withHidden)
    func hidden(name: String) {
        run(
            name,
            """
            m = pretrained(folder)
            layers = if m.kind == "DistilBert" { "transformer.layer" } else { "encoder.layer" }
            n = len(filter(k -> k.startswith("attn_"), e.keys()))
            maps = map(i -> "{layers}.{i}.attention.probabilities", range(n))
            o = outputs(m, ids, keep=["embeddings"] + map(i -> "{layers}.{i}", range(n)) + maps)
            assert near(o.hidden["embeddings"], e["hidden_0"])
            real = reshape(float(e["attention_mask"]), ids.shape[0], ids.shape[1], 1)
            for i in range(n) {
              assert near(o.hidden["{layers}.{i}"] * real, e["hidden_{i + 1}"] * real)
              rows = unsqueeze(real, 1)
              assert near(o.hidden[maps[i]] * rows, e["attn_{i}"] * rows)
            }
            """)
    }

    @Test(
        "loss and gradients of a training step are those of Transformers",
        arguments: classifiers + ["bert_tagger", "roberta_tagger"])
    func gradients(name: String) {
        run(
            name,
            """
            m = pretrained(folder)
            if "loss" in e {
              z, y = m(ids), e["labels"]
              l = if m.config.get("problem_type") == "regression" { mse_loss(z[:, 0], y) }
                else if m.config.get("problem_type") == "multi_label_classification" { binary_cross_entropy(z, y) }
                else if z.ndim == 3 { softmax_cross_entropy(reshape(z, -1, z.shape[2]), reshape(y, -1)) }
                else { softmax_cross_entropy(z, y) }
              assert near(l, e["loss"])
              g = grad(l, wrt=parameters(m), allow_unused=true)
              used = 0
              for path, value in g.items() {
                wanted = e.get("grad." + checkpoint_name(m, path))
                if wanted != nil {
                  used = used + 1
                  assert near(value, wanted, atol=item(max(abs(wanted))) * 1e-4 + 1e-6), path
                } else { assert value == nil or item(max(abs(value))) == 0, path }
              }
              assert used == len(filter(k -> k.startswith("grad."), e.keys()))
            }
            """)
    }

    @Test("the last layer leaves out what reaches no answer, and answers and gradients stay", arguments: classifiers)
    func firstPlace(name: String) {
        run(
            name,
            """
            m = pretrained(folder)
            path = if m.kind == "DistilBert" { "transformer" } else { "encoder" }
            layers = if m.kind == "DistilBert" { m.transformer.layer } else { m.encoder.layer }
            whole = outputs(m, ids, keep=[path])
            assert whole.hidden[path].shape[:2] == ids.shape and m.hidden(ids).shape[:2] == ids.shape
            assert near(whole.logits, m(ids), atol=1e-5)
            last = path + ".layer.{len(layers) - 1}.attention.probabilities"
            assert outputs(m, ids, keep=[last]).hidden[last].shape[2:] == [ids.shape[1], ids.shape[1]]
            # What the last layer makes is seen by its activation: one place, or all of them where somebody asks.
            if m.kind != "MobileBert" {
              seen, act = [], layers[-1].act
              fn watching(x) {
                seen.append(x.shape[1])
                act(x)
              }
              layers[-1].act = watching
              m(ids)
              outputs(m, ids, keep=[last])
              assert seen == [1, ids.shape[1]]
              layers[-1].act = act
            }
            some = gradients(sum(m(ids) ** 2), m)
            all = gradients(sum(outputs(m, ids, keep=[path]).logits ** 2), m)
            for p, g in all.items() {
              if g == nil { assert some[p] == nil } else { assert near(some[p], g, atol=1e-4 * item(max(abs(g))) + 1e-6), p }
            }
            # Parts that know nothing of first places.
            width = m.hidden(ids).shape[2]
            if m.kind != "MobileBert" {
              layers[-1].attention = linear(width, width)
              assert near(outputs(m, ids, keep=[path]).logits, m(ids), atol=1e-5)
            }
            if m.kind == "DistilBert" { m.transformer = linear(width, width) } else { m.encoder = linear(width, width) }
            assert near(outputs(m, ids, keep=[path]).logits, m(ids), atol=1e-5)
            """)
    }

    @Test("an encoder, its older names, and a sentence encoder")
    func encoders() {
        run(
            "bert_encoder",
            """
            m = pretrained(folder)
            assert m.head == "encoder"
            assert near(m(texts), with_mask(e["last_hidden_state"], e["attention_mask"]))
            assert near(m.pooled(m.hidden(ids)), e["pooler_output"])
            """)
        run(
            "bert_legacy",
            """
            assert near(pretrained(folder)(ids), e["last_hidden_state"])
            """)
        run(
            "bert_sentence",
            """
            m = pretrained(folder)
            assert m.head == "sentence" and m.tokenizer.max_length == 32
            assert near(m(texts), e["sentence"]) and near(m.embed(texts), e["sentence"])
            assert near(pretrained(folder, head="encoder").embed(texts[1]), e["sentence"][1:2])
            """)
    }

    @Test(
        "what is written is read again, with equal outputs", arguments: classifiers + ["bert_tagger", "bert_encoder"])
    func roundTrip(name: String) {
        run(
            name,
            """
            m = pretrained(folder)
            copy_folder = "\(NSTemporaryDirectory())kd-round-trip-\(name)"
            save_pretrained(m, copy_folder)
            n = pretrained(copy_folder)
            assert item(max(abs(n(ids) - m(ids)))) == 0 and n.label_names == m.label_names
            assert n.tokenizer.encode("A fine film.").ids == m.tokenizer.encode("A fine film.").ids
            """)
    }

    @Test("labels make a fresh head, and say so")
    func freshHead() {
        run(
            "bert_encoder",
            """
            m = pretrained(folder, labels=["bad", "good"])
            assert m.head == "classes" and m.label_names == ["bad", "good"] and m(ids).shape == [3, 2]
            """, messages: "drawn anew, to be trained: classifier.weight, classifier.bias")
        run(
            "bert_classifier", "assert pretrained(folder, labels=5)(ids).shape == [3, 5]", messages: "drawn anew")
        run(
            "bert_classifier", "assert pretrained(folder, head=\"encoder\")(ids).shape[2] == 16",
            messages: "not used by a model with the head \"encoder\": classifier.bias, classifier.weight")
    }

    @Test(
        "a config.json that is not in order is refused and names the file",
        arguments: [
            ("config[\"model_type\"] = \"gpt2\"", "\"gpt2\" is not among the models"),
            ("config = [1]", "not an object"),
            ("config[\"vocab_size\"] = 9000000", "the weights hold"),
            ("config[\"hidden_size\"] = 1000000", "the weights hold"),
            ("config[\"hidden_size\"] = -4", "from 1 to 10 million"),
            ("config[\"hidden_size\"] = \"16\"", "from 1 to 10 million"),
            ("config[\"num_hidden_layers\"] = 3", "missing: encoder.layer.2"),
            ("config[\"num_hidden_layers\"] = 5000", "at most 1000"),
            ("config[\"hidden_act\"] = \"swiglu\"", "swiglu"), ("config[\"hidden_dropout_prob\"] = 2", "from 0 to 1"),
            ("config[\"architectures\"] = [7]", "a list of names"),
            ("config[\"id2label\"] = {}", "from numbers to names"),
            ("config[\"position_embedding_type\"] = \"relative_key\"", "relative_key"),
            ("config[\"intermediate_size\"] = 25", "is [24, 16] in the file"),
        ])
    func hostileConfig(change: String, words: String) {
        let output = OutputBuffer()
        let script = """
            folder = "\(NSTemporaryDirectory())kd-hostile-config"
            save_pretrained(pretrained("\(Self.folders)/bert_classifier"), folder)
            config = read_json(folder + "/config.json")
            \(change)
            write_json(config, folder + "/config.json")
            pretrained(folder)
            """
        let outcome = Session(output: output).run(Source(name: "test.kds", text: script))
        let error = outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n")
        #expect(error.contains(words), "\(error)")
        #expect(error.contains("kd-hostile-config") || error.contains("swiglu"), "\(error)")
    }
}

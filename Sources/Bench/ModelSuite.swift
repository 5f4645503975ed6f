import Foundation
import Language
import Library
import Networks
import Tensors

/// The models of tutorial 5: MiniLM, its students, and the tokenizer, with random weights, which take the same time.
enum ModelSuite: Suite {
    static let name = "models"

    /// The models by name, each made when it is asked for.
    static let models = """
        shape = (layers, width, heads, inner, size) -> {"vocab_size": size, "hidden_size": width, "num_hidden_layers": layers,
          "num_attention_heads": heads, "intermediate_size": inner, "max_position_embeddings": 512}
        table = () -> embedding(8000, 128, std=0.1)
        window = width -> chain(conv1d(128, 64, width, padding=width // 2), relu, max_pool())
        make = {
          "minilm": () -> Bert(shape(6, 384, 12, 1536, 30522), head="classes", labels=2),
          "small": () -> Bert(shape(2, 128, 2, 512, 8000), head="classes", labels=2),
          "review mlp": () -> chain(embedding(30522, 128, std=0.1), mean_pool(), linear(128, 128), relu, dropout(0.2), linear(128, 2)),
          "mlp": () -> chain(table(), mean_pool(), linear(128, 128), relu, dropout(0.2), linear(128, 2)),
          "cnn": () -> chain(table(), parallel(window(3), window(5)), dropout(0.3), linear(128, 2)),
          "lstm": () -> chain(table(), lstm(128, 75, bidirectional=true), max_pool(), dropout(0.3), linear(150, 2)),
          "large lstm": () -> chain(embedding(8000, 300, std=0.1), lstm(300, 150, bidirectional=true), max_pool(), dropout(0.3), linear(300, 2)),
        }
        fn batch_of(rows, length, size) { randint(1, size, [rows, length]) }
        fn update(model, opt, x, y) { opt.step(with training(model) { cross_entropy_loss(model(x), y) }) }
        """

    private static let vocabulary = "Tests/NetworksTests/Fixtures/tokenizers/bert-uncased-vocab.txt"
    private static let reviews = "tutorials/data/rt-polarity/train.tsv"

    private static let preparation = """
        seed(1)
        \(models)
        minilm, small, review_mlp, mlp, cnn, lstm_model, large_lstm = map(make_it -> make_it(), make.values())
        opts = map(m -> adamw(m, lr=1e-4), [minilm, small, review_mlp, mlp, cnn, lstm_model, large_lstm])
        long, one, ids, y = batch_of(32, 128, 30522), batch_of(1, 32, 30522), batch_of(32, 128, 8000), randint(0, 2, [32])
        fast, faster = rounded_to_bf16(minilm), rounded_to_int8(minilm)
        fn forward(x) { with no_grad { minilm(x) } }
        fn forward_bf16(x) { with no_grad { fast(x) } }
        fn forward_int8(x) { with no_grad { faster(x) } }
        fn learn(k, m, x) { update(m, opts[k], x, y) }
        words, texts = read_tokenizer("\(vocabulary)"), read_tsv("\(reviews)")["sentence"]
        fn review_batch(first) {
          rows = map(text -> words.encode(text).ids, texts[first:first + 32])
          longest = max(map(len, rows))
          ids = tensor(map(row -> row + [0] * (longest - len(row)), rows))
          with_mask(ids, ids != 0)
        }
        # All reviews in one row, by pieces learned from them, cut into batches without padding.
        pieces = wordpiece_tokenizer(texts, size=8000)
        stream = cat(map(text -> tensor(pieces.encode(text).ids), texts))
        fn full_batch(k) { reshape(stream[k * 4096:(k + 1) * 4096], [32, 128]) }
        turn = [0]
        fn learn_reviews(k, m, batches) {
          turn[0] = turn[0] + 1
          learn(k, m, batches[turn[0] % len(batches)])
        }
        review_batches, full_batches = map(review_batch, range(0, 640, 32)), map(full_batch, range(len(stream) // 4096))
        """

    static func run(_ peer: Peer, report: (Line) -> Void) throws {
        let session = Session(output: OutputBuffer())
        try TrainingSuite.run(preparation, in: session)
        let threads = ThreadPool.size
        let minilm = "bert 6 384 12 1536 30522"
        let work: [(name: String, call: String, request: String, mark: Double?)] = [
            ("MiniLM forward, 32 × 128", "forward(long)", "\(minilm) 32 128 0", 1 / 0.72),
            ("MiniLM forward, 1 × 32", "forward(one)", "\(minilm) 1 32 0", 1 / 0.6),
            ("MiniLM forward in bf16, 32 × 128", "forward_bf16(long)", "\(minilm) 32 128 2", 1 / 0.8),
            ("MiniLM forward in bf16, 1 × 32", "forward_bf16(one)", "\(minilm) 1 32 2", 1 / 0.8),
            ("MiniLM in int8 beside bf16, 32 × 128", "forward_int8(long)", "\(minilm) 32 128 2", 1 / 0.8),
            ("MiniLM step, 32 × 128", "learn(0, minilm, long)", "\(minilm) 32 128 1", 1 / 0.7),
            ("BERT of 2 layers, step, 32 × 128", "learn(1, small, ids)", "bert 2 128 2 512 8000 32 128 1", 1 / 0.55),
            (
                "MLP step, BERT's words, 32 reviews", "learn_reviews(2, review_mlp, review_batches)",
                "reviews \(vocabulary) \(reviews) 32", 4
            ),
            ("MLP step, 32 × 128", "learn(3, mlp, ids)", "student 0 32 128", nil),
            ("TextCNN step, 32 × 128", "learn(4, cnn, ids)", "student 1 32 128", 1 / 0.6),
            ("BiLSTM 2 × 75 step, 32 × 128", "learn(5, lstm_model, ids)", "student 2 32 128", 1 / 0.75),
            ("BiLSTM 2 × 150 step, 32 × 128", "learn(6, large_lstm, ids)", "student 3 32 128", 1 / 0.75),
            (
                "BiLSTM 2 × 150 step, on reviews", "learn_reviews(6, large_lstm, full_batches)",
                "student 3 32 128 \(reviews)", 1 / 0.75
            ),
        ]
        for (name, call, request, mark) in work {
            let best = try contest(
                fewest: 10, seconds: 20,
                [
                    { try bestTime { try TrainingSuite.run(call, in: session) } },
                    { peer.time("\(request) \(threads)") ?? .infinity },
                ])
            var line = Line(name: name, value: .seconds(best[0]))
            if let torch = peer.torch, best[1].isFinite {
                line.peers.append(Line.Peer(name: torch, value: .seconds(best[1]), mark: mark))
            }
            report(line)
        }
        try tokenizers(peer, report: report)
    }

    /// 8,530 film reviews, cut by BERT's vocabulary, with one thread.
    private static func tokenizers(_ peer: Peer, report: (Line) -> Void) throws {
        let tokenizer = try TokenizerFolder.read(vocabulary)
        let lines = try File.readText(reviews).split(separator: "\n").dropFirst().map { line in
            String(line.prefix { $0 != "\t" })
        }
        let best = try contest(
            rounds: 10,
            [
                { try bestTime { for line in lines { _ = try tokenizer.encode(line) } } },
                { peer.time("tokenize \(vocabulary) \(reviews)") ?? .infinity },
            ])
        var line = Line(name: "WordPiece, \(lines.count) reviews", value: .seconds(best[0]))
        if best[1].isFinite { line.peers.append(Line.Peer(name: "tokenizers", value: .seconds(best[1]), mark: 1)) }
        report(line)
    }
}

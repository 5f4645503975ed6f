"""The peers' part of scripts/bench: reads one piece of work a line, does it, and answers with its best time in seconds.

The first line it writes is the version of Python and, where it can be imported, of PyTorch.
"""

import itertools
import os
import platform
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import torch
except ImportError:
    torch = None
try:
    import tokenizers
    import transformers
except ImportError:
    tokenizers = transformers = None


def best_time(work, seconds=0.05):
    """As kd-bench measures itself: the best of as many calls as fit into a slice of time, at least one."""
    best = float("inf")
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() >= end:
            return best


def matmul(m, n, k):
    a, b = torch.randn(m, k), torch.randn(k, n)
    return lambda: a @ b


def linear_bf16(rows, outputs, inputs):
    layer = torch.nn.Linear(inputs, outputs, bias=False).to(torch.bfloat16)
    x = torch.randn(rows, inputs)

    def product():
        with torch.inference_mode():
            return layer(x.to(torch.bfloat16)).float()

    return product


def linear_int8(rows, outputs, inputs):
    """PyTorch's dynamic quantisation, by FBGEMM or oneDNN."""
    layer = torch.nn.Sequential(torch.nn.Linear(inputs, outputs, bias=False))
    layer = torch.ao.quantization.quantize_dynamic(layer, {torch.nn.Linear}, dtype=torch.qint8)
    x = torch.randn(rows, inputs)

    def product():
        with torch.inference_mode():
            return layer(x)

    return product


def softmax(rows, columns):
    x = torch.randn(rows, columns)
    return lambda: torch.softmax(x, -1)


def layer_norm(rows, columns):
    x, weight, bias = torch.randn(rows, columns), torch.randn(columns), torch.randn(columns)
    return lambda: torch.nn.functional.layer_norm(x, [columns], weight, bias)


def embedding(vocabulary, width, batch, length):
    layer = torch.nn.Embedding(vocabulary, width)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-3, weight_decay=0.01)
    ids = torch.randint(1, vocabulary, (batch, length))

    def step():
        with torch.enable_grad():
            x = layer(ids)
            (x * x).mean().backward()
            optimizer.step()
            optimizer.zero_grad()

    return step


def train(vocabulary, width, batch, length, dropout, distilled):
    """A step of the tutorial's models on one batch that is there already: ids, mask and targets."""
    functional = torch.nn.functional
    table = torch.nn.Embedding(vocabulary, width, padding_idx=0)
    head = torch.nn.Linear(width, 2)
    parameters = list(table.parameters()) + list(head.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=5e-3, weight_decay=0.1)
    ids = torch.randint(1, vocabulary, (batch, length))
    mask = torch.ones(batch, length, 1)
    labels, soft = torch.randint(0, 2, (batch,)), torch.randn(batch, 2)

    def step():
        with torch.enable_grad():
            pooled = (table(ids) * mask).sum(1) / mask.sum(1)
            logits = head(functional.dropout(pooled, dropout))
            loss = functional.cross_entropy(logits, labels)
            if distilled:
                log_q, log_p = (functional.log_softmax(z / 4, -1) for z in (logits, soft))
                divergence = functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
                loss = 0.7 * 16 * divergence + 0.3 * loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return step


def bert(layers, width, heads, inner, vocabulary, batch, length, learns):
    """A BERT of Transformers with random weights: the forward pass (0; 2 in bf16 by autocast), or a step (1)."""
    config = transformers.BertConfig(
        vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=inner, num_labels=2)
    model = transformers.BertForSequenceClassification(config)
    ids, labels = torch.randint(1, vocabulary, (batch, length)), torch.randint(0, 2, (batch,))
    if learns != 1:
        model.eval()

        def forward():
            with torch.autocast("cpu", torch.bfloat16, enabled=learns == 2):
                model(input_ids=ids)

        return forward
    return steps(model, lambda: model(input_ids=ids).logits, labels)


def steps(model, forward, labels):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()

    def step():
        with torch.enable_grad():
            torch.nn.functional.cross_entropy(forward(), labels).backward()
            optimizer.step()
            optimizer.zero_grad()

    return step


def student(kind, batch, length, texts=None):
    """A step of the students of tutorial 5: 0 MLP, 1 TextCNN, 2 BiLSTM, 3 a BiLSTM of 300 -> 2 x 150.

    On words drawn evenly, or, one batch after the other, on those of a file of texts, cut into rows of full length.
    """
    nn = torch.nn
    labels = torch.randint(0, 2, (batch,))
    if texts is None:
        batches = itertools.repeat(torch.randint(1, 8000, (batch, length)))
    else:
        batches = itertools.cycle(full_rows(sentences(texts), batch, length))
    table = nn.Embedding(8000, 128, padding_idx=0)
    if kind == 0:
        rest = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 2))
        model = nn.ModuleList([table, rest])
        return steps(model, lambda: rest(table(next(batches)).mean(1)), labels)
    if kind == 1:
        windows = nn.ModuleList([nn.Conv1d(128, 64, w, padding=w // 2) for w in (3, 5)])
        head = nn.Sequential(nn.Dropout(0.3), nn.Linear(128, 2))

        def forward():
            x = table(next(batches)).transpose(1, 2)
            return head(torch.cat([torch.relu(window(x)).max(2).values for window in windows], 1))

        return steps(nn.ModuleList([table, windows, head]), forward, labels)
    width, hidden = (128, 75) if kind == 2 else (300, 150)
    table = nn.Embedding(8000, width, padding_idx=0)
    recurrent = nn.LSTM(width, hidden, bidirectional=True, batch_first=True)
    head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * hidden, 2))


    def forward():
        return head(recurrent(table(next(batches)))[0].max(1).values)

    return steps(nn.ModuleList([table, recurrent, head]), forward, labels)


def full_rows(texts, batch, length):
    """All texts in one row, by a vocabulary of 8,000 pieces learned from them, as batches without padding."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=8000, special_tokens=["[PAD]", "[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ids = torch.tensor([i for one in tokenizer.encode_batch(texts) for i in one.ids])
    size = batch * length
    return [ids[i : i + size].reshape(batch, length) for i in range(0, len(ids) - size + 1, size)]


def wordpiece(vocabulary):
    pieces = {line.rstrip("\n"): i for i, line in enumerate(open(vocabulary, encoding="utf-8"))}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


def sentences(texts):
    return [line.split("\t")[0] for line in open(texts, encoding="utf-8")][1:]


def tokenize(vocabulary, texts):
    """All texts of a file, one by one, with the vocabulary of another."""
    tokenizer, lines = wordpiece(vocabulary), sentences(texts)
    return lambda: tokenizer.encode_batch(lines)


def reviews(vocabulary, texts, batch):
    """A step of an MLP student with BERT's vocabulary, on batches of film reviews, one after the other."""
    nn, tokenizer, lines = torch.nn, wordpiece(vocabulary), sentences(texts)
    batches = []
    for first in range(0, 20 * batch, batch):
        rows = [torch.tensor([101] + one.ids + [102]) for one in tokenizer.encode_batch(lines[first : first + batch])]
        ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        batches.append((ids, (ids != 0).unsqueeze(2).float()))
    table = nn.Embedding(30522, 128)
    rest = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 2))
    turns = itertools.cycle(batches)

    def forward():
        ids, mask = next(turns)
        return rest((table(ids) * mask).sum(1) / mask.sum(1))

    return steps(nn.ModuleList([table, rest]), forward, torch.randint(0, 2, (batch,)))


LOOP = "total = 0\nfor i in range(10000000): total = total + i % 7\n"


def loop_in_function():
    total = 0
    for i in range(10000000):
        total = total + i % 7
    return total


def loop_at_top():
    exec(compile(LOOP, "loop", "exec"), {})


def fib(n=30):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def text():
    pieces = []
    for i in range(1000000):
        pieces.append(f"{i}:")
    whole = "".join(pieces)
    return len(whole) + whole.count("7:") + len(whole.split(":"))


def items():
    xs = []
    for i in range(1000000):
        xs.append((i * 7919) % 1000003)
    ys = sorted(xs)
    total = 0
    for i in range(len(ys)):
        total = total + ys[i] - xs[i]
    return total + sum(map(lambda x: x % 3, xs))


def entries():
    m = {}
    for i in range(1000000):
        k = i % 1009
        m[k] = m.get(k, 0) + i
    total = 0
    for _, v in m.items():
        total = total + v
    return total


def calls():
    f = lambda x, y: x * 2 + y
    total = 0
    for i in range(1000000):
        total = f(total % 1000, i)
    return total


def start():
    subprocess.run([sys.executable, "-c", "print(1 + 1)"], stdout=subprocess.DEVNULL, check=True)


PURE = {
    work.__name__: work for work in (loop_in_function, loop_at_top, fib, text, items, entries, calls, start)
}
WITH_TORCH = {
    work.__name__: work
    for work in (matmul, linear_bf16, linear_int8, softmax, layer_norm, embedding, train, student, reviews)
}


def number(word):
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word


def main():
    print(platform.python_version(), torch.__version__ if torch else "", flush=True)
    if torch:
        torch.set_grad_enabled(False)
    made = {}
    for line in sys.stdin:
        name, *words = line.split()
        turns = 1
        if name == "repeat":
            turns, name, words = int(words[0]), words[1], words[2:]
        if name in PURE:
            print(best_time(PURE[name], 0), flush=True)
        elif tokenizers and name == "tokenize":
            if line not in made:
                made.clear()
                made[line] = tokenize(*words)
            print(best_time(made[line]), flush=True)
        elif torch and (name in WITH_TORCH or transformers and name == "bert"):
            *sizes, threads = map(number, words)
            torch.set_num_threads(threads)
            if line not in made:
                made.clear()
                transformers and transformers.logging.set_verbosity_error()
                made[line] = WITH_TORCH.get(name, bert)(*sizes)
            for _ in range(turns - 1):
                made[line]()
            seconds = best_time(made[line])
            if turns > 1:
                print(open("/proc/self/status").read(), flush=True)
                continue
            # Its threads spin for a while after their work; they must not disturb what is measured next.
            time.sleep(0.01)
            print(seconds, flush=True)
        else:
            print("none", flush=True)


main()

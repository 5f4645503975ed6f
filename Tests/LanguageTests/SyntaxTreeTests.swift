import Testing

import Language

/// The tree of a text as s-expressions, or its first error.
func tree(_ text: String) -> String {
    do {
        return try Parser.parse(Source(name: "test.kds", text: text)).description
    } catch {
        return error.diagnostics[0].rendered()
    }
}

@Suite("Trees")
struct SyntaxTreeTests {
    @Test(
        "operators bind as in Python",
        arguments: [
            ("a + b * c", "(+ a (* b c))"),
            ("a * b + c", "(+ (* a b) c)"),
            ("a - b - c", "(- (- a b) c)"),
            ("a @ b @ c", "(@ (@ a b) c)"),
            ("a / b // c % d", "(% (// (/ a b) c) d)"),
            ("2 ** 3 ** 2", "(** 2 (** 3 2))"),
            ("-x ** 2", "(- (** x 2))"),
            ("2 ** -1", "(** 2 -1)"),
            ("-2 ** 2", "(- (** 2 2))"),
            ("-2", "-2"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("- - x", "(- (- x))"),
            ("not a == b", "(not (== a b))"),
            ("not a and b", "(and (not a) b)"),
            ("a and not b or c", "(or (and a (not b)) c)"),
            ("not not a", "(not (not a))"),
            ("a or b and c", "(or a (and b c))"),
            ("a < b <= c", "(chain a < b <= c)"),
            ("a < b", "(< a b)"),
            ("a in b", "(in a b)"),
            ("a not in b", "(not in a b)"),
            ("a + 1 < b * 2 and c", "(and (< (+ a 1) (* b 2)) c)"),
            ("x.f(1)[2].g", "(. (item (call (. x f) 1) 2) g)"),
            ("(a + b) * c", "(* (+ a b) c)"),
            ("-x.f", "(- (. x f))"),
            ("-f(x)", "(- (call f x))"),
            ("x == 1 if_", "error"),
        ])
    func precedence(text: String, expected: String) {
        if expected == "error" {
            #expect(tree(text).hasPrefix("error:"))
        } else {
            #expect(tree(text) == expected)
        }
    }

    @Test(
        "a pipe evaluates its left side once and puts it where it belongs",
        arguments: [
            ("x |> f", "(|> x (call f _))"),
            ("x |> f(a)", "(|> x (call f _ a))"),
            ("x |> f(a, _)", "(|> x (call f a _))"),
            ("x |> f(k=_)", "(|> x (call f k=_))"),
            ("x |> m.g(a)", "(|> x (call (. m g) _ a))"),
            ("x |> m.g", "(|> x (call (. m g) _))"),
            ("x |> f(a).b(c)", "(|> x (call (. (call f _ a) b) c))"),
            ("x |> f(a)[0]", "(|> x (item (call f _ a) 0))"),
            ("x |> layers[0]", "(|> x (call (item layers 0) _))"),
            ("x |> f |> g(1)", "(|> (|> x (call f _)) (call g _ 1))"),
            ("x |> f(_ + 1, g(_))", "(|> x (call f (+ _ 1) (call g _)))"),
            ("x |> f(_ |> g(_, 1))", "(|> x (call f (|> _ (call g _ 1))))"),
            ("x |> _ + 1", "(|> x (+ _ 1))"),
            ("a or b |> f", "(|> (or a b) (call f _))"),
            ("x -> x |> f", "(-> [x] {(|> x (call f _))})"),
            ("x |> (y -> y + 1)", "(|> x (call (-> [y] {(+ y 1)}) _))"),
            ("x |> f(_ -> 1)", "(|> x (call f _ (-> [_] {1})))"),
            ("_ + _3", "(+ _ _3)"),
            ("y = x\n  |> f(1)\n  # why\n  |> g", "(= y (|> (|> x (call f _ 1)) (call g _)))"),
            ("y = x\n  .f(1)\n  .g", "(= y (. (call (. x f) 1) g))"),
        ])
    func pipes(text: String, expected: String) {
        #expect(tree(text) == expected)
    }

    @Test(
        "lambdas, calls, indexing, lists and maps",
        arguments: [
            ("x -> x + 1", "(-> [x] {(+ x 1)})"),
            ("(s, t) -> s - t", "(-> [s, t] {(- s t)})"),
            ("() -> 3", "(-> [] {3})"),
            ("(x, k=2, *rest) -> x", "(-> [x, k=2, *rest] {x})"),
            ("x -> y -> x", "(-> [x] {(-> [y] {x})})"),
            ("x -> { y = x; y }", "(-> [x] {(= y x); y})"),
            ("x -> {}", "(-> [x] {(map)})"),
            ("x -> {\"a\": x}", "(-> [x] {(map \"a\": x)})"),
            ("x -> { f(x) }", "(-> [x] {(call f x)})"),
            ("x -> { [a, b] }", "(-> [x] {(list a b)})"),
            ("f((a, b) -> {\n  c = a\n  c\n}, 1)", "(call f (-> [a, b] {(= c a); c}) 1)"),
            ("map(x -> x, xs)", "(call map (-> [x] {x}) xs)"),
            ("f(x, T=4, *more)", "(call f x T=4 *more)"),
            ("f(\n  x,\n  y,\n)", "(call f x y)"),
            ("f(a, T=4).g", "(. (call f a T=4) g)"),
            ("x[0, :, 1:3]", "(item x 0 (slice - - -) (slice 1 3 -))"),
            ("x[-1]", "(item x -1)"),
            ("x[::2]", "(item x (slice - - 2))"),
            ("x[1::-1]", "(item x (slice 1 - -1))"),
            ("x[..., 0]", "(item x ... 0)"),
            ("x[:n]", "(item x (slice - n -))"),
            ("x[a:b:c,]", "(item x (slice a b c))"),
            ("x[m > 0]", "(item x (> m 0))"),
            ("[]", "(list)"),
            ("[1, 2,]", "(list 1 2)"),
            ("[1, *a]", "(list 1 *a)"),
            ("(3, 4)", "(list 3 4)"),
            ("(3,)", "(list 3)"),
            ("(3)", "3"),
            ("{}", "(map)"),
            ("{\"a\": 1, \"b\": [2],}", "(map \"a\": 1 \"b\": (list 2))"),
            ("{\n  \"a\":\n    1\n    ,\n  \"b\": 2\n}", "(map \"a\": 1 \"b\": 2)"),
            ("r.test", "(. r test)"),
            ("r.in", "(. r in)"),
            ("model(x)", "(call model x)"),
            ("test = 1", "(= test 1)"),
            ("train, dev, test = r |> split(0.8)", "(= (unpack train dev test) (|> r (call split _ 0.8)))"),
        ])
    func expressions(text: String, expected: String) {
        #expect(tree(text) == expected)
    }

    @Test(
        "numbers and strings",
        arguments: [
            ("1_000", "1000"), ("0xff", "255"), ("0b101", "5"), ("0o17", "15"), ("1e-3", "0.001"), ("2.5", "2.5"),
            ("1_0.2_5", "10.25"), ("0", "0"), ("00", "0"), ("9223372036854775807", "9223372036854775807"),
            ("\"a\\n\\t\\\\\\\"\\x41\\u{e9}\\0\"", "\"a\\n\\t\\\\\\\"Aé\0\""),
            ("'a\\n{b}'", "\"a\\\\n{b}\""),
            ("\"\"", "\"\""),
            ("\"{{x}}\"", "\"{x}\""),
            ("\"loss {l:.4f}!\"", "(string \"loss \" {l :.4f} \"!\")"),
            ("\"{f(\"a\", x[1:2])}\"", "(string {(call f \"a\" (item x (slice 1 2 -)))})"),
            ("\"{\"{x}\"}\"", "(string {(string {x})})"),
            ("\"{ {\"a\": 1}[\"a\"] }\"", "(string {(item (map \"a\": 1) \"a\")})"),
            ("\"{if a { 1 } else { 2 }}\"", "(string {(if a {1} else {2})})"),
            ("\"\"\"a \"b\" c\"\"\"", "\"a \\\"b\\\" c\""),
            ("\"\"\"\n  one\n    two\n  \"\"\"", "\"one\\n  two\\n\""),
            ("\"\"\"\n  x = {x}\n  y\"\"\"", "(string \"x = \" {x} \"\\ny\")"),
            ("α_1 + θ", "(+ α_1 θ)"),
        ])
    func literals(text: String, expected: String) {
        #expect(tree(text) == expected)
    }

    @Test(
        "statements",
        arguments: [
            ("x = 1", "(= x 1)"),
            ("a = b = 0", "(= a b 0)"),
            ("a, b = f()", "(= (unpack a b) (call f))"),
            ("(a, b), *c = x", "(= (unpack (unpack a b) *c) x)"),
            ("[a, b] = x", "(= (unpack a b) x)"),
            ("x[0], y.f = 1, 2", "(= (unpack (item x 0) (. y f)) (list 1 2))"),
            ("x += 1", "(+= x 1)"),
            ("x.f **= 2", "(**= (. x f) 2)"),
            ("x @= w", "(@= x w)"),
            ("a, b", "(list a b)"),
            ("x;", "(quiet x)"),
            ("x; y", "(quiet x)\ny"),
            ("x = 1; y = 2", "(= x 1)\n(= y 2)"),
            ("x = 1 +\n  2", "(= x (+ 1 2))"),
            ("x = (1\n + 2)", "(= x (+ 1 2))"),
            ("x = a and\n  b", "(= x (and a b))"),
            ("fn f() { return }", "(fn f [] {(return)})"),
            ("fn f() { return a, b }", "(fn f [] {(return (list a b))})"),
            ("fn f() { outer x, y; x = 1 }", "(fn f [] {(outer x y); (= x 1)})"),
            ("for a, b in pairs { a }", "(for (unpack a b) pairs {a})"),
            ("for (a, b), c in d { break }", "(for (unpack (unpack a b) c) d {break})"),
            ("while x > 0 { x -= 1; continue }", "(while (> x 0) {(-= x 1); continue})"),
            ("if a { 1 }", "(if a {1})"),
            ("if a { 1 } else if b { 2 } else { 3 }", "(if a {1} b {2} else {3})"),
            ("if a { 1 }\nelse { 2 }", "(if a {1} else {2})"),
            ("if a\n{\n1\n}\n\n# no\nelse\n{ 2 }", "(if a {1} else {2})"),
            ("x = if a { 1 } else { 2 }", "(= x (if a {1} else {2}))"),
            ("x = try { f() } catch e { e.message }", "(= x (try {(call f)} catch e {(. e message)}))"),
            ("try { f() }\ncatch { nil }", "(try {(call f)} catch {nil})"),
            ("with no_grad { y = f(x) }", "(with no_grad {(= y (call f x))})"),
            ("assert x > 0", "(assert (> x 0))"),
            ("assert x, \"why {x}\"", "(assert x (string \"why \" {x}))"),
            ("test \"it\" { assert a }", "(test \"it\" {(assert a)})"),
            ("import teaching", "(import teaching teaching)"),
            ("import teaching as t", "(import teaching t)"),
            ("import \"./mine.kds\" as m", "(import \"./mine.kds\" m)"),
            ("import \"lib/mine.kds\"", "(import \"lib/mine.kds\" mine)"),
            ("", ""),
            ("# only a comment", ""),
            ("#!/usr/bin/env kd\nx", "x"),
            ("\u{FEFF}x\r\ny\r\n", "x\ny"),
            ("{\"a\": 1}", "(map \"a\": 1)"),
            ("if x == {} { 1 }", "(if (== x (map)) {1})"),
        ])
    func statements(text: String, expected: String) {
        #expect(tree(text) == expected)
    }

    @Test("help comes from ## lines and from the comments behind parameters")
    func docs() {
        let text = """
            ## Softened probabilities.
            ##
            ##     soften([1.0, 2.0])
            fn soften(
              z,        # logits [B, C]
              T=4.0,    # temperature
              dim=-1    # axis
            ) {  # not a parameter's
              softmax(z / T, dim)
            }

            ## A residual block.
            model Residual(body) {
              scale = parameter(ones(1))
              ## Adds what the body says.
              fn forward(x) { x + scale * body(x) }
            }
            """
        #expect(
            tree(text) == """
                (fn soften [z #"logits [B, C]", T=4.0 #"temperature", dim=-1 #"axis"] \
                "Softened probabilities.\\n\\n    soften([1.0, 2.0])" {(call softmax (/ z T) dim)})
                (model Residual [body] "A residual block." {(= scale (call parameter (call ones 1)))} \
                (fn forward [x] "Adds what the body says." {(+ x (* scale (call body x)))}))
                """)
    }

    @Test("the page that describes the language parses")
    func example() throws {
        let text = """
            #!/usr/bin/env kd
            # %% [markdown]
            # # Distil a sentiment classifier

            # %%
            reviews = read_tsv("data/reviews.tsv")                  # a dataset
            train, dev, test = reviews |> split(0.8, 0.1, 0.1, seed=7)

            # %%
            teacher = pretrained("models/minilm", labels=2)         # a folder on disk
            student = chain(
              embedding(teacher.tokenizer.size, 64),
              mean_pool(),
              linear(64, 128), relu,
              linear(128, 2),
              tokenizer=teacher.tokenizer,                          # or its own, smaller one
            )
            student                                                 # a table
            loss = 0.7 * kl(T=4) + 0.3 * cross_entropy() + 0.1 * hint(teacher="encoder.layer.5", student="1")
            run = distill(teacher, student, on=train, valid=dev, loss=loss, epochs=5, batch=32, lr=1e-3)
            compare(teacher, student, on=test)
            fn soften(z, T=4.0) { softmax(z / T, dim=-1) }          # the last expression is the value
            agree = loss_fn("agree", (s, t, batch) -> mean((soften(s.logits) - soften(t.logits)) ** 2))
            opt = adamw(student, lr=1e-3)
            for batch in train |> batches(32, shuffle=true) {
              l = agree(student(batch), teacher(batch), batch)
              opt.step(l)
            }
            g = grad(sum(x ** 3), wrt=x)
            test "soften sums to one" { assert allclose(sum(soften(randn(3, 5)), dim=-1), ones(3)) }
            """
        let program = try Parser.parse(Source(name: "page.kds", text: text))
        #expect(program.body.statements.count == 14)
    }

    @Test("a call's span is the whole call, an operator's the whole operation")
    func spans() throws {
        let source = Source(name: "spans.kds", text: "y = f(a, k = b) @ (c + d) |> g")
        let program = try Parser.parse(source)
        guard case .assign(_, let value) = program.body.statements[0].kind,
            case .pipe(let left, let right) = value.kind,
            case .binary(_, let first, let second) = left.kind, case .call(_, let arguments) = first.kind
        else {
            Issue.record("unexpected tree: \(program)")
            return
        }
        #expect(source.text(of: value.span) == "f(a, k = b) @ (c + d) |> g")
        #expect(source.text(of: left.span) == "f(a, k = b) @ (c + d)")
        #expect(source.text(of: first.span) == "f(a, k = b)")
        #expect(source.text(of: second.span) == "(c + d)")
        #expect(source.text(of: right.span) == "g")
        #expect(source.text(of: arguments[1].span) == "k = b")
    }
}

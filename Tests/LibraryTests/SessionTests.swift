import Glibc
import Language
import Library
import Testing

/// What a session answers beside running code: completion, help and the commands.
@Suite("A session's answers", .serialized)
struct SessionTests {
    let output = OutputBuffer()
    let session: Session

    init() { session = Session(output: output) }

    /// What an input shows: its results, or its error.
    @discardableResult
    func enter(_ text: String) -> String {
        output.clear()
        let outcome = session.enter(text)
        return output.results + output.messages + outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    }

    func candidates(_ text: String) -> [String] { session.complete(text).candidates.map(\.text) }

    // MARK: completion

    @Test("names, keywords, fields and what can be done with a value")
    func names() {
        enter("temperature = 4")
        #expect(candidates("temper") == ["temperature"])
        #expect(candidates("whi") == ["while"])
        #expect(candidates("x = soft").contains("softmax"))
        enter("x = zeros(2, 3)")
        #expect(candidates("x.sh") == ["shape"])
        #expect(candidates("x.resh") == ["reshape"])
        #expect(candidates("\"abc\".upp") == [])
        enter("s = \"abc\"")
        #expect(candidates("s.upp") == ["upper"])
        #expect(candidates("nothing.here.") == [])
    }

    @Test("after f( the signature is shown, then the keyword arguments that are not given yet")
    func signatures() {
        let open = session.complete("softmax(")
        #expect(open.note == "softmax(x, dim=-1)\nProbabilities from logits along an axis.")
        #expect(open.candidates.map(\.shown) == ["x=", "dim=-1"])
        #expect(session.complete("softmax(x, dim=1, ").candidates.map(\.text) == ["x="])
        #expect(candidates("softmax(x, di").first == "dim=")
        #expect(session.complete("y = distill(a, b, ").note?.hasPrefix("distill(teacher, student, ") == true)
        #expect(session.complete("(1 + ").note == nil)
    }

    @Test("keys of a map, paths of a model and columns of a dataset stand between the quotes of a subscript")
    func keys() {
        enter("m = {\"alpha\": 1, \"beta\": 2}")
        #expect(candidates("m[\"al") == ["alpha"])
        enter("net = chain(linear(2, 2), chain(relu, linear(2, 2)))")
        #expect(candidates("net[\"1") == ["1", "1.0", "1.1"])
        enter("d = dataset({\"sentence\": [\"a\"], \"score\": [1.0]})")
        #expect(candidates("d[\"sc") == ["score"])
    }

    @Test("completion calls nothing and evaluates nothing")
    func evaluatesNothing() {
        enter("calls = []")
        enter("fn f(x) { calls.append(1); x }")
        for text in ["f(1).", "f(", "f(f(1), ", "calls[f(0)].", "f(1)[\""] { _ = session.complete(text) }
        #expect(enter("len(calls)") == "0\n")
    }

    @Test("ten thousand names are completed in less than 50 ms")
    func manyNames() {
        let text = (0..<10_000).map { "name_\($0) = \($0)" }.joined(separator: "\n")
        guard case .done = session.run(Source(name: "names", text: text)) else {
            Issue.record("the names were not bound")
            return
        }
        let clock = ContinuousClock()
        var best = Duration.seconds(1)
        for _ in 0..<5 {
            let start = clock.now
            #expect(candidates("x = name_99").count == 111)
            best = min(best, clock.now - start)
        }
        #expect(best < .milliseconds(50))
    }

    // MARK: help

    @Test("? is a guide, ?subject a list, ?word finds what mentions it, ?name its page")
    func help() {
        let guide = enter("?")
        #expect(guide.contains("?losses") && guide.contains("?mathematics") && guide.contains("%help"))
        #expect(enter("?losses").contains("kl(T=4.0)"))
        #expect(enter("?training").contains("adamw(") && enter("?training").contains("distill("))
        let found = enter("?entropy")
        #expect(found.contains("nothing is called entropy") && found.contains("\n  cross_entropy "))
        #expect(enter("?Hinton").contains("kl_loss"))
        #expect(enter("?softmax").hasPrefix("softmax(x, dim=-1)\nProbabilities"))
        #expect(enter("?sotfmax").contains("did you mean softmax?"))
        #expect(enter("?zzzqqq").contains("there is no zzzqqq"))
    }

    @Test("help fits a narrow window", arguments: ["?", "?entropy", "%help", "?losses", "?distill"])
    func narrow(input: String) {
        session.width = { 40 }
        let lines = enter(input).split(separator: "\n")
        // One word that is longer than the room it has stays whole.
        let tooLong = lines.filter { $0.count > 40 && $0.dropFirst(2).contains(" ") && !$0.contains("⇥") }
        #expect(tooLong.allSatisfy { $0.split(separator: " ").count <= 2 }, "\(tooLong)")
    }

    // MARK: commands

    @Test("a session of many results keeps the last ones, and every name")
    func manyResults() {
        for number in 1...300 {
            enter("name\(number) = \(number)")
            #expect(enter("\"result {name\(number)}\"") == "\"result \(number)\"\n")
        }
        #expect(enter("_600") == "\"result 300\"\n")
        #expect(enter("name1 + name300") == "301\n")
        #expect(enter("_2").contains("_2 is not defined"))
    }

    @Test("%time and %timeit say sensible times, and their errors are the code's")
    func timing() throws {
        #expect(try #/^3\n[0-9.]+ (ns|µs|ms|s)\n$/#.wholeMatch(in: enter("%time 1 + 2")) != nil)
        let many = enter("%timeit 1 + 2")
        #expect(
            try #/[0-9.]+ (ns|µs|ms) ± [0-9.]+ (ns|µs|ms) a run \(mean ± deviation of 7 rounds of [0-9]+ runs\)\n/#
                .wholeMatch(in: many) != nil, "\(many)")
        #expect(enter("%timeit nowhere + 1").contains("nowhere is not defined"))
        #expect(enter("%timeit (").contains("error"))
        #expect(enter("%timeit").contains("takes code"))
    }

    @Test("%who is a table with shapes and bytes")
    func who() {
        #expect(enter("%who") == "nothing is bound yet\n")
        enter("x = zeros(100, 10)")
        enter("net = linear(9, 1)")
        enter("word = \"abc\"")
        let table = enter("%who")
        #expect(table.contains("x     tensor  [100, 10] f32  3.9 KiB\n"))
        #expect(table.contains("10 parameters") && table.contains("40 B") && table.contains("\"abc\""))
    }

    @Test("%reset lets some names go, or all; builtins stay")
    func reset() {
        enter("a = 1")
        enter("b = 2")
        #expect(enter("%reset a") == "1 name let go\n")
        #expect(enter("a").contains("not defined") && enter("b") == "2\n")
        #expect(enter("%reset nothing").contains("there is no nothing"))
        enter("softmax = 3")
        #expect(enter("%reset") == "2 names let go\n")
        #expect(enter("_").contains("not defined") && enter("b").contains("not defined"))
        #expect(enter("softmax(zeros(1))").contains("[1.]"))
    }

    @Test("%tb shows the last error once more, with every call")
    func traceback() {
        #expect(enter("%tb") == "there was no error yet\n")
        enter("fn down(n) { if n == 0 { 1 // 0 } else { 1 + down(n - 1) } }")
        let error = enter("down(3)")
        #expect(enter("%tb") == error + "\n")
        enter("1 + 1")
        #expect(enter("%tb") == error + "\n")
    }

    @Test("%save writes what ran, all of it or some inputs; %run takes arguments; %src and %cd")
    func files() {
        let folder = "/tmp/kd-session-\(getpid())"
        mkdir(folder, 0o700)
        var here = [CChar](repeating: 0, count: 4096)
        getcwd(&here, here.count)
        defer {
            chdir(here)
            for name in ["all.kds", "some.kds"] { unlink(folder + "/" + name) }
            rmdir(folder)
        }
        #expect(enter("%cd \(folder)") == folder + "\n")
        #expect(enter("%cd") == folder + "\n")
        #expect(enter("%cd /no/such/folder").contains("no such file or directory"))
        enter("a = 1")
        enter("b = a +")
        enter("print(args)")
        #expect(enter("%save all.kds") == "2 blocks written to all.kds\n")
        #expect(enter("%save some.kds 2-3").contains("1 block"))
        #expect(enter("%save some.kds x").contains("3 or 5-8, not x"))
        #expect(enter("%run some.kds one \"two words\"") == "[\"one\", \"two words\"]\n")
        #expect(enter("args") == "[]\n")
        #expect(enter("%run missing.kds").contains("no such file"))
        enter("fn twice(x) { 2 * x }")
        #expect(enter("%src twice").contains("fn twice(x) { 2 * x }"))
    }

    @Test("%page hands the results to the pager, and only them")
    func page() {
        var paged = ""
        session.pager = { paged = $0 }
        #expect(enter("%page range(3) |> list") == "")
        #expect(paged == "[0, 1, 2]\n")
        enter("%page ?softmax")
        #expect(paged.hasPrefix("softmax(x, dim=-1)"))
        #expect(enter("%page 1 // 0").contains("error"))
        #expect(enter("2 + 2") == "4\n")
    }

    @Test("%history shows the last blocks, or those with a text in them")
    func history() {
        session.history = { ["a = 1", "fn f(x) {\n  x\n}", "b = f(a)"] }
        #expect(enter("%history 1") == "b = f(a)\n")
        #expect(enter("%history -g fn*x") == "fn f(x) {\n  x\n}\n")
        #expect(enter("%history 1 -g =") == "b = f(a)\n")
        #expect(enter("%history many").contains("takes a number"))
    }
}

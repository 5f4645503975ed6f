import Testing

@Suite("kd test")
struct TestCommandTests {
    @Test("tests and examples have a line each, and the last line has the numbers")
    func report() {
        let scratch = Scratch()
        scratch.file(
            "a.kds",
            """
            ## Twice.
            ##
            ##     double(4)   # → 8
            ##     double(0.125)   # → 0.25
            fn double(x) { 2 * x }

            test "doubling adds" { assert double(3) == 6 }
            test "a wrong claim" { assert double(3) == 7 }
            """)
        let run = kd("test", scratch.path)
        #expect(run.output.contains("ok    \(scratch.path)/a.kds: doubling adds\n"))
        #expect(run.output.contains("ok    \(scratch.path)/a.kds: example of double\n"))
        #expect(run.output.contains("FAIL  \(scratch.path)/a.kds: a wrong claim\n"))
        #expect(run.output.contains("a.kds:8:"))
        #expect(run.output.hasSuffix("3 passed, 1 failed\n"))
        #expect(run.code == 1)
    }

    @Test("an example that answers something else fails with both answers")
    func wrongExample() {
        let scratch = Scratch()
        let path = scratch.file("a.kds", "## One more.\n##\n##     more(1)  # → 3\nfn more(x) { x + 1 }\n")
        let run = kd("test", path)
        #expect(run.output.contains("expected: 3"))
        #expect(run.output.contains("found:    2"))
        #expect(run.output.contains("a.kds:3:"))
        #expect(run.code == 1)
    }

    @Test("an example may expect an error, and formulas are no examples")
    func errorExample() {
        let scratch = Scratch()
        let path = scratch.file(
            "a.kds",
            """
            ## Refuses.
            ##
            ##     f(x) = nothing at all
            ##
            ##     refuse(1)   # → error: not 1
            fn refuse(x) { fail("not {x}, ever") }
            """)
        let run = kd("test", path)
        #expect(run.output.hasSuffix("2 passed, 0 failed\n"))
        #expect(run.code == 0)
    }

    @Test("a folder is searched with the folders in it, in order, and only scripts count")
    func folders() {
        let scratch = Scratch()
        scratch.file("b/inner/two.kds", "test \"two\" { assert true }\n")
        scratch.file("a.kds", "test \"one\" { assert true }\n")
        scratch.file("notes.txt", "no script")
        let run = kd("test", scratch.path)
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[1].hasSuffix("a.kds: one"))
        #expect(lines[3].hasSuffix("b/inner/two.kds: two"))
        #expect(run.code == 0)
    }

    @Test("a script that does not parse or run fails, and the others are still run")
    func brokenScripts() {
        let scratch = Scratch()
        scratch.file("a.kds", "x = (\n")
        scratch.file("b.kds", "fail(\"no\")\ntest \"never\" { }\n")
        scratch.file("c.kds", "test \"fine\" { assert true }\n")
        let run = kd("test", scratch.path)
        #expect(run.output.hasSuffix("2 passed, 2 failed\n"))
        #expect(run.code == 1)
    }

    @Test("--filter keeps the tests whose names contain it")
    func filter() {
        let scratch = Scratch()
        let path = scratch.file("a.kds", "test \"red\" { assert true }\ntest \"blue\" { assert false }\n")
        let run = kd("test", "--filter", "red", path)
        #expect(run.output.hasSuffix("2 passed, 0 failed\n"))
    }

    @Test("a path that is not there gives 2")
    func missing() { #expect(kd("test", "/nonexistent").code == 2) }

    @Test("tests are passed over when a script is only run")
    func notInARun() {
        let scratch = Scratch()
        #expect(kd(scratch.file("a.kds", "test \"no\" { fail(\"ran\") }\n1\n")).output == "1\n")
    }
}

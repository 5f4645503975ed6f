import Testing

import Language

@Suite("Modules")
struct ModuleTests {
    private let shapes = """
        fn area(w, h) { w * h }
        side = 3
        print("shapes is read")
        """

    @Test("a module is read once, and its names are its fields")
    func fields() {
        let result = run(
            """
            import "./shapes.kds" as s
            import "./shapes.kds" as again
            print(s.area(2, 5), again.side)
            """, files: ["shapes.kds": shapes])
        #expect(result.output == "shapes is read\n10 3\n", "\(result.rendered)")
    }

    @Test("a missing file and a missing name are errors with their places")
    func missing() {
        let file = run("import \"./shape.kds\" as s", files: ["shapes.kds": shapes])
        #expect(file.error?.message == "there is no file ./shape.kds" && file.error?.line == 1)
        let name = run("import \"./shapes.kds\" as s\ns.volume(1)", files: ["shapes.kds": shapes])
        #expect(name.error?.line == 2 && name.error?.message.contains("volume") == true, "\(name.rendered)")
    }

    @Test("a function that runs stays whole when its module's field is given to something else from outside")
    func letGo() {
        let result = run(
            """
            import "./worker.kds" as worker
            worker.change = n -> {
              worker.work = nil
              junk = [[1, 2], [3, x -> x]]
              n + len(junk)
            }
            print(worker.start(5), worker.work)
            """,
            files: [
                "worker.kds": """
                change = nil
                fn work(n) {
                  k = change(n)
                  xs = [k, n]
                  xs
                }
                fn start(n) { work(n) }
                """
            ])
        #expect(result.output == "[7, 5] nil\n", "\(result.rendered)")
    }

    @Test("a function that runs stays whole when the name that every module knows is given to something else")
    func redefined() {
        let result = run(
            """
            define("known", n -> {
              define("known", nil)
              junk = [[1, 2], [3, x -> x]]
              [n, len(junk)]
            })
            """, "print(known(4), known)")
        #expect(result.output == "[4, 2] nil\n", "\(result.rendered)")
    }
}

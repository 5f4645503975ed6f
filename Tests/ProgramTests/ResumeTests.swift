import Glibc
import Testing

/// A training that is killed, and started again.
@Suite("Resume", .serialized)
struct ResumeTests {
    static func script(_ file: String?) -> String {
        """
        seed(1)
        data = dataset({"x": randn(600, 20), "label": list(map(i -> i % 3, range(600)))})
        teacher = chain(linear(20, 64), relu, linear(64, 3))
        student = chain(linear(20, 64), batch_norm(64), relu, dropout(0.2), linear(64, 3))
        print("ready")
        run = distill(teacher, student, on=data, loss=kl() + hint(teacher="0", student="0"), epochs=12, batch=10, lr=0.01,
          checkpoint=\(file.map { "\"\($0)\"" } ?? "nil"), save_every=0)
        print(fingerprint(student), run.steps, run.loss)
        """
    }

    @Test("a run that is killed at any moment ends in the bits of one that was not", arguments: [SIGKILL, SIGINT])
    func killed(signal: Int32) {
        let scratch = Scratch()
        let whole = launch(kdPath, [scratch.file("whole.kds", Self.script(nil))])
        #expect(whole.code == 0, "\(whole.messages)")
        let file = scratch.path + "/run.safetensors"
        let path = scratch.file("run.kds", Self.script(file))
        var wasStopped = 0
        for pause in [60_000, 130_000, 250_000] as [UInt32] {
            let started = start(kdPath, [path])
            started.waitForOutput("ready")
            usleep(pause)
            kill(started.process, signal)
            if started.wait().code != 0 { wasStopped += 1 }
        }
        let last = launch(kdPath, [path])
        #expect(last.code == 0, "\(last.messages)")
        #expect(last.output == whole.output)
        #expect(wasStopped > 0)
        #expect(last.messages.contains("goes on after step") || last.messages.contains("holds the finished run"))
    }
}

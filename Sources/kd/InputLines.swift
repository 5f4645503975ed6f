import Glibc
import Language
import Library

/// Lines of the standard input, for those who ask: the prompt of a plain terminal, and `input`.
final class InputLines {
    private var pending: [UInt8] = []

    /// The next line without its end.
    func next() -> Typed {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                return .block(line)
            }
            let count = Glibc.read(0, &buffer, buffer.count)
            if count < 0, errno == EINTR {
                guard Signals.isPending else { continue }
                pending = []
                return .interrupted
            }
            if count <= 0 {
                guard !pending.isEmpty else { return .end }
                defer { pending = [] }
                return .block(String(decoding: pending, as: UTF8.self))
            }
            pending.append(contentsOf: buffer[..<count])
        }
    }

    /// What a person answers to a question, nil at the end of the input; a secret is not shown while it is typed.
    func answer(to question: String, isSecret: Bool, _ machine: Machine) throws -> String? {
        machine.output.write(question, to: .results)
        (machine.output as? Console)?.flush()
        var settings = termios()
        let hides = isSecret && isatty(0) == 1 && tcgetattr(0, &settings) == 0
        if hides {
            var silent = settings
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(0, TCSAFLUSH, &silent)
        }
        let line = next()
        if hides {
            tcsetattr(0, TCSAFLUSH, &settings)
            machine.output.write("\n", to: .results)
        }
        guard case .block(let text) = line else {
            try machine.checkInterrupt()
            return nil
        }
        return text.hasSuffix("\r") ? String(text.dropLast()) : text
    }
}

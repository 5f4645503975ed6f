extension Compiler {
    /// `f(a, k=b, *c)`: the function in a temporary, the arguments in those after it, the result where it was.
    func call(_ callee: Expression, _ arguments: [Argument], span: Span, target: Int?) throws -> Int {
        let mark = state.nextRegister
        let base = state.temporary()
        var kinds: [CallSite.Kind] = []
        var spans: [Span] = []
        var method: Name?
        var global: CallSite.Global?
        if case .field(let receiver, let name) = callee.kind {
            method = name
            global = fallback(name, into: base)
            _ = try value(receiver, into: state.temporary())
            kinds.append(.positional)
            spans.append(receiver.span)
        } else if case .name(let name) = callee.kind, case .global(let index, let builtin) = place(of: name),
            arguments.allSatisfy({ $0.isPlain && $0.value.isCalm })
        {
            global = CallSite.Global(index: index, builtin: builtin)
        } else {
            _ = try value(callee, into: base)
        }
        for argument in arguments {
            _ = try value(argument.value, into: state.temporary())
            switch argument.kind {
            case .positional: kinds.append(.positional)
            case .keyword(let name): kinds.append(.keyword(name.text))
            case .spread: kinds.append(.spread)
            }
            spans.append(argument.span)
        }
        state.sites.append(
            CallSite(
                kinds: kinds, spans: spans, callee: callee.span, receivers: method == nil ? 0 : 1, global: global))
        let site = state.sites.count - 1
        if let method { state.methodNames[site] = method.text }
        let isPlain = state.sites[site].isPlain
        emit(method != nil ? .callMethod : isPlain ? .callPlain : .call, base, kinds.count, site, span: span)
        state.nextRegister = mark
        if let target {
            emit(.move, target, base, span: span)
            return target
        }
        return state.temporary()
    }

    /// The function that `x.name(…)` means when x has no such field: in a register, the unbound mark when there is none, or
    /// a global that the call looks up.
    private func fallback(_ name: Name, into base: Int) -> CallSite.Global? {
        switch place(of: name.text) {
        case .local(let register):
            // A variable without a value may hold anything but the mark unless it is told to begin with it.
            state.checked.insert(name.text)
            emit(.copy, base, register, span: name.span)
        case .global(let index, let builtin): return CallSite.Global(index: index, builtin: builtin)
        case .cell, .capture, .field: _ = load(name.text, into: base, span: name.span)
        }
        return nil
    }
}

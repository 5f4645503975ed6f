import Language

/// Every builtin that a script can name, by chapter.
public func allChapters() -> [Chapter] {
    []
}

/// Gives the machine what the language leaves to this library.
func prepareHooks(_ machine: Machine) {}

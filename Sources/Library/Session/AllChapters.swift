import Language

/// Every builtin that a script can name, by chapter.
public func allChapters() -> [Chapter] {
    [
        coreChapter(), sequenceChapter(), collectionChapter(), stringChapter(), sharedChapter(), creationChapter(),
        randomChapter(), elementwiseChapter(), roundingChapter(), reductionChapter(), movementChapter(), indexingChapter(),
        neuralChapter(), gradientChapter(), fileChapter(), dataChapter(),
    ]
}

/// Gives the machine what the language leaves to this library.
func prepareHooks(_ machine: Machine) {}

import Language
import Networks
import Tensors

/// Every builtin that a script can name, by chapter.
public func allChapters() -> [Chapter] {
    [
        coreChapter(), sequenceChapter(), collectionChapter(), stringChapter(), elementwiseChapter(), roundingChapter(),
        sharedChapter(), creationChapter(), randomChapter(), reductionChapter(), movementChapter(), indexingChapter(),
        neuralChapter(), gradientChapter(), layerChapter(), modelChapter(), pretrainedChapter(), fileChapter(),
        dataChapter(), tokenizerChapter(),
        trainingChapter(), runChapter(), metricChapter(), figureChapter(),
    ]
}

/// Gives the machine what the language leaves to this library.
func prepareHooks(_ machine: Machine) {
    machine.hooks.makeModel = { name, machine in ScriptModelObject(ScriptModel(name, machine)) }
    machine.hooks.explain = explained
    Graph.currentPlace = { [weak machine] in
        machine?.currentPlace.map { ScriptPlace(source: $0.source, span: $0.span) }
    }
}

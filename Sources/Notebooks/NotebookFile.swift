import Networks

// The file format of Jupyter, nbformat 4.5: https://nbformat.readthedocs.io/en/latest/format_description.html

extension Notebook {
    public static let kernel = "kd"

    // MARK: - Reading

    /// A notebook file, of nbformat 4.
    ///
    /// - Returns: The notebook, and sentences about what could not be taken over.
    /// - Throws: `FormatError` for anything that is no notebook.
    public static func read(_ bytes: [UInt8], file: String) throws -> (notebook: Notebook, losses: [String]) {
        let json = try JSONValue.parse(bytes, file: file)
        guard json["cells"] != nil || json["nbformat"] != nil else {
            throw FormatError("this is JSON, and no notebook", file: file)
        }
        guard json["nbformat"]?.int == 4 else {
            throw FormatError(
                "the notebook is of nbformat \(json["nbformat"]?.int.map { "\($0)" } ?? "?"); this reads 4", file: file,
                hint: "jupyter nbconvert --to notebook --nbformat 4 \(file)")
        }
        guard let cells = json["cells"]?.array else {
            throw FormatError("the notebook has no list of cells", file: file)
        }
        var notebook = Notebook(metadata: json["metadata"]?.object ?? [:])
        notebook.executable = notebook.metadata["jupytext"]?["executable"]?.string
        var losses: [String] = []
        for (index, json) in cells.enumerated() {
            guard let kind = json["cell_type"]?.string.flatMap(Cell.Kind.init), let source = text(json["source"]) else {
                throw FormatError("cell \(index + 1) has no known type or no text", file: file)
            }
            var cell = Cell(kind, source)
            cell.metadata = json["metadata"]?.object ?? [:]
            cell.title = cell.metadata["title"]?.string ?? ""
            cell.metadata["title"] = nil
            cell.linesBelow = cell.metadata["lines_to_next_cell"]?.int.map { max(0, min($0, 1000)) } ?? 1
            cell.metadata["lines_to_next_cell"] = nil
            cell.id = json["id"]?.string
            cell.executionCount = json["execution_count"]?.int
            cell.outputs = (json["outputs"]?.array ?? []).compactMap(Notebook.output)
            if !(json["attachments"]?.object?.isEmpty ?? true) {
                losses.append("the attachments of cell \(index + 1) have no place in a script")
            }
            notebook.cells.append(cell)
        }
        if let first = notebook.cells.first, first.kind == .raw, first.source.hasPrefix("---\n"),
            first.source.trimmed.hasSuffix("\n---")
        {
            let lines = first.source.trimmed.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let kept = notebook.metadata
            if (try? notebook.take(header: Array(lines.dropFirst().dropLast()))) != nil { notebook.cells.removeFirst() }
            notebook.metadata = kept
        }
        return (notebook, losses)
    }

    /// A text, or the list of its lines.
    private static func text(_ json: JSONValue?) -> String? {
        json?.string ?? json?.array.map { $0.map { $0.string ?? "" }.joined() }
    }

    private static func output(_ json: JSONValue) -> Output? {
        switch json["output_type"]?.string {
        case "stream": return .stream(name: json["name"]?.string ?? "stdout", text: text(json["text"]) ?? "")
        case "display_data", "execute_result":
            var data: JSONObject = [:]
            for (type, content) in json["data"]?.object ?? [:] {
                data[type] = type.hasSuffix("json") ? content : text(content).map { .string($0) } ?? content
            }
            return .display(
                data: data, metadata: json["metadata"]?.object ?? [:],
                isResult: json["output_type"]?.string == "execute_result")
        case "error":
            return .error(
                name: json["ename"]?.string ?? "error", message: json["evalue"]?.string ?? "",
                trace: json["traceback"]?.array?.compactMap(\.string) ?? [])
        default: return nil
        }
    }

    // MARK: - Writing

    /// The notebook as a file, the same text for the same notebook; cells without an id get one.
    ///
    /// - Parameter version: of kd, for the description of the language.
    public func file(version: String) throws -> String {
        var notebook = self
        if !header.isEmpty {
            let head = Cell(.raw, "---\n\(header)\n---")
            notebook.cells.insert(head, at: 0)
        }
        notebook.completeIdentities()
        var metadata = self.metadata
        if let executable {
            var jupytext = metadata["jupytext"]?.object ?? [:]
            jupytext["executable"] = .string(executable)
            metadata["jupytext"] = .object(jupytext)
        }
        if metadata["kernelspec"] == nil {
            metadata["kernelspec"] = .object([
                "display_name": .string("kd"), "language": .string("kd"), "name": .string(Notebook.kernel),
            ])
        }
        if metadata["language_info"] == nil {
            metadata["language_info"] = .object([
                "file_extension": .string(".kds"), "mimetype": .string("text/x-kd"), "name": .string("kd"),
                "version": .string(version),
            ])
        }
        let cells = notebook.cells.enumerated().map { index, cell in
            Notebook.json(cell, isLast: index == notebook.cells.count - 1)
        }
        let whole = JSONValue.object([
            "cells": .array(cells), "metadata": .object(metadata), "nbformat": .int(4), "nbformat_minor": .int(5),
        ])
        return try whole.sorted.text(indent: 1) + "\n"
    }

    private static func json(_ cell: Cell, isLast: Bool) -> JSONValue {
        var metadata = cell.metadata
        if !cell.title.isEmpty { metadata["title"] = .string(cell.title) }
        if cell.linesBelow != 1, !isLast { metadata["lines_to_next_cell"] = .int(cell.linesBelow) }
        var json: JSONObject = [
            "cell_type": .string(cell.kind.rawValue), "id": .string(cell.id ?? ""), "metadata": .object(metadata),
            "source": lines(cell.source),
        ]
        if cell.kind == .code {
            json["execution_count"] = cell.executionCount.map { .int($0) } ?? .null
            json["outputs"] = .array(cell.outputs.map { self.json($0, count: cell.executionCount) })
        }
        return .object(json)
    }

    private static func json(_ output: Output, count: Int?) -> JSONValue {
        switch output {
        case .stream(let name, let text):
            let known = name == Recorder.progressStream ? "stderr" : name
            return .object(["output_type": .string("stream"), "name": .string(known), "text": lines(text)])
        case .display(let data, let metadata, let isResult, _):
            var split: JSONObject = [:]
            for (type, content) in data { split[type] = content.string.map(lines) ?? content }
            var json: JSONObject = [
                "output_type": .string(isResult ? "execute_result" : "display_data"), "data": .object(split),
                "metadata": .object(metadata),
            ]
            if isResult { json["execution_count"] = count.map { .int($0) } ?? .null }
            return .object(json)
        case .error(let name, let message, let trace):
            return .object([
                "output_type": .string("error"), "ename": .string(name), "evalue": .string(message),
                "traceback": .array(trace.map { .string($0) }),
            ])
        }
    }

    /// A text as the list of its lines, each with its end, for the sake of diffs.
    private static func lines(_ text: String) -> JSONValue {
        var lines: [JSONValue] = []
        var rest = Substring(text)
        while let end = rest.firstIndex(of: "\n") {
            lines.append(.string(String(rest[...end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { lines.append(.string(String(rest))) }
        return .array(lines)
    }
}

extension JSONValue {
    /// The same with the members of each object in the order of their names.
    fileprivate var sorted: JSONValue {
        switch self {
        case .array(let items): return .array(items.map(\.sorted))
        case .object(let object):
            var ordered: JSONObject = [:]
            for key in object.keys.sorted() { ordered[key] = object[key]?.sorted }
            return .object(ordered)
        default: return self
        }
    }
}

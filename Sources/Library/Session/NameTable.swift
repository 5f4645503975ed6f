import Distillation
import Language
import Networks
import Tensors

extension Session {
    /// What `%who` shows: a row for each name with its type, shape, bytes and value.
    func nameTable() -> String {
        let rows = ownNames.compactMap { name in machine.main[name].map { (name: name, value: $0) } }
        guard !rows.isEmpty else { return "nothing is bound yet" }
        var table = TextTable(columns: ["name", "type", "shape", "bytes", "value"], rightAligned: [3])
        var total = 0
        for (name, value) in rows {
            let bytes = value.byteCount
            total += bytes ?? 0
            let line = value.display(.inline).split(separator: "\n").first.map(String.init) ?? ""
            let isObject = line.hasPrefix("<")
            table.add([
                name, value.typeName, value.extent, bytes.map(Memory.format) ?? "",
                isObject && value.extent != "" ? "" : line.count > 40 ? line.prefix(39) + "…" : line,
            ])
        }
        return table.text + (total > 0 ? "\n\(Memory.format(total)) in tensors, models and strings" : "")
    }
}

extension Value {
    /// How large it is, in its own terms: a shape, or a count of what it holds.
    fileprivate var extent: String {
        switch object {
        case let tensor as TensorObject: "\(tensor.tensor.shape) \(tensor.tensor.dtype.name)"
        case let model as LayerObject: counted(model.layer.parameterCount(), "parameter")
        case let data as DatasetObject: counted(data.dataset.count, "row")
        case let list as ListObject: counted(list.items.count, "item")
        case let map as MapObject: counted(map.count, "key")
        default: ""
        }
    }

    /// The bytes of its numbers or text; nil for what holds none of its own.
    fileprivate var byteCount: Int? {
        switch object {
        case let tensor as TensorObject: tensor.tensor.count * tensor.tensor.dtype.size
        case let model as LayerObject: model.layer.byteCount
        case let text as StringObject: text.text.utf8.count
        default: nil
        }
    }
}

import Language

/// Methods of lists and maps: `xs.append(1)` is `append(xs, 1)`.
func collectionChapter() -> Chapter {
    let list = Parameter<ListArgument>("xs", "a list")
    let map = Parameter<MapArgument>("m", "a map")
    return Chapter(
        "Lists and maps", "What can be done with a list or a map; `xs.append(1)` is `append(xs, 1)`.",
        [
            Builtin(
                "append", "Adds an item at the end of a list.", list, Parameter<Value>("item", "what is added"),
                example: "xs = [1]\nxs.append(2)\nxs  # → [1, 2]"
            ) {
                (xs: ListArgument, item: Value) throws -> Void in
                try ListObject.check(count: xs.list.items.count + 1)
                xs.list.items.append(item)
            }.quickly { arguments in
                guard arguments.count == 2, let place = arguments.baseAddress,
                    let list = unretained(ListObject.self, at: place)
                else { return nil }
                try list._withUnsafeGuaranteedRef {
                    try ListObject.check(count: $0.items.count + 1)
                    $0.items.append(arguments[1])
                }
                return .null
            },
            Builtin(
                "extend", "Adds all items of another sequence at the end of a list.", list,
                Parameter<Value>("items", "what is added"), example: "xs = [1]\nxs.extend([2, 3])\nxs  # → [1, 2, 3]"
            ) {
                (context: CallContext, xs: ListArgument, items: Value) throws -> Void in
                let more = try context.machine.array(of: items, for: "extend")
                try ListObject.check(count: xs.list.items.count + more.count)
                xs.list.items += more
            },
            Builtin(
                "insert", "Puts an item before the one at an index.", list, Parameter<Int>("index", "where"),
                Parameter<Value>("item", "what is added"), example: "xs = [1, 3]\nxs.insert(1, 2)\nxs  # → [1, 2, 3]"
            ) {
                (xs: ListArgument, index: Int, item: Value) throws -> Void in
                let count = xs.list.items.count
                xs.list.items.insert(item, at: Swift.min(Swift.max(index < 0 ? index + count : index, 0), count))
            },
            Builtin(
                "pop", "Takes an item out: of a list by its index, of a map by its key.",
                Parameter<Value>("xs", "a list or map"),
                Parameter<Value>("at", "index or key; the last item when left out", default: .null),
                Parameter<Value>("default", "what a map answers without the key", default: .null),
                example: "xs = [1, 2]\nxs.pop()  # → 2"
            ) {
                (xs: Value, at: Value, fallback: Value) throws -> Value in
                if let map = xs.object as? MapObject {
                    if let value = map.removeValue(forKey: at) { return value }
                    if !fallback.isNull { return fallback }
                    throw Fault("pop: the map has no key \(at.described)", kind: "index", argument: .positional(1))
                }
                guard let list = xs.object as? ListObject else {
                    throw Fault("pop: xs must be a list or a map, not \(xs.described)", kind: "type")
                }
                guard let index = at.isNull ? -1 : at.int, let place = normalized(index, count: list.items.count) else {
                    throw Fault(
                        list.items.isEmpty
                            ? "pop: the list is empty"
                            : "pop: index \(at.display(.inline)) is out of range: the list has \(counted(list.items.count, "item"))",
                        kind: "index")
                }
                return list.items.remove(at: place)
            },
            Builtin(
                "remove", "Takes the first item out that equals a value.", list, Parameter<Value>("item", "the value"),
                example: "xs = [1, 2, 1]\nxs.remove(1)\nxs  # → [2, 1]"
            ) {
                (xs: ListArgument, item: Value) throws -> Void in
                guard let place = xs.list.items.firstIndex(of: item) else {
                    throw Fault("remove: \(item.described) is not in the list", kind: "value", argument: .positional(1))
                }
                xs.list.items.remove(at: place)
            },
            Builtin(
                "index", "Where an item is in a list, or a piece in a string.",
                Parameter<Value>("xs", "a list or string"), Parameter<Value>("item", "what is looked for"),
                example: "[5, 6].index(6)  # → 1"
            ) {
                (xs: Value, item: Value) throws -> Int in
                if let text = xs.object as? StringObject, let piece = item.string {
                    if let place = CoreStrings.find(text, piece) { return place }
                } else if let list = xs.object as? ListObject {
                    if let place = list.items.firstIndex(of: item) { return place }
                } else {
                    throw Fault("index: xs must be a list or a string, not \(xs.described)", kind: "type")
                }
                throw Fault("index: \(item.described) is not there", kind: "value", argument: .positional(1))
            },
            Builtin(
                "count", "How often an item is in a list, or a piece in a string.",
                Parameter<Value>("xs", "a list or string"), Parameter<Value>("item", "what is counted"),
                example: "[1, 2, 1].count(1)  # → 2"
            ) {
                (xs: Value, item: Value) throws -> Int in
                if let text = xs.string, let piece = item.string { return CoreStrings.count(text, piece) }
                guard let list = xs.object as? ListObject else {
                    throw Fault("count: xs must be a list or a string, not \(xs.described)", kind: "type")
                }
                return list.items.count { $0 == item }
            },
            Builtin(
                "reverse", "Turns a list around, in place.", list, example: "xs = [1, 2]\nxs.reverse()\nxs  # → [2, 1]"
            ) { (xs: ListArgument) throws -> Void in xs.list.items.reverse() },
            Builtin(
                "clear", "Takes everything out of a list or map.", Parameter<Value>("xs", "a list or map"),
                example: "xs = [1]\nxs.clear()\nxs  # → []"
            ) {
                (xs: Value) throws -> Void in
                switch xs.object {
                case let list as ListObject: list.items = []
                case let map as MapObject: map.removeAll()
                default: throw Fault("clear: xs must be a list or a map, not \(xs.described)", kind: "type")
                }
            },
            Builtin(
                "get", "The value of a key, or a default.", map, Parameter<Value>("key", "the key"),
                Parameter<Value>("default", "the answer without it", default: .null),
                example: "{\"a\": 1}.get(\"b\", 0)  # → 0"
            ) {
                (m: MapArgument, key: Value, fallback: Value) throws -> Value in
                try MapObject.check(key: key)
                return m.map[key] ?? fallback
            }.quickly { arguments in
                guard 2...3 ~= arguments.count, let place = arguments.baseAddress,
                    let map = unretained(MapObject.self, at: place)
                else { return nil }
                try MapObject.check(key: arguments[1])
                return map._withUnsafeGuaranteedRef { $0[arguments[1]] }
                    ?? (arguments.count == 3 ? arguments[2] : .null)
            },
            Builtin("keys", "The keys in the order in which they came.", map, example: "{\"a\": 1}.keys()  # → [\"a\"]")
            { (m: MapArgument) throws -> [Value] in m.map.keys },
            Builtin("values", "The values in the order of their keys.", map, example: "{\"a\": 1}.values()  # → [1]") {
                (m: MapArgument) throws -> [Value] in m.map.values
            },
            Builtin("items", "A list of [key, value].", map, example: "{\"a\": 1}.items()  # → [[\"a\", 1]]") {
                (m: MapArgument) throws -> Value in .list(m.map.entries.map { .list([$0.key, $0.value]) })
            },
            Builtin(
                "update", "Takes over the entries of another map.", map, Parameter<MapArgument>("other", "a map"),
                example: "m = {\"a\": 1}\nm.update({\"b\": 2})\nm  # → {\"a\": 1, \"b\": 2}"
            ) {
                (m: MapArgument, other: MapArgument) throws -> Void in
                for (key, value) in other.map.entries { m.map[key] = value }
            },
            Builtin(
                "setdefault", "The value of a key, which is put there first if it is missing.", map,
                Parameter<Value>("key", "the key"), Parameter<Value>("default", "what is put there"),
                example: "m = {}\nm.setdefault(\"a\", []).append(1)\nm  # → {\"a\": [1]}"
            ) {
                (m: MapArgument, key: Value, fallback: Value) throws -> Value in
                try MapObject.check(key: key)
                if let known = m.map[key] { return known }
                m.map[key] = fallback
                return fallback
            },
        ])
}

/// A list as an argument, by reference.
struct ListArgument: ScriptConvertible {
    let list: ListObject
    static var scriptType: String { "list" }
    static func from(_ value: Value) throws -> ListArgument? {
        (value.object as? ListObject).map { ListArgument(list: $0) }
    }
    var scriptValue: Value { .object(list) }
}

/// A map as an argument, by reference.
struct MapArgument: ScriptConvertible {
    let map: MapObject
    static var scriptType: String { "map" }
    static func from(_ value: Value) throws -> MapArgument? {
        (value.object as? MapObject).map { MapArgument(map: $0) }
    }
    var scriptValue: Value { .object(map) }
}

/// An object of just this class where it lies, without counting a reference: who calls keeps it alive.
@inline(__always)
private func unretained<T: Object>(_: T.Type, at place: UnsafePointer<Value>) -> Unmanaged<T>? {
    guard case .object(let object) = place.pointee, type(of: object) == T.self else { return nil }
    return Unmanaged.passUnretained(unsafeDowncast(object, to: T.self))
}

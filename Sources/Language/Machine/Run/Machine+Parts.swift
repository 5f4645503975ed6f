extension Machine {
    // MARK: - Fields

    /// `x.name`; a field that is not there is an error with the nearest one.
    public func field(_ name: String, of value: Value) throws -> Value {
        if let object = value.object, let field = try object.field(name, self) { return field }
        let fields = value.object?.fieldNames ?? []
        let type = named(value)
        var hint = nearest(name, in: fields).map { "did you mean \($0)?" }
        if hint == nil { hint = Habits.member(name, of: value.typeName, written: receiverText(before: name)) }
        if hint == nil, let map = value.object as? MapObject {
            let keys = map.keys.compactMap(\.string)
            let near = keys.contains(name) ? name : nearest(name, in: keys) ?? name
            hint = "\(receiverText(before: name) ?? "m")[\(quoted(near))] is the entry of a map"
        }
        if hint == nil, lookUp(name)?.isCallable ?? false { hint = "\(name) is a function: x.\(name)(…)" }
        if hint == nil, !fields.isEmpty { hint = "its fields are \(listed(fields))" }
        throw Fault("\(type) has no field \(name)", hint: hint, kind: "name")
    }

    public func setField(_ name: String, of target: Value, to value: Value) throws {
        guard let object = target.object else {
            throw Fault("\(article(target.typeName)) has no field \(name) to assign", kind: "name")
        }
        do {
            try object.setField(name, to: value, self)
        } catch var fault as Fault where fault.hint == nil && fault.message.contains("has no field") {
            fault.hint = Habits.member(name, of: target.typeName, written: nil)
            throw fault
        }
    }

    // MARK: - Items

    public func item(_ items: [SubscriptItem], of value: Value) throws -> Value {
        if let object = value.object, let result = try object.subscriptGet(items, self) { return result }
        throw Fault("\(value.described) has no items to index", kind: "type")
    }

    public func setItem(_ items: [SubscriptItem], of target: Value, to value: Value) throws {
        if let object = target.object, try object.subscriptSet(items, to: value, self) { return }
        throw Fault(
            "the items of \(target.described) cannot be assigned",
            hint: target.string == nil ? nil : "strings do not change: replace(s, old, new) makes another", kind: "type"
        )
    }

    func subscriptItems(
        _ description: Code.Subscript, _ registers: UnsafeMutablePointer<Value>, _ locals: Int
    ) -> [SubscriptItem] {
        func part(_ register: Int?) -> Value {
            guard let register else { return .null }
            let value = registers[register]
            if register >= locals { registers[register] = .null }
            return value
        }
        return description.items.map { item in
            switch item {
            case .index(let register): .index(part(register))
            case .slice(let start, let stop, let step): .slice(start: part(start), stop: part(stop), step: part(step))
            case .ellipsis: .ellipsis
            }
        }
    }

    // MARK: - Loops

    /// The state of a loop: three numbers for a range, a list and an index, or an iterator.
    func beginLoop(over value: Value, state: UnsafeMutablePointer<Value>) throws {
        switch value {
        case .object(let range as RangeObject):
            state[0] = .int(range.start)
            state[1] = .int(range.length)
            state[2] = .int(range.step)
        case .object(let list as ListObject):
            state[0] = .object(list)
            state[1] = .int(0)
            state[2] = .null
        default:
            guard let iterator = try value.object?.makeIterator(self) else { throw notIterable(value) }
            state[0] = .object(IteratorObject(iterator))
            state[1] = .null
            state[2] = .null
        }
    }

    private func notIterable(_ value: Value) -> Fault {
        Fault(
            "\(value.described) cannot be looped over",
            hint: value.int.map { "range(\($0)) counts from 0 to \(max(0, $0 &- 1))" }, kind: "type")
    }

    func nextItem(_ state: UnsafeMutablePointer<Value>) throws -> Value? {
        guard case .object(let object) = state[0] else { return nil }
        if case .int(let index) = state[1] {
            guard let list = object as? ListObject, index < list.items.count else { return nil }
            state[1] = .int(index + 1)
            return list.items[index]
        }
        return try (object as? IteratorObject)?.iterator.next()
    }

    /// All items of something that can be looped over.
    public func array(of value: Value, for use: String) throws -> [Value] {
        if let items = value.items { return items }
        if let range = value.object as? RangeObject {
            try ListObject.check(count: range.length)
            return range.values
        }
        guard let iterator = try value.object?.makeIterator(self) else {
            throw Fault("\(use) needs something to loop over, not \(value.described)", kind: "type")
        }
        var result: [Value] = []
        while let next = try iterator.next() {
            try ListObject.check(count: result.count + 1)
            if result.count & 0xFFF == 0 { try checkInterrupt() }
            result.append(next)
        }
        return result
    }

    /// Calls the body with each item of something that can be looped over.
    public func forEach(in value: Value, for use: String, _ body: (Value) throws -> Void) throws {
        if let range = value.object as? RangeObject {
            for index in 0..<range.length {
                if index & 0xFFF == 0 { try checkInterrupt() }
                try body(.int(range.start + index * range.step))
            }
            return
        }
        guard let iterator = try value.object?.makeIterator(self) else {
            throw Fault("\(use) needs something to loop over, not \(value.described)", kind: "type")
        }
        var count = 0
        while let next = try iterator.next() {
            if count & 0xFFF == 0 { try checkInterrupt() }
            count += 1
            try body(next)
        }
    }

    // MARK: - Building

    func extend(_ list: Value, with value: Value, spread: Bool) throws {
        guard let list = list.object as? ListObject else { return }
        if spread {
            list.items += try array(of: value, for: "* in a list")
        } else {
            list.items.append(value)
        }
    }

    func makeMap(_ registers: UnsafeMutablePointer<Value>, pairs: Int) throws -> Value {
        let map = MapObject()
        for pair in 0..<pairs {
            let key = registers[2 * pair]
            try MapObject.check(key: key)
            map[key] = registers[2 * pair + 1]
            registers[2 * pair] = .null
            registers[2 * pair + 1] = .null
        }
        return .object(map)
    }

    func join(_ registers: UnsafeMutablePointer<Value>, count: Int) throws -> Value {
        if let text = Machine.joinedShort(registers, count: count) {
            drop(registers, count: count)
            return text
        }
        var text = ""
        for index in 0..<count {
            let part = registers[index].string ?? registers[index].printed
            try Machine.checkString(bytes: text.utf8.count + part.utf8.count)
            text += part
            registers[index] = .null
        }
        return .string(text)
    }

    /// Whole numbers and strings that are short together, written into one string at once; nil for anything else.
    private static func joinedShort(_ registers: UnsafeMutablePointer<Value>, count: Int) -> Value? {
        var room = 0
        for index in 0..<count {
            switch registers[index] {
            case .int(let number): room += width(of: number)
            case .text(let text): room += text.byteCount
            case .object(let object) where type(of: object) == StringObject.self:
                room += unsafeDowncast(object, to: StringObject.self).text.utf8.count
            default: return nil
            }
        }
        guard room <= 256 else { return nil }
        if room <= 8 {
            var bits: UInt64 = 0
            return withUnsafeMutableBytes(of: &bits) { space in
                let bytes = space.bindMemory(to: UInt8.self)
                let end = write(registers, count: count, to: bytes)
                let text = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(bytes)[..<end])
                return ShortText(validUTF8: text).map { .text($0) } ?? .string(String(decoding: text, as: UTF8.self))
            }
        }
        return .string(
            String(unsafeUninitializedCapacity: room) { write(registers, count: count, to: $0) })
    }

    /// Writes whole numbers and strings one after the other; answers how many bytes they are.
    private static func write(
        _ registers: UnsafeMutablePointer<Value>, count: Int, to buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        var end = 0
        for index in 0..<count {
            switch registers[index] {
            case .int(let number): end += write(number, to: buffer.baseAddress! + end)
            case .text(let text): end += text.write(to: buffer.baseAddress! + end)
            case .object(let object):
                var text = unsafeDowncast(object, to: StringObject.self).text
                text.withUTF8 { bytes in
                    guard let base = bytes.baseAddress else { return }
                    (buffer.baseAddress! + end).update(from: base, count: bytes.count)
                    end += bytes.count
                }
            default: break
            }
        }
        return end
    }

    /// The bytes of a number in decimal digits, its sign with them. A string of exactly so many may need no memory.
    private static func width(of number: Int) -> Int {
        let magnitude = number.magnitude
        var width = number < 0 ? 2 : 1
        var bound: UInt = 10
        while magnitude >= bound {
            width += 1
            if bound > UInt(Int.max) / 10 { break }
            bound *= 10
        }
        return width
    }

    /// Writes the decimal digits of a number; answers how many bytes they are.
    private static func write(_ number: Int, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let count = width(of: number)
        var rest = number.magnitude
        var place = count
        if number < 0 { bytes[0] = UInt8(ascii: "-") }
        repeat {
            place -= 1
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        return count
    }

    /// `+=`: a list on the left grows in place, as in Python; all else is `+`.
    func addInPlace(_ left: Value, _ right: Value) throws -> Value {
        guard case .object(let object) = left, let list = object as? ListObject else {
            return try binary(.add, left, right)
        }
        guard let object = right.object, object is ListObject || object is RangeObject || object is MapObject else {
            return try binary(.add, left, right)
        }
        let items = try array(of: right, for: "+=")
        try ListObject.check(count: list.items.count + items.count)
        list.items += items
        return left
    }

    /// `a, b = value`, with a list of the middle for `*rest`.
    func unpack(_ value: Value, into registers: UnsafeMutablePointer<Value>, count: Int, rest: Int? = nil) throws {
        guard let object = value.object, try object is ListObject || object.makeIterator(self) != nil else {
            throw unpackFailure(value, count: count, found: nil, rest: rest)
        }
        let items = try array(of: value, for: "unpacking")
        if let rest {
            guard items.count >= count - 1 else {
                throw unpackFailure(value, count: count, found: items.count, rest: rest)
            }
            let after = count - rest - 1
            for index in 0..<rest { registers[index] = items[index] }
            registers[rest] = .list(Array(items[rest..<(items.count - after)]))
            for index in 0..<after { registers[rest + 1 + index] = items[items.count - after + index] }
            return
        }
        guard items.count == count else { throw unpackFailure(value, count: count, found: items.count, rest: nil) }
        for (index, item) in items.enumerated() { registers[index] = item }
    }

    private func unpackFailure(_ value: Value, count: Int, found: Int?, rest: Int?) -> Fault {
        guard let found else {
            return Fault("\(value.described) cannot be taken apart into \(counted(count, "name"))", kind: "type")
        }
        let wanted = rest == nil ? counted(count, "name") : "at least \(counted(count - 1, "name"))"
        // A string is seldom meant to be taken apart; it comes from a loop over a map, which gives keys.
        let hint =
            value.string != nil
            ? "this is the string \(value.described); a map's pairs are m.items()"
            : rest == nil && found > count ? "the last name as *rest takes what is left" : nil
        return Fault("\(counted(found, "value")) for \(wanted)", hint: hint, kind: "value")
    }

    // MARK: - Conditions, contexts, models

    /// `left op right` as a condition.
    func condition(_ op: Opcode, _ left: Value, _ right: Value) throws -> Bool {
        let value = try binary(op.binaryOperator, left, right)
        if case .bool(let bool) = value { return bool }
        return try truth(value)
    }

    func enterContext(_ value: Value) throws {
        guard let object = value.object else {
            throw Fault(
                "\(value.described) cannot stand after `with`", hint: "for instance `with no_grad { … }`", kind: "type")
        }
        try object.enter(self)
    }

    func finishModel(
        _ value: Value, methods: UnsafeMutablePointer<Value>, count: Int, _ signature: Signature
    ) throws {
        guard let model = value.object as? any ModelInstance else { return }
        var named: [(name: String, function: Value)] = []
        for index in 0..<count {
            if let function = methods[index].object as? FunctionObject { named.append((function.name, methods[index])) }
            methods[index] = .null
        }
        try model.finish(methods: named, signature: signature)
    }
}

extension Machine {
    /// What a map has under a key; nil for another value, a key that it has not, and one that cannot be a key.
    @inline(never)
    static func mapValue(_ value: Value, _ key: Value) -> Value? {
        guard case .object(let object) = value, type(of: object) == MapObject.self, key.isHashable else { return nil }
        return unsafeDowncast(object, to: MapObject.self)[key]
    }

    /// Puts a value under a key of a map; false for anything but a map and a key.
    @inline(never)
    static func setMapValue(
        at target: UnsafePointer<Value>, _ key: UnsafePointer<Value>, _ value: UnsafePointer<Value>
    ) -> Bool {
        guard let map = Machine.map(at: target), key.pointee.isHashable else { return false }
        map._withUnsafeGuaranteedRef { $0[key.pointee] = value.pointee }
        return true
    }

    /// A map where it lies, without counting a reference.
    @inline(__always)
    private static func map(at place: UnsafePointer<Value>) -> Unmanaged<MapObject>? {
        guard case .object(let object) = place.pointee, type(of: object) == MapObject.self else { return nil }
        return Unmanaged.passUnretained(unsafeDowncast(object, to: MapObject.self))
    }

    /// A script function where it lies, without counting a reference.
    @inline(__always)
    static func function(at place: UnsafePointer<Value>, type: ObjectIdentifier) -> Unmanaged<FunctionObject>? {
        guard case .object(let object) = place.pointee, ObjectIdentifier(Swift.type(of: object)) == type else {
            return nil
        }
        return Unmanaged.passUnretained(unsafeDowncast(object, to: FunctionObject.self))
    }

    /// A builtin where it lies, without counting a reference.
    @inline(__always)
    static func builtin(at place: UnsafePointer<Value>, type builtinType: ObjectIdentifier) -> Unmanaged<Builtin>? {
        guard case .object(let object) = place.pointee, ObjectIdentifier(type(of: object)) == builtinType else {
            return nil
        }
        return Unmanaged.passUnretained(unsafeDowncast(object, to: Builtin.self))
    }
}

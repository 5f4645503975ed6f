/// Numbers by strings of bytes: an open hash table that is asked with a pointer, so that a look-up allocates nothing.
struct ByteTable {
    private var bytes: [UInt8] = []
    private var slots: [Slot]
    private(set) var count = 0

    private struct Slot {
        var start: Int32 = -1
        var length: Int32 = 0
        var hash: UInt32 = 0
        var value: Int32 = 0
    }

    init(minimumCapacity: Int = 16) {
        var capacity = 16
        while capacity < minimumCapacity * 2 { capacity *= 2 }
        slots = Array(repeating: Slot(), count: capacity)
    }

    @inline(__always)
    private static func hash(_ key: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        // FNV-1a over bytes, mixed at the end.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for i in 0..<length { hash = (hash ^ UInt64(key[i])) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    /// The number of a key; nil when it is not there.
    @inline(__always)
    func value(_ key: UnsafePointer<UInt8>, _ length: Int) -> Int32? {
        let hash = ByteTable.hash(key, length)
        return slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var place = Int(hash) & mask
            while slots[place].start >= 0 {
                if slots[place].hash == hash, Int(slots[place].length) == length, isEqual(slots[place], key) {
                    return slots[place].value
                }
                place = (place + 1) & mask
            }
            return nil
        }
    }

    func value(_ key: [UInt8]) -> Int32? {
        key.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { value($0, buffer.count) } ?? (buffer.isEmpty ? empty : nil)
        }
    }

    /// The number of the empty string, which has no address.
    private var empty: Int32?

    @inline(__always)
    private func isEqual(_ slot: Slot, _ key: UnsafePointer<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            for i in 0..<Int(slot.length) where bytes[Int(slot.start) + i] != key[i] { return false }
            return true
        }
    }

    /// Puts a key in; one that is there already gets the new number.
    mutating func insert(_ key: UnsafePointer<UInt8>, _ length: Int, _ value: Int32) {
        if length == 0 {
            empty = value
            return
        }
        if (count + 1) * 2 > slots.count { grow() }
        let hash = ByteTable.hash(key, length)
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while slots[place].start >= 0 {
            if slots[place].hash == hash, Int(slots[place].length) == length, isEqual(slots[place], key) {
                slots[place].value = value
                return
            }
            place = (place + 1) & mask
        }
        slots[place] = Slot(start: Int32(bytes.count), length: Int32(length), hash: hash, value: value)
        bytes.append(contentsOf: UnsafeBufferPointer(start: key, count: length))
        count += 1
    }

    mutating func insert(_ key: some Collection<UInt8>, _ value: Int32) {
        let key = Array(key)
        key.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { insert(base, buffer.count, value) } else { empty = value }
        }
    }

    /// Takes everything out and keeps the room.
    mutating func removeAll() {
        for place in slots.indices { slots[place].start = -1 }
        bytes.removeAll(keepingCapacity: true)
        (count, empty) = (0, nil)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.start >= 0 {
            var place = Int(slot.hash) & mask
            while slots[place].start >= 0 { place = (place + 1) & mask }
            slots[place] = slot
        }
    }
}

import CZlib

/// Pixels as a PNG file: 8 bits a channel, RGB or RGBA. Source: PNG specification, third edition.
enum PNG {
    static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        precondition(pixels.count == width * height * channels)
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
        func add(_ type: String, _ data: [UInt8]) {
            let body = Array(type.utf8) + data
            file += big(data.count) + body + big(Int(crc32(0, body, UInt32(body.count))))
        }
        add("IHDR", big(width) + big(height) + [8, channels == 4 ? 6 : 2, 0, 0, 0])
        // Each row says how it is filtered: not at all.
        var rows: [UInt8] = []
        rows.reserveCapacity((width * channels + 1) * height)
        for row in 0..<height {
            rows.append(0)
            rows += pixels[(row * width * channels)..<((row + 1) * width * channels)]
        }
        var size = compressBound(UInt(rows.count))
        var packed = [UInt8](repeating: 0, count: Int(size))
        compress2(&packed, &size, rows, UInt(rows.count), 9)
        add("IDAT", Array(packed[..<Int(size)]))
        add("IEND", [])
        return file
    }
}

import KernelTable

extension RealLoops {
    /// The outputs whose tap j lies inside: those o with 0 ≤ o · stride + offset < length, cut to 0..<outputs.
    @inline(__always) private static func inside(
        offset: Int, stride: Int, length: Int, outputs: Int
    ) -> (first: Int, end: Int) {
        let first = offset >= 0 ? 0 : (stride &- 1 &- offset) / stride
        let end = length > offset ? (length &- offset &+ stride &- 1) / stride : 0
        let bounded = Swift.min(end, outputs)
        return (Swift.min(first, bounded), bounded)
    }

    static func im2col1D(_ x: Input, _ out: Output, channels: Int, length: Int, window w: Window1D) {
        let outputs = w.outputLength(length)
        for c in 0..<channels {
            let source = x + c &* length
            for j in 0..<w.kernel {
                let target = out + (c &* w.kernel &+ j) &* outputs
                let offset = j &* w.dilation &- w.padding
                let (first, end) = inside(offset: offset, stride: w.stride, length: length, outputs: outputs)
                fill(target, with: 0, count: first)
                if w.stride == 1 {
                    (target + first).update(from: source + (first &+ offset), count: end &- first)
                } else {
                    for o in first..<end { target[o] = source[o &* w.stride &+ offset] }
                }
                fill(target + end, with: 0, count: outputs &- end)
            }
        }
    }

    static func col2im1D(_ columns: Input, _ x: Output, channels: Int, length: Int, window w: Window1D) {
        let outputs = w.outputLength(length)
        for c in 0..<channels {
            let target = x + c &* length
            for j in 0..<w.kernel {
                let source = columns + (c &* w.kernel &+ j) &* outputs
                let offset = j &* w.dilation &- w.padding
                let (first, end) = inside(offset: offset, stride: w.stride, length: length, outputs: outputs)
                if w.stride == 1 {
                    addInPlace(source + first, target + (first &+ offset), count: end &- first)
                } else {
                    for o in first..<end { target[o &* w.stride &+ offset] += source[o] }
                }
            }
        }
    }

    static func maxPoolRows(
        _ x: Input, _ out: Output, indices: UnsafeMutablePointer<Int64>, rows: Int, length: Int, window w: Window1D
    ) {
        let outputs = w.outputLength(length)
        for r in 0..<rows {
            let (source, start) = (x + r &* length, r &* outputs)
            for o in 0..<outputs {
                let origin = o &* w.stride &- w.padding
                var best = -Scalar.infinity
                var position = -1
                for j in 0..<w.kernel {
                    let i = origin &+ j &* w.dilation
                    guard i >= 0, i < length else { continue }
                    let value = source[i]
                    if position < 0 || value > best || (value.isNaN && !best.isNaN) {
                        best = value
                        position = i
                    }
                }
                out[start &+ o] = best
                indices[start &+ o] = Int64(Swift.max(position, 0))
            }
        }
    }

    static func maxPoolBackwardRows(
        gradient: Input, indices: UnsafePointer<Int64>, _ dx: Output, rows: Int, length: Int, outputLength: Int
    ) {
        for r in 0..<rows {
            for o in 0..<outputLength {
                let k = r &* outputLength &+ o
                dx[r &* length &+ Int(indices[k])] += gradient[k]
            }
        }
    }
}

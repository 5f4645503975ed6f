import KernelTable

/// One axis of a convolution.
struct ConvolutionAxis {
    let size: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    let dilation: Int
    /// The number of places of the kernel; 0 when it does not fit.
    let output: Int

    init(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) {
        (self.size, self.kernel, self.stride, self.padding, self.dilation) = (size, kernel, stride, padding, dilation)
        let (_, overflows) = dilation.multipliedReportingOverflow(by: Swift.max(kernel - 1, 0))
        let window = Window1D(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
        output = overflows || kernel == 0 ? 0 : window.outputLength(size)
    }
}

/// The geometry of a convolution, and its patches laid out as the columns of a matrix.
///
/// Channels and outputs are those of one group. An image is [channels, height, width], its columns are
/// [channels · Kh · Kw, Ho · Wo].
struct ConvolutionWindow {
    let batch: Int
    let groups: Int
    let channels: Int
    let outputs: Int
    let height: ConvolutionAxis
    let width: ConvolutionAxis

    var inputShape: [Int] { [batch, groups * channels, height.size, width.size] }
    var outputShape: [Int] { [batch, groups * outputs, height.output, width.output] }
    var weightShape: [Int] { [groups * outputs, channels, height.kernel, width.kernel] }
    /// Elements of one image of one group.
    var imageSize: Int { channels * height.size * width.size }
    /// Rows of the columns' matrix.
    var patch: Int { channels * height.kernel * width.kernel }
    /// Its columns.
    var places: Int { height.output * width.output }

    private var isFlat: Bool { height.size == 1 && height.kernel == 1 && height.padding == 0 && height.stride == 1 }

    private var line: Window1D {
        Window1D(kernel: width.kernel, stride: width.stride, padding: width.padding, dilation: width.dilation)
    }

    /// Lays out the patches of one image; zeros where the kernel reaches outside.
    func fill<S: Real>(_ columns: UnsafeMutablePointer<S>, from image: UnsafePointer<S>) {
        if isFlat {
            return S.loops.im2col1D(image, columns, channels: channels, length: width.size, window: line)
        }
        forEachRow { row, source, columnRange, first in
            let target = columns + row * width.output
            guard let source, !columnRange.isEmpty else {
                return S.loops.fill(target, with: 0, count: width.output)
            }
            S.loops.fill(target, with: 0, count: columnRange.lowerBound)
            let from = image + source + first
            if width.stride == 1 {
                (target + columnRange.lowerBound).update(from: from, count: columnRange.count)
            } else {
                for i in 0..<columnRange.count { target[columnRange.lowerBound + i] = from[i * width.stride] }
            }
            S.loops.fill(target + columnRange.upperBound, with: 0, count: width.output - columnRange.upperBound)
        }
    }

    /// The transpose of `fill`: adds each patch to its place in the image.
    func add<S: Real>(_ columns: UnsafePointer<S>, to image: UnsafeMutablePointer<S>) {
        if isFlat {
            return S.loops.col2im1D(columns, image, channels: channels, length: width.size, window: line)
        }
        forEachRow { row, source, columnRange, first in
            guard let source, !columnRange.isEmpty else { return }
            let from = columns + row * width.output + columnRange.lowerBound
            let to = image + source + first
            if width.stride == 1 {
                S.loops.addInPlace(from, to, count: columnRange.count)
            } else {
                for i in 0..<columnRange.count { to[i * width.stride] += from[i] }
            }
        }
    }

    /// Every run of Wo numbers of the columns: its number, the image's row it reads (nil outside), the part of the run
    /// that lies inside, and the image's column of that part's first number.
    private func forEachRow(_ body: (_ row: Int, _ source: Int?, _ inside: Range<Int>, _ first: Int) -> Void) {
        var row = 0
        for channel in 0..<channels {
            for kh in 0..<height.kernel {
                for kw in 0..<width.kernel {
                    let shift = kw * width.dilation - width.padding
                    let start = shift >= 0 ? 0 : (-shift + width.stride - 1) / width.stride
                    let reach = width.size - 1 - shift
                    let end = reach < 0 ? 0 : min(width.output, reach / width.stride + 1)
                    let inside = min(start, width.output)..<max(min(start, width.output), end)
                    for oh in 0..<height.output {
                        let y = oh * height.stride - height.padding + kh * height.dilation
                        let isInside = y >= 0 && y < height.size
                        body(
                            row, isInside ? (channel * height.size + y) * width.size : nil, inside,
                            inside.lowerBound * width.stride + shift)
                        row += 1
                    }
                }
            }
        }
    }

    /// Memory for `count` workers: the columns, and what a product of the given sizes needs.
    func scratch<S: Real>(
        _: S.Type, count: Int, sizes: (m: Int, n: Int, k: Int)
    ) throws -> (tensor: Tensor, start: (Int) -> UnsafeMutablePointer<S>) {
        // A plan looks at sizes and strides; for these the transposed operands are asked about too.
        let any = UnsafeMutablePointer<S>(bitPattern: 64)!
        var needed = 0
        for turned in [(false, false), (true, false), (false, true)] {
            let plan = S.loops.matmulPlan(
                MatmulProblem(
                    m: sizes.m, n: sizes.n, k: sizes.k, a: any, transposeA: turned.0, b: any, transposeB: turned.1,
                    c: any))
            needed = max(needed, plan.packedCount + plan.scratchCount)
        }
        // Whole cache lines for each worker.
        let each = (patch * places + needed + 31) / 16 * 16
        let tensor = try Tensor(uninitialized: [count, each], S.dtype)
        let base = tensor.pointer(S.self)
        return (tensor, { base + $0 * each })
    }

    /// Runs `body` for every image of the batch on all threads, with memory of its own.
    func forEachImage<S: Real>(
        _: S.Type, sizes: (m: Int, n: Int, k: Int),
        _ body: (_ image: Int, _ columns: UnsafeMutablePointer<S>, _ scratch: UnsafeMutablePointer<S>) -> Void
    ) throws {
        let workers = max(1, min(batch, 4 * ThreadPool.size))
        let memory = try scratch(S.self, count: workers, sizes: sizes)
        defer { withExtendedLifetime(memory.tensor) {} }
        // Images do not depend on each other, so how they are shared out does not change the result.
        try ThreadPool.parallel(chunks: workers) { worker in
            let columns = memory.start(worker)
            for image in stride(from: worker, to: batch, by: workers) {
                body(image, columns, columns + patch * places)
            }
        }
    }

    /// C = A · B + beta · C on this thread.
    func multiply<S: Real>(
        m: Int, n: Int, k: Int, a: UnsafePointer<S>, transposeA: Bool = false, b: UnsafePointer<S>,
        transposeB: Bool = false, c: UnsafeMutablePointer<S>, beta: S = 0, _ scratch: UnsafeMutablePointer<S>
    ) {
        let problem = MatmulProblem(
            m: m, n: n, k: k, a: a, transposeA: transposeA, b: b, transposeB: transposeB, c: c, beta: beta)
        S.loops.matmul(problem, S.loops.matmulPlan(problem), scratch)
    }
}

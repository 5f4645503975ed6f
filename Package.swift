// swift-tools-version: 6.1
import PackageDescription

/// Kernels are optimised in debug builds too: a tensor library at -Onone is too slow to test.
/// `-Xcc -march=…` is what changes Swift's own code generation; `-Ounchecked` is not used. `KD_AVX2` and `KD_AVX512` tell
/// the loops how wide a vector is and that a fused multiply-add is an instruction. On other processors all three targets
/// are the portable one.
func kernelSettings(_ architecture: String?, define name: String? = nil) -> [SwiftSetting] {
    var always: [String] = []
    #if arch(x86_64)
        if let architecture, let name { always = ["-Xcc", "-march=\(architecture)", "-D\(name)"] }
    #endif
    return [
        .unsafeFlags(["-O"] + always, .when(configuration: .debug)),
        .unsafeFlags(always, .when(configuration: .release)),
    ]
}

/// Scripts and tensors are used by one thread at a time, so the checks that a variable is not read while it changes, made at
/// run time in a class, cost the interpreter a tenth and find nothing: tests run with them.
let trusted: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let package = Package(
    name: "kd",
    products: [.executable(name: "kd", targets: ["kd"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Loops over floats: one source folder, one build for each instruction set.
        .target(name: "CIntrinsics"),
        .target(name: "KernelTable"),
        .target(name: "Kernels", dependencies: ["CIntrinsics", "KernelTable"], swiftSettings: kernelSettings(nil)),
        .target(
            name: "KernelsAVX2", dependencies: ["CIntrinsics", "KernelTable"],
            swiftSettings: kernelSettings("x86-64-v3", define: "KD_AVX2")),
        .target(
            name: "KernelsAVX512", dependencies: ["CIntrinsics", "KernelTable"],
            swiftSettings: kernelSettings("x86-64-v4", define: "KD_AVX512")),

        .target(
            name: "Tensors",
            dependencies: ["CIntrinsics", "KernelTable", "Kernels", "KernelsAVX2", "KernelsAVX512"],
            swiftSettings: trusted),
        .target(
            name: "Networks",
            dependencies: ["Tensors", .product(name: "OrderedCollections", package: "swift-collections")]),
        .target(
            name: "Distillation",
            dependencies: ["Networks", .product(name: "OrderedCollections", package: "swift-collections")]),
        .target(
            name: "Language", dependencies: [.product(name: "OrderedCollections", package: "swift-collections")],
            swiftSettings: trusted),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Figures", dependencies: ["CZlib"]),
        .target(
            name: "Library", dependencies: ["Language", "Distillation", "Figures"],
            resources: [.embedInCode("stdlib")], swiftSettings: trusted),

        // Debian's packages hold the libraries; their descriptions for pkg-config drag in options that Swift refuses.
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "Jupyter", dependencies: ["Library", "Figures", "CZeroMQ", "CSodium"]),

        .systemLibrary(
            name: "CMarkGFM", providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .target(
            name: "Notebooks",
            dependencies: [
                "Library", "Language", "Distillation", "Networks", "Tensors", "CMarkGFM",
                .product(name: "Yams", package: "Yams"),
            ]),

        .systemLibrary(name: "CLibEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CEdit", dependencies: ["CLibEdit"]),
        .executableTarget(
            name: "kd",
            dependencies: [
                "Library", "Language", "Networks", "Jupyter", "Notebooks", "CEdit", "CIntrinsics",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Measurements for developers, started by scripts/bench; not a product.
        .executableTarget(
            name: "kd-bench", dependencies: ["Library", "Networks", "Tensors", "KernelTable"], path: "Sources/Bench"),

        .testTarget(
            name: "KernelsTests",
            dependencies: ["CIntrinsics", "Kernels", "KernelsAVX2", "KernelsAVX512", "KernelTable"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CIntrinsics"], exclude: ["Fixtures"]),
        .testTarget(name: "NetworksTests", dependencies: ["Networks"], exclude: ["Fixtures"]),
        .testTarget(name: "DistillationTests", dependencies: ["Distillation"], exclude: ["Fixtures"]),
        .testTarget(name: "LanguageTests", dependencies: ["Language"], exclude: ["Snapshots", "Scripts"]),
        .testTarget(
            name: "LibraryTests", dependencies: ["Library", "Tensors"], exclude: ["Snapshots", "Fixtures", "Scripts"]),
        .testTarget(name: "FiguresTests", dependencies: ["Figures", "CZlib"]),
        .testTarget(name: "NotebooksTests", dependencies: ["Notebooks", "Language", "Networks"]),
        .testTarget(name: "JupyterTests", dependencies: ["Jupyter", "Networks"]),
        .testTarget(name: "ProgramTests", dependencies: ["kd"]),
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// What is fuzzed is built apart, by `scripts/test --fuzz`, with libFuzzer.
let fuzzer: [Target] =
  Context.environment["KFLOWTRACE_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Tests/Fuzzer", swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
  ]

let package = Package(
  name: "kflowtrace",
  products: [.executable(name: "kflowtrace", targets: ["kflowtrace"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .systemLibrary(name: "CEvent"),
    .systemLibrary(name: "CNode"),
    .systemLibrary(
      name: "CLibbpf", pkgConfig: "libbpf",
      providers: [.apt(["libbpf-dev", "libelf-dev", "linux-libc-dev"])]),

    // The BPF programs: a build-tool plugin runs bpfembed, which runs clang.
    .executableTarget(name: "bpfembed", swiftSettings: strict),
    .plugin(
      name: "EmbedBPF", capability: .buildTool(), dependencies: ["bpfembed"],
      path: "Sources/EmbedBPF"),
    library("Merging", ["FlowModel", "FlowCorrelation", "Diagnosis", "Recording"]),
    // The page of `export --format html`: joined from Sources/Export/Page by pageembed.
    .executableTarget(name: "pageembed", swiftSettings: strict),
    .plugin(
      name: "EmbedPage", capability: .buildTool(), dependencies: ["pageembed"],
      path: "Sources/EmbedPage"),

    library("Privileges", ["CNode"]),
    library("Processes"),
    library("FlowModel"),
    .target(
      name: "KernelTracing",
      dependencies: ["FlowModel", "CEvent", "CLibbpf", "CNode", "Privileges", "Processes"],
      swiftSettings: strict, plugins: ["EmbedBPF"]),
    library("ServiceCatalog", ["FlowModel", "CNode", "Privileges", "Processes"]),
    library("FlowCorrelation", ["FlowModel"]),
    library("Diagnosis", ["FlowModel"]),
    library("Rendering", ["FlowModel", "FlowCorrelation", "Diagnosis", "Recording"]),
    library("Recording", ["FlowModel", "FlowCorrelation", "Diagnosis", "Processes"]),
    .target(
      name: "Export", dependencies: ["FlowModel", "Diagnosis", "Recording"], exclude: ["Page"],
      swiftSettings: strict, plugins: ["EmbedPage"]),
    .executableTarget(
      name: "kflowtrace",
      dependencies: [
        "FlowModel", "KernelTracing", "ServiceCatalog", "FlowCorrelation", "Diagnosis",
        "Rendering", "Recording", "Export", "Merging", "Privileges",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Measures what is behind the ring buffer; no part of what is shipped.
    .executableTarget(
      name: "streambench",
      dependencies: [
        "CEvent", "FlowModel", "KernelTracing", "FlowCorrelation", "Diagnosis", "Recording",
        "Merging", "FlowFixtures",
      ],
      swiftSettings: strict),

    // Flows for the tests of more than one target.
    .target(
      name: "FlowFixtures", dependencies: ["FlowModel", "FlowCorrelation", "Diagnosis"],
      path: "Tests/FlowFixtures", swiftSettings: strict),
    // What reads input that others wrote, a function for each kind of it.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "FlowModel", "KernelTracing", "ServiceCatalog", "FlowCorrelation", "Diagnosis", "Rendering",
        "Recording", "Export", "Merging", "FlowFixtures",
      ], path: "Tests/FuzzTargets", swiftSettings: strict),
    tests("FuzzTests", ["FuzzTargets"]),
    tests("FlowModelTests", ["FlowModel", "FlowFixtures"]),
    tests("ServiceCatalogTests", ["ServiceCatalog", "FlowModel"]),
    tests("PrivilegesTests", ["Privileges"]),
    tests("KernelTracingTests", ["KernelTracing", "FlowModel", "CEvent"]),
    tests("FlowCorrelationTests", ["FlowCorrelation", "FlowFixtures", "FlowModel"]),
    tests("DiagnosisTests", ["Diagnosis", "FlowFixtures", "FlowModel"]),
    tests(
      "RenderingTests", ["Rendering", "Recording", "FlowFixtures", "Diagnosis", "FlowModel"]),
    tests("RecordingTests", ["Recording", "FlowFixtures", "Diagnosis", "FlowModel"]),
    tests("MergingTests", ["Merging", "Recording", "FlowFixtures", "Diagnosis", "FlowModel"]),
    tests("ExportTests", ["Export", "Recording", "FlowFixtures", "Diagnosis", "FlowModel"]),
    tests("KernelLabTests", []),
  ] + fuzzer
)

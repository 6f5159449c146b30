import Foundation
import PackagePlugin

/// Compiles bpf/ and hands the object to the compiler as one Swift source.
@main struct EmbedBPF: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = context.package.directoryURL.appending(path: "bpf")
    let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path())
      .filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }.sorted()
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedObject.swift")
    return [
      .buildCommand(
        displayName: "Compiling BPF programs",
        executable: try context.tool(named: "bpfembed").url,
        arguments: [
          folder.appending(path: "kflowtrace.bpf.c").path(), output.path(),
        ],
        inputFiles: sources.map { folder.appending(path: $0) },
        outputFiles: [output])
    ]
  }
}

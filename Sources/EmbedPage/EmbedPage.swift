import Foundation
import PackagePlugin

/// Joins the page's HTML, CSS and JavaScript and hands them to the compiler as one Swift source.
@main struct EmbedPage: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let folder = context.package.directoryURL.appending(path: "Sources/Export/Page")
    let parts = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedPage.swift")
    return [
      .buildCommand(
        displayName: "Embedding the page",
        executable: try context.tool(named: "pageembed").url,
        arguments: [folder.appending(path: "page.html").path(), output.path()],
        inputFiles: parts.map { folder.appending(path: $0) },
        outputFiles: [output])
    ]
  }
}

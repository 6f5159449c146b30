import Foundation
import Testing

/// scripts/browse: a page in a real browser.
struct Browser {
  /// What it was at the end.
  struct End: Decodable {
    /// ms until the page was there.
    var loaded: Int
    var console: [String]
    var requests: [String]
  }

  /// The values of `eval` steps, as JSON.
  var values: [String]
  var end: End

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Emulated machines have no time for a browser.
  static let isThere = ProcessInfo.processInfo.environment["KFLOWTRACE_VM"] == nil

  /// Opens a page and does the steps, one a line.
  init(_ page: String, _ steps: String) throws {
    let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "kft-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String, _ text: String) throws -> URL {
      let url = folder.appending(path: name)
      try Data(text.utf8).write(to: url)
      return url
    }
    let process = Process()
    process.executableURL = Self.root.appending(path: "scripts/browse")
    process.arguments = [
      try file("page.html", page).path(), try file("steps", steps).path(),
    ]
    let output = try file("out", "")
    let errors = try file("err", "")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let said = try String(contentsOf: errors, encoding: .utf8)
    try #require(process.terminationStatus == 0, "\(said)")
    let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
      .map(String.init)
    let last = try #require(lines.last)
    values = lines.dropLast()
    end = try JSONDecoder().decode(End.self, from: Data(last.utf8))
  }

  /// A value that is a number.
  func number(_ i: Int) throws -> Double { try #require(Double(values[i])) }
}

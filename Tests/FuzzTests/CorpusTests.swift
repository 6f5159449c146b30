import Foundation
import FuzzTargets
import Testing

/// Every input of Tests/Corpus once: samples, and what once crashed, hung or got through.
@Suite struct CorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Corpus")

  @Test("the corpus", arguments: FuzzTarget.all.map(\.name)) func replay(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.folder.appending(path: name), includingPropertiesForKeys: nil)
    try #require(!files.isEmpty)
    for file in files.sorted(by: { $0.path() < $1.path() }) {
      let bytes = [UInt8](try Data(contentsOf: file))
      let begin = ContinuousClock.now
      target.run(bytes)
      // a hang, not a slow machine
      #expect(begin.duration(to: .now) < .seconds(20), "\(file.lastPathComponent)")
    }
  }
}

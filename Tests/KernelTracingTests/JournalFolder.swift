import Foundation
import Glibc

/// The tracer's folder in /run, kept in being while this lives; what is added to it goes with it.
final class JournalFolder {
  private static let path = "/run/kflowtrace"
  private var names: [String] = []

  /// A file of this process keeps others that sweep from removing the folder.
  init() throws { try add("\(getpid()).1.\(UInt32.random(in: 1 << 30...(.max))).0") }

  deinit {
    for name in names { unsafe unlink("\(Self.path)/\(name)") }
    unsafe rmdir(Self.path)
  }

  func add(_ name: String) throws {
    names.append(name)
    for _ in 0..<100 {
      unsafe mkdir(Self.path, 0o700)
      let made = FileManager.default.createFile(
        atPath: "\(Self.path)/\(name)", contents: Data("junk\n".utf8))
      if made { return }
    }
    throw CommandFailure(description: "cannot make \(Self.path)/\(name)")
  }

  func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(Self.path)/\(name)")
  }
}

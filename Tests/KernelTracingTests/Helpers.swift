import Foundation
import Glibc

/// Bytes from hex with `#` comments to the line's end.
func hex(_ text: String) -> [UInt8] {
  let digits = text.split(separator: "\n").flatMap { line in
    line.prefix { $0 != "#" }.compactMap(\.hexDigitValue)
  }
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
}

/// A repeatable source of numbers: a failure can be run again.
struct Numbers: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

let isRoot = geteuid() == 0

struct CommandFailure: Error, CustomStringConvertible {
  var description: String
}

/// Runs a command that leaves no process behind; its standard output. Throws on failure.
@discardableResult
func run(_ command: String...) throws -> String {
  let path = NSTemporaryDirectory() + "utb-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: path) }
  _ = FileManager.default.createFile(atPath: path, contents: nil)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = command
  let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  process.standardOutput = file
  process.standardError = file
  try process.run()
  process.waitUntilExit()
  try file.close()
  let output = try String(contentsOfFile: path, encoding: .utf8)
  guard process.terminationStatus == 0 else {
    throw CommandFailure(description: "\(command): \(process.terminationStatus)\n\(output)")
  }
  return output
}

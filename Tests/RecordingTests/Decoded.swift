import Foundation
import Recording

struct PythonFailure: Error {
  var text: String
}

/// Runs Python on some input; its output.
func python(_ script: String, _ input: String) throws -> String {
  try python("python3", script, input)
}

/// Runs the system's Python, which has Debian's packages.
func systemPython(_ script: String, _ input: String) throws -> String {
  try python("/usr/bin/python3", script, input)
}

private func python(_ name: String, _ script: String, _ input: String) throws -> String {
  let base = NSTemporaryDirectory() + "utb-\(UUID().uuidString)"
  defer {
    for name in [".in", ".out"] { try? FileManager.default.removeItem(atPath: base + name) }
  }
  try Data(input.utf8).write(to: URL(fileURLWithPath: base + ".in"))
  try Data().write(to: URL(fileURLWithPath: base + ".out"))
  let output = try FileHandle(forWritingTo: URL(fileURLWithPath: base + ".out"))
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [name, "-c", script]
  process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: base + ".in"))
  process.standardOutput = output
  process.standardError = output
  try process.run()
  process.waitUntilExit()
  let text = try String(contentsOfFile: base + ".out", encoding: .utf8)
  guard process.terminationStatus == 0 else { throw PythonFailure(text: text) }
  return text
}

/// A JSON value to look into.
enum JSON: Decodable, Equatable {
  case object([String: JSON])
  case array([JSON])
  case text(String)
  case integer(UInt64)
  case flag(Bool)
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode([String: JSON].self) {
      self = .object(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .integer(value)
    } else {
      self = .other
    }
  }

  static func parse(_ text: String) throws -> JSON {
    try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
  }

  subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  subscript(index: Int) -> JSON? {
    if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
  }

  var keys: Set<String> {
    if case .object(let members) = self { Set(members.keys) } else { [] }
  }

  var text: String? { if case .text(let value) = self { value } else { nil } }
  var integer: UInt64? { if case .integer(let value) = self { value } else { nil } }
  var count: Int { if case .array(let items) = self { items.count } else { 0 } }
}

/// The line `--json` prints.
func line(_ flow: FlowRecord) -> String {
  var lines = RecordLines()
  lines.append(flow)
  return String(decoding: lines.bytes, as: UTF8.self)
}

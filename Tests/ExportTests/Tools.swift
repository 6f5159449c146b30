import Diagnosis
import Export
import FlowFixtures
import FlowModel
import Foundation
import Recording
import Testing

/// Programs that read what we export.
enum Tools {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path()

  static let python = "\(root)/.build/python/bin/python3"

  /// scripts/setup export installs them.
  static var isReady: Bool {
    ["/usr/bin/tshark", python].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Runs a command; its output.
  static func run(_ command: String...) throws -> String {
    let process = Process()
    let output = Pipe()
    let errors = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let error = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(command.first ?? ""): \(process.terminationStatus)\n\(error)")
    }
    return text
  }

  /// What a validator found in an export: numbers by name, texts.
  struct Findings {
    let members: [String: Any]

    func count(_ names: String...) -> Int {
      var value: Any? = members
      for name in names { value = (value as? [String: Any])?[name] }
      return value as? Int ?? 0
    }

    func texts(_ name: String) -> [String] { members[name] as? [String] ?? [] }
  }

  /// Has Tests/Validators/NAME.py look at an export, with the recording it is of if it asks for that.
  static func validate(
    _ name: String, _ export: [UInt8], recording: [UInt8]? = nil
  ) throws -> Findings {
    let base = NSTemporaryDirectory() + "kft-\(UUID().uuidString)"
    defer {
      for end in [".in", ".out"] { try? FileManager.default.removeItem(atPath: base + end) }
    }
    try Data(export).write(to: URL(filePath: base + ".out"))
    let script = "\(root)/Tests/Validators/\(name).py"
    let text: String
    if let recording {
      try Data(recording).write(to: URL(filePath: base + ".in"))
      text = try run(python, script, base + ".in", base + ".out")
    } else {
      text = try run(python, script, base + ".out")
    }
    let members = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return Findings(members: try #require(members))
  }
}

/// A recording in memory.
struct Tape {
  private(set) var lines = RecordLines()
  private(set) var records: [Record] = []
  var node = SampleNode()

  mutating func append(_ header: HeaderRecord) {
    lines.append(header)
    records.append(.header(header))
  }

  mutating func append(_ flow: FlowRecord) {
    lines.append(flow)
    records.append(.flow(flow))
  }

  /// Through the line that a recording has of it.
  mutating func append(_ event: Event) throws {
    var line = RecordLines()
    line.append(event, on: node)
    lines.append(event, on: node)
    records.append(
      .event(try JSONDecoder().decode(EventRecord.self, from: Data(line.bytes))))
  }

  /// As `kflowtrace export` does it.
  func export(
    _ format: ExportFormat, isWanted: (FlowRecord) -> Bool = { _ in true },
    isFiltered: Bool = false
  ) -> [UInt8] {
    var exporter = format.exporter(isFiltered: isFiltered)
    var retold = Retold()
    var header: HeaderRecord?
    for record in records {
      if case .header(let new) = record { header = new }
      if case .flow(let flow) = record {
        retold.learn(flow, header)
        exporter.learn(flow, header, isWanted: isWanted(flow))
      }
    }
    header = nil
    var result: [UInt8] = []
    for record in records {
      if case .header(let new) = record { header = new }
      if case .flow(let flow) = record, retold.takesBack(flow, header) || !isWanted(flow) {
        continue
      }
      result += exporter.add(record, header)
    }
    return result + exporter.end()
  }
}

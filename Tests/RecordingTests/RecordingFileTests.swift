import Diagnosis
import FlowFixtures
import FlowModel
import Foundation
import Glibc
import Recording
import Testing

/// A folder that is gone after the test.
private final class Folder {
  let path = NSTemporaryDirectory() + "kft-recording-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

@Suite struct RecordingFileTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func flow(_ port: UInt16 = 43122) throws -> FlowRecord {
    var sample = SampleFlow(clientPort: port)
    sample.dropped(0)
    return FlowRecord(try #require(sample.flow()), policyDrop, on: SampleNode())
  }

  private var header: HeaderRecord {
    HeaderRecord(
      version: "0.1.0", node: "node1", kernel: "6.12.0", backend: "netfilter",
      namespaces: ["node1"], selection: "default/web",
      clock: HeaderRecord.Clock(boottime: 5_000_000_000, realtime: 1_700_000_000_000_000_000),
      services: [
        HeaderRecord.ServiceRecord(
          service: "default/web", port: "http", transport: "tcp",
          frontends: [Peer(Endpoint(Address(v4: 0x0a60_0032), 80))], nodePort: 30080,
          endpoints: [Peer(Endpoint(Address(v4: 0x0af4_0208), 8080))])
      ])
  }

  private func lines() throws -> [UInt8] {
    var sample = SampleFlow()
    sample.tunnelled(0)
    sample.dropped(100)
    var lines = RecordLines()
    lines.append(header)
    for event in sample.events { lines.append(event, on: SampleNode()) }
    lines.append(try flow())
    var summary = Summary()
    summary.add(try flow())
    lines.append(summary.record(duration: 12, eventsLost: 3))
    return lines.bytes
  }

  private func read(_ path: String) throws -> (records: [Record], damage: [String]) {
    let reader = try RecordingReader(path: path, events: true)
    var records: [Record] = []
    var damage: [String] = []
    while true {
      do {
        guard let line = try reader.next() else { break }
        if let record = line.record { records.append(record) }
      } catch let error as RecordingReader.Damage {
        damage.append("\(error.number): \(error.reason)")
      }
    }
    return (records, damage)
  }

  @Test("what is written is read back", arguments: ["a.json", "a.json.gz", "a.json.zst"])
  func roundTrip(_ name: String) throws {
    let path = folder.file(name)
    let writer = try RecordingWriter(path: path, isForced: false)
    let lines = try lines()
    try writer.write(lines)
    try writer.finish()
    let (records, damage) = try read(path)
    #expect(damage.isEmpty)
    var again = RecordLines()
    var events = 0
    for record in records {
      switch record {
      case .header(let header): again.append(header)
      case .flow(let flow): again.append(flow)
      case .summary(let summary): again.append(summary)
      case .event(let event):
        events += 1
        #expect(event.tuple.source.description == "10.244.1.5:43122")
      }
    }
    let text = String(decoding: lines, as: UTF8.self).split(separator: "\n")
    let told = String(decoding: again.bytes, as: UTF8.self).split(separator: "\n")
    #expect(told == text.filter { !$0.contains("\"type\":\"event\"") })
    #expect(events == text.count - told.count && events > 5)
    let plain = try Data(contentsOf: URL(fileURLWithPath: path)) == Data(lines)
    #expect(plain == (name == "a.json"), "compressed if the name says so")
  }

  @Test("only its owner reads it, and it is not replaced unless that is asked for") func owner()
    throws
  {
    let path = folder.file("a.json")
    let old = umask(0)
    defer { umask(old) }
    let first = try RecordingWriter(path: path, isForced: false)
    try first.write(Array("one\n".utf8))
    try first.finish()
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect {
      _ = try RecordingWriter(path: path, isForced: false)
    } throws: { error in
      let error = error as? RecordingError
      return error?.kind == .cannotCreate && error?.message.contains("--force") == true
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\n")
    unsafe chmod(path, 0o644)
    let second = try RecordingWriter(path: path, isForced: true)
    try second.finish()
    #expect(try String(contentsOfFile: path, encoding: .utf8).isEmpty)
    let later = try FileManager.default.attributesOfItem(atPath: path)
    #expect(later[.posixPermissions] as? Int == 0o600)
  }

  @Test("a full disk is one line, and said to be the file's") func full() throws {
    let writer = try RecordingWriter(path: "/dev/full", isForced: true)
    #expect {
      try writer.write(try lines())
    } throws: { error in
      let error = error as? RecordingError
      return error?.kind == .io && error?.message.contains("No space left") == true
    }
    // and then no more
    try writer.write(try lines())
  }

  @Test("what fits on a full disk stays, to the last whole line") func almostFull() throws {
    let disk = folder.file("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    try #require(
      unsafe mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0, "it takes root to mount one")
    defer { unsafe umount2(disk, Int32(MNT_DETACH)) }
    let path = "\(disk)/trace.json"
    let writer = try RecordingWriter(path: path, isForced: false)
    let line = Array(String(repeating: "x", count: 999).utf8) + [UInt8(ascii: "\n")]
    // one write for all of it, of which the disk takes 65 lines and a half
    #expect(throws: RecordingError.self) {
      try writer.write(Array(repeatElement(line, count: 100).joined()))
    }
    let kept = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(kept.count == 65_000 && kept.last == UInt8(ascii: "\n"))
  }

  @Test("each file of a long run is one by itself") func rotation() throws {
    let path = folder.file("a.b.json.gz")
    let writer = try RecordingWriter(path: path, isForced: false, rotate: 1000)
    for _ in 0..<3 {
      try writer.write(try lines())
      #expect(writer.isFull)
      try writer.rotate()
      #expect(!writer.isFull)
    }
    try writer.finish()
    #expect(
      try folder.names() == ["a.2.b.json.gz", "a.3.b.json.gz", "a.4.b.json.gz", "a.b.json.gz"])
    #expect(try read(folder.file("a.3.b.json.gz")).records.count == read(path).records.count)
  }

  @Test("a folder or file that can't be is said with its name") func impossible() throws {
    for path in ["/nowhere/a.json", folder.path] {
      #expect {
        _ = try RecordingWriter(path: path, isForced: true)
      } throws: { "\($0)".contains(path) }
    }
    #expect {
      _ = try RecordingReader(path: "/nowhere/a.json", events: false)
    } throws: { ($0 as? RecordingError)?.kind == .noInput }
    #expect {
      _ = try RecordingReader(path: folder.path, events: false)
    } throws: { "\($0)".contains("directory") }
  }

  @Test("damage is told by line and reason, and the other lines are read") func damage() throws {
    let good = String(decoding: line(try flow()).utf8, as: UTF8.self)
    let text =
      good + "not JSON\n" + "{}\n" + "{\"schema\":\"kflowtrace/2\",\"type\":\"flow\"}\n"
      + "{\"schema\":\"kflowtrace/1\",\"type\":\"cake\"}\n"
      + good.replacing("\"address\":\"10.244.1.5\"", with: "\"address\":\"10.244.1.500\"")
      + good.replacing("\"id\":1,", with: "") + "\n" + good + good.prefix(100)
    let path = folder.file("a.json")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let (records, damage) = try read(path)
    #expect(records.count == 2)
    #expect(damage.count == 7)
    #expect(damage[0] == "2: it is no JSON")
    #expect(damage[1].hasPrefix("3: ") && damage[1].contains("kflowtrace/1"))
    #expect(damage[2].hasPrefix("4: ") && damage[2].contains("kflowtrace/2"))
    #expect(damage[3].hasPrefix("5: ") && damage[3].contains("cake"))
    #expect(damage[4].hasPrefix("6: ") && damage[4].contains("no IP address"))
    #expect(damage[5] == "7: \"id\" is missing")
    #expect(damage[6] == "10: it ends in the middle of the line")
  }

  @Test(
    "numbers that no trace has are damage: sums of them would not fit",
    arguments: [
      ("\"syns\":1", "\"syns\":9007199254740992"), ("\"syns\":1", "\"syns\":1e3"),
      ("\"syns\":1", "\"syns\":1.5"), ("\"syns\":1", "\"syns\":99999999999999999999999"),
      ("\"start\":", "\"start\":4611686018427387904"),
    ])
  func numbers(_ this: String, _ that: String) throws {
    let path = folder.file("numbers.json")
    let text = String(decoding: try lines(), as: UTF8.self)
    try #require(text.contains(this))
    try text.replacing(this, with: that).write(toFile: path, atomically: false, encoding: .utf8)
    let (records, damage) = try read(path)
    #expect(damage.count == 1 && damage[0].contains("it has a number"), "\(damage)")
    #expect(!records.isEmpty)
    let fits = text.replacing("\"syns\":1", with: "\"syns\":9007199254740991")
    try fits.write(toFile: path, atomically: false, encoding: .utf8)
    #expect(try read(path).damage.isEmpty)
  }

  @Test("no bytes at all, and bytes of any kind, are no crash") func junk() throws {
    var random = SystemRandomNumberGenerator()
    for count in [0, 1, 2, 4, 100, 100_000] {
      for magic: [UInt8] in [[], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd]] {
        let path = folder.file("junk")
        let bytes = magic + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try read(path).records.isEmpty)
      }
    }
  }

  @Test("every line is as the schema says, by another's word") func schema() throws {
    var text = String(decoding: try lines(), as: UTF8.self)
    var lines = RecordLines()
    lines.append(
      FlowRecord(try #require(healthy(ipv6: true)), nil, on: SampleNode()))
    text += String(decoding: lines.bytes, as: UTF8.self)
    let path = folder.file("schema.json")
    try Schema.text.write(toFile: path, atomically: true, encoding: .utf8)
    let script = """
      import json, sys
      from jsonschema import Draft202012Validator as Validator
      schema = json.load(open("\(path)"))
      Validator.check_schema(schema)
      validator = Validator(schema)
      def valid(line): return not list(validator.iter_errors(line))
      lines = [json.loads(line) for line in sys.stdin.read().split("\\n")[:-1]]
      print(all(map(valid, lines)), sorted({line["type"] for line in lines}))
      # and it is not that everything is
      wrong = 0
      for line in lines:
          for key in list(line):
              wrong += not valid({**line, key: {}})
          wrong += not valid({**line, "cake": 1})
      print(wrong == sum(len(line) + 1 for line in lines))
      """
    #expect(
      try systemPython(script, text) == "True ['event', 'flow', 'header', 'summary']\nTrue\n")
  }

  private func healthy(ipv6: Bool) -> Flow? {
    var sample = SampleFlow(ipv6: ipv6)
    sample.conversation()
    return sample.flow()
  }
}

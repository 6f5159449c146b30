import Diagnosis
import Export
import FlowFixtures
import FlowModel
import Foundation
import Recording
import Testing

/// What holds for every format.
@Suite(.enabled(if: Tools.isReady, "scripts/setup export installs who reads it"))
struct FormatTests {
  private func tape(_ flows: [FlowRecord?]) throws -> Tape {
    var tape = Tape()
    tape.append(Recorded.header)
    for flow in flows { tape.append(try #require(flow)) }
    return tape
  }

  @Test("one connection that went well, one that did not") func both() throws {
    let tape = try tape([Recorded.healthy, Recorded.dropped])
    let perfetto = try Tools.validate("perfetto", tape.export(.perfetto))
    #expect(perfetto.count("connections") == 2 && perfetto.count("packets") == 8)
    #expect(perfetto.count("drops") == 1 && perfetto.texts("causes") == ["policy-drop"])
    #expect(perfetto.texts("processes") == ["default/web"])

    let otlp = try Tools.validate("otlp", tape.export(.otlp))
    #expect(otlp.count("connections") == 2 && otlp.count("packets") == 8)
    #expect(otlp.count("drops") == 1 && otlp.texts("causes") == ["policy-drop"])
    #expect(otlp.count("documents") == 1)
    let starts = otlp.members["starts"] as? [UInt64]
    #expect(starts == [1_700_000_000_000_000_000, 1_700_000_000_000_000_000])

    let hubble = try Tools.validate("hubble", tape.export(.hubble))
    #expect(hubble.count("verdicts", "FORWARDED") == 7)
    #expect(hubble.count("verdicts", "DROPPED") == 1)
    #expect(hubble.count("reasons", "DROP_REASON_UNKNOWN") == 1, "no rule was found for the drop")
    #expect(hubble.texts("services") == ["default/web"])
    // the drop, 45 µs after the first packet
    #expect(hubble.members["first"] as? UInt64 == 1_700_000_000_000_045_000)
  }

  @Test("a connection that is told again is exported once, as it was told last")
  func retold() throws {
    var unanswered = try #require(Recorded.dropped)
    var later = try #require(Recorded.healthy)
    later.id = unanswered.id
    let tape = try tape([unanswered, Recorded.healthy, unanswered, later])
    for (name, format) in [
      ("perfetto", ExportFormat.perfetto), ("otlp", .otlp), ("hubble", .hubble),
    ] {
      let found = try Tools.validate(name, tape.export(format))
      let connections = (found.members["connections"] as? [Any])?.count
      #expect((connections ?? found.count("connections")) == 2, "\(name)")
      #expect(found.texts("causes").isEmpty && found.count("verdicts", "DROPPED") == 0, "\(name)")
    }

    // the same number in another trace is another connection
    var other = Recorded.header
    other.clock.boottime += 1
    var two = tape
    two.append(other)
    unanswered.id = later.id
    two.append(unanswered)
    let found = try Tools.validate("otlp", two.export(.otlp))
    #expect(found.count("connections") == 3 && found.texts("causes") == ["policy-drop"])
    #expect(found.count("documents") == 2, "a resource each")
  }

  @Test("a cause that was taken back is not told of packets either") func retoldPackets() throws {
    let unanswered = try #require(Recorded.dropped)
    var answered = unanswered
    answered.diagnosis = nil
    answered.state = .completed
    var tape = try tape([unanswered, answered])
    var sample = SampleFlow(clientPort: 43123)
    sample.dropped(0)
    for event in sample.events { try tape.append(event) }
    let found = try Tools.validate("pcapng", tape.export(.pcapng), recording: tape.lines.bytes)
    #expect(found.count("comments", "policy-drop") == 0 && found.count("frames") > 0)
  }

  @Test(
    "what a node calls its things does no harm",
    arguments: [
      "two\nlines\r", "\"quoted\" \\ back", "tab\tbell\u{7}", "nul\0byte", "escape\u{1b}[31m",
      "separators \u{2028}\u{2029}\u{85}", "override \u{202e}txet", "日本語 🎉", "",
      "</script><b>", String(repeating: "é", count: 40_000),
    ])
  func names(_ name: String) throws {
    var sample = SampleFlow()
    sample.tunnelled(0)
    sample.dropped(100)
    var node = SampleNode()
    node.namespaces = [1: name, 2: name]
    node.interfaces[2] = [7: name]
    node.serviceName?.name = name
    node.finding = policyDrop.rule
    var diagnosis = policyDrop
    diagnosis.why = name
    diagnosis.rule?.comment = name
    var header = Recorded.header
    header.node = name
    header.selection = name
    var tape = Tape()
    tape.node = node
    tape.append(header)
    for event in sample.events { try tape.append(event) }
    tape.append(FlowRecord(try #require(sample.flow()), diagnosis, on: node))
    #expect(try Tools.validate("perfetto", tape.export(.perfetto)).count("connections") == 1)
    #expect(try Tools.validate("otlp", tape.export(.otlp)).count("connections") == 1)
    #expect(
      try Tools.validate("hubble", tape.export(.hubble)).count("reasons", "POLICY_DENIED") == 1)
    for format in [ExportFormat.perfetto, .otlp, .hubble] {
      let text = tape.export(format)
      #expect(!text.contains { $0 < 32 && $0 != 10 }, "\(format)")
    }

    let path = NSTemporaryDirectory() + "kft-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(tape.export(.pcapng)).write(to: URL(filePath: path))
    let comments = try Tools.run("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.comment")
    #expect(comments.split(separator: "\n").count == 9)
    #expect(!comments.contains("\u{1b}") && !comments.contains("\u{202e}"))
    _ = try Tools.run("capinfos", path)
  }

  @Test("times at the ends of a clock, and hops out of order") func times() throws {
    var flow = try #require(Recorded.dropped)
    flow.start = .max - 100
    flow.end = .max
    var disordered = try #require(Recorded.healthy)
    disordered.timeline[0].hops.swapAt(0, 3)
    disordered.timeline[1].hops.removeAll()
    var never = flow
    never.id = 3
    never.start = 0
    never.end = 0
    let tape = try tape([disordered])
    #expect(try Tools.validate("perfetto", tape.export(.perfetto)).count("packets") == 6)
    #expect(try Tools.validate("otlp", tape.export(.otlp)).count("packets") == 6)
    var odd = tape
    odd.append(flow)
    odd.append(never)
    for format in [ExportFormat.perfetto, .otlp, .hubble] { #expect(!odd.export(format).isEmpty) }
  }

  @Test("packets that are under way at the same time have tracks of their own")
  func overlapping() throws {
    var flow = try #require(Recorded.healthy)
    for i in flow.timeline.indices {
      for j in flow.timeline[i].hops.indices {
        flow.timeline[i].hops[j].time = UInt64(i * 3 + j * 10)
      }
    }
    let found = try Tools.validate("perfetto", try tape([flow]).export(.perfetto))
    #expect(found.count("packets") == 7 && found.count("connections") == 1)
  }

  @Test("nothing recorded is an empty export that can be read") func empty() throws {
    #expect(try Tools.validate("perfetto", Tape().export(.perfetto)).count("connections") == 0)
    #expect(try Tools.validate("otlp", Tape().export(.otlp)).count("connections") == 0)
    #expect(Tape().export(.hubble).isEmpty)
    let found = try Tools.validate("pcapng", Tape().export(.pcapng), recording: [])
    #expect(found.count("frames") == 0)
  }

  @Test("a large recording is several documents of OTLP, each of a size a collector takes")
  func large() throws {
    var tape = Tape()
    tape.append(Recorded.header)
    var flow = try #require(Recorded.healthy)
    for id in 1...400 as ClosedRange<UInt64> {
      flow.id = id
      tape.append(flow)
    }
    let text = tape.export(.otlp)
    #expect(text.split(separator: 10).allSatisfy { $0.count < 8 << 20 })
    let found = try Tools.validate("otlp", text)
    #expect(found.count("connections") == 400 && found.count("documents") > 1)
    #expect(text == tape.export(.otlp), "identifiers are the same each time")
  }

  @Test("POLICY_DENIED is said of a NetworkPolicy's rule that is certain, of nothing else")
  func policyDenied() throws {
    func reasons(_ change: (inout RuleFinding) -> Void) throws -> Tools.Findings {
      var rule = try #require(policyDrop.rule)
      change(&rule)
      var node = SampleNode()
      node.finding = rule
      var sample = SampleFlow()
      sample.dropped(0)
      var diagnosis = policyDrop
      diagnosis.rule = rule
      let tape = try tape([FlowRecord(try #require(sample.flow()), diagnosis, on: node)])
      return try Tools.validate("hubble", tape.export(.hubble))
    }
    #expect(try reasons { _ in }.count("reasons", "POLICY_DENIED") == 1)
    #expect(try reasons { $0.certainty = .likely }.count("reasons", "POLICY_DENIED") == 0)
    #expect(try reasons { $0.chain = "FORWARD" }.count("reasons", "POLICY_DENIED") == 0)
  }
}

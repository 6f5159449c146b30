import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Rendering
import Testing

@Suite struct SummaryTests {
  private func healthy() throws -> Flow {
    var sample = SampleFlow()
    sample.conversation()
    return try #require(sample.flow())
  }

  private func dropped(_ times: Int, id: UInt64 = 2) throws -> Flow {
    var sample = SampleFlow()
    for i in 0..<times { sample.dropped(UInt64(i) * 1_050_000) }
    return try #require(sample.flow(id: id))
  }

  private func text(_ summary: Summary, lost: UInt64 = 0, coloured: Bool = false) -> String {
    SummaryText(style: Style(isColoured: coloured))
      .render(summary.record(duration: 12_340_000_000, eventsLost: lost))
  }

  @Test("connections, endpoints, causes and losses, a line each") func whole() throws {
    var summary = Summary()
    summary.add(try healthy(), nil)
    summary.add(try dropped(3), policyDrop)
    var elsewhere = try healthy()
    elsewhere.attempts = [Endpoint(Address(v4: 0x0af4_0107), 8080)]
    summary.add(elsewhere, nil)
    #expect(summary.failures == 1)
    #expect(
      text(summary) == """
        3 connections in 12.3 s, 1 failed
          10.244.1.7:8080     1
          10.244.2.8:8080     2   1 failed
          ✗ policy-drop  layer policy: 1 connection, 3 packets dropped
          no events lost

        """)
  }

  @Test("nothing seen is said without praise") func empty() {
    #expect(text(Summary()) == "0 connections in 12.3 s\n  no events lost\n")
  }

  @Test("one healthy connection is singular") func one() throws {
    var summary = Summary()
    summary.add(try healthy(), nil)
    #expect(
      text(summary) == """
        1 connection in 12.3 s, none failed
          10.244.2.8:8080     1
          no events lost

        """)
  }

  @Test("lost events are counted with what they mean and what helps") func lost() {
    let summary = text(Summary(), lost: 1700)
    #expect(summary.contains("1700 events lost"))
    #expect(summary.contains("gaps"))
    #expect(summary.contains("--buffer"))
    #expect(!summary.contains("no events lost"))
  }

  @Test("packets that could not be read are counted") func truncated() {
    func text(_ count: UInt64) -> String {
      SummaryText(style: Style(isColoured: false))
        .render(Summary().record(duration: 1, eventsLost: 0, truncated: count))
    }
    #expect(text(1).contains("  1 packet with headers cut short"))
    #expect(text(7).contains("  7 packets with headers cut short"))
    #expect(!text(0).contains("cut short"))
  }

  @Test("flows of one cause are one line") func causes() throws {
    var summary = Summary()
    summary.add(try dropped(3), policyDrop)
    summary.add(try dropped(2, id: 3), policyDrop)
    var other = policyDrop
    other.cause = "lost-beyond-node"
    other.layer = .podNetwork
    var quiet = try healthy()
    quiet.state = .noAnswer
    summary.add(quiet, other)
    let lines = text(summary).split(separator: "\n").filter { $0.contains("✗") }
    #expect(
      lines == [
        "  ✗ lost-beyond-node  layer pod-network: 1 connection",
        "  ✗ policy-drop  layer policy: 2 connections, 5 packets dropped",
      ])
  }

  @Test("the endpoint that answered at last has not failed") func secondTry() throws {
    var flow = try dropped(1)
    let good = Endpoint(Address(v4: 0x0af4_0107), 8080)
    flow.attempts.append(good)
    flow.state = .completed
    var summary = Summary()
    summary.add(flow, policyDrop)
    let lines = text(summary).split(separator: "\n")
    #expect(lines[1] == "  10.244.1.7:8080     1")
    #expect(lines[2] == "  10.244.2.8:8080     1   1 failed")
  }

  @Test("counts stay aligned with IPv6 endpoints among them") func aligned() throws {
    var summary = Summary()
    summary.add(try healthy(), nil)
    var sample = SampleFlow(ipv6: true)
    sample.conversation()
    summary.add(try #require(sample.flow()), nil)
    let lines = text(summary).split(separator: "\n")[1...2]
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines.allSatisfy { $0.hasSuffix("     1") })
    #expect(lines.contains { $0.contains("[fd00:10:244::208]:8080") })
  }

  @Test("one that is answered after all is told twice and counts once") func afterAll() throws {
    var summary = Summary()
    summary.add(try dropped(3), policyDrop)
    summary.add(try dropped(3, id: 7), policyDrop)
    var answered = try dropped(4)
    answered.state = .completed
    summary.add(answered, policyDrop)
    #expect(summary.failures == 2)
    #expect(text(summary).contains("policy-drop  layer policy: 2 connections, 7 packets dropped"))
    #expect(text(summary).contains("10.244.2.8:8080     2   2 failed"))
  }

  private func spread(_ counts: [(host: UInt32, flows: Int, failed: Int)]) throws -> String {
    var summary = Summary()
    var id: UInt64 = 1
    for (host, flows, failed) in counts {
      for i in 0..<flows {
        var flow = try healthy()
        flow.id = id
        id += 1
        flow.attempts = [Endpoint(Address(v4: 0x0af4_0200 + host), 8080)]
        if i < failed { flow.state = .noAnswer }
        summary.add(flow, i < failed ? policyDrop : nil)
      }
    }
    return text(summary)
  }

  @Test("one endpoint that fails among good ones is named") func culprit() throws {
    let text = try spread([(6, 9, 0), (8, 8, 0), (9, 4, 4)])
    #expect(
      text.contains(
        "✗ endpoint-failing  default/web fails only through 10.244.2.9:8080: 4 of 4 there, none of "
          + "17 elsewhere; about 33 % of its connections go there"))
  }

  @Test(
    "what is no pattern is not called one",
    arguments: [
      [(6, 9, 1), (8, 8, 0), (9, 4, 4)], [(6, 9, 0), (9, 1, 1)], [(9, 4, 4)],
      [(6, 2, 0), (9, 4, 4)],
      [(6, 9, 0), (9, 9, 2)], [(6, 9, 0), (8, 9, 0)],
    ])
  func noCulprit(_ counts: [(Int, Int, Int)]) throws {
    #expect(try !spread(counts.map { (UInt32($0.0), $0.1, $0.2) }).contains("endpoint-failing"))
  }

  @Test("colour only when asked for") func colour() throws {
    var summary = Summary()
    summary.add(try dropped(1), policyDrop)
    #expect(!text(summary, lost: 1).contains("\u{1b}"))
    let coloured = text(summary, lost: 1, coloured: true)
    #expect(coloured.contains("\u{1b}[1;31m1 failed\u{1b}[0m"))
    #expect(coloured.contains("\u{1b}[33m"), "a loss is yellow")
  }
}

extension Summary {
  /// The flow as the sample node names it.
  mutating func add(_ flow: Flow, _ explanation: Explanation?) {
    add(FlowRecord(flow, explanation, on: SampleNode()))
  }
}

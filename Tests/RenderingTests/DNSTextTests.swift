import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Rendering
import Testing

@Suite struct DNSTextTests {
  private let name = "web.default.svc.cluster.local"
  private let route =
    "UDP 10.244.1.5:40000 → kube-system/kube-dns 10.96.0.10:53 ⇒ 10.244.2.10:53   "

  private var node: SampleNode {
    var node = SampleNode()
    node.serviceName = ServiceName(
      namespace: "kube-system", name: "kube-dns", port: "dns", endpointIndex: 1, endpointCount: 1)
    return node
  }

  private func text(
    _ make: (inout SampleLookups) -> Void, explanation: Explanation? = nil, coloured: Bool = false
  ) throws -> String {
    var lookups = SampleLookups()
    make(&lookups)
    return render(
      try #require(lookups.flows().first), explanation, coloured: coloured, on: node)
  }

  @Test("one lookup is one line with name, code and latency") func one() throws {
    #expect(try text { $0.lookup(name, at: 0) } == "✓ \(route)A \(name) NOERROR 0.6 ms\n")
    #expect(
      try text { $0.lookup("absent", code: 3, at: 0) } == "✓ \(route)A absent NXDOMAIN 0.6 ms\n")
  }

  @Test("A and AAAA with the same answer are one line, with the slower's latency") func both()
    throws
  {
    let text = try text {
      $0.packet(DNSBytes.query(name, type: 1, id: 1), at: 0)
      $0.packet(DNSBytes.query(name, type: 28, id: 2), at: 10)
      $0.packet(DNSBytes.response(name, type: 1, id: 1, data: [[1, 2, 3, 4]]), at: 500)
      $0.packet(
        DNSBytes.response(name, type: 28, id: 2, data: [[UInt8](repeating: 1, count: 16)]), at: 1500
      )
    }
    #expect(text == "✓ \(route)A, AAAA \(name) NOERROR 1.5 ms\n")
  }

  @Test("a name without such records is NODATA") func noData() throws {
    let text = try text {
      $0.packet(DNSBytes.query(name, type: 28), at: 0)
      $0.packet(DNSBytes.response(name, type: 28), at: 100)
    }
    #expect(text == "✓ \(route)AAAA \(name) NODATA 0.2 ms\n")
  }

  @Test("several lookups are listed, and one that was asked again stands out") func listed() throws
  {
    func make(_ lookups: inout SampleLookups) {
      lookups.packet(DNSBytes.query(name, type: 1, id: 1), at: 0)
      lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 10)
      lookups.packet(DNSBytes.response(name, type: 1, id: 1, data: [[1, 2, 3, 4]]), at: 500)
      lookups.packet(DNSBytes.query(name, type: 28, id: 2), at: 5_000_600)
      lookups.packet(DNSBytes.response(name, type: 28, id: 2, code: 3), at: 5_001_000)
    }
    #expect(
      try text(make) == """
        ! \(route)2 questions, 1 asked again, 5001.0 ms at most
            A     \(name)  NOERROR      0.6 ms
            AAAA  \(name)  NXDOMAIN  5001.0 ms, asked again after 5.0 s

        """)
    let coloured = try text(make, coloured: true)
    #expect(coloured.contains("\u{1b}[2mA     "))
    #expect(coloured.contains("\u{1b}[33mAAAA  "))
  }

  @Test("a question without an answer says so, with how often it was asked") func unanswered()
    throws
  {
    let text = try text {
      for time: UInt64 in [0, 2_000_000, 6_000_000] { $0.packet(DNSBytes.query(name), at: time) }
    }
    #expect(text == "! \(route)A \(name) no answer, asked again after 2.0, 4.0 s\n")
  }

  @Test("a server that fails stands out, though its packets came") func failure() throws {
    #expect(
      try text { $0.lookup(name, code: 2, at: 0) } == "! \(route)A \(name) SERVFAIL 0.6 ms\n")
  }

  @Test("a failed lookup has its name in the first line, and its timeline") func failed() throws {
    let text = try text(
      { $0.packet(DNSBytes.query(name), at: 0, dropped: true) }, explanation: policyDrop)
    #expect(text.hasPrefix("✗ \(route)A \(name) no answer, 1 dropped\n    +0.000 ms  node1"))
    #expect(text.contains("✗ policy-drop\n"))
  }

  @Test("of many lookups the first are listed, troubled ones always") func many() throws {
    let text = try text { lookups in
      for i in 0..<20 {
        lookups.lookup("n\(i).a", id: UInt16(i), code: i == 15 ? 2 : 0, at: UInt64(i) * 1000)
      }
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 10)
    #expect(lines[0] == "! \(route)20 questions, 0.6 ms at most")
    #expect(lines[7].contains("n6.a"))
    #expect(lines[8].contains("n15.a  SERVFAIL  0.6 ms"))
    #expect(lines[9] == "    … 12 more")
  }

  @Test("a delay has its reasons without a timeline, and is no failure") func delay() throws {
    var delay = policyDrop
    delay.cause = "dns-search-expansion"
    delay.rule = nil
    delay.severity = .delay
    let text = try text({ $0.lookup(name, at: 0) }, explanation: delay)
    #expect(
      text.hasPrefix("! \(route)A \(name) NOERROR 0.6 ms\n  ! dns-search-expansion\n      why "))
    #expect(!text.contains("✗") && !text.contains("vethclient"))
    var summary = Summary()
    var lookups = SampleLookups()
    lookups.lookup(name, at: 0)
    summary.add(try #require(lookups.flows().first), delay)
    #expect(summary.failures == 0)
    let told = SummaryText(style: Style(isColoured: false))
      .render(summary.record(duration: 1_000_000_000, eventsLost: 0))
    #expect(told.contains("1 connection in 1.0 s, none failed\n"))
    #expect(told.contains("  ! dns-search-expansion  layer policy: 1 connection\n"))
  }

  @Test("the summary adds lookups up") func summary() throws {
    var summary = Summary()
    var lookups = SampleLookups()
    lookups.lookup("a.example.cluster.local", code: 3, at: 0, port: 40000)
    lookups.lookup("a.example", at: 1000, port: 40001)
    lookups.lookup("b.example", code: 2, at: 2000, port: 40002)
    lookups.packet(DNSBytes.query("c.example"), at: 3000, port: 40003)
    lookups.packet(DNSBytes.query("c.example"), at: 5_003_000, port: 40003)
    for flow in lookups.flows() { summary.add(flow, nil) }
    let text = SummaryText(style: Style(isColoured: false))
      .render(summary.record(duration: 6_000_000_000, eventsLost: 0))
    #expect(
      text.contains(
        """
          DNS  4 questions, 1 unanswered, 3 answered (1 NOERROR, 1 SERVFAIL, 1 NXDOMAIN), 1 asked \
        again; 0.6 ms median, 0.6 ms worst
               search lists cost 1 question and 1.0 ms before 1 answer

        """), "\(text)")
  }

  @Test("one that is answered after all counts once") func afterAll() throws {
    var lookups = SampleLookups()
    lookups.packet(DNSBytes.query(name), at: 0)
    var summary = Summary()
    summary.add(try #require(lookups.flows().first), nil)
    lookups.packet(DNSBytes.query(name), at: 5_000_000)
    lookups.packet(DNSBytes.response(name), at: 5_000_400)
    summary.add(try #require(lookups.flows().first), nil)
    let text = SummaryText(style: Style(isColoured: false))
      .render(summary.record(duration: 6_000_000_000, eventsLost: 0))
    #expect(
      text.contains(
        "  DNS  1 question, all answered (1 NOERROR), 1 asked again; 5000.5 ms median, 5000.5 ms "
          + "worst\n"), "\(text)")
  }

  @Test("without DNS there is no word of it") func none() {
    let text = SummaryText(style: Style(isColoured: false))
      .render(Summary().record(duration: 6_000_000_000, eventsLost: 0))
    #expect(!text.contains("DNS"))
  }
}

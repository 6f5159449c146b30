import FlowFixtures
import FlowModel
import Recording
import Rendering
import Testing

@Suite struct FlowTextOddTests {
  @Test("a sighting of a few microseconds before the flow's first is not far after it")
  func negativeTime() throws {
    var sample = SampleFlow()
    sample.delivered(0, .syn)
    var flow = try #require(sample.flow())
    // as records of two CPUs stand in the ring buffer
    flow.start += 5_000
    let row = try #require(render(flow, verbosity: 1).split(separator: "\n").dropFirst().first)
    #expect(row.contains("+0.000 ms") || row.contains("-0.005 ms"), "\(row)")
  }

  @Test("one is singular in the summary") func singular() throws {
    var sample = SampleFlow()
    sample.dropped(0)
    var summary = Summary()
    summary.add(FlowRecord(try #require(sample.flow()), policyDrop, on: SampleNode()))
    let text = SummaryText(style: Style(isColoured: false))
      .render(summary.record(duration: 1_000_000_000, eventsLost: 1))
    #expect(text.contains("1 connection, 1 packet dropped\n"))
    #expect(text.contains("  1 event lost:"))
  }

  @Test("IP in IP is not shown as VXLAN") func ipip() throws {
    var sample = SampleFlow()
    sample.tunnelled(0)
    var flow = try #require(sample.flow())
    let outer = Tuple(
      .init(rawValue: 4), from: Endpoint(Address(v4: 0xc0a8_010b), 0),
      to: Endpoint(Address(v4: 0xc0a8_010c), 0))
    let last = try #require(flow.transmissions[0].hops.indices.last)
    flow.transmissions[0].hops[last - 1].action = .encapsulated(outer: outer, vni: 0)
    flow.transmissions[0].hops[last - 1].event.tunnelKind = .ip
    let text = render(flow, verbosity: 1)
    #expect(!text.contains("VXLAN") && !text.contains("VNI"))
    #expect(text.contains("IP-in-IP    encap") && text.contains("192.168.1.11 → 192.168.1.12"))
  }

  @Test("a way with source NAT is the same way whatever port the client has") func sourceNAT()
    throws
  {
    var text = FlowText(style: Style(isColoured: false), verbosity: 1)
    var shown = ""
    for port: UInt16 in [1001, 1002] {
      var sample = SampleFlow(clientPort: port)
      sample.conversation()
      var flow = try #require(sample.flow())
      var event = flow.transmissions[0].hops[4].event
      event.netfilterHook = .postrouting
      let snat = Action.sourceNAT(to: Endpoint(Address(v4: 0x0af4_0100), port), undone: false)
      flow.transmissions[0].hops.insert(Hop(event: event, action: snat, isDetail: false), at: 5)
      shown = text.render(FlowRecord(flow, nil, on: SampleNode()))
    }
    #expect(shown.hasSuffix("the same way as above\n"))
  }
}

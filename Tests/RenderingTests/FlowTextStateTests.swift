import Diagnosis
import FlowFixtures
import FlowModel
import Rendering
import Testing

/// What the end of the first line says.
@Suite struct FlowTextStateTests {
  private func conversation() throws -> Flow {
    var sample = SampleFlow()
    sample.conversation()
    return try #require(sample.flow())
  }

  @Test(
    "each state has its words",
    arguments: [
      (FlowState.noAnswer, "   no answer\n"), (.refused, "   refused\n"),
      (.reset, "   reset, 4+3 packets, 3.0 ms\n"), (.open, "   open, 4+3 packets, 3.0 ms\n"),
      (.completed, "   ok, 4+3 packets, 3.0 ms\n"),
    ])
  func states(_ state: FlowState, _ end: String) throws {
    var flow = try conversation()
    flow.state = state
    #expect(render(flow).hasSuffix(end))
  }

  @Test("retransmissions are a count, not lines") func retransmissions() throws {
    var sample = SampleFlow()
    sample.conversation()
    for time: UInt64 in [2100, 2300] { sample.retransmitted(time) }
    let flow = try #require(sample.flow())
    #expect(render(flow).hasSuffix("   ok, 4+3 packets, 3.0 ms, 2 retransmitted\n"))
    var plain = SampleFlow()
    plain.conversation()
    let rows = { (flow: Flow) in render(flow, verbosity: 2).split(separator: "\n").dropFirst() }
    #expect(try rows(flow) == rows(#require(plain.flow())))
  }

  @Test("SYNs that went the same way unanswered are one with a count") func folding() throws {
    var sample = SampleFlow()
    for i: UInt64 in 0..<5 { sample.tunnelled(i * 1_050_000) }
    let flow = try #require(sample.flow())
    let text = render(flow, policyDrop)
    #expect(text.contains("no answer, 5 SYNs\n"))
    #expect(text.components("×5").count == 2)
    #expect(text.components(" SYN  ").count == 2, "one timeline only")
  }

  @Test("a packet that is alone has no count") func noCount() throws {
    var sample = SampleFlow()
    sample.dropped(0)
    #expect(!render(try #require(sample.flow()), policyDrop).contains("×"))
  }

  @Test("a flow that may miss events says so") func loss() throws {
    var flow = try conversation()
    flow.mayMissEvents = true
    #expect(render(flow).hasSuffix(", 3.0 ms, may miss events\n"))
  }

  @Test("times are milliseconds of the flow, right-aligned") func times() throws {
    var sample = SampleFlow()
    sample.delivered(0, .syn)
    sample.answered(12_345_678, [.syn, .ack])
    let rows = render(try #require(sample.flow()), verbosity: 1).split(separator: "\n")
    #expect(rows[1].hasPrefix("        +0.000 ms  client"))
    #expect(rows[7].hasPrefix("    +12345.678     web2"))
  }

  @Test("an ICMP error is named with who sent it and what about") func icmp() throws {
    var sample = SampleFlow()
    sample.delivered(0, .syn)
    var flow = try #require(sample.flow())
    let router = Endpoint(Address(v4: 0xc0a8_0101), 0)
    var error = Event(
      time: flow.start + 2_000_000, netns: 2, hook: .tcIngress,
      tuple: Tuple(.tcp, from: sample.client, to: sample.server))
    error.icmpType = 3
    error.icmpCode = 4
    error.carrier = .icmpError(
      outer: Tuple(.icmp, from: router, to: Endpoint(sample.client.address, 0)))
    let hop = Hop(event: error, action: .received, isDetail: false)
    flow.transmissions.append(Transmission(isReply: true, hops: [hop]))
    #expect(
      render(flow, verbosity: 1).contains(
        "ICMP fragmentation needed  192.168.1.1 → 10.244.1.5  about "
          + "10.244.1.5:43122 → 10.244.2.8:8080\n"))
  }
}

extension String {
  /// Split at every occurrence.
  fileprivate func components(_ separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}

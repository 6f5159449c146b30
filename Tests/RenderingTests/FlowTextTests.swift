import Diagnosis
import FlowFixtures
import FlowModel
import Recording
import Rendering
import Testing

/// As the first flow of a trace is rendered.
func render(
  _ flow: Flow, _ explanation: Explanation? = nil, verbosity: Int = 0, coloured: Bool = false,
  on node: SampleNode = SampleNode()
) -> String {
  var text = FlowText(style: Style(isColoured: coloured), verbosity: verbosity)
  return text.render(FlowRecord(flow, explanation, on: node))
}

/// What a reader sees, whole.
@Suite struct FlowTextTests {
  private func healthy() throws -> Flow {
    var sample = SampleFlow()
    sample.conversation()
    return try #require(sample.flow())
  }

  @Test("a healthy connection is one line") func oneLine() throws {
    #expect(
      try render(healthy()) == """
        ✓ TCP 10.244.1.5:43122 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080   ok, 4+3 packets, 3.0 ms

        """)
  }

  @Test("with -v it has the way of its first packet and of the answer") func timeline() throws {
    #expect(
      try render(healthy(), verbosity: 1) == """
        ✓ TCP 10.244.1.5:43122 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080   ok, 4+3 packets, 3.0 ms
            +0.000 ms  client  eth0         out        SYN  10.244.1.5:43122 → 10.96.0.50:80
            +0.010     node1   vethclient   in
            +0.020     node1   PREROUTING   DNAT       → 10.244.2.8:8080   endpoint 2 of 3
            +0.040     node1   vethweb      out
            +0.050     web2    eth0         in
            +0.060     web2    INPUT        delivered

            +0.500     web2    eth0         out        SYN-ACK  10.244.2.8:8080 → 10.244.1.5:43122
            +0.510     node1   vethweb      in
            +0.520     node1   POSTROUTING  un-DNAT    ← 10.96.0.50:80
            +0.530     node1   vethclient   out
            +0.540     client  eth0         in
            +0.550     client  INPUT        delivered


        """)
  }

  @Test("with -vv it has every hop of every packet") func everything() throws {
    let flow = try healthy()
    let text = render(flow, verbosity: 2)
    let rows = text.split(separator: "\n").dropFirst()
    #expect(rows.count == flow.transmissions.map(\.hops.count).reduce(0, +))
    // 4 to the server, each 7 sightings and a DNAT; 3 back, each 6 and its undoing
    #expect(rows.count == 4 * 8 + 3 * 7)
    #expect(rows.count { $0.contains("FORWARD") && $0.contains("before filter") } == 4)
    #expect(rows.count { $0.contains("  DNAT  ") } == 4)
    #expect(rows.count { $0.contains("un-DNAT") } == 3)
  }

  @Test("a dropped connection has its way, the rule, why, and what to do") func dropped() throws {
    var sample = SampleFlow()
    for time: UInt64 in [0, 1_030_000, 3_080_000] { sample.dropped(time) }
    let flow = try #require(sample.flow())
    #expect(
      render(flow, policyDrop) == """
        ✗ TCP 10.244.1.5:43122 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080   no answer, 3 SYNs, 3 dropped
            +0.000 ms  client  eth0        out        SYN  10.244.1.5:43122 → 10.96.0.50:80   ×3
            +0.010     node1   vethclient  in
            +0.020     node1   PREROUTING  DNAT       → 10.244.2.8:8080   endpoint 2 of 3
            +0.030     node1   FORWARD     chains
            +0.045     node1   FORWARD     ✗ dropped  NETFILTER_DROP in nf_hook_slow+0xb3
          ✗ policy-drop
              rule   -A KUBE-POLICY-DEMO -d 10.244.2.8/32 -j DROP  (certain)
              why    a NetworkPolicy drops it
              seen   3 SYN packets dropped in node1 FORWARD
                     DNAT was applied before
              layer  policy  (policy-drop, certain)
              check  iptables -L KUBE-POLICY-DEMO -nv --line-numbers
              fix    allow it in the NetworkPolicy


        """)
  }

  @Test("a connection lost behind the node is shown up to its last device") func lost() throws {
    var sample = SampleFlow()
    for time: UInt64 in [0, 1_030_000] { sample.tunnelled(time) }
    let flow = try #require(sample.flow())
    let explanation = Explanation(
      cause: "lost-beyond-node", layer: .podNetwork, certainty: .likely,
      why: "it left node1 in order", evidence: [], check: [], fix: "follow it")
    #expect(
      render(flow, explanation) == """
        ✗ TCP 10.244.1.5:43122 → default/web 10.96.0.50:80 ⇒ 10.244.2.8:8080   no answer, 2 SYNs
            +0.000 ms  client  eth0        out    SYN  10.244.1.5:43122 → 10.96.0.50:80   ×2
            +0.010     node1   vethclient  in
            +0.020     node1   PREROUTING  DNAT   → 10.244.2.8:8080   endpoint 2 of 3
            +0.030     node1   flannel.1   out
            +0.040     node1   VXLAN       encap  192.168.1.11 → 192.168.1.12:8472  VNI 1
            +0.040     node1   eth0        out
          ✗ lost-beyond-node
              why    it left node1 in order
              layer  pod-network  (lost-beyond-node, likely)
              fix    follow it


        """)
  }

  @Test("a rule that others could be, too, says how many") func alternatives() throws {
    var sample = SampleFlow()
    sample.dropped(0)
    var explanation = policyDrop
    explanation.rule?.certainty = .likely
    explanation.rule?.alternatives = 2
    let text = render(try #require(sample.flow()), explanation)
    #expect(text.contains("-j DROP  (likely, 2 more fit)\n"))
  }

  @Test("an endpoint that failed and the one that answered are both named") func attempts() throws {
    var sample = SampleFlow()
    sample.conversation()
    var flow = try #require(sample.flow())
    flow.attempts = [Endpoint(Address(v4: 0x0af4_0307), 8080), sample.server]
    let text = render(flow)
    #expect(text.contains("10.96.0.50:80 ⇒ 10.244.3.7:8080, then 10.244.2.8:8080   ok"))
  }

  @Test("source NAT is told beside the destination's") func sourceNAT() throws {
    var sample = SampleFlow()
    sample.conversation()
    var flow = try #require(sample.flow())
    flow.translated?.source = Endpoint(Address(v4: 0x0af4_0100), 1024)
    #expect(render(flow).contains("⇒ 10.244.2.8:8080 (as 10.244.1.0:1024)   ok"))
  }

  @Test("without a Service and without NAT the addresses stand alone") func plain() throws {
    var sample = SampleFlow()
    sample.conversation()
    var flow = try #require(sample.flow())
    flow.translated = nil
    var node = SampleNode()
    node.serviceName = nil
    #expect(
      render(flow, on: node)
        == "✓ TCP 10.244.1.5:43122 → 10.96.0.50:80   ok, 4+3 packets, 3.0 ms\n")
  }
}

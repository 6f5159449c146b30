import Testing

extension LabTests {
  /// Scenarios of routing, neighbours and the tunnel's two ends: exactly their cause, at the place
  /// it happened, with what the node's own state shows.
  @Suite(.serialized) struct NodeFailures {
    struct Expected: Sendable, CustomTestStringConvertible {
      var scenario: String
      var cause: String
      var layer: String
      /// The namespace of the drop; `nil` if nothing was dropped.
      var netns: String?
      /// Parts of the why and the evidence.
      var says: [String]

      var testDescription: String { scenario }
    }

    private static let expected = [
      Expected(
        scenario: "service-not-programmed", cause: "service-not-programmed", layer: "service",
        netns: nil,
        says: [
          "kft-node1 has no rule for 10.96.0.99:80", "passed NAT in kft-node1", "Service addresses",
        ]),
      Expected(
        scenario: "vni-mismatch", cause: "vni-mismatch", layer: "pod-network", netns: "kft-node2",
        says: [
          "192.168.1.11 sends with VNI 1", "kft-node2 has no VXLAN device of that VNI",
          "flannel.1 (VNI 2, UDP 8472)",
        ]),
      Expected(
        scenario: "tunnel-port-mismatch", cause: "tunnel-port-mismatch", layer: "pod-network",
        netns: "kft-node2",
        says: ["to UDP 8472, and kft-node2 has no tunnel there", "flannel.1 (VNI 1, UDP 4789)"]),
      Expected(
        scenario: "no-tunnel-peer", cause: "no-tunnel-peer", layer: "pod-network",
        netns: "kft-node1",
        says: [
          "flannel.1 of kft-node1 does not know the node behind which 10.244.2.8 is",
          "the forwarding database has no entry for",
        ]),
      Expected(
        scenario: "no-tunnel-peer-neighbour", cause: "no-tunnel-peer", layer: "pod-network",
        netns: "kft-node1", says: ["no neighbour entry for 10.244.2.0 on flannel.1"]),
      Expected(
        scenario: "no-route", cause: "no-route", layer: "pod-network", netns: "kft-node1",
        says: ["kft-node1 has no route to 10.244.2.8", "none of its 2 routes covers 10.244.2.8"]),
      Expected(
        scenario: "rp-filter", cause: "rp-filter", layer: "node", netns: "kft-node2",
        says: [
          "drops what comes in by flannel.1", "10.244.1.0/24 via 192.168.1.11 dev eth0",
          "net.ipv4.conf.flannel.1.rp_filter = 1",
        ]),
      Expected(
        scenario: "forwarding-disabled", cause: "forwarding-disabled", layer: "node",
        netns: "kft-node1", says: ["net.ipv4.ip_forward is 0", "coming in by cni0"]),
      Expected(
        scenario: "neighbour-failed", cause: "neighbour-failed", layer: "pod-network",
        netns: "kft-node2", says: ["nobody on cni0 of kft-node2 answers ARP for 10.244.2.8"]),
      Expected(
        scenario: "device-down", cause: "device-down", layer: "pod-network", netns: "kft-node2",
        says: ["device vethweb2 of kft-node2 is set down", "a port of cni0"]),
    ]

    @Test("9 to 27", arguments: expected) func cause(_ expected: Expected) throws {
      let service = expected.scenario == "service-not-programmed" ? "10.96.0.99" : "10.96.0.62"
      let trace = try Lab.scenario(
        expected.scenario, ["--svc", service] + Lab.netns("node1", "node2", "client", "web2"))
      #expect(trace.status == 1)
      let flows = trace.flows.filter { $0.destination.address == service && $0.isSeenFromClient }
      #expect(flows.count == 2, "\(trace.errors)")
      for flow in flows {
        let diagnosis = try #require(flow.diagnosis, "\(flow.request.shown)")
        #expect(diagnosis.cause == expected.cause && diagnosis.layer == expected.layer)
        #expect(flow.drops.first?.netns == expected.netns, "\(flow.request.shown)")
        let text = ([diagnosis.why] + diagnosis.evidence).joined(separator: "\n")
        for words in expected.says { #expect(text.contains(words), "\(text)") }
        #expect(!diagnosis.check.isEmpty && !diagnosis.fix.isEmpty)
      }
    }

    @Test("13: the ICMP error is eaten") func blackhole() throws {
      let trace = try Lab.scenario(
        "mtu-blackhole",
        ["--svc", "10.96.0.62"] + Lab.netns("node1", "node2", "client", "web2"))
      let failed = trace.flows.filter { $0.diagnosis != nil && $0.isSeenFromClient }
      #expect(failed.count == 1, "the small answer passes")
      let flow = try #require(failed.first)
      let diagnosis = try #require(flow.diagnosis)
      #expect(diagnosis.cause == "mtu-blackhole" && diagnosis.layer == "pod-network")
      #expect(diagnosis.why.contains("do not fit through flannel.1 (MTU 1450)"))
      #expect(diagnosis.rule?.specification.contains("--icmp-type 3/4 ") == true)
      #expect(flow.state == "open", "it hangs")
    }
  }
}

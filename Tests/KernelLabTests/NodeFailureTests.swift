import Testing

extension LabTests {
  /// Scenarios that are told by what the node's own state shows: exactly their cause, at the place it
  /// happened.
  @Suite(.serialized) struct NodeFailures {
    struct Expected: Sendable, CustomTestStringConvertible {
      var scenario: String
      /// The tracer's selector.
      var select = ["--svc", "10.96.0.62"]
      var netns = ["node1", "node2", "client", "web2"]
      /// Where the connections begin.
      var client = "kft-client"
      var cause: String
      var layer: String
      /// The namespace of the drop; `nil` if nothing was dropped.
      var place: String?
      /// Parts of the why and the evidence.
      var says: [String]

      var testDescription: String { scenario }
    }

    private static let expected = [
      Expected(
        scenario: "service-not-programmed", select: ["--svc", "10.96.0.99"],
        cause: "service-not-programmed", layer: "service",
        place: nil,
        says: [
          "kft-node1 has no rule for 10.96.0.99:80", "passed NAT in kft-node1", "Service addresses",
        ]),
      Expected(
        scenario: "vni-mismatch", cause: "vni-mismatch", layer: "pod-network", place: "kft-node2",
        says: [
          "192.168.1.11 sends with VNI 1", "kft-node2 has no VXLAN device of that VNI",
          "flannel.1 (VNI 2, UDP 8472)",
        ]),
      Expected(
        scenario: "tunnel-port-mismatch", cause: "tunnel-port-mismatch", layer: "pod-network",
        place: "kft-node2",
        says: ["to UDP 8472, and kft-node2 has no tunnel there", "flannel.1 (VNI 1, UDP 4789)"]),
      Expected(
        scenario: "no-tunnel-peer", cause: "no-tunnel-peer", layer: "pod-network",
        place: "kft-node1",
        says: [
          "flannel.1 of kft-node1 does not know the node behind which 10.244.2.8 is",
          "the forwarding database has no entry for",
        ]),
      Expected(
        scenario: "no-tunnel-peer-neighbour", cause: "no-tunnel-peer", layer: "pod-network",
        place: "kft-node1", says: ["no neighbour entry for 10.244.2.0 on flannel.1"]),
      Expected(
        scenario: "no-route", cause: "no-route", layer: "pod-network", place: "kft-node1",
        says: ["kft-node1 has no route to 10.244.2.8", "none of its 2 routes covers 10.244.2.8"]),
      Expected(
        scenario: "rp-filter", cause: "rp-filter", layer: "node", place: "kft-node2",
        says: [
          "drops what comes in by flannel.1", "10.244.1.0/24 via 192.168.1.11 dev eth0",
          "net.ipv4.conf.flannel.1.rp_filter = 1",
        ]),
      Expected(
        scenario: "forwarding-disabled", cause: "forwarding-disabled", layer: "node",
        place: "kft-node1", says: ["net.ipv4.ip_forward is 0", "coming in by cni0"]),
      Expected(
        scenario: "neighbour-failed", cause: "neighbour-failed", layer: "pod-network",
        place: "kft-node2", says: ["nobody on cni0 of kft-node2 answers ARP for 10.244.2.8"]),
      Expected(
        scenario: "device-down", cause: "device-down", layer: "pod-network", place: "kft-node2",
        says: ["device vethweb2 of kft-node2 is set down", "a port of cni0"]),
      Expected(
        scenario: "stale-conntrack", select: ["--svc", "kube-system/kube-dns"],
        netns: ["node1", "node2", "client", "dns"], cause: "stale-conntrack", layer: "service",
        place: "kft-dns",
        says: [
          "10.244.1.5:5353 to 10.244.2.10:53, which is no endpoint of kube-system/kube-dns",
          "renews the entry",
        ]),
      Expected(
        scenario: "hairpin", select: ["--svc", "10.96.0.61"], netns: ["node1", "web1"],
        client: "kft-web1", cause: "hairpin", layer: "service", place: "kft-web1",
        says: ["10.244.1.6 calls default/web-local and was given itself as endpoint"]),
      Expected(
        scenario: "hairpin-mode", select: ["--svc", "10.96.0.61"], netns: ["node1", "web1"],
        client: "kft-web1", cause: "hairpin", layer: "service", place: "kft-node1",
        says: [
          "cni0 of kft-node1 refused to send it out of the port it came in by, vethweb1",
          "hairpin_mode of vethweb1 is off",
        ]),
      Expected(
        scenario: "conntrack-full", cause: "conntrack-full", layer: "node", place: "kft-node1",
        says: [
          "the conntrack table of kft-node1 is full", "nf_conntrack_max = ",
          "of them while tracing",
        ]),
      Expected(
        scenario: "checksum-error", cause: "checksum-error", layer: "pod-network",
        place: "kft-node2",
        says: [
          "the UDP checksum of the tunnel's packets from 192.168.1.11 is wrong",
          "came in by eth0 of kft-node2", "UdpInCsumErrors of kft-node2: ",
          "kft-node1 had sent it by eth0",
        ]),
      Expected(
        scenario: "no-local-endpoint", select: ["--svc", "default/web-outside"],
        netns: ["node1", "outside"], client: "kft-outside", cause: "no-local-endpoint",
        layer: "service", place: "kft-node1",
        says: [
          "default/web-outside:http has externalTrafficPolicy Local", "no endpoint is on kft-node1",
        ]),
      Expected(
        scenario: "routing-loop", cause: "routing-loop", layer: "pod-network", place: "kft-node2",
        says: [
          "send packets for 10.244.2.8 to each other", "TTL 63 down to",
          "10.244.2.8/32 via 192.168.1.11 dev eth0", "10.244.2.0/24 via 192.168.1.12 dev eth0",
          "ICMP time-exceeded",
        ]),
      Expected(
        scenario: "receiver-overloaded", select: ["--flow", "10.244.1.5,10.244.2.9:8099"],
        netns: ["node1", "node2", "client", "web3"], cause: "receiver-overloaded",
        layer: "application", place: nil,
        says: ["listen queue of 10.244.2.9:8099 is full", "TcpExtListenOverflows of kft-web3: "]),
      Expected(
        scenario: "dns-blocked", select: ["--svc", "kube-system/kube-dns"],
        netns: ["node1", "client"], cause: "dns-blocked", layer: "dns", place: "kft-node1",
        says: ["NetworkPolicy (by its chain KUBE-POLICY-DNS)", "DNAT to 10.244.2.10:53"]),
      Expected(
        scenario: "congestion", cause: "congestion", layer: "node", place: "kft-node2",
        says: ["the queue of flannel.1 on kft-node2 (qdisc tbf) is full", "retransmissions"]),
    ]

    @Test("9 to 35", arguments: expected) func cause(_ expected: Expected) throws {
      let trace = try Lab.scenario(
        expected.scenario, expected.select + expected.netns.flatMap { ["--netns", "kft-\($0)"] })
      #expect(trace.status == 1)
      let flows = trace.flows.filter { $0.isSeen(from: expected.client) && $0.diagnosis != nil }
      try #require(!flows.isEmpty, "\(trace.errors)")
      for flow in flows {
        let diagnosis = try #require(flow.diagnosis)
        #expect(diagnosis.cause == expected.cause && diagnosis.layer == expected.layer)
        #expect(flow.drops.first?.netns == expected.place, "\(flow.request.shown)")
        let text = ([diagnosis.why] + diagnosis.evidence).joined(separator: "\n")
        for words in expected.says { #expect(text.contains(words), "\(text)") }
        #expect(!diagnosis.check.isEmpty && !diagnosis.fix.isEmpty)
      }
    }

    @Test("13: the ICMP error is eaten") func blackhole() throws {
      let trace = try Lab.scenario(
        "mtu-blackhole",
        ["--svc", "10.96.0.62"] + Lab.netns("node1", "node2", "client", "web2"))
      let failed = trace.flows.filter { $0.diagnosis != nil && $0.isSeen(from: "kft-client") }
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

import Foundation
import Testing

extension LabTests {
  /// Scenarios 7 to 36 of this lab: cause, place and evidence.
  @Suite(.serialized) struct Failures {
    private static let pods = Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    /// The flows that failed, all of one cause; exit code 1 says there are some.
    private func failed(_ trace: Trace, _ cause: String, _ layer: String) throws -> [FlowLine] {
      #expect(trace.status == 1, "\(trace.errors)")
      let failed = trace.flows.filter { $0.diagnosis != nil }
      for flow in failed {
        #expect(flow.diagnosis?.cause == cause, "\(flow.request.shown)")
        #expect(flow.diagnosis?.layer == layer)
        #expect(flow.diagnosis?.check.isEmpty == false && flow.diagnosis?.fix.isEmpty == false)
      }
      try #require(!failed.isEmpty, "\(trace.errors)")
      return failed
    }

    @Test("7: a policy drops one endpoint's packets") func policyDrop() throws {
      let trace = try Lab.scenario("policy-drop", ["--svc", "10.96.0.50"] + Self.pods)
      let failed = try failed(trace, "policy-drop", "policy")
      for flow in failed {
        let drop = try #require(flow.drops.first)
        #expect(drop.tuple.destination.text == "10.244.2.8:8080")
        #expect(drop.hook == "FORWARD" && drop.netns == "kft-node1")
        // a dropped SYN leaves no entry: the next one may be given another endpoint
        #expect(flow.attempts.contains(drop.tuple.destination))
        #expect(drop.packets <= flow.syns)
        let rule = try #require(drop.rule)
        #expect(rule.chain == "KUBE-POLICY-DEMO" && rule.table == "filter")
        #expect(rule.comment == "deny-trace-backend")
        #expect(rule.specification.hasPrefix("-A KUBE-POLICY-DEMO "))
        #expect(rule.specification.hasSuffix("-j DROP"))
        #expect(rule.certainty == "certain")
        #expect(
          flow.request.pass("node1 PREROUTING dnat", "node1 FORWARD dropped"),
          "\(flow.request.shown)")
        #expect(flow.diagnosis?.evidence.contains { $0.contains("DNAT") } == true)
      }
      let healthy = trace.flows.filter { $0.diagnosis == nil }
      #expect(!healthy.isEmpty)
      #expect(healthy.allSatisfy { $0.reply?.source.text != "10.244.2.8:8080" })
    }

    @Test("7: a policy drops the only endpoint's packets") func policyDropPinned() throws {
      let trace = try Lab.scenario(
        "policy-drop-pinned", ["--svc", "default/web-remote"] + Self.pods)
      for flow in try failed(trace, "policy-drop", "policy") {
        #expect(flow.state == "no-answer")
        #expect(flow.reply?.source.text == "10.244.2.8:8080")
        #expect(flow.drops.count == 1, "the SYNs are folded")
        #expect(flow.drops.first?.packets == flow.syns && flow.syns >= 2)
        #expect(flow.drops.first?.rule?.comment == "deny-trace-backend")
      }
    }

    @Test("7: iptables-legacy is read as well") func legacy() throws {
      try Lab.lab("up", "--mode", "iptables-legacy")
      defer { _ = try? Lab.lab("up", "--mode", "iptables-nft") }
      try Lab.lab("fault", "policy-drop-pinned")
      defer { _ = try? Lab.lab("heal", "policy-drop-pinned") }
      let trace = try Lab.trace(["--svc", "default/web-remote", "--trace-rules"] + Self.pods) {
        try Lab.lab("traffic", "policy-drop-pinned")
      }
      #expect(trace.errors.contains("note: the kernel doesn't trace rules of iptables-legacy"))
      for flow in try failed(trace, "policy-drop", "policy") {
        #expect(flow.drops.first?.rule?.comment == "deny-trace-backend")
        #expect(flow.drops.first?.rule?.certainty == "certain")
        #expect(flow.drops.first?.rule?.trace == nil)
        #expect(flow.service?.name == "web-remote")
        #expect(flow.diagnosis?.check.first?.contains("iptables-legacy") == true)
      }
    }

    @Test("30: one bad endpoint of three") func endpointFailing() throws {
      let trace = try Lab.scenario("endpoint-failing", ["--svc", "10.96.0.50"] + Self.pods)
      let failed = try failed(trace, "policy-drop", "policy")
      #expect(failed.allSatisfy { $0.reply?.source.text == "10.244.2.9:8080" })
      #expect(
        trace.errors.contains(
          "default/web fails only through 10.244.2.9:8080: \(failed.count) of \(failed.count) there"
        ),
        "\(trace.errors)")
      let summary = try #require(trace.summary)
      let spread = try #require(summary.services.first { $0.service == "default/web" })
      let diagnosis = try #require(spread.diagnosis)
      #expect(diagnosis.cause == "endpoint-failing")
      #expect(diagnosis.endpoint.text == "10.244.2.9:8080" && diagnosis.failed == failed.count)
      #expect(spread.endpointCount == 3 && spread.endpoints.count == 3)
      #expect(spread.endpoints.filter { $0.failed == 0 }.count == 2)
      #expect(summary.connections == trace.flows.count && summary.failed == failed.count)
    }

    @Test("8: a Service without endpoints") func noEndpoints() throws {
      let trace = try Lab.scenario("no-endpoints", ["--svc", "10.96.0.52"] + Self.pods)
      for flow in try failed(trace, "no-endpoints", "service") {
        #expect(flow.reply == nil, "no NAT happened")
        #expect(flow.drops.first?.rule?.comment == "default/empty has no endpoints")
        #expect(flow.diagnosis?.why.contains("default/empty has no endpoints") == true)
        #expect(flow.timeline.contains { $0.icmpError?.text == "3/3" })
        #expect(flow.diagnosis?.evidence.contains { $0.contains("ICMP") } == true)
      }
    }

    @Test("10: nothing listens in the pod") func portClosed() throws {
      let trace = try Lab.scenario("port-closed", ["--svc", "10.96.0.62"] + Self.pods)
      for flow in try failed(trace, "port-closed", "application") {
        #expect(flow.state == "refused")
        #expect(flow.request.pass("node1 PREROUTING dnat", "web2 INPUT delivered"))
        #expect(flow.answer.first?.netns == "kft-web2")
        #expect(flow.timeline.contains { $0.flags == "RST-ACK" && $0.direction == "reply" })
        #expect(flow.diagnosis?.why.contains("kft-web2") == true)
      }
    }

    @Test("12: packets larger than the overlay") func mtu() throws {
      let trace = try Lab.scenario("mtu-exceeded", ["--svc", "10.96.0.62"] + Self.pods)
      let failed = try failed(trace, "mtu-exceeded", "pod-network")
      #expect(failed.count == 1, "the small answer passes")
      let flow = try #require(failed.first)
      let text = flow.diagnosis?.evidence.joined(separator: "\n") ?? ""
      #expect(flow.diagnosis?.why.contains("flannel.1 (MTU 1450)") == true)
      #expect(flow.diagnosis?.why.contains("1500 bytes") == true)
      #expect(text.contains("ICMP fragmentation-needed went back to 10.244.2.8"))
      // a socket that is closed drops what it still has, too
      #expect(flow.drops.first?.netns == "kft-node2")
      #expect(flow.timeline.contains { $0.icmpError?.text == "3/4" })
      #expect(flow.state == "completed", "path MTU discovery works here")
    }

    @Test("14: node2's firewall eats the tunnel") func tunnelBlocked() throws {
      let trace = try Lab.scenario("tunnel-blocked", ["--svc", "10.96.0.62"] + Self.pods)
      for flow in try failed(trace, "tunnel-blocked", "pod-network") {
        let drop = try #require(flow.drops.first)
        #expect(drop.netns == "kft-node2" && drop.hook == "INPUT")
        #expect(drop.rule?.specification.contains("--dport 8472") == true)
        #expect(flow.request.pass("node1 VNI encap", "node2 eth0 in", "node2 INPUT dropped"))
        #expect(flow.diagnosis?.why.contains("8472") == true)
      }
    }

    @Test("14: the underlay eats the tunnel") func tunnelBlockedUnderlay() throws {
      let trace = try Lab.scenario("tunnel-blocked-underlay", ["--svc", "10.96.0.62"] + Self.pods)
      for flow in try failed(trace, "tunnel-blocked", "pod-network") {
        #expect(flow.drops.isEmpty)
        #expect(flow.request.pass("node1 VNI encap", "node1 eth0 out"))
        #expect(!flow.request.contains { $0.netns == "kft-node2" })
        let text = flow.diagnosis?.evidence.joined(separator: "\n") ?? ""
        #expect(text.contains("192.168.1.12:8472") && text.contains("kft-node2"))
      }
    }

    @Test("36: lost behind this node") func lostBeyondNode() throws {
      let trace = try Lab.scenario(
        "lost-beyond-node", ["--svc", "10.96.0.62"] + Lab.netns("node1", "client"))
      for flow in try failed(trace, "lost-beyond-node", "pod-network") {
        #expect(flow.drops.isEmpty && flow.state == "no-answer" && flow.syns >= 2)
        let text = flow.diagnosis?.evidence.joined(separator: "\n") ?? ""
        #expect(text.contains("leaving kft-node1 by eth0 for 192.168.1.12"))
        #expect(text.contains("sent \(flow.syns) times"))
        #expect(text.contains("nothing on this node dropped it"))
      }
    }
  }
}

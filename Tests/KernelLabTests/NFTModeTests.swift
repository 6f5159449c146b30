import Foundation
import Testing

extension LabTests {
  /// A cluster whose kube-proxy writes nftables is told as well as one with iptables.
  @Suite(.serialized) struct NFTMode {
    private static let mode = "nftables"
    private static let nodes = ["node1", "node2"]

    struct Healthy: Sendable, CustomTestStringConvertible {
      var scenario: String
      var select: String
      var netns = nodes
      var service = "web"
      var count = 3
      /// Hops in the way of each.
      var all = ["node1 PREROUTING dnat"]
      /// Hops in the way of one at least.
      var anyOf: [String] = []

      var testDescription: String { scenario }
    }

    @Test(
      "1 to 6 and 31: nothing is blamed, and the endpoint is one of the Service's",
      arguments: [
        Healthy(scenario: "healthy-same-node", select: "10.96.0.50"),
        Healthy(
          scenario: "healthy-other-node", select: "default/web",
          anyOf: ["node1 PREROUTING dnat", "node1 VNI encap", "node2 VNI decap"]),
        Healthy(
          scenario: "healthy-nodeport", select: "default/web", netns: nodes + ["outside"],
          all: ["node1 PREROUTING dnat", "node1 POSTROUTING snat"]),
        Healthy(scenario: "healthy-from-node", select: "default/web", all: ["node1 OUTPUT dnat"]),
        Healthy(
          scenario: "healthy-dns", select: "kube-system/kube-dns",
          service: "kube-dns", count: 1),
        Healthy(scenario: "healthy-ipv6", select: "fd00:10:96::50"),
        Healthy(
          scenario: "healthy-sticky", select: "default/web-sticky", service: "web-sticky"),
      ])
    func healthy(_ expected: Healthy) throws {
      let trace = try Lab.scenario(
        expected.scenario,
        ["--svc", expected.select] + expected.netns.flatMap { ["--netns", "kft-\($0)"] },
        mode: Self.mode)
      #expect(trace.status == 0 && trace.errors.contains("no events lost"), "\(trace.errors)")
      #expect(!trace.flows.isEmpty)
      for flow in trace.flows {
        #expect(flow.diagnosis == nil && flow.state == "completed", "\(flow.request.shown)")
        #expect(flow.service?.name == expected.service)
        #expect(flow.service?.endpointCount == expected.count)
        #expect((1...expected.count).contains(flow.service?.endpointIndex ?? 0))
        #expect(flow.request.pass(expected.all), "\(flow.request.shown)")
      }
      #expect(trace.flows.contains { $0.request.pass(expected.anyOf) })
      if expected.service == "web-sticky" {
        #expect(trace.errors.contains("sessionAffinity ClientIP: for 10800 s"), "\(trace.errors)")
      }
    }

    struct Failing: Sendable, CustomTestStringConvertible {
      var scenario: String
      var select: String
      var netns: [String]
      var client = "kft-client"
      var cause: String
      var layer: String
      var service: String?
      /// The rule's table, chain, text or a part of it, and comment.
      var rule: (table: String, chain: String, text: String, comment: String)?
      var says: [String]

      var testDescription: String { scenario }
    }

    @Test(
      "7 to 25: each with its cause, rule and Service",
      arguments: [
        Failing(
          scenario: "policy-drop-nft", select: "10.96.0.62", netns: ["node1", "client", "web2"],
          cause: "policy-drop", layer: "policy", service: "web-remote",
          rule: (
            "inet kube-network-policies", "ingress",
            "tcp dport 8080 ip saddr 10.244.1.0/24 counter drop", "deny-trace-backend"
          ),
          says: [
            "a NetworkPolicy (by its table inet kube-network-policies) drops it",
            "DNAT to 10.244.2.8:8080 was applied before",
          ]),
        Failing(
          scenario: "policy-drop-pinned", select: "10.96.0.62", netns: ["node1", "client"],
          cause: "policy-drop", layer: "policy", service: "web-remote",
          rule: ("filter", "KUBE-POLICY-DEMO", "-j DROP", "deny-trace-backend"),
          says: ["a NetworkPolicy (by its chain KUBE-POLICY-DEMO) drops it"]),
        Failing(
          scenario: "no-endpoints", select: "10.96.0.52", netns: ["node1", "client"],
          cause: "no-endpoints", layer: "service", service: "empty",
          rule: ("ip kube-proxy", "reject-chain", "reject", "default/empty has no endpoints"),
          says: ["Service default/empty has no endpoints", "ICMP port-unreachable"]),
        Failing(
          scenario: "no-local-endpoint", select: "default/web-outside",
          netns: ["node1", "outside"],
          client: "kft-outside", cause: "no-local-endpoint", layer: "service",
          service: "web-outside",
          rule: (
            "ip kube-proxy", "nodeport-endpoints-check", "vmap @no-endpoint-nodeports",
            "default/web-outside:http has no local endpoints"
          ),
          says: ["default/web-outside:http has externalTrafficPolicy Local", "is on kft-node1"]),
        Failing(
          scenario: "service-not-programmed", select: "10.96.0.99", netns: ["node1", "client"],
          cause: "service-not-programmed", layer: "service",
          rule: (
            "ip kube-proxy", "cluster-ips-check", "ip daddr 10.96.0.0/16 drop",
            "Drop traffic to unallocated ClusterIPs"
          ),
          says: ["kft-node1 has no rule for 10.96.0.99:80", "this is none of them"]),
        Failing(
          scenario: "hairpin", select: "10.96.0.61", netns: ["node1", "web1"], client: "kft-web1",
          cause: "hairpin", layer: "service", service: "web-local",
          says: ["10.244.1.6 calls default/web-local and was given itself as endpoint"]),
        Failing(
          scenario: "stale-conntrack", select: "kube-system/kube-dns",
          netns: ["node1", "node2", "client", "dns"], cause: "stale-conntrack", layer: "service",
          service: "kube-dns",
          says: ["10.244.1.5:5353 to 10.244.2.10:53, which is no endpoint of kube-system/kube-dns"]),
      ])
    func failing(_ expected: Failing) throws {
      let trace = try Lab.scenario(
        expected.scenario,
        ["--svc", expected.select] + expected.netns.flatMap { ["--netns", "kft-\($0)"] },
        mode: Self.mode)
      #expect(trace.status == 1)
      let flows = trace.flows.filter { $0.isSeen(from: expected.client) && $0.diagnosis != nil }
      try #require(!flows.isEmpty, "\(trace.errors)")
      for flow in flows {
        let diagnosis = try #require(flow.diagnosis)
        let text = ([diagnosis.why] + diagnosis.evidence).joined(separator: "\n")
        #expect(diagnosis.cause == expected.cause && diagnosis.layer == expected.layer, "\(text)")
        #expect(diagnosis.certainty == "certain")
        for words in expected.says { #expect(text.contains(words), "\(text)") }
        #expect(flow.service?.name == expected.service)
        guard let rule = expected.rule else { continue }
        let found = try #require(diagnosis.rule)
        #expect(found.table == rule.table && found.chain == rule.chain)
        #expect(found.specification.contains(rule.text), "\(found.specification)")
        #expect(found.comment == rule.comment && found.certainty == "certain")
      }
    }

    @Test("a port that the Service does not have") func wrongPort() throws {
      try Lab.lab("up", "--mode", Self.mode)
      let trace = try Lab.trace(["--svc", "10.96.0.50"] + Lab.netns("node1", "client")) {
        try Lab.inside("client", "curl", "-s", "-m", "2", "http://10.96.0.50:81/")
      }
      let flow = try #require(trace.flows.first { $0.diagnosis != nil }, "\(trace.errors)")
      #expect(flow.diagnosis?.cause == "service-not-programmed")
      #expect(
        flow.diagnosis?.why.contains("the Service at 10.96.0.50 has no port 81/tcp") == true)
    }

    @Test("with --trace-rules the rule is the one of nft's handle") func traced() throws {
      try Lab.lab("up", "--mode", Self.mode)
      try Lab.lab("fault", "policy-drop-nft")
      defer { _ = try? Lab.lab("heal", "policy-drop-nft") }
      let trace = try Lab.trace(
        ["--svc", "10.96.0.62", "--svc", "10.96.0.52", "--trace-rules"]
          + Lab.netns("node1", "client")
      ) {
        try Lab.lab("traffic", "policy-drop-nft")
        try Lab.inside("client", "curl", "-s", "-m", "2", "http://10.96.0.52/")
      }
      for (cause, table, chain, text) in [
        ("policy-drop", "inet kube-network-policies", "ingress", "deny-trace-backend"),
        ("no-endpoints", "ip kube-proxy", "reject-chain", "reject"),
      ] {
        let list = ["nft", "-a", "list", "chain"] + table.split(separator: " ").map(String.init)
        let listed = try Lab.run(["ip", "netns", "exec", "kft-node1"] + list + [chain]).output
        let line = listed.split(separator: "\n").first {
          $0.contains(text) && $0.contains("# handle") && !$0.contains("chain ")
        }
        let handle = try #require(line?.split(separator: " ").last)
        let flow = try #require(trace.flows.first { $0.diagnosis?.cause == cause })
        #expect(
          flow.diagnosis?.rule?.trace == ["\(table) \(chain) rule handle \(handle) verdict drop"])
        #expect(flow.diagnosis?.rule?.specification.hasSuffix("# handle \(handle)") == true)
        #expect(flow.diagnosis?.rule?.certainty == "certain")
      }
    }

    @Test("back to iptables") func back() throws {
      try Lab.lab("up", "--mode", "iptables-nft")
      #expect(try Lab.lab("status").hasPrefix("up (iptables-nft, vxlan)"))
    }
  }
}

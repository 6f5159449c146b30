import Foundation
import Testing

extension LabTests {
  /// Scenario 38: kube-proxy in IPVS mode.
  @Suite(.serialized) struct IPVS {
    private static let setup = ["--mode", "ipvs"]
    private static let pods = Lab.netns("node1", "node2", "client", "web1", "web2", "web3")

    @Test("38: its NAT is placed and the real server named, as ipvsadm and conntrack have it")
    func healthy() throws {
      guard try !Lab.isRefused(Self.setup, without: "ip_vs") else { return }
      let trace = try Lab.scenario(
        "healthy-ipvs", ["--svc", "10.96.0.50"] + Self.pods, mode: "ipvs")
      #expect(trace.status == 0 && trace.errors.contains("no events lost"), "\(trace.errors)")
      #expect(trace.errors.contains("tracing virtual server 10.96.0.50:80/tcp rr (3 real servers)"))
      #expect(trace.flows.count % 6 == 0 && !trace.flows.isEmpty)
      let servers = try Self.realServers()
      #expect(servers.count == 3)
      let table = try Lab.inside("node1", "conntrack", "-L", "-p", "tcp", "-d", "10.96.0.50").output
      for flow in trace.flows {
        #expect(flow.diagnosis == nil && flow.state == "completed", "\(flow.request.shown)")
        #expect(flow.destination.text == "10.96.0.50:80" && flow.source.address == "10.244.1.5")
        #expect(flow.service?.virtualServer == "10.96.0.50:80/tcp")
        #expect(flow.service?.scheduler == "rr" && flow.service?.name == nil)
        #expect(flow.service?.endpointCount == 3)
        let server = try #require(flow.reply?.source)
        #expect(flow.service?.endpointIndex == servers.firstIndex(of: server.text).map { $0 + 1 })
        #expect(
          table.contains(
            "src=\(server.address) dst=10.244.1.5 sport=8080 dport=\(flow.source.port)"))
        let nat = try #require(flow.request.first { $0.action == "dnat" })
        #expect(nat.hook == "ipvs" && nat.netfilterHook == "INPUT" && nat.netns == "kft-node1")
        let undone = try #require(flow.answer.first { $0.action == "un-dnat" })
        #expect(undone.hook == "ipvs" && undone.netfilterHook == "FORWARD")
        #expect(
          !flow.request.contains { $0.action == "delivered" && $0.netns == "kft-node1" },
          "what IPVS takes was for no socket of the node")
      }
      let remote = try #require(
        trace.flows.first { $0.reply?.source.address.hasPrefix("10.244.2.") == true })
      #expect(
        remote.request.pass(
          "node1 vethclient in", "node1 INPUT dnat", "node1 flannel.1 out", "node1 VNI encap",
          "node1 eth0 out", "node2 eth0 in", "node2 VNI decap"), "\(remote.request.shown)")
      let local = try #require(trace.flows(through: "10.244.1.6:8080").first)
      #expect(
        local.request.pass("node1 INPUT dnat", "node1 vethweb1 out", "web1 INPUT delivered"),
        "\(local.request.shown)")
      #expect(
        local.answer.pass("node1 vethweb1 in", "node1 FORWARD un-dnat", "node1 vethclient out"),
        "\(local.answer.shown)")
    }

    /// In order, by ipvsadm's word.
    private static func realServers() throws -> [String] {
      try Lab.inside("node1", "ipvsadm", "-Ln", "-t", "10.96.0.50:80").output
        .split(separator: "\n").compactMap { line in
          let words = line.split(separator: " ")
          return words.count > 3 && words[0] == "->" && words[2] == "Masq" ? String(words[1]) : nil
        }
    }

    @Test("38: a NodePort is a virtual server, too, and masqueraded") func nodePort() throws {
      guard try !Lab.isRefused(Self.setup, without: "ip_vs") else { return }
      try Lab.lab("up", "--mode", "ipvs")
      let trace = try Lab.trace(["--svc", "192.168.1.11:30080"] + Self.pods + Lab.netns("outside"))
      {
        for _ in 0..<3 {
          try Lab.inside("outside", "curl", "-s", "-m", "10", "http://192.168.1.11:30080/")
        }
      }
      #expect(trace.status == 0, "\(trace.errors)")
      #expect(trace.flows.count == 3)
      for flow in trace.flows {
        #expect(flow.service?.virtualServer == "192.168.1.11:30080/tcp")
        #expect(flow.source.address == "192.168.1.100")
        #expect(
          flow.request.pass("node1 eth0 in", "node1 INPUT dnat", "node1 POSTROUTING snat"),
          "\(flow.request.shown)")
        #expect(flow.answer.pass("node1 FORWARD un-dnat"), "\(flow.answer.shown)")
      }
    }

    @Test("38: without conntrack IPVS's own entry joins the two halves, by kprobes")
    func untracked()
      throws
    {
      guard try !Lab.isRefused(Self.setup, without: "ip_vs") else { return }
      try Lab.lab("up", "--mode", "ipvs")
      let setting = "net.ipv4.vs.conntrack"
      try Lab.inside("node1", "sysctl", "-qw", "\(setting)=0")
      defer { _ = try? Lab.inside("node1", "sysctl", "-qw", "\(setting)=1") }
      let trace = try Lab.trace(["--svc", "10.96.0.62"] + Self.pods) {
        try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.62/")
      }
      #expect(trace.status == 0, "\(trace.errors)")
      if Lab.backend == "netfilter" {
        #expect(trace.flows.count == 2, "a limit of that backend")
        #expect(trace.errors.contains("net.ipv4.vs.conntrack is 0 in kft-node1"))
      } else {
        #expect(trace.flows.count == 1)
        let flow = try #require(trace.flows.first)
        #expect(flow.reply?.source.text == "10.244.2.8:8080")
        #expect(flow.request.pass("node1 INPUT dnat", "node2 vethweb2 out", "web2 INPUT delivered"))
        #expect(flow.answer.pass("node1 FORWARD un-dnat"), "\(flow.answer.shown)")
      }
    }

    @Test("38: a virtual server without real servers") func noEndpoints() throws {
      guard try !Lab.isRefused(Self.setup, without: "ip_vs") else { return }
      let trace = try Lab.scenario(
        "no-endpoints-ipvs", ["--svc", "10.96.0.52"] + Lab.netns("node1", "client"),
        mode: "ipvs")
      #expect(trace.status == 1)
      let flows = trace.flows.filter { $0.isSeen(from: "kft-client") }
      #expect(flows.count == 2)
      for flow in flows {
        let diagnosis = try #require(flow.diagnosis)
        #expect(diagnosis.cause == "no-endpoints" && diagnosis.layer == "service")
        #expect(diagnosis.certainty == "certain" && diagnosis.rule == nil)
        #expect(diagnosis.why.contains("virtual server 10.96.0.52:80/tcp rr has no real server"))
        let text = diagnosis.evidence.joined(separator: "\n")
        #expect(text.contains("refused in kft-node1 INPUT by IPVS: its scheduler rr"))
        #expect(text.contains("ICMP port-unreachable"))
        #expect(diagnosis.check.first?.hasSuffix("ipvsadm -Ln -t 10.96.0.52:80") == true)
        #expect(flow.drops.first?.netns == "kft-node1" && flow.drops.first?.hook == "INPUT")
        #expect(flow.reply == nil && flow.timeline.contains { $0.icmpError?.text == "3/3" })
      }
    }

    @Test("38: a name is refused with the reason") func names() throws {
      guard try !Lab.isRefused(Self.setup, without: "ip_vs") else { return }
      try Lab.lab("up", "--mode", "ipvs")
      let result = try Lab.run(
        [Lab.tracerPath, "--svc", "default/web"] + Lab.netns("node1"))
      #expect(result.status == 64)
      #expect(result.errors.contains("IPVS mode here, which keeps no names"), "\(result.errors)")
    }
  }
}

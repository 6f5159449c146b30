import Diagnosis
import FlowModel
import Testing

@Suite struct FilterCauseTests {
  private func told() -> Told {
    var told = Told()
    told.packet(
      repeats: 3, Told.hop(.sent, netns: 1, tuple: Told.asked), Told.dropped(at: .forward))
    return told
  }

  @Test("a rule of a policy chain is a NetworkPolicy") func policy() throws {
    var node = Node("NETFILTER_DROP")
    node.finding = Told.rule
    let said = try #require(Diagnoser.explain(told().flow, on: node))
    #expect(said.cause == "policy-drop" && said.layer == .policy && said.certainty == .certain)
    #expect(said.why.contains("NetworkPolicy") && said.why.contains("KUBE-NWPLCY-ABC"))
    #expect(said.evidence.contains("4 SYN packets dropped in node1 FORWARD"))
    #expect(said.evidence.contains { $0.contains("DNAT to 10.244.2.8:8080") })
    #expect(said.fix.contains("TCP") && said.fix.contains("10.244.2.8:8080"))
  }

  private func explained(_ rule: RuleFinding) throws -> Explanation {
    var node = Node("NETFILTER_DROP")
    node.finding = rule
    return try #require(Diagnoser.explain(told().flow, on: node))
  }

  private func rule(_ table: String, _ chain: String, _ text: String, _ comment: String? = nil)
    -> RuleFinding
  {
    RuleFinding(
      table: table, chain: chain, specification: text, comment: comment,
      backend: table.contains(" ") ? "nftables" : "nft", isPolicy: false, certainty: .certain,
      alternatives: 0)
  }

  @Test(
    "the chains and tables of policy engines, of iptables and of nftables",
    arguments: [
      ("filter", "cali-pi-_tTE-E7yY40ogArNVgKt"), ("filter", "cali-po-default.deny"),
      ("filter", "cali-tw-cali95aa86cbb2a"), ("filter", "cali-fw-cali95aa86cbb2a"),
      ("filter", "cali-pri-kns.default"), ("raw", "cali-th-eth0"),
      ("ip calico", "filter-cali-tw-cali95aa86cbb2a"), ("ip6 calico", "filter-cali-pi-_tTE"),
      ("filter", "KUBE-NWPLCY-5VLCZNPWIAXAL2HB"), ("filter", "KUBE-POD-FW-24CAQJ4LYSAY3PHB"),
      ("ip filter", "KUBE-POD-FW-24CAQJ4LYSAY3PHB"), ("filter", "WEAVE-NPC-INGRESS"),
      ("filter", "WEAVE-NPC"), ("filter", "CILIUM_FORWARD"), ("inet filter", "CILIUM_INPUT"),
      ("filter", "ANTREA-POL-INGRESS-RULES"), ("filter", "KUBE-POLICY-DEMO"),
    ])
  func engines(_ table: String, _ chain: String) throws {
    let said = try explained(rule(table, chain, "tcp dport 8080 drop # handle 7"))
    #expect(said.why == "a NetworkPolicy (by its chain \(chain)) drops it")
    #expect(said.fix == "allow TCP from 10.244.1.5 to 10.244.2.8:8080 in the NetworkPolicy")
  }

  @Test(
    "engines that have a table of their own",
    arguments: ["inet kube-network-policies", "inet kindnet-network-policies"])
  func engineTables(_ table: String) throws {
    let said = try explained(rule(table, "ingress", "drop # handle 7"))
    #expect(said.why == "a NetworkPolicy (by its table \(table)) drops it")
    #expect(said.check == ["ip netns exec node1 nft -a list chain \(table) ingress"])
  }

  @Test(
    "what no policy allows is not said to be denied by one",
    arguments: [
      ("filter", "cali-tw-cali1", "-j DROP", "Drop if no policies passed packet", "Calico"),
      ("filter", "cali-fw-cali1", "-j DROP", "Drop if no profiles matched", "Calico"),
      (
        "ip calico", "filter-cali-tw-cali1", "drop",
        "cali:x; End of tier default. Drop if no policies passed packet", "Calico"
      ),
      (
        "filter", "KUBE-POD-FW-24C", "-j REJECT",
        "rule to REJECT traffic destined for POD name:web namespace: default", "kube-router"
      ),
      ("filter", "WEAVE-NPC-EGRESS", "-j DROP", nil, "Weave Net"),
      ("filter", "FORWARD", "-A FORWARD -o weave -j DROP", nil, "Weave Net"),
    ] as [(String, String, String, String?, String)])
  func defaultDeny(
    _ table: String, _ chain: String, _ text: String, _ comment: String?, _ engine: String
  ) throws {
    let said = try explained(rule(table, chain, text, comment))
    #expect(said.why.hasPrefix("no NetworkPolicy allows it, and \(engine) drops the rest (by its "))
    #expect(said.fix.hasSuffix(" in a NetworkPolicy"))
  }

  @Test(
    "what such an engine drops by no policy is not called one",
    arguments: [
      ("cali-tw-cali1", "-A cali-tw-cali1 -m conntrack --ctstate INVALID -j DROP"),
      ("filter-cali-tw-cali1", "ct state invalid drop # handle 4"),
      ("KUBE-POD-FW-24C", "-A KUBE-POD-FW-24C -m conntrack --ctstate INVALID -j DROP"),
      ("cali-from-wl-dispatch", "-A cali-from-wl-dispatch -j DROP"), ("cali-INPUT", "-j DROP"),
      ("calico", "-j DROP"), ("WEAVE", "-j DROP"), ("KUBE-FIREWALL", "-j DROP"),
      ("KUBE-POLICYX", "-j DROP"), ("FORWARD", "-A FORWARD -o weave0 -j DROP"),
    ])
  func engineWithoutPolicy(_ chain: String, _ text: String) throws {
    let said = try explained(rule("filter", chain, text))
    #expect(said.why == "a firewall rule of this node drops it")
    #expect(said.fix.hasSuffix(" before that rule"))
  }

  @Test("the kernel's own trace is evidence") func trace() throws {
    var traced = Told.rule
    traced.trace = [
      "ip filter KUBE-NWPLCY-ABC rule handle 7 verdict drop", "ip filter X policy drop",
    ]
    let said = try explained(traced)
    #expect(
      said.evidence.suffix(2) == [
        "the kernel's rule trace: ip filter KUBE-NWPLCY-ABC rule handle 7 verdict drop",
        "others of these packets: ip filter X policy drop",
      ])
    #expect(try explained(Told.rule).evidence.allSatisfy { !$0.contains("trace") })
  }

  @Test(
    "kube-proxy's own drop in nftables mode is a Service that is not there",
    arguments: [
      ("Drop traffic to unallocated ClusterIPs", "kube-proxy does not know such a Service"),
      ("Reject traffic to invalid ports of ClusterIPs", "has no port 80/tcp"),
    ])
  func unallocated(_ comment: String, _ words: String) throws {
    var node = Node("NETFILTER_DROP")
    node.finding = rule("ip kube-proxy", "cluster-ips-check", "drop # handle 62", comment)
    node.programmed = [Told.pod.address]
    var told = Told(isTranslated: false)
    told.packet(Told.dropped(at: .forward, tuple: Told.asked))
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "service-not-programmed" && said.layer == .service)
    #expect(said.why.contains("10.96.0.50") && said.why.contains(words))
    #expect(said.evidence.contains { $0.contains("kube-proxy's rule \"\(comment)\"") })
    #expect(said.check.contains { $0.contains("nft list map ip kube-proxy service-ips") })
    // the same words in someone else's table
    node.finding?.table = "ip filter"
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "policy-drop")
  }

  @Test("a rule that names no policy is not called one") func firewall() throws {
    var node = Node("NETFILTER_DROP")
    node.finding = Told.rule
    node.finding?.chain = "FORWARD"
    let said = try #require(Diagnoser.explain(told().flow, on: node))
    #expect(said.cause == "policy-drop")
    #expect(!said.why.contains("NetworkPolicy") && !said.fix.contains("NetworkPolicy"))
  }

  @Test("a chain's policy is said to be one") func chainPolicy() throws {
    var node = Node("NETFILTER_DROP")
    node.finding = Told.rule
    node.finding?.chain = "FORWARD"
    node.finding?.isPolicy = true
    let said = try #require(Diagnoser.explain(told().flow, on: node))
    #expect(said.why.contains("the chain's policy is DROP"))
  }

  @Test("without its rule it is likely at best") func noRule() throws {
    let said = try #require(Diagnoser.explain(told().flow, on: Node("NETFILTER_DROP")))
    #expect(said.cause == "policy-drop" && said.certainty == .likely && said.rule == nil)
    #expect(said.why.contains("could not be found"))
  }

  @Test("a kernel without reasons: by the function") func oldKernel() throws {
    let said = try #require(
      Diagnoser.explain(told().flow, on: Node(in: "nf_hook_slow+0xb3")))
    #expect(said.cause == "policy-drop")
    let other = try #require(Diagnoser.explain(told().flow, on: Node(in: "nf_hook_slower+0x1")))
    #expect(other.cause == "drop" && other.certainty == .inferred)
  }

  @Test("kube-proxy's own reject is a Service without endpoints") func noEndpoints() throws {
    var node = Node("NETFILTER_DROP")
    node.finding = Told.rule
    node.finding?.comment = "default/empty:http has no endpoints"
    var told = Told(isTranslated: false)
    told.packet(Told.dropped(at: .forward, tuple: Told.asked))
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "no-endpoints" && said.layer == .service)
    #expect(said.why.contains("default/empty:http has no endpoints"))
    #expect(said.check.first?.contains("-n default") == true)
    #expect(said.check.first?.contains("service-name=empty") == true, "without the port's name")
  }

  @Test("the overlay's own packet dropped by a rule is the tunnel's fault") func tunnel() throws {
    var node = Node("NETFILTER_DROP")
    node.finding = Told.rule
    var told = Told()
    told.packet(
      Told.dropped(netns: 4, at: .input) { $0.carrier = .tunnel(outer: Told.outer, vni: 1) })
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "tunnel-blocked" && said.layer == .podNetwork)
    #expect(said.why.contains("8472") && said.why.contains("node2"))
    #expect(said.rule == Told.rule)
  }
}

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

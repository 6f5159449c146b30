import Diagnosis
import FlowModel
import Testing

@Suite struct VirtualServerCauseTests {
  private var node: Node {
    var node = Node("NETFILTER_DROP")
    node.service = ServiceName(
      namespace: nil, name: nil, port: nil, endpointIndex: nil, endpointCount: 0,
      virtualServer: "10.96.0.50:80/tcp", scheduler: "wrr")
    return node
  }

  private func told() -> Told {
    var told = Told(isTranslated: false)
    told.packet(repeats: 1, Told.dropped(at: .input, tuple: Told.asked))
    return told
  }

  @Test("refused by IPVS: virtual server and scheduler are named") func refused() throws {
    let said = try #require(Diagnoser.explain(told().flow, on: node))
    #expect(said.cause == "no-endpoints" && said.layer == .service && said.certainty == .certain)
    #expect(said.why.hasPrefix("virtual server 10.96.0.50:80/tcp wrr has no real server"))
    #expect(said.evidence[0].hasPrefix("2 SYN packets refused in node1 INPUT by IPVS"))
    #expect(said.evidence[0].contains("scheduler wrr"))
    #expect(said.check[0] == "ip netns exec node1 ipvsadm -Ln -t 10.96.0.50:80")
  }

  @Test("a rule that fits makes it likely, one that is certain has done it") func rules() throws {
    var fits = node
    fits.finding = Told.rule
    fits.finding?.certainty = .likely
    let said = try #require(Diagnoser.explain(told().flow, on: fits))
    #expect(said.cause == "no-endpoints" && said.certainty == .likely && said.rule == nil)
    fits.finding?.certainty = .certain
    #expect(Diagnoser.explain(told().flow, on: fits)?.cause == "policy-drop")
  }

  @Test("what IPVS has not refused") func others() {
    var served = node
    served.service?.endpointCount = 1
    #expect(Diagnoser.explain(told().flow, on: served)?.cause == "policy-drop", "a real server")
    var named = node
    named.service?.virtualServer = nil
    #expect(Diagnoser.explain(told().flow, on: named)?.cause == "policy-drop", "no IPVS")
    var forwarded = Told(isTranslated: false)
    forwarded.packet(Told.dropped(at: .forward, tuple: Told.asked))
    #expect(Diagnoser.explain(forwarded.flow, on: node)?.cause == "policy-drop", "not there")
  }

  @Test(
    "what a tunnel takes is told by its kind",
    arguments: [
      ("vxlan", "VXLAN takes 50 bytes"), ("geneve", "Geneve takes 50 bytes"),
      ("ipip", "IP-in-IP takes 20 bytes"), ("veth", ""),
    ]) func overhead(_ kind: String, _ words: String) throws
  {
    var node = Node("PKT_TOO_BIG")
    node.states[2] = NetworkState(devices: [9: .init(index: 9, name: "tunnel", kind: kind)])
    var told = Told()
    told.packet(
      Told.dropped {
        $0.length = 1500
        $0.mtu = 1480
        $0.outInterface = 9
      })
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "mtu-exceeded")
    let found = said.evidence.filter { $0.contains(" takes ") }
    #expect(words.isEmpty ? found.isEmpty : found.count == 1 && found[0].hasPrefix(words))
  }
}

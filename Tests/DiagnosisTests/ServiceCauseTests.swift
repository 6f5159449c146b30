import Diagnosis
import FlowModel
import Testing

@Suite struct ServiceCauseTests {
  private var node: Node {
    var node = Node("IP_INADDRERRORS")
    node.service = ServiceName(
      namespace: "default", name: "web", port: nil, endpointIndex: nil, endpointCount: 2)
    return node
  }

  private func told(state: FlowState = .noAnswer) -> Told {
    var told = Told(state: state)
    told.packet(
      Told.hop(.destinationNAT(to: Told.pod, undone: false), .nfDNATDone), Told.dropped(netns: 3))
    return told
  }

  @Test("an entry that leads to what is no endpoint is stale") func stale() throws {
    let said = try #require(Diagnoser.explain(told().flow, on: node))
    #expect(said.cause == "stale-conntrack" && said.layer == .service)
    #expect(said.why.contains("10.244.2.8:8080, which is no endpoint of default/web"))
    #expect(said.fix.contains("ip netns exec node1 conntrack -D -p tcp --orig-src 10.244.1.5"))
    #expect(said.fix.contains("--reply-src 10.244.2.8"))
  }

  @Test("what is no stale entry") func notStale() {
    var known = node
    known.endpoints = [Told.pod]
    #expect(Diagnoser.explain(told().flow, on: known)?.cause == "drop", "it is an endpoint")
    #expect(Diagnoser.explain(told(state: .completed).flow, on: node) == nil, "it works")
    var empty = node
    empty.service?.endpointCount = 0
    #expect(Diagnoser.explain(told().flow, on: empty)?.cause == "drop", "nothing to compare with")
    var masqueraded = told()
    masqueraded.flow.original = Told.translated
    #expect(Diagnoser.explain(masqueraded.flow, on: node)?.cause == "drop", "source NAT only")
    #expect(
      Diagnoser.explain(told().flow, on: Node("IP_INADDRERRORS"))?.cause == "drop", "no Service")
  }

  @Test("a bridge port without hairpin mode, as long as it has none") func hairpinMode() throws {
    let pod = Endpoint(Told.client.address, 8080)
    let itself = Tuple(.tcp, from: Told.client, to: pod)
    var told = Told()
    told.flow.translated = itself
    told.packet(repeats: 3, Told.dropped(tuple: itself) { $0.interface = 7 })
    var node = Node(in: "br_handle_frame_finish+0x380")
    #expect(Diagnoser.explain(told.flow, on: node)?.certainty == .inferred, "no state known")
    node.states[2] = NetworkState(devices: [
      5: .init(index: 5, name: "cni0", kind: "bridge"),
      7: .init(index: 7, name: "vethweb1", kind: "veth", controller: 5, isHairpin: false),
    ])
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "hairpin" && said.layer == .service && said.certainty == .certain)
    #expect(said.why.contains("cni0 of node1 refused to send it out of the port it came in by"))
    #expect(said.evidence.contains("hairpin_mode of vethweb1 is off now"))
    #expect(said.fix.contains("bridge link set dev vethweb1 hairpin on"))
    node.states[2]?.devices[7]?.isHairpin = true
    #expect(Diagnoser.explain(told.flow, on: node)?.cause == "drop", "it was for something else")
  }

  @Test("a pod that was given itself") func hairpin() throws {
    var told = Told()
    let pod = Endpoint(Told.client.address, 8080)
    told.flow.translated = Tuple(.tcp, from: Told.client, to: pod)
    told.packet(Told.dropped(netns: 1, tuple: Tuple(.tcp, from: Told.client, to: pod)))
    var node = node
    node.endpoints = [pod]
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "hairpin" && said.layer == .service && said.certainty == .certain)
    #expect(
      said.check.first?.hasSuffix("iptables-save -t nat | grep -e '-s 10.244.1.5/32'") == true)
    #expect(said.fix.contains("(KUBE-SEP-…: -s 10.244.1.5/32 -j KUBE-MARK-MASQ)"))
    node.isNFTables = true
    let new = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(
      new.check.first?.hasSuffix(
        "nft list table ip kube-proxy | grep -e 'ip saddr 10.244.1.5 '") == true)
    #expect(new.fix.contains("(endpoint-…: ip saddr 10.244.1.5 jump mark-for-masquerade)"))
    told.flow.translated?.source = Endpoint(Address(v4: 0x0af4_0101), 43122)
    #expect(Diagnoser.explain(told.flow, on: node)?.cause != "hairpin", "masqueraded as it should")
    told.flow.translated?.source = Told.client
    told.flow.state = .completed
    #expect(Diagnoser.explain(told.flow, on: node) == nil, "it works")
  }
}

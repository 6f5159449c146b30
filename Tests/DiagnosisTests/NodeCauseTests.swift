import Diagnosis
import FlowModel
import Testing

@Suite struct NodeCauseTests {
  private func explain(
    _ node: Node, state: FlowState = .noAnswer, _ hops: Hop...
  ) -> Explanation? {
    var told = Told(state: state)
    for hop in hops { told.packet(hop) }
    return Diagnoser.explain(told.flow, on: node)
  }

  private func devices(_ list: NetworkState.Device...) -> [UInt32: NetworkState.Device] {
    Dictionary(uniqueKeysWithValues: list.map { ($0.index, $0) })
  }

  @Test("forwarding: only when the sysctl says so") func forwarding() throws {
    var node = Node("IP_INADDRERRORS", in: "ip_error+0x94")
    let drop = Told.dropped { $0.interface = 5 }
    #expect(explain(node, drop)?.cause == "drop")
    node.settings = ["net/ipv4/conf/if5/forwarding": "1", "net/ipv4/ip_forward": "1"]
    #expect(explain(node, drop)?.cause == "drop")
    node.settings = ["net/ipv4/conf/if5/forwarding": "0", "net/ipv4/ip_forward": "1"]
    let one = try #require(explain(node, drop))
    #expect(one.cause == "forwarding-disabled" && one.layer == .node)
    #expect(one.why.contains("net.ipv4.conf.if5.forwarding is 0"))
    node.settings["net/ipv4/ip_forward"] = "0"
    #expect(explain(node, drop)?.why.contains("net.ipv4.ip_forward is 0") == true)
  }

  @Test("the reverse path filter's evidence is the route back") func reversePath() throws {
    var node = Node("IP_RPFILTER")
    node.settings = ["net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/flannel.1/rp_filter": "1"]
    node.states[2] = NetworkState(
      devices: devices(.init(index: 4, name: "flannel.1"), .init(index: 2, name: "eth0")),
      routes: [
        .init(
          network: Address(v4: 0x0af4_0100), length: 24, gateway: Address(v4: 0xc0a8_010b),
          device: 2)
      ])
    let said = try #require(explain(node, Told.dropped(at: .prerouting) { $0.interface = 4 }))
    #expect(said.cause == "rp-filter" && said.certainty == .certain)
    #expect(
      said.evidence.contains(
        "the route back to 10.244.1.5 is 10.244.1.0/24 via 192.168.1.11 dev eth0, not flannel.1"))
    #expect(said.evidence.contains { $0.contains("flannel.1.rp_filter = 1") })
  }

  @Test("no route") func noRoute() throws {
    var node = Node("IP_INNOROUTES", in: "ip_error+0x94")
    node.states[2] = NetworkState(routes: [
      .init(network: Address(v4: 0x0af4_0100), length: 24, gateway: nil, device: 2)
    ])
    let said = try #require(explain(node, Told.dropped()))
    #expect(said.cause == "no-route" && said.layer == .podNetwork && said.certainty == .certain)
    #expect(said.evidence.contains { $0.contains("none of its 1 routes covers 10.244.2.8") })
  }

  @Test("a failed neighbour, a dead port, a tunnel without peer: told apart by the device")
  func neighbours() throws {
    var node = Node("NEIGH_FAILED", in: "neigh_invalidate+0x7e")
    let drop = Told.dropped { $0.interface = 5 }
    #expect(explain(node, drop)?.cause == "neighbour-failed", "nothing known of the device")

    node.states[2] = NetworkState(
      devices: devices(
        .init(index: 5, name: "cni0", kind: "bridge"),
        .init(index: 6, name: "vethweb2", kind: "veth", controller: 5)))
    let failed = try #require(explain(node, drop))
    #expect(failed.cause == "neighbour-failed" && failed.why.contains("ARP for 10.244.2.8"))

    node.states[2]?.devices[6]?.isUp = false
    let down = try #require(explain(node, drop))
    #expect(down.cause == "device-down" && down.why.contains("vethweb2 of node1 is set down"))
    node.states[2]?.devices[6]?.isUp = true
    node.states[2]?.devices[6]?.hasCarrier = false
    #expect(explain(node, drop)?.why.contains("no carrier") == true)

    node.states[2] = NetworkState(
      devices: devices(
        .init(index: 5, name: "flannel.1", kind: "vxlan", vxlan: .init(vni: 1, port: 8472))))
    let peer = try #require(explain(node, drop))
    #expect(peer.cause == "no-tunnel-peer")
    #expect(peer.why.contains("no neighbour entry for 10.244.2.8"))
  }

  @Test("a forwarding entry that is missing") func forwardingEntry() throws {
    var node = Node("NO_TX_TARGET", in: "vxlan_xmit+0xd25")
    let hop = Address(v4: 0x0af4_0200)
    node.states[2] = NetworkState(
      devices: devices(
        .init(index: 5, name: "flannel.1", kind: "vxlan", vxlan: .init(vni: 1, port: 8472))),
      neighbours: [
        .init(address: hop, device: 5, hardware: "0a:00:00:00:00:02", state: "permanent")
      ],
      routes: [.init(network: hop, length: 24, gateway: hop, device: 5)])
    let said = try #require(explain(node, Told.dropped { $0.interface = 5 }))
    #expect(said.cause == "no-tunnel-peer")
    #expect(said.why.contains("no forwarding entry for 0a:00:00:00:00:02"))
  }

  @Test("VNI and port of the two ends") func tunnelEnds() throws {
    let drop = Told.dropped(netns: 4) { $0.carrier = .tunnel(outer: Told.outer, vni: 1) }
    var node = Node("VXLAN_VNI_NOT_FOUND", in: "vxlan_rcv+0x84")
    #expect(explain(node, drop)?.cause == "vni-mismatch")
    node = Node(in: "vxlan_rcv+0x84")
    node.states[4] = NetworkState(
      devices: devices(.init(index: 3, name: "flannel.1", vxlan: .init(vni: 2, port: 8472))))
    let said = try #require(explain(node, drop))
    #expect(said.cause == "vni-mismatch")
    #expect(said.evidence.contains("node2 has flannel.1 (VNI 2, UDP 8472)"))
    node.states[4]?.devices[3]?.vxlan?.vni = 1
    #expect(explain(node, drop)?.cause == "drop", "there is a device of that VNI")

    node = Node("NO_SOCKET", in: "__udp4_lib_rcv+0x4bc")
    #expect(explain(node, drop)?.cause == "tunnel-port-mismatch")
    #expect(explain(node, Told.dropped(netns: 3))?.cause == "port-closed")
  }

  @Test("a drop that nothing explains claims no more than the kernel said") func other() throws {
    let said = try #require(explain(Node("PKT_TOO_SMALL", in: "ip_rcv_core+0x1"), Told.dropped()))
    #expect(said.cause == "drop" && said.why.contains("PKT_TOO_SMALL"))
    #expect(said.certainty == .certain && said.layer == .node)
    #expect(
      explain(Node("PKT_TOO_SMALL"), state: .completed, Told.dropped()) == nil,
      "a lost packet that was made good is no failure")
  }
}

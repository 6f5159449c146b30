import Diagnosis
import FlowModel
import Testing

@Suite struct ChecksumCauseTests {
  @Test("the tunnel's: where it died, its counter, who sent it by which device")
  func tunnel() throws {
    var node = Node("UDP_CSUM", in: "__udp4_lib_rcv+0x1eb")
    node.statistics = ["UdpInCsumErrors": 8]
    node.states[2] = NetworkState(devices: [3: .init(index: 3, name: "eth0")])
    var told = Told()
    told.packet(
      repeats: 3,
      Told.hop(.sent) { $0.interface = 3 },
      Told.dropped(netns: 4) {
        $0.interface = 2
        $0.carrier = .tunnel(outer: Told.outer, vni: 1)
      })
    let said = try #require(Diagnoser.explain(told.flow, on: node))
    #expect(said.cause == "checksum-error" && said.layer == .podNetwork)
    #expect(said.certainty == .certain)
    #expect(said.why.contains("the tunnel's packets from 192.168.1.11 is wrong"))
    #expect(said.evidence.first?.contains("came in by if2 of node2 as 192.168.1.11:57794") == true)
    #expect(said.evidence.contains("UdpInCsumErrors of node2: 8"))
    #expect(said.evidence.contains("node1 had sent it by eth0"))
    #expect(said.fix.contains("ethtool -K eth0 tx-checksum-ip-generic off tx-udp_tnl"))
  }

  @Test(
    "without a tunnel, the sender unseen: its protocol's counter",
    arguments: [("TCP_CSUM", "Tcp"), ("IP_CSUM", "IpExt"), ("ICMP_CSUM", "Icmp")])
  func plain(reason: String, group: String) throws {
    var told = Told()
    told.packet(Told.dropped(netns: 3))
    let said = try #require(Diagnoser.explain(told.flow, on: Node(reason)))
    #expect(said.cause == "checksum-error")
    #expect(said.evidence.contains("\(group)InCsumErrors of web2: not readable"))
    #expect(said.fix.contains("on 10.244.1.5: ethtool -K DEVICE") && !said.fix.contains("tnl"))
  }

  @Test("a single one in a long connection that went well is no fault") func settled() {
    var told = Told(state: .completed)
    told.flow.packets = (90, 90)
    told.packet(Told.dropped(netns: 3))
    #expect(Diagnoser.explain(told.flow, on: Node("TCP_CSUM")) == nil)
    told.flow.packets = (9, 9)
    #expect(Diagnoser.explain(told.flow, on: Node("TCP_CSUM"))?.cause == "checksum-error")
  }
}

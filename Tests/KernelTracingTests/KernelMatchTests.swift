import FlowModel
import KernelTracing
import Testing

/// The match set as the programs in the kernel use it.
@Suite(.enabled(if: isRoot, "needs a namespace of its own")) struct KernelMatchTests {
  private typealias P = Packets

  private func tcp4(_ source: UInt8, _ port: Int) -> [UInt8] {
    P.ethernet(0x0800, P.ipv4(source, 6, P.tcp(from: 4000, to: port)))
  }

  private func udp4(_ source: UInt8, _ port: Int) -> [UInt8] {
    P.ethernet(0x0800, P.ipv4(source, 17, P.udp(from: 4000, to: port, [])))
  }

  private func tcp6(_ source: UInt8, from port: Int) -> [UInt8] {
    P.ethernet(0x86dd, P.ipv6(source, 6, P.tcp(from: port, to: 80)))
  }

  private func side(
    _ address: String?, _ port: UInt16? = nil, _ proto: IPProtocol? = nil
  ) -> MatchSet.Side {
    MatchSet.Side(address: address.flatMap { Address($0) }, port: port, proto: proto)
  }

  @Test("addresses, ports, protocols and pairs select what they say and nothing else")
  func select() throws {
    var matches = MatchSet()
    matches.sides = [
      side("198.51.100.250"), side("198.51.100.1"), side("2001:db8::3", 4000, .tcp),
      side(nil, 8080, .udp),
    ]
    matches.pairs = [
      (side("198.51.100.5"), side("203.0.113.9", 81, .tcp)),
      (side("203.0.113.9", 83), side("198.51.100.7")),
    ]
    let told = try PacketLab("match").send(
      [
        tcp4(1, 80), udp4(1, 53), tcp4(2, 80), tcp6(3, from: 4000), tcp6(3, from: 4001),
        tcp6(4, from: 4000), udp4(4, 8080), tcp4(4, 8080), tcp4(5, 81), tcp4(5, 82), udp4(5, 81),
        tcp4(6, 81), tcp4(7, 83), udp4(7, 83), tcp4(7, 81), tcp4(5, 83),
      ], matches: matches)
    #expect(
      told.arrived.map { "\($0.tuple.proto) \($0.tuple.source) \($0.tuple.destination.port)" } == [
        "TCP 198.51.100.1:4000 80", "UDP 198.51.100.1:4000 53", "TCP [2001:db8::3]:4000 80",
        "UDP 198.51.100.4:4000 8080", "TCP 198.51.100.5:4000 81", "TCP 198.51.100.7:4000 83",
        "UDP 198.51.100.7:4000 83",
      ])
    #expect(told.lost == 0)
  }

  @Test("of hundreds of selected addresses the programs miss none") func many() throws {
    var matches = MatchSet()
    matches.sides = [side("198.51.100.250")]
    for i in UInt32(0)..<3000 {
      matches.sides.insert(.init(address: Address(v4: 0x0a00_0000 + i * 7919), port: 80))
    }
    for i in UInt32(1)..<200 {
      matches.sides.insert(.init(address: Address(v4: 0xc633_6400 + i), port: 4000, proto: .tcp))
    }
    let told = try PacketLab("many").send((1..<220).map { tcp4($0, 80) }, matches: matches)
    #expect(
      told.arrived.map { "\($0.tuple.source.address)" } == (1..<200).map { "198.51.100.\($0)" })
    #expect(told.lost == 0)
  }
}

import FlowModel
import Testing

/// Tunnels and ICMP errors: packets that are about another one.
@Suite(.enabled(if: isRoot, "needs a namespace of its own")) struct PacketCarrierTests {
  @Test("an ICMP error is told as the packet it quotes") func icmpErrors() throws {
    let udp = try CraftedPackets.only(200)
    #expect("\(udp.tuple)" == "198.51.100.200:5000 → 203.0.113.9:53")
    #expect(udp.tuple.proto == .udp)
    #expect((udp.icmpType, udp.icmpCode) == (3, 3))
    guard case .icmpError(let outer) = udp.carrier else {
      Issue.record("\(udp.carrier)")
      return
    }
    #expect("\(outer.source.address)" == "198.51.100.11")
    #expect(outer.proto == .icmp)
    let tcp = try CraftedPackets.only(201)
    #expect(tcp.tuple.destination.port == 80, "8 bytes quoted are enough for the ports")
    #expect(tcp.sequence == 0x0102_0304)
    #expect((tcp.icmpType, tcp.icmpCode) == (3, 4))
  }

  @Test("an ICMP error whose quotation is cut short is told as itself") func cutQuotation() throws {
    let event = try CraftedPackets.only(13)
    #expect(event.tuple.proto == .icmp)
    #expect(event.icmpType == 11)
    #expect(event.isTruncated)
    #expect(event.carrier == .none)
  }

  @Test("VXLAN and Geneve are told as what they carry") func tunnels() throws {
    for (source, port, vni) in [(202, 4789, 4096), (205, 6081, 7)] as [(UInt8, UInt16, UInt32)] {
      let event = try CraftedPackets.only(source)
      #expect(event.tuple.destination.port == 80)
      #expect(event.tcpFlags == .syn)
      #expect(event.length == 40)
      guard case .tunnel(let outer, let number) = event.carrier else {
        Issue.record("\(event.carrier)")
        return
      }
      #expect(outer.destination.port == port)
      #expect(outer.source.port == 50000)
      #expect(number == vni)
    }
  }

  @Test("a VXLAN packet whose inner one is cut short is told as itself") func cutTunnel() throws {
    let event = try CraftedPackets.only(15)
    #expect(event.tuple.proto == .udp)
    #expect(event.tuple.destination.port == 4789)
    #expect(event.ipID == 0x1234)
    #expect(event.isTruncated)
    #expect(event.carrier == .none)
  }

  @Test("what is no IP in VXLAN, or no VXLAN, is told as UDP in order") func noTunnel() throws {
    for source: UInt8 in [16, 17, 23] {
      let event = try CraftedPackets.only(source)
      #expect(event.tuple.proto == .udp)
      #expect(event.tuple.destination.port == 4789)
      #expect(event.carrier == .none)
      #expect(!event.isTruncated)
    }
  }

  @Test("packet too big is told as the packet it quotes, IPv6 VXLAN as its inner one")
  func carried6() throws {
    let quoted = try CraftedPackets.only(200, six: true)
    #expect(quoted.tuple.proto == .tcp)
    #expect(quoted.icmpType == 2)
    guard case .icmpError(let outer) = quoted.carrier else {
      Issue.record("\(quoted.carrier)")
      return
    }
    #expect(outer.proto == .icmpv6)
    let inner = try CraftedPackets.only(201, six: true)
    guard case .tunnel(let tunnel, let vni) = inner.carrier else {
      Issue.record("\(inner.carrier)")
      return
    }
    #expect("\(tunnel.destination)" == "[2001:db8::9]:8472")
    #expect(vni == 1)
  }
}

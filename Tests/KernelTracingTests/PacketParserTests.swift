import FlowModel
import Testing

/// The programs in the running kernel read packets that are odd or wrong in some way.
@Suite(.enabled(if: isRoot, "needs a namespace of its own")) struct PacketParserTests {
  @Test("nothing is lost, and nothing but IP packets is told") func all() throws {
    let told = try CraftedPackets.told()
    #expect(told.lost == 0)
    let sources = Set(told.events.map { "\($0.tuple.source.address)" })
    let carried = [11: 200, 12: 201, 14: 202, 18: 205]
    let four = (1...23).filter { ![2, 3, 21, 22].contains($0) }.map { carried[$0] ?? $0 }
    let six = [1, 2, 3, 4, 5, 200, 10, 11, 201]
    #expect(
      sources
        == Set(
          four.map { "198.51.100.\($0)" } + six.map { "2001:db8::" + String($0, radix: 16) }))
  }

  @Test("headers cut short are counted") func counted() throws {
    #expect(try CraftedPackets.told().truncated > 0)
  }

  @Test("a packet in order is read in full") func ordinary() throws {
    let event = try CraftedPackets.only(1)
    #expect("\(event.tuple)" == "198.51.100.1:4000 → 203.0.113.9:80")
    #expect(event.tuple.proto == .tcp)
    #expect(event.tcpFlags == .syn)
    #expect(event.sequence == 0x0102_0304)
    #expect(event.acknowledgment == 0x0506_0708)
    #expect(event.ipID == 0x1234)
    #expect(event.ttl == 64)
    #expect(event.length == 40)
    #expect(event.payload == 0)
    #expect(event.mtu == 1500)
    #expect(!event.isTruncated)
    #expect(event.carrier == .none)
  }

  @Test("a first fragment has ports, a later one has not") func fragments() throws {
    let first = try CraftedPackets.only(4)
    #expect(first.tuple.source.port == 4000)
    #expect(first.fragment == 0x2000)
    #expect(!first.isTruncated)
    let later = try CraftedPackets.only(5)
    #expect(later.tuple.proto == .udp)
    #expect(later.tuple.source.port == 0)
    #expect(later.tuple.destination.port == 0)
    #expect(later.fragment == 0x2002)
    #expect(!later.isTruncated)
  }

  @Test("IPv4 options are passed over") func options() throws {
    #expect("\(try CraftedPackets.only(6).tuple)" == "198.51.100.6:4000 → 203.0.113.9:80")
  }

  @Test("a header that ends before its ports is told as truncated, without ports")
  func truncated() throws {
    for source: UInt8 in [7, 8] {
      let event = try CraftedPackets.only(source)
      #expect(event.isTruncated)
      #expect(event.tuple.proto == .tcp)
      #expect(event.tuple.source.port == 0)
      #expect(event.tuple.destination.port == 0)
      #expect(event.tcpFlags == [])
      #expect(event.sequence == 0)
    }
  }

  @Test("a TCP data offset past the end leaves no payload") func dataOffset() throws {
    let event = try CraftedPackets.only(9)
    #expect(event.tcpFlags == .syn)
    #expect(event.payload == 0)
  }

  @Test("an echo request has its identifier for a port") func echo() throws {
    let four = try CraftedPackets.only(10)
    #expect(four.tuple.proto == .icmp)
    #expect(four.icmpType == 8)
    #expect(four.tuple.source.port == 0x1234)
    #expect(four.tuple.destination.port == 0)
    let six = try CraftedPackets.only(10, six: true)
    #expect(six.tuple.proto == .icmpv6)
    #expect(six.icmpType == 128)
    #expect(six.tuple.source.port == 0xabcd)
  }

  @Test("protocols without ports and SCTP are told as what they are") func protocols() throws {
    #expect(try CraftedPackets.only(19).tuple.proto.rawValue == 47)
    #expect(try CraftedPackets.only(19).tuple.source.port == 0)
    #expect(try CraftedPackets.only(20).tuple.proto == .sctp)
    #expect(try CraftedPackets.only(20).tuple.destination.port == 80)
  }

  @Test("IPv6 extension headers are passed over") func extensionHeaders() throws {
    #expect(
      "\(try CraftedPackets.only(2, six: true).tuple)" == "[2001:db8::2]:4000 → [2001:db8::9]:80")
    #expect(try CraftedPackets.only(2, six: true).tcpFlags == .syn)
    #expect(try CraftedPackets.only(2, six: true).payload == 0)
  }

  @Test("IPv6 fragments read as those of IPv4") func fragments6() throws {
    let first = try CraftedPackets.only(3, six: true)
    #expect(first.tuple.destination.port == 53)
    #expect(first.fragment == 0x2000)
    let later = try CraftedPackets.only(4, six: true)
    #expect(later.tuple.proto == .udp)
    #expect(later.tuple.destination.port == 0)
    #expect(later.fragment == 181)
  }

  @Test("an extension header past the end is a truncated packet") func cutExtension() throws {
    for source: UInt8 in [5, 11] {
      let event = try CraftedPackets.only(source, six: true)
      #expect(event.isTruncated)
      #expect(event.tuple.destination.port == 0)
    }
  }
}

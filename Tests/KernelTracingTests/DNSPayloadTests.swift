import FlowModel
import KernelTracing
import Testing

/// Which packets the programs report with the beginning of their payload.
@Suite(.enabled(if: isRoot, "needs a namespace of its own")) struct DNSPayloadTests {
  private typealias P = Packets

  private func udp4(_ source: UInt8, from: Int, to: Int, _ payload: [UInt8]) -> [UInt8] {
    P.ethernet(0x0800, P.ipv4(source, 17, P.udp(from: from, to: to, payload), id: Int(source)))
  }

  private func bytes(_ count: Int, _ first: UInt8) -> [UInt8] {
    (0..<count).map { $0 < 2 ? first : UInt8(truncatingIfNeeded: $0) }
  }

  @Test("UDP of port 53, up to 254 bytes, in IPv4, IPv6 and VXLAN, each once; nothing else")
  func which() throws {
    let told = try PacketLab("dns").send(
      [
        udp4(1, from: 4000, to: 53, bytes(40, 1)),
        udp4(2, from: 53, to: 4000, bytes(12, 2)),
        udp4(3, from: 4000, to: 53, bytes(254, 3)),
        udp4(4, from: 4000, to: 53, bytes(900, 4)),
        // Ethernet's padding is no payload
        udp4(5, from: 4000, to: 53, bytes(11, 5)) + [UInt8](repeating: 9, count: 20),
        udp4(6, from: 4000, to: 5353, bytes(40, 6)),
        P.ethernet(
          0x0800, P.ipv4(7, 6, P.tcp(from: 4000, to: 53, payload: bytes(40, 7)))),
        P.ethernet(
          0x86dd, P.ipv6(8, 17, P.udp(from: 4000, to: 53, bytes(30, 8)))),
        P.ethernet(
          0x0800,
          P.ipv4(
            9, 17,
            P.udp(from: 50000, to: 8472, P.vxlan(1, udp4(10, from: 53, to: 9, bytes(60, 10)))))),
        // a fragment that is not the first; an error that quotes a question
        P.ethernet(0x0800, P.ipv4(11, 17, bytes(60, 0), fragment: 10)),
        P.ethernet(
          0x0800, P.ipv4(12, 1, P.icmp(3, 3, P.ipv4(13, 17, P.udp(from: 9, to: 53, bytes(40, 3)))))),
      ], dns: true)
    let expected = [
      "198.51.100.1": bytes(40, 1), "198.51.100.2": bytes(12, 2), "198.51.100.3": bytes(254, 3),
      "198.51.100.4": Array(bytes(900, 4).prefix(254)), "2001:db8::8": bytes(30, 8),
      "198.51.100.10": bytes(60, 10),
    ]
    #expect(Set(told.payloads.keys) == Set(expected.keys))
    for (source, payload) in expected {
      let seen = told.payloads[source] ?? []
      #expect(seen.first == payload, "\(source)")
      // again on another processor at the most, though it is seen at two devices and in the stack
      #expect(seen.count == 1 || seen.count == 2, "\(source)")
      let sightings = told.events.filter { "\($0.tuple.source.address)" == source }
      #expect(sightings.count > 1)
    }
    #expect(told.lost == 0)
  }

  @Test("not asked for, no payload leaves the kernel") func off() throws {
    let told = try PacketLab("nodns").send([udp4(1, from: 4000, to: 53, bytes(40, 1))])
    #expect(told.events.count > 1)
    #expect(told.payloads.isEmpty)
  }
}

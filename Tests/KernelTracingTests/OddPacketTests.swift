import FlowModel
import Testing

@Suite(.enabled(if: isRoot, "needs root")) struct OddPacketTests {
  private typealias P = Packets

  @Test("an IPv4 header cut short is counted") func cutIPv4() throws {
    let told = try PacketLab("cut4").send([
      P.ethernet(0x0800, Array(P.ipv4(2, 6, P.tcp(from: 4000, to: 80))[..<10]))
    ])
    #expect(told.truncated > 0)
  }

  @Test("a frame that is not IP is not read as IP, whatever its first byte") func ethertype() throws
  {
    let told = try PacketLab("type").send([
      P.ethernet(0x88b5, P.ipv4(3, 6, P.tcp(from: 4000, to: 80)))
    ])
    #expect(told.events.map { "\($0.hook) \($0.tuple)" } == [])
  }

  @Test("a message between processes that is dropped is not a packet") func unixSocket() throws {
    let told = try PacketLab("unix").trace(
      """
      import socket
      a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
      a.send(b"ERROR: xxTx this is no packet but a line of a log file")
      b.close()
      a.close()
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind(("utb0", 0))
      s.send(bytes.fromhex("\(
        P.ethernet(0x0800, P.ipv4(250, 17, P.udp(from: 1, to: 9999, [])))
          .map { String(256 + Int($0), radix: 16).dropFirst() }.joined())"))
      """, until: { $0.tuple.destination.port == 9999 && $0.hook == .tcIngress })
    #expect(told.events.map { "\($0.hook) \($0.tuple)" } == [])
  }

  @Test("what follows a later IPv6 fragment's header is no extension header") func later6() throws {
    let told = try PacketLab("frag6").send([
      P.ethernet(
        0x86dd,
        P.ipv6(
          1, 44,
          P.fragment6(next: 60, offset: 100, more: false) + [6, 0]
            + [UInt8](repeating: 1, count: 30)))
    ])
    let event = try #require(told.arrived(from: "2001:db8::1").first)
    #expect(event.tuple.proto.rawValue == 60)
  }

  @Test("IP in IP is told with its own outer protocol") func ipip() throws {
    let told = try PacketLab("ipip").send([
      P.ethernet(0x0800, P.ipv4(1, 4, P.ipv4(202, 6, P.tcp(from: 4000, to: 80))))
    ])
    let event = try #require(told.arrived(from: "198.51.100.202").first)
    guard case .tunnel(let outer, _) = event.carrier else {
      Issue.record("\(event.carrier)")
      return
    }
    #expect(outer.proto.rawValue == 4)
  }

  @Test("a tunnel whose inner packet is no IP keeps its own identity") func badInner() throws {
    let told = try PacketLab("inner").send([
      P.ethernet(
        0x0800,
        P.ipv4(
          1, 17,
          P.udp(
            from: 50000, to: 4789,
            P.vxlan(4096, P.ethernet(0x0800, [UInt8](repeating: 0x50, count: 40)))),
          fragment: 0x4000))
    ])
    let event = try #require(told.arrived(from: "198.51.100.1").first)
    #expect(event.ipID == 0x1234)
    #expect(event.fragment == 0x4000)
    #expect(event.tuple.destination.port == 4789)
  }
}

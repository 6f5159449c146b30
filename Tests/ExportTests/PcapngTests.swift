import Export
import FlowFixtures
import FlowModel
import Foundation
import Recording
import Testing

@Suite(.enabled(if: Tools.isReady, "scripts/setup export installs who reads it"))
struct PcapngTests {
  private static let v4 = (Address(v4: 0x0af4_0105), Address(v4: 0x0af4_0208))
  private static let v6 = (
    Address(high: 0xfd00_0010_0244_0001, low: 5), Address(high: 0xfd00_0010_0244_0002, low: 8)
  )
  private static let nodes = (Address(v4: 0xc0a8_010b), Address(v4: 0xc0a8_010c))

  private static func event(
    _ proto: IPProtocol, isIPv4: Bool = true, length: UInt32, payload: UInt16,
    _ change: (inout Event) -> Void = { _ in }
  ) -> Event {
    let (source, destination) = isIPv4 ? v4 : v6
    let tuple = Tuple(
      proto, from: Endpoint(source, proto.hasPorts ? 43122 : 0),
      to: Endpoint(destination, proto.hasPorts ? 8080 : 0))
    var event = Event(time: 6_000_000_000, netns: 2, hook: .tcIngress, tuple: tuple)
    event.interface = 7
    event.length = length
    event.payload = payload
    event.ttl = 63
    event.ipID = isIPv4 ? 4711 : 0
    event.fragment = isIPv4 ? 0x4000 : 0
    if proto == .tcp {
      event.tcpFlags = [.syn]
      event.sequence = 0xfedc_ba98
    }
    change(&event)
    return event
  }

  private static func tunnel(
    _ kind: TunnelKind, overIPv6: Bool = false, vni: UInt32 = 0xabcdef
  ) -> (inout Event) -> Void {
    { event in
      let (source, destination) = overIPv6 ? v6 : nodes
      let hasPorts = kind != .ip
      let port: UInt16 = kind == .geneve ? 6081 : 8472
      let outer = Tuple(
        hasPorts ? .udp : IPProtocol(rawValue: 4), from: Endpoint(source, hasPorts ? 57794 : 0),
        to: Endpoint(destination, hasPorts ? port : 0))
      event.carrier = .tunnel(outer: outer, vni: hasPorts ? vni : 0)
      event.tunnelKind = kind
    }
  }

  private static func icmpError(
    _ type: UInt8, _ code: UInt8, isIPv4: Bool = true
  ) -> (inout Event) -> Void {
    { event in
      let (source, destination) = isIPv4 ? nodes : v6
      event.carrier = .icmpError(
        outer: Tuple(
          isIPv4 ? .icmp : .icmpv6, from: Endpoint(source, 0), to: Endpoint(destination, 0)))
      event.icmpType = type
      event.icmpCode = code
    }
  }

  struct Odd: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var event: Event

    init(_ name: String, _ event: Event) {
      testDescription = name
      self.event = event
    }
  }

  static let odd = [
    Odd("SYN with options", event(.tcp, length: 60, payload: 0)),
    Odd("SYN without", event(.tcp, length: 40, payload: 0)),
    Odd("segment", event(.tcp, length: 1450, payload: 1398)),
    Odd("GSO", event(.tcp, length: 65212, payload: 65160)),
    Odd("longer than a length field", event(.tcp, length: 180_000, payload: .max)),
    Odd("TCP IPv6", event(.tcp, isIPv4: false, length: 80, payload: 0)),
    Odd("TCP IPv6 data", event(.tcp, isIPv4: false, length: 1280, payload: 1208)),
    Odd("UDP", event(.udp, length: 98, payload: 70)),
    Odd("UDP empty", event(.udp, length: 28, payload: 0)),
    Odd("UDP IPv6", event(.udp, isIPv4: false, length: 118, payload: 70)),
    Odd("UDP IPv6 empty", event(.udp, isIPv4: false, length: 48, payload: 0)),
    Odd("UDP with IPv4 options", event(.udp, length: 102, payload: 70)),
    Odd("UDP with extension header", event(.udp, isIPv4: false, length: 126, payload: 70)),
    Odd("UDP with 264 bytes of them", event(.udp, isIPv4: false, length: 382, payload: 70)),
    Odd("SCTP", event(.sctp, length: 100, payload: 72)),
    Odd("another protocol", event(IPProtocol(rawValue: 99), length: 100, payload: 80)),
    Odd(
      "echo",
      event(.icmp, length: 84, payload: 56) {
        $0.icmpType = 8
        $0.tuple.source.port = 77
      }),
    Odd(
      "echo IPv6 empty",
      event(.icmpv6, isIPv4: false, length: 48, payload: 0) {
        $0.icmpType = 129
        $0.tuple.destination.port = 77
      }),
    Odd(
      "first fragment", event(.udp, length: 1500, payload: 1472) { $0.fragment = 0x2000 }),
    Odd(
      "later fragment",
      event(.udp, length: 540, payload: 520) {
        $0.fragment = 185
        $0.tuple.source.port = 0
        $0.tuple.destination.port = 0
      }),
    Odd(
      "first fragment IPv6",
      event(.udp, isIPv4: false, length: 1496, payload: 1440) { $0.fragment = 0x2000 }),
    Odd(
      "later fragment IPv6",
      event(.udp, isIPv4: false, length: 548, payload: 500) {
        $0.fragment = 0x2000 | 181
        $0.tuple.source.port = 0
        $0.tuple.destination.port = 0
      }),
    Odd(
      "truncated",
      event(.tcp, length: 60, payload: 40) {
        $0.isTruncated = true
        $0.tcpFlags = []
        $0.tuple.source.port = 0
        $0.tuple.destination.port = 0
      }),
    Odd(
      "truncated, and long enough for nothing",
      event(.udp, isIPv4: false, length: 41, payload: 1) {
        $0.isTruncated = true
        $0.tuple.source.port = 0
        $0.tuple.destination.port = 0
      }),
    Odd("in VXLAN", event(.tcp, length: 60, payload: 0, tunnel(.vxlan))),
    Odd("data in VXLAN", event(.tcp, length: 1450, payload: 1398, tunnel(.vxlan))),
    Odd("in VXLAN over IPv6", event(.tcp, length: 60, payload: 0, tunnel(.vxlan, overIPv6: true))),
    Odd("data in VXLAN over IPv6", event(.udp, length: 98, payload: 70, tunnel(.vxlan, overIPv6: true))),
    Odd("IPv6 in VXLAN", event(.tcp, isIPv4: false, length: 80, payload: 0, tunnel(.vxlan))),
    Odd("in Geneve", event(.tcp, length: 60, payload: 0, tunnel(.geneve))),
    Odd("IP in IP", event(.tcp, length: 60, payload: 0, tunnel(.ip))),
    Odd("IPv6 in IP", event(.tcp, isIPv4: false, length: 80, payload: 0, tunnel(.ip))),
    Odd(
      "ICMP error in VXLAN, which is not looked into",
      event(.icmp, length: 576, payload: 548) {
        $0.icmpType = 3
        $0.icmpCode = 4
        tunnel(.vxlan)(&$0)
      }),
    Odd("fragmentation needed", event(.tcp, length: 7292, payload: 7240, icmpError(3, 4))),
    Odd("port unreachable", event(.udp, length: 98, payload: 70, icmpError(3, 3))),
    Odd("time exceeded about an echo", event(.icmp, length: 84, payload: 56, icmpError(11, 0))),
    Odd(
      "about a fragment",
      event(.udp, length: 540, payload: 520) {
        $0.fragment = 185
        $0.tuple.source.port = 0
        $0.tuple.destination.port = 0
        icmpError(11, 1)(&$0)
      }),
    Odd(
      "packet too big",
      event(.tcp, isIPv4: false, length: 1500, payload: 1428, icmpError(2, 0, isIPv4: false))),
    Odd(
      "unreachable IPv6",
      event(.udp, isIPv4: false, length: 118, payload: 70, icmpError(1, 4, isIPv4: false))),
    Odd("nothing known", event(.tcp, length: 0, payload: 0) { $0.ttl = 0 }),
  ]

  @Test("tshark finds the packet as it was, whole and with right checksums", arguments: odd)
  func dissection(_ odd: Odd) throws {
    var tape = Tape()
    tape.append(Recorded.header)
    try tape.append(odd.event)
    let found = try Tools.validate(
      "pcapng", tape.export(.pcapng), recording: odd.event.length == 0 ? [] : tape.lines.bytes)
    #expect(found.count("frames") == 1)
  }
}

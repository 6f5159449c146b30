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

  /// Packets that are hard on a dissector.
  private static let odd: [Event] = [
    // SYN with options
    event(.tcp, length: 60, payload: 0),
    // SYN without
    event(.tcp, length: 40, payload: 0),
    // segment
    event(.tcp, length: 1450, payload: 1398),
    // GSO
    event(.tcp, length: 65212, payload: 65160),
    // longer than a length field
    event(.tcp, length: 180_000, payload: .max),
    // TCP IPv6
    event(.tcp, isIPv4: false, length: 80, payload: 0),
    // TCP IPv6 data
    event(.tcp, isIPv4: false, length: 1280, payload: 1208),
    // UDP
    event(.udp, length: 98, payload: 70),
    // UDP empty
    event(.udp, length: 28, payload: 0),
    // UDP IPv6
    event(.udp, isIPv4: false, length: 118, payload: 70),
    // UDP IPv6 empty
    event(.udp, isIPv4: false, length: 48, payload: 0),
    // UDP with IPv4 options
    event(.udp, length: 102, payload: 70),
    // UDP with extension header
    event(.udp, isIPv4: false, length: 126, payload: 70),
    // UDP with 264 bytes of them
    event(.udp, isIPv4: false, length: 382, payload: 70),
    // SCTP
    event(.sctp, length: 100, payload: 72),
    // another protocol
    event(IPProtocol(rawValue: 99), length: 100, payload: 80),
    // echo
    event(.icmp, length: 84, payload: 56) {
      $0.icmpType = 8
      $0.tuple.source.port = 77
    },
    // echo IPv6 empty
    event(.icmpv6, isIPv4: false, length: 48, payload: 0) {
      $0.icmpType = 129
      $0.tuple.destination.port = 77
    },
    // first fragment
    event(.udp, length: 1500, payload: 1472) { $0.fragment = 0x2000 },
    // later fragment
    event(.udp, length: 540, payload: 520) {
      $0.fragment = 185
      $0.tuple.source.port = 0
      $0.tuple.destination.port = 0
    },
    // first fragment IPv6
    event(.udp, isIPv4: false, length: 1496, payload: 1440) { $0.fragment = 0x2000 },
    // later fragment IPv6
    event(.udp, isIPv4: false, length: 548, payload: 500) {
      $0.fragment = 0x2000 | 181
      $0.tuple.source.port = 0
      $0.tuple.destination.port = 0
    },
    // truncated
    event(.tcp, length: 60, payload: 40) {
      $0.isTruncated = true
      $0.tcpFlags = []
      $0.tuple.source.port = 0
      $0.tuple.destination.port = 0
    },
    // truncated, and long enough for nothing
    event(.udp, isIPv4: false, length: 41, payload: 1) {
      $0.isTruncated = true
      $0.tuple.source.port = 0
      $0.tuple.destination.port = 0
    },
    // in VXLAN
    event(.tcp, length: 60, payload: 0, tunnel(.vxlan)),
    // data in VXLAN
    event(.tcp, length: 1450, payload: 1398, tunnel(.vxlan)),
    // in VXLAN over IPv6
    event(.tcp, length: 60, payload: 0, tunnel(.vxlan, overIPv6: true)),
    // data in VXLAN over IPv6
    event(.udp, length: 98, payload: 70, tunnel(.vxlan, overIPv6: true)),
    // IPv6 in VXLAN
    event(.tcp, isIPv4: false, length: 80, payload: 0, tunnel(.vxlan)),
    // in Geneve
    event(.tcp, length: 60, payload: 0, tunnel(.geneve)),
    // IP in IP
    event(.tcp, length: 60, payload: 0, tunnel(.ip)),
    // IPv6 in IP
    event(.tcp, isIPv4: false, length: 80, payload: 0, tunnel(.ip)),
    // ICMP error in VXLAN, which is not looked into
    event(.icmp, length: 576, payload: 548) {
      $0.icmpType = 3
      $0.icmpCode = 4
      tunnel(.vxlan)(&$0)
    },
    // fragmentation needed
    event(.tcp, length: 7292, payload: 7240, icmpError(3, 4)),
    // port unreachable
    event(.udp, length: 98, payload: 70, icmpError(3, 3)),
    // time exceeded about an echo
    event(.icmp, length: 84, payload: 56, icmpError(11, 0)),
    // about a fragment
    event(.udp, length: 540, payload: 520) {
      $0.fragment = 185
      $0.tuple.source.port = 0
      $0.tuple.destination.port = 0
      icmpError(11, 1)(&$0)
    },
    // packet too big
    event(.tcp, isIPv4: false, length: 1500, payload: 1428, icmpError(2, 0, isIPv4: false)),
    // unreachable IPv6
    event(.udp, isIPv4: false, length: 118, payload: 70, icmpError(1, 4, isIPv4: false)),
    // nothing known
    event(.tcp, length: 0, payload: 0) { $0.ttl = 0 },
  ]

  @Test("tshark finds each packet as it was, whole and with right checksums")
  func dissection() throws {
    var tape = Tape()
    tape.append(Recorded.header)
    for (i, event) in Self.odd.enumerated() {
      var event = event
      event.time += UInt64(i) * 1_000_001
      event.skb = UInt64(i)
      try tape.append(event)
    }
    let found = try Tools.validate("pcapng", tape.export(.pcapng), recording: tape.lines.bytes)
    #expect(found.count("frames") == Self.odd.count)
    #expect(found.count("protocols", "tcp in Geneve") == 1)
  }

  @Test("NAT is told where it changed the packet, and only of the packet it changed")
  func translations() throws {
    var sample = SampleFlow()
    sample.conversation()
    var tape = Tape()
    tape.append(Recorded.header)
    // seven packets, each at an address that another one had before
    for (i, event) in sample.events.enumerated() {
      var event = event
      event.skb = UInt64(i / 8 % 2)
      event.length = 52 + UInt32(event.payload)
      try tape.append(event)
    }
    let found = try Tools.validate("pcapng", tape.export(.pcapng), recording: tape.lines.bytes)
    #expect(found.count("kinds", "in") + found.count("kinds", "out") == 28)
    #expect(found.count("kinds", "translated") == 7)
  }

  @Test("packets of connections that failed say of what, and alone are exported if asked for")
  func causes() throws {
    var tape = Tape()
    tape.append(Recorded.header)
    for record in [Recorded.healthy, Recorded.dropped] { tape.append(try #require(record)) }
    var healthy = SampleFlow()
    healthy.conversation()
    var failed = SampleFlow(clientPort: 43123)
    failed.dropped(0)
    for var event in healthy.events + failed.events {
      event.length = 52 + UInt32(event.payload)
      try tape.append(event)
    }
    let all = try Tools.validate("pcapng", tape.export(.pcapng), recording: tape.lines.bytes)
    #expect(all.count("comments", "policy-drop") > 2)
    #expect(all.count("comments", "policy-drop") < all.count("frames"))
    #expect(all.count("comments", "dropped") == 1)

    var own = Tape()
    own.append(Recorded.header)
    own.append(try #require(Recorded.dropped))
    for var event in failed.events {
      event.length = 52
      try own.append(event)
    }
    let few = try Tools.validate(
      "pcapng", tape.export(.pcapng, isWanted: { $0.diagnosis != nil }, isFiltered: true),
      recording: own.lines.bytes)
    #expect(few.count("frames") == all.count("comments", "policy-drop"))
    #expect(few.count("comments", "policy-drop") == few.count("frames"))
  }

  @Test("a recording without a header, and two nodes' one after the other")
  func sections() throws {
    var sample = SampleFlow()
    sample.delivered(0, .syn)
    var tape = Tape()
    for event in sample.events { try tape.append(event) }
    let bare = try Tools.validate("pcapng", tape.export(.pcapng), recording: tape.lines.bytes)
    #expect(bare.count("frames") == 5)

    // the same interfaces, described again in the second section
    var other = Recorded.header
    other.node = "node2"
    tape.append(Recorded.header)
    for event in sample.events { try tape.append(event) }
    tape.append(other)
    for event in sample.events { try tape.append(event) }
    let path = NSTemporaryDirectory() + "kft-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(tape.export(.pcapng)).write(to: URL(filePath: path))
    let names = try Tools.run(
      "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.interface_name")
    let lines = names.split(separator: "\n")
    #expect(lines.count == 15 && lines[0..<5] == lines[5..<10] && lines[0..<5] == lines[10...])
    #expect(lines.first == "client/eth0")
  }
}
